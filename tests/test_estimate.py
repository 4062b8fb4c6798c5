import math
from statistics import mean, stdev

import numpy as np
import pytest

from rmtjac.estimate import Estimate, standard_error


@pytest.mark.parametrize("values", [[1.0, 3.0], [0.1, 0.2, 0.7, -5.0], np.arange(100) ** 2, [True, False, False]])
def test_against_the_standard_library(values):
    numbers = [float(x) for x in values]
    found = Estimate.of(values)
    assert found == pytest.approx((mean(numbers), stdev(numbers) / math.sqrt(len(numbers))), rel=1e-13)
    assert [type(x) for x in found] == [float, float]


def test_one_value_has_no_error_and_none_has_no_mean():
    assert Estimate.of([2.5]).value == 2.5
    assert math.isnan(Estimate.of([2.5]).error)
    assert all(math.isnan(x) for x in Estimate.of(np.empty(0)))


def test_errors_over_the_first_axis():
    values = np.random.default_rng(0).standard_normal((7, 2, 3))
    np.testing.assert_allclose(standard_error(values), np.std(values, axis=0, ddof=1) / math.sqrt(7), rtol=1e-15)
    assert np.isnan(standard_error(values[:1])).all()
    assert standard_error(values[:1]).shape == standard_error(values[:0]).shape == (2, 3)


def test_subclasses_and_text():
    class Other(Estimate):
        pass

    assert type(Other.of([1.0, 2.0])) is Other
    assert str(Estimate(1.23456789, 0.0123)) == "1.23457 ± 0.012"
    value, error = Estimate(1.0, 2.0)
    assert (value, error) == (1.0, 2.0)

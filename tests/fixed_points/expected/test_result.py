import pytest

from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints


def test_bound_and_residual():
    one = Estimate(1.0, 0.0)
    expected = ExpectedFixedPoints(Estimate(1.5, 0.1), one, one, one, Estimate(0.98, 0.0))
    assert expected.bound == 0.25
    assert expected.index_residual == pytest.approx(0.02, rel=1e-12)

"""The sum of a Tracy-Widom and a normal variable, against sums over a fine grid of the Tracy-Widom density."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from rmtjac.theory import TracyWidom
from rmtjac.theory.finite_width.edge_variable import EdgeVariable

XI = np.linspace(-9.0, 9.0, 3601)
MASS = TracyWidom().pdf(XI) * (XI[1] - XI[0])  # the trapezoid rule; beyond the ends lies less than 1e-9


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("ratio", [0.1, 0.999, 1.001, 4.0])
def test_against_sums_over_the_other_variable(sign, ratio):
    one = EdgeVariable(sign, ratio)
    y = np.array([-4.0, -0.7, 0.3, 3.0])
    z = (y[:, None] - sign * XI) / ratio
    np.testing.assert_allclose(one.cdf(y), norm.cdf(z) @ MASS, atol=3e-9)
    np.testing.assert_allclose(one.sf(y), norm.sf(z) @ MASS, atol=3e-9)
    np.testing.assert_allclose(one.pdf(y), norm.pdf(z) @ MASS / ratio, atol=3e-9 / ratio)
    assert one.mean == pytest.approx(sign * (MASS @ XI), abs=1e-7)
    assert one.std**2 == pytest.approx(MASS @ XI**2 - (MASS @ XI) ** 2 + ratio**2, abs=1e-7)
    np.testing.assert_allclose(one.cdf(one.quantile(np.array([1e-6, 0.5, 0.999]))), [1e-6, 0.5, 0.999], rtol=1e-11)


@pytest.mark.parametrize("t", [0.02, 0.5, 1.0])
def test_means_of_exponentials(t):
    found = EdgeVariable(-1.0, 0.7).log_mean_exp(t)
    assert found == pytest.approx(math.log(MASS @ np.exp(-t * XI)) + 0.5 * (0.7 * t) ** 2, abs=1e-7)


def test_both_ways_to_compute_the_variance_agree():
    for ratio in (0.5, 1.0, 3.0):
        below, above = (0.1 * side / max(1.0, ratio) for side in (1.0 - 1e-9, 1.0 + 1e-9))
        small, large = (EdgeVariable(1.0, ratio).log_relative_variance(t) for t in (below, above))
        assert small == pytest.approx(large, abs=1e-8)  # 4e-9 of it is the difference of the two t
    assert EdgeVariable(1.0, 0.0).log_relative_variance(0.0) == -math.inf

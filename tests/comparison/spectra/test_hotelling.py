import math

import numpy as np
import pytest
from scipy import stats

from rmtjac.comparison.spectra.control_variates import Fit, regress
from rmtjac.comparison.spectra.hotelling import choose, hotelling


def test_without_a_second_rung_t2_is_that_of_hotelling():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 3)) @ rng.standard_normal((3, 3))
    fit = regress(x, np.empty((12, 0)), np.ones(3, dtype=bool))
    exact = Fit(np.zeros(3), np.zeros((3, 3)), 50)
    statistic, freedom, p = hotelling(fit.mean, [fit.covariance, exact.covariance], [fit, exact])
    t2 = 12 * x.mean(axis=0) @ np.linalg.solve(np.cov(x.T), x.mean(axis=0))
    assert statistic == pytest.approx(t2, rel=1e-10)
    # Krishnamoorthy-Yu then gives nu = n - 1, the exact law: F(p, n - p)
    assert freedom == pytest.approx((3, 9), rel=1e-10)
    assert p == pytest.approx(stats.f.sf(t2 * 9 / (11 * 3), 3, 9), rel=1e-10)


def test_unequal_covariances_of_one_statistic_are_welch():
    # For p = 1 T^2 is the square of Welch's t, and nu the degrees of freedom of Satterthwaite.
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(15), 3.0 * rng.standard_normal(8)
    fits = [regress(z[:, None], np.empty((z.size, 0)), np.zeros(1, dtype=bool)) for z in (x, y)]
    found = hotelling(fits[0].mean - fits[1].mean, [fit.covariance for fit in fits], fits)
    exact = stats.ttest_ind(x, y, equal_var=False)
    assert found.statistic == pytest.approx(exact.statistic**2, rel=1e-12)
    assert found.freedom == pytest.approx((1.0, exact.df), rel=1e-12)
    assert found.p_value == pytest.approx(exact.pvalue, rel=1e-10)


def test_nothing_to_test():
    assert hotelling(np.empty(0), [np.empty((0, 0))] * 2, []) == (0.0, (0.0, math.inf), 1.0)


def test_statistics_without_noise_of_their_own_are_left_out():
    # The third is the sum of the first two, the fourth is constant.
    covariance = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 4.0, 4.0, 0.0], [1.0, 4.0, 5.0, 0.0], [0.0] * 4])
    raw, allowed = np.diag(covariance).copy(), np.full(4, 1e-6)
    assert choose(covariance, raw, np.array([0.3, -0.2, 0.1, 0.0]), allowed) == ([0, 1], False)
    assert choose(covariance, raw, np.array([0.3, -0.2, 0.2, 0.0]), allowed) == ([0, 1], True)
    assert choose(covariance, raw, np.array([0.3, -0.2, 0.1, 1e-5]), allowed) == ([0, 1], True)

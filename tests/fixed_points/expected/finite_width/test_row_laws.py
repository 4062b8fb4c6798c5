"""Conditional laws of rows, against conditional Gaussian laws in 60 digits."""

import mpmath as mp
import numpy as np
import pytest

from rmtjac.fixed_points.expected.finite_width.hidden_features import Features
from rmtjac.fixed_points.expected.finite_width.row_laws import factor, gradient_factor, row_law


def _exact(f, slopes, tau, bias):
    """Return q, E[grad h | y] / y and the covariance given y, by mpmath."""
    n, count = slopes.shape
    with mp.workdps(60):
        square = [mp.mpf(float(t)) ** 2 for t in tau]
        value = [mp.mpf(float(v)) for v in f]
        slope = [[mp.mpf(float(v)) for v in row] for row in slopes]
        q = mp.mpf(float(bias)) ** 2 + mp.fsum(square[j] * value[j] ** 2 for j in range(count))
        both = [mp.fsum(square[j] * value[j] * slope[a][j] for j in range(count)) for a in range(n)]
        covariance = [
            [
                mp.fsum(square[j] * slope[a][j] * slope[b][j] for j in range(count)) - both[a] * both[b] / q
                for b in range(n)
            ]
            for a in range(n)
        ]
        return float(mp.log(q)), np.array([float(c / q) for c in both]), np.array(covariance, dtype=float)


@pytest.mark.parametrize("bias", [0.0, 0.2, 1e8])
@pytest.mark.parametrize("spread", [0.0, 3.0, 20.0])  # decades of the scales tau
@pytest.mark.parametrize("n", [1, 2, 3])
def test_against_exact_conditioning(n, spread, bias):
    rng = np.random.default_rng(7)
    tau = 10.0 ** rng.uniform(-spread, spread, 6)
    f, slopes = rng.uniform(-1, 1, 6), rng.standard_normal((n, 6))
    unit = 1.7
    with np.errstate(divide="ignore"):
        law = row_law(Features(f[:, None], slopes[:, :, None], np.array([unit])), np.log(tau), np.log(bias))
    log_q, direction, covariance = _exact(f, slopes * np.exp(unit), tau, bias)
    assert law.log_variance[0] == pytest.approx(log_q, abs=1e-13)
    np.testing.assert_allclose(law.direction[:, 0] * np.exp(law.log_unit[0]), direction, rtol=1e-9, atol=1e-12)
    root = law.factor[:, :, 0] * np.exp(law.log_unit[0])
    # Relative to the variances: with tau over 40 decades the plain formula loses all digits.
    size = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert (np.abs(root @ root.T - covariance) <= 1e-11 * size).all()


def test_a_linear_map_without_bias_has_the_radial_slope_fixed():
    rng = np.random.default_rng(0)
    slopes = rng.standard_normal((2, 5, 1))
    x = np.array([0.3, -0.2])
    f = np.einsum("a,ajp->jp", x, slopes)
    law = row_law(Features(f, slopes, np.zeros(1)), rng.standard_normal(5), -np.inf)
    # h(x) = G x, so that given h = y the part G x has the mean y and no variance.
    assert x @ law.direction[:, 0] * np.exp(law.log_unit[0]) == pytest.approx(1.0, rel=1e-12)
    assert np.abs(law.factor[:, :, 0].T @ x).max() < 1e-7 * np.abs(law.factor).max()


def test_dead_features_without_bias_are_certain():
    law = row_law(Features(np.zeros((3, 1)), np.zeros((2, 3, 1)), np.zeros(1)), np.zeros(3), -np.inf)
    assert np.isneginf(law.log_variance[0])
    assert not law.factor.any()
    assert np.isfinite(law.direction).all()


def test_scales_and_slopes_beyond_the_range_of_a_float():
    f, slopes = np.array([[1e-200], [2e-200]]), np.ones((1, 2, 1))
    law = row_law(Features(f, slopes, np.array([900.0])), np.array([800.0, 801.0]), -np.inf)
    # q = e^1600 (1e-400 + 4e-400 e^2)
    expected = 1600 - 400 * np.log(10) + np.log(1 + 4 * np.exp(2.0))
    assert law.log_variance[0] == pytest.approx(expected, rel=1e-13)
    assert np.isfinite(law.factor).all()


def test_factors():
    rng = np.random.default_rng(3)
    root = rng.standard_normal((4, 4, 10))
    covariance = np.einsum("acp,bcp->abp", root, root)
    found = factor(covariance)
    np.testing.assert_allclose(np.einsum("acp,bcp->abp", found, found), covariance, rtol=1e-10, atol=1e-12)
    assert not factor(np.zeros((3, 3, 2))).any()


def test_gradients_without_a_condition():
    rng = np.random.default_rng(4)
    slopes, tau = rng.standard_normal((2, 5, 1)), rng.uniform(0.5, 2.0, 5)
    root, log_unit = gradient_factor(Features(np.zeros((5, 1)), slopes, np.array([0.4])), np.log(tau))
    covariance = (slopes[:, :, 0] * tau**2) @ slopes[:, :, 0].T
    np.testing.assert_allclose(root[:, :, 0] @ root[:, :, 0].T * np.exp(2 * (log_unit[0] - 0.4)), covariance)

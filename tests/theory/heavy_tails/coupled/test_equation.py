import cmath
import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfcx

from rmtjac.theory.heavy_tails.coupled.equation import Layer, solve
from rmtjac.theory.heavy_tails.coupled.grid import Resolution
from rmtjac.theory.heavy_tails.coupled.input_law import empirical_input, fixed_input, gaussian_input, stationary_input

FINE, COARSE = Resolution(0.5, 2.2, 12.0, 1e-4), Resolution(0.42, 2.8, 15.0, 2e-4)


def _independent(gamma, p, c, eta):
    """Return eta E[g; D = 1] for real eta and an independent mask: the scalar equations."""
    kappa = 2.0 * gamma / math.sqrt(math.pi)

    def row(xi_c):
        return kappa / (2.0 * eta) * erfcx(xi_c)

    # xi_c = c (kappa/2 eta) p erfcx(xi_r) increases with xi_c less than xi_c itself.
    xi_c = brentq(
        lambda x: x - c * kappa / (2.0 * eta) * p * erfcx(row(x)), 0.0, c * kappa / eta, xtol=1e-15, rtol=1e-14
    )
    xi_r = row(xi_c)
    return p * (1.0 - math.sqrt(math.pi) * xi_r * erfcx(xi_r))


@pytest.mark.parametrize("c", [0.4, 1.0, 2.5])
@pytest.mark.parametrize(("gamma", "bias"), [(1.0, 1.0), (5.0, 0.3), (0.2, 2.0)])
def test_without_input_the_mask_is_independent(gamma, bias, c):
    # With x = 0 the mask depends on the biases alone. Oracle: scalar equations of independent masks, at real eta.
    layer = Layer(gamma, bias, fixed_input(0.0), c)
    for eta in (0.05, 0.7, 20.0):
        found = solve(layer, 2.0 * math.log(eta), math.pi, FINE)
        assert found.residual < 1e-11
        assert found.complete
        assert found.value == pytest.approx(_independent(gamma, layer.active, c, eta), abs=1e-9)


def _direct(gamma, bias, x, eta):
    """Return eta E[g; D = 1] for |x| = 1 from the double integrals in s and theta, by plain rules, for real eta."""
    q = gamma * x + bias
    psi, psi_w = np.polynomial.legendre.leggauss(24)
    psi, psi_w = 0.25 * math.pi * (psi + 1.0), 0.25 * math.pi * psi_w
    log_s = np.linspace(-16.0, 8.0, 145)
    s = np.exp(log_s) / eta
    weight = s * (log_s[1] - log_s[0]) * np.exp(-s * eta)
    log_b = np.linspace(-26.0, 16.0, 211)  # a table of chi and Lambda
    beta = np.exp(log_b)
    y = np.linspace(-14.0, 6.0, 241)  # v = exp(y)
    v = np.exp(y)
    lam = np.sqrt(beta)
    for _ in range(40):

        def potential(u, lam=lam):
            return np.exp(np.interp(np.log(u), log_b, np.log(lam)))

        u = beta[:, None] + v**2
        h = x * np.exp(-x * x * u * eta - x * potential(u))
        chi = 4.0 / math.pi * (v**3 / u * h).sum(axis=1) * (y[1] - y[0])

        def exponent(theta, s, chi=chi):
            return q * theta + gamma * np.sqrt(s) * np.interp(np.log(theta**2 / (4.0 * s)), log_b, chi)

        theta = 2.0 * np.sqrt(beta[:, None, None] * s[None, :, None]) * np.sin(psi)
        inner = np.cos(psi) ** 2 * np.sinc(theta / math.pi) * np.exp(-exponent(theta, s[:, None]))
        new = 8.0 * gamma * beta / math.pi**2 * ((inner @ psi_w) @ weight)
        done = np.abs(new / lam - 1.0).max() < 1e-7
        lam = new
        if done:
            break
    t = np.linspace(-18.0, 5.0, 600)
    theta = np.exp(t)
    inner = np.sinc(theta / math.pi) * np.exp(-exponent(theta, s[:, None])) * theta
    return eta * 2.0 / math.pi * float(weight @ inner.sum(axis=1)) * (t[1] - t[0])


def test_against_the_double_integrals():
    # Oracle: the integrals in Fourier and Laplace variables before the inner one is done in closed form, by plain sums
    # with linear interpolation of chi: about 1e-4.
    gamma, bias, eta = 2.0, 0.5, 0.5
    found = solve(Layer(gamma, bias, fixed_input(), 1.0), 2.0 * math.log(eta), math.pi, FINE)
    assert found.value.real == pytest.approx(_direct(gamma, bias, 1.0, eta), rel=5e-4)
    assert abs(found.value.imag) < 1e-14


LAWS = [
    fixed_input(),
    gaussian_input(2.0),
    stationary_input(0.596329956),
    empirical_input([0.0, 1.0, 0.3, 2.0]),
]


@pytest.mark.parametrize("law", LAWS, ids=["fixed", "gaussian", "stationary", "empirical"])
def test_two_grids_on_two_rays_agree(law):
    # The value is analytic in the ray: another ray and another grid share only the equations.
    for gamma, bias, c, log_lam, angle in (
        (1.0, 0.0, 1.0, 0.3, 0.0),
        (0.5, 0.4, 2.0, -3.0, 0.3),
        (8.0, 0.0, 0.5, 6.0, 0.0),
    ):
        layer = Layer(gamma, bias, law, c)
        fine, coarse = solve(layer, log_lam, angle, FINE), solve(layer, log_lam, angle, COARSE)
        assert fine.complete
        assert coarse.complete
        assert max(fine.residual, coarse.residual) < 1e-11
        assert abs(fine.value - coarse.value) < 1e-9
        assert fine.value.imag < 0.0


def test_sampled_resolvent():
    # Oracle: 12 matrices of 300 rows; spread of the mean about 0.003.
    rng = np.random.default_rng(3)
    n, gamma, eta = 300, 1.0, 0.8 * cmath.exp(-0.4j * math.pi)
    total = []
    for _ in range(12):
        weights = gamma / n * rng.standard_cauchy((n, n))
        active = weights[np.abs(weights @ rng.choice([-1.0, 1.0], n)) < 1.0]
        s = np.linalg.svd(active, compute_uv=False)
        total.append((eta**2 / (eta**2 + s**2)).sum() / n)
    angle = math.pi - 0.8 * math.pi
    found = solve(Layer(gamma, 0.0, fixed_input(), 1.0), 2.0 * math.log(0.8), angle, FINE)
    spread = np.std(np.real(total)) + np.std(np.imag(total))
    assert abs(np.mean(total) - found.value) < 4.0 * spread / math.sqrt(12.0)
    # Independent masks are far outside.
    assert abs(np.mean(total) - found.value) < 0.1 * abs(found.value)


def test_extremes_end_with_a_residual():
    for gamma, bias, log_lam in (
        (1e-3, 0.0, -14.0),
        (1e3, 0.0, 12.0),
        (1.0, 1e9, 0.0),
        (1.0, 0.0, -60.0),
        (1.0, 0.0, 60.0),
    ):
        found = solve(Layer(gamma, bias, fixed_input(), 1.0), log_lam, 0.3, FINE)
        assert found.residual < 1e-9
        assert found.complete
        assert np.isfinite(found.value)


@pytest.mark.parametrize("c", [1.9, 2.2, 3.0, 10.0])
def test_more_rows_than_columns_at_small_lambda(c):
    # p = 1/2: the singular values that are not 0 are rare at small lambda, and the value is p - 1/c if c p > 1, else 0.
    layer = Layer(1.0, 0.0, fixed_input(), c)
    fine, coarse = solve(layer, -16.0, 0.0, FINE), solve(layer, -16.0, 0.0, COARSE)
    assert max(fine.residual, coarse.residual) < 1e-9
    assert abs(fine.value - coarse.value) < 1e-9
    assert fine.value.real == pytest.approx(max(0.5 - 1.0 / c, 0.0), abs=3e-5)
    assert abs(fine.value.imag) < 1e-9

"""The compiled solver of the limit equation against roots of polynomials."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.roots import solve, solve_plane
from rmtjac.theory import DiscreteLaw, Layers, derivative_law

P = 0.7


def _layers(depth):
    return Layers([DiscreteLaw.from_points([0.0, 1.0], [1.0 - P, P])] * depth, [1.0] * depth)


def _physical(depth, lam):
    """The root m with Im m < 0 of (1 + m)(m + P)^depth = lam m that is -P/lam-like for large lam, by numpy."""
    poly = np.polynomial.Polynomial([1.0, 1.0]) * np.polynomial.Polynomial([P, 1.0]) ** depth
    return (poly - lam * np.polynomial.Polynomial([0.0, 1.0])).roots()


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_real_lambda(depth):
    layers = _layers(depth)
    lam = np.array([1.5, 0.7, 0.2])  # in the support of each
    found, log_u, imag_m, error_v, error_m = solve(*layers.kernel, np.log(lam) - layers.log_scale)
    assert found.all()
    assert log_u.shape == (3, 1)
    for x, v, im in zip(lam, log_u[:, 0], imag_m, strict=True):
        assert -math.pi < v.imag < 0.0
        u = np.exp(v)
        m = P * u / (1.0 - u)
        assert m.imag == pytest.approx(im, rel=1e-12)
        assert np.abs(_physical(depth, x) - m).min() < 1e-11 * abs(m)
    assert ((error_v > 0.0) & (error_v < 1e-12)).all()
    assert ((error_m > 0.0) & (error_m < 1e-12)).all()


def test_the_order_of_the_points_does_not_matter():
    layers = Layers([derivative_law(rj.activations.activation(name), 0.4) for name in ("tanh", "hardtanh")], [1.0, 1.5])
    zetas = np.log(np.geomspace(2.0, 1e-6, 40))
    found, log_u, *_ = solve(*layers.kernel, zetas)
    back, log_u_back, *_ = solve(*layers.kernel, zetas[::-1].copy())
    one, log_u_one, *_ = solve(*layers.kernel, zetas[20:21])
    assert found.all()
    assert back.all()
    assert one.all()
    np.testing.assert_allclose(log_u_back[::-1], log_u, rtol=1e-11)
    np.testing.assert_allclose(log_u_one[0], log_u[20], rtol=1e-11)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_complex_lambda(depth):
    layers = _layers(depth)
    lam = np.array([1.5 + 0.1j, -2.0 + 1e-3j, 30.0 + 1.0j, 1e-4 + 1e-5j])
    found, log_u = solve_plane(*layers.kernel, np.log(lam) - layers.log_scale)
    assert found.all()
    for x, v in zip(lam, log_u[:, 0], strict=True):
        u = np.exp(v)
        m = P * u / (1.0 - u)
        roots = _physical(depth, x)
        assert np.abs(roots - m).min() < 1e-10 * abs(m)
        assert m.imag < 0.0  # m = E x/(lam - x) of a law on [0, inf)
        assert (m / x * x).imag < 0.0


def test_outside_the_support_no_density_is_claimed():
    # beyond the edges (1 -+ sqrt P)^2 the root is real: it is found with an Im m of rounding, or not at all
    layers = _layers(1)
    low, high = (1.0 - math.sqrt(P)) ** 2, (1.0 + math.sqrt(P)) ** 2
    lam = np.array([50.0, 1.01 * high, 0.99 * low, 0.5 * low, 1e-4])
    found, _, imag_m, _, error_m = solve(*layers.kernel, np.log(lam) - layers.log_scale)
    assert (np.abs(imag_m[found]) <= error_m[found]).all()
    assert (imag_m[~found] == 0.0).all()
    assert np.isinf(error_m[~found]).all()


def test_nothing_to_solve():
    found, log_u, *_ = solve(*_layers(2).kernel, np.empty(0))
    assert found.shape == (0,)
    assert log_u.shape == (0, 1)

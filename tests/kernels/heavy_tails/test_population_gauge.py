"""The balance of the currents."""

import cmath

import numpy as np
import pytest

from rmtjac.kernels.heavy_tails.population_gauge import balance, ray


@pytest.mark.parametrize("log_lam", [-90.0, 0.0, 3.0])
@pytest.mark.parametrize("angle", [0.01, 0.2, 3.0])
def test_ray(log_lam, angle):
    eta = complex(*ray(log_lam, angle))
    assert -eta * eta == pytest.approx(cmath.exp(log_lam + 1j * angle), rel=1e-12)
    assert eta.real > 0.0


def _pools(rng, layers, size, eta, scales):
    """Return pools within the cone, and their D^2."""
    widest = cmath.phase(1 / eta)
    out = [
        np.exp(rng.normal(size=(layers, size, 1))) * np.exp(0.2j * widest * rng.uniform(-1, 1, (layers, size, 1)))
        for _ in range(2)
    ]
    out[0] *= np.reshape(scales, (-1, 1, 1))
    square = rng.uniform(size=(layers, size)) * (rng.uniform(size=(layers, size)) < 0.9)
    square[0] = 1.0
    return out[0], out[1], square


def _currents(widths, shares, square, a, b, eta):
    a, b = a.copy(), b.copy()
    a[0], b[-1] = 1 / eta, 1 / eta
    current = []
    for l in range(len(widths)):
        on = square[l] > 0.0
        product = square[l][on] * a[l, on, 0] * b[l, on, 0]
        current.append(widths[l] * shares[l] * np.mean(product / (1 + product)))
    return np.array(current)


@pytest.mark.parametrize("widths", [[1.0, 1.0], [1.0, 1.0, 1.0], [2.0, 0.7, 1.3, 1.0]])
def test_balance_makes_the_currents_equal(widths):
    """At a small eta repeated balance leads to equal currents, from scales that are wrong by up to e^10."""
    rng = np.random.default_rng(len(widths))
    eta = complex(*ray(-6.0, 1.0))
    a, b, square = _pools(rng, len(widths), 200, eta, np.exp(rng.uniform(-10, 10, len(widths))))
    shares = np.array([1.0] + [0.9] * (len(widths) - 1))
    ar, ai, br, bi = (np.ascontiguousarray(part) for part in (a.real, a.imag, b.real, b.imag))
    for _ in range(30):
        balance(np.array(widths), shares, square, ar, ai, br, bi, np.array([eta.real]), np.array([eta.imag]))
    current = _currents(widths, shares, square, ar + 1j * ai, br + 1j * bi, eta)
    # Where the currents are close to their largest values, arguments stop at the border of the cone.
    assert np.ptp(current.real) < 1e-2 * abs(current[0])
    widest = cmath.phase(1 / eta)
    for part in (ar[1:] + 1j * ai[1:], br[:-1] + 1j * bi[:-1]):
        assert (np.abs(np.angle(part)) <= widest + 1e-9).all()


def test_balance_leaves_small_currents_alone():
    """Where lambda is large, the step is shortened by the square of the current."""
    rng = np.random.default_rng(7)
    eta = complex(*ray(25.0, 0.5))
    a, b, square = _pools(rng, 2, 100, eta, [1.0, 5.0])
    ar, ai, br, bi = (np.ascontiguousarray(part) for part in (a.real, a.imag, b.real, b.imag))
    old = ar[1].copy()
    balance(np.ones(2), np.ones(2), square, ar, ai, br, bi, np.array([eta.real]), np.array([eta.imag]))
    assert np.allclose(ar[1], old, rtol=1e-3)

"""Orthogonal weights in closed form."""

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.oracles.closed_forms import fuss_catalan_density
from tests.oracles.rational_equation import ONE, G, O, limit


@pytest.mark.parametrize("depth", [1, 4])
def test_orthogonal_linear_layers_are_a_point_mass(depth):
    lim = limit([ONE] * depth, [10] * (depth + 1), [O] * depth, [2.25] * depth)
    top = 2.25**depth
    np.testing.assert_allclose(lim.atoms, [[top, 1.0]], rtol=1e-14)
    assert lim.support.shape == (0, 2)
    assert lim.atom == 0.0
    np.testing.assert_allclose(lim.cdf([0.0, 0.9 * top, 1.1 * top]), [0.0, 0.0, 1.0], atol=1e-15)
    np.testing.assert_allclose(lim.quantile([0.1, 0.9]), top, rtol=1e-14)
    np.testing.assert_array_equal(lim.density([0.5 * top, 1.5 * top]), 0.0)
    np.testing.assert_allclose(lim.moments(3), [top, top**2, top**3], rtol=1e-14)
    assert lim.log_moment() == pytest.approx(math.log(top), rel=1e-14)


@pytest.mark.parametrize(("widths", "mass"), [([200, 300], 2 / 3), ([300, 200], 1.0), ([100, 300, 150], None)])
def test_orthogonal_linear_layers_that_are_not_square(widths, mass):
    # widening keeps the spectrum and adds zeros, narrowing cuts a corner of it: of the identity, the identity
    lim = limit([ONE] * (len(widths) - 1), widths, [O] * (len(widths) - 1))
    if mass is not None:
        np.testing.assert_allclose(lim.atoms, [[1.0, mass]], rtol=1e-14)
        assert lim.support.shape == (0, 2)
        assert lim.atom == pytest.approx(1.0 - mass, abs=1e-15)
        return
    # corner 150 of a projection of rank 1/3: two free projections, p = 1/3 and 1/2, seen from the second
    _assert_projections(lim, 1 / 3, 1 / 2, 2.0)


def _assert_projections(lim, p, q, share):
    """Spectrum of the product of free projections of ranks p and q, masses multiplied by `share`, zeros aside."""
    middle, half = p + q - 2 * p * q, math.sqrt(4 * p * q * (1 - p) * (1 - q))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    # p = q or p + q = 1: an end at 0 or 1, where a rounding of 1e-16 moves it by as much
    np.testing.assert_allclose(lim.support, [[low, high]], rtol=1e-13, atol=1e-15)
    lam = low + (high - low) * np.linspace(0.01, 0.99, 33)
    exact = share * np.sqrt((lam - low) * (high - lam)) / (2 * np.pi * lam * (1 - lam))
    np.testing.assert_allclose(lim.density(lam), exact, rtol=1e-11)
    both = p + q - 1
    if both > 1e-12:
        np.testing.assert_allclose(lim.atoms, [[1.0, share * both]], rtol=1e-13)
    else:
        assert lim.atoms.shape == (0, 2)
    assert lim.atom == pytest.approx(1.0 - share * min(p, q), abs=1e-14)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (0.5, 0.5),
        (0.3, 0.3),
        (0.75, 0.75),
        (0.25, 0.75),
        (0.9, 0.4),
        (0.3, 0.4),
        (0.9, 0.75),
    ],
)
def test_two_orthogonal_layers_of_hardtanh_are_two_free_projections(p, q):
    laws = [DiscreteLaw.from_points([0.0, 1.0], [1.0 - x, x]) for x in (p, q)]
    _assert_projections(rj.LimitSpectrum(Layers(laws, [1.0, 1.0], orthogonal=[O, O])), p, q, 1.0)


@pytest.mark.parametrize(("small", "large"), [(1, 3), (1, 2), (2, 3)])
def test_truncated_orthogonal_matrices(small, large):
    # widening and narrowing again: a corner of an orthogonal matrix, small by small of large; Jacobi's law
    p = small / large
    _assert_projections(limit([ONE, ONE], [small, large, small], [O, O]), p, p, 1.0 / p)


@pytest.mark.parametrize("q", [0.2, 1.0])
def test_one_orthogonal_layer_is_the_law_of_the_derivative(q):
    # tanh: lambda = g^2 / cosh(h)^4, so |h| = arccosh((lambda/g^2)^(-1/4)) and dlambda/dh = -4 lambda tanh(h)
    law = derivative_law(rj.activations.activation("tanh"), q)
    lim = rj.LimitSpectrum(Layers([law], [1.5], orthogonal=[O]))
    lam = 1.5 * np.array([1e-3, 0.02, 0.1, 0.4, 0.8, 0.99])
    h = np.arccosh((lam / 1.5) ** -0.25)
    exact = 2 * np.exp(-(h**2) / (2 * q)) / math.sqrt(2 * math.pi * q) / (4 * lam * np.tanh(h))
    np.testing.assert_allclose(lim.density(lam), exact, rtol=1e-11)
    np.testing.assert_allclose(lim.cdf(lam), [math.erfc(x / math.sqrt(2 * q)) for x in h], rtol=1e-10, atol=1e-13)
    for k, moment in enumerate(lim.moments(3), 1):
        exact = mp.quad(lambda h, k=k: (1.5 * mp.sech(h) ** 4) ** k * mp.npdf(h, 0, mp.sqrt(q)), [-9, 0, 9])
        assert moment == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("orthogonal", [[O, G, G, O], [G, O, O, G], [O, O, G, G], [G, O, G, O]])
def test_orthogonal_linear_layers_do_nothing(orthogonal):
    lim = limit([ONE] * 4, [10] * 5, orthogonal, [4, 1, 1, Fraction(1, 4)])
    lam = np.geomspace(1e-6, 6.7, 12)
    # both Gaussian layers count, with the variances of all: Fuss-Catalan of two layers
    np.testing.assert_allclose(lim.density(lam), [float(fuss_catalan_density(2, x, 25)) for x in lam], rtol=1e-12)

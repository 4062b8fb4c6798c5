"""Layers of any widths, with Gaussian and orthogonal weights: polynomials, moments, matrices."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.oracles.rational_equation import (
    CASES,
    HALF,
    IDS,
    LEAKY,
    ONE,
    THREE,
    G,
    O,
    RationalEquation,
    limit,
    mass,
    points_of,
)


@pytest.mark.parametrize(("points", "widths", "orthogonal", "lead"), CASES, ids=IDS)
def test_density_and_cdf_against_a_polynomial(points, widths, orthogonal, lead):
    variances = [Fraction(k + 3, 4) for k in range(len(points))]
    lim = limit(points, widths, orthogonal, variances)
    oracle = RationalEquation(points, widths, orthogonal, lead, variances)
    nodes, weights = leggauss(150 if (points[0], len(points)) == (THREE, 2) else 20)  # its two clouds hardly touch
    for low, high in lim.support:
        lam = points_of(low, high, np.linspace(0.03, 0.97, 7))
        exact = np.array([oracle.density(x) for x in lam])
        assert (exact > 0.0).all()
        # the density is claimed to 1e-12; at 3 % of an interval from an edge little is lost
        np.testing.assert_allclose(lim.density(lam), exact, rtol=1e-11)
        if points[lead] in (LEAKY, THREE) and len(points) > 2:
            continue  # 20 roots more say nothing new there
        # in log lambda; an end of the interval is farther from the panel than the panel is long: below 5^-40
        a, b = lam[3], lam[4]
        inner = np.sqrt(a * b) * (b / a) ** (0.5 * nodes)
        mass = 0.5 * math.log(b / a) * float(weights @ [x * oracle.density(x) for x in inner])
        assert float(lim.cdf(b) - lim.cdf(a)) == pytest.approx(mass, abs=1e-12)
    between = np.sqrt(lim.support[:-1, 1] * lim.support[1:, 0])
    assert [oracle.density(x) for x in between] == [0.0] * between.size
    assert oracle.density(1.05 * lim.support[-1, 1]) == 0.0


@pytest.mark.parametrize(("points", "widths", "orthogonal", "lead"), CASES, ids=IDS)
def test_masses_add_up(points, widths, orthogonal, lead):
    lim = limit(points, widths, orthogonal)
    rank = min(
        [Fraction(widths[0], widths[-1]), *(mass(p) * n / widths[-1] for p, n in zip(points, widths[1:], strict=True))]
    )
    assert lim.atom == pytest.approx(1.0 - float(rank), abs=1e-15)
    # just above 0 only the atom; at the top everything: the closed form of the cdf has no constant to adjust
    # (below a gap the potential is taken at the edge, where its root loses digits)
    assert float(lim.cdf(0.0)) == pytest.approx(lim.atom, abs=1e-11)
    start = lim.support[0, 0]
    if start > 0.0 and (not len(lim.atoms) or lim.atoms[0, 0] > start):
        assert float(lim.cdf(0.999 * start)) == pytest.approx(lim.atom, abs=1e-11)
    masses = [float(lim.cdf(b) - lim.cdf(a)) for a, b in lim.support]
    # an edge is rounded by 1e-16, across which the cdf moves by 1e-24 in the bulk and 1e-8 at an inverse root
    assert lim.atom + sum(masses) + lim.atoms[:, 1].sum() == pytest.approx(1.0, abs=2e-8)


@pytest.mark.parametrize("ratio", [Fraction(1, 3), Fraction(3, 4), 1, Fraction(3, 2), 4])
def test_marchenko_pastur(ratio):
    # c = n_1 / n_0, entries of variance 1/n_0: edges (1 +- sqrt c)^2, atom 1 - 1/c where c > 1
    c = float(ratio)
    lim = limit([ONE], [1200, int(1200 * ratio)], [G])
    low, high = (1 - math.sqrt(c)) ** 2, (1 + math.sqrt(c)) ** 2
    np.testing.assert_allclose(lim.support, [[low, high]], rtol=1e-14, atol=1e-30)
    assert lim.atom == pytest.approx(max(0.0, 1.0 - 1.0 / c), abs=1e-15)
    lam = low + (high - low) * np.linspace(0.001, 0.999, 101)
    np.testing.assert_allclose(
        lim.density(lam), np.sqrt((lam - low) * (high - lam)) / (2 * np.pi * c * lam), rtol=1e-12
    )


def test_reversed_linear_layers_have_the_same_nonzero_eigenvalues():
    # J and its transpose; entries have variance 1/n_l of the side that is then the input: lambda' = lambda n_0/n_L
    forward, back = limit([ONE] * 3, [100, 250, 150, 300], [G] * 3), limit([ONE] * 3, [300, 150, 250, 100], [G] * 3)
    c = 100 / 300
    lam = points_of(*forward.support[0], np.linspace(0.02, 0.98, 30))
    np.testing.assert_allclose(forward.density(lam), c**2 * back.density(c * lam), rtol=1e-12)
    np.testing.assert_allclose(1 - forward.cdf(lam), c * (1 - back.cdf(c * lam)), atol=1e-13)


def test_a_wide_network_forgets_its_width():
    # n_1 to infinity: W^1 W^0 of variance 1/n_0 and 1/n_1 becomes one Gaussian matrix
    wide, plain = limit([ONE, ONE], [100, 10**15, 100], [G, G]), limit([ONE], [100, 100], [G])
    lam = np.linspace(0.1, 3.9, 20)
    np.testing.assert_allclose(
        wide.density(lam), plain.density(lam), rtol=1e-10
    )  # the difference is of order 1e-13 / (4 - lambda)


def _cumulants(a):
    return a[0], a[1] - a[0] ** 2, a[2] - 3 * a[0] * a[1] + 2 * a[0] ** 3


def _product(a, b):
    """First three moments of a product of free a and b: sums over non-crossing partitions, kappa of a, moments of b."""
    k1, k2, k3 = _cumulants(a)
    return (
        k1 * b[0],
        k1**2 * b[1] + k2 * b[0] ** 2,
        k1**3 * b[2] + 3 * k1 * k2 * b[0] * b[1] + k3 * b[0] ** 3,
    )


def _three_moments(d_moments, widths, orthogonal, variances):
    """Layer by layer, M' = D W M W^T D: no transform is used."""
    x = (Fraction(1),) * 3
    for l, d in enumerate(d_moments):
        c, s = Fraction(widths[l + 1], widths[l]), variances[l]
        if not orthogonal[l]:  # W X W^T is free compound Poisson, a sum of n_l rank-one matrices of size c s x_i
            k1, k2, k3 = (c ** (j - 1) * s**j * x[j - 1] for j in (1, 2, 3))
            y = (k1, k2 + k1**2, k3 + 3 * k1 * k2 + k1**3)
        elif c > 1:  # zeros are added to the spectrum
            y = tuple(s**j * x[j - 1] / c for j in (1, 2, 3))
        else:  # a corner of X
            y = tuple(s**j * v / c for j, v in zip((1, 2, 3), _product(x, (c, c, c)), strict=True))
        x = _product(y, d)
    return x


def _d_moments(points):
    return tuple(sum(w * x**k for x, w in points.items()) for k in (1, 2, 3))


@pytest.mark.parametrize(("points", "widths", "orthogonal", "lead"), CASES, ids=IDS)
def test_moments_exactly(points, widths, orthogonal, lead):
    variances = [Fraction(k + 3, 4) for k in range(len(points))]
    exact = _three_moments([_d_moments(p) for p in points], widths, orthogonal, variances)
    lim = limit(points, widths, orthogonal, variances)
    assert lim.exact_moments(3) == exact
    np.testing.assert_allclose(lim.moments(3), [float(x) for x in exact], rtol=1e-14)


@pytest.mark.parametrize("orthogonal", [[G, G, G], [O, G, G], [G, O, O], [O, O, O]])
def test_moments_of_smooth_activations(orthogonal):
    qs = (0.3, 0.8, 1.1)
    hardtanh = math.erf(1 / math.sqrt(2 * qs[0]))
    d = [(hardtanh,) * 3, tuple((1 + math.pi * qs[1] * k) ** -0.5 for k in (1, 2, 3)), (0.5,) * 3]
    laws = [
        derivative_law(rj.activations.activation(n), q) for n, q in zip(("hardtanh", "erf", "relu"), qs, strict=True)
    ]
    widths = [300, 450, 200, 400]
    lim = rj.LimitSpectrum(Layers(laws, [1.0, 2.0, 0.5], widths, orthogonal))
    # sums of floats of both signs, magnified by no more than ten
    np.testing.assert_allclose(lim.moments(3), _three_moments(d, widths, orthogonal, [1.0, 2.0, 0.5]), rtol=1e-13)


@pytest.mark.parametrize("points", [[HALF, LEAKY, THREE], [ONE, THREE, THREE]])
def test_square_layers_commute(points):
    # free factors commute in law, and with them the kinds of weights, which enter on their own
    kinds, variances = [O, G, G], [2.0, 1.0, 0.5]
    first = limit(points, [1] * 4, kinds, variances)
    lam = np.concatenate([points_of(a, b, np.linspace(0.05, 0.95, 8)) for a, b in first.support])
    for order, shift in (((0, 1, 2), 1), ((1, 2, 0), 0), ((2, 1, 0), 2)):
        other = limit([points[i] for i in order], [1] * 4, kinds[shift:] + kinds[:shift], [variances[i] for i in order])
        np.testing.assert_allclose(other.density(lam), first.density(lam), rtol=1e-11)
        np.testing.assert_allclose(other.cdf(lam), first.cdf(lam), atol=1e-12)


@pytest.mark.parametrize("orthogonal", [[G, G, G], [O, G, O]])
@pytest.mark.parametrize("name", ["tanh", "leaky_relu:0.3"])
def test_equal_laws_as_separate_objects(name, orthogonal):
    one = derivative_law(rj.activations.activation(name), 0.5)
    copy = dataclasses.replace(one)
    together, apart = (Layers([one, law, one], [1.0] * 3, orthogonal=orthogonal) for law in (one, copy))
    assert len(together.groups) == len(apart.groups) == 1
    lim, other = rj.LimitSpectrum(together), rj.LimitSpectrum(apart)
    lam = points_of(*lim.support[-1], np.linspace(0.05, 0.95, 10))
    np.testing.assert_array_equal(lim.density(lam), other.density(lam))


@pytest.mark.parametrize("orthogonal", [[G, G, G], [O, G, O]])
def test_equal_laws_that_are_not_recognised(orthogonal):
    # D^2 = 1 given twice: the same law, solved for as a term of its own
    one = DiscreteLaw(np.array([0.25, 1.0]), np.array([0.25, 0.5]), 0.25, 1.0, None)
    split = DiscreteLaw(np.array([0.25, 1.0, 1.0]), np.array([0.25, 0.125, 0.375]), 0.25, 1.0, None)
    together, apart = (Layers([one, law, one], [1.0] * 3, [2, 3, 2, 2], orthogonal) for law in (one, split))
    assert len(together.groups) < len(apart.groups)
    lim, other = rj.LimitSpectrum(together), rj.LimitSpectrum(apart)
    np.testing.assert_allclose(lim.support, other.support, rtol=1e-13)
    lam = points_of(*lim.support[-1], np.linspace(0.05, 0.95, 10))
    np.testing.assert_allclose(lim.density(lam), other.density(lam), rtol=1e-12)
    np.testing.assert_allclose(lim.cdf(lam), other.cdf(lam), atol=1e-13)

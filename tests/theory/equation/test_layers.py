"""Layers of any widths, with Gaussian and orthogonal weights: polynomials, closed forms, traces, matrices."""

import dataclasses
import math
from collections import Counter
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.oracles.closed_forms import fuss_catalan_density

# A layer of an oracle: values and probabilities of D^2 (zero included if it is one), sigma^2, orthogonal or not.
HALF = {Fraction(0): Fraction(1, 2), Fraction(1): Fraction(1, 2)}
MOST = {Fraction(0): Fraction(1, 8), Fraction(1): Fraction(7, 8)}
ONE = {Fraction(1): Fraction(1)}
TINY = {Fraction(1, 1024): Fraction(1, 2), Fraction(1): Fraction(1, 2)}
LEAKY = {Fraction(1, 64): Fraction(1, 4), Fraction(1): Fraction(3, 4)}
THREE = {Fraction(0): Fraction(1, 8), Fraction(1, 4): Fraction(3, 8), Fraction(2): Fraction(1, 2)}
G, O = False, True


def _law(points):
    return DiscreteLaw.from_points([float(x) for x in points], [float(w) for w in points.values()])


def _limit(points, widths, orthogonal, variances=None):
    variances = [1.0] * len(points) if variances is None else [float(v) for v in variances]
    return rj.LimitSpectrum(Layers([_law(p) for p in points], variances, widths, orthogonal))


def _mass(points):
    return 1 - points.get(Fraction(0), Fraction(0))


# --- the equation as a polynomial in u ------------------------------------------------------------------------------


def _convolve(*polys):
    """Product of polynomials with Fraction coefficients, lowest first."""
    out = [Fraction(1)]
    for poly in polys:
        new = [Fraction(0)] * (len(out) + len(poly) - 1)
        for i, a in enumerate(out):
            for j, b in enumerate(poly):
                new[i + j] += a * b
        out = new
    return out


class Rational:
    """lambda(u) = num / den exactly, u that of the layer `lead`; all other layers have one value besides 0, or its law.

    Written from the equation with a factor a layer, not from the merged terms of the package.
    """

    def __init__(self, points, widths, orthogonal, lead, variances=None):
        variances = [Fraction(1)] * len(points) if variances is None else variances
        r = [Fraction(widths[-1], n) for n in widths]
        self.ratio, law = r[lead + 1], points[lead]
        some = [(x, w) for x, w in law.items() if x]
        poles = [[Fraction(1), -x] for x, _ in some]
        self.b = _convolve(*poles)
        terms = [_convolve([w * x], *(p for j, p in enumerate(poles) if j != i)) for i, (x, w) in enumerate(some)]
        self.a = [Fraction(0), *(sum(column) for column in zip(*terms, strict=True))]  # r m = a(u) / b(u)
        powers, scale = Counter(), Fraction(1)

        def times_m(power):
            nonlocal scale
            powers[tuple(self.a)] += power
            powers[tuple(self.b)] -= power
            scale *= self.ratio**-power

        def times_affine(c, k, power):  # (c + k m)^power
            long = max(len(self.a), len(self.b))
            a, b = (poly + [Fraction(0)] * (long - len(poly)) for poly in (self.a, self.b))
            powers[tuple(c * y + k / self.ratio * x for x, y in zip(a, b, strict=True))] += power
            powers[tuple(self.b)] -= power

        times_affine(1, r[0], 1)
        times_m(-1)
        scale /= r[0]
        for l, one in enumerate(points):
            x = l if widths[l + 1] <= widths[l] else l + 1
            place = x if orthogonal[l] else l
            scale *= variances[l] * r[place]
            if orthogonal[l]:
                times_affine(1, r[x], -1)
            if one == law and r[l + 1] == self.ratio:
                times_m(1)
                powers[(Fraction(0), Fraction(1))] -= 1
            else:
                ((value, p),) = [(v, w) for v, w in one.items() if v]
                times_affine(p, r[l + 1], 1)
                scale *= value / r[l + 1]
        # a(u) has the factor u: take it out, so that powers of u cancel
        u_power = powers.pop(tuple(self.a), 0)
        powers[tuple(self.a[1:])] += u_power
        powers[(Fraction(0), Fraction(1))] += u_power
        self.num = _convolve([scale], *(list(p) for p, e in powers.items() for _ in range(max(e, 0))))
        self.den = _convolve(*(list(p) for p, e in powers.items() for _ in range(max(-e, 0))))
        self.mean = sum(x * w for x, w in law.items())
        self.first = math.prod(
            variances[l] * (1 if not orthogonal[l] else min(Fraction(1), Fraction(widths[l], widths[l + 1])))
            * sum(x * w for x, w in one.items()) for l, one in enumerate(points)
        )  # fmt: skip

    def density(self, lam):
        """Follow the root that is m_1 / lambda at infinity down to the real axis; end in 50 digits.

        The steps in log Im lambda are so small that the nearest root is the same one (checked by its change).
        """
        size = max(len(self.num), len(self.den))
        num, den = (poly + [Fraction(0)] * (size - len(poly)) for poly in (self.num, self.den))
        floats = [np.array([float(c) for c in poly[::-1]]) for poly in (num, den)]
        # from far above the spectrum, whose scale is m_1 times a number below 100
        heights = [*np.geomspace(1e5 * max(lam, float(self.first)), 1e-5 * lam, 200), 0.0]
        u = float(self.ratio * self.first / self.mean) / (lam + 1j * heights[0])
        for y in heights:
            roots = np.roots(floats[0] - (lam + 1j * y) * floats[1])
            apart = np.sort(abs(roots - u))
            assert roots.size == 1 or apart[0] < 0.6 * apart[1]
            u = roots[np.argmin(abs(roots - u))]
        if u.imag > -1e-9 * abs(u):
            return 0.0
        with mp.workdps(50):
            z, exact = mp.mpc(u), mp.mpf(lam)
            poly = [_mpf(a) - exact * _mpf(b) for a, b in zip(num, den, strict=True)]
            for _ in range(8):
                z -= _horner(poly, z) / _horner([k * c for k, c in enumerate(poly)][1:], z)
            m = _horner(map(_mpf, self.a), z) / _horner(map(_mpf, self.b), z) / _mpf(self.ratio)
            return float(-mp.im(m) / (mp.pi * exact))


def _mpf(x):
    return mp.mpf(x.numerator) / x.denominator


def _horner(poly, z):
    out = 0
    for c in reversed(list(poly)):
        out = out * z + c
    return out


CASES = [
    ([ONE], [100, 300], [G], 0),
    ([HALF], [300, 100], [G], 0),
    ([THREE], [300, 200], [G], 0),
    ([LEAKY], [100, 100], [G], 0),
    ([MOST, ONE, HALF], [300, 450, 200, 400], [G, G, G], 0),
    ([MOST, LEAKY, HALF], [300, 450, 200, 400], [G, G, G], 1),
    ([MOST, MOST], [100, 200, 300], [G, G], 0),  # n_0 is the smallest rank
    ([THREE, MOST], [100, 200, 400], [G, G], 0),
    ([HALF, ONE], [100, 200, 100], [G, G], 0),  # all ranks are the same
    ([HALF, HALF], [100, 100, 100], [G, G], 0),
    ([HALF, MOST], [100, 100, 100], [O, G], 0),
    ([HALF, MOST], [100, 100, 100], [G, O], 1),
    ([THREE, MOST], [100, 150, 120], [O, G], 0),
    ([THREE, MOST], [150, 100, 120], [O, G], 0),
    ([MOST, THREE], [100, 150, 120], [G, O], 1),
    ([MOST, THREE], [100, 120, 150], [G, O], 1),
    ([LEAKY, MOST], [100, 120, 150], [O, O], 0),
    ([LEAKY, MOST], [150, 120, 100], [O, O], 0),
    ([ONE, THREE, HALF], [120, 100, 150, 100], [O, G, O], 1),
    ([THREE, THREE, ONE], [100, 100, 100, 50], [O, G, G], 0),
    ([LEAKY, LEAKY, LEAKY], [100, 100, 100, 100], [O, O, G], 0),
    ([LEAKY, MOST, ONE], [100, 100, 100, 100], [O, O, O], 0),
]
IDS = ["-".join(map(str, w)) + "".join("O" if o else "G" for o in k) + str(i) for i, (_, w, k, _) in enumerate(CASES)]


def _points(low, high, fractions):
    """Points of an interval of the support, in log lambda over six decades where it reaches down to 0."""
    return np.exp(np.log(max(low, 1e-6 * high)) * (1 - fractions) + np.log(high) * fractions)


@pytest.mark.parametrize(("points", "widths", "orthogonal", "lead"), CASES, ids=IDS)
def test_density_and_cdf_against_a_polynomial(points, widths, orthogonal, lead):
    variances = [Fraction(k + 3, 4) for k in range(len(points))]
    lim = _limit(points, widths, orthogonal, variances)
    oracle = Rational(points, widths, orthogonal, lead, variances)
    nodes, weights = leggauss(150 if (points[0], len(points)) == (THREE, 2) else 20)  # its two clouds hardly touch
    for low, high in lim.support:
        lam = _points(low, high, np.linspace(0.03, 0.97, 7))
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
    lim = _limit(points, widths, orthogonal)
    rank = min(
        [Fraction(widths[0], widths[-1]), *(_mass(p) * n / widths[-1] for p, n in zip(points, widths[1:], strict=True))]
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
    lim = _limit([ONE], [1200, int(1200 * ratio)], [G])
    low, high = (1 - math.sqrt(c)) ** 2, (1 + math.sqrt(c)) ** 2
    np.testing.assert_allclose(lim.support, [[low, high]], rtol=1e-14, atol=1e-30)
    assert lim.atom == pytest.approx(max(0.0, 1.0 - 1.0 / c), abs=1e-15)
    lam = low + (high - low) * np.linspace(0.001, 0.999, 101)
    np.testing.assert_allclose(
        lim.density(lam), np.sqrt((lam - low) * (high - lam)) / (2 * np.pi * c * lam), rtol=1e-12
    )


def test_reversed_linear_layers_have_the_same_nonzero_eigenvalues():
    # J and its transpose; entries have variance 1/n_l of the side that is then the input: lambda' = lambda n_0/n_L
    forward, back = _limit([ONE] * 3, [100, 250, 150, 300], [G] * 3), _limit([ONE] * 3, [300, 150, 250, 100], [G] * 3)
    c = 100 / 300
    lam = _points(*forward.support[0], np.linspace(0.02, 0.98, 30))
    np.testing.assert_allclose(forward.density(lam), c**2 * back.density(c * lam), rtol=1e-12)
    np.testing.assert_allclose(1 - forward.cdf(lam), c * (1 - back.cdf(c * lam)), atol=1e-13)


def test_a_wide_network_forgets_its_width():
    # n_1 to infinity: W^1 W^0 of variance 1/n_0 and 1/n_1 becomes one Gaussian matrix
    wide, plain = _limit([ONE, ONE], [100, 10**15, 100], [G, G]), _limit([ONE], [100, 100], [G])
    lam = np.linspace(0.1, 3.9, 20)
    np.testing.assert_allclose(
        wide.density(lam), plain.density(lam), rtol=1e-10
    )  # the difference is of order 1e-13 / (4 - lambda)


# --- moments ------------------------------------------------------------------------------------------------------


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
    lim = _limit(points, widths, orthogonal, variances)
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


# --- orthogonal weights in closed form ----------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 4])
def test_orthogonal_linear_layers_are_a_point_mass(depth):
    lim = _limit([ONE] * depth, [10] * (depth + 1), [O] * depth, [2.25] * depth)
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
    lim = _limit([ONE] * (len(widths) - 1), widths, [O] * (len(widths) - 1))
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
    _assert_projections(_limit([ONE, ONE], [small, large, small], [O, O]), p, p, 1.0 / p)


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
    lim = _limit([ONE] * 4, [10] * 5, orthogonal, [4, 1, 1, Fraction(1, 4)])
    lam = np.geomspace(1e-6, 6.7, 12)
    # both Gaussian layers count, with the variances of all: Fuss-Catalan of two layers
    np.testing.assert_allclose(lim.density(lam), [float(fuss_catalan_density(2, x, 25)) for x in lam], rtol=1e-12)


# --- the order of layers and the identity of laws ------------------------------------------------------------------


@pytest.mark.parametrize("points", [[HALF, LEAKY, THREE], [ONE, THREE, THREE]])
def test_square_layers_commute(points):
    # free factors commute in law, and with them the kinds of weights, which enter on their own
    kinds, variances = [O, G, G], [2.0, 1.0, 0.5]
    first = _limit(points, [1] * 4, kinds, variances)
    lam = np.concatenate([_points(a, b, np.linspace(0.05, 0.95, 8)) for a, b in first.support])
    for order, shift in (((0, 1, 2), 1), ((1, 2, 0), 0), ((2, 1, 0), 2)):
        other = _limit(
            [points[i] for i in order], [1] * 4, kinds[shift:] + kinds[:shift], [variances[i] for i in order]
        )
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
    lam = _points(*lim.support[-1], np.linspace(0.05, 0.95, 10))
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
    lam = _points(*lim.support[-1], np.linspace(0.05, 0.95, 10))
    np.testing.assert_allclose(lim.density(lam), other.density(lam), rtol=1e-12)
    np.testing.assert_allclose(lim.cdf(lam), other.cdf(lam), atol=1e-13)


# --- sampled matrices ----------------------------------------------------------------------------------------------


def _matrix(points, widths, orthogonal, rng):
    """J with exactly the proportions of the laws in each D, at random places."""
    product = np.eye(widths[0])
    for l, one in enumerate(points):
        n, k = widths[l + 1], widths[l]
        w = rng.standard_normal((n, k)) / math.sqrt(k)
        if orthogonal[l]:
            left, _, right = np.linalg.svd(w, full_matrices=False)
            w = left @ right  # the orthogonal factor of a Gaussian matrix is Haar-distributed
        d2 = np.repeat([float(x) for x in one], [round(float(p) * n) for p in one.values()])
        assert d2.size == n
        product = np.sqrt(rng.permutation(d2))[:, None] * (w @ product)
    return product


@pytest.mark.parametrize(
    ("points", "widths", "orthogonal"),
    [
        ([LEAKY], [160, 160], [G]),
        ([LEAKY], [320, 160], [G]),
        ([TINY, MOST], [160, 160, 160], [O, G]),
        ([TINY, ONE], [160, 160, 160], [O, G]),
        ([TINY, LEAKY], [160, 160, 160], [G, O]),
    ],
)
def test_no_eigenvalue_in_a_gap(points, widths, orthogonal):
    # Above and below a gap lie as many eigenvalues as the limit says, exactly (Bai and Silverstein 1999). The gap is
    # shrunk by 5 N^(-2/3) of each side: lambda_max of N = 160 is off by some 2 N^(-2/3) at most.
    lim = _limit(points, widths, orthogonal)
    assert len(lim.support) > 1
    n = widths[-1]
    values = np.linalg.svd(_matrix(points, widths, orthogonal, np.random.default_rng(5)), compute_uv=False) ** 2
    values = np.concatenate([values, np.zeros(n - values.size)])
    seen = 0
    for low, high in zip(lim.support[:-1, 1], lim.support[1:, 0], strict=True):
        slack = 5 * n ** (-2 / 3)
        low, high = low * (1 + slack), high * (1 - slack)
        if low >= high:
            continue
        seen += 1
        assert not ((values > low) & (values < high)).any()
        share = float(lim.cdf(math.sqrt(low * high)))
        assert share * n == pytest.approx(round(share * n), abs=1e-9)
        assert (values < low).sum() == round(share * n)
    assert seen


@pytest.mark.parametrize(("points", "widths", "orthogonal", "lead"), CASES, ids=IDS)
def test_atoms_are_the_rank_of_a_matrix(points, widths, orthogonal, lead):
    lim = _limit(points, widths, orthogonal)
    widths = [4 * n // 5 for n in widths]
    points = [dict(sorted(p.items())) for p in points]
    values = np.linalg.svd(_matrix(points, widths, orthogonal, np.random.default_rng(1)), compute_uv=False) ** 2
    n = widths[-1]
    # ranks of generic matrices are those of their narrowest factor; two projections meet in p + q - 1
    assert 1.0 - (values > 1e-22).sum() / n == pytest.approx(lim.atom, abs=1e-12)
    for lam, mass in lim.atoms:
        assert (abs(values - lam) < 1e-9).sum() / n == pytest.approx(mass, abs=1e-12)


@pytest.mark.parametrize(
    ("widths", "activations", "orthogonal"),
    [
        ([300, 450, 200, 400], ["hardtanh", "erf", "relu"], [G, G, G]),
        ([150, 150], ["tanh"], [O]),
        ([150, 150, 150], ["hardtanh", "hardtanh"], [O, O]),
        ([150, 150, 150], ["tanh", "erf"], [O, G]),
        ([200, 150, 120], ["tanh", "relu"], [O, O]),
        ([100, 150, 200], ["leaky_relu:0.3", "hardtanh"], [O, O]),
        ([120, 200, 100, 150], ["gelu", "linear", "tanh"], [G, O, O]),
        ([150, 150, 150, 150], ["softsign", "silu", "arctan"], [O, O, O]),
        ([150, 100], ["linear"], [O]),
    ],
)
def test_against_sampled_spectra(widths, activations, orthogonal):
    weights = [rj.Orthogonal(1.2) if o else rj.Gaussian(1.0) for o in orthogonal]
    ens = rj.Ensemble(widths, activations, weights, rj.Gaussian(0.3))
    lim, samples = rj.limit_spectrum(ens), 16
    emp = rj.sample_spectrum(ens, samples, rng=11, masks="independent", threads=1)
    # Kolmogorov: 1.5 / sqrt(n) for n independent values (level 2 %; eigenvalues scatter less), and 2/N for the bias.
    size = widths[-1]
    lam = np.quantile(emp.eigenvalues, np.linspace(0.0, 1.0, 400))
    lam = np.concatenate([lam * (1 - 1e-6), lam * (1 + 1e-6)])  # eigenvalues at an atom are off by rounding
    apart = abs(emp.cdf(lam) - lim.cdf(lam)).max()
    assert apart < 1.5 / math.sqrt(size * samples) + 2.0 / size

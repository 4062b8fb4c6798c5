"""Formulas of docs/theory that no other test has in this form, against independent numbers."""

import cmath
import math
from functools import reduce

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfcx

import rmtjac as rj


def _law(rng):
    """Values and weights of a random law of D^2, often with an atom at 0."""
    values = rng.uniform(0.05, 3.0, 4)
    values[3] *= rng.integers(2)
    return values, rng.dirichlet(np.ones(4))


def _m(law, u):
    """m_K(u) of a discrete law."""
    values, weights = law
    return (weights * values * u / (1 - u * values)).sum()


def _inverse(law, m):
    """A solution u of m_K(u) = m with Im u < 0, by the roots of a polynomial; None if there is none."""
    factors = [np.poly1d([-x, 1.0]) for x in law[0]]
    one = np.poly1d([1.0])
    top = sum(
        (np.poly1d([float(p * x), 0.0]) * reduce(np.polymul, factors[:j] + factors[j + 1 :], one)
         for j, (x, p) in enumerate(zip(*law, strict=True))),
        np.poly1d([0.0]),
    )  # fmt: skip
    roots = np.roots((top - m * reduce(np.polymul, factors, one)).coeffs)
    below = roots[roots.imag < -1e-6]
    return complex(below[0]) if below.size else None


def _points(number):
    """Random (widths, kinds, (u_0, u_1), m) of two layers, points of Omega."""
    rng = np.random.default_rng(0)
    while number:
        widths = rng.choice([1.0, 2.0, 3.0], 3)
        laws = _law(rng), _law(rng)
        u = complex(rng.normal(), -(10.0 ** rng.uniform(-3, 1)))
        r = widths[2] / widths
        m = _m(laws[0], u) / r[1]
        v = _inverse(laws[1], r[2] * m)
        if v is not None and abs(_m(laws[1], v) / (r[2] * m) - 1) < 1e-9:
            number -= 1
            yield widths, rng.integers(2, size=2), (u, v), m


def test_the_inequality_of_the_branch_theorem():
    # Im H <= t_l = -Arg u_l and t_l <= omega_{l+1}: the lemmas of docs/theory/branch_theorem. Slack: rounding.
    for widths, orthogonal, us, m in _points(400):
        r = widths[2] / widths
        w = [r_l * m / (1 + r_l * m) for r_l in r]
        imag = -cmath.phase(w[0])
        for layer, (kind, u) in enumerate(zip(orthogonal, us, strict=True)):
            x = layer if widths[layer + 1] <= widths[layer] else layer + 1
            imag += cmath.phase((w[x] if kind else r[layer] * m) / u)
        for layer, u in enumerate(us):
            t = -cmath.phase(u)
            assert imag <= t + 1e-9
            assert t <= -cmath.phase(w[layer + 1]) + 1e-9
            assert t < -cmath.phase(m)


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
def test_one_root_by_winding_number(depth):
    # The change of the argument of H - zeta along the boundary of the lower half-plane is one turn. In w = log u the
    # half-plane is the strip -pi < Im w < 0; steps of the argument are far below pi.
    rng = np.random.default_rng(depth)
    for _ in range(8):
        values, weights = _law(rng)
        zeta = complex(rng.normal(0, 2), rng.uniform(0.3, 2.8))
        across, along = np.linspace(0, 1, 2001), np.linspace(-1, 1, 20001)
        far, top, bottom = 40.0, -1e-3j, (-math.pi + 1e-3) * 1j
        path = np.concatenate(
            [far * along + bottom, far + bottom + across * (top - bottom), far * along[::-1] + top,
             -far + top + across * (bottom - top)]
        )  # fmt: skip
        u = np.exp(path)[:, None]
        t = 1 / (1 - u * values)
        one_plus_m, ratio = (weights * t).sum(1), (weights * values * t).sum(1)
        # Log m = Log(m / u) + Log u: both arguments lie in (-pi, 0), and so does their sum.
        h = np.log(one_plus_m) + (depth - 1) * np.log(ratio) - path
        turns = np.diff(np.unwrap(np.angle(h - zeta))[[0, -1]])[0] / (2 * math.pi)
        assert turns == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_the_constant_at_the_hard_edge(depth):
    # rho ~ sin(pi/(L+1))/pi lambda^(-L/(L+1)); the next term is smaller by lambda^(1/(L+1)).
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, "linear"))
    lam = 10.0 ** (-6.0 * (depth + 1))
    expected = math.sin(math.pi / (depth + 1)) / math.pi * lam ** (-depth / (depth + 1))
    assert lim.density(lam) == pytest.approx(expected, rel=1e-5)


def test_real_branches_of_a_two_point_law():
    # lambda(m) = (1 + m)(m + p)/m for L = 1: the edges (1 -+ sqrt p)^2 are its critical points m = +-sqrt p, between
    # them it is not monotone, and m = m_M(1/lambda) falls above the upper one.
    p = 0.3
    lim = rj.LimitSpectrum(rj.theory.Layers([rj.theory.DiscreteLaw.from_points([0.0, 1.0], [1 - p, p])], [1.0]))
    for m, edge in ((-math.sqrt(p), lim.support[0, 0]), (math.sqrt(p), lim.support[0, 1])):
        assert (1 + m) * (m + p) / m == pytest.approx(edge, rel=1e-13)
    lam = lim.support[0, 1] * np.linspace(1.01, 5, 50)
    m = lim.moment_function(1 / lam).real
    assert (np.diff(m) < 0).all()
    np.testing.assert_allclose((1 + m) * (m + p) / m, lam, rtol=1e-12)
    assert lim.atom == pytest.approx(1 - p)


@pytest.mark.parametrize("depth", [1, 3])
def test_moments_in_the_variable_u(depth):
    # m_k = [u^(k-1)] m_K' ((1 + m_K)(m_K/u)^(L-1))^k / k for two points 1/2 and 2, by mpmath's Taylor series.
    law = rj.theory.DiscreteLaw.from_points([0.5, 2.0], [0.25, 0.75])
    found = rj.LimitSpectrum(rj.theory.Layers([law] * depth, [1.0] * depth)).moments(4)

    def m(u):
        return u * ratio(u)

    def ratio(u):
        return 0.25 * 0.5 / (1 - 0.5 * u) + 0.75 * 2 / (1 - 2 * u)

    with mpmath.workdps(40):
        for k in range(1, 5):
            series = mpmath.taylor(
                lambda u, k=k: mpmath.diff(m, u) * ((1 + m(u)) * ratio(u) ** (depth - 1)) ** k, 0, k - 1
            )
            assert found[k - 1] == pytest.approx(float(series[k - 1] / k), rel=1e-9)


@pytest.mark.parametrize("z", [2 - 0.1j, 5 + 0.01j, -3 + 1j, 1.2 - 1e-3j])
@pytest.mark.parametrize("a", [0.7, 2.0])
def test_the_pole_correction_of_the_trapezoid(z, a):
    # f = e^(-a t^2)/(1 - z e^(-t^2)), poles t^2 = log z + 2 pi i k, against the adaptive quadrature of mpmath.
    def f(t):
        return mpmath.exp(-a * t * t) / (1 - z * mpmath.exp(-t * t))

    h, c = 0.25, 0.1
    nodes = c + h * np.arange(-60, 61)
    total = complex(h * mpmath.fsum(f(t) for t in nodes))
    for k in (-1, 0, 1):
        for sign in (1, -1):
            s = sign * cmath.sqrt(cmath.log(z) + 2j * math.pi * k)
            residue = cmath.exp(-a * s * s) / (2 * s)  # the derivative of 1 - z e^(-t^2) at s is 2 s
            half = 1 if s.imag > 0 else -1
            e = cmath.exp(half * 2j * math.pi * (s - c) / h)
            total -= half * 2j * math.pi * residue * e / (1 - e)
    real = cmath.sqrt(cmath.log(z)).real
    exact = complex(mpmath.quad(f, [-mpmath.inf, -3, -real, 0, real, 3, mpmath.inf], maxdegree=10))
    assert total == pytest.approx(exact, rel=1e-8)


def test_distance_of_a_ball_from_the_poles():
    rng = np.random.default_rng(1)
    for _ in range(2000):
        u, b = complex(*rng.normal(0, 3, 2)), rng.uniform(0.1, 3)
        d = 1.0 if u.real <= 0 else max(abs(u.imag) / abs(u), 1 - b * u.real)
        assert abs(1 - u * rng.uniform(0, b)) >= d - 1e-12


def test_laplace_transform_of_a_cauchy_row():
    # E exp(-t sum W_j^2 g_j), W Cauchy of scale 1/N: 4000 rows of 2000. Level: 4 standard errors and 1 % for finite N.
    rng = np.random.default_rng(2)
    g, t = np.tile([0.5, 2.0], 1000), 1.7
    values = np.exp(-t * ((rng.standard_cauchy((4000, 2000)) / 2000) ** 2 @ g))
    expected = math.exp(-2 / math.sqrt(math.pi) * math.sqrt(t) * np.sqrt(g).mean())
    assert values.mean() == pytest.approx(expected, abs=4 * values.std() / 4000**0.5 + 0.01 * expected)


@pytest.mark.parametrize("eta", [0.3, 1.0, 3.0])
def test_one_linear_cauchy_layer(eta):
    # Mean of eta / (eta^2 + s^2): 40 matrices of order 100, spread between them; 1 % for finite N.
    rng = np.random.default_rng(3)
    s = np.array([np.linalg.svd(rng.standard_cauchy((100, 100)) / 100, compute_uv=False) for _ in range(40)])
    xi = brentq(lambda x: eta * x - erfcx(x) / math.sqrt(math.pi), 1e-9, 1e9)
    expected = (1 - math.sqrt(math.pi) * xi * erfcx(xi)) / eta
    means = (eta / (eta**2 + s**2)).mean(1)
    assert means.mean() == pytest.approx(expected, abs=4 * means.std() / 40**0.5 + 0.01 * expected)


@pytest.mark.parametrize("q", [0.2, 0.5, 1.0])
def test_the_hard_edge_of_an_erf_layer(q):
    # n = 1 + max(1, pi q): P(D^2 < x) ~ x^(1/(pi q)) up to logarithms, and lambda = (1 + m)/u for L = 1.
    law = rj.theory.derivative_law(rj.activations.activation("erf"), q)
    lim = rj.LimitSpectrum(rj.theory.Layers([law], [1.0]))
    n = 1 + max(1.0, math.pi * q)
    assert lim.edges[0].exponent == pytest.approx(1 / n - 1, abs=1e-3)

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.oracles.activations import FUNCTIONS
from tests.oracles.closed_forms import fuss_catalan_moment

_X, _W = np.polynomial.legendre.leggauss(16)


def mean(lim, f, panels=96):
    """E f(lambda) from the density, by Gauss-Legendre in theta, log lambda = bottom + (top - bottom) sin^2(theta).

    That tames square-root edges; an interval that reaches 0 is cut off where lambda rho is below 1e-15.
    """
    total = complex(lim.atom * f(0.0)) if lim.atom else 0.0
    for lam, mass in lim.atoms:
        total += mass * f(lam)
    for low, high in lim.support:
        top = bottom = math.log(high)
        while (low == 0.0 and math.exp(bottom) * float(lim.density(math.exp(bottom))) > 1e-16) or bottom == top:
            bottom -= 1.0
        bottom = math.log(low) if low > 0.0 else bottom
        ends = np.linspace(0.0, 0.5 * math.pi, panels + 1)
        theta = (0.5 * (ends[1:] + ends[:-1])[:, None] + 0.5 * np.diff(ends)[:, None] * _X).ravel()
        weight = (0.5 * np.diff(ends)[:, None] * _W).ravel() * (top - bottom) * np.sin(2.0 * theta)
        lam = np.exp(bottom + (top - bottom) * np.sin(theta) ** 2)
        total += np.sum(weight * lam * lim.density(lam) * f(lam))
    return total


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _mask(p):
    return DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])


def _limit(laws, widths=None, orthogonal=None, variances=None):
    return rj.LimitSpectrum(Layers(laws, variances or [1.0] * len(laws), widths, orthogonal))


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_linear_products_have_fuss_catalan_moments(depth):
    lim = _limit([_mask(1.0)] * depth)
    exact = [fuss_catalan_moment(depth, k) for k in range(1, 41)]
    assert lim.exact_moments(40) == tuple(map(Fraction, exact))
    # carried with 30 spare digits and rounded once
    np.testing.assert_allclose(lim.moments(40), np.array(exact, dtype=float), rtol=1e-15)


def test_relu_at_critical_variance():
    # W W^T with variance 2 and a mask of 1/2: the moments of D W W^T D are sum_j Narayana(k, j) 2^k 2^-j ... ; the k-th
    # is 2^k sum_j N(k, j) (1/2)^j, each of the j blocks of a noncrossing partition costing one mask.
    lim = rj.limit_spectrum(rj.Ensemble.square(100, 1, "relu", rj.Gaussian(math.sqrt(2.0))), input_variance=1.0)
    exact = _limit([_law("relu")], variances=[2.0]).exact_moments(20)
    for k in range(1, 21):
        assert exact[k - 1] == 2**k * sum(_narayana(k, j) * Fraction(1, 2) ** j for j in range(1, k + 1))
    np.testing.assert_allclose(lim.moments(20), [float(x) for x in exact], rtol=1e-14)  # 2 = (sqrt 2)^2 to rounding
    assert _limit([_law("relu")] * 7, variances=[2.0] * 7).exact_moments(1) == (1,)


def _narayana(k, j):
    return Fraction(math.comb(k, j) * math.comb(k, j - 1), k)


@pytest.mark.parametrize("widths", [[300, 200], [100, 400], [7, 3]])
def test_rectangular_linear_moments_are_narayana_polynomials(widths):
    # M = W W^T, n_1 x n_0, entries of variance 1/n_0: moments sum_j N(k, j) r^(j-1), r = n_1/n_0.
    r = Fraction(widths[1], widths[0])
    exact = [sum(_narayana(k, j) * r ** (j - 1) for j in range(1, k + 1)) for k in range(1, 31)]
    lim = _limit([_mask(1.0)], widths)
    assert lim.exact_moments(30) == tuple(exact)
    np.testing.assert_allclose(lim.moments(30), [float(x) for x in exact], rtol=1e-14)


def test_products_of_projections_have_exact_moments():
    # Free projections of trace 1/2: M has the arcsine law on (0, 1) for half of its mass, with C(2k, k)/4^k moments.
    lim = _limit([_mask(0.5)] * 2, orthogonal=[True, True])
    assert lim.exact_moments(20) == tuple(Fraction(math.comb(2 * k, k), 2 * 4**k) for k in range(1, 21))


@pytest.mark.parametrize(
    "laws",
    [[_mask(0.25)] * 3, [DiscreteLaw.from_points([0.0, 0.5, 2.0], [0.25, 0.25, 0.5]), _mask(0.75)]],
)
def test_float_moments_are_the_exact_ones(laws):
    lim = _limit(laws, [100, 200, 300, 150][: len(laws) + 1], [True] + [False] * (len(laws) - 1))
    exact = np.array([float(x) for x in lim.exact_moments(40)])
    np.testing.assert_allclose(lim.moments(40), exact, rtol=1e-13)  # what the task of this function promises
    assert lim.moment(40) == lim.moments(40)[-1]
    with pytest.raises(ValueError, match="not rational"):
        _limit([_law("tanh")]).exact_moments(2)
    with pytest.raises(ValueError, match="order=0"):
        lim.moments(0)


@pytest.mark.parametrize("name", ["hardtanh", "erf", "tanh"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_moments_are_integrals_of_the_density(name, depth):
    lim = _limit([_law(name)] * depth)
    for k, value in enumerate(lim.moments(6), start=1):
        # the density is right to 1e-12, and 1e-10 within 1e-6 of the edges, where next to nothing is
        assert mean(lim, lambda lam, k=k: lam**k).real == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize("name", ["hardtanh", "erf", "tanh"])
def test_moments_by_another_formula(name):
    # The inversion in u: m_k = (1/k) [u^(k-1)] m_K'(u) ((1 + m_K) (m_K/u)^(L-1))^k, on a circle, in 30 digits.
    depth, q = 3, 0.5
    with mp.workdps(30):
        if name == "hardtanh":
            d = [mp.erf(1 / mp.sqrt(2 * q))] * 7
        elif name == "erf":
            d = [1 / mp.sqrt(1 + mp.pi * q * k) for k in range(1, 8)]
        else:
            d = [
                mp.quad(lambda z, k=k: mp.npdf(z) * mp.sech(z * mp.sqrt(q)) ** (4 * k), [-14, 0, 14])
                for k in range(1, 8)
            ]
        lim = _limit([_law(name, q)] * depth)
        for k, value in enumerate(lim.moments(6), start=1):
            slope = [(j + 1) * x for j, x in enumerate(d)]
            factor = _times([mp.mpf(1), *d[:-1]], _times(d, d))
            product = slope
            for _ in range(k):
                product = _times(product, factor)
            assert value == pytest.approx(float(product[k - 1] / k), rel=1e-14)


def _times(a, b):
    return [mp.fsum(a[i] * b[k - i] for i in range(k + 1)) for k in range(min(len(a), len(b)))]


@pytest.mark.parametrize("depth", [1, 3, 50])
def test_log_moment_in_closed_form(depth):
    assert _limit([_mask(1.0)] * depth).log_moment() == pytest.approx(-depth, rel=1e-14)
    for q in (0.2, 3.0):
        expected = -depth * (1.0 + 0.5 * math.pi * q)
        assert _limit([_law("erf", q)] * depth).log_moment() == pytest.approx(expected, rel=1e-13)
    for name, q in (("tanh", 0.5), ("gelu", 1.0), ("softsign", 2.0), ("silu", 0.5)):
        with mp.workdps(16):
            slope = lambda z, name=name, q=q: mp.diff(FUNCTIONS[name], z * mp.sqrt(q))  # noqa: E731
            # split at the zero of phi', where log D^2 diverges
            zero = {"gelu": -0.751791524693564457, "silu": -1.27846454276107379 / math.sqrt(0.5)}.get(name, 0.0)
            cuts = [-12, -6, -3, *sorted({zero, 0.0}), 3, 6, 12]
            e_log = mp.quad(lambda z, f=slope: mp.npdf(z) * mp.log(f(z) ** 2), cuts)
        expected = depth * (float(e_log) - 1.0)
        assert _limit([_law(name, q)] * depth).log_moment() == pytest.approx(expected, rel=1e-11)


LOGS = {
    "rectangular": lambda: _limit([_law("relu"), _law("erf")], [300, 200, 400], variances=[1.5, 0.7]),
    "wide to narrow": lambda: _limit([_law("tanh"), _law("erf")], [400, 200, 100]),
    "atom": lambda: _limit([_law("relu"), _law("hardtanh", 2.0)]),
    "orthogonal": lambda: _limit([_mask(0.8)] * 2, orthogonal=[True, True]),
    "mixed": lambda: _limit([_law("hardtanh"), _law("tanh")], [200, 300, 100], [True, False]),
    "gap": lambda: _limit([_law("leaky_relu:0.1", 1.0)]),
}


@pytest.mark.parametrize("case", LOGS)
def test_log_moment_is_the_integral_of_log(case):
    lim = LOGS[case]()
    positive = lambda lam: np.log(lam) if np.all(lam) else 0.0  # noqa: E731
    expected = mean(lim, positive).real / (1.0 - lim.atom)
    # lambda rho |log lambda| is cut off at some 1e-15 * 40 * the width of the last panel
    assert lim.log_moment() == pytest.approx(expected, rel=1e-10)

import math
from fractions import Fraction

import mpmath as mp
import pytest

import rmtjac as rj
from rmtjac.activations.analytic import derivative
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.proof.moments import certified_moments
from tests.oracles.closed_forms import fuss_catalan_moment

flint = pytest.importorskip("flint")


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


@pytest.mark.parametrize("depth", [1, 2, 3, 10])
def test_fuss_catalan_numbers(depth):
    moments = certified_moments(Layers([_law("linear")] * depth, [1.0] * depth), 40)
    assert moments == [fuss_catalan_moment(depth, k) for k in range(1, 41)]
    assert all(isinstance(m, Fraction) for m in moments)


def test_narayana_polynomials():
    # ReLU, L = 1: Marchenko-Pastur of D W W^T D, moments sum_j N(k, j) p^j (free compression of ratio p)
    moments = certified_moments(Layers([_law("relu")], [1.0]), 12)
    for k, m in enumerate(moments, start=1):
        narayana = [math.comb(k, j) * math.comb(k, j - 1) // k for j in range(1, k + 1)]
        assert m == sum(n * Fraction(1, 2) ** j for j, n in enumerate(narayana, start=1))


def test_orthogonal_arcsine():
    # P Q P of two free projections of trace 1/2: half of the arcsine law
    moments = certified_moments(Layers([_law("relu")] * 2, [1.0] * 2, orthogonal=[True] * 2), 20)
    assert moments == [Fraction(math.comb(2 * k, k), 2 * 4**k) for k in range(1, 21)]


def test_rectangular():
    # W n x 2n of variance 1/(2n): kappa_k = (1/2)^(k-1) are the free cumulants of the Marchenko-Pastur law
    moments = certified_moments(Layers([_law("linear")], [1.0], [200, 100]), 3)
    c = Fraction(1, 2)
    assert moments == [1, 1 + c, 1 + 3 * c + c**2]


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu"])
def test_one_smooth_layer(name):
    # M = D W W^T D is a compound free Poisson law: its free cumulants are a_k = E D^{2k}.
    moments = certified_moments(Layers([_law(name)], [1.0]), 4, bits=80)
    with mp.workdps(40):
        s, d = mp.sqrt(mp.mpf(0.5)), derivative(name)
        nodes = [-14, -5, -2, 0, 2, 5, 14]
        a, b, c, e = (mp.quad(lambda z, k=k: mp.npdf(z) * d(mp.mp, s * z) ** (2 * k), nodes) for k in (1, 2, 3, 4))
        oracle = [a, b + a**2, c + 3 * a * b + a**3, e + 4 * a * c + 2 * b**2 + 6 * a**2 * b + a**4]
    with mp.workdps(40), flint.ctx.workprec(160):
        for ball, value in zip(moments, oracle, strict=True):
            assert ball.overlaps(flint.arb(mp.nstr(value, 30)) + flint.arb(0.0, 1e-28))
            assert ball.rel_accuracy_bits() >= 80


def test_mixed_layers_against_the_float_moments():
    # First moment: prod sigma_l^2 E D_l^2, whatever the widths and the kind of weights.
    laws = [_law("tanh"), _law("hardtanh", 0.3), _law("leaky_relu:0.3")]
    layers = Layers(laws, [1.0, 2.0, 0.5], [300, 200, 150, 100], [False, True, False])
    moments = certified_moments(layers, 30)
    assert abs(float(moments[0]) / math.prod(law.mean for law in laws) - 1.0) < 1e-14
    assert all(m.rel_accuracy_bits() >= 64 for m in moments)
    # Hankel: m_1 m_3 >= m_2^2 holds for the moments of a law on [0, inf).
    assert moments[0] * moments[2] > moments[1] ** 2


def test_points_are_exact_floats():
    law = DiscreteLaw.from_points([1.0, 3.0], [0.1, 0.9])
    total = Fraction(0.1) + Fraction(0.9)
    assert certified_moments(Layers([law], [1.0]), 1) == [(Fraction(0.1) + 3 * Fraction(0.9)) / total]


def test_arguments():
    layers = Layers([_law("linear")], [1.0])
    with pytest.raises(ValueError, match="order=0 must be"):
        certified_moments(layers, 0)
    mine = rj.Activation("mine", lambda h: h, lambda h: 1.0 / (1.0 + abs(h)))
    with pytest.raises(ValueError, match="no certified moments: activation 'mine'"):
        certified_moments(Layers([derivative_law(mine, 0.5)], [1.0]), 3)
    cap = flint.ctx.cap
    certified_moments(layers, 30)
    assert flint.ctx.cap == cap

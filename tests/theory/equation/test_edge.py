import cmath
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Edge, Layers
from rmtjac.theory.equation.edge import EdgeKind
from rmtjac.theory.equation.support import support


def _mask(p):
    return DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])


def _edges(laws, **options):
    return [edge for pair in support(Layers(laws, [1.0] * len(laws), **options)).intervals for edge in pair]


def test_kinds_are_the_words_of_the_public_interface():
    assert [str(kind) for kind in EdgeKind] == ["square-root", "tip", "hard", "atom", "none"]
    assert EdgeKind.HARD == "hard"
    assert f"{EdgeKind.SQUARE_ROOT}" == "square-root"


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_linear_layers(depth):
    # Fuss-Catalan: rho ~ lambda^(-L/(L+1)) at 0; at the upper edge lambda = (1 + m)^(L+1)/m is least, so m = 1/L and
    # u = m/(1 + m) = 1/(L + 1).
    low, high = _edges([_mask(1.0)] * depth)
    assert (low.log_lam, low.kind) == (-math.inf, EdgeKind.HARD)
    assert low.exponent == pytest.approx(-depth / (depth + 1), abs=1e-15)
    assert low.log_u.size == 0
    assert (high.kind, high.exponent) == (EdgeKind.SQUARE_ROOT, 0.5)
    assert high.log_lam == pytest.approx((depth + 1) * math.log(depth + 1) - depth * math.log(depth), abs=1e-14)
    np.testing.assert_allclose(np.exp(high.log_u), [1.0 / (depth + 1)], rtol=1e-7)  # m is known to the root of rounding


@pytest.mark.parametrize("p", [0.2, 0.81])
def test_both_edges_of_marchenko_pastur(p):
    # lambda = (1 + m)(p + m)/m with critical points m = +-sqrt(p), and u = m/(p + m)
    low, high = _edges([_mask(p)])
    for edge, m in ((low, -math.sqrt(p)), (high, math.sqrt(p))):
        assert edge.kind == EdgeKind.SQUARE_ROOT
        assert edge.log_lam == pytest.approx(2.0 * math.log1p(m), abs=1e-13)
        assert cmath.exp(edge.log_u[0]).real == pytest.approx(m / (p + m), rel=1e-6)


def test_a_negative_u_has_the_argument_minus_pi():
    # lambda = (1 + m)(m + p)(m + q)/m: the lower edge at the zero of 2m^3 + (1+p+q) m^2 - pq with p < -m < q, where
    # u = m/(m + p) > 0 for the smaller rank and m/(m + q) < 0 for the larger
    p, q = 0.3, 0.7
    (m,) = [x.real for x in np.roots([2.0, 1.0 + p + q, 0.0, -p * q]) if -q < x.real < -p]
    low, _ = _edges([_mask(q), _mask(p)])
    assert low.kind == EdgeKind.SQUARE_ROOT
    expected = [math.log(m / (m + p)), math.log(-m / (m + q)) - 1j * math.pi]
    np.testing.assert_allclose(low.log_u, expected, atol=1e-6)


def test_other_kinds():
    softplus = rj.limit_spectrum(rj.Ensemble.square(10, 1, "softplus"), input_variance=0.5)
    assert softplus.edges[-1].kind == "tip"
    assert math.isnan(softplus.edges[-1].exponent)
    atom = rj.limit_spectrum(rj.Ensemble.square(10, 1, "tanh", rj.Orthogonal(1.0)))  # M = D^2
    assert {edge.kind for edge in atom.edges} == {EdgeKind.ATOM}


def test_repr():
    assert repr(Edge(math.log(4.0), EdgeKind.SQUARE_ROOT, 0.5)) == "Edge(4, square-root, exponent 0.5)"
    assert repr(Edge(-math.inf, EdgeKind.HARD, -2 / 3)) == "Edge(0, hard, exponent -0.6667)"
    assert repr(Edge(800.0, EdgeKind.TIP, math.nan)).startswith("Edge(1.01423e+304, tip")  # no overflow

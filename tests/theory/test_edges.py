import itertools
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.oracles.closed_forms import fuss_catalan_edge

# Equation sheet, section 3, "Upper edge": q^h = 1/2, L = 1, 2, 5, 20.
EDGES = {
    "erf": (2.907686643248552, 3.157543063764857, 1.739703576499086, 0.005547820718226939),
    "tanh": (2.818906153270637, 2.917629074110705, 1.381113551511572, 0.002039302916432802),
}


def _support(specs, variances=None):
    laws = [derivative_law(rj.activations.activation(name), q) for name, q in specs]
    return rj.LimitSpectrum(Layers(laws, variances or [1.0] * len(laws))).support


@pytest.mark.parametrize("name", EDGES)
def test_reference_values(name):
    for depth, edge in zip((1, 2, 5, 20), EDGES[name], strict=True):
        assert _support([(name, 0.5)] * depth)[-1, 1] == pytest.approx(edge, rel=2e-14)


@pytest.mark.parametrize("depth", [1, 2, 5, 10, 30, 100])
def test_linear(depth):
    ((low, high),) = _support([("linear", 1.0)] * depth)
    assert low == 0.0
    assert high == pytest.approx(fuss_catalan_edge(depth), rel=1e-14)


@pytest.mark.parametrize("q", [0.1, 0.5, 3.0])
def test_one_layer_with_an_atom(q):
    p = math.erf(1 / math.sqrt(2 * q))
    np.testing.assert_allclose(
        _support([("hardtanh", q)])[0], [(1 - math.sqrt(p)) ** 2, (1 + math.sqrt(p)) ** 2], rtol=1e-11, atol=1e-15
    )


def test_layers_that_differ():
    # critical points of log[(1 + m) (m + p)(m + r)/m]: (2m^3 + (1+p+r) m^2 - p r) = 0
    p, r = math.erf(1 / math.sqrt(0.6)), math.erf(1 / math.sqrt(1.8))
    real = [float(x.real) for x in np.roots([2.0, 1 + p + r, 0.0, -p * r]) if abs(x.imag) < 1e-9]
    edges = sorted((1 + m) * (m + p) * (m + r) / m for m in real if m > 0 or -max(p, r) < m < -min(p, r))
    np.testing.assert_allclose(_support([("hardtanh", 0.3), ("hardtanh", 0.9)])[0], edges, rtol=1e-11)


def test_equal_layers_leave_no_gap_above_the_atom():
    assert _support([("relu", 1.0)] * 2)[0, 0] == 0.0
    assert _support([("relu", 1.0), ("relu", 1.0), ("tanh", 1.0)])[0, 0] == 0.0


def test_smooth_beside_one_relu_leaves_a_gap():
    ens = rj.Ensemble.square(400, 2, ["tanh", "relu"], rj.Gaussian(0.3**0.5))
    emp, lim = rj.sample_spectrum(ens, 20, rng=0), rj.limit_spectrum(ens)
    ((low, high),) = lim.support
    assert low > 1e-4
    # Two ReLU layers, without a gap, have 2 % of their mass below this edge; here there is next to none (the edge moves
    # with the number of dead neurons from network to network).
    assert rj.limit_spectrum(rj.Ensemble.square(400, 2, "relu")).cdf(low) > 0.5 + 0.015
    assert emp.cdf(0.9 * low) - emp.atom < 0.002
    assert emp.eigenvalues.max() == pytest.approx(high, rel=0.15)


@pytest.mark.parametrize(("slope", "gap"), [(0.1, True), (0.28, True), (0.2872, True), (0.288, False), (0.5, False)])
def test_leaky_relu_gap(slope, gap):
    # Equation sheet, section 3: one layer, slope < .2873: the support has a gap.
    assert (len(_support([(f"leaky_relu:{slope}", 1.0)])) == 2) == gap


def test_softplus_has_no_square_root_edge():
    # sup D^2 = 1 is not attained: at L = 1, q = .5 log lambda decreases up to u = 1, so lambda_+ = 1 + m_K(1), a
    # plain integral.
    from scipy.integrate import quad

    def integrand(h):
        d = 1 / (1 + math.exp(-h))
        return math.exp(-h * h) / math.sqrt(math.pi) / (1 - d * d)

    expected = quad(integrand, -10, 15, epsabs=0, epsrel=1e-12, limit=200)[0]
    assert _support([("softplus", 0.5)])[0, 1] == pytest.approx(expected, rel=1e-10)


def test_scale():
    np.testing.assert_allclose(
        _support([("tanh", 0.5)] * 2, [4.0, 9.0]), 36.0 * _support([("tanh", 0.5)] * 2), rtol=1e-13
    )


def test_three_values_of_d_squared():
    # far apart: three intervals at L = 1, by the Silverstein-Choi criterion on a dense grid of real u
    law = DiscreteLaw.from_points([1e-4, 1e-2, 1.0], [0.3, 0.4, 0.3])
    support = rj.LimitSpectrum(Layers([law], [1.0])).support
    assert len(support) == 3
    u = np.concatenate([np.linspace(1.0, 100.0, 200_001)[1:-1], np.linspace(100.0, 1e4, 200_001)[1:-1]])
    one_plus = sum(w / (1 - u * x) for x, w in zip(law.values, law.weights, strict=True))
    lam = one_plus / u
    falling = (np.diff(lam) < 0) & (lam[1:] > 0) & (np.diff(u) < 1e2)
    inside_gap = 0.5 * (lam[1:] + lam[:-1])[falling]
    for (_, below), (above, _) in itertools.pairwise(support):
        here = inside_gap[(inside_gap > below * 0.99) & (inside_gap < above * 1.01)]
        assert here.min() == pytest.approx(below, rel=1e-3)
        assert here.max() == pytest.approx(above, rel=1e-3)

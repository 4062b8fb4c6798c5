"""Certified densities: the ball must hold the oracle, and nothing may be claimed that is not so."""

import cmath
import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations.analytic import ANALYTIC, derivative
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.equation import roots as inverse
from rmtjac.theory.proof.density import certified_density
from rmtjac.theory.proof.edges import certified_edges
from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_edge

flint = pytest.importorskip("flint")
acb = flint.acb


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _layers(name, q, depth):
    return Layers([_law(name, q)] * depth, [1.0] * depth)


def _assert_holds(result, oracles, goal=1e-12):
    assert result.proved.all(), result.reasons
    for low, high, oracle in zip(result.lower, result.upper, oracles, strict=True):
        assert low <= oracle <= high
    assert (result.radius <= goal * result.density).all()


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 10, 30, 100])
def test_fuss_catalan(depth):
    lam = fuss_catalan_edge(depth) * np.array([1e-20, 3e-11, 1e-5, 0.03, 0.4, 0.8, 0.999])
    result = certified_density(_layers("linear", 1.0, depth), lam)
    _assert_holds(result, [fuss_catalan_density(depth, x, 50) for x in lam])


@pytest.mark.parametrize("near", [1e-6, 1e-9])
def test_next_to_the_edge(near):
    # The float root has lost half of its digits there; Newton's steps bring them back.
    lam = [(1.0 - near) * fuss_catalan_edge(2)]
    _assert_holds(certified_density(_layers("linear", 1.0, 2), lam), [fuss_catalan_density(2, lam[0], 50)])


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 10, 30, 100])
def test_all_points_of_hardtanh(depth):
    layers = _layers("hardtanh", 0.3, depth)
    edges = certified_edges(layers)
    low = 1.001 * edges.lower.value if edges.lower else 1e-20 * edges.upper.value
    lam = np.geomspace(low, 0.999 * edges.upper.value, 400)
    result = certified_density(layers, lam)
    assert result.proved.all()
    assert (result.radius < 1e-12 * result.density).all()
    assert set(result.reasons) == {""}


def test_marchenko_pastur_with_an_irrational_atom():
    # HardTanh: p = erf(1/sqrt(2q)) to all digits, not the float nearest to it.
    with mp.workdps(50):
        p = mp.erf(1 / mp.sqrt(2 * mp.mpf(0.3)))
        low, high = (1 - mp.sqrt(p)) ** 2, (1 + mp.sqrt(p)) ** 2
        lam = [0.0012, 0.01, 1.0, 3.86]
        exact = [mp.sqrt((high - x) * (x - low)) / (2 * mp.pi * x) for x in map(mp.mpf, lam)]
    _assert_holds(certified_density(_layers("hardtanh", 0.3, 1), lam), exact)


def _root(laws, counts, ratios, free, log_constant, lam, start):
    """-Im m / (pi lam) by mpmath: u_g with m_g(u_g) = r_g m, and log lambda, from the float root on."""

    def equations(*u):
        m = laws[0](u[0]) / ratios[0]
        total = log_constant - mp.log(m) - mp.log(mp.mpf(lam))
        total += sum(k * mp.log(f(v) / v) for k, f, v in zip(counts, laws, u, strict=True))
        total += sum(k * mp.log(1 + r * m) for r, k in free)
        return [total, *(f(v) / r - m for f, v, r in zip(laws[1:], u[1:], ratios[1:], strict=True))]

    root = mp.findroot(equations, [mp.mpc(cmath.exp(v)) for v in start], tol=mp.mpf(10) ** (-mp.mp.dps))
    return -mp.im(laws[0](root[0]) / ratios[0]) / (mp.pi * mp.mpf(lam))


def _moment_transform(name, q):
    """m_K of a smooth activation by quadrature in mpmath."""
    d, s = derivative(name), mp.sqrt(mp.mpf(q))

    def at(u):
        def weighted(z):
            x = d(mp.mp, abs(s * z) if ANALYTIC[name].even else s * z) ** 2
            return mp.npdf(z) * u * x / (1 - u * x)

        return mp.quad(weighted, [-12, -5, -2, 0, 2, 5, 12])

    return at


@pytest.mark.parametrize(("name", "depth"), [("tanh", 1), ("erf", 2), ("softplus", 3)])
def test_smooth_laws(name, depth):
    layers, lam = _layers(name, 0.5, depth), 0.05
    start = inverse.solve(layers, np.log([lam])).log_u[0]
    with mp.workdps(20):
        oracle = _root([_moment_transform(name, 0.5)], [depth], [1], [(1, 1)], mp.mpf(0), lam, start)
    _assert_holds(certified_density(layers, [lam]), [oracle])


def test_layers_that_differ():
    # two smooth laws, HardTanh eliminated, rectangular, one orthogonal layer (the second, n_2 < n_1: x = 1)
    laws = [_law("tanh", 0.5), _law("erf", 0.3), _law("hardtanh", 0.4)]
    layers, lam = Layers(laws, [1.0, 2.0, 1.5], [300, 200, 150, 100], [False, True, False]), 0.3
    log_u = inverse.solve(layers, np.log([lam])).log_u[0]
    order = [next(g for g, law in enumerate(layers.groups) if law is mine) for mine in laws]
    with mp.workdps(20):
        p = mp.erf(1 / mp.sqrt(2 * mp.mpf(0.4)))
        moment_transform = [_moment_transform("tanh", 0.5), _moment_transform("erf", 0.3), lambda u: p * u / (1 - u)]
        r = [mp.mpf(100) / n for n in (300, 200, 150, 100)]
        # C = -log r_0 + log(r_0/r_1) + log(r_1/r_2) + log(r_2/r_3) = 0
        oracle = _root(moment_transform, [1, 1, 1], r[1:], [(r[0], 1), (r[1], -1)], mp.log(3), lam, log_u[order])
    _assert_holds(certified_density(layers, [lam]), [oracle])


def test_orthogonal_projections():
    # Two free projections of trace 1/2: P Q P has the arcsine law, half of it at 0.
    lam = np.array([1e-12, 0.01, 0.5, 0.99])
    layers = Layers([_law("relu")] * 2, [1.0, 1.0], orthogonal=[True, True])
    with mp.workdps(40):
        exact = [1 / (2 * mp.pi * mp.sqrt(x * (1 - x))) for x in map(mp.mpf, lam)]
    _assert_holds(certified_density(layers, lam), exact)


def test_rectangular_marchenko_pastur():
    # W is n x 2n with variance 1/(2n): M has edges (1 -+ sqrt(1/2))^2 and no atom.
    lam = np.array([0.0858, 0.3, 1.0, 2.9])
    with mp.workdps(40):
        low, high = (1 - mp.sqrt(mp.mpf(1) / 2)) ** 2, (1 + mp.sqrt(mp.mpf(1) / 2)) ** 2
        exact = [mp.sqrt((high - x) * (x - low)) / (mp.pi * x) for x in map(mp.mpf, lam)]
    _assert_holds(certified_density(Layers([_law("linear")], [1.0], [200, 100]), lam), exact)
    # and its mirror, n x n/2 with variance 2/n: W^T W is the above, M has half of its density and an atom
    result = certified_density(Layers([_law("linear")], [0.5], [100, 200]), lam)
    _assert_holds(result, [x / 2 for x in exact])


def test_a_law_of_many_values():
    law = DiscreteLaw.from_points([0.0, 0.5, 1.0, 2.0], [0.1, 0.2, 0.3, 0.4])
    layers, lam = Layers([law, law], [1.0, 1.0]), [0.01, 1.0, 4.0]
    log_u = inverse.solve(layers, np.log(lam)).log_u
    with mp.workdps(40):
        points = [(mp.mpf(x), mp.mpf(w)) for x, w in zip(law.values, law.weights, strict=True)]
        moment_transform = [lambda u: mp.fsum(w * u * x / (1 - u * x) for x, w in points)]
        exact = [_root(moment_transform, [2], [1], [(1, 1)], mp.mpf(0), x, v) for x, v in zip(lam, log_u, strict=True)]
    _assert_holds(certified_density(layers, lam), exact)


def test_the_float_density_is_close():
    layers = Layers([_law("hardtanh", 0.3 + 0.1 * i) for i in range(6)], [1.0] * 6)
    lam = np.geomspace(1e-4, 2.0, 30)
    result = certified_density(layers, lam)
    roots = inverse.solve(layers, np.log(lam))
    # The float solver is a different code; its error next to the edge is some 1e-12.
    np.testing.assert_allclose(-roots.imag_m / (math.pi * lam), result.density, rtol=1e-10)


def test_outside_the_support():
    layers = _layers("hardtanh", 0.3, 1)
    edges = certified_edges(layers)
    lam = [-1.0, edges.lower.lower, 0.5 * edges.lower.value, edges.upper.upper, 1e300]
    result = certified_density(layers, lam)
    assert result.proved.all()
    assert (result.density == 0.0).all()
    assert (result.lower == 0.0).all()
    assert (result.upper == 0.0).all()


def test_a_density_that_underflows_is_not_proved_to_be_zero():
    # Fuss-Catalan of scale 1e600: at 1e300, inside, the density is of the size 1e-450 and not 0.
    result = certified_density(Layers([_law("linear")] * 3, [1e200] * 3), [1e300])
    assert result.proved.all()
    assert result.lower[0] == 0.0
    assert result.upper[0] > 0.0


def test_what_is_not_proved_has_a_reason():
    # 0, the float nearest to the edge, and a lambda so small that Im m is lost in floats (a Gaussian tail)
    layers = _layers("hardtanh", 0.3, 2)
    result = certified_density(layers, [0.0, certified_edges(layers).upper.value])
    assert not result.proved.any()
    assert np.isinf(result.radius).all()
    assert result.reasons[0] == "the density has no value at 0"
    assert "not proved to lie outside the support" in result.reasons[1]
    mine = rj.Activation("mine", np.sin, np.cos)
    result = certified_density(Layers([derivative_law(mine, 0.5)], [1.0]), [0.5])
    assert not result.proved[0]
    assert "'mine' has no analytic derivative" in result.reasons[0]


def test_arguments_and_result():
    layers = _layers("relu", 1.0, 2)
    with pytest.raises(ValueError, match="must be finite"):
        certified_density(layers, [math.nan])
    with pytest.raises(ValueError, match="bits=0 must be a positive"):
        certified_density(layers, [1.0], bits=0)
    result = certified_density(layers, [1.0])
    assert repr(result).startswith("CertifiedDensity(1 of 1 points proved, relative radius <= ")
    with pytest.raises(ValueError, match="read-only"):
        result.density[0] = 1.0
    assert flint.ctx.prec == 53  # as before
    sharp = certified_density(layers, [1.0], bits=200)
    assert sharp.radius[0] <= result.radius[0]

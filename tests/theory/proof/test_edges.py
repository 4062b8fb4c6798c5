import importlib
import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import Layers, derivative_law
from rmtjac.theory.proof.density import certified_density
from rmtjac.theory.proof.edges import certified_edges

pytest.importorskip("flint")
edges_module = importlib.import_module("rmtjac.theory.proof.edges")  # the package has the function of that name


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _p(q):
    return mp.erf(1 / mp.sqrt(2 * mp.mpf(q)))


def _assert_holds(ball, value):
    assert ball is not None
    assert ball.lower <= value <= ball.upper
    assert ball.radius < 1e-14 * ball.value


@pytest.mark.parametrize("depth", [1, 2, 5, 100])
def test_fuss_catalan(depth):
    edges = certified_edges(Layers([_law("linear")] * depth, [0.5] * depth))
    with mp.workdps(40):
        _assert_holds(edges.upper, mp.mpf(depth + 1) ** (depth + 1) / mp.mpf(depth) ** depth / 2**depth)
    assert edges.lower is None
    assert "share the smallest rank" in edges.reasons[0]


def test_marchenko_pastur_with_an_atom():
    edges = certified_edges(Layers([_law("hardtanh", 0.3)], [1.0]))
    with mp.workdps(40):
        p = _p(0.3)
        _assert_holds(edges.lower, (1 - mp.sqrt(p)) ** 2)
        _assert_holds(edges.upper, (1 + mp.sqrt(p)) ** 2)


def test_two_free_projections():
    # Orthogonal weights: factors of negative multiplicity. Edges p + q - 2pq -+ 2 sqrt(p q (1 - p)(1 - q)).
    edges = certified_edges(Layers([_law("relu"), _law("hardtanh", 4.0)], [1.0, 1.0], orthogonal=[True, True]))
    with mp.workdps(40):
        p, q = mp.mpf(1) / 2, _p(4.0)
        middle, half = p + q - 2 * p * q, mp.sqrt(4 * p * q * (1 - p) * (1 - q))
        _assert_holds(edges.lower, middle - half)
        _assert_holds(edges.upper, middle + half)


# q = 1/2, by a different code, 16 digits (docs/theory/support_and_moments.md).
@pytest.mark.parametrize(("name", "depth", "value"), [
    ("erf", 1, 2.907686643248552), ("erf", 2, 3.157543063764857), ("erf", 20, 0.005547820718226939),
    ("tanh", 1, 2.818906153270637), ("tanh", 5, 1.381113551511572), ("tanh", 20, 0.002039302916432802),
])  # fmt: skip
def test_upper_edges_of_smooth_laws(name, depth, value):
    edge = certified_edges(Layers([_law(name)] * depth, [1.0] * depth)).upper
    assert edge.radius < 1e-14 * value
    assert abs(edge.value / value - 1.0) < 1e-15  # two units in the last of 16 digits


@pytest.mark.parametrize("layers", [
    Layers([_law("tanh"), _law("hardtanh", 0.3)], [1.0, 1.0]),
    Layers([_law("tanh")], [1.0], [100, 300]),
    Layers([_law("leaky_relu:0.2"), _law("relu")], [1.0, 1.0], [100, 200, 300], [True, True]),
    Layers([_law("erf"), _law("erf", 0.3)], [1.0, 1.0], [100, 100, 300]),
])  # fmt: skip
def test_the_density_begins_and_ends_there(layers):
    edges = certified_edges(layers)
    ends = [(edges.upper, 1.0)] if edges.lower is None else [(edges.lower, -1.0), (edges.upper, 1.0)]
    for ball, side in ends:
        assert ball.radius < 1e-12 * ball.value
        lam = [ball.value * (1.0 - side * 1e-6), ball.value * (1.0 - side * 1e-4)]
        inside = certified_density(layers, lam)
        assert (inside.lower > 0.0).all(), inside.reasons
        # A square-root edge: a hundred times further in, ten times as dense, up to terms of relative size 1e-4.
        assert abs(inside.density[1] / inside.density[0] / 10.0 - 1.0) < 0.02


def test_a_light_tip_has_no_square_root_edge():
    edges = certified_edges(Layers([_law("softplus")], [1.0]))
    assert edges.upper is None
    assert "not a square-root edge" in edges.reasons[1]
    assert "not a square-root edge" in repr(edges)


def test_out_of_range_and_no_formula():
    far = certified_edges(Layers([_law("linear")] * 3, [1e200] * 3))
    assert far.upper is None
    assert "range of a float" in far.reasons[1]
    mine = rj.Activation("mine", lambda h: h, lambda h: 1.0 / (1.0 + abs(h)))
    assert "no analytic derivative" in certified_edges(Layers([derivative_law(mine, 0.5)], [1.0])).reasons[1]
    with pytest.raises(TypeError, match="bits='64'"):
        certified_edges(Layers([_law("linear")], [1.0]), bits="64")


def test_more_bits():
    narrow = certified_edges(Layers([_law("linear"), _law("relu")], [1.0, 1.0]), bits=200)
    assert narrow.upper.radius <= math.ulp(narrow.upper.value)


def test_proofs_are_kept(monkeypatch):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "hardtanh"), certify=True)
    calls, prove = [], edges_module._prove
    monkeypatch.setattr(edges_module, "_prove", lambda *args: calls.append(args) or prove(*args))
    assert lim.density(50.0) == lim.density([60.0])[0] == 0.0 == lim.density_error(70.0)
    assert lim.certified_edges() is lim.certified_edges()
    assert len(calls) == 1
    assert lim.certified_edges(bits=96) is not lim.certified_edges()
    points = [0.1, 0.2]
    assert lim.certify(points) is lim.certify(np.array(points)) is not lim.certify(points, bits=80)
    for k in range(20):  # and not without bound
        lim.certify([0.01 * k])
    assert len(lim._proofs) <= 8

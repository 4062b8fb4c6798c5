import itertools
from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.domain import resolved_domain


def _clip(slope, shift, kind, n=1):
    return rj.Network([slope * np.eye(n)], [np.full(n, shift)], kind)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize(
    ("slope", "shift", "kind", "domain", "points", "index"),
    [
        # clip(2 x, 0, 6): x - F(x) is x, -x, x - 6 from left to right, so 0 has index 0 and 6 has +1.
        (2.0, 0.0, "relu6", (0.0, 6.0), [0.0, 6.0], [0, 1]),
        (1.5, -0.5, "hardtanh", (-1.0, 1.0), [-1.0, 1.0], [1, 0]),
        (3.0, 0.0, "hardtanh", (-1.0, 1.0), [-1.0, 0.0, 1.0], [1, -1, 1]),
        (3.0, 0.0, "hardtanh", (0.0, 1.0), [0.0, 1.0], [-1, 1]),
        (-1.0, 0.0, "relu6", (0.0, 6.0), [0.0], [1]),
        (5.0, -12.0, "relu6", (3.0, 6.0), [3.0, 6.0], [-1, 1]),
    ],
)
def test_points_on_the_faces_of_a_domain(n, slope, shift, kind, domain, points, index):
    found = rj.find_fixed_points(_clip(slope, shift, kind, n), domain=domain)
    assert found.complete, found.reason
    expected = list(itertools.product(points, repeat=n))
    np.testing.assert_allclose(found.points, expected, atol=1e-12)
    # The index of a product map is the product.
    assert found.index.tolist() == [np.prod(signs) for signs in itertools.product(index, repeat=n)]
    on_a_face = [any(x in domain for x in point) for point in expected]
    assert (found.places == np.where(on_a_face, "face", "inside")).all()
    assert "on a face of the domain" in found.reason
    np.testing.assert_array_equal(found.domain, np.repeat(np.array(domain)[:, None], n, axis=1))


def test_smooth_points_on_faces():
    net = rj.Network([2.0 * np.eye(2)], activation="tanh")
    star = 0.9575040240772687  # tanh(2 x) = x
    found = rj.find_fixed_points(net, domain=[[0.0, -1.0], [1.0, 0.0]])
    assert found.complete
    np.testing.assert_allclose(found.points, [[0, -star], [0, 0], [star, -star], [star, 0]], atol=1e-14)
    assert found.places.tolist() == ["face", "face", "inside", "face"]
    # All fixed points of the square, the face not being one: the indices add up.
    assert "add up to +1" in rj.find_fixed_points(net, domain=(-1, 1)).reason


@pytest.mark.parametrize("gap", [1e-4, 1e-7, 1e-9, 1e-12])
def test_points_outside_are_not_inside(gap):
    # clip(4 x - 1.5, -1, 1) fixes 1/2, and has a face beyond it by `gap` or short of it.
    net = _clip(4.0, -1.5, "hardtanh")
    for method in ("exact", "interval"):
        inside = rj.find_fixed_points(net, method, domain=(0.0, 0.5 + gap))
        outside = rj.find_fixed_points(net, method, domain=(0.0, 0.5 - gap))
        assert (len(inside), inside.complete, inside.places.tolist()) == (1, True, ["inside"])
        assert (len(outside), outside.complete) == (0, True)
    smooth = rj.Network([[[2.0]]], activation="tanh")
    star = 0.9575040240772687
    assert len(rj.find_fixed_points(smooth, domain=(0.5, star + gap))) == 1
    assert len(rj.find_fixed_points(smooth, domain=(0.5, star - gap))) == 0


def test_exact_arithmetic_decides_the_last_bit():
    # x = relu(x / 4 + .1): 4 b / 3 is no float; its two neighbours are.
    net = rj.Network([[[0.25]]], [[0.1]], "relu")
    exact = Fraction(0.1) * 4 / 3
    below = float(exact)
    if Fraction(below) > exact:
        below = np.nextafter(below, 0)
    above = np.nextafter(below, 1)
    assert len(rj.find_fixed_points(net, domain=(-1.0, below))) == 0
    found = rj.find_fixed_points(net, domain=(-1.0, above))
    assert (len(found), found.complete, found.places.tolist()) == (1, True, ["face"])


def test_continua_end_at_the_domain():
    found = rj.find_fixed_points(rj.Network([np.diag([1.0, -1.0])], activation="relu"), domain=(-3, 2.5))
    (piece,) = found.continua
    assert sorted(piece.tolist()) == [[0, 0], [2.5, 0]]
    square = rj.find_fixed_points(rj.Network([np.eye(2)], activation="hardtanh"), domain=[[0.5, -9], [9, 0.25]])
    (piece,) = square.continua
    assert {tuple(p) for p in piece.tolist()} == {(0.5, -1.0), (1.0, -1.0), (1.0, 0.25), (0.5, 0.25)}
    corner = rj.find_fixed_points(rj.Network([[[1.0]]], activation="relu"), domain=(-1, 0))
    assert [piece.tolist() for piece in corner.continua] == [[[0.0]]]


def test_a_domain_that_holds_everything_is_checked_by_the_index():
    net = rj.Network([[[1.0, -2.0], [0.5, 1.0]], [[3.0, 1.0], [-2.0, 2.0]]], activation=["tanh", "linear"])
    everything = rj.find_fixed_points(net)
    assert everything.complete
    assert everything.index_sum == 1
    again = rj.find_fixed_points(net, domain=(-50, 50))
    np.testing.assert_allclose(again.points, everything.points, atol=1e-12)
    assert "add up to +1" in again.reason
    assert "within the domain" in rj.find_fixed_points(net, domain=(-0.5, 0.5)).reason


@pytest.mark.parametrize(("weight", "bias"), [(0.0, 0.0), (1e-310, 1e-310), (0.0, 1e-320), (0.0, 7.0)])
def test_networks_that_are_constant(weight, bias):
    found = rj.find_fixed_points(rj.Network([[[weight]], [[weight]]], [[0.0], [bias]], ["tanh", "linear"]))
    assert (len(found), found.complete, found.index_sum) == (1, True, 1)
    assert abs(found.points[0, 0] - bias) <= found.errors[0, 0] < 1e-12


@pytest.mark.parametrize("scale", [1e-150, 1e-20, 1e20, 1e150, 1e308])
def test_weights_of_any_scale(scale):
    # tanh(2 x) in units of `scale`.
    net = rj.Network([[[2.0 / scale]], [[scale]]], activation=["tanh", "linear"])
    found = rj.find_fixed_points(net)
    if scale < 1e300:
        star = 0.9575040240772687
        np.testing.assert_allclose(found.points[:, 0] / scale, [-star, 0, star], atol=1e-12)
        assert found.complete
    assert found.complete or "not proved complete" in found.reason


def test_the_search_reaches_a_little_beyond_a_given_box():
    net = _clip(2.0, 0.0, "relu6", 2)
    for domain in ((0.0, 6.0), (1e10, 1e10 + 1), (-1e308, 1e308), (1.0, 1.0 + 1e-12), (0.0, 1e-310)):
        where = resolved_domain(net, domain)
        assert (where.search[0] <= where.box[0]).all()
        assert (where.search[1] >= where.box[1]).all()
        assert np.isfinite(where.search).all()
        assert (np.abs(where.search - where.box) <= 1e-5 * np.abs(where.box).max()).all()


def test_what_is_needed_for_many_inputs_without_a_domain():
    net = rj.Network([np.random.default_rng(0).normal(size=(5, 5)) * 2.0], activation="relu")
    with pytest.raises(ValueError, match=r"pass starts= .*, or domain=\(low, high\)"):
        rj.find_fixed_points(net, "grid")
    reason = rj.find_fixed_points(net).reason
    assert "domain=" in reason
    assert "starts=" in reason
    with pytest.raises(ValueError, match=r"domain=None: .*pass the box to search, e.g. domain="):
        rj.find_fixed_points(net, "interval")

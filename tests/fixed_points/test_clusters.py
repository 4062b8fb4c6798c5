import itertools

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.clusters import Cluster, gathered, surround


def _turned(eigenvalues, seed=0):
    """A symmetric matrix with these eigenvalues."""
    n = len(eigenvalues)
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    return q @ np.diag(eigenvalues) @ q.T


@pytest.mark.parametrize(
    ("matrix", "index"),
    [
        # x - tanh(x) rises like x^3 / 3: +1 in its direction; the sign of 1 - eigenvalue in the others.
        ([[1.0]], 1),
        ([[2.0]], -1),
        (np.eye(2), 1),
        (np.eye(3), 1),
        (_turned([1.0, 0.3]), 1),
        (_turned([1.0, 3.0]), -1),
        (_turned([1.0, 0.3, -2.0]), 1),
        (_turned([1.0, 0.3, -2.0, 3.0]), -1),
        (_turned([2.0, 3.0]), 1),
    ],
)
def test_the_index_around_zero(matrix, index):
    net = rj.Network([matrix], activation="tanh")
    n = net.widths[0]
    around = surround(net, np.array([np.full(n, -2e-5), np.full(n, 2.1e-5)]), 0.1)
    assert around.degree == index
    assert around.holds(np.zeros((1, n)), np.zeros((1, n))).tolist() == [1]
    assert around.holds(np.full((1, n), 0.9), np.zeros((1, n))).tolist() == [-1]
    assert around.touches(np.array([np.full(n, -1.0), np.zeros(n)]))


def test_a_double_root_has_index_0():
    # 2 silu(x) = x + x^2/2 - ...: a parabola on the diagonal.
    net = rj.Network([[[1.0]], [[2.0]]], activation=["silu", "linear"])
    around = surround(net, np.array([[-1e-8], [1e-8]]), 0.1)
    assert around.degree == 0
    both = rj.Network([np.eye(2), [[2.0, 0.0], [0.1, 0.5]]], activation=["silu", "linear"])
    assert surround(both, np.array([np.full(2, -1e-8), np.full(2, 1e-8)]), 0.1).degree == 0


def test_the_plane_turns_twice():
    # F(x) = x - g(x), g near (x^2 - y^2, 2 x y), the square of x + i y: its index is 2.
    # silu(t) + silu(-t) = t tanh(t/2) = t^2/2 - ...; squares of x, y, x + y give both.
    rows = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]])
    x2, y2, s2 = (np.array(pair) for pair in ([2, 2, 0, 0, 0, 0], [0, 0, 2, 2, 0, 0], [0, 0, 0, 0, 2, 2]))
    g = np.array([x2 - y2, s2 - x2 - y2], dtype=float)
    keep = np.array([[1.0, -1, 0, 0, 0, 0], [0, 0, 1.0, -1, 0, 0]])  # silu(t) - silu(-t) = t
    net = rj.Network([rows, keep - g], activation=["silu", "linear"])
    assert surround(net, np.array([np.full(2, -1e-6), np.full(2, 1e-6)]), 0.2).degree == 2


def test_a_continuum_has_no_surrounding():
    # silu(x) - silu(-x) = x
    net = rj.Network([[[1.0], [-1.0]], [[1.0, -1.0]]], activation=["silu", "linear"])
    assert surround(net, np.array([[-1e-6], [1e-6]]), 0.1) is None


def test_groups_of_boxes_that_touch():
    chain = np.array([[[k * 0.1, 0.0], [k * 0.1 + 0.1, 0.1]] for k in range(5)])
    boxes = np.concatenate([chain, chain + 10.0, [[[50.0, 50.0], [51.0, 50.1]]]])
    order = np.random.default_rng(0).permutation(len(boxes))
    groups = [set(order[group].tolist()) for group in gathered(boxes[order])]
    assert sorted(map(sorted, groups)) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10]]
    assert gathered(boxes[:0]) == []


@pytest.mark.parametrize("shift", [0.0, 0.25])
@pytest.mark.parametrize("n", [1, 2])
def test_a_triple_root_is_a_cluster_of_index_1(n, shift):
    # x = tanh(x - s) + s
    net = rj.Network([np.eye(n), np.eye(n)], [np.full(n, -shift), np.full(n, shift)], ["tanh", "linear"])
    found = rj.find_fixed_points(net)
    (cluster,) = found.clusters
    assert cluster.index == 1
    assert cluster.radius < 1e-3
    assert np.abs(np.array(cluster.centre) - shift).max() <= cluster.radius
    assert not found.complete
    assert "index +1, so at least one" in found.reason
    assert "max_boxes" not in found.reason
    assert found.facts["boxes"] < 4000
    assert len(found.undecided) == 1


def test_points_and_clusters_of_a_product():
    # tanh(x), tanh(2 y): a triple root times three points, of indices +1, -1, +1.
    found = rj.find_fixed_points(rj.Network([np.diag([1.0, 2.0])], activation="tanh"))
    star = 0.9575040240772687
    places = sorted((round(c.centre[1], 3), c.index) for c in found.clusters)
    assert places == [(-round(star, 3), 1), (0.0, -1), (round(star, 3), 1)]
    assert "add up to +1" in found.reason


def test_clusters_with_regular_points_beside():
    # x = tanh(2 x) + c touches the diagonal where 2 (1 - t^2) = 1, t^2 = 1/2: a double root, and a regular point.
    t = -np.sqrt(0.5)
    x = np.arctanh(t) / 2
    net = rj.Network([[[2.0]], [[1.0]]], [[0.0], [x - t]], ["tanh", "linear"])
    found = rj.find_fixed_points(net)
    assert len(found) + sum(1 for _ in found.clusters) <= 3
    assert found.index.tolist().count(1) >= 1
    inside = [c for c in found.clusters if abs(c.centre[0] - x) <= c.radius]
    if inside:  # else the rounding of c has parted or removed the two
        assert inside[0].index == 0
        assert "max_boxes" not in found.reason
    else:
        assert found.complete


def test_a_smooth_continuum_ends_soon_and_says_so():
    weights = [np.vstack([np.eye(2), -np.eye(2)]), np.hstack([np.diag([1.0, 0.5]), np.diag([-1.0, -0.5])])]
    for kind in ("softplus", "gelu"):
        net = rj.Network(weights, activation=[kind, "linear"])  # (x, y) -> (x, y / 2)
        found = rj.find_fixed_points(net, domain=(-1, 1), max_boxes=200_000)
        assert not found.complete
        assert found.facts["boxes"] < 20_000
        assert "floats cannot decide" in found.reason


def test_the_floor_in_more_dimensions_than_exact_arithmetic_has():
    found = rj.find_fixed_points(rj.Network([2.0 * np.eye(3)], activation="relu6"), domain=(0, 6))
    assert found.points.tolist() == [[6, 6, 6]]
    corners = sorted(tuple(np.round(c.centre, 9)) for c in found.clusters)
    assert corners == sorted(c for c in itertools.product((0.0, 6.0), repeat=3) if c != (6.0, 6.0, 6.0))
    assert all(cluster.index == 0 for cluster in found.clusters)
    assert "max_boxes" not in found.reason


def test_results_keep_their_clusters(tmp_path):
    found = rj.find_fixed_points(rj.Network([[[1.0]]], activation="tanh"))
    again = rj.FixedPoints.load(found.save(tmp_path / "c.npz"))
    assert again.clusters == found.clusters
    assert str(Cluster((0.0,), 1e-3, None)) == "within 1.0e-03 of (0): index not proved"

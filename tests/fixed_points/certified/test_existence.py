import itertools
import time

import numpy as np
import pytest

import rmtjac as rj


def _contraction(n, activation="tanh", rate=0.8, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((n, n))
    return rj.Network([rate * a / np.linalg.norm(a, 2)], [0.3 * rng.standard_normal(n)], activation)


def _acas_like(seed=0):
    """5-50-50-50-50-50-50-5 of ReLUs, with a point in [-.5, .5]^5 that attracts all of the box."""
    rng = np.random.default_rng(seed)
    widths = [5, *[50] * 6, 5]
    weights = [rng.standard_normal((a, b)) * np.sqrt(2.0 / b) for b, a in itertools.pairwise(widths)]
    weights[-1] *= 0.2
    return rj.Network(weights, [0.1 * rng.standard_normal(a) for a in widths[1:]], ["relu"] * 6 + ["linear"])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 10, 64, 200, 1000])
def test_a_contraction_is_proved_unique_at_once(n):
    rj.find_fixed_points(_contraction(min(n, 4)))  # compiled
    net = _contraction(n)
    begin = time.process_time()
    found = rj.find_fixed_points(net)
    assert time.process_time() - begin < 1.0
    assert (len(found), found.complete, found.proved.all(), found.stable.all()) == (1, True, True, True)
    assert found.index.tolist() == [1]
    x = np.zeros(n)
    for _ in range(300):
        x = net(x)
    assert (np.abs(found.points[0] - x) <= found.errors[0] + 1e-14).all()
    assert found.errors.max() < 1e-9
    if n > 3:
        assert "exactly one fixed point on R^" in found.reason
        assert found.facts["certificate"]["rate"] < 0.81


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "erf", "softsign", "arctan", "hardtanh", "leaky_relu:0.3"])
def test_contractions_of_all_kinds(activation):
    for n, rate in ((4, 0.5), (7, 0.99), (30, 0.9)):
        found = rj.find_fixed_points(_contraction(n, activation, rate))
        assert (len(found), found.complete, found.proved.all()) == (1, True, True)
        assert found.statement.startswith("1 proved to exist; there is no other: complete: exactly one")


def _monotone(n, activation, turn=1.0, seed=0):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, n)) / 3.0, turn * rng.standard_normal((n, n))
    return rj.Network([0.9 * np.eye(n) - a.T @ a + b - b.T], [rng.standard_normal(n)], activation)


@pytest.mark.parametrize("activation", ["relu", "tanh", "softplus", "sigmoid"])
@pytest.mark.parametrize("n", [2, 5, 30, 100])
def test_equilibria_that_the_iteration_leaves(activation, n):
    net = _monotone(n, activation)
    if n == 30:
        assert np.abs(np.linalg.eigvals(net.weights[0])).max() > 8.0
    for method in ("auto", "newton"):
        found = rj.find_fixed_points(net, method)
        assert (len(found), found.proved.all()) == (1, True)
        x = found.points[0]
        assert np.abs(net(x) - x).max() < 1e-12
        assert found.complete == (method == "auto")


def test_a_relu_network_whose_starts_all_reach_one_point():
    net = _acas_like()
    starts = np.random.default_rng(0).uniform(-0.5, 0.5, (500, 5))
    x = starts
    for _ in range(400):
        x = net(x)
    assert np.ptp(x, axis=0).max() < 1e-12
    assert np.abs(x).max() < 0.5
    found = rj.find_fixed_points(net, domain=(-0.5, 0.5), max_boxes=100)
    assert (len(found), found.proved.all(), found.stable.all()) == (1, True, True)
    assert (np.abs(found.points[0] - x[0]) <= found.errors[0] + 1e-13).all()
    if not found.complete:
        assert "1 proved to exist; whether there are others is open" in found.statement
        assert len(found.undecided)
    found = rj.find_fixed_points(net, method="newton", starts=starts[:20], domain=(-0.5, 0.5))
    assert (len(found), found.proved.all(), found.complete) == (1, True, False)


def test_no_fixed_point_is_made_up_or_lost():
    """Products of scalar networks, whose fixed points are known."""
    for slopes in itertools.product((0.5, 2.0), repeat=4):
        net = rj.Network([np.diag(slopes)], None, "tanh")
        count = 3 ** slopes.count(2.0)
        found = rj.find_fixed_points(net)
        assert (len(found), found.complete) == (count, True)
        some = rj.find_fixed_points(net, method="newton", starts=300)
        gaps = np.abs(some.points[:, None] - found.points[None]).max(axis=2).min(axis=1)
        assert gaps.max() < 1e-12
        assert some.proved.all()
        assert len(some) <= count
    few = rj.find_fixed_points(rj.Network([2.0 * np.eye(4)], None, "tanh"), max_boxes=10)
    assert not few.complete
    assert few.proved.all()
    assert 0 < len(few) <= 81
    assert "whether there are others is open" in few.statement


def test_the_domain_of_the_user():
    net = rj.Network([0.5 * np.eye(5)], [np.ones(5)], "relu")  # the point is (2, ..., 2)
    inside = rj.find_fixed_points(net, domain=(-1, 3))
    assert (len(inside), inside.complete, inside.domain.tolist()) == (1, True, [[-1.0] * 5, [3.0] * 5])
    outside = rj.find_fixed_points(net, domain=(-1, 1))
    assert (len(outside), outside.complete) == (0, True)
    assert "lies outside the domain" in outside.reason
    assert repr(outside) == "FixedPoints(none; complete)"
    edge = rj.find_fixed_points(net, domain=(-1, 2))
    assert len(edge) == 1
    assert "may lie outside the domain" in edge.reason
    # On all of R^5 this has 2^5 points or more; in the box one.
    steep = rj.Network([3.0 * np.eye(5)], None, "tanh")
    found = rj.find_fixed_points(steep, domain=(0.9, 1.1))
    assert (len(found), found.complete) == (1, True)
    none = rj.find_fixed_points(steep, domain=(0.1, 0.2))
    assert (len(none), none.complete) == (0, True)
    newton = rj.find_fixed_points(steep, method="newton", domain=(0.5, 2), starts=20)
    assert len(newton) == 1
    assert (newton.points > 0.5).all()


def test_what_is_not_found_is_not_called_none():
    nowhere = rj.find_fixed_points(rj.Network([np.eye(5)], [np.ones(5)], "relu"))
    assert repr(nowhere) == "FixedPoints(none found; not proved complete)"
    assert "0 proved to exist; whether there are others is open" in nowhere.table()


def test_points_without_a_proof_are_named_as_such():
    mine = rj.Activation("mine", np.tanh, lambda h: 1.0 - np.tanh(h) ** 2)
    for n in (2, 5):
        found = rj.find_fixed_points(rj.Network([2.0 * np.eye(n)], [np.full(n, 3.0)], mine))
        assert not found.proved.any()
        assert not found.complete
        assert "no interval extension" in found.reason
        assert np.abs(found.points - np.tanh(2.0 * found.points + 3.0)).max() < 1e-12
    # A continuum, and a triple root.
    line = rj.find_fixed_points(rj.Network([np.eye(4)], None, "linear"))
    assert not line.proved.any()
    assert "nearly singular" in line.reason
    assert not rj.find_fixed_points(rj.Network([np.eye(4)], None, "tanh"), method="newton").proved.any()


def test_declared_slopes_count_and_are_named():
    mine = rj.Activation("mine", np.sin, np.cos, steepest=1.0)
    for n in (2, 5):
        net = rj.Network([0.5 * np.eye(n)], [np.ones(n)], mine)
        found = rj.find_fixed_points(net)
        assert (len(found), found.complete, found.proved.tolist()) == (1, True, [False])
        assert "by what was declared of mine" in found.reason
        assert np.abs(net(found.points) - found.points).max() < 1e-14
        assert not rj.find_fixed_points(rj.Network([1.5 * np.eye(n)], [np.ones(n)], mine)).complete


def test_newton_joins_the_grid_with_its_labels():
    # relu(2x - 1) has the stable point 0 and the repeller 1, which no start reaches.
    net = rj.Network([np.diag([2.0, 0.5])], [[-1.0, 0.0]], "relu")
    grid = rj.find_fixed_points(net, method="grid")
    found = rj.find_fixed_points(net)
    np.testing.assert_allclose(found.points[found.points[:, 0] > 0.5], [[1.0, 0.0]], atol=1e-12)
    if found.method == "grid":
        assert found.outcomes == grid.outcomes
        for k in range(len(grid)):
            mine = np.flatnonzero(np.abs(found.points - grid.points[k]).max(axis=1) < 1e-9)
            np.testing.assert_array_equal(found.labels == mine[0], grid.labels == k)


def test_files_and_tables(tmp_path):
    for net, method in ((_contraction(12), "auto"), (_monotone(6, "relu"), "newton"), (_acas_like(), "newton")):
        found = rj.find_fixed_points(net, method)
        again = rj.FixedPoints.load(found.save(tmp_path / "f.npz"))
        assert repr(again) == repr(found)
        assert again.statement == found.statement
        assert again.facts == found.facts
        np.testing.assert_array_equal(again.domain, found.domain)
        assert len(found.to_pandas()) == len(found)
        assert found.table().count("\n") == len(found) + 1


def test_why_there_is_no_proof():
    # tanh(x) has a triple point at 0; tanh(1e300 x) a regular one that no box of floats holds alone.
    net = rj.Network([[[1.0]]], None, "tanh")
    assert "nearly singular" in rj.find_fixed_points(net, "newton").reason
    steep = rj.find_fixed_points(rj.Network([[[1e300]]], None, "tanh"), "newton")
    assert steep.points[:, 0].tolist() == [-1.0, 0.0, 1.0]
    assert "I - J is regular" in steep.reason
    assert "singular" not in steep.reason


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("activations", [["linear", "tanh"], ["tanh", "linear"], ["relu", "hardtanh"]])
def test_jacobians_beyond_floats(n, activations):
    net = rj.Network([1e200 * np.eye(n), 1e200 * np.eye(n)], None, activations)
    for method in ("auto", "newton") if n > 3 else ("auto", "newton", "grid"):
        found = rj.find_fixed_points(net, method, max_boxes=500)
        assert np.isfinite(found.jacobians).all()
        if found.complete:  # rational arithmetic: every coordinate is 0 or 1
            assert activations[1] == "hardtanh"
            assert {tuple(x) for x in found.points} == set(itertools.product((0.0, 1.0), repeat=n))
        else:
            assert not found.proved.any()
    if activations == ["linear", "tanh"] and n == 1:
        found = rj.find_fixed_points(net, "newton", starts=[[0.0]])
        assert "1 more left out, as their Jacobian overflows" in found.reason


def test_a_cluster_is_not_a_point_too():
    found = rj.find_fixed_points(rj.Network([np.eye(5)], None, "tanh"))
    # x = tanh(x) in each coordinate: 0 alone, of index +1.
    assert len(found) == 0
    assert [cluster.index for cluster in found.clusters] == [1]

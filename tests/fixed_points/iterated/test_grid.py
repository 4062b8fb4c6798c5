import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.iterated.orbits import Orbits, grid_starts, value_and_jacobian
from rmtjac.status import Status


def _protocol(net, step=0.05, tol=1e-5, most=50):
    """The protocol of BS, as a script would have it: limits to three digits, and how many starts do not settle."""
    axis = np.arange(round(2 / step) + 1) * step - 1
    x = np.array(np.meshgrid(axis, axis)).reshape(2, -1).T
    limits = []
    for _ in range(most):
        y = net(x)
        rest = np.linalg.norm(y - x, axis=1) < tol
        limits.append(y[rest])
        x = y[~rest]
        if not len(x):
            break
    return np.concatenate(limits), len(x)


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
@pytest.mark.parametrize("law", ["cauchy", "gaussian"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_the_protocol(activation, law, depth):
    for seed in range(6):
        net = rj.Ensemble.berlyand_slavin(30, depth, law=law, activation=activation).draw(seed)
        found = rj.find_fixed_points(net, method="grid", follow=200)
        limits, unsettled = _protocol(net)
        assert len(found.starts) == 41 * 41
        assert 41 * 41 - found.outcomes[Status.CONVERGED] == unsettled
        for limit in limits:  # |x - F(x)| < 1e-5 is that close to a fixed point unless it nearly has eigenvalue 1
            assert np.abs(found.points - limit).max(axis=1).min() < 2e-3
        everything = rj.find_fixed_points(net)
        for point in found.points:
            assert np.abs(everything.points - point).max(axis=1).min() < 1e-9
        assert found.proved.all()
        assert not found.complete


def test_labels_are_where_orbits_end():
    for seed in (0, 2):
        net = rj.Ensemble.berlyand_slavin(100, 3).draw(seed)
        found = rj.find_fixed_points(net, method="grid")
        x = found.starts
        for _ in range(1000):
            x = net(x)
        for k in range(len(found)):
            assert np.abs(x[found.labels == k] - found.points[k]).max(initial=0.0) < 1e-6
        for j, cycle in enumerate(found.cycles):
            assert cycle.stable
            np.testing.assert_allclose(net(cycle.points), np.roll(cycle.points, -1, axis=0), atol=1e-9)
            ends = x[found.labels == len(found) + j]
            gaps = np.abs(ends[:, None] - cycle.points[None]).max(axis=2)
            assert gaps.min(axis=1).max(initial=0.0) < 1e-6


def test_a_two_cycle_is_returned():
    found = rj.find_fixed_points(rj.Network([[[-3.0]]], activation="hardtanh"), method="grid")
    (cycle,) = found.cycles
    assert (cycle.period, cycle.stable) == (2, True)
    assert sorted(cycle.points[:, 0]) == [-1, 1]
    # The start at 0 rests on the repeller.
    assert found.outcomes == {
        Status.CONVERGED: 1,
        Status.LATE: 0,
        Status.CYCLE: 40,
        Status.APERIODIC: 0,
        Status.DIVERGED: 0,
    }


def test_a_rotation_is_aperiodic_and_an_expansion_diverges():
    turn = 2 * np.pi * 0.1234567
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    found = rj.find_fixed_points(rj.Network([rotation], activation="linear"), method="grid", step=0.5, follow=300)
    assert found.outcomes[Status.APERIODIC] == 24
    found = rj.find_fixed_points(rj.Network([3 * rotation], activation="linear"), method="grid", step=0.5)
    assert found.outcomes[Status.DIVERGED] == 24
    assert found.outcomes[Status.CONVERGED] == 1  # the origin
    assert found.labels[12] == 0


def test_a_slow_point_is_late():
    found = rj.find_fixed_points(rj.Network([[[0.97]]], activation="linear"), method="grid", step=0.5)
    assert found.outcomes[Status.LATE] == 4
    assert found.outcomes[Status.CONVERGED] == 1
    assert abs(found.points).max() < 1e-12


def test_starts_of_ones_own_and_more_dimensions():
    net = rj.Ensemble([5, 30, 5], "tanh", rj.Gaussian(0.5), rj.Gaussian(0.1)).draw(0)
    found = rj.find_fixed_points(net, method="grid", starts=50, rng=1)
    assert found.starts.shape == (50, 5)
    assert (len(found), found.outcomes[Status.CONVERGED]) == (1, 50)
    np.testing.assert_allclose(net(found.points), found.points, atol=1e-14)
    given = rj.find_fixed_points(net, method="grid", starts=found.starts)
    np.testing.assert_array_equal(given.labels, found.labels)


def test_grids():
    points, shape = grid_starts(np.array([[-1.0, -1.0], [1.0, 1.0]]), 0.05)
    assert shape == (41, 41)
    assert points[0].tolist() == [-1, -1]
    np.testing.assert_allclose(points[-1], [1, 1], atol=1e-14)
    assert grid_starts(np.array([[0.0], [1.0]]), 0.3)[1] == (4,)


def test_equal_states_are_followed_once():
    net = rj.Network([5 * np.eye(2)], activation="hardtanh")
    starts, _ = grid_starts(np.array([[-1.0, -1.0], [1.0, 1.0]]), 0.05)
    orbits = Orbits(net, starts)
    for _ in range(5):
        orbits.step()
    assert len(orbits) == 9
    alone = starts.copy()
    for _ in range(5):
        alone = net(alone)
    np.testing.assert_array_equal(orbits.states[orbits.owner], alone)


def test_tangents_are_the_jacobian():
    net = rj.Ensemble([3, 8, 8, 3], "gelu").draw(0)
    x = np.random.default_rng(0).uniform(-1, 1, (7, 3))
    value, jacobian = value_and_jacobian(net, x)
    np.testing.assert_allclose(value, net(x), rtol=1e-14)
    np.testing.assert_allclose(jacobian, net.jacobian(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("depth", "seed", "radius"), [(1, 12, 0.996), (2, 34, 0.963), (2, 119, 0.994), (3, 17, 0.913)])
def test_networks_whose_stable_points_the_protocol_misses(depth, seed, radius):
    # Fifty steps are too few for a spectral radius near 1, and no start of the grid may be near at all.
    net = rj.Ensemble.berlyand_slavin(30, depth).draw(seed)
    everything, found = rj.find_fixed_points(net), rj.find_fixed_points(net, method="grid", follow=60)
    settled = found.points[np.unique(found.labels[found.settled])]
    missed = [
        k for k in np.flatnonzero(everything.stable)
        if np.abs(settled - everything.points[k]).max(axis=1).min(initial=np.inf) > 1e-6
    ]  # fmt: skip
    assert everything.spectral_radius[missed] == pytest.approx([radius], abs=5e-4)


@pytest.mark.parametrize(("seed", "radius"), [(3, 1.038), (22, 1.459), (139, 4.195)])
def test_networks_whose_protocol_counts_an_unstable_point(seed, radius):
    # An orbit comes within 1e-5 of it and moves on; the protocol has stopped by then.
    net = rj.Ensemble.berlyand_slavin(30, 3).draw(seed)
    found = rj.find_fixed_points(net, method="grid", follow=60)
    settled = np.unique(found.labels[found.settled])
    assert found.spectral_radius[settled].max() == pytest.approx(radius, abs=5e-4)
    assert found.outcomes[Status.CONVERGED] > 0

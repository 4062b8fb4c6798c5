import numpy as np

import rmtjac as rj
from rmtjac.fixed_points.ends import FIRST_CYCLE, Label
from rmtjac.fixed_points.iterated.destinations import destinations, ends_of
from rmtjac.status import Status


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


def test_each_kind_of_end_by_hand():
    # x -> clip(-3 x): 0 is fixed and repels, +-1 is a cycle.
    turn = rj.Network([[[-3.0]]], activation="hardtanh")
    labels, found = ends_of(turn, np.array([[0.5], [-1.0], [0.0]]), 100)
    assert labels.tolist() == [FIRST_CYCLE, FIRST_CYCLE, 0]
    assert found.points[0].tolist() == [0.0]
    assert found.attract(labels).tolist() == [True]  # as a random start would end there
    assert found.attract(labels[:2]).tolist() == [False]
    # The two coordinates of (-3 x, -3 y) have cycles out of phase or in phase; on the axes the cycle repels.
    square = rj.Network([-3.0 * np.eye(2)], activation="hardtanh")
    labels, found = ends_of(square, np.array([[0.5, 0.0]]), 100)
    assert labels.tolist() == [Label.UNSTABLE]
    assert not found.cycles
    # x -> 2 x diverges, and so does every start but 0.
    labels, _ = ends_of(rj.Network([[[2.0]]], activation="linear"), np.array([[1.0], [-1e-3]]), 2000)
    assert labels.tolist() == [Label.DIVERGED] * 2


def test_no_starts():
    labels, found = ends_of(rj.Network([np.eye(2)]), np.empty((0, 2)), 10)
    assert len(labels) == len(found.points) == 0


def test_known_attractors_keep_their_numbers():
    net = rj.Network([2.0 * np.eye(1)], activation="tanh")
    first = destinations(net, np.array([[0.5]]), 1e-5, 50, 100)
    again = destinations(net, np.array([[-0.5], [0.25]]), 1e-5, 50, 100, first.found)
    assert first.labels.tolist() == [0]
    assert again.labels.tolist() == [1, 0]
    assert first.settled.all()
    assert len(again.found.points) == 2

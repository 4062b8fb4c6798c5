import numpy as np

import rmtjac as rj
from rmtjac.fixed_points.iterated.orbits import Orbits, grid_starts, norms, value_and_jacobian


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


def test_norms_at_the_ends_of_floats():
    x = np.array([[3e-320, 4e-320], [3e300, 4e300], [0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(norms(x), [5e-320, 5e300, 0.0, 5.0], rtol=1e-3)
    assert norms(x)[3] == 5.0


def test_orbits_that_end_leave_the_others_in_place():
    # x -> 2 x on the line: after three steps the starts are at 8, 16, -24.
    orbits = Orbits(rj.Network([[[2.0]]], activation="linear"), np.array([[1.0], [2.0], [-3.0]]))
    for _ in range(3):
        orbits.step()
    assert orbits.states.ravel().tolist() == [8.0, 16.0, -24.0]
    assert orbits.drop(orbits.states[:, 0] == 16.0).tolist() == [-1, 0, -1]
    assert orbits.states.ravel().tolist() == [8.0, -24.0]
    assert orbits.owner.tolist() == [0, -1, 1]
    for _ in range(330):
        orbits.step()
    assert orbits.diverged().all()

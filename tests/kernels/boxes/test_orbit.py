import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.boxes.affine import workspace
from rmtjac.kernels.boxes.orbit import hulls, orbit
from tests.kernels.boxes.test_affine import _network


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_an_orbit_of_a_box_holds_the_orbits_of_its_points(activation):
    net = _network(activation, weights="gaussian:1.0")
    arrays = net.arrays
    rng = np.random.default_rng(3)
    centre, edges = rng.uniform(-1, 1, 2), 0.05 * rng.uniform(-1, 1, (2, 2))
    found = orbit(arrays, workspace(arrays, 2, 0), centre, edges, 4)
    assert found.finite
    for eps in rng.uniform(-1, 1, (50, 2)):
        x = start = centre + edges @ eps
        jacobian = np.eye(2)
        for step in range(4):
            jacobian = net.jacobian(x) @ jacobian
            x = net(x)
            assert (found.hulls[step, 0] <= x).all()
            assert (x <= found.hulls[step, 1]).all()
        assert (np.abs(x - found.centre - found.linear @ eps) <= found.error + 1e-14).all()
        assert (np.abs(jacobian - found.matrix) <= found.radius + 1e-14).all()
        assert start.shape == (2,)
    low, high = centre - 0.02, centre + 0.02
    (found,) = hulls(arrays, low[None], high[None], 2)
    for x in rng.uniform(low, high, (50, 2)):
        assert (found[0, 0] <= net(x)).all()
        assert (net(x) <= found[0, 1]).all()
        assert (found[1, 0] <= net(net(x))).all()
        assert (net(net(x)) <= found[1, 1]).all()


def test_overflow_is_reported():
    net = rj.Network([[[1e200]], [[1e200]]], activation="linear")
    (found,) = hulls(net.arrays, np.array([[0.5]]), np.array([[1.0]]), 1)
    assert np.isinf(found).all()
    one = orbit(net.arrays, workspace(net.arrays, 1, 0), np.array([1.0]), np.array([[1.0]]), 1)
    assert not one.finite

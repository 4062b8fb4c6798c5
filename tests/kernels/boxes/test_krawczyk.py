import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.boxes.affine import workspace
from rmtjac.kernels.boxes.krawczyk import Proof, prove


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_a_proof_holds_the_point_and_refuses_others(activation):
    net = rj.Ensemble.berlyand_slavin(30, 2, activation=activation).draw(3)
    arrays = net.arrays
    found = rj.find_fixed_points(net)
    points, errors = found.points, found.errors
    assert found.complete
    assert len(points)
    space = workspace(arrays, 2, 0)
    for point in points:
        proof, place, bound, _ = prove(arrays, space, point + 1e-9, np.full(2, 1e-7))
        assert proof == Proof.PROVED
        assert (np.abs(place - point) <= bound + errors.max()).all()
        assert np.abs(net(place) - place).max() < 1e-12
        assert prove(arrays, space, point + 1e-6, np.full(2, 1e-8))[0] == Proof.EXCLUDED


def test_named_symbols_are_part_of_the_error():
    # relu6(relu): 0 is the only fixed point. What a kink leaves open stands in symbols of neurons, and counts.
    net = rj.Network(
        [[[0.07037127], [0.1330826], [0.0]], [[0.16920316, 0.13619633, 0.021386]]], None, ["relu", "relu6"]
    )
    for more in (0, 1, 4, 8):
        space = workspace(net.arrays, 1, more)
        for centre, radius in ((0.0, 1.0), (0.3, 1.0), (1.9e-17, 1e-14)):
            proof, place, bound, _ = prove(net.arrays, space, np.array([centre]), np.array([radius]))
            assert proof == Proof.PROVED
            assert abs(place[0]) <= bound[0]
    found = rj.find_fixed_points(net, "interval", domain=(-1, 1))
    assert abs(found.points[0, 0]) <= found.errors[0, 0]


def test_a_wide_box_is_refined():
    # One fixed point in 40 x 40; the operator alone encloses it to 15.
    weights = [[0.58755909, 0.34738865], [0.54212626, 0.41356374]]
    net = rj.Network([weights], [[0.40818324, 0.0]], "softplus")
    x = np.array([4.0, 4.0])
    for _ in range(2000):
        x = net(x)
    proof, place, bound, jacobian = prove(net.arrays, workspace(net.arrays, 2, 4), np.full(2, 20.0), np.full(2, 20.01))
    assert proof == Proof.PROVED
    assert bound.max() < 1e-11
    np.testing.assert_allclose(place, x, atol=1e-11)
    np.testing.assert_allclose(jacobian, net.jacobian(x), atol=1e-9)

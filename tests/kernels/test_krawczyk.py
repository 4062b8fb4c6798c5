import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.packed import packed
from rmtjac.kernels.affine import workspace
from rmtjac.kernels.krawczyk import prove


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_a_proof_holds_the_point_and_refuses_others(activation):
    net = rj.Ensemble.berlyand_slavin(30, 2, activation=activation).draw(3)
    arrays = packed(net)
    found = rj.find_fixed_points(net)
    points, errors = found.points, found.errors
    assert found.complete
    assert len(points)
    space = workspace(arrays, 2, 0)
    for point in points:
        verdict, place, bound, _ = prove(arrays, space, point + 1e-9, np.full(2, 1e-7))
        assert verdict == 1
        assert (np.abs(place - point) <= bound + errors.max()).all()
        assert np.abs(net(place) - place).max() < 1e-12
        assert prove(arrays, space, point + 1e-6, np.full(2, 1e-8))[0] == -1

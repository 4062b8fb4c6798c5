import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.boxes.affine import workspace
from rmtjac.kernels.boxes.narrowing import Narrowed, narrow


def _narrow(net, low, high, more=4):
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    part, weak = np.zeros(low.size), np.zeros(low.size)
    outcome = narrow(net.arrays, workspace(net.arrays, low.size, more), low, high, part, weak)
    return outcome, low, high


@pytest.mark.parametrize("activation", ["tanh", "hardtanh", "softsign", "gelu"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_no_fixed_point_is_lost(activation, depth):
    rng = np.random.default_rng(depth)
    for seed in range(3):
        net = rj.Ensemble([2, *[15] * (depth - 1), 2], activation, rj.Gaussian(1.5), rj.Gaussian(0.3)).draw(seed)
        points = rj.find_fixed_points(net, "newton", starts=20).points
        for size in (1e-6, 0.1, 1.0):
            for _ in range(4):
                low = rng.uniform(-1.0, 1.0, 2) - size * rng.uniform(0.0, 1.0, 2)
                if len(points):  # some boxes around points
                    low = points[rng.integers(len(points))] - size * rng.uniform(0.0, 1.0, 2)
                high = low + size
                outcome, a, b = _narrow(net, low, high)
                inside = points[((points >= low + 1e-13) & (points <= high - 1e-13)).all(axis=1)]
                if outcome == Narrowed.EMPTY:
                    assert not len(inside)
                else:
                    assert ((inside >= a - 1e-14) & (inside <= b + 1e-14)).all()
                    assert (a >= low).all()
                    assert (b <= high).all()


def test_each_outcome_by_hand():
    contraction = rj.Network([0.1 * np.eye(2)], activation="linear")
    assert _narrow(contraction, [0.5, 0.5], [1.0, 1.0])[0] == Narrowed.EMPTY
    outcome, low, high = _narrow(contraction, [-1.0, -1.0], [1.5, 1.0])
    assert outcome == Narrowed.PROMISING
    assert np.abs([low, high]).max() < 1e-12  # a linear system is solved at once
    assert _narrow(rj.Network([np.diag([1.0, 0.5])], activation="linear"), [-1, -1], [1, 1])[0] == Narrowed.CONTINUUM
    assert _narrow(rj.Network([[[1.0]]], activation="tanh"), [1e-7], [3e-7])[0] == Narrowed.FLAT
    assert _narrow(rj.Network([[[1e200]], [[1e200]]], activation="linear"), [0.5], [1.0])[0] == Narrowed.OVERFLOW
    assert _narrow(rj.Network([[[2.0]]], activation="tanh"), [-1.0], [1.0])[0] == Narrowed.OPEN

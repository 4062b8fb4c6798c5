import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.nonnegative.newton import enclose_from_below, step_from_above
from rmtjac.nonnegative.outward_rounding import below


@pytest.mark.parametrize("gap", [1e-2, 1e-6, 1e-10])
def test_slow_contractions(gap):
    # x -> (1 - gap) S x + gap, S with row sums 1: the fixed point is 1, the rate 1 - gap; plain iteration needs 30/gap.
    rng = np.random.default_rng(0)
    rows = rng.random((6, 6))
    rows /= rows.sum(axis=1, keepdims=True)
    net = rj.Network([(1.0 - gap) * rows], [np.full(6, gap)], "relu")
    exact = np.linalg.solve(np.eye(6) - net.weights[0], net.biases[0])
    for found in (nn.least_fixed_point(net), nn.greatest_fixed_point(net)):
        assert found.iterations <= 32
        assert found.error < 1e-13 / gap  # a relative change of W by 1e-16 moves the point by 1e-16/gap
        assert (found.lower <= exact + 1e-14 / gap).all()
        assert (exact - 1e-14 / gap <= found.upper).all()


@pytest.mark.parametrize("activation", ["tanh", "softsign", "relu6", "sigmoid", "hardtanh"])
@pytest.mark.parametrize("seed", range(10))
def test_enclosures_hold_the_fixed_point(activation, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    net = rj.Network([rng.random((5, n)), 2.0 * rng.random((n, 5)) / n], [rng.random(5), rng.random(n)], activation)
    x = np.zeros(n)
    for _ in range(100_000):
        new = net(x)
        if np.array_equal(new, x):
            break
        x = new
    z = np.zeros(n)
    for _ in range(12):
        z = np.maximum(below(net, z), z)
    bounds = enclose_from_below(net, z)
    assert bounds is not None
    assert (bounds[0] <= x + 1e-14).all()
    assert (x - 1e-14 <= bounds[1]).all()
    assert (bounds[1] - bounds[0]).max() < 1e-12


def test_steps_from_above_stay_above_every_fixed_point():
    # tanh(2x) in each of two coupled coordinates: several fixed points; a step must not pass the greatest.
    rng = np.random.default_rng(1)
    for _ in range(50):
        net = rj.Network([rng.uniform(0.5, 3.0, (3, 3)) * (rng.random((3, 3)) < 0.5)], activation="tanh")
        x = np.full(3, 1.0)
        for _ in range(2000):
            x = net(x)  # descends to the greatest
        u = np.full(3, 1.0 + 1e-15)
        for _ in range(12):
            u = step_from_above(net, u)
            assert (u >= x - 1e-15).all()
        assert (u - x).max() < 0.3  # 2,000 steps are not the limit, but near it


def test_nothing_is_claimed_where_slopes_are_above_one():
    net = rj.Network([[[2.0]]], activation="tanh")
    assert enclose_from_below(net, np.zeros(1)) is None
    growing = rj.Network([[[2.0]]], [[1.0]], "relu")
    assert enclose_from_below(growing, np.zeros(1)) is None
    u = np.array([0.1])
    assert step_from_above(net, u) is u  # T(u) > u

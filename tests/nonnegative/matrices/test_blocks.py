import numpy as np
import pytest

import rmtjac as rj
from rmtjac.nonnegative.matrices.blocks import acting, blocks, irreducible, restricted


def _reach(net):
    """Which inputs act on which outputs after any number of steps, by powers of the Boolean matrix."""
    step = np.eye(net.widths[0], dtype=bool)
    for matrix in net.weights:
        step = (matrix > 0.0) @ step
    total = step.copy()
    for _ in range(net.widths[0]):
        total |= step @ total
    return step, total  # [i, j]: j acts on i


@pytest.mark.parametrize("seed", range(8))
def test_blocks_against_reachability(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        n, m = int(rng.integers(1, 9)), int(rng.integers(1, 7))
        weights = [rng.random((n, n)) * (rng.random((n, n)) < 0.25)]
        if rng.random() < 0.5:
            weights = [1e-300 * (rng.random((m, n)) < 0.3), 1e-300 * (rng.random((n, m)) < 0.3)]  # their product is 0
        net = rj.Network(weights, activation="relu")
        step, total = _reach(net)
        seen = np.zeros(n, dtype=bool)
        for neurons, recurrent in blocks(net):
            same = total & total.T
            np.testing.assert_array_equal(neurons, np.flatnonzero(same[neurons[0]]) if recurrent else neurons[:1])
            assert recurrent == total[neurons[0], neurons[0]]
            np.testing.assert_array_equal(acting(net, neurons), step[neurons].any(axis=0))
            before = total[neurons].any(axis=0)
            before[neurons] = False
            assert (seen | ~before).all()  # what acts on it came first
            seen[neurons] = True
        assert seen.all()
        assert irreducible(net) == bool(total.all())


def test_a_block_alone():
    rng = np.random.default_rng(0)
    weights = [rng.random((5, 4)) * (rng.random((5, 4)) < 0.6), rng.random((4, 5)) * (rng.random((4, 5)) < 0.6)]
    net = rj.Network(weights, [rng.random(5), rng.random(4)], ["tanh", "relu"])
    neurons = np.array([1, 3])
    x = rng.random(4)
    low, high = (restricted(net, neurons, x, sign) for sign in (-1.0, 1.0))
    y = rng.random((20, 2))
    full = np.broadcast_to(x, (20, 4)).copy()
    full[:, neurons] = y
    assert (low(y) <= net(full)[:, neurons] + 1e-15).all()
    assert (high(y) >= net(full)[:, neurons] - 1e-15).all()
    np.testing.assert_allclose(low(y), high(y), rtol=1e-14)
    exact = restricted(net, neurons, np.zeros(4), 1.0)
    assert all(np.isin(a, b).all() for a, b in zip(exact.biases, net.biases, strict=True))  # nothing is added
    assert restricted(net, neurons, np.full(4, np.inf), 1.0) is None

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn


def _power_is_positive(matrix):
    n = len(matrix)
    power = np.eye(n, dtype=bool)
    pattern = np.array(matrix) > 0
    for _ in range(n * n - 2 * n + 3):  # Wielandt's bound
        power = (power.astype(int) @ pattern.astype(int)) > 0
        if power.all():
            return True
    return False


def test_primitivity_against_powers():
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(300):
        n = int(rng.integers(1, 6))
        matrix = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
        answer = nn.primitive(matrix)
        assert answer.value == _power_is_positive(matrix), matrix
        seen.add(answer.value)
    assert seen == {True, False}
    # Wielandt's matrix: the power it takes is the largest possible
    n = 7
    wielandt = np.roll(np.eye(n), 1, axis=1)
    wielandt[n - 1, 1] = 1.0
    assert nn.primitive(wielandt)
    assert nn.primitive(np.roll(np.eye(6), 1, axis=1)).evidence == "strongly connected with period 6"
    with pytest.raises(ValueError, match="a square one is needed"):
        nn.primitive(np.ones((2, 3)))
    with pytest.raises(ValueError, match="matrix holds negative entries"):
        nn.primitive(-np.eye(2))


def test_of_networks():
    rng = np.random.default_rng(5)
    for _ in range(50):
        weights = [rng.random((3, 4)) * (rng.random((3, 4)) < 0.5), rng.random((4, 3)) * (rng.random((4, 3)) < 0.5)]
        net = rj.Network(weights, activation="relu6")
        assert nn.primitive(net).value == nn.primitive(weights[1] @ weights[0]).value
        x = rng.random(4) * 20.0
        assert nn.primitive(net, x).value == nn.primitive(net.jacobian(x)).value
    saturated = rj.Network([np.ones((2, 2))], activation="relu6")
    assert nn.primitive(saturated)
    assert nn.primitive(saturated, [9.0, 9.0]).value is False
    with pytest.raises(ValueError, match=r"weights\[0\]\[0, 0\] = -1 is negative"):
        nn.primitive(rj.Network([[[-1.0]]]))
    with pytest.raises(ValueError, match="x is given with a matrix"):
        nn.primitive(np.eye(2), [1.0, 1.0])


def _moves(net, x, sign, steps=60, size=1e-4):
    """Whether a change of each single coordinate of x goes to all coordinates, by iteration."""
    for j in range(len(x)):
        y = x.copy()
        y[j] = max(y[j] + sign * size, 0.0)
        if y[j] == x[j]:
            continue
        reached = np.zeros(len(x), dtype=bool)
        for _ in range(steps):
            y = net(y)
            reached = sign * (y - x) > 0.0
            if reached.all():
                break
        if not reached.all():
            return False
    return True


def test_against_iteration_at_fixed_points():
    # Rays of fixed points of integer matrices with power-of-two scales: no rounding, so iteration is an oracle.
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        n = int(rng.integers(2, 5))
        matrix = np.zeros((n, n))
        for i in range(n):  # rows that sum to 1: the vector of ones is fixed, and so are its multiples up to 6
            first, second = rng.integers(0, n, 2)
            matrix[i, first] += 0.5
            matrix[i, second] += 0.5
        net = rj.Network([matrix], activation="relu6")
        for t in (2.0, 6.0):
            x = np.full(n, t)
            down, up = nn.lower_primitive(net, x), nn.upper_primitive(net, x)
            if down.value is not None:
                assert down.value == _moves(net, x, -1.0), (matrix, t)
            if up.value is not None:
                assert up.value == _moves(net, x, 1.0), (matrix, t)
            seen.add((t, down.value, up.value))
    assert {(2.0, True, True), (2.0, False, False), (6.0, None, None)} <= seen  # at 6 rounding hides the kink


def test_where_neurons_are_silent():
    twice = rj.Network([[[2.0]]], activation="relu6")
    assert "1 neurons do not respond" in nn.lower_primitive(twice, [6.0]).evidence
    at_zero = rj.Network([[[1.0]]], activation="relu")
    assert nn.upper_primitive(at_zero, [0.0])
    blocks = rj.Network([np.eye(2)], activation="relu6")
    assert "reducible" in nn.lower_primitive(blocks, [1.0, 1.0]).evidence
    smooth = rj.Network([[[2.0]]], activation="tanh")
    assert nn.lower_primitive(smooth, [0.95], [0.96])


def test_two_layers_go_through_hidden_neurons():
    net = rj.Network([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]], activation="relu6")
    assert nn.lower_primitive(net, [1.0, 1.0])
    cut = rj.Network([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]], activation="relu6")
    assert nn.lower_primitive(cut, [1.0, 1.0]).value is False


def test_bad_arguments_of_points():
    net = rj.Network([[[0.5]]], [[1.0]], "relu")
    with pytest.raises(ValueError, match="is not a fixed point"):
        nn.lower_primitive(net, [1.0])
    with pytest.raises(ValueError, match=r"x has shape \(2,\); 1 finite numbers >= 0 are needed"):
        nn.lower_primitive(net, [1.0, 1.0])
    with pytest.raises(ValueError, match="upper is less than x"):
        nn.upper_primitive(net, [2.0], [1.0])
    with pytest.raises(ValueError, match=r"weights\[0\]\[0, 0\] = -1 is negative"):
        nn.lower_primitive(rj.Network([[[-1.0]]]), [0.0])

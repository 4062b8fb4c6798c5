from itertools import pairwise

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.nonnegative.rates import contracts

NAMES = ("tanh", "sigmoid", "relu", "hardtanh", "relu6", "softsign", "arctan", "erf", "linear")


def _random(rng):
    depth = int(rng.integers(1, 4))
    widths = [3, *rng.integers(1, 6, depth - 1).tolist(), 3]
    weights = [rng.random((b, a)) * (rng.random((b, a)) < 0.8) for a, b in pairwise(widths)]
    biases = [rng.random(b) * (rng.random(b) < 0.7) for b in widths[1:]]
    return rj.Network(weights, biases, [str(rng.choice(NAMES)) for _ in range(depth)])


def test_no_pair_of_points_is_contracted_less():
    rng = np.random.default_rng(0)
    for _ in range(150):
        net = _random(rng)
        z = rng.random(3) * (rng.random() < 0.7)
        rate = nn.contraction_rate(net, z)
        norm = rate.weights
        for _ in range(30):
            x = z + rng.random(3) * 10.0 ** rng.uniform(-9, 1)
            y = z + rng.random(3) * 10.0 ** rng.uniform(-9, 1)
            moved = (np.abs(net(x) - net(y)) / norm).max()
            room = 1e-14 * (np.abs(net(x)) / norm).max()
            assert moved <= rate.value * (np.abs(x - y) / norm).max() + room


def test_no_pair_is_contracted_less_in_thompson_s_metric():
    rng = np.random.default_rng(1)
    strict = 0
    for _ in range(150):
        net = _random(rng)
        u = 0.1 + 3.0 * rng.random(3)
        rate = nn.thompson_rate(net, u)
        strict += rate < 1.0
        for _ in range(30):
            x, y = u * rng.random(3), u * rng.random(3)
            tx, ty = net(x), net(y)
            if (tx > 0).all() and (ty > 0).all():
                before, after = np.abs(np.log(x / y)).max(), np.abs(np.log(tx / ty)).max()
                assert after <= rate * before + 1e-13
    assert strict > 20


def test_closed_forms():
    matrix = np.array([[0.2, 0.7], [0.5, 0.1]])
    linear = rj.Network([matrix], [[1.0, 1.0]], "relu")
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    assert nn.contraction_rate(linear).value == pytest.approx(radius, rel=1e-10)
    kink = rj.Network([np.eye(2) * 0.5], activation="relu")  # at 0 the slope to the right counts
    assert nn.contraction_rate(kink).value == pytest.approx(0.5, rel=1e-14)
    cycle = rj.Network([np.roll(np.eye(4), 1, axis=0) * 0.9], activation="relu")
    assert nn.contraction_rate(cycle).value == pytest.approx(0.9, rel=1e-12)
    assert nn.thompson_rate(kink, [1.0, 1.0]) == 1.0


def test_iterates_come_as_fast_as_promised():
    # From an iterate z of T from 0 on, errors fall by the rate at z in each step; it tends to rho of the Jacobian.
    rng = np.random.default_rng(2)
    net = rj.Network([rng.random((20, 20)) * 0.15], [rng.random(20)], "tanh")
    exact = nn.least_fixed_point(net).point
    x = np.zeros(20)
    for _ in range(8):
        rate = nn.contraction_rate(net, x)
        error = (np.abs(x - exact) / rate.weights).max()
        x = net(x)
        assert (np.abs(x - exact) / rate.weights).max() <= rate.value * error + 1e-12
    radius = np.abs(np.linalg.eigvals(net.jacobian(exact))).max()
    assert radius <= rate.value <= 1.01 * radius


def test_bad_arguments():
    with pytest.raises(ValueError, match="not known to be concave on x >= 0: activation 'softplus' of layer 0"):
        nn.contraction_rate(rj.Network([[[0.5]]], activation="softplus"))
    net = rj.Network([[[0.5]]], activation="tanh")
    for z in ([-1.0], [np.nan], [1.0, 2.0]):
        with pytest.raises(ValueError, match=r"z=.* must hold 1 finite numbers >= 0"):
            nn.contraction_rate(net, z)
    with pytest.raises(ValueError, match=r"maps R\^1 to R\^2"):
        nn.contraction_rate(rj.Network([[[1.0], [1.0]]], activation="tanh"))


def test_slow_paths_and_reducible_matrices_have_tight_rates():
    n = 400
    path = np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    for gap in (3e-5, 1e-9, 1e-12):
        matrix = path * ((1.0 - gap) / (2.0 * np.cos(np.pi / (n + 1))))
        rate = nn.contraction_rate(rj.Network([matrix], [np.ones(n)], "relu"))
        assert 1.0 - gap - 4e-16 <= rate.value <= 1.0 - gap + 5e-13
        assert contracts(rj.Network([matrix], [np.ones(n)], "relu"), np.zeros(n)) == (gap > 0)
    rng = np.random.default_rng(3)
    triangular = np.triu(rng.random((50, 50)))  # the radius is on the diagonal, and no Perron vector is positive
    radius = np.diag(triangular).max()
    assert radius <= nn.contraction_rate(rj.Network([triangular], activation="relu")).value <= radius * (1 + 1e-9)
    nilpotent = nn.contraction_rate(rj.Network([np.triu(rng.random((20, 20)), 1)], activation="relu"))
    assert 0.0 < nilpotent.value < 1e-5  # the infimum 0 is not reached
    assert not contracts(rj.Network([path], activation="relu"), np.zeros(n))


def test_rates_at_the_ends_of_floats():
    for scale in (1e-310, 1e-200, 1e200, 1e300):
        rate = nn.contraction_rate(rj.Network([np.full((2, 2), scale)], activation="relu"))
        assert 2 * scale <= rate.value <= 2 * scale * (1 + 1e-12)
    assert nn.contraction_rate(rj.Network([np.full((2, 2), 1e308)], activation="relu")).value == np.inf
    up = rj.Network([[[w]] for w in (1e-200, 1e-200, 1e300, 1e300)], activation="relu")
    assert nn.contraction_rate(up).value == pytest.approx(1e200, rel=1e-12)
    level = rj.Network([[[w]] for w in (1e300, 1e300, 1e-300, 0.5e-300)], activation="relu")
    assert nn.contraction_rate(level).value == pytest.approx(0.5, rel=1e-12)

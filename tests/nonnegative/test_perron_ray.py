from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.nonnegative.perron_ray import linear_bound, perron_ray, strict_above_zero


def _ray(weights, activation):
    net = rj.Network(weights, activation=activation)
    return net, perron_ray(net, linear_bound(net))


@pytest.mark.parametrize("seed", range(20))
def test_integer_perron_vectors(seed):
    # A = diag(v) S diag(1/v) with row sums of S equal to 1 has A v = v; entries that floats hold exactly.
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    v = 2.0 ** rng.integers(-3, 3, n)
    steps = np.stack([rng.permutation(np.r_[0.5, 0.25, 0.25, np.zeros(n)])[: n + 3] for _ in range(n)])
    rows = np.zeros((n, n))
    for k in range(n + 3):
        rows[:, k % n] += steps[:, k]
    rows = 0.5 * rows + 0.5 * np.roll(np.eye(n), 1, axis=1)  # irreducible
    matrix = v[:, None] * rows / v
    net, ray = _ray([matrix], "relu6")
    np.testing.assert_array_equal(ray.vector, v / v.max())
    assert ray.end == 6.0
    on = ray.points(np.linspace(0.0, 1.0, 7))
    np.testing.assert_allclose(net(on), on, rtol=1e-15)
    beyond = 1.01 * ray.points([1.0])[0]
    assert np.abs(net(beyond) - beyond).max() > 1e-3


def test_hidden_layers_saturate_first():
    # h = 4 x in the hidden layer, which is bent from 6 on: t* = 6/4; hardtanh instead: 1/4.
    ray = _ray([[[4.0]], [[0.25]]], "relu6")[1]
    assert ray == (np.array([1.0]), 1.5)
    assert _ray([[[4.0]], [[0.25]]], "hardtanh")[1].end == 0.25
    # A hidden neuron that acts on nothing may saturate.
    assert _ray([[[1.0], [100.0]], [[1.0, 0.0]]], "relu6")[1].end == 6.0
    assert _ray([[[4.0]], [[0.25]]], ["tanh", "relu"])[1].end == 0.0
    assert _ray([[[4.0]], [[0.25]]], "relu")[1].end == np.inf


def test_where_no_ray_is_claimed():
    for weights in ([np.eye(2)], [[[1.0, 1.0], [0.0, 1.0]]], [[[1.0 + 2**-50]]], [[[0.5]]], [np.full((3, 3), 1 / 3)]):
        assert _ray(weights, "relu6")[1] is None, weights
    third = sum(Fraction(1 / 3) for _ in range(3))
    assert third != 1  # three doubles next to 1/3
    assert linear_bound(rj.Network([[[1.0]]], [[0.1]], "relu")) is None
    assert linear_bound(rj.Network([[[1.0]]], activation="sigmoid")) is None


def test_one_point_besides_zero():
    rng = np.random.default_rng(4)
    for _ in range(30):
        n, m = int(rng.integers(1, 4)), int(rng.integers(1, 5))
        net = rj.Network([3.0 * rng.random((m, n)), 3.0 * rng.random((n, m))], activation=["tanh", "softsign"])
        cert = nn.certify(net)
        if cert.shape != "two points":
            assert linear_bound(net).below is not False
            continue
        x = 10.0 ** rng.uniform(-3, 1, (20, n))
        for _ in range(5000):
            before, x = x, net(x)
            if np.array_equal(before, x):
                break
        np.testing.assert_allclose(x, np.broadcast_to(cert.greatest.point, x.shape), atol=1e-8)  # wherever it starts
    assert not strict_above_zero(rj.Network([np.eye(2)], activation="tanh"))
    assert not strict_above_zero(rj.Network([[[2.0]]], activation="relu6"))

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.activations import activation
from rmtjac.theory.finite_width.neuron_means import neuron_means


def mean(f, q, points=()):
    """E f(h), h of variance q, by adaptive quadrature."""
    root = math.sqrt(q)
    cuts = sorted({-9.0, 9.0, 0.0, *(p / root for p in points if abs(p / root) < 9.0)})
    total = 0.0
    for a, b in itertools.pairwise(cuts):
        total += quad(lambda z: f(root * z) * math.exp(-0.5 * z * z), a, b, epsabs=1e-13, limit=200)[0]
    return total / math.sqrt(2.0 * math.pi)


@pytest.mark.parametrize(("name", "u"), [("tanh", 0.6), ("hardtanh", 0.4), ("gelu", 0.5), ("relu", -1.5), ("erf", 0.9)])
@pytest.mark.parametrize("q", [0.3, 2.0])
def test_against_adaptive_quadrature(name, u, q):
    phi = activation(name)
    found = neuron_means(phi, q, u)
    at = phi.breakpoints

    def one(h):
        return np.array([h])

    def g(h):
        d = float(phi.derivative(one(h))[0]) ** 2
        return u * d / (1.0 - u * d)

    def size(h):
        return float(phi(one(h))[0]) ** 2

    total = mean(size, q, at)
    assert found.size == pytest.approx(total, rel=1e-10)
    functions = [g, lambda h: g(h) * (1.0 + g(h)), lambda h: size(h) / total]
    for i, f in enumerate(functions):
        for j, other in enumerate(functions):
            both = mean(lambda h, f=f, other=other: f(h) * other(h), q, at)
            assert found.covariance[i, j] == pytest.approx(both - mean(f, q, at) * mean(other, q, at), abs=1e-9)
        # by q, with finite differences
        step = 1e-3 * q
        up, middle, down = (mean(f, q + s, at) for s in (step, 0.0, -step))
        assert found.once[i] == pytest.approx(q * (up - down) / (2.0 * step), rel=2e-6, abs=1e-6)
        assert found.twice[i] == pytest.approx(q * q * (up - 2.0 * middle + down) / step**2, rel=2e-5, abs=2e-5)
    assert found.along[0, 0] == pytest.approx(mean(lambda h: h * h / q * g(h), q, at), abs=1e-9)
    assert found.along[1, 0] == pytest.approx(mean(lambda h: h * h / q * g(h) * (1 + g(h)), q, at), abs=1e-9)
    assert found.along[0, 1] == pytest.approx(mean(lambda h: size(h) / total * g(h), q, at), abs=1e-9)

    def overlap(h):
        return h * float(phi(one(h))[0]) * float(phi.derivative(one(h))[0]) * (1.0 + g(h))

    assert found.along[0, 2] == pytest.approx(mean(overlap, q, at) / math.sqrt(q * total), abs=1e-9)


@pytest.mark.parametrize("q", [1e-12, 1e-4, 1e4, 1e12])
def test_variances_far_from_one(q):
    """HardTanh: all means are known; at q = 1e12 a neuron is in |h| < 1 with probability 8e-7."""
    p = math.erf(math.sqrt(0.5 / q))
    found = neuron_means(activation("hardtanh"), q, 0.5)
    assert found.covariance[0, 0] == pytest.approx(p * (1.0 - p), rel=1e-6, abs=1e-12)


def test_silent_neurons():
    found = neuron_means(activation("tanh"), 0.0, 0.4)
    assert not found.covariance.any()
    assert found.size == 0.0
    dead = rj.Activation("dead", lambda h: np.zeros_like(h), lambda h: np.ones_like(h))
    assert neuron_means(dead, 1.0, 0.4).size == 0.0

"""Constants of the equations, atom and tail."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from rmtjac.kernels.heavy_tails.scalar_equations import start, walk
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.independent.equations import Chain, tail_of_chain
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw, mask_law

ONE = MaskLaw.one()


def test_tail_of_one_cauchy_layer():
    """P(s > R) ~ 2 gamma / (pi R)."""
    tail = tail_of_chain(Chain((StableWeights(1.0, 1.7),), (ONE,), (1.0, 1.0)))
    assert tail.exponent == pytest.approx(0.5, abs=1e-15)
    assert tail.log_power == 0.0
    assert tail.constant == pytest.approx(2.0 * 1.7 / math.pi, rel=1e-13)


def test_products_of_equal_layers_have_powers_of_the_logarithm():
    for depth in (2, 3, 20):
        tail = tail_of_chain(Chain((StableWeights(1.3, 1.0),) * depth, (ONE,) * depth, (1.0,) * (depth + 1)))
        assert tail.exponent == pytest.approx(0.65)
        assert tail.log_power == pytest.approx(depth - 1.0)


def test_a_gaussian_between_two_cauchy_layers_makes_the_tail_heavier():
    weights = (StableWeights(1.0, 1.0), StableWeights(2.0, 0.7), StableWeights(1.0, 0.5))
    tail = tail_of_chain(Chain(weights, (ONE,) * 3, (1.0,) * 4))
    assert tail.exponent == pytest.approx(1.0 / 3.0)
    assert tail.log_power == 0.0


def test_mass_and_groups():
    half = MaskLaw.from_points([1.0], [0.5])
    chain = Chain((StableWeights(1.0, 1.0),) * 2, (half, ONE), (4.0, 6.0, 5.0))
    assert chain.mass() == pytest.approx(3.0 / 5.0)
    deep = Chain((StableWeights(1.0, 1.0),) * 100, (mask_law("hardtanh", 1.0, 1.0),) * 100, (1.0,) * 101)
    assert deep.equations().counts.tolist() == [1.0, 99.0, 1.0]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_finite_variance_is_the_equation_of_fuss_and_catalan(depth):
    """All alpha = 2: -z mu = sigma^2L (1 - mu)^(L + 1), also off the real axis."""
    eq = Chain((StableWeights(2.0, 0.9),) * depth, (ONE,) * depth, (1.0,) * (depth + 1)).equations()
    x, tangent = np.empty(eq.counts.size + 1, complex), np.empty(eq.counts.size + 1, complex)
    tau = complex(start(eq, x, tangent))
    for to in (tau + 0.5 - 0.5j, tau + 1.0 - 3.0j):
        assert walk(eq, tau, to, x, tangent).done
        tau = to
        mu = 1.0 / (1.0 + np.exp(-x[-1]))
        want = (2.0 * 0.81) ** depth * (1.0 - mu) ** (depth + 1) / mu
        assert abs(np.exp(to) / want - 1.0) < 1e-11


@pytest.mark.parametrize("v", [0.3, 5.0])
@pytest.mark.parametrize("y", [0.2, 3.0])
def test_the_current_is_conserved(v, y):
    """The identity for powers of v / (1 + v y^(1/b) S), b = 1/2, S = 1 / (2 Z^2)."""

    def mean(f):
        density = lambda s: math.sqrt(2.0 / math.pi) * math.exp(-0.5 * s * s)  # noqa: E731
        return quad(lambda s: f(0.5 / (s * s)) * density(s), 0.0, 12.0, epsabs=1e-12)[0]

    left = math.gamma(1.5) * y * mean(lambda s: math.sqrt(v / (1.0 + v * y * y * s)))
    right = mean(lambda s: v * y * y * s / (1.0 + v * y * y * s))
    assert abs(left - right) < 1e-10

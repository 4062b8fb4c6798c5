"""Constants of the equations, atom and tail."""

import math

import pytest

from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.independent.equations import Chain, tail_of_chain
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw, mask_law

ONE = MaskLaw.one()


def test_tail_of_one_cauchy_layer():
    """P(s > R) ~ 2 gamma / (pi R)."""
    tail = tail_of_chain(Chain((StableWeights(1.0, 1.7),), (ONE,), (1.0, 1.0)))
    assert tail.exponent == pytest.approx(0.5, abs=1e-15) and tail.log_power == 0.0
    assert tail.constant == pytest.approx(2.0 * 1.7 / math.pi, rel=1e-13)


def test_products_of_equal_layers_have_powers_of_the_logarithm():
    for depth in (2, 3, 20):
        tail = tail_of_chain(Chain((StableWeights(1.3, 1.0),) * depth, (ONE,) * depth, (1.0,) * (depth + 1)))
        assert tail.exponent == pytest.approx(0.65) and tail.log_power == pytest.approx(depth - 1.0)


def test_a_gaussian_between_two_cauchy_layers_makes_the_tail_heavier():
    weights = (StableWeights(1.0, 1.0), StableWeights(2.0, 0.7), StableWeights(1.0, 0.5))
    tail = tail_of_chain(Chain(weights, (ONE,) * 3, (1.0,) * 4))
    assert tail.exponent == pytest.approx(1.0 / 3.0) and tail.log_power == 0.0


def test_mass_and_groups():
    half = MaskLaw.from_points([1.0], [0.5])
    chain = Chain((StableWeights(1.0, 1.0),) * 2, (half, ONE), (4.0, 6.0, 5.0))
    assert chain.mass() == pytest.approx(3.0 / 5.0)
    deep = Chain((StableWeights(1.0, 1.0),) * 100, (mask_law("hardtanh", 1.0, 1.0),) * 100, (1.0,) * 101)
    assert deep.equations().counts.tolist() == [1.0, 99.0, 1.0]

"""The network in arrays, and the exponents of the tail."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import activation
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.population.model import BiasLaw, model

CAUCHY = StableWeights(1.0, 1.0)
GAUSS = StableWeights(2.0, 1.0)


def _model(names, weights=CAUCHY, inputs=1.0, widths=None, biases=None):
    depth = len(names)
    weights = weights if isinstance(weights, list) else [weights] * depth
    phis = [activation(name) if isinstance(name, str) else name for name in names]
    return model(weights, phis, widths or [1] * (depth + 1), biases, inputs)


def test_arrays():
    one = _model(["tanh", "hardtanh"], [CAUCHY, GAUSS], 4.0, [4, 2, 3], [BiasLaw(), BiasLaw(0, 0.0, 0.1)])
    assert one.ratios.tolist() == [0.5, 1.5]
    assert (one.deviation, one.depth) == (2.0, 2)
    assert one.laws[1].tolist() == pytest.approx([2.0, 0.0, 1.0, 2.0**0.5, 0.0, 0.0, 0.1])
    assert one.tables.shape == (2, 2, 1)


def test_outputs_that_no_slope_depends_on_count_as_zero():
    assert _model(["linear"] * 3).phis[:, 0].tolist() == [-2.0] * 3
    assert _model(["hardtanh", "linear", "linear"]).phis[:, 0].tolist() == [-2.0] * 3
    assert _model(["linear", "tanh"], [GAUSS, CAUCHY]).phis[:, 0].tolist() == [0.0, -2.0]


def test_activations_of_the_user_are_tabulated():
    sine = rj.Activation("sine", np.sin, np.cos)
    one = _model([sine, "tanh"])
    assert one.phis[0].tolist() == [-1.0, 0.0, -1.0]
    assert one.tables.shape[2] > 1000
    wrong = rj.Activation("log", lambda h: np.full_like(h, np.nan), np.cos)
    with pytest.raises(ValueError, match="'log' is not finite"):
        _model([wrong])


@pytest.mark.parametrize(
    ("names", "weights", "inputs", "exponent", "log_power"),
    [
        (["linear"], CAUCHY, 1.0, 0.5, 0),
        (["linear"] * 3, CAUCHY, 1.0, 0.5, 2),
        (["relu"], CAUCHY, 1.0, 0.5, 0),
        (["hardtanh"], CAUCHY, 1.0, 1.0, 0),  # P(s > R) ~ R^-2 of a stationary input
        (["hardtanh"], CAUCHY, [1.0, -1.0], 1.5, 0),  # P(s > R) ~ R^-3 of |x| = 1
        (["hardtanh"], CAUCHY, [0.0, 1.0], 0.5, 0),
        (["tanh", "tanh"], StableWeights(1.5, 1.0), 1.0, 1.25, 1),
        (["tanh", "tanh"], [CAUCHY, StableWeights(1.5, 1.0)], 1.0, 1.0, 0),
        (["sigmoid", "sigmoid"], CAUCHY, 1.0, 1.0, 0),
        (["tanh"], GAUSS, 1.0, math.inf, 0),
    ],
)
def test_tails(names, weights, inputs, exponent, log_power):
    tail = _model(names, weights, inputs).tail()
    assert (tail.exponent, tail.log_power) == (exponent, log_power)
    assert math.isnan(tail.constant)


def test_layers_without_a_mean_field():
    """Cauchy h behind relu has no first moment, so that sums with Cauchy weights grow like log n."""
    with pytest.raises(ValueError, match="'relu' behind layer 0"):
        _model(["relu", "relu"])
    with pytest.raises(ValueError, match="'linear' behind layer 0"):
        _model(["linear", "tanh"])
    assert _model(["relu", "relu"], [GAUSS, CAUCHY]).depth == 2
    assert _model(["relu", "linear"]).depth == 2
    assert _model(["relu", "tanh"], [StableWeights(1.5, 1.0), CAUCHY]).depth == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"widths": [1, 1]}, "one more width"),
        ({"widths": [1, 0, 1]}, "positive"),
        ({"biases": [BiasLaw()]}, "biases"),
        ({"inputs": [1.0, math.nan]}, "finite numbers"),
        ({"inputs": []}, "at least one"),
        ({"inputs": -1.0}, "inputs=-1.0"),
    ],
)
def test_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        _model(["tanh", "tanh"], **change)


@pytest.mark.parametrize(
    ("phi", "alpha", "shape"),
    [
        ("tanh", 1.0, 1.0),
        ("sigmoid", 0.5, 2.0),
        ("erf", 1.0, 2.0),
        ("silu", 1.6, 0.625),
        ("softsign", 0.7, 0.0),
        ("hardtanh", 1.0, 0.0),
        ("relu", 1.0, 0.0),
        ("tanh", 2.0, 0.0),
    ],
)
def test_the_lower_tail_is_that_of_the_smallest_slopes(phi, alpha, shape):
    """-log phi'^2 grows like |h| (tanh) or h^2 (erf), and P(|h| > t) falls off like t^-alpha."""
    one = model([StableWeights(alpha, 1.0)], [activation(phi)], [1, 1], None, 1.0)
    assert one.lower_shape() == pytest.approx(shape, rel=0.02)

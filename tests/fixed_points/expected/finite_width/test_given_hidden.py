"""The expectation given hidden layers: against exact counts of the same hidden layers with many last layers."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.finite_width.given_hidden import LastLayer, expected_given_hidden
from rmtjac.fixed_points.expected.finite_width.hidden_features import HiddenLayers
from rmtjac.rng import as_seed_sequence, stream


def _split(ensemble, seed=0):
    """Return hidden layers drawn from an ensemble, and its last layer."""
    net = ensemble.draw(seed)
    hidden = HiddenLayers(net.weights[:-1], net.biases[:-1], net.activations[:-1])
    numbers = ensemble.layer_numbers()[-1]
    bias = ensemble.biases[-1] if ensemble.biases else None
    phi = ensemble.activations[-1]
    return hidden, LastLayer(
        ensemble.weights[-1], numbers["weight_scale"], bias, numbers["bias_scale"], phi, ensemble.widths[-1]
    )


def _expected(ensemble, seed=0, runs=100, points=256, draws=4):
    """Return the mean of many estimates, and its standard error."""
    hidden, last = _split(ensemble, seed)
    root = as_seed_sequence(11)
    values = [expected_given_hidden(hidden, last, points, draws, stream(root, k))[0] for k in range(runs)]
    return np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / math.sqrt(runs)


def _counted(ensemble, seed, many):
    """Return the same from proved counts: the hidden layers stay, the last layer is drawn again."""
    net = ensemble.draw(seed)
    one = rj.Ensemble(
        ensemble.widths[-2:], ensemble.activations[-1], ensemble.weights[-1], ensemble.biases and ensemble.biases[-1]
    )
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(many):
        last = one.draw(rng)
        layers = [*net.weights[:-1], last.weights[0]], [*net.biases[:-1], last.biases[0]]
        found = rj.find_fixed_points(rj.Network(*layers, net.activations))
        assert found.complete
        kinds = list(found.kinds)
        rows.append([len(kinds), *(kinds.count(k) for k in ("stable", "saddle", "repeller")), found.index_sum])
    return np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / math.sqrt(many)


_CASES = {
    "tanh Gaussian": rj.Ensemble([2, 5, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.3)),
    "hardtanh Gaussian": rj.Ensemble([2, 5, 2], "hardtanh", rj.Gaussian(2.0), rj.Gaussian(0.3)),
    "tanh Cauchy": rj.Ensemble([2, 5, 2], "tanh", rj.Cauchy(2.0), rj.Cauchy(0.2)),
    "hardtanh Cauchy": rj.Ensemble([2, 5, 2], "hardtanh", rj.Cauchy(2.0), rj.Cauchy(0.2)),
    "hardtanh Cauchy, no biases": rj.Ensemble([2, 5, 2], "hardtanh", rj.Cauchy(2.0)),
    "tanh Gaussian, no biases": rj.Ensemble([2, 5, 2], "tanh", rj.Gaussian(2.5)),
    "Student's t, uniform biases": rj.Ensemble([2, 5, 2], "hardtanh", rj.StudentT(3), rj.Uniform(0.3)),
    "erf stable": rj.Ensemble([2, 5, 2], "erf", rj.Stable(alpha=1.3, scale=2.0), rj.Stable(alpha=0.7, scale=0.2)),
    "sigmoid stable, no biases": rj.Ensemble([2, 5, 2], "sigmoid", rj.Stable(alpha=1.5, scale=8.0)),
    "one input": rj.Ensemble([1, 5, 1], "tanh", rj.StudentT(1.5, 3.0), rj.Gaussian(0.2)),
    "one input, hardtanh, no biases": rj.Ensemble([1, 5, 1], "hardtanh", rj.Gaussian(3.0)),
    "three inputs": rj.Ensemble([3, 5, 3], "hardtanh", rj.Cauchy(2.0), rj.Cauchy(0.2)),
    "mixed activations": rj.Ensemble([2, 4, 5, 2], ["relu", "gelu", "hardtanh"], rj.Gaussian(1.8), rj.Gaussian(0.3)),
}


@pytest.mark.parametrize("name", _CASES)
def test_against_proved_counts_with_the_same_hidden_layers(name):
    value, error = _expected(_CASES[name])
    counted, spread = _counted(_CASES[name], 0, 400)
    spread = np.maximum(spread, np.sqrt(np.abs(value) / 400) * [0, 0, 0, 1, 0])  # a rare kind may not occur
    assert (np.abs(value - counted) <= 3.0 * np.hypot(error, spread) + 1e-12).all()
    assert value[0] == pytest.approx(value[1:4].sum(), rel=1e-12)
    assert abs(value[4] - 1.0) <= 3.0 * error[4] + 1e-12


@pytest.mark.parametrize(("law", "beyond"), [(rj.Gaussian(), 0.15865525393145707), (rj.Cauchy(), 0.25)], ids=repr)
def test_one_weight_without_bias_in_closed_form(law, beyond):
    """h = w x with hardtanh: 0 is fixed, stable if |w| < 1; both ends are fixed and stable if w > 1."""
    value, error = _expected(rj.Ensemble([1, 1], "hardtanh", law), points=64, draws=16)
    exact = np.array([1 + 2 * beyond, 2 * beyond + 1 - 2 * beyond, 0.0, 2 * beyond, 1.0])
    assert (np.abs(value - exact) <= 4.0 * error + 1e-12).all()


@pytest.mark.parametrize(
    ("phi", "scale"),
    [("linear", 1.0), ("leaky_relu:0.5", 0.1), ("relu", 0.1), ("gelu", 0.1), ("softplus", 0.1), ("relu6", 0.1)],
)
@pytest.mark.parametrize("n", [1, 2])
def test_unbounded_activations_of_contractions_have_one_fixed_point(phi, scale, n):
    value, error = _expected(rj.Ensemble([n, n], phi, rj.Gaussian(scale), rj.Gaussian(0.7)), points=512)
    assert abs(value[0] - 1.0) <= 4.0 * error[0] + 1e-9
    assert error[0] < 0.03


@pytest.mark.parametrize(
    ("scale", "bias", "total", "stable"), [(1, 0.1, 1.229, 0.892), (2, 0.1, 1.768, 0.772), (1, 1, 1.044, 0.908)]
)
def test_one_gaussian_layer_has_the_known_numbers(scale, bias, total, stable):
    """The numbers of independent quadratures, three digits after the point."""
    value, error = _expected(rj.Ensemble([2, 2], "tanh", rj.Gaussian(scale), rj.Gaussian(bias)), points=1024, draws=2)
    assert abs(value[0] - total) <= 3.0 * error[0] + 5e-4
    assert abs(value[1] - stable) <= 3.0 * error[1] + 5e-4


@pytest.mark.parametrize("bias", [1e-300, 1e-100, 1e-10, 1e-3])
@pytest.mark.parametrize("phi", ["tanh", "hardtanh"])
def test_small_biases_keep_the_fixed_point_near_the_origin(phi, bias):
    value, error = _expected(rj.Ensemble([2, 6, 2], phi, rj.Gaussian(1.5), rj.Gaussian(bias)), runs=40)
    none, spread = _expected(rj.Ensemble([2, 6, 2], phi, rj.Gaussian(1.5)), runs=40)
    assert abs(value[4] - 1.0) <= 4.0 * error[4]
    assert error[4] < 0.03
    if bias < 1e-9:  # no difference to no biases
        assert (np.abs(value - none) <= 4.0 * np.hypot(error, spread)).all()


def test_dead_hidden_neurons_leave_the_origin():
    hidden = HiddenLayers((np.full((3, 2), 0.1),), (np.full(3, -1.0),), (rj.activations.activation("relu"),))
    last = LastLayer(rj.Cauchy(), 1.0, None, 0.0, rj.activations.activation("tanh"), 2)
    value, origin = expected_given_hidden(hidden, last, 64, 2, np.random.default_rng(0))
    np.testing.assert_allclose(value, [1, 1, 0, 0, 1])
    np.testing.assert_allclose(origin, [1, 1, 0, 1])


@pytest.mark.parametrize("size", [1e-200, 1e-10, 1e10, 1e150])
@pytest.mark.parametrize("phi", ["tanh", "hardtanh"])
def test_extreme_weights_give_finite_numbers(phi, size):
    last = LastLayer(rj.Cauchy(), size, rj.Cauchy(), size, rj.activations.activation(phi), 2)
    hidden = HiddenLayers((np.array([[size, -size], [size, 2 * size]]),), (np.zeros(2),), (last.activation,))
    value, _ = expected_given_hidden(hidden, last, 512, 2, np.random.default_rng(0))
    assert np.isfinite(value).all()
    assert (value[:4] >= 0.0).all()

"""Hidden layers and their derivatives, against the Jacobian of a network."""

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.finite_width.hidden_features import HiddenLayers, hidden_features


def _hidden(net):
    return HiddenLayers(net.weights, net.biases, net.activations)


@pytest.mark.parametrize("phi", ["tanh", "hardtanh", "gelu", "relu", ["erf", "softplus", "sigmoid"]])
@pytest.mark.parametrize("inputs", [1, 2, 5])
def test_values_and_slopes_are_those_of_the_network(phi, inputs):
    net = rj.Ensemble([inputs, 7, 4, 6], phi, rj.Cauchy(2.0), rj.Gaussian(0.3)).draw(0)
    x = np.random.default_rng(1).standard_normal((inputs, 9))
    found = hidden_features(_hidden(net), x)
    np.testing.assert_allclose(found.values, net(x.T).T, rtol=1e-12, atol=1e-14)
    slopes = np.moveaxis(found.slopes * np.exp(found.log_scale), (0, 1, 2), (2, 1, 0))
    np.testing.assert_allclose(slopes, net.jacobian(x.T), rtol=1e-11, atol=1e-13)


def test_no_hidden_layers_give_the_input():
    x = np.array([[0.3, -2.0]])
    found = hidden_features(HiddenLayers((), (), ()), x)
    np.testing.assert_array_equal(found.values, x)
    np.testing.assert_array_equal(found.slopes, np.ones((1, 1, 2)))


def test_derivatives_beyond_the_range_of_a_float():
    net = rj.Network([np.full((3, 2), 1e150), np.full((3, 3), 1e200), 1e100 * np.eye(3)], activation="linear")
    found = hidden_features(_hidden(net), np.array([[1e-200], [1e-201]]))
    assert found.slopes.max() == 1.0
    assert found.log_scale[0] == pytest.approx(450 * np.log(10.0) + np.log(3.0), rel=1e-14)


def test_a_saturated_layer_has_no_slope():
    net = rj.Network([np.full((3, 2), 9.0)], activation="hardtanh")
    found = hidden_features(_hidden(net), np.ones((2, 4)))
    assert not found.slopes.any()
    assert np.isfinite(found.log_scale).all()

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.samples.forward import activate, derivative_has_zeros, homogeneous, preactivations

REGISTERED = [rj.activations.activation(name) for name in rj.activations.names()]


def test_interpreted_activation():
    h = np.linspace(-2, 2, 9)
    np.testing.assert_array_equal(activate.py_func(3, 0.0, h), activate(3, 0.0, h))


def test_preactivations_are_those_of_numpy():
    rng = np.random.default_rng(0)
    weights, biases, x = rng.standard_normal((4, 3)), rng.standard_normal(4), rng.standard_normal(3)
    np.testing.assert_allclose(preactivations(weights, biases, x), weights @ x + biases, rtol=1e-14)


@pytest.mark.parametrize("phi", REGISTERED, ids=lambda phi: phi.name)
def test_what_the_codes_say(phi):
    h = np.array([-7.3, -2.0, -0.7, -0.1, 0.2, 0.9, 3.0, 8.0])
    y, d = activate(phi.code, phi.parameter, h)
    np.testing.assert_allclose(y, phi(h), atol=1e-15, rtol=1e-14)
    np.testing.assert_allclose(d, phi.derivative(h), atol=1e-15, rtol=1e-13)
    scaled = [np.allclose(phi(c * h), c * phi(h), rtol=1e-12, atol=0.0) for c in (0.25, 16.0)]
    assert homogeneous(phi.code) == all(scaled)
    # of leaky_relu the slope may be 0
    assert derivative_has_zeros(phi.code) == ((d == 0.0).any() or phi.name.startswith("leaky_relu"))

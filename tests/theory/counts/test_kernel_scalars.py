import numpy as np
import pytest

import rmtjac as rj
from rmtjac.propagation.expectation import gaussian_expectation
from rmtjac.theory.counts.kernel_scalars import GaussianMap, HiddenLayer, means

NAMES = ("tanh", "erf", "hardtanh", "relu", "gelu", "softsign", "sigmoid", "leaky_relu:0.2", "softplus")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("q", [1e-8, 0.3, 7.0, 400.0])
def test_means_against_adaptive_quadrature(name, q):
    phi = rj.activations.activation(name)
    cuts = phi.breakpoints

    def mean(f):
        return gaussian_expectation(f, q, cuts)

    size, mixed = mean(lambda u: phi(u) ** 2), mean(lambda u: phi(u) * phi.derivative(u) * u)
    rest = mean(lambda u: (phi.derivative(u) * u - mixed / size * phi(u)) ** 2)
    exact = size, mean(lambda u: phi.derivative(u) ** 2), mixed, rest
    found = [float(one[0]) for one in means(phi, np.array([q]))]
    np.testing.assert_allclose(found[:3], exact[:3], rtol=1e-9)
    np.testing.assert_allclose(found[3], exact[3], rtol=1e-8, atol=1e-13 * size)


@pytest.mark.parametrize("name", ["tanh", "gelu", "erf"])
def test_scalars_against_differences_of_the_kernel(name):
    """K(x, x') = E h(x) h(x') of two layers, its derivatives by differences of a plane quadrature."""
    phi, n, weight, bias = rj.activations.activation(name), 2, 1.7, 0.2
    net = GaussianMap(n, 1.3, 0.4, (HiddenLayer(phi, weight, bias),), phi)
    z = np.linspace(-8.0, 8.0, 801)
    w = np.exp(-0.5 * z * z) / np.exp(-0.5 * z * z).sum()

    def kernel(x, other):
        a, b, c = (0.4 + 1.3 * u @ v for u, v in ((x, x), (other, other), (x, other)))
        rho = c / np.sqrt(a * b)
        one = np.sqrt(a) * z[:, None]
        two = np.sqrt(b) * (rho * z[:, None] + np.sqrt(1.0 - rho * rho) * z[None])
        return bias + weight * float(w @ (phi(one) * phi(two)) @ w)

    x, step = np.array([0.6, 0.3]), 0.05
    s = float(x @ x)
    found = [float(one[0]) for one in net.scalars(np.array([s]))]
    unit = [x / np.sqrt(s), np.array([-x[1], x[0]]) / np.sqrt(s)]

    def second(u):
        ends = [kernel(x + i * step * u, x + j * step * u) * i * j for i in (-1, 1) for j in (-1, 1)]
        return sum(ends) / (4.0 * step * step)

    across, along = second(unit[1]), second(unit[0])
    # Differences of this step are good to about 1e-3.
    np.testing.assert_allclose(found[2], across, rtol=5e-3)
    np.testing.assert_allclose(found[3] + found[1] ** 2 * s / found[0], along, rtol=5e-3)


def test_no_loss_of_digits_near_the_origin():
    """Without biases a tanh map is nearly linear near 0: the variance along x falls like s^2."""
    phi = rj.activations.activation("tanh")
    net = GaussianMap(2, 0.5, 0.0, (HiddenLayer(phi, 1.0, 0.0),), phi)
    s = np.array([1e-4, 1e-6, 1e-8, 1e-12])
    radial = net.scalars(s).radial
    np.testing.assert_allclose(radial[1:] / s[1:] ** 2, radial[1] / s[1] ** 2, rtol=1e-4)


def test_variances_at_zero_are_exact():
    phi = rj.activations.activation("tanh")
    assert GaussianMap(2, 1.0, 0.0, (HiddenLayer(phi, 1.0, 0.0),) * 3, phi).variances(np.zeros(1))[-1][0] == 0.0

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.learn.equilibrium import PcDEQ1, PcDEQ2, layer_of

NAMES = ("tanh", "softsign", "relu6", "sigmoid")


def _layer(phi, n=7, m=5, seed=0, scale=0.4):
    rng = np.random.default_rng(seed)
    return layer_of(phi)(scale * rng.random((n, n)), rng.normal(size=(n, m)), rng.normal(size=n), phi), rng


@pytest.mark.parametrize("phi", NAMES)
@pytest.mark.parametrize("scale", [0.05, 0.4, 3.0])
def test_errors_are_bounds(phi, scale):
    layer, rng = _layer(phi, scale=scale)
    x = rng.normal(size=(40, 5))
    exact = layer.solve(x, 1e-15, max_iter=20_000).z
    for _ in range(200):  # to rounding
        exact = layer.phi(exact @ layer.weights.T + layer.inject(x @ layer.injection.T + layer.biases))
    for tol in (1e-2, 1e-5, 1e-10):
        found = layer.solve(x, tol)
        gap = np.abs(found.z - exact).max(axis=1)
        assert (gap <= found.errors + 1e-14).all()
        assert (found.errors <= tol).all()
        assert (found.steps >= 1).all()
    assert layer.solve(x, 1e-2).steps.mean() <= layer.solve(x, 1e-10).steps.mean()


def test_it_is_the_fixed_point_of_the_certified_network():
    layer, rng = _layer("tanh")
    x = rng.normal(size=(3, 5))
    found = layer.solve(x, 1e-12)
    for row, z in zip(x, found.z, strict=True):
        bias = layer.inject(layer.injection @ row + layer.biases)
        net = rj.Network([layer.weights], [bias], "tanh")
        cert = rj.nonnegative.certify(net)
        assert (cert.shape, cert.unique) == ("point", True)
        assert (z >= cert.least.lower - 1e-11).all()
        assert (z <= cert.least.upper + 1e-11).all()


@pytest.mark.parametrize("phi", ["tanh", "softsign", "sigmoid"])
def test_gradients_against_differences(phi):
    layer, rng = _layer(phi, n=5, m=4, scale=0.5)
    x, target = rng.normal(size=(6, 4)), rng.random((6, 5))

    def loss(weights, injection, biases, inputs):
        z = layer_of(phi)(weights, injection, biases, phi).solve(inputs, 1e-14, max_iter=5000).z
        return 0.5 * ((z - target) ** 2).sum()

    parts = [layer.weights, layer.injection, layer.biases, x]
    found = layer.solve(x, 1e-14, max_iter=5000)
    gradients = layer.gradients(x, found, found.z - target)
    step = 1e-5  # central differences: off by about 1e-10 here
    for k, gradient in enumerate(gradients):
        for index in list(np.ndindex(parts[k].shape))[::3]:
            values = []
            for sign in (1.0, -1.0):
                moved = [part.copy() for part in parts]
                moved[k][index] += sign * step
                values.append(loss(*moved))
            assert gradient[index] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6, abs=1e-8)


def test_zero_weights_and_one_unit():
    layer = PcDEQ2(np.zeros((1, 1)), [[2.0]], [0.0])
    found = layer.solve([[1.0], [-1.0]])
    np.testing.assert_allclose(found.z[:, 0], 1 / (1 + np.exp([-2.0, 0.0])), rtol=1e-15)
    assert found.errors.tolist() == [0.0, 0.0]


def test_bad_arguments():
    good = (np.eye(2), np.ones((2, 3)), np.zeros(2))
    with pytest.raises(ValueError, match=r"weights\[0, 1\] = -0.5 is negative"):
        PcDEQ1([[1.0, -0.5], [0.0, 1.0]], *good[1:])
    with pytest.raises(ValueError, match="phi='relu' must be one of"):
        PcDEQ1(*good, phi="relu")
    with pytest.raises(ValueError, match=r"weights has shape \(3, 3\); \(2, 2\) is needed"):
        PcDEQ1(np.eye(3), *good[1:])
    with pytest.raises(ValueError, match="biases holds NaN"):
        PcDEQ1(*good[:2], [np.nan, 0.0])
    with pytest.raises(ValueError, match=r"x has shape \(2, 2\); finite numbers of shape \(K, 3\)"):
        PcDEQ1(*good).solve(np.ones((2, 2)))
    with pytest.raises(ValueError, match="tol=0 must be a finite number > 0"):
        PcDEQ1(*good).solve(np.ones((2, 3)), 0)


@pytest.mark.parametrize(
    "dz",
    [np.ones(2), np.ones((3, 1)), np.ones((1, 2)), np.ones((3, 3)), np.full((3, 2), np.nan), np.full((3, 2), np.inf)],
    ids=["one row", "one column", "one sample", "too wide", "NaN", "infinite"],
)
def test_gradients_take_one_number_for_each_unit_and_sample(dz):
    layer = PcDEQ1(np.full((2, 2), 0.3), np.eye(2), np.zeros(2))
    x = np.zeros((3, 2))
    found = layer.solve(x)
    with pytest.raises(ValueError, match=r"dz has shape .*; finite numbers of shape \(3, 2\) are needed"):
        layer.gradients(x, found, dz)


def test_gradients_take_equilibria_of_the_same_samples():
    layer = PcDEQ1(np.full((2, 2), 0.3), np.eye(2), np.zeros(2))
    with pytest.raises(ValueError, match=r"found.z has shape \(1, 2\)"):
        layer.gradients(np.zeros((3, 2)), layer.solve(np.zeros((1, 2))), np.ones((3, 2)))

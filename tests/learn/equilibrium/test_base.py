import numpy as np
import pytest

import rmtjac as rj
from rmtjac.learn import PcDEQ1, PcDEQ2
from rmtjac.learn.equilibrium.layers import layer_of
from tests.learn.equilibrium import oracle

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
    assert (found.errors > 0.0).all()  # sigmoid is rounded
    assert (found.errors < 1e-14).all()


def test_underflow_overflow_and_rates_beside_one():
    # The fixed points of z = tanh(2 z + d), d of softplus(-746) and less, to 25 digits: .9575040240772687440...
    for low, size in ((-746.0, 1.0), (-700.0, 1.0), (-700.0, 1e308)):
        found = PcDEQ1([[2.0]], [[size]], [0.0]).solve([[low]], 1e-9)
        assert abs(found.z[0, 0] - 0.957504024077268744) <= found.errors[0] <= 1e-9
    found = PcDEQ1([[2.0]], [[1e308]], [1e308]).solve([[7.0]], 1e-9)  # the sum overflows, the true z is 1 - 0
    assert 1.0 - found.z[0, 0] <= found.errors[0] <= 1e-14
    # z = w z + d below 6, so that z = d / (1 - w); d = softplus(-20) to 40 digits.
    d = 2.061153620314380703238982798877915235603e-9
    for bits in (4, 10):
        found = PcDEQ1([[1.0 - 2.0**-bits]], [[1.0]], [0.0], "relu6").solve([[-20.0]], 1e-30, max_iter=40_000)
        assert abs(found.z[0, 0] - d * 2.0**bits) <= found.errors[0] <= 1e-16 * 2.0**bits
    saturated = PcDEQ1([[1.0 - 2.0**-10]], [[1.0]], [0.0], "relu6").solve([[0.3]])
    assert abs(saturated.z[0, 0] - 6.0) <= saturated.errors[0] <= 1e-12
    # Slow, and cut off: nothing is proved.
    assert PcDEQ1([[2.0]], [[1.0]], [0.0]).solve([[-40.0]], max_iter=3).errors[0] == np.inf


def test_no_error_is_contradicted_at_any_scale():
    found = oracle.attack_layers(25, 1)
    assert found["contradicted"] == found["warned"] == 0
    assert found["nothing proved"] + found["oracle blind"] < 0.1 * found["samples"]


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

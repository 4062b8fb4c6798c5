"""Sizes of activations under stable laws against integrals without a density, and closed forms of ReLU."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import activation
from rmtjac.propagation.layer_scales import LayerScale, activation_size, input_size, layer_scales
from rmtjac.propagation.stable_law import stable_law
from tests.oracles.stable import hardtanh_power, within


@pytest.mark.parametrize("alpha", [0.1, 0.4, 0.7, 1.0, 1.3, 1.5, 1.8, 1.95])
@pytest.mark.parametrize("scale", [1e-8, 1e-3, 0.4, 5.0, 1e3])
def test_hardtanh(alpha, scale):
    # both quadratures are good to 1e-13 (measured: 4e-15); the power 1/alpha multiplies the relative error
    size = activation_size(activation("hardtanh"), alpha, scale, alpha)
    assert size == pytest.approx(hardtanh_power(alpha, scale) ** (1.0 / alpha), rel=1e-12 / min(alpha, 1.0))
    inside, _ = stable_law(alpha).masses(np.array([-math.log(scale)]))
    assert inside[0] == pytest.approx(within(alpha, scale), rel=1e-11)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5, 1.99])
@pytest.mark.parametrize("name", ["hardtanh", "tanh"])
def test_tiny_scales(alpha, name):
    """Below s = 1e-30, E|phi(sX)|^alpha / s^alpha = a + alpha c log(1/s) up to rounding, with c from the tail of X."""
    slope = 2.0 / math.pi * math.gamma(alpha + 1.0) * math.sin(0.5 * math.pi * alpha)
    phi = activation(name)
    value = {s: (activation_size(phi, alpha, s, alpha) / s) ** alpha for s in (1e-30, 1e-59, 1e-61, 1e-150, 1e-290)}
    for s in value:
        # log s of size 700 is rounded to 1e-13 (measured: 1e-13)
        assert value[s] == pytest.approx(value[1e-30] + slope * math.log(1e-30 / s), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "left"), [("linear", 1.0), ("relu", 0.0), ("leaky_relu:0.3", 0.3), ("leaky_relu:-2.0", 2.0)]
)
@pytest.mark.parametrize(("alpha", "power"), [(1.0, 0.5), (1.5, 1.4), (1.9, 0.3), (2.0, 1.5), (0.4, 0.39)])
@pytest.mark.parametrize("scale", [1e-200, 0.6, 1e200])
def test_a_straight_activation_has_moments_below_alpha(name, left, alpha, power, scale):
    """E|phi(sX)|^r = (1 + a^r) / 2 s^r E|X|^r, and E|X|^r by Gamma functions (Zolotarev 1986)."""
    if alpha == 2.0:  # the scale is the standard deviation
        moment = 2.0 ** (0.5 * power) * math.gamma(0.5 + 0.5 * power) / math.sqrt(math.pi)
    else:
        moment = 2.0**power * math.gamma(0.5 + 0.5 * power) * math.gamma(1.0 - power / alpha)
        moment /= math.sqrt(math.pi) * math.gamma(1.0 - 0.5 * power)
    expected = scale * (0.5 * (1.0 + left**power) * moment) ** (1.0 / power)
    # log(scale) of size 460 is rounded to 1e-13
    assert activation_size(activation(name), alpha, scale, power) == pytest.approx(
        expected, rel=3e-12 / min(1, power), abs=0.0
    )


@pytest.mark.parametrize("name", ["softplus", "silu", "gelu", "mish"])
def test_smooth_unbounded_activations(name):
    """ReLU plus a bounded rest: both means in log|h| at alpha = 1, the second one closed."""
    phi, power, y = activation(name), 0.5, np.linspace(-60.0, 60.0, 60_001)
    h, density = np.exp(y), 1.0 / (math.pi * np.cosh(y))
    rest = 0.5 * density * (np.abs(phi(h)) ** power - h**power + np.abs(phi(-h)) ** power)
    expected = np.trapezoid(rest, y) + 0.5 / math.cos(0.25 * math.pi)
    # the rest loses h^r eps / h at large h, which adds up to 1e-15
    assert activation_size(phi, 1.0, 1.0, power) == pytest.approx(expected**2, rel=1e-11)


def test_a_slow_activation_of_the_user():
    """E|X|^(r/2) for sign(h) sqrt|h|, of which only slope_at_infinity = 0 is known."""
    root = rj.Activation("root", lambda h: np.sign(h) * np.sqrt(np.abs(h)), np.zeros_like, slope_at_infinity=0.0)
    for alpha in (0.5, 1.0, 1.7):
        half = 0.5 * alpha
        moment = 2.0**half * math.gamma(0.5 + 0.5 * half) * math.gamma(0.5)
        moment /= math.sqrt(math.pi) * math.gamma(1.0 - 0.5 * half)
        expected = (3.0**half * moment) ** (1.0 / alpha)
        assert activation_size(root, alpha, 3.0, alpha) == pytest.approx(expected, rel=1e-11)
    nearly = rj.Activation("nearly", lambda h: h / np.log(3.0 + np.abs(h)), np.zeros_like, slope_at_infinity=0.0)
    with pytest.raises(ValueError, match="beyond the range of a float"):
        activation_size(nearly, 1.0, 1.0, 1.0)


def test_an_elu_of_the_user():
    def elu(h):
        return np.where(h > 0.0, h, np.expm1(np.minimum(h, 0.0)))

    def slope(h):
        return np.where(h > 0.0, 1.0, np.exp(np.minimum(h, 0.0)))

    known = {"slope_at_infinity": 1.0, "lower": -1.0, "monotone_from": -math.inf}
    phi = rj.Activation("elu", elu, slope, (0.0,), **known)
    y = np.linspace(-60.0, 60.0, 60_001)
    left = np.trapezoid(0.5 / (math.pi * np.cosh(y)) * np.sqrt(-np.expm1(-np.exp(y))), y)
    expected = (left + 0.5 / math.cos(0.25 * math.pi)) ** 2
    assert activation_size(phi, 1.0, 1.0, 0.5) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    ("phi", "alpha", "power", "words"),
    [
        (activation("relu"), 1.0, 1.0, "activation='relu' is unbounded"),
        (activation("relu"), 1.0, 1.5, "infinite for preactivations h of stable index 1,"),
        (activation("linear"), 0.3, 2.0, "is unbounded"),
        (rj.Activation("own", np.arcsinh, np.ones_like), 1.0, 1.0, "activation='own' is not known to be bounded"),
        (rj.Activation("odd", np.sinh, np.cosh, slope_at_infinity=1.0), 1.5, 1.0, "not known to be bounded"),
        (
            rj.Activation("sine", np.sin, np.cos, lower=-1.0, upper=1.0),
            1.0,
            1.0,
            "activation='sine': the function oscillates too often",
        ),
        (
            rj.Activation("nan", lambda h: np.where(np.abs(h) > 1e9, np.nan, 0.1), np.zeros_like, lower=0.0, upper=1.0),
            1.0,
            1.0,
            "activation='nan' returns NaN",
        ),
    ],
)
def test_no_size(phi, alpha, power, words):
    with pytest.raises(ValueError, match=words):
        activation_size(phi, alpha, 1.0, power)


@pytest.mark.parametrize("alpha", [0.1, 0.7, 1.0, 1.5, 1.99])
def test_the_input(alpha):
    # |x| = sqrt(2 q) G^(1/2) with G ~ Gamma(1/2): the trapezoidal rule in log|x|
    y = np.linspace(-500.0, 4.0, 50_401)
    moment = np.trapezoid(math.sqrt(2.0 / math.pi) * np.exp((1.0 + alpha) * y - 0.5 * np.exp(2.0 * y)), y)
    assert input_size(2.3, alpha) == pytest.approx(math.sqrt(2.3) * moment ** (1.0 / alpha), rel=1e-11)
    assert input_size(2.3, 2.0) == 2.3
    assert input_size(0.0, alpha) == 0.0


def test_weights_and_biases_add_in_the_alpha_norm():
    assert LayerScale(0.5, 2.0, 3.0).preactivation(2.0) == pytest.approx((2.0 + math.sqrt(3.0)) ** 2, rel=1e-15)
    assert LayerScale(1.0, 2.0, 3.0).preactivation(2.0) == pytest.approx(7.0, rel=1e-15)
    assert LayerScale(2.0, 2.0, 3.0).preactivation(2.0) == 7.0
    assert LayerScale(1.9, 1e300, 1e-300).preactivation(1.0) == 1e300
    assert LayerScale(1.9, 1.0, 0.0).preactivation(0.0) == 0.0


def test_layers_of_an_ensemble():
    weights = [rj.Cauchy(2.0), rj.Gaussian(3.0), rj.Stable(0.5, alpha=1.5), rj.StudentT(1.0), rj.Orthogonal(0.5)]
    biases = [rj.StudentT(1.0, scale=0.3), rj.Uniform(0.5), rj.Stable(0.2, alpha=1.5), rj.Cauchy(0.1), rj.Gaussian(0.2)]
    layers = layer_scales(rj.Ensemble.square(40, 5, "tanh", weights, biases))
    assert [layer.alpha for layer in layers] == [1.0, 2.0, 1.5, 1.0, 2.0]
    assert [layer.weight for layer in layers] == pytest.approx([2.0, 9.0, 0.5, 1.0, 0.25])
    assert [layer.bias for layer in layers] == pytest.approx([0.3, 0.25, 0.2, 0.1, 0.04])
    # a law of scale 0 is no bias
    (layer,) = layer_scales(rj.Ensemble.square(40, 1, "tanh", rj.Stable(alpha=0.8), rj.Gaussian(0.0)))
    assert layer.bias == 0.0


@pytest.mark.parametrize(
    ("weights", "biases", "words"),
    [
        ([rj.Gaussian(), rj.Cauchy()], [rj.Gaussian(), rj.Gaussian(0.1)], r"biases=Gaussian\(std=0.1\) of layer 1"),
        (rj.Stable(alpha=1.5), rj.Stable(alpha=1.4), r"which is Stable\(alpha=1.5\)"),
        (rj.StudentT(1.5), rj.StudentT(1.5), r"which is Stable\(alpha=1.5\)"),
        (rj.Gaussian(), rj.Cauchy(0.1), "of layer 0 have no variance"),
        (rj.StudentT(2.0), None, "sqrt"),
        (rj.Cauchy(0.0), None, "vanish in layer 0"),
        (rj.Stable(1e308, alpha=0.5, power=0.0), None, "leaves the range of a float"),
    ],
)
def test_layers_without_a_mean_field(weights, biases, words):
    with pytest.raises(ValueError, match=words):
        layer_scales(rj.Ensemble.square(10, 2, "tanh", weights, biases))

"""The maps of one layer against closed forms of ReLU, erf and HardTanh."""

import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.propagation.layer_maps import checked_layer as checked
from rmtjac.propagation.layer_maps import correlation_map, fixed_correlation, fixed_variance, stationary_scale
from tests.oracles.stable import within


@pytest.mark.parametrize(
    ("name", "weight", "bias", "expected"),
    [
        ("relu", 1.0, 0.5, 1.0),
        ("relu", 2.0, 0.0, 1.0),  # every q is fixed
        ("relu", 2.0, 0.1, math.inf),
        ("relu", 3.0, 0.0, math.inf),
        ("relu", 1.9, 0.0, 0.0),
        ("relu", 1.5, 1e-20, 4e-20),
        ("relu", 1.0, 1.0, 2.0),  # on a power of 2, where the bracket ends
        ("relu", 1.2, 0.4, 1.0),
        ("relu", 1.0, 0.125, 0.25),
        ("relu", 1.5, 1.0, 4.0),
        ("linear", 0.5, 0.25, 0.5),
        ("leaky_relu:0.5", 0.8, 1.0, 2.0),
        ("tanh", 1.0, 0.0, 0.0),
        ("tanh", 0.0, 0.3, 0.3),
        ("tanh", 0.0, 0.0, 0.0),
        ("sigmoid", 0.0, 0.0, 0.0),
        ("hardtanh", 0.9, 0.0, 0.0),
    ],
)
def test_fixed_point_known(name, weight, bias, expected):
    # brentq stops where the map meets the diagonal to within rounding
    assert fixed_variance(name, weight, bias) == pytest.approx(expected, rel=1e-12, abs=0.0)


def cauchy_mean(phi, q):
    """E|phi(q C)| by mpmath, in log|C|."""
    density = lambda y: abs(phi(q * mp.exp(y))) / mp.cosh(y) / mp.pi  # noqa: E731
    return mp.quad(density, mp.linspace(-45, 45, 31))


@pytest.mark.parametrize(
    ("name", "phi", "known"),
    [
        ("hardtanh", None, 0.596330),
        ("tanh", mp.tanh, 0.51207),
        ("erf", lambda h: mp.erf(mp.sqrt(mp.pi) * h / 2), 0.52950),
    ],
)
def test_stationary_scales_of_cauchy_weights(name, phi, known):
    with mp.workdps(20):
        if phi is None:
            step = lambda q: q / mp.pi * mp.log(1 + q**-2) + 2 / mp.pi * mp.atan(q)  # noqa: E731
        else:
            step = lambda q: cauchy_mean(phi, q)  # noqa: E731
        expected = float(mp.findroot(lambda q: step(q) - q, (known, known + 1e-3), tol=1e-26))
    assert expected == pytest.approx(known, abs=6e-6)
    scale = stationary_scale(name, "cauchy:1.0")
    assert scale == pytest.approx(expected, rel=1e-12)
    if name == "hardtanh":
        assert within(1.0, scale) == pytest.approx(0.65768, abs=5e-6)


def test_stationary_scale_of_any_law():
    # the sums over t-distributed weights of 1 degree of freedom are Cauchy
    assert stationary_scale("tanh", rj.StudentT(1.0)) == pytest.approx(stationary_scale("tanh", "cauchy"), rel=1e-14)
    assert stationary_scale("tanh", rj.Gaussian(1.2), rj.Gaussian(0.3)) == math.sqrt(fixed_variance("tanh", 1.44, 0.09))
    assert stationary_scale("tanh", rj.Gaussian(0.9)) == 0.0
    assert stationary_scale("relu", rj.Gaussian(2.0)) == math.inf
    # near alpha = 2 the stable law is a normal one of variance 2
    near = stationary_scale("tanh", rj.Stable(1.2, alpha=2.0 - 1e-7))
    assert near == pytest.approx(math.sqrt(0.5 * fixed_variance("tanh", 2.0 * 1.44, 0.0)), rel=1e-5)


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        (("relu", "cauchy"), ValueError, "activation='relu' is unbounded"),
        (("tanh", rj.Cauchy(1.0, power=0.5)), ValueError, "power=0.5 instead of 1"),
        (("tanh", rj.Cauchy(), rj.Cauchy(power=1.0)), ValueError, "biases=Cauchy(power=1.0)"),
        (("tanh", rj.Cauchy(), rj.Gaussian()), ValueError, "biases=Gaussian() of layer 0"),
        (("tanh", "cauchy:-1"), ValueError, "scale=-1"),
        (("tanh", "cauchy:0"), ValueError, "vanish"),
        (("tanh", "stable:1.0:2.5"), ValueError, "2.5"),
        (("tanh", 3.0), TypeError, "weights=3.0"),
        (("tan", "cauchy"), ValueError, "tan"),
    ],
)
def test_stationary_scale_names_what_is_wrong(args, error, words):
    with pytest.raises(error) as caught:
        stationary_scale(*args)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_correlation_map_is_read_only_and_keeps_its_shape():
    values = correlation_map("relu", 1.0, 0.5, [[0.0], [1.0]])  # q* = 1
    assert values == pytest.approx(np.array([[1 / (2 * math.pi) + 0.5], [1.0]]), rel=1e-12)
    assert not values.flags.writeable


@pytest.mark.parametrize(("weight", "bias"), [(1.0, 0.5), (1.9, 1e-3), (0.3, 2.0)])
def test_correlation_of_relu(weight, bias):
    # E max(h_1, 0) max(h_2, 0) = q (sin t + (pi - t) cos t) / (2 pi), c = cos t
    c = np.array([-1.0, -0.6, 0.0, 0.3, 0.999, 1.0 - 1e-9, 1.0])
    q = bias / (1.0 - 0.5 * weight)
    assert fixed_variance("relu", weight, bias) == pytest.approx(q, rel=1e-12)
    t = np.arccos(c)
    want = (weight * q * (np.sin(t) + (math.pi - t) * c) / (2 * math.pi) + bias) / q
    np.testing.assert_allclose(correlation_map("relu", weight, bias, c), want, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("weight", "bias"), [(1.5, 0.1), (3.0, 0.02), (0.5, 1.0)])
def test_correlation_of_erf(weight, bias):
    # E erf(a h_1) erf(a h_2) = (2 / pi) arcsin(2 a^2 q c / (1 + 2 a^2 q)), a^2 = pi / 4
    q = fixed_variance("erf", weight, bias)
    with mp.workdps(30):
        x = mp.pi * mp.mpf(q) / 2
        for c in (-1.0, -0.4, 0.2, 0.95, 1.0):
            want = (weight * 2 / mp.pi * mp.asin(x * c / (1 + x)) + bias) / q
            assert float(correlation_map("erf", weight, bias, c)) == pytest.approx(float(want), abs=1e-12)


def test_the_fixed_correlation_is_fixed():
    # 1 - c* from the slope of the chord; the map itself must return it
    for name, weight, bias in (("erf", 2.5, 0.05), ("tanh", 4.0, 0.3), ("hardtanh", 3.0, 0.2)):
        phi, *_ = checked(name, weight, bias)
        c = 1.0 - fixed_correlation(phi, weight, fixed_variance(name, weight, bias))
        assert 0.0 < c < 1.0
        assert float(correlation_map(name, weight, bias, c)) == pytest.approx(c, abs=1e-11)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: fixed_variance("tan", 1.0, 0.0), ValueError, "activation='tan'"),
        (
            lambda: fixed_variance("tanh", -1.0, 0.0),
            ValueError,
            "weight_variance=-1.0 must be a finite number >= 0",
        ),
        (lambda: correlation_map("tanh", 2.0, 0.1, 1.5), ValueError, "correlation=1.5"),
        (lambda: correlation_map("tanh", 0.5, 0.0, 0.5), ValueError, "the variance tends to 0.0"),
        (lambda: correlation_map("relu", 2.5, 0.0, 0.5), ValueError, "the variance tends to inf"),
        (lambda: correlation_map("tanh", 2.0, 0.1, [0.0, math.nan]), ValueError, "must be in [-1, 1]"),
        (lambda: fixed_variance("tanh", 1.0, math.inf), ValueError, "bias_variance=inf"),
        (lambda: fixed_variance("tanh", True, 0.0), TypeError, "weight_variance=True"),
    ],
)
def test_errors_name_the_argument(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)

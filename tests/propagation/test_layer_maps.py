"""The maps of one layer against closed forms of ReLU, erf and HardTanh."""

import math

import mpmath as mp
import numpy as np
import pytest

from rmtjac.propagation.layer_maps import checked_layer as checked
from rmtjac.propagation.layer_maps import correlation_map, fixed_correlation, fixed_variance


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

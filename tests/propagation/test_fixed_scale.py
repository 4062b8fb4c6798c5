"""Stationary scales against integrals without a density, at every size of the weights."""

import math

import mpmath as mp
import pytest

from rmtjac.activations import activation
from rmtjac.propagation.fixed_scale import fixed_scale, reached_scale
from rmtjac.propagation.layer_scales import LayerScale
from tests.oracles.stable import hardtanh_power


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.7, 1.0, 1.3, 1.5, 1.9, 1.99])
@pytest.mark.parametrize(("weight", "bias"), [(1.0, 0.0), (0.6, 0.0), (3.0, 0.2)])
def test_hardtanh_reproduces_itself(alpha, weight, bias):
    s = fixed_scale(activation("hardtanh"), LayerScale(alpha, weight, bias))
    again = (weight**alpha * hardtanh_power(alpha, s) + bias**alpha) ** (1.0 / alpha)
    assert again == pytest.approx(s, rel=1e-12 / min(alpha, 1.0))


@pytest.mark.parametrize("gamma", [0.5, 0.1, 0.02, 0.005])
def test_there_is_a_scale_for_weak_weights(gamma):
    """The closed map of HardTanh under Cauchy weights, solved in log q by mpmath: q* = 1e-136 at gamma = .005."""
    with mp.workdps(30):

        def excess(t):
            return gamma * (mp.log(1 + mp.exp(-2 * t)) / mp.pi + 2 / mp.pi * mp.atan(mp.exp(t)) * mp.exp(-t)) - 1

        expected = mp.exp(mp.findroot(excess, (1 - mp.pi / 2 / gamma, 0.5 - mp.pi / 2 / gamma)))
    # an error of 1e-13 of the step is divided by 1 - slope = 2 gamma / pi
    s = fixed_scale(activation("hardtanh"), LayerScale(1.0, gamma, 0.0))
    assert s == pytest.approx(float(expected), rel=1e-12 / gamma, abs=0.0)


@pytest.mark.parametrize("alpha", [0.5, 1.5, 1.9])
def test_the_slope_at_zero_is_a_logarithm(alpha):
    """E|phi(sX)|^alpha / s^alpha grows by alpha c log 10 for each factor 10 of s, alpha c from the tail of the law."""
    slope = 2.0 / math.pi * math.gamma(alpha + 1.0) * math.sin(0.5 * math.pi * alpha)
    values = [hardtanh_power(alpha, s) / s**alpha for s in (1e-6, 1e-7)]
    # the next term of the tail, of relative order s^alpha
    assert values[1] - values[0] == pytest.approx(slope * math.log(10.0), rel=10.0 * 1e-6**alpha + 1e-8)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (lambda s: s, 1.0),
        (lambda s: 0.5 * s, 0.0),
        (lambda s: 2.0 * s, math.inf),
        (lambda s: 0.0, 0.0),
        (lambda s: math.inf, math.inf),
        (lambda s: 0.75 * s + 1.0, 4.0),
        (lambda s: math.sqrt(s) * 1e-120, 1e-240),
        (lambda s: math.sqrt(s) * 1e120, 1e240),
        (lambda s: 2.0**-40 * math.sqrt(s), 2.0**-80),
    ],
)
def test_reached_scale(step, expected):
    # brentq in log s to 1e-15 and rounding of log s
    assert reached_scale(step) == pytest.approx(expected, rel=1e-12, abs=0.0)

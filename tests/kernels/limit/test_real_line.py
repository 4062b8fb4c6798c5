import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform_array
from rmtjac.kernels.limit.real_line import Interval, invert
from rmtjac.theory import DiscreteLaw, derivative_law

LAWS = {
    **{name: derivative_law(rj.activations.activation(name), 0.7) for name in ("hardtanh", "tanh", "erf", "gelu")},
    **{name: derivative_law(rj.activations.activation(name), 0.7) for name in ("softsign", "silu", "softplus")},
    "three": DiscreteLaw.from_points([0.0, 0.5, 2.0], [0.2, 0.3, 0.5]),
    "leaky": derivative_law(rj.activations.activation("leaky_relu:0.1"), 1.0),
}


def _m(law, v, interval):
    return float(law.moment_transform(-math.exp(v) if interval == Interval.NEGATIVE else math.exp(v)).real)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("interval", [Interval.NEGATIVE, Interval.BELOW])
def test_round_trip(name, interval):
    law = LAWS[name]
    tip = -math.log(law.supremum)
    v = np.linspace(-30.0, 12.0, 40) if interval == Interval.NEGATIVE else np.linspace(-30.0, tip - 1e-3, 40)
    targets = np.array([_m(law, x, interval) for x in v])
    top = 200.0 if interval == Interval.NEGATIVE else tip
    found = invert(*law.kernel, law.mass, interval, np.full(40, -40.0), np.full(40, top), targets)
    # m is known to 1e-15; for m near -p, where 1 + m/p is e^-12 to e^-6, that is 1e-15 over it.
    rest = 1.0 + targets / law.mass if interval == Interval.NEGATIVE else np.ones(40)
    assert (np.abs(found - v) <= 1e-13 * np.maximum(np.abs(v), 1.0) + 4e-15 / rest).all()


@pytest.mark.parametrize("name", ["three", "leaky"])
def test_round_trip_between_two_poles(name):
    law = LAWS[name]
    low, high = -math.log(law.values[-1]), -math.log(law.values[0])
    v = low + (high - low) * np.linspace(0.02, 0.98, 25)
    targets = np.array([_m(law, x, Interval.BETWEEN) for x in v])
    assert (np.diff(targets) > 0.0).all()
    found = invert(*law.kernel, law.mass, Interval.BETWEEN, np.full(25, low), np.full(25, high), targets)
    # rounding of m of size up to 30, over a slope of at least 0.3
    np.testing.assert_allclose(found, v, rtol=0, atol=1e-13)


def test_closed_form():
    # m = p u/(1 - u): u = m/(m + p), in a range of 60 decades.
    law = LAWS["hardtanh"]
    p = law.mass
    m = np.array([1e-30, 1e-3, 1.0, 1e6, 1e12])
    found = invert(*law.kernel, p, Interval.BELOW, np.full(5, -100.0), np.zeros(5), m)
    np.testing.assert_allclose(found, -np.log1p(p / m), rtol=1e-14, atol=1e-16)
    m = -p * np.array([1e-30, 1e-3, 0.5, 0.999])
    found = invert(*law.kernel, p, Interval.NEGATIVE, np.full(4, -100.0), np.full(4, 100.0), m)
    # 1 + m/p = 1e-3 carries a rounding of 1e-16
    np.testing.assert_allclose(found, np.log(-m / (m + p)), rtol=1e-12, atol=1e-13)


def test_the_python_function_says_the_same():
    law = LAWS["three"]
    arguments = (*law.kernel, law.mass, Interval.BELOW, np.array([-10.0]), np.array([-math.log(2.0)]), np.array([0.4]))
    np.testing.assert_allclose(invert.py_func(*arguments), invert(*arguments), rtol=1e-15)


def test_far_out_where_m_is_minus_the_mass():
    # 1 + m/p near 0 determines v: erf at q = 1, where it is (pi |u|)^... slow, against the kernel itself.
    law = LAWS["erf"]
    v = np.array([20.0, 60.0])
    c = log_moment_transform_array(*law.kernel, v - 1j * math.pi)[0].real
    targets = law.mass * (c - 1.0)
    found = invert(*law.kernel, law.mass, Interval.NEGATIVE, np.zeros(2), np.full(2, 200.0), targets)
    # c ~ |u|^(-1/(pi q)) loses the digits of 1 + m: 1e-16/c, over the slope .45
    np.testing.assert_allclose(found, v, atol=float(np.max(1e-15 / c)), rtol=1e-13)

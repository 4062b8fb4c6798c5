"""Intervals off the cut and the inverse of m_K there, against polynomials and closed forms."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, derivative_law
from rmtjac.theory.derivative_laws.real_line import FAR, discrete, evaluate, free_intervals, invert_m

POINTS, WEIGHTS = [0.5, 1.0, 4.0], [0.25, 0.5, 0.25]
LAW = DiscreteLaw.from_points(POINTS, WEIGHTS)


def _m(u):
    return sum(w * u * x / (1.0 - u * x) for x, w in zip(POINTS, WEIGHTS, strict=True))


def _solutions(m):
    """All real u with m_K(u) = m: roots of the polynomial prod (1 - u x) (m_K(u) - m), by numpy."""
    factors = [np.polynomial.Polynomial([1.0, -x]) for x in POINTS]
    total = -m * np.prod(factors)
    for i, (x, w) in enumerate(zip(POINTS, WEIGHTS, strict=True)):
        total = total + np.prod([f for j, f in enumerate(factors) if j != i]) * np.polynomial.Polynomial([0.0, w * x])
    roots = total.roots()
    return np.sort(roots[np.abs(roots.imag) < 1e-9].real)


def test_intervals_of_three_points():
    found = free_intervals(LAW)
    assert [one.sign for one in found] == [-1, 1, 1, 1, 1]
    ends = [(one.low, one.high) for one in found]
    want = [
        (-FAR, FAR),
        (-math.inf, -math.log(4.0)),
        (-math.log(4.0), 0.0),
        (0.0, math.log(2.0)),
        (math.log(2.0), math.inf),
    ]
    np.testing.assert_allclose(ends, want, atol=2e-14)
    ranges = [(one.m_low, one.m_high) for one in found]
    inf = math.inf
    assert ranges == [(-1.0, 0.0), (0.0, inf), (-inf, inf), (-inf, inf), (-inf, -1.0)]


@pytest.mark.parametrize("m", [-30.0, -1.5, -0.9, -1e-3, 1e-3, 0.7, 40.0])
def test_every_interval_has_the_root_of_the_polynomial(m):
    inside = [one for one in free_intervals(LAW) if one.m_low < m < one.m_high]
    found = [one.sign * math.exp(invert_m(one, np.array([m]))[0]) for one in inside]
    np.testing.assert_allclose(np.sort(found), _solutions(m), rtol=1e-11)


def test_bounds_narrow_the_search():
    one = free_intervals(LAW)[2]
    v = np.array([-1.0, -0.5])
    targets = np.array([_m(math.exp(x)) for x in v])
    found = invert_m(one, targets, (v - 1e-3, v + 1e-3))
    np.testing.assert_allclose(found, v, atol=1e-13)


@pytest.mark.parametrize("sign", [-1, 1])
def test_values_and_slopes(sign):
    v = np.array([-9.0, -3.0, -1.6])
    c, steep, log_ratio, log_slope = evaluate(LAW, v, sign)
    u = sign * np.exp(v)
    np.testing.assert_allclose(c, 1.0 + _m(u), rtol=1e-13)
    np.testing.assert_allclose(log_ratio, np.log(np.abs(_m(u) / u)), rtol=1e-13)
    slope = sum(w * u * x / (1.0 - u * x) ** 2 for x, w in zip(POINTS, WEIGHTS, strict=True))  # u dm/du
    np.testing.assert_allclose(steep, slope, rtol=1e-13)
    np.testing.assert_allclose(log_slope, slope / _m(u), rtol=1e-13)


def test_intervals_of_continuous_laws():
    # tanh: D^2 in (0, 1], so u < 0 and 0 < u < 1; softplus: D^2 in (0, 1) as well
    for name in ("tanh", "softplus", "erf"):
        law = derivative_law(rj.activations.activation(name), 0.5)
        assert not discrete(law)
        assert [one.sign for one in free_intervals(law)] == [-1, 1]
        assert abs(free_intervals(law)[1].high) < 1e-12
        assert math.isfinite(free_intervals(law)[1].m_high)
    assert discrete(LAW)
    # an activation whose slopes leave a gap: D in [1, 1.5] or 0.1
    steps = rj.Activation("gap", lambda h: h, lambda h: np.where(h > 0, 1.25 + 0.25 * np.sin(h), 0.1), (0.0,))
    law = derivative_law(steps, 1.0)
    ends = [(one.sign, one.low, one.high) for one in free_intervals(law)]
    assert [sign for sign, *_ in ends] == [-1, 1, 1, 1]
    assert ends[1][2] == pytest.approx(-2 * math.log(1.5), abs=1e-9)
    assert ends[2][1:] == (pytest.approx(0.0, abs=1e-9), pytest.approx(2 * math.log(10.0), abs=1e-9))

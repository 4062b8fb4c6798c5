"""Slopes of log lambda on the real line against mpmath, and their bounds against dense points."""

import math

import mpmath as mp
import numpy as np
import pytest

from rmtjac.theory import DiscreteLaw, Layers
from rmtjac.theory.derivative_laws.real_line import free_intervals, invert_m
from rmtjac.theory.equation.slopes import (
    Factors,
    Moments,
    between,
    beyond_a_pole,
    log_lambda,
    slope,
    slope_bounds,
    term_parts,
)

THREE = DiscreteLaw.from_points([0.0, 0.1, 0.4, 2.0], [0.1, 0.3, 0.4, 0.2])
TWO = DiscreteLaw.from_points([0.05, 1.0], [0.5, 0.5])
ONE = DiscreteLaw.from_points([0.0, 1.0], [0.3, 0.7])
LAYERS = {
    "one": Layers([THREE], [1.0]),
    "three equal": Layers([TWO] * 3, [1.0, 2.0, 0.5]),
    "rectangular": Layers([TWO, ONE], [1.0, 1.0], [3.0, 2.0, 1.0]),
    "orthogonal": Layers([THREE, THREE], [1.0, 1.0], orthogonal=[True, True]),
    "mixed": Layers([TWO, ONE], [1.0, 1.0], [1.0, 2.0, 3.0], [True, False]),
}


def _m(law, u):
    return sum(w * u * x / (1 - u * x) for x, w in zip(law.values.tolist(), law.weights.tolist(), strict=True))


def _points(layers, low, high, n):
    """m and stretches: all terms on the same kind of stretch of their own, where m is in the range of each."""
    m = np.linspace(low, high, n)
    options = []
    for law, r in zip(layers.groups, layers.ratios, strict=True):
        its = [one for one in free_intervals(law) if one.m_low < r * low and r * high < one.m_high]
        options.append(its)
    return m, options


def _exact(layers, stretches, m):
    """log lambda at m, with 40 digits: each u by bisection of its own m_K."""
    with mp.workdps(40):
        m = mp.mpf(m)
        total = mp.mpf(layers.log_scale) - mp.log(abs(m))
        for law, one, r, k in zip(layers.groups, stretches, layers.ratios, layers.counts, strict=True):
            guess = mp.mpf(one.sign) * mp.exp(mp.mpf(float(invert_m(one, np.array([float(r * m)]))[0])))
            u = mp.findroot(lambda u, law=law, r=r: _m(law, u) - mp.mpf(float(r)) * m, guess)
            total += mp.mpf(float(k)) * mp.log(abs(mp.mpf(float(r)) * m / u))
        for r, k in zip(layers.free_ratios, layers.free_counts, strict=True):
            total += mp.mpf(float(k)) * mp.log(abs(1 + mp.mpf(float(r)) * m))
        return total


RANGES = [(0.05, 0.6), (1.0, 20.0), (-0.15, -0.02), (-0.2, -0.19), (-30.0, -5.0)]


def _cases():
    for name, layers in LAYERS.items():
        for low, high in RANGES:
            m, options = _points(layers, low, high, 9)
            if not all(options):
                continue
            for place in range(max(map(len, options))):
                yield name, m, tuple(its[min(place, len(its) - 1)] for its in options)


CASES = list(_cases())


def test_the_cases_cover_all_kinds_of_stretches():
    kinds = {(one.sign, beyond_a_pole(one), between(one)) for _, _, stretches in CASES for one in stretches}
    assert kinds == {(-1, False, False), (1, False, False), (1, True, True), (1, True, False)}
    assert len(CASES) > 20


@pytest.mark.parametrize("i", range(len(CASES)))
def test_slope_and_value(i):
    name, m, stretches = CASES[i]
    layers = LAYERS[name]
    weights = Factors.of(layers)
    terms = [term_parts(one, invert_m(one, r * m)) for one, r in zip(stretches, layers.ratios, strict=True)]
    found = slope(layers, weights.on(layers, stretches), weights.quotients(m), stretches, terms)
    values = log_lambda(layers, m, stretches, terms)
    for j in (0, 4, 8):
        assert values[j] == pytest.approx(float(_exact(layers, stretches, m[j])), abs=1e-12)
        with mp.workdps(40):
            h = mp.mpf(10) ** -12  # central difference in log|m|: an error of 1e-24
            up, down = (_exact(layers, stretches, mp.mpf(float(m[j])) * mp.exp(s * h)) for s in (1, -1))
            expected = float((up - down) / (2 * h))
        assert found[j] == pytest.approx(expected, rel=1e-9, abs=1e-9)  # u is known to rounding times the condition


@pytest.mark.parametrize("i", range(len(CASES)))
def test_bounds_hold_between_the_points(i):
    name, m, stretches = CASES[i]
    layers = LAYERS[name]
    weights = Factors.of(layers)
    counts = weights.on(layers, stretches)

    def terms(at):
        return [term_parts(one, invert_m(one, r * at)) for one, r in zip(stretches, layers.ratios, strict=True)]

    coarse = terms(m)
    left, right = ([parts[part] for parts in coarse] for part in (slice(None, -1), slice(1, None)))
    quotients = weights.quotients(m)
    low, high = slope_bounds(layers, counts, (quotients[..., :-1], quotients[..., 1:]), stretches, left, right)
    rounding = 1e-9 * (1.0 + np.abs(low) + np.abs(high))
    for share in np.linspace(0.0, 1.0, 7):
        at = m[:-1] + share * np.diff(m)
        inner = slope(layers, counts, weights.quotients(at), stretches, terms(at))
        assert (inner >= low - rounding).all()
        assert (inner <= high + rounding).all()
    # and they are worth something: on ever smaller cells they meet
    one, other = m[4], m[4] * (1.0 + 1e-6)
    ends = np.sort([one, other])
    close = terms(ends)
    edge = weights.quotients(ends)
    low, high = slope_bounds(
        layers, counts, (edge[..., :1], edge[..., 1:]), stretches, [p[:1] for p in close], [p[1:] for p in close]
    )
    assert high[0] - low[0] < 1e-3 * (1.0 + abs(low[0]))


def test_rows_of_the_moments():
    # u = 1 lies between the poles 1/2 and 2.5 of THREE: t = 1/(1 - x) is 10/9 and 5/3 ahead, -1 passed
    one = next(one for one in free_intervals(THREE) if between(one) and one.low < 0.0 < one.high)
    parts = term_parts(one, np.zeros(1))
    w = np.array([0.3, 0.4, 0.2]) / 0.9
    mean = (w[:2] @ [10 / 9, 5 / 3]) / w[:2].sum()
    expected = {
        Moments.VARIANCE_AHEAD: w[0] * (10 / 9 - mean) ** 2 + w[1] * (5 / 3 - mean) ** 2,
        Moments.VARIANCE_PASSED: 0.0,
        Moments.MEAN_AHEAD: mean,
        Moments.MEAN_PASSED: 1.0,
        Moments.BOTH: (w[0] + w[1]) * w[2],
    }
    for row, value in expected.items():
        assert parts.moments[row, 0] == pytest.approx(value, rel=1e-13)
    steep = w * [0.1, 0.4, 2.0] * np.square([10 / 9, 5 / 3, -1.0])
    assert parts.passed[0] == pytest.approx(steep[2] / steep.sum(), rel=1e-13)
    assert parts.log_steep[0] == pytest.approx(math.log(steep.sum()), rel=1e-12)


def test_points_are_kept_in_order():
    one = free_intervals(TWO)[1]
    parts = term_parts(one, np.linspace(-3.0, -1.0, 6))
    again = parts[:2].followed_by(parts[2:5], parts[5:])
    for name in ("v", "q", "moments"):
        np.testing.assert_array_equal(getattr(again, name), getattr(parts, name))

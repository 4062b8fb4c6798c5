"""The inverse of m_K on the real line: u = e^v or -e^v with a given m_K(u), on an interval off the cut."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numba import njit

from rmtjac.kernels.limit.moment_transform import log_moment_transform

__all__ = ["Interval", "invert"]


class Interval(IntEnum):
    """An interval of the real line on which m_K is real and increases."""

    NEGATIVE = 0
    """u < 0."""
    BELOW = 1
    """0 < u < 1/b, below the first pole or tip of the cut."""
    BETWEEN = 2
    """u beyond a pole or a part of the cut."""


@njit(cache=True, nogil=True, error_model="numpy")
def _excess(kind, number, values, weights, panels, mass, interval, m, v):
    """Return f(v), which increases and is 0 where m_K = m, and f'(v), in the form that keeps its digits."""
    log_v = complex(v, -math.pi if interval == Interval.NEGATIVE else 0.0)
    at = log_moment_transform(kind, number, values, weights, panels, log_v)
    goal = 1.0 + m / mass
    if interval == Interval.BETWEEN:
        return at.rest.real - goal, (at.rest * at.log_rest_slope).real
    if interval == Interval.NEGATIVE and goal < 0.5:
        return math.log(goal) - at.log_rest.real, -at.log_rest_slope.real
    return at.log_ratio.real + v - math.log(abs(m)), at.log_ratio_slope.real + 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def invert(kind, number, values, weights, panels, mass, interval, low, high, targets):
    """Return v with m_K = target for each target, low <= v <= high, by Newton's method in a shrinking bracket."""
    out = np.empty(targets.size)
    v = math.nan
    for i in range(targets.size):
        a, b = low[i], high[i]
        if not a < v < b:  # the last solution is a good start where targets are in order
            v = 0.5 * (a + b)
        last = math.inf
        for _ in range(200):
            f, slope = _excess(kind, number, values, weights, panels, mass, interval, targets[i], v)
            if f > 0.0:
                b = v
            else:
                a = v
            # u = e^v determines v to 1e-16; a small step of Newton's method that no longer shrinks is noise.
            size = max(abs(v), 1.0)
            step = abs(f / slope)
            new = v - f / slope
            if step <= 2e-16 * size or (step < 1e-14 * size and step >= 0.5 * last):
                v = min(max(new, low[i]), high[i])
                break
            last = step
            if not a < new < b:
                new, last = 0.5 * (a + b), math.inf
                if not a < new < b:
                    break
            v = new
        out[i] = v
    return out

"""The real inverse of m_K: u = e^v or -e^v with given m_K(u), on a stretch of the line that the cut leaves free."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.limit.moment_transform import log_moment_transform

__all__ = ["BELOW", "BETWEEN", "NEGATIVE", "invert"]

NEGATIVE, BELOW, BETWEEN = 0, 1, 2  # u < 0; u below the first pole; u beyond one


@njit(cache=True, nogil=True, error_model="numpy")
def _excess(kind, number, values, weights, panels, mass, stretch, m, v):
    """Return f(v) growing through 0 where m_K = m, and f'(v); the form that keeps its digits."""
    log_v = complex(v, -math.pi if stretch == NEGATIVE else 0.0)
    c, log_c, c1, s, s1, _ = log_moment_transform(kind, number, values, weights, panels, log_v)
    goal = 1.0 + m / mass
    if stretch == BETWEEN:
        return c.real - goal, (c * c1).real
    if stretch == NEGATIVE and goal < 0.5:
        return math.log(goal) - log_c.real, -c1.real
    return s.real + v - math.log(abs(m)), s1.real + 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def invert(kind, number, values, weights, panels, mass, stretch, low, high, targets):
    """Return v for each target of m_K, low <= v <= high: Newton, kept in a shrinking bracket."""
    out = np.empty(targets.size)
    v = math.nan
    for i in range(targets.size):
        a, b = low[i], high[i]
        if not a < v < b:  # the last solution is a good start where targets are in order
            v = 0.5 * (a + b)
        last = math.inf
        for _ in range(200):
            f, slope = _excess(kind, number, values, weights, panels, mass, stretch, targets[i], v)
            if f > 0.0:
                b = v
            else:
                a = v
            # u = e^v knows v to 1e-16; a small step of Newton's that no longer shrinks is noise.
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

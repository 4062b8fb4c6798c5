r"""Bounds of phi and phi' over many intervals \|h - middle\| <= radius at once."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.activations import Code, value
from rmtjac.kernels.boxes.activations import derivative_range

__all__ = ["ranges"]

_TWO_UNITS = 2.0**-52
_ULPS = 8.0 * _TWO_UNITS  # largest error of library functions; see `rmtjac.kernels.boxes.activations`
_TINY = 1e-300


@njit(cache=True, nogil=True)
def ranges(code, a, middle, radius):
    """Enclose phi and phi' on `middle` +- `radius`; at a kink all values between the one-sided slopes count.

    The bounds of phi come from the mean value theorem, and, where phi is monotone, also from its values at the ends of
    the interval; the narrower ones are taken. All are rounded outward.

    Parameters
    ----------
    code, a
        Code and parameter of the activation; see `rmtjac.kernels.activations`.
    middle, radius
        Centres and half lengths of the intervals, each of shape (m,).

    Returns
    -------
    tuple
        Centres and radii of the ranges of phi, least and largest slopes, each of shape (m,); NaN where an end of the
        interval is not finite.
    """
    m = middle.size
    centre, spread, least, most = np.empty(m), np.empty(m), np.empty(m), np.empty(m)
    for i in range(m):
        pad = _TWO_UNITS * (abs(middle[i]) + radius[i]) + (_TINY if radius[i] > 0.0 else 0.0)
        low, high = middle[i] - radius[i] - pad, middle[i] + radius[i] + pad
        if not (low > -math.inf and high < math.inf):
            centre[i] = spread[i] = least[i] = most[i] = math.nan
            continue
        least[i], most[i] = derivative_range(code, a, low, high)
        # The mean value theorem is the sharper bound on short intervals.
        at = value(code, a, middle[i])
        exact = code == Code.LINEAR or code == Code.RELU or code == Code.HARDTANH or code == Code.RELU6
        off = 0.0 if exact else _ULPS * abs(at) + _TINY
        off += max(abs(least[i]), abs(most[i])) * (high - low) * (0.5 + 2.0 * _TWO_UNITS)
        bottom, top = at - off, at + off
        if least[i] >= 0.0 or most[i] <= 0.0:  # monotone
            one, two = value(code, a, low), value(code, a, high)
            if least[i] < 0.0:
                one, two = two, one
            bottom = max(bottom, one - (0.0 if exact else _ULPS * abs(one) + _TINY))
            top = min(top, two + (0.0 if exact else _ULPS * abs(two) + _TINY))
        centre[i] = 0.5 * bottom + 0.5 * top
        spread[i] = max(top - centre[i], centre[i] - bottom) + 2.0 * _TWO_UNITS * (abs(bottom) + abs(top)) + _TINY
    return centre, spread, least, most

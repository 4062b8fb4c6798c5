r"""Activation functions over intervals: the range of phi', and a strip around a line that contains the graph of phi.

All bounds are rounded outward. Each includes the error of the library functions (at most `_ULPS`, tested against
arithmetic of 50 digits), and the rounding errors of the operations here.
"""

from __future__ import annotations

import math

from numba import njit

from rmtjac.kernels.activations import Code, derivative, value

__all__ = ["derivative_range", "kinks", "strip"]

_UNIT = 2.0**-53
_ULPS = 16.0 * _UNIT
_TINY = 1e-300  # covers errors of underflow
# Zeros of phi''. silu (zeros +-_SILU), gelu (+-_GELU) and mish are convex between their two zeros.
_SILU = 2.3993572805154668
_GELU = math.sqrt(2.0)
_MISH_LOW, _MISH_HIGH = -2.2563763963607931, 1.4905711794854285
_NEAR = 1e-9  # inflections are rounded, so an interval that is nearer to one than this counts as containing it


@njit(cache=True, nogil=True)
def kinks(code):
    """Return the number of kinks of phi, and the places of the first and the second one (0 if there is none)."""
    if code == Code.RELU or code == Code.LEAKY_RELU:
        return 1, 0.0, 0.0
    if code == Code.HARDTANH:
        return 2, -1.0, 1.0
    if code == Code.RELU6:
        return 2, 0.0, 6.0
    return 0, 0.0, 0.0


@njit(cache=True, nogil=True)
def _inflections(code):
    """Return (low, high): phi is convex between them and concave elsewhere. For S-shaped phi low is -inf."""
    if code == Code.SOFTPLUS:
        return -math.inf, math.inf
    if code == Code.SILU:
        return -_SILU, _SILU
    if code == Code.GELU:
        return -_GELU, _GELU
    if code == Code.MISH:
        return _MISH_LOW, _MISH_HIGH
    return -math.inf, 0.0


@njit(cache=True, nogil=True)
def derivative_range(code, a, low, high):
    """Return lower and upper bounds of phi' over [low, high]; at a kink both one-sided slopes count."""
    if code <= Code.RELU6:
        # An interval that only touches a kink contains points on both sides of it up to rounding.
        count, first, second = kinks(code)
        left, right = _slope(code, a, low, True), _slope(code, a, high, False)
        least, most = min(left, right), max(left, right)
        if count == 2 and low <= second and high >= first:
            least, most = min(least, 1.0), max(most, 1.0)
        return least, most
    left, right = derivative(code, a, low), derivative(code, a, high)
    least, most = min(left, right), max(left, right)
    first, second = _inflections(code)
    if low - _NEAR <= first <= high + _NEAR:
        least = min(least, derivative(code, a, first))
    if low - _NEAR <= second <= high + _NEAR:
        most = max(most, derivative(code, a, second))
    if code == Code.ERF:  # exp(-pi h^2 / 4): the exponent itself is rounded
        pad = (_ULPS + 4.0 * _UNIT * max(low * low, high * high)) * most + _TINY
        return max(0.0, least - pad), most + pad
    if code >= Code.SILU:
        return least - 2.0 * _ULPS, most + 2.0 * _ULPS
    pad = _ULPS * most + _TINY
    return max(0.0, least - pad), most + pad


@njit(cache=True, nogil=True)
def _slope(code, a, h, left):
    """Return the slope of a piecewise affine phi at h; at a kink the left one if `left`, else the right one."""
    if code == Code.LINEAR:
        return 1.0
    below = a if code == Code.LEAKY_RELU else 0.0
    above = 0.0 if code >= Code.HARDTANH else 1.0
    count, first, second = kinks(code)
    if h < first or (left and h == first):
        return below
    if count == 1:
        return above
    if h < second or (left and h == second):
        return 1.0
    return above


@njit(cache=True, nogil=True)
def strip(code, a, low, high):
    r"""Return a line s h + t with |phi(h) - s h - t| <= e for low <= h <= high.

    For a piecewise affine phi the line is the best of three: the chord, and lines of slope 0 and 1. For a smooth phi
    that is convex or concave on the interval it is halfway between the chord and a parallel line on the other side of
    the graph, which follows from the tangent in the middle. With an inflection inside the slope is the minimum or the
    maximum of phi', so that phi(h) - s h is monotone and its values at the ends bound it.

    Returns
    -------
    tuple
        The slope s, the offset t, the error e, and whether phi is exactly this line on the interval.
    """
    if code <= Code.RELU6:
        return _affine_strip(code, a, low, high)
    first, second = _inflections(code)
    middle = 0.5 * (low + high)
    at_low, at_high = value(code, a, low), value(code, a, high)
    reach = max(abs(low), abs(high))
    size = max(abs(at_low), abs(at_high)) + abs(value(code, a, middle))
    width = high - low
    convex = low >= first + _NEAR and high <= second - _NEAR
    concave = low >= second + _NEAR or high <= first - _NEAR
    if (convex or concave) and width > 0.0:
        s = (at_high - at_low) / width
        if not abs(s) <= 4.0:  # the interval is so short that the quotient is only rounding error
            s = derivative(code, a, middle)
        ends = at_low - s * low, at_high - s * high
        half = max(high - middle, middle - low)
        touch = value(code, a, middle) - s * middle
        tilt = abs(derivative(code, a, middle) - s) * half
        if convex:
            top, bottom = max(ends[0], ends[1]), touch - tilt
        else:
            bottom, top = min(ends[0], ends[1]), touch + tilt
        pad = _ULPS * (size + 2.0 * abs(s) * reach + half) + _TINY
        return s, 0.5 * (top + bottom), 0.5 * (top - bottom) + pad, False
    least, most = derivative_range(code, a, low, high)
    # phi(h) - s h is monotone for both slopes.
    rise_least = (at_high - least * high) - (at_low - least * low)
    rise_most = (at_low - most * low) - (at_high - most * high)
    s, rise = (least, rise_least) if rise_least < rise_most else (most, rise_most)
    pad = _ULPS * (size + 2.0 * abs(s) * reach) + _TINY
    t = 0.5 * ((at_low - s * low) + (at_high - s * high))
    return s, t, 0.5 * max(rise, 0.0) + pad, False


@njit(cache=True, nogil=True)
def _affine_strip(code, a, low, high):
    """Return what `strip` returns, for a piecewise affine phi."""
    if code == Code.LINEAR:
        return 1.0, 0.0, 0.0, True
    count, first, second = kinks(code)
    below = a if code == Code.LEAKY_RELU else 0.0
    if high <= first:
        return below, (first if code == Code.HARDTANH else 0.0), 0.0, True
    if low >= second:
        return (1.0, 0.0, 0.0, True) if count == 1 else (0.0, second, 0.0, True)
    if low >= first and (count == 1 or high <= second):
        return 1.0, 0.0, 0.0, True
    best, t, error = math.nan, 0.0, math.inf
    width = high - low
    at_low, at_high = value(code, a, low), value(code, a, high)
    for s in ((at_high - at_low) / width, 0.0, 1.0):
        # phi(h) - s h is extreme at an end or at a kink.
        one, two = at_low - s * low, at_high - s * high
        bottom, top = min(one, two), max(one, two)
        if low < first < high:
            rest = value(code, a, first) - s * first
            bottom, top = min(bottom, rest), max(top, rest)
        if count == 2 and low < second < high:
            rest = value(code, a, second) - s * second
            bottom, top = min(bottom, rest), max(top, rest)
        if top - bottom < 2.0 * error:
            best, t, error = s, 0.5 * (top + bottom), 0.5 * (top - bottom)
    reach = max(abs(low), abs(high))
    return best, t, error + 4.0 * _UNIT * (2.0 + max(abs(best), 1.0) * reach + 6.0) + _TINY, False

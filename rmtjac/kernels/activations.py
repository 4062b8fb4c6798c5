"""Activation functions by integer code, one number at a time.

The codes are those of `rmtjac.activations`; an integer instead of a function argument keeps the
compiled kernels in Numba's cache between processes.
"""

from __future__ import annotations

import math

from numba import njit

__all__ = ["derivative", "value"]

_HALF_ROOT_PI = 0.5 * math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)
_NORMAL = 1.0 / math.sqrt(2.0 * math.pi)


@njit(cache=True, nogil=True)
def _sigmoid(h):
    e = math.exp(-abs(h))
    return (1.0 if h >= 0.0 else e) / (1.0 + e)


@njit(cache=True, nogil=True)
def _sigmoid_prime(h):
    e = math.exp(-abs(h))
    return e / ((1.0 + e) * (1.0 + e))


@njit(cache=True, nogil=True)
def _mish_gate(h):
    # tanh(softplus h) = n / (n + 2) with n = e^h (e^h + 2), and 1 minus it, both without overflow.
    e = math.exp(-abs(h))
    n = 1.0 + 2.0 * e if h >= 0.0 else e * (e + 2.0)
    rest = 2.0 * e * e if h >= 0.0 else 2.0
    return n / (n + rest), rest / (n + rest)


@njit(cache=True, nogil=True)
def value(code, a, h):
    """Return phi(h) of the activation with this `code` and parameter `a`."""
    if code == 0:
        return h
    if code == 1:
        return max(h, 0.0)
    if code == 2:
        return h if h > 0.0 else a * h
    if code == 3:
        return min(max(h, -1.0), 1.0)
    if code == 4:
        return min(max(h, 0.0), 6.0)
    if code == 5:
        return math.tanh(h)
    if code == 6:
        return math.erf(_HALF_ROOT_PI * h)
    if code == 7:
        return _sigmoid(h)
    if code == 8:
        return h / (1.0 + abs(h))
    if code == 9:
        return math.atan(h)
    if code == 10:
        return max(h, 0.0) + math.log1p(math.exp(-abs(h)))
    if code == 11:
        return h * _sigmoid(h)
    if code == 12:
        return h * 0.5 * math.erfc(-_ROOT_HALF * h)
    if code == 13:
        return h * _mish_gate(h)[0]
    return math.nan


@njit(cache=True, nogil=True)
def derivative(code, a, h):
    """Return phi'(h) of the activation with this `code` and parameter `a`."""
    if code == 0:
        return 1.0
    if code == 1:
        return 1.0 if h > 0.0 else 0.0
    if code == 2:
        return 1.0 if h > 0.0 else a
    if code == 3:
        return 1.0 if abs(h) < 1.0 else 0.0
    if code == 4:
        return 1.0 if 0.0 < h < 6.0 else 0.0
    if code == 5:
        return 4.0 * _sigmoid_prime(2.0 * h)
    if code == 6:
        return math.exp(-_HALF_ROOT_PI * _HALF_ROOT_PI * h * h)
    if code == 7:
        return _sigmoid_prime(h)
    if code == 8:
        return 1.0 / ((1.0 + abs(h)) * (1.0 + abs(h)))
    if code == 9:
        return 1.0 / (1.0 + h * h)
    if code == 10:
        return _sigmoid(h)
    if code == 11:
        return _sigmoid(h) + h * _sigmoid_prime(h)
    if code == 12:
        return 0.5 * math.erfc(-_ROOT_HALF * h) + h * _NORMAL * math.exp(-0.5 * h * h)
    if code == 13:
        gate, rest = _mish_gate(h)
        return gate + h * rest * (1.0 + gate) * _sigmoid(h)
    return math.nan

"""Activation functions and their derivatives, compiled, for one number at a time.

A kernel gets an activation as an integer, its `Code`, and not as a function: Numba then keeps the compiled kernel in
its cache between processes. The numbers are those of the registry in `rmtjac.activations`.
"""

from __future__ import annotations

import math
from enum import IntEnum

from numba import njit

__all__ = ["Code", "derivative", "value"]

_HALF_ROOT_PI = 0.5 * math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)
_NORMAL = 1.0 / math.sqrt(2.0 * math.pi)


class Code(IntEnum):
    """The number of each activation that the kernels know; those up to `RELU6` are piecewise affine."""

    LINEAR = 0
    RELU = 1
    LEAKY_RELU = 2
    HARDTANH = 3
    RELU6 = 4
    TANH = 5
    ERF = 6
    SIGMOID = 7
    SOFTSIGN = 8
    ARCTAN = 9
    SOFTPLUS = 10
    SILU = 11
    GELU = 12
    MISH = 13


@njit(cache=True, nogil=True)
def _sigmoid(h):
    """Return 1 / (1 + exp(-h)) without overflow."""
    e = math.exp(-abs(h))
    return (1.0 if h >= 0.0 else e) / (1.0 + e)


@njit(cache=True, nogil=True)
def _sigmoid_prime(h):
    """Return the derivative of the sigmoid without overflow."""
    e = math.exp(-abs(h))
    return e / ((1.0 + e) * (1.0 + e))


@njit(cache=True, nogil=True)
def _mish_gate(h):
    """Return tanh(softplus(h)) and 1 minus it, both without overflow.

    With n = e^h (e^h + 2) they are n / (n + 2) and 2 / (n + 2).
    """
    e = math.exp(-abs(h))
    n = 1.0 + 2.0 * e if h >= 0.0 else e * (e + 2.0)
    rest = 2.0 * e * e if h >= 0.0 else 2.0
    return n / (n + rest), rest / (n + rest)


@njit(cache=True, nogil=True)
def value(code, a, h):
    """Return phi(h) for the activation with this `code` and parameter `a`; NaN for an unknown code."""
    if code == Code.LINEAR:
        return h
    if code == Code.RELU:
        return max(h, 0.0)
    if code == Code.LEAKY_RELU:
        return h if h > 0.0 else a * h
    if code == Code.HARDTANH:
        return min(max(h, -1.0), 1.0)
    if code == Code.RELU6:
        return min(max(h, 0.0), 6.0)
    if code == Code.TANH:
        return math.tanh(h)
    if code == Code.ERF:
        return math.erf(_HALF_ROOT_PI * h)
    if code == Code.SIGMOID:
        return _sigmoid(h)
    if code == Code.SOFTSIGN:
        return h / (1.0 + abs(h))
    if code == Code.ARCTAN:
        return math.atan(h)
    if code == Code.SOFTPLUS:
        return max(h, 0.0) + math.log1p(math.exp(-abs(h)))
    if code == Code.SILU:
        return h * _sigmoid(h)
    if code == Code.GELU:
        return h * 0.5 * math.erfc(-_ROOT_HALF * h)
    if code == Code.MISH:
        return h * _mish_gate(h)[0]
    return math.nan


@njit(cache=True, nogil=True)
def derivative(code, a, h):
    """Return phi'(h) for the activation with this `code` and parameter `a`, at a kink one of the one-sided slopes."""
    if code == Code.LINEAR:
        return 1.0
    if code == Code.RELU:
        return 1.0 if h > 0.0 else 0.0
    if code == Code.LEAKY_RELU:
        return 1.0 if h > 0.0 else a
    if code == Code.HARDTANH:
        return 1.0 if abs(h) < 1.0 else 0.0
    if code == Code.RELU6:
        return 1.0 if 0.0 < h < 6.0 else 0.0
    if code == Code.TANH:
        return 4.0 * _sigmoid_prime(2.0 * h)
    if code == Code.ERF:
        return math.exp(-_HALF_ROOT_PI * _HALF_ROOT_PI * h * h)
    if code == Code.SIGMOID:
        return _sigmoid_prime(h)
    if code == Code.SOFTSIGN:
        return 1.0 / ((1.0 + abs(h)) * (1.0 + abs(h)))
    if code == Code.ARCTAN:
        return 1.0 / (1.0 + h * h)
    if code == Code.SOFTPLUS:
        return _sigmoid(h)
    if code == Code.SILU:
        return _sigmoid(h) + h * _sigmoid_prime(h)
    if code == Code.GELU:
        return 0.5 * math.erfc(-_ROOT_HALF * h) + h * _NORMAL * math.exp(-0.5 * h * h)
    if code == Code.MISH:
        gate, rest = _mish_gate(h)
        return gate + h * rest * (1.0 + gate) * _sigmoid(h)
    return math.nan

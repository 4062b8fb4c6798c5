"""One layer of the forward pass, and facts about an activation that follow from its code, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.activations import Code, derivative, value

__all__ = ["activate", "derivative_has_zeros", "homogeneous", "preactivations"]


@njit(cache=True, nogil=True)
def preactivations(weights, biases, x):
    """Return h = W x + b."""
    return np.dot(weights, x) + biases


@njit(cache=True, nogil=True)
def activate(code, parameter, h):
    """Return phi(h) and phi'(h), elementwise."""
    y, d = np.empty_like(h), np.empty_like(h)
    for i in range(h.size):
        y[i] = value(code, parameter, h[i])
        d[i] = derivative(code, parameter, h[i])
    return y, d


@njit(cache=True, nogil=True)
def homogeneous(code):
    """Return whether phi(c h) = c phi(h) for all c > 0, so that a scale can be taken out of the signal."""
    return code in (Code.LINEAR, Code.RELU, Code.LEAKY_RELU)


@njit(cache=True, nogil=True)
def derivative_has_zeros(code):
    """Return whether phi' is exactly 0 on an interval; of the other activations it is 0 only by underflow."""
    return code in (Code.RELU, Code.LEAKY_RELU, Code.HARDTANH, Code.RELU6)

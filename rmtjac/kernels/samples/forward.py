"""One layer of the forward pass, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.activations import derivative, value

__all__ = ["activate", "preactivations"]


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

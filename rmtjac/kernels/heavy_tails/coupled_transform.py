"""The sum of w_k x_k exp(-a x_k^2 - b x_k) over points x_k in increasing order, for many complex a and b."""

from __future__ import annotations

import cmath

import numpy as np
from numba import njit

__all__ = ["coupled_transform"]


@njit(cache=True, nogil=True, error_model="numpy")
def coupled_transform(a, b, points, weights):
    """Return the sums, shape of a; terms below e^-45 end a sum where all later ones are smaller."""
    out = np.empty(a.size, dtype=np.complex128)
    for i in range(a.size):
        falls = a[i].real >= 0.0 and b[i].real >= 0.0
        total = 0j
        for k in range(points.size):
            x = points[k]
            exponent = -(a[i] * x + b[i]) * x
            if exponent.real < -45.0:
                if falls:
                    break
                continue
            total += weights[k] * x * cmath.exp(exponent)
        out[i] = total
    return out

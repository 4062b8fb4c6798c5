"""One step of AdamW with lower bounds, in a single pass over all parameters."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["adamw"]


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def adamw(theta, gradient, first, second, floor, rates, shrink, small):
    """Move theta in place and clip it at `floor`; all arrays have the precision of theta.

    `rates` holds 1 - beta_1, 1 - beta_2, rate/(1 - beta_1^t) and 1/sqrt(1 - beta_2^t); `shrink` is 1 - rate x decay;
    `small` is added to the root of the second moment.
    """
    forget1, forget2, rate, scale = rates[0], rates[1], rates[2], rates[3]
    for i in range(theta.size):
        g = gradient[i]
        m = first[i] + forget1 * (g - first[i])
        v = second[i] + forget2 * (g * g - second[i])
        first[i] = m
        second[i] = v
        new = theta[i] * shrink - rate * m / (np.sqrt(v) * scale + small)
        theta[i] = new if new > floor[i] else floor[i]

"""Complex division that returns NaN for a division by 0; that of Numba raises an error with any error model."""

from __future__ import annotations

import math

from numba import njit

__all__ = ["over"]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def over(a, b):
    """Return a / b, NaN where b = 0: for the solvers NaN is a failed step, as every comparison with it is false."""
    if b == 0.0:
        return complex(math.nan, math.nan)
    return a / b

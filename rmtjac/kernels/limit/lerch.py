r"""The Lerch transcendent Phi(z, 1/2, a), compiled, for every z off the cut [1, inf) and on its lower side.

.. math:: \Phi(z, \tfrac12, a) = \pi^{-1/2} \int_{-\infty}^{\infty} \frac{e^{-a t^2}}{1 - z e^{-t^2}}\, dt

The trapezoid rule converges like exp(-2 pi d / h), d the distance of the poles t^2 = log z + 2 pi i k to the
real axis. The residues of the poles that are too close are added exactly (Trefethen and Weideman 2014, Section 5), so
that the distance to the cut does not matter. docs/theory/lerch.md has the derivation.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

from rmtjac.kernels.limit.quotient import over

__all__ = ["lerch_half"]

_ROOT_PI = math.sqrt(math.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def lerch_half(z, a):
    """Return Phi(z, 1/2, a) and z dPhi/dz for a > 0; a real z > 1 stands for z - i0.

    The relative error is about 1e-14; a call takes about 1 us.
    """
    if z == 0.0:
        return 1.0 / math.sqrt(a) + 0.0j, 0.0j
    if a < 1e-4:  # the grid would grow like a^(-1/2); the first term exceeds the others, 1.2 (log |z|)^(1/2), by far
        rest, slope = _trapezoid(z, a + 1.0)
        return 1.0 / math.sqrt(a) + z * rest, z * (rest + slope)
    return _trapezoid(z, a)


@njit(cache=True, nogil=True, error_model="numpy")
def _trapezoid(z, a):
    """Return Phi(z, 1/2, a) and z dPhi/dz for z != 0 and an a that is not tiny."""
    h = min(0.28, 0.51 / math.sqrt(a))
    # Next to z = 1 the function behaves like (1 - z)^{-1/2}; 1 - z is exact there and must keep its digits.
    log_z = cmath.log(z)
    close = abs(z - 1.0) < 0.5
    if close:
        log_z = complex(0.5 * math.log1p((z.real - 1.0) * (z.real + 1.0) + z.imag * z.imag), log_z.imag)
    if log_z.imag == math.pi:
        log_z = complex(log_z.real, -math.pi)  # so that the negative axis belongs to the lower half-plane
    # Of the two grids symmetric about 0, the one that stays away from the pole nearest to the axis is used.
    nearest = cmath.sqrt(log_z)
    offset = 0.5 * h if cmath.exp(2j * math.pi * nearest / h).real > 0.0 else 0.0
    last = max(log_z.real, 0.0) + 40.0 / a  # beyond it the terms are below 1e-17 of the sum
    last = math.sqrt(min(last, 60.0 / (a - 1.0)) if a > 2.0 else last)
    total, slope = 0.0j, 0.0j
    for j in range(int(last / h) + 2):
        t = j * h + offset
        decay = math.exp(-t * t)
        weight = (1.0 if t == 0.0 else 2.0) * h * math.exp(-a * t * t)
        inverse = over(1.0 + 0.0j, (1.0 - z) - z * math.expm1(-t * t) if close else 1.0 - z * decay)
        total += weight * inverse
        slope += weight * z * decay * inverse * inverse
    turn, top = 2j * math.pi / h, math.pi / (a * h)
    size = -min(a, 1.0) * max(log_z.real, 0.0)  # logarithm of the size of Phi
    for sign in (1, -1):
        k = 0 if sign == 1 else -1
        while True:
            w = log_z + 2j * math.pi * k
            t = cmath.sqrt(w)
            if t.imag <= 0.0:
                t = -t
            # The line Im t = pi / (a h) bounds the error of the grid by exp(-pi^2 / (a h^2)) <= 4e-17.
            if t.imag <= top and (turn * t).real - a * w.real > size - 45.0:
                e = cmath.exp(turn * (t - offset))
                # The poles t and -t contribute equally.
                residue = over(-2j * math.pi * cmath.exp(-a * w) * e, t * (1.0 - e))
                total += residue
                slope += residue * (-a - over(0.5 + 0.0j, w) + over(0.5 * turn, t * (1.0 - e)))
            elif abs(k) > 1:  # from here on Im t grows
                break
            k += sign
    return total / _ROOT_PI, slope / _ROOT_PI


@njit(cache=True, nogil=True, error_model="numpy")
def lerch_half_array(z, a):
    """Return Phi(z, 1/2, a) for one-dimensional arrays of equal length."""
    out = np.empty(z.size, dtype=np.complex128)
    for i in range(z.size):
        out[i] = lerch_half(z[i], a[i])[0]
    return out

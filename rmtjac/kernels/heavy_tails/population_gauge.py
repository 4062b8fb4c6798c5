r"""The scale that the cavity equations leave free as lambda tends to 0, fixed by a conservation law.

At eta = 0 the equations do not change if all A are divided by a constant and all b multiplied by it. So for a small
eta the pools find this constant slowly. The traces of J J^T and J^T J fix it:

.. math:: n_0\, E\,\frac{b}{\eta + b} = n_L\, E\,\frac{D^2 A}{\eta + D^2 A} .
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

__all__ = ["balance", "ray"]

_STEPS = 4
_FARTHEST = 2.0


@njit(cache=True, nogil=True, error_model="numpy")
def ray(log_lam, angle):
    """Return the real and imaginary part of eta, where eta^2 = -lambda exp(i angle) and Re eta > 0."""
    size = math.exp(0.5 * log_lam)
    return size * math.sin(0.5 * angle), -size * math.cos(0.5 * angle)


@njit(cache=True, nogil=True, error_model="numpy")
def _current(many, d, ar, ai, b_r, b_i, eta, m, t):
    """Return n_0/n_L E b/(eta + b) minus E D^2 A/(eta + D^2 A) with b e^t and A e^-t, its slope in t, and the latter."""
    up, down = cmath.exp(t), cmath.exp(-t)
    difference, tangent, total = 0.0j, 0.0j, 0.0j
    size = d.size
    for i in range(size):
        first = eta / (eta + up * complex(b_r[i, m], b_i[i, m]))
        last = eta / (eta + down * (d[i] * d[i]) * complex(ar[i, m], ai[i, m]))
        difference += ((1.0 - first) / many - (1.0 - last)) / size
        tangent += (first * (1.0 - first) / many + last * (1.0 - last)) / size
        total += (1.0 - last) / size
    return difference, tangent, total


@njit(cache=True, nogil=True, error_model="numpy")
def balance(many, d, ar, ai, br, bi, er, ei):
    """Divide all A and multiply all b by the real constant that balances the currents, where it matters.

    `many` is n_L/n_0. Where lambda is large, the current is small, eta itself fixes the constant, and the balance of a
    finite pool is noise: the step is shortened by the square of the current.
    """
    for m in range(er.size):
        eta = complex(er[m], ei[m])
        t = 0.0
        damping = 0.0
        for _ in range(_STEPS):
            difference, tangent, total = _current(many, d, ar[-1], ai[-1], br[0], bi[0], eta, m, complex(t, 0.0))
            damping = min(abs(total), 1.0) ** 2
            step = -(difference / tangent).real
            if not math.isfinite(step):
                break
            t += min(max(step, -_FARTHEST), _FARTHEST)
            if abs(step) < 1e-3:
                break
        factor = math.exp(damping * t)
        for l in range(ar.shape[0]):
            for i in range(d.size):
                ar[l, i, m] /= factor
                ai[l, i, m] /= factor
                br[l, i, m] *= factor
                bi[l, i, m] *= factor

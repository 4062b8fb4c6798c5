r"""A composite Gauss-Legendre rule for E f(D^2), made exact next to the poles of f(x) = 1/(1 - u x).

On a panel z = c + a t, |t| <= 1, of the normal variable z, log D^2 is a polynomial l(t) to rounding. The pole s of
1/(1 - u D^2) solves l(s) = -log u; there the integrand a phi(z(t)) / (1 - u e^{l(t)}) has the residue r = -a
phi(z(s)) / l'(s). The rule errs on r/(t - s) alone, and by how much is known,

.. math:: Q(s) = \log\frac{s - 1}{s + 1} - \sum_j \frac{w_j}{t_j - s},

so r Q is added wherever s is near. The value is then right to rounding however close u is to the cut (save where s
falls on a node, which costs digits in proportion to their distance). For E log(1 - u D^2) the same is done with
the branch point log(t - s).

A panel is a row: lowest and highest l, c, a, and the 16 Chebyshev coefficients of l.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

__all__ = ["ORDER", "pole_correction", "potential_correction"]

ORDER = 16
_POINTS, _RULE = np.polynomial.legendre.leggauss(ORDER)
_NORMAL = 1.0 / math.sqrt(2.0 * math.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def _polynomial(panel, t):
    """Return l(t), l'(t), l''(t)."""
    before, now = 1.0 + 0.0j, t
    before1, now1 = 0.0j, 1.0 + 0.0j
    before2 = now2 = 0.0j
    value, first, second = panel[4] + panel[5] * t, panel[5] + 0.0j, 0.0j
    for k in range(2, ORDER):
        before2, now2 = now2, 4.0 * now1 + 2.0 * t * now2 - before2
        before1, now1 = now1, 2.0 * now + 2.0 * t * now1 - before1
        before, now = now, 2.0 * t * now - before
        value += panel[4 + k] * now
        first += panel[4 + k] * now1
        second += panel[4 + k] * now2
    return value, first, second


@njit(cache=True, nogil=True, error_model="numpy")
def _pole(panel, target):
    """Return whether a pole is near, where it is, and l', l'' there."""
    low, high = panel[0], panel[1]
    half = 0.5 * (high - low)
    gap = max(low - target.real, target.real - high, 0.0)
    # Farther off, rho > 3.3 and the rule itself is right to 3.3^-32 = 3e-17.
    if half < 1e-10 or gap > 1.5 * half or abs(target.imag) > 1.5 * half:
        return False, 0.0j, 0.0j, 0.0j
    s = (target - 0.5 * (low + high)) / (half if panel[5] > 0.0 else -half)
    for _ in range(20):
        value, first, second = _polynomial(panel, s)
        if first == 0.0:
            break
        step = (value - target) / first
        s -= step
        if not abs(s) < 4.0:
            break
        if abs(step) < 1e-14:
            _, first, second = _polynomial(panel, s)
            return True, s, first, second
    # Beyond an extremum of D^2 there is no pole near this panel.
    return False, 0.0j, 0.0j, 0.0j


@njit(cache=True, nogil=True, error_model="numpy")
def pole_correction(panels, v):
    """Return what the rule misses of E 1/(1 - u D^2), u = e^v, and the derivative of that in v."""
    target = complex(-v.real, max(-v.imag, 1e-200))  # on the cut: the side of u - i0
    total, slope = 0.0j, 0.0j
    for p in range(panels.shape[0]):
        near, s, first, second = _pole(panels[p], target)
        if not near:
            continue
        a = panels[p, 3]
        z = panels[p, 2] + a * s
        q = cmath.log((s - 1.0) / (s + 1.0))
        q1 = 2.0 / (s * s - 1.0)
        for j in range(ORDER):
            inverse = 1.0 / (_POINTS[j] - s)
            q -= _RULE[j] * inverse
            q1 -= _RULE[j] * inverse * inverse
        residue = -a * _NORMAL * cmath.exp(-0.5 * z * z) / first
        total += residue * q
        # ds/dv = -1/l'
        slope -= residue * (q1 - (a * z + second / first) * q) / first
    return total, slope


@njit(cache=True, nogil=True, error_model="numpy")
def potential_correction(panels, v):
    """Return what the rule misses of E log(1 - u D^2), u = e^v."""
    target = complex(-v.real, max(-v.imag, 1e-200))
    total = 0.0j
    for p in range(panels.shape[0]):
        near, s, _, _ = _pole(panels[p], target)
        if not near:
            continue
        a = panels[p, 3]
        z = panels[p, 2] + a * s
        # The weight a phi(z(t)) in powers of t - s, and for each the error of the rule on (t - s)^k log(t - s).
        before, now = 0.0j, a * _NORMAL * cmath.exp(-0.5 * z * z)
        for k in range(12):
            error = 0.0j
            for end in (1.0, -1.0):
                x = end - s
                error += end * x ** (k + 1) / (k + 1) * (cmath.log(x) - 1.0 / (k + 1))
            for j in range(ORDER):
                x = _POINTS[j] - s
                error -= _RULE[j] * x**k * cmath.log(x)
            total += now * error
            before, now = now, -a * (z * now + a * before) / (k + 1)
    return total

r"""The scales of the pools, fixed by a conservation law; without it they settle slowly where lambda is small.

Each layer carries the same current: with the share D^2 A b/(1 + D^2 A b) of an inner neuron,

.. math:: n_0\, E\,\frac{b}{\eta + b} = n_l\, E\,\frac{D^2 A b}{1 + D^2 A b} = n_L\, E\,\frac{D^2 A}{\eta + D^2 A} .

The sums over W^l, the A of layer l+1 and the b of layer l, may be divided and multiplied by a constant each. These L
constants balance the L + 1 currents. The same equations, with laws of D^2 and of stable sums in place of pools, are the
scalar equation for independent masks.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["balance", "ray"]

_STEPS = 6
_FARTHEST = 3.0


@njit(cache=True, nogil=True, error_model="numpy")
def ray(log_lam, angle):
    """Return the real and imaginary part of eta, where eta^2 = -lambda exp(i angle) and Re eta > 0."""
    size = math.exp(0.5 * log_lam)
    return size * math.sin(0.5 * angle), -size * math.cos(0.5 * angle)


@njit(cache=True, nogil=True, error_model="numpy")
def _current(ar, ai, br, bi, square, factor, share, m):
    """Return the mean of c/(1 + c), c = factor D^2 A b, and its slope in log factor; D != 0 has the given share."""
    total, tangent = 0.0j, 0.0j
    active = 0
    for i in range(square.size):
        if square[i] == 0.0:
            continue
        active += 1
        rest = 1.0 / (1.0 + factor * (square[i] * complex(ar[i, m], ai[i, m])) * complex(br[i, m], bi[i, m]))
        total += 1.0 - rest
        tangent += rest * (1.0 - rest)
    return share * total / max(active, 1), share * tangent / max(active, 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _arguments(re, im, m):
    """Return the least and the largest argument of numbers in the right half-plane."""
    least, largest = np.inf, -np.inf
    for i in range(re.shape[0]):
        ratio = im[i, m] / re[i, m]
        least, largest = min(least, ratio), max(largest, ratio)
    return math.atan(least), math.atan(largest)


@njit(cache=True, nogil=True, error_model="numpy")
def _room(ar, ai, br, bi, widest, m, least, largest):
    """Fill in how far b may turn, and A back, such that all arguments stay within `widest`: the range of the maps."""
    for l in range(least.size):
        low, high = _arguments(br[l], bi[l], m)
        down, up = _arguments(ar[l + 1], ai[l + 1], m)
        least[l] = min(max(-widest - low, up - widest), 0.0)
        largest[l] = max(min(widest - high, down + widest), 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def balance(widths, active, square, ar, ai, br, bi, er, ei):
    """Multiply b and divide A by the constants that balance the currents, where it matters.

    `widths` are n_l/n_L, `active` the shares of D != 0, `square` the D^2 of shape (L+1, P); both are 1 in layer 0.
    Where lambda is large, the currents are small, eta itself fixes the scales, and the balance of finite pools is
    noise: the step is shortened by the square of the current's share of its largest value.
    """
    layers, size = square.shape
    cap = (widths * active).min()
    total, tangent = np.empty(layers, dtype=np.complex128), np.empty(layers, dtype=np.complex128)
    t, new = np.empty(layers + 1, dtype=np.complex128), np.empty(layers + 1, dtype=np.complex128)
    least, largest = np.empty(layers - 1), np.empty(layers - 1)
    for m in range(er.size):
        inverse = 1.0 / complex(er[m], ei[m])
        # The ends have 1/eta in place of the missing A or b.
        ar[0, :, m], ai[0, :, m] = inverse.real, inverse.imag
        br[-1, :, m], bi[-1, :, m] = inverse.real, inverse.imag
        _room(ar, ai, br, bi, math.atan2(-ei[m], er[m]), m, least, largest)
        # The factor of b of layer l - 1 is exp(t[l]); t is 0 at both ends.
        t[:] = 0.0
        share = 0.0
        for _ in range(_STEPS):
            top, bottom = 0.0j, 0.0j
            for l in range(layers):
                factor = np.exp(t[l + 1] - t[l])
                current, slope = _current(ar[l], ai[l], br[l], bi[l], square[l], factor, active[l], m)
                total[l] = widths[l] * current
                tangent[l] = widths[l] * slope + 1e-14
                top += total[l] / tangent[l]
                bottom += 1.0 / tangent[l]
            common = top / bottom
            share = min(abs(common) / cap, 1.0)
            longest = 0.0
            new[0] = 0.0
            for l in range(layers):
                new[l + 1] = new[l] + (common - total[l]) / tangent[l]
                longest = max(longest, abs(new[l + 1]))
            if not longest < math.inf:
                break
            shrink = min(1.0, _FARTHEST / max(longest, 1e-300))
            for l in range(1, layers):
                to = t[l] + shrink * new[l]
                t[l] = complex(to.real, min(max(to.imag, least[l - 1]), largest[l - 1]))
            if longest < 1e-3:
                break
        for l in range(layers - 1):
            factor = np.exp(share * share * t[l + 1])
            for i in range(size):
                b = factor * complex(br[l, i, m], bi[l, i, m])
                a = complex(ar[l + 1, i, m], ai[l + 1, i, m]) / factor
                br[l, i, m], bi[l, i, m] = b.real, b.imag
                ar[l + 1, i, m], ai[l + 1, i, m] = a.real, a.imag

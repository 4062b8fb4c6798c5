r"""Make a box smaller without losing a fixed point, or show that it holds none.

On a box x = c + r eps, :math:`|\epsilon_i| \le 1`, the network is F = f + A eps +- e (an affine form, see
`rmtjac.kernels.boxes.affine`), so a fixed point there solves the linear system (A - diag r) eps = c - f +- e. Each row
of the system, and the system times its inverse, gives bounds of eps. Bounds are rounded outward, so that no fixed point
is lost; a comparison with NaN never makes the box smaller.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import Effect, image
from rmtjac.kernels.boxes.krawczyk import TINY, TWO_UNITS, UP, invert, load_box

__all__ = ["GAIN", "Narrowed", "narrow"]

GAIN = 0.6  # a box is narrowed again if its longest side shrank to less than this part
_WEAK = 0.25  # a proof is tried if the inverse leaves at most this part of the box
_FLAT = 2.0**-20  # x - F(x) is compared with its rounding error if it is at most this part of the box
_NOISE = 32.0  # x - F(x) counts as rounding error up to this multiple of it


class Narrowed(IntEnum):
    """What `narrow` finds."""

    OVERFLOW = -1  # a number overflowed, nothing is known
    EMPTY = 0  # the box holds no fixed point
    OPEN = 1  # it may hold some
    PROMISING = 2  # it may hold some, and so little of it is left that a proof should be tried
    CONTINUUM = 3  # F is affine there, and I - J singular up to rounding: there may be a continuum of fixed points
    FLAT = 4  # x - F(x) is only rounding error there, in some direction, as at a multiple fixed point


@njit(cache=True, nogil=True)
def _apart(system, gap, room, shared):
    """Return whether some combination of the two rows, chosen to cancel one noise symbol, excludes a fixed point."""
    for j in range(shared.shape[1]):
        a, b = -shared[1, j], shared[0, j]
        if a == 0.0 and b == 0.0:
            continue
        total = abs(a) * room[0] + abs(b) * room[1]
        size = abs(a * gap[0]) + abs(b * gap[1])
        for k in range(2):
            total += abs(a * system[0, k] + b * system[1, k])
            size += abs(a * system[0, k]) + abs(b * system[1, k])
        for k in range(shared.shape[1]):
            total += abs(a * shared[0, k] + b * shared[1, k])
            size += abs(a * shared[0, k]) + abs(b * shared[1, k])
        if abs(a * gap[0] + b * gap[1]) > total * UP + 16.0 * TWO_UNITS * size:
            return True
    return False


@njit(cache=True, nogil=True)
def _flat(net, space, centre, radius, regular, y, system, room, shared):
    """Return whether a combination of the rows of x - F(x) is no larger than its rounding error on the whole box.

    The coefficients are the largest row of the inverse `y`; near a singular system this is the left null vector.
    """
    n = centre.size
    mix, most = np.zeros(n), 0.0
    if regular:
        for i in range(n):
            size = 0.0
            for k in range(n):
                size += abs(y[i, k])
            if size > most:
                most = size
                mix[:] = y[i]
    else:
        for i in range(n):
            size = 1e-300
            for k in range(n):
                size += abs(system[i, k])
            if 1.0 / size > most:
                most = 1.0 / size
                mix[:] = 0.0
                mix[i] = 1.0
    spread, scale = 0.0, 0.0
    for k in range(n):
        total = 0.0
        for i in range(n):
            total += mix[i] * system[i, k]
        spread += abs(total)
    for j in range(shared.shape[1]):
        total = 0.0
        for i in range(n):
            total += mix[i] * shared[i, j]
        spread += abs(total)
    for i in range(n):
        spread += abs(mix[i]) * room[i]
        scale += abs(mix[i]) * radius[i]
    if not spread <= _FLAT * scale:
        return False
    load_box(space, centre, np.zeros(n))
    side, effect = image(net, space)
    if effect == Effect.OVERFLOW:
        return False
    noise = 0.0
    for i in range(n):
        error = space.error[side, i] + TWO_UNITS * (abs(centre[i]) + abs(space.centre[side, i]))
        for k in range(space.linear.shape[1]):
            error += abs(space.linear[side, k, i])
        noise += abs(mix[i]) * error
    return spread <= _NOISE * noise


@njit(cache=True, nogil=True)
def narrow(net, space, low, high, part, weak):
    """Narrow the box [low, high] to what may hold a fixed point, in place; return a `Narrowed`.

    If the linear system has an inverse, `weak` gets the centre and `part` the half sides of the box that the inverse
    alone leaves.
    """
    n = low.size
    centre, radius = np.empty(n), np.empty(n)
    for i in range(n):
        centre[i] = 0.5 * (low[i] + high[i])
        radius[i] = max(high[i] - centre[i], centre[i] - low[i]) * UP + TINY
    load_box(space, centre, radius)
    side, effect = image(net, space)
    if effect == Effect.OVERFLOW:
        return Narrowed.OVERFLOW
    f, linear, error = space.centre[side], space.linear[side], space.error[side]
    symbols = linear.shape[0]
    system, gap, room, shared = np.empty((n, n)), np.empty(n), np.empty(n), np.empty((n, symbols - n))
    for i in range(n):
        gap[i] = centre[i] - f[i]
        room[i] = (error[i] + 4.0 * TWO_UNITS * (abs(centre[i]) + abs(f[i]) + radius[i])) * UP
        for k in range(n):
            system[i, k] = linear[k, i] - (radius[i] if i == k else 0.0)
        for k in range(n, symbols):
            shared[i, k - n] = linear[k, i]
    least, most = np.full(n, -1.0), np.full(n, 1.0)
    for i in range(n):
        total = room[i]
        for k in range(symbols - n):
            total += abs(shared[i, k]) * UP
        for k in range(n):
            total += abs(system[i, k]) * UP
        if abs(gap[i]) > total * UP:
            return Narrowed.EMPTY
        for k in range(n):
            if abs(system[i, k]) > 1e-290:
                others = (total - abs(system[i, k])) * UP + 4.0 * TWO_UNITS * total
                middle, half = gap[i] / system[i, k], others / abs(system[i, k])
                half += 4.0 * TWO_UNITS * (abs(middle) + half)
                least[k], most[k] = max(least[k], middle - half), min(most[k], middle + half)
                if least[k] > most[k]:
                    return Narrowed.EMPTY
    if n == 2 and _apart(system, gap, room, shared):
        return Narrowed.EMPTY
    regular, y = invert(system)
    strong = regular
    if regular:
        for i in range(n):
            middle, half = 0.0, 0.0
            for k in range(n):
                middle += y[i, k] * gap[k]
                half += abs(y[i, k]) * (room[k] + (n + 2) * TWO_UNITS * abs(gap[k]))
                # The rounding errors of Y times the system, which should be the identity, count.
                left, size = (1.0 if i == k else 0.0), 1.0
                for j in range(n):
                    left -= y[i, j] * system[j, k]
                    size += abs(y[i, j] * system[j, k])
                half += abs(left) + (n + 4) * TWO_UNITS * size
            for j in range(symbols - n):
                left, size = 0.0, 0.0
                for k in range(n):
                    left += y[i, k] * shared[k, j]
                    size += abs(y[i, k] * shared[k, j])
                half += abs(left) + (n + 2) * TWO_UNITS * size
            half *= UP
            part[i], weak[i] = half, middle
            strong = strong and half <= _WEAK
            least[i], most[i] = max(least[i], middle - half), min(most[i], middle + half)
            if least[i] > most[i]:
                return Narrowed.EMPTY
    singular = effect == Effect.AFFINE and not strong
    longest = 0.0
    for i in range(n):
        if regular:
            weak[i] = centre[i] + radius[i] * weak[i]
            part[i] = part[i] * radius[i]
        longest = max(longest, 0.5 * (most[i] - least[i]))
        if least[i] > -1.0:
            low[i] = max(low[i], centre[i] + radius[i] * least[i] - 2.0 * TWO_UNITS * (abs(centre[i]) + radius[i]))
        if most[i] < 1.0:
            high[i] = min(high[i], centre[i] + radius[i] * most[i] + 2.0 * TWO_UNITS * (abs(centre[i]) + radius[i]))
    if singular and longest > GAIN:
        return Narrowed.CONTINUUM
    if strong:
        return Narrowed.PROMISING
    if longest > GAIN and _flat(net, space, centre, radius, regular, y, system, room, shared):
        return Narrowed.FLAT
    return Narrowed.OPEN

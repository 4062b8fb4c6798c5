r"""One fixed point and no other: Krawczyk's operator on a box.

K = m - Y G(m) + (I - Y (I - [J])) (X - m), G(x) = x - F(x), Y near (I - J)^{-1}: K inside X means one fixed point
and no other in X (for kinks too: [J] holds every slope (F(x) - F(y)) / (x - y) of points of the box), K beside X none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import image, slopes

__all__ = ["FLOOR", "TINY", "TWO_UNITS", "UP", "invert", "load_box", "prove"]

TWO_UNITS = 2.0**-52
UP = 1.0 + 4.0 * TWO_UNITS
TINY = 1e-300
FLOOR = 256.0 * TWO_UNITS  # a box is no smaller than this part of the place: its own rounding must fit in
_ROUNDS = 30
_WIDE = 1e-9  # relative: a wider enclosure of a proved point is worth Newton's method


@njit(cache=True, nogil=True)
def invert(a):
    """Inverse of a small matrix by elimination with pivoting; False if a pivot vanishes."""
    n = a.shape[0]
    left, right = a.copy(), np.eye(n)
    for j in range(n):
        best = j
        for i in range(j + 1, n):
            if abs(left[i, j]) > abs(left[best, j]):
                best = i
        if not abs(left[best, j]) > 0.0:
            return False, right
        for k in range(n):
            left[j, k], left[best, k] = left[best, k], left[j, k]
            right[j, k], right[best, k] = right[best, k], right[j, k]
        scale = 1.0 / left[j, j]
        for k in range(n):
            left[j, k] *= scale
            right[j, k] *= scale
        for i in range(n):
            if i != j and left[i, j] != 0.0:
                factor = left[i, j]
                for k in range(n):
                    left[i, k] -= factor * left[j, k]
                    right[i, k] -= factor * right[j, k]
    for i in range(n):
        for k in range(n):
            if not abs(right[i, k]) < 1e100:
                return False, right
    return True, right


@njit(cache=True, nogil=True)
def load_box(space, centre, radius):
    """Write the box as an affine form into buffer 0."""
    n = centre.size
    for i in range(n):
        space[0][0, i] = centre[i]
        space[2][0, i] = 0.0
        for k in range(space[1].shape[1]):
            space[1][0, k, i] = radius[i] if k == i else 0.0


@njit(cache=True, nogil=True)
def _krawczyk(net, space, centre, radius, place, bound, jacobian):
    """Write Krawczyk's box to `place` +- `bound`; 1: it lies inside `centre` +- `radius`, -1: outside, 0: neither."""
    n = centre.size
    load_box(space, centre, radius)
    _, verdict = image(net, space)
    if verdict == 0:
        return 0
    side = slopes(net, space)
    inner, outer = space[5][side], space[6][side]
    system = np.empty((n, n))
    for i in range(n):
        for k in range(n):
            jacobian[i, k] = inner[k, i]
            system[i, k] = (1.0 if i == k else 0.0) - inner[k, i]
    regular, y = invert(system)
    if not regular:
        return 0
    load_box(space, centre, np.zeros(n))
    at, verdict = image(net, space)
    if verdict == 0:
        return 0
    value, error = space[0][at], np.empty(n)
    for i in range(n):  # what neurons are off by may stand in symbols of their own
        error[i] = space[2][at, i]
        for k in range(space[1].shape[1]):
            error[i] += abs(space[1][at, k, i])
        error[i] *= 1.0 + (space[1].shape[1] + 2) * TWO_UNITS
    inside, apart = True, False
    for i in range(n):
        shift, size, spread = 0.0, abs(centre[i]), TINY
        for k in range(n):
            gap = centre[k] - value[k]
            shift += y[i, k] * gap
            size += abs(y[i, k]) * abs(gap)
            # |I - Y (I - [J])|, with its rounding
            rest, total = (1.0 if i == k else 0.0), 1.0
            for j in range(n):
                rest -= y[i, j] * system[j, k]
                total += abs(y[i, j]) * (abs(system[j, k]) + 1.0 + outer[k, j])
            rest = abs(rest)
            for j in range(n):
                rest += abs(y[i, j]) * outer[k, j]
            rest = rest * UP + (n + 8) * TWO_UNITS * total
            spread += abs(y[i, k]) * (error[k] + TWO_UNITS * abs(gap)) + rest * radius[k]
        place[i] = centre[i] - shift
        bound[i] = (spread + (n + 4) * TWO_UNITS * size) * UP
        move = abs(place[i] - centre[i])
        inside = inside and (move + bound[i]) * UP < radius[i]
        apart = apart or move - bound[i] > radius[i] * UP
    return 1 if inside else -1 if apart else 0


@njit(cache=True, nogil=True)
def prove(net, space, centre, radius):
    """Prove or exclude a fixed point in the box `centre` +- `radius`.

    Returns the verdict (1: exactly one; -1: none; 0: neither shown), its place, a bound of the error of that, and the
    Jacobian there. The place is narrowed, by the same operator on smaller boxes, as far as rounding allows.
    """
    n = centre.size
    place, bound, jacobian = np.empty(n), np.empty(n), np.empty((n, n))
    verdict = _krawczyk(net, space, centre, radius, place, bound, jacobian)
    if verdict == 1:
        better, closer, there, smaller = np.empty(n), np.empty(n), np.empty((n, n)), np.empty(n)
        for _ in range(_ROUNDS):
            for i in range(n):
                smaller[i] = 1.1 * bound[i] + FLOOR * abs(place[i]) + TINY
            if _krawczyk(net, space, place, smaller, better, closer, there) != 1:
                break
            gain = False
            for i in range(n):
                gain = gain or closer[i] < 0.9 * bound[i]
            if not gain:
                break
            place[:], bound[:], jacobian[:] = better, closer, there
        _refine(net, space, centre, radius, place, bound, jacobian)
    return verdict, place, bound, jacobian


@njit(cache=True, nogil=True)
def _refine(net, space, centre, radius, place, bound, jacobian):
    """Enclose the fixed point that is alone in `centre` +- `radius` better, if the operator on the box did it badly.

    Newton's method from `place` leads to a small box; if that is proved to hold a fixed point, and lies within the
    large one, it is this one.
    """
    n = centre.size
    wide = False
    for i in range(n):
        wide = wide or bound[i] > _WIDE * (1.0 + abs(place[i]))
    if not wide:
        return
    here, small = place.copy(), np.empty(n)
    better, closer, there = np.empty(n), np.zeros(n), np.empty((n, n))
    for _ in range(_ROUNDS):
        for i in range(n):
            here[i] = min(max(here[i], centre[i] - radius[i]), centre[i] + radius[i])
            small[i] = 4.0 * closer[i] + FLOOR * abs(here[i]) + TINY
        better[:] = np.nan
        verdict = _krawczyk(net, space, here, small, better, closer, there)
        within = verdict == 1
        for i in range(n):
            if not abs(better[i]) < 1e300:
                return
            within = within and (abs(better[i] - centre[i]) + closer[i]) * UP <= radius[i]
        if within:
            place[:], bound[:], jacobian[:] = better, closer, there
            return
        here[:] = better
        for i in range(n):
            closer[i] = min(closer[i], 1e-8 * (1.0 + abs(better[i])))

r"""Krawczyk's operator on a box: exactly one fixed point, none, or undecided.

Let X be the box with centre m, [J] an interval matrix that contains the Jacobian of F on X, G(x) = x - F(x), and Y any
matrix, here near :math:`(I - J)^{-1}`. Krawczyk's operator is

.. math:: K = m - Y G(m) + (I - Y (I - [J])) (X - m).

- If K lies in the interior of X, then X holds exactly one fixed point, and it lies in K.
- If K and X are disjoint, then X holds none.

F need not be differentiable: [J] contains the one-sided slopes at kinks and everything between, so it contains a matrix
A with F(x) - F(y) = A (x - y) for all x, y in X, and this is all that the proof uses. Every entry of K is rounded
outward, and a comparison with NaN counts as undecided, so that rounding cannot prove what is false.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import Effect, image, slopes

__all__ = ["FLOOR", "TINY", "TWO_UNITS", "UP", "Proof", "invert", "load_box", "prove"]

TWO_UNITS = 2.0**-52
UP = 1.0 + 4.0 * TWO_UNITS
TINY = 1e-300
FLOOR = 256.0 * TWO_UNITS  # least size of a box relative to its place: it must contain the rounding errors of F
_ROUNDS = 30
_WIDE = 1e-9  # a proved enclosure with a larger relative width is narrowed by Newton's method


class Proof(IntEnum):
    """What Krawczyk's operator shows of a box: no fixed point, nothing, or exactly one."""

    EXCLUDED = -1
    UNDECIDED = 0
    PROVED = 1


@njit(cache=True, nogil=True)
def invert(a):
    """Return whether a small matrix was inverted, and the inverse, by elimination with partial pivoting.

    The first value is False if a pivot vanishes or an entry of the inverse is huge or NaN.
    """
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
    """Write the box `centre` +- `radius` as an affine form into buffer 0 of `space`."""
    n = centre.size
    for i in range(n):
        space.centre[0, i] = centre[i]
        space.error[0, i] = 0.0
        for k in range(space.linear.shape[1]):
            space.linear[0, k, i] = radius[i] if k == i else 0.0


@njit(cache=True, nogil=True)
def _krawczyk(net, space, centre, radius, place, bound, jacobian):
    """Write Krawczyk's box of `centre` +- `radius` to `place` +- `bound`, and [J]'s centre; return what it proves."""
    n = centre.size
    load_box(space, centre, radius)
    _, effect = image(net, space)
    if effect == Effect.OVERFLOW:
        return Proof.UNDECIDED
    side = slopes(net, space)
    inner, outer = space.slope_centre[side], space.slope_radius[side]
    system = np.empty((n, n))
    for i in range(n):
        for k in range(n):
            jacobian[i, k] = inner[k, i]
            system[i, k] = (1.0 if i == k else 0.0) - inner[k, i]
    regular, y = invert(system)
    if not regular:
        return Proof.UNDECIDED
    load_box(space, centre, np.zeros(n))
    at, effect = image(net, space)
    if effect == Effect.OVERFLOW:
        return Proof.UNDECIDED
    value, error = space.centre[at], np.empty(n)
    for i in range(n):  # the errors of some neurons are separate noise symbols
        error[i] = space.error[at, i]
        for k in range(space.linear.shape[1]):
            error[i] += abs(space.linear[at, k, i])
        error[i] *= 1.0 + (space.linear.shape[1] + 2) * TWO_UNITS
    inside, apart = True, False
    for i in range(n):
        shift, size, spread = 0.0, abs(centre[i]), TINY
        for k in range(n):
            gap = centre[k] - value[k]
            shift += y[i, k] * gap
            size += abs(y[i, k]) * abs(gap)
            # |I - Y (I - [J])|, with its rounding errors
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
    if inside:
        return Proof.PROVED
    return Proof.EXCLUDED if apart else Proof.UNDECIDED


@njit(cache=True, nogil=True)
def prove(net, space, centre, radius):
    """Prove or exclude a fixed point in the box `centre` +- `radius`.

    Return a `Proof`, and, if it is `PROVED`, the place of the fixed point, bounds of the error of each coordinate, and
    the Jacobian there. The enclosure is narrowed, by the same operator on smaller boxes, as far as rounding allows.
    """
    n = centre.size
    place, bound, jacobian = np.empty(n), np.empty(n), np.empty((n, n))
    proof = _krawczyk(net, space, centre, radius, place, bound, jacobian)
    if proof == Proof.PROVED:
        better, closer, there, smaller = np.empty(n), np.empty(n), np.empty((n, n)), np.empty(n)
        for _ in range(_ROUNDS):
            for i in range(n):
                smaller[i] = 1.1 * bound[i] + FLOOR * abs(place[i]) + TINY
            if _krawczyk(net, space, place, smaller, better, closer, there) != Proof.PROVED:
                break
            gain = False
            for i in range(n):
                gain = gain or closer[i] < 0.9 * bound[i]
            if not gain:
                break
            place[:], bound[:], jacobian[:] = better, closer, there
        _refine(net, space, centre, radius, place, bound, jacobian)
    return proof, place, bound, jacobian


@njit(cache=True, nogil=True)
def _refine(net, space, centre, radius, place, bound, jacobian):
    """Narrow a wide enclosure of the only fixed point in `centre` +- `radius` by Newton's method.

    Newton's method from `place` leads to a small box. If that box is proved to hold a fixed point and lies within the
    large one, then it holds the same fixed point.
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
        within = _krawczyk(net, space, here, small, better, closer, there) == Proof.PROVED
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

r"""All solutions of F(x) = x in a box, by branch and bound on affine forms, with proof.

On a box x = c + r eps the network is F = f + A eps +- e (`affine.image`), so that a fixed point there solves
(A - diag r) eps = c - f +- e: every row, and the system times its inverse, narrows eps, or shows that there is none.
What is left is halved. Once the narrowed box is small beside the old one, a fixed point in it is proved by Krawczyk's
operator K = m - Y G(m) + (I - Y (I - [J])) (X - m), G(x) = x - F(x), Y near (I - J)^{-1}: K inside X means one fixed
point and no other (for kinks too, because [J] holds every slope (F(x) - F(y)) / (x - y) of points of the box).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.affine import image, slopes, workspace

__all__ = ["AFFINE", "BUDGET", "SMALL", "prove", "search"]

# Why a box stayed undecided: affine with (nearly) a continuum of fixed points; too small to halve; out of budget.
AFFINE, SMALL, BUDGET = 1, 2, 3
_TWO_UNITS = 2.0**-52
_UP = 1.0 + 4.0 * _TWO_UNITS
_TINY = 1e-300
_REACH = 4.0  # a proof is tried on this many times what narrowing left
_FLOOR = 256.0 * _TWO_UNITS  # and on no less than this part of the place: its own rounding must fit in
_WEAK = 0.25  # and only if that is at most this part of the box
_ROUNDS = 30
_GAIN = 0.6  # narrowing to less of the longest side earns another round before halving


@njit(cache=True, nogil=True)
def _invert(a):
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
def _load(space, centre, radius):
    """Write the box as an affine form into buffer 0."""
    n = centre.size
    for i in range(n):
        space[0][0, i] = centre[i]
        space[2][0, i] = 0.0
        for k in range(space[1].shape[1]):
            space[1][0, k, i] = radius[i] if k == i else 0.0


@njit(cache=True, nogil=True)
def _value(net, space, x, error):
    """Write bounds of the rounding of F(x) to `error`; return the buffer that holds F(x), or -1 after overflow."""
    _load(space, x, np.zeros(x.size))
    side, verdict = image(net, space)
    for i in range(x.size):
        error[i] = space[2][side, i]
    return side if verdict else -1


@njit(cache=True, nogil=True)
def _krawczyk(net, space, centre, radius, place, bound, jacobian):
    """Write Krawczyk's box to `place` +- `bound`; 1: it lies inside `centre` +- `radius`, -1: outside, 0: neither."""
    n = centre.size
    _load(space, centre, radius)
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
    regular, y = _invert(system)
    if not regular:
        return 0
    _load(space, centre, np.zeros(n))
    at, verdict = image(net, space)
    if verdict == 0:
        return 0
    value, error = space[0][at], space[2][at]
    inside, apart = True, False
    for i in range(n):
        shift, size, spread = 0.0, abs(centre[i]), _TINY
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
            rest = rest * _UP + (n + 8) * _TWO_UNITS * total
            spread += abs(y[i, k]) * (error[k] + _TWO_UNITS * abs(gap)) + rest * radius[k]
        place[i] = centre[i] - shift
        bound[i] = (spread + (n + 4) * _TWO_UNITS * size) * _UP
        move = abs(place[i] - centre[i])
        inside = inside and (move + bound[i]) * _UP < radius[i]
        apart = apart or move - bound[i] > radius[i] * _UP
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
                smaller[i] = 1.1 * bound[i] + _FLOOR * abs(place[i]) + _TINY
            if _krawczyk(net, space, place, smaller, better, closer, there) != 1:
                break
            gain = False
            for i in range(n):
                gain = gain or closer[i] < 0.9 * bound[i]
            if not gain:
                break
            place[:], bound[:], jacobian[:] = better, closer, there
    return verdict, place, bound, jacobian


@njit(cache=True, nogil=True)
def _apart(system, gap, room, shared):
    """Whether a combination of both rows that takes out one of the neurons' symbols excludes a solution."""
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
        if abs(a * gap[0] + b * gap[1]) > total * _UP + 16.0 * _TWO_UNITS * size:
            return True
    return False


@njit(cache=True, nogil=True)
def _narrow(net, space, low, high, part, weak):
    """Narrow the box; return 0 if it holds no fixed point, 1 if narrowed, 2 if a proof is worth trying.

    3: the network is affine there and (nearly) all of a direction is fixed; -1: overflow. `part` gets the size of what
    the inverse leaves of eps, `weak` its centre.
    """
    n = low.size
    centre, radius = np.empty(n), np.empty(n)
    for i in range(n):
        centre[i] = 0.5 * (low[i] + high[i])
        radius[i] = max(high[i] - centre[i], centre[i] - low[i]) * _UP + _TINY
    _load(space, centre, radius)
    side, verdict = image(net, space)
    if verdict == 0:
        return -1
    f, linear, error = space[0][side], space[1][side], space[2][side]
    symbols = linear.shape[0]
    system, gap, room, shared = np.empty((n, n)), np.empty(n), np.empty(n), np.empty((n, symbols - n))
    for i in range(n):
        gap[i] = centre[i] - f[i]
        room[i] = (error[i] + 4.0 * _TWO_UNITS * (abs(centre[i]) + abs(f[i]) + radius[i])) * _UP
        for k in range(n):
            system[i, k] = linear[k, i] - (radius[i] if i == k else 0.0)
        for k in range(n, symbols):
            shared[i, k - n] = linear[k, i]
    least, most = np.full(n, -1.0), np.full(n, 1.0)
    for i in range(n):
        total = room[i]
        for k in range(symbols - n):
            total += abs(shared[i, k]) * _UP
        for k in range(n):
            total += abs(system[i, k]) * _UP
        if abs(gap[i]) > total * _UP:
            return 0
        for k in range(n):
            if abs(system[i, k]) > 1e-290:
                others = (total - abs(system[i, k])) * _UP + 4.0 * _TWO_UNITS * total
                middle, half = gap[i] / system[i, k], others / abs(system[i, k])
                half += 4.0 * _TWO_UNITS * (abs(middle) + half)
                least[k], most[k] = max(least[k], middle - half), min(most[k], middle + half)
                if least[k] > most[k]:
                    return 0
    if n == 2 and _apart(system, gap, room, shared):
        return 0
    regular, y = _invert(system)
    strong = regular
    if regular:
        for i in range(n):
            middle, half = 0.0, 0.0
            for k in range(n):
                middle += y[i, k] * gap[k]
                half += abs(y[i, k]) * (room[k] + (n + 2) * _TWO_UNITS * abs(gap[k]))
                # Y times the system is not quite the identity.
                left, size = (1.0 if i == k else 0.0), 1.0
                for j in range(n):
                    left -= y[i, j] * system[j, k]
                    size += abs(y[i, j] * system[j, k])
                half += abs(left) + (n + 4) * _TWO_UNITS * size
            for j in range(symbols - n):
                left, size = 0.0, 0.0
                for k in range(n):
                    left += y[i, k] * shared[k, j]
                    size += abs(y[i, k] * shared[k, j])
                half += abs(left) + (n + 2) * _TWO_UNITS * size
            half *= _UP
            part[i], weak[i] = half, middle
            strong = strong and half <= _WEAK
            least[i], most[i] = max(least[i], middle - half), min(most[i], middle + half)
            if least[i] > most[i]:
                return 0
    singular = verdict == 2 and not strong
    longest = 0.0
    for i in range(n):
        if regular:
            weak[i] = centre[i] + radius[i] * weak[i]
            part[i] = part[i] * radius[i]
        longest = max(longest, 0.5 * (most[i] - least[i]))
        if least[i] > -1.0:
            low[i] = max(low[i], centre[i] + radius[i] * least[i] - 2.0 * _TWO_UNITS * (abs(centre[i]) + radius[i]))
        if most[i] < 1.0:
            high[i] = min(high[i], centre[i] + radius[i] * most[i] + 2.0 * _TWO_UNITS * (abs(centre[i]) + radius[i]))
    if singular and longest > _GAIN:
        return 3
    return 2 if strong else 1


@njit(cache=True, nogil=True)
def _known(place, bound, roots, errors, boxes, count):
    """1 if the fixed point in `place` +- `bound` is one of those known, 0 if it is none of them, -1 if unclear."""
    n = place.size
    for k in range(count):
        inside, apart = True, False
        for i in range(n):
            inside = inside and (abs(place[i] - boxes[k, 0, i]) + bound[i]) * _UP <= boxes[k, 1, i]
            apart = apart or abs(place[i] - roots[k, i]) > (bound[i] + errors[k, i]) * _UP
        if inside:
            return 1
        if not apart:
            return -1
    return 0


@njit(cache=True, nogil=True)
def search(net, low, high, smallest, most_boxes, most_roots, most_open, more):
    """Find all fixed points in the box [low, high].

    Parameters
    ----------
    net
        See `rmtjac.kernels.affine`.
    low, high
        Corners of the box, shape (n,).
    smallest
        Boxes with a longest side below this are not halved any more.
    most_boxes, most_roots, most_open
        Budget of boxes, room for results, and how many undecided boxes end the search (a continuum makes many).

    more
        Noise symbols for neurons, beside those of the inputs: they cost time per box and save boxes.

    Returns
    -------
    tuple
        Fixed points (Q, n), bounds of their errors (Q, n), Jacobians (Q, n, n); undecided boxes (U, 2, n) and why (U,);
        the number of boxes looked at. Points and undecided boxes together hold every fixed point.
    """
    n = low.size
    space = workspace(net, n, more)
    roots, jacobians = np.empty((most_roots, n)), np.empty((most_roots, n, n))
    errors = np.empty((most_roots, n))
    alone = np.empty((most_roots, 2, n))  # centre and half sides of a box in which it is the only one
    count = 0
    room = 64
    stack = np.empty((room, 2, n))
    stack[0, 0], stack[0, 1] = low, high
    top, boxes = 1, 0
    open_boxes, why, left = np.empty((16, 2, n)), np.empty(16, dtype=np.int64), 0
    a, b, part, weak = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    while top > 0:
        top -= 1
        a[:], b[:] = stack[top, 0], stack[top, 1]
        reason = 0
        if boxes >= most_boxes or count == most_roots or left >= most_open:
            reason = BUDGET
        while reason == 0:
            covered = False
            for k in range(count):
                inside = True
                for i in range(n):
                    reach = max(alone[k, 0, i] - a[i], b[i] - alone[k, 0, i])
                    inside = inside and reach * _UP <= alone[k, 1, i]
                covered = covered or inside
            if covered:
                break
            boxes += 1
            longest, widest = 0.0, 0
            for i in range(n):
                if b[i] - a[i] > longest:
                    longest, widest = b[i] - a[i], i
            outcome = _narrow(net, space, a, b, part, weak)
            if outcome == 0:
                break
            now = 0.0
            for i in range(n):
                if b[i] - a[i] > now:
                    now, widest = b[i] - a[i], i
            if outcome == 3:
                reason = AFFINE
            elif now < smallest:
                reason = SMALL
            if outcome == 2 or (reason > 0 and outcome > 0):
                for i in range(n):
                    if reason > 0:  # the last chance: the whole box
                        weak[i] = 0.5 * (a[i] + b[i])
                        part[i] = b[i] - a[i]
                    part[i] = _REACH * part[i] + _FLOOR * abs(weak[i]) + _TINY
                verdict, place, bound, jacobian = prove(net, space, weak, part)
                if verdict == -1:
                    reason = 0
                    break
                if verdict == 1:
                    known = _known(place, bound, roots, errors, alone, count)
                    reason = SMALL if known == -1 else 0
                    if known == 0:
                        roots[count], errors[count], jacobians[count] = place, bound, jacobian
                        alone[count, 0], alone[count, 1] = weak, part
                        count += 1
                    break
            if reason > 0:
                break
            if outcome > 0 and now < _GAIN * longest and boxes < most_boxes:
                continue
            middle = 0.5 * (a[widest] + b[widest])
            if top + 2 > room:
                room *= 2
                grown = np.empty((room, 2, n))
                grown[:top] = stack[:top]
                stack = grown
            stack[top, 0], stack[top, 1] = a, b
            stack[top, 1, widest] = middle
            stack[top + 1, 0], stack[top + 1, 1] = a, b
            stack[top + 1, 0, widest] = middle
            top += 2
            break
        if reason:
            if left == why.size:
                grown, longer = np.empty((2 * left, 2, n)), np.empty(2 * left, dtype=np.int64)
                grown[:left], longer[:left] = open_boxes, why
                open_boxes, why = grown, longer
            open_boxes[left, 0], open_boxes[left, 1], why[left] = a, b, reason
            left += 1
    return roots[:count], errors[:count], jacobians[:count], open_boxes[:left], why[:left], boxes

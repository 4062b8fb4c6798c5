r"""All solutions of F(x) = x in a box, by branch and bound on affine forms, with proof.

On a box x = c + r eps the network is F = f + A eps +- e (`affine.image`), so that a fixed point there solves
(A - diag r) eps = c - f +- e: every row, and the system times its inverse, narrows eps, or shows that there is none.
What is left is halved. Once the narrowed box is small beside the old one, `krawczyk.prove` settles it. Where x - F(x)
is rounding over the whole box in some direction, as at a multiple fixed point, halving is of no use.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import image, workspace
from rmtjac.kernels.boxes.krawczyk import FLOOR, TINY, TWO_UNITS, UP, invert, load_box, prove

__all__ = ["AFFINE", "BUDGET", "FLAT", "SMALL", "search"]

# Why a box stayed undecided: affine with (nearly) a continuum of fixed points; too small to halve; out of budget;
# x - F(x) is rounding there.
AFFINE, SMALL, BUDGET, FLAT = 1, 2, 3, 4
_REACH = 4.0  # a proof is tried on this many times what narrowing left
_WEAK = 0.25  # and only if what narrowing left is at most this part of the box
_GAIN = 0.6  # narrowing to less of the longest side earns another round before halving
_FLAT = 2.0**-20  # how small x - F(x) must be beside the box for its rounding to be looked at
_NOISE = 32.0  # and how many times that rounding it may be


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
        if abs(a * gap[0] + b * gap[1]) > total * UP + 16.0 * TWO_UNITS * size:
            return True
    return False


@njit(cache=True, nogil=True)
def _flat(net, space, centre, radius, regular, y, system, room, shared):
    """Whether a combination of the rows of x - F(x) is rounding on all of the box.

    The combination is the row of the inverse that is largest: near singular systems it is the left null vector.
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
    side, verdict = image(net, space)
    if verdict == 0:
        return False
    noise = 0.0
    for i in range(n):
        error = space[2][side, i] + TWO_UNITS * (abs(centre[i]) + abs(space[0][side, i]))
        for k in range(space[1].shape[1]):
            error += abs(space[1][side, k, i])
        noise += abs(mix[i]) * error
    return spread <= _NOISE * noise


@njit(cache=True, nogil=True)
def _narrow(net, space, low, high, part, weak):
    """Narrow the box; return 0 if it holds no fixed point, 1 if narrowed, 2 if a proof is worth trying.

    3: the network is affine there and (nearly) all of a direction is fixed; 4: x - F(x) is rounding there; -1:
    overflow. `part` gets the size of what the inverse leaves of eps, `weak` its centre.
    """
    n = low.size
    centre, radius = np.empty(n), np.empty(n)
    for i in range(n):
        centre[i] = 0.5 * (low[i] + high[i])
        radius[i] = max(high[i] - centre[i], centre[i] - low[i]) * UP + TINY
    load_box(space, centre, radius)
    side, verdict = image(net, space)
    if verdict == 0:
        return -1
    f, linear, error = space[0][side], space[1][side], space[2][side]
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
            return 0
        for k in range(n):
            if abs(system[i, k]) > 1e-290:
                others = (total - abs(system[i, k])) * UP + 4.0 * TWO_UNITS * total
                middle, half = gap[i] / system[i, k], others / abs(system[i, k])
                half += 4.0 * TWO_UNITS * (abs(middle) + half)
                least[k], most[k] = max(least[k], middle - half), min(most[k], middle + half)
                if least[k] > most[k]:
                    return 0
    if n == 2 and _apart(system, gap, room, shared):
        return 0
    regular, y = invert(system)
    strong = regular
    if regular:
        for i in range(n):
            middle, half = 0.0, 0.0
            for k in range(n):
                middle += y[i, k] * gap[k]
                half += abs(y[i, k]) * (room[k] + (n + 2) * TWO_UNITS * abs(gap[k]))
                # Y times the system is not quite the identity.
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
                return 0
    singular = verdict == 2 and not strong
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
    if singular and longest > _GAIN:
        return 3
    if strong:
        return 2
    if longest > _GAIN and _flat(net, space, centre, radius, regular, y, system, room, shared):
        return 4
    return 1


@njit(cache=True, nogil=True)
def _known(place, bound, roots, errors, boxes, count):
    """1 if the fixed point in `place` +- `bound` is one of those known, 0 if it is none of them, -1 if unclear."""
    n = place.size
    for k in range(count):
        inside, apart = True, False
        for i in range(n):
            inside = inside and (abs(place[i] - boxes[k, 0, i]) + bound[i]) * UP <= boxes[k, 1, i]
            apart = apart or abs(place[i] - roots[k, i]) > (bound[i] + errors[k, i]) * UP
        if inside:
            return 1
        if not apart:
            return -1
    return 0


@njit(cache=True, nogil=True)
def search(net, starts, known, smallest, most_boxes, most_roots, most_open, more, stop):
    """Find all fixed points in boxes.

    Parameters
    ----------
    net
        See `rmtjac.kernels.boxes.affine`.
    starts
        Shape (K, 2, n): corners of the boxes; the last one is looked at first.
    known
        Of an earlier search, or empty: fixed points (Q, n), errors (Q, n), Jacobians (Q, n, n), and centres and half
        sides of boxes (Q, 2, n) that need no look. These come first in the results.
    smallest
        Boxes with a longest side below this are not halved any more.
    most_boxes, most_roots, most_open
        Budget of boxes, room for results, and how many undecided boxes end the search (a continuum makes many).
    more
        Noise symbols for neurons, beside those of the inputs: they cost time per box and save boxes.
    stop
        Shape (1,), uint8: when another thread makes it 1, all that is left is out of budget.

    Returns
    -------
    tuple
        What is known now, as `known`; undecided boxes (U, 2, n) and why (U,), those out of budget in the order of
        `starts`, so that a search can go on; the number of boxes looked at. Points and undecided boxes together hold
        every fixed point.
    """
    n = starts.shape[2]
    space = workspace(net, n, more)
    count = known[0].shape[0]
    roots, jacobians = np.empty((count + most_roots, n)), np.empty((count + most_roots, n, n))
    errors = np.empty((count + most_roots, n))
    alone = np.empty((count + most_roots, 2, n))  # centre and half sides of a box in which it is the only one
    roots[:count], errors[:count], jacobians[:count], alone[:count] = known
    most_roots += count
    top = starts.shape[0]
    room = 2 * top + 64
    stack = np.empty((room, 2, n))
    stack[:top] = starts
    boxes = 0
    open_boxes, why, left = np.empty((16, 2, n)), np.empty(16, dtype=np.int64), 0
    a, b, part, weak = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    while top > 0:
        if stop[0] or boxes >= most_boxes or count == most_roots or left >= most_open:
            break
        top -= 1
        a[:], b[:] = stack[top, 0], stack[top, 1]
        reason = 0
        while reason == 0:
            covered = False
            for k in range(count):
                inside = True
                for i in range(n):
                    reach = max(alone[k, 0, i] - a[i], b[i] - alone[k, 0, i])
                    inside = inside and reach * UP <= alone[k, 1, i]
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
            elif outcome == 4:
                reason = FLAT
            elif now < smallest:
                reason = SMALL
            if outcome == 2 or (reason > 0 and outcome > 0):
                for i in range(n):
                    if reason > 0:  # the last chance: the whole box
                        weak[i] = 0.5 * (a[i] + b[i])
                        part[i] = b[i] - a[i]
                    part[i] = _REACH * part[i] + FLOOR * abs(weak[i]) + TINY
                verdict, place, bound, jacobian = prove(net, space, weak, part)
                if verdict == -1:
                    reason = 0
                    break
                if verdict == 1:
                    found = _known(place, bound, roots, errors, alone, count)
                    reason = SMALL if found == -1 else 0
                    if found == 0:
                        roots[count], errors[count], jacobians[count] = place, bound, jacobian
                        alone[count, 0], alone[count, 1] = weak, part
                        count += 1
                    break
            if reason > 0:
                break
            if outcome > 0 and now < _GAIN * longest and boxes < most_boxes:
                continue
            if top + 2 > room:
                room *= 2
                grown = np.empty((room, 2, n))
                grown[:top] = stack[:top]
                stack = grown
            stack[top, 0], stack[top, 1] = a, b
            if outcome > 0 and now < _GAIN * longest:  # narrowed again by the next search
                top += 1
                break
            middle = 0.5 * (a[widest] + b[widest])
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
    undecided, reasons = np.empty((top + left, 2, n)), np.empty(top + left, dtype=np.int64)
    undecided[:left], undecided[left:] = open_boxes[:left], stack[:top]
    reasons[:left], reasons[left:] = why[:left], BUDGET
    return (roots[:count], errors[:count], jacobians[:count], alone[:count]), undecided, reasons, boxes

r"""All solutions of F(x) = x in a box, with proof, by branch and bound on affine forms.

A box is narrowed (`rmtjac.kernels.boxes.narrowing`). If little of it is left, Krawczyk's operator proves that it holds
exactly one fixed point or none (`rmtjac.kernels.boxes.krawczyk`); else it is halved. A box is dropped only if a proof
excludes it or covers it, so the points and the undecided boxes together contain every fixed point.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import workspace
from rmtjac.kernels.boxes.krawczyk import FLOOR, TINY, UP, Proof, prove
from rmtjac.kernels.boxes.narrowing import GAIN, Narrowed, narrow

__all__ = ["Found", "Known", "Reason", "search"]

_REACH = 4.0  # a proof is tried on a box this many times as large as the one that narrowing left


class Reason(IntEnum):
    """Why a box stayed undecided."""

    NONE = 0  # the box is decided
    AFFINE = 1  # F is affine there, with (nearly) a continuum of fixed points
    SMALL = 2  # the box is too small to halve
    BUDGET = 3  # the box was not searched, because the budget ended
    FLAT = 4  # x - F(x) is only rounding error there


class _Match(IntEnum):
    """Whether a fixed point is one of those known."""

    UNCLEAR = -1
    NEW = 0
    KNOWN = 1


class Known(NamedTuple):
    """Fixed points that are proved, and the box around each that holds no other and need not be searched."""

    points: np.ndarray  # (Q, n)
    errors: np.ndarray  # (Q, n)
    jacobians: np.ndarray  # (Q, n, n)
    boxes: np.ndarray  # (Q, 2, n), centre and half sides


class Found(NamedTuple):
    """The result of a search."""

    known: Known
    undecided: np.ndarray  # (U, 2, n), corners; those out of budget last, in the order of the starts
    reasons: np.ndarray  # (U,), a `Reason` for each
    looked: int  # the number of boxes that were searched


@njit(cache=True, nogil=True)
def _match(place, bound, roots, errors, boxes, count):
    """Return whether the fixed point in `place` +- `bound` is one of the first `count` known ones."""
    n = place.size
    for k in range(count):
        inside, apart = True, False
        for i in range(n):
            inside = inside and (abs(place[i] - boxes[k, 0, i]) + bound[i]) * UP <= boxes[k, 1, i]
            apart = apart or abs(place[i] - roots[k, i]) > (bound[i] + errors[k, i]) * UP
        if inside:
            return _Match.KNOWN
        if not apart:
            return _Match.UNCLEAR
    return _Match.NEW


@njit(cache=True, nogil=True)
def search(net, starts, known, smallest, max_boxes, max_points, max_open, more, stop):
    """Find all fixed points in boxes.

    Parameters
    ----------
    net
        The network, as `rmtjac.network.NetworkArrays`.
    starts
        Shape (K, 2, n): corners of the boxes; the last one is searched first.
    known
        The `Known` of an earlier search, or an empty one. Its entries come first in the result.
    smallest
        A box whose longest side is below this is not halved.
    max_boxes, max_points, max_open
        The search ends when it has used this many boxes, found this many points or left this many boxes undecided (a
        continuum of fixed points leaves many).
    more
        The number of noise symbols for neurons, beside those of the inputs. They make each box slower and reduce the
        number of boxes.
    stop
        Shape (1,), uint8: when another thread sets it to 1, all boxes that are left count as out of budget.

    Returns
    -------
    Found
    """
    n = starts.shape[2]
    space = workspace(net, n, more)
    count = known.points.shape[0]
    roots, jacobians = np.empty((count + max_points, n)), np.empty((count + max_points, n, n))
    errors = np.empty((count + max_points, n))
    alone = np.empty((count + max_points, 2, n))
    roots[:count], errors[:count], jacobians[:count] = known.points, known.errors, known.jacobians
    alone[:count] = known.boxes
    max_points += count
    top = starts.shape[0]
    room = 2 * top + 64
    stack = np.empty((room, 2, n))
    stack[:top] = starts
    boxes = 0
    open_boxes, why, left = np.empty((16, 2, n)), np.empty(16, dtype=np.int64), 0
    a, b, part, weak = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    while top > 0:
        if stop[0] or boxes >= max_boxes or count == max_points or left >= max_open:
            break
        top -= 1
        a[:], b[:] = stack[top, 0], stack[top, 1]
        reason = Reason.NONE
        while reason == Reason.NONE:
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
            outcome = narrow(net, space, a, b, part, weak)
            if outcome == Narrowed.EMPTY:
                break
            now = 0.0
            for i in range(n):
                if b[i] - a[i] > now:
                    now, widest = b[i] - a[i], i
            if outcome == Narrowed.CONTINUUM:
                reason = Reason.AFFINE
            elif outcome == Narrowed.FLAT:
                reason = Reason.FLAT
            elif now < smallest:
                reason = Reason.SMALL
            if outcome == Narrowed.PROMISING or (reason != Reason.NONE and outcome > Narrowed.EMPTY):
                for i in range(n):
                    if reason != Reason.NONE:  # a last try, with the whole box
                        weak[i] = 0.5 * (a[i] + b[i])
                        part[i] = b[i] - a[i]
                    part[i] = _REACH * part[i] + FLOOR * abs(weak[i]) + TINY
                proof, place, bound, jacobian = prove(net, space, weak, part)
                if proof == Proof.EXCLUDED:
                    reason = Reason.NONE
                    break
                if proof == Proof.PROVED:
                    match = _match(place, bound, roots, errors, alone, count)
                    reason = Reason.SMALL if match == _Match.UNCLEAR else Reason.NONE
                    if match == _Match.NEW:
                        roots[count], errors[count], jacobians[count] = place, bound, jacobian
                        alone[count, 0], alone[count, 1] = weak, part
                        count += 1
                    break
            if reason != Reason.NONE:
                break
            if outcome > Narrowed.EMPTY and now < GAIN * longest and boxes < max_boxes:
                continue
            if top + 2 > room:
                room *= 2
                grown = np.empty((room, 2, n))
                grown[:top] = stack[:top]
                stack = grown
            stack[top, 0], stack[top, 1] = a, b
            if outcome > Narrowed.EMPTY and now < GAIN * longest:  # the budget ended: the next search narrows it again
                top += 1
                break
            middle = 0.5 * (a[widest] + b[widest])
            stack[top, 1, widest] = middle
            stack[top + 1, 0], stack[top + 1, 1] = a, b
            stack[top + 1, 0, widest] = middle
            top += 2
            break
        if reason != Reason.NONE:
            if left == why.size:
                grown, longer = np.empty((2 * left, 2, n)), np.empty(2 * left, dtype=np.int64)
                grown[:left], longer[:left] = open_boxes, why
                open_boxes, why = grown, longer
            open_boxes[left, 0], open_boxes[left, 1], why[left] = a, b, reason
            left += 1
    undecided, reasons = np.empty((top + left, 2, n)), np.empty(top + left, dtype=np.int64)
    undecided[:left], undecided[left:] = open_boxes[:left], stack[:top]
    reasons[:left], reasons[left:] = why[:left], Reason.BUDGET
    return Found(Known(roots[:count], errors[:count], jacobians[:count], alone[:count]), undecided, reasons, boxes)

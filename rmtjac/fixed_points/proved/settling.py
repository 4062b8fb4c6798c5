"""Exact arithmetic in boxes that floats leave open, and continua put together from their pieces."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from rmtjac.fixed_points.proved.branch_and_bound import symbols
from rmtjac.fixed_points.proved.exact import Exact, box_corners, settle, settle_sets
from rmtjac.fixed_points.proved.rational import Point, cut, holds
from rmtjac.network import Network

__all__ = ["MOST_OPEN", "clipped", "floats", "fractions", "joined", "settled", "settled_whole"]

MOST_OPEN = 500  # the largest number of boxes given to exact arithmetic
_PILOT = 2000  # number of parts of the whole domain after which the rest is estimated
_HOPE = 30.0  # it goes on if the estimate is below this multiple of the budget: the estimate is rough


def settled(net: Network, boxes: np.ndarray, max_parts: int) -> Exact:
    """Return what exact arithmetic finds in boxes (U, 2, n), with at most `max_parts` parts for each.

    Of more than `MOST_OPEN` boxes the later ones are left.
    """
    if not len(boxes):
        return Exact()
    total = Exact(unseen=[box_corners(box) for box in boxes[MOST_OPEN:]])
    for box in boxes[:MOST_OPEN]:
        total = joined(total, settle(net, box, max_parts, symbols(net)), join=False)
    return joined(total, Exact())


def settled_whole(net: Network, box: np.ndarray, max_parts: int) -> tuple[Exact, bool]:
    """Return what exact arithmetic finds in one box with at most `max_parts` parts, and whether it was worth trying.

    After a few parts the rest is estimated; if `max_parts` plainly are too few, the second value is False.
    """
    found = settle(net, box, min(max_parts, _PILOT), symbols(net))
    hopeful = True
    if found.unseen and max_parts > _PILOT:
        whole, rest = _size(box_corners(box)), sum(_size(piece) for piece in found.unseen)
        hopeful = (1.0 - rest / whole) * _HOPE * max_parts > _PILOT
        if hopeful:
            more = settle_sets(net, found.unseen, max_parts - _PILOT, symbols(net))
            found = joined(Exact(found.points, found.continua), more, join=False)
    return joined(found, Exact()), hopeful


def _size(piece: list[Point]) -> float:
    """Return the length of a segment or the area of a polygon."""
    x = np.array([floats(point) for point in piece])
    if x.shape[1] == 1:
        return float(np.ptp(x))
    following = np.roll(x, -1, axis=0)
    return 0.5 * abs(float((x[:, 0] * following[:, 1] - x[:, 1] * following[:, 0]).sum()))


def joined(one: Exact, other: Exact, join: bool = True) -> Exact:
    """Return what was found in two sets together; with `join` also unite the pieces of each continuum."""
    points = {place: list(sides) for place, sides in one.points.items()}
    for place, sides in other.points.items():
        points.setdefault(place, []).extend(sides)
    total = Exact(points, one.continua + other.continua, one.unseen + other.unseen)
    if join:
        pieces = _joined(total.continua)
        # A side of a polygon, or a point of a continuum, may be listed by a neighbouring piece too.
        total.continua = [
            piece for piece in pieces
            if not any(
                other is not piece and len(other) > 2 and all(holds(other, p) for p in piece) for other in pieces
            )
        ]  # fmt: skip
        total.points = {p: j for p, j in total.points.items() if not any(holds(piece, p) for piece in pieces)}
    return total


def clipped(piece: list[Point], box: np.ndarray) -> list[Point]:
    """Return the part of a continuum that lies in a box, corners (2, n); it may be a point, or empty."""
    for k, sides in enumerate(box.T.tolist()):
        for face, sign in zip(sides, (-1, 1), strict=True):
            at = Fraction(face)
            values = [sign * (p[k] * at.denominator - at.numerator * p[-1]) for p in piece]
            piece = piece if max(values) <= 0 else cut(piece, values)[0]
            if not piece:
                return []
    return piece


def _joined(pieces: list[list[Point]]) -> list[list[Point]]:
    """Return the pieces after segments that continue each other are united; polygons do not change."""
    segments = [piece for piece in pieces if len(piece) == 2]
    whole = [piece for piece in pieces if len(piece) != 2]
    joined = True
    while joined:
        joined = False
        for i, first in enumerate(segments):
            for j, second in enumerate(segments[:i]):
                union = _union(first, second)
                if union is not None:
                    segments[j] = union
                    del segments[i]
                    joined = True
                    break
            if joined:
                break
    return whole + segments


def _union(first: list[Point], second: list[Point]) -> list[Point] | None:
    """Return the union of two segments if it is one."""
    p, q = (fractions(point) for point in first)
    step = [b - a for a, b in zip(p, q, strict=True)]
    axis = max(range(len(step)), key=lambda k: abs(step[k]))
    along = []
    for point in second:
        x = fractions(point)
        t = (x[axis] - p[axis]) / step[axis]
        if any(a + t * s != b for a, s, b in zip(p, step, x, strict=True)):
            return None
        along.append((t, point))
    (low, start), (high, end) = sorted(along)
    if high < 0 or low > 1:
        return None
    return [start if low < 0 else first[0], end if high > 1 else first[1]]


def fractions(point: Point) -> list[Fraction]:
    """Return the coordinates of a point."""
    return [Fraction(x, point[-1]) for x in point[:-1]]


def floats(point: Point) -> list[float]:
    """Return the coordinates of a point, rounded to the nearest float."""
    return [float(x) for x in fractions(point)]

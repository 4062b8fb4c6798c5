"""Boxes that floats leave open, settled in exact arithmetic; continua in one piece, within the domain."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from rmtjac.fixed_points.exact import Exact, settle
from rmtjac.fixed_points.rational import Point, cut, holds
from rmtjac.fixed_points.search import symbols
from rmtjac.network import Network

__all__ = ["MOST_OPEN", "clipped", "floats", "fractions", "settled"]

MOST_OPEN = 500  # boxes given to exact arithmetic


def settled(net: Network, boxes: np.ndarray, most: int, into: Exact | None = None) -> Exact:
    """Decide boxes (U, 2, n) in exact arithmetic, `most` parts each; return what is found, and boxes around the rest.

    What is found is added to `into`, and its boxes `left` are given up.
    """
    total = Exact(left=list(boxes[MOST_OPEN:]))
    if into is not None:
        total.points, total.continua = into.points, into.continua
    for box in boxes[:MOST_OPEN]:
        exact = settle(net, box, most, symbols(net))
        total.left += exact.left
        for point, jacobians in exact.points.items():
            total.points.setdefault(point, []).extend(jacobians)
        total.continua += exact.continua
    pieces = _joined(total.continua)
    # Sides of a polygon, and points of a continuum, that a neighbouring piece shows too.
    total.continua = [
        piece for piece in pieces
        if not any(other is not piece and len(other) > 2 and all(holds(other, p) for p in piece) for other in pieces)
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
    """Join segments that continue each other; polygons stay as they are."""
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

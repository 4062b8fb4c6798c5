"""All fixed points of a piecewise affine network in a convex set, in exact arithmetic.

On each piece F(x) = A x + c holds exactly, and (I - A) x = c has one solution, none, or a line or plane of them. This
decides singular pieces, points on kinks, points closer together than rounding, and slopes too steep for floats. A piece
that affine forms exclude is dropped early (`rmtjac.kernels.boxes.sieve`).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from rmtjac.fixed_points.proved.rational import (
    MOST_PIECES,
    Affine,
    Point,
    Sieve,
    corners,
    cut,
    inside,
    pieces,
    reduced,
    rounded,
)
from rmtjac.network import Network

__all__ = ["Exact", "box_corners", "local_index", "settle", "settle_sets"]


@dataclass
class Exact:
    """The fixed points in a set.

    Attributes
    ----------
    points
        The isolated fixed points, each with the Jacobian and the sign of det(I - J) on every piece that contains it.
    continua
        The vertices of segments and polygons of fixed points.
    unseen
        The parts of the set that were not searched.
    """

    points: dict[Point, list[tuple[np.ndarray, int]]] = field(default_factory=dict)
    continua: list[list[Point]] = field(default_factory=list)
    unseen: list[list[Point]] = field(default_factory=list)

    def left(self, n: int) -> np.ndarray:
        """Return boxes (U, 2, n) around the parts that were not searched."""
        return np.array([_hull(piece) for piece in self.unseen]).reshape(-1, 2, n)


def sieve(net: Network, symbols: int) -> Sieve:
    """Return a function that tells whether affine forms exclude a piece; `symbols` noise symbols are for neurons."""
    from rmtjac.kernels.boxes.affine import workspace
    from rmtjac.kernels.boxes.sieve import excluded

    space = workspace(net.arrays, 2, symbols)
    rests = [net.arrays.after(layer) for layer in range(net.depth)]

    def test(piece: list[Point], layer: int, x: Affine) -> bool:
        if layer == net.depth:
            return False
        points = rounded(x, piece)
        return bool(np.isfinite(points).all()) and bool(excluded(rests[layer], space, points))

    return test


def _on_piece(piece: list[Point], f: Affine) -> tuple[Point | None, list[Point]]:
    """Return the isolated fixed point of F = `f` on `piece`, or None, and the vertices of a continuum, or none."""
    n = len(piece[0]) - 1
    unit = 1 << f.bits
    system = [[unit * (i == k) - int(f.matrix[i, k]) for k in range(n)] for i in range(n)]
    right = [int(x) for x in f.shift]
    if n == 1:
        (a,), (c,) = system[0], right
        if a:
            x = reduced((c, a) if a > 0 else (-c, -a))
            return (x if inside(x, piece) else None), []
        return None, (piece if c == 0 else [])
    (a, b), (c, d) = system
    det = a * d - b * c
    if det:
        solution = (right[0] * d - b * right[1], a * right[1] - right[0] * c, det)
        x = reduced(solution if det > 0 else tuple(-s for s in solution))
        return (x if inside(x, piece) else None), []
    if a * right[1] != c * right[0] or b * right[1] != d * right[0]:
        return None, []
    row, value = ((a, b), right[0]) if (a, b) != (0, 0) else ((c, d), right[1])
    if row == (0, 0):
        return None, (piece if right == [0, 0] else [])
    values = [row[0] * p[0] + row[1] * p[1] - value * p[2] for p in piece]
    below, above = cut(piece, values)
    ends = [p for p in below if p in above]
    if len(ends) == 1:
        return ends[0], []
    return None, list(dict.fromkeys(ends))


def settle(net: Network, box: np.ndarray, max_parts: int = MOST_PIECES, symbols: int = 8) -> Exact:
    """Return every fixed point in a closed box, corners (2, n) with n <= 2, or in its first `max_parts` parts."""
    return settle_sets(net, [box_corners(box)], max_parts, symbols)


def box_corners(box: np.ndarray) -> list[Point]:
    """Return the corners of a box (2, n) as exact points."""
    return corners([(Fraction(low), Fraction(high)) for low, high in box.T.tolist()])


def settle_sets(net: Network, sets: list[list[Point]], max_parts: int, symbols: int) -> Exact:
    """Return every fixed point in convex sets, or in their first `max_parts` parts."""
    listed, unseen = pieces(net, sets, max_parts, sieve(net, symbols))
    found = Exact(unseen=unseen)
    for piece, f in listed:
        point, continuum = _on_piece(piece, f)
        if point is not None:
            jacobian = np.array([[_float(Fraction(int(x), 1 << f.bits)) for x in row] for row in f.matrix])
            found.points.setdefault(point, []).append((jacobian, _sign(f)))
        elif continuum:
            found.continua.append(continuum)
    return found


def _hull(piece: list[Point]) -> np.ndarray:
    """Return the corners (2, n) of a box around a piece, rounded outward."""
    places = np.array([[_float(Fraction(x, p[-1])) for x in p[:-1]] for p in piece])
    return np.array([np.nextafter(places.min(axis=0), -np.inf), np.nextafter(places.max(axis=0), np.inf)])


def _float(number: Fraction) -> float:
    """Return the nearest float; the largest one for a number beyond it."""
    try:
        return float(number)
    except OverflowError:
        return sys.float_info.max if number > 0 else -sys.float_info.max


def _sign(f: Affine) -> int:
    """Return the exact sign of det(I - J)."""
    n = f.matrix.shape[0]
    system = [[(1 << f.bits) * (i == k) - int(f.matrix[i, k]) for k in range(n)] for i in range(n)]
    det = system[0][0] if n == 1 else system[0][0] * system[1][1] - system[0][1] * system[1][0]
    return (det > 0) - (det < 0)


def local_index(net: Network, point: Point) -> int:
    """Return the fixed-point index of an isolated fixed point: the number of turns of x - F(x) around it.

    The box around the point is made smaller until every piece of it contains the point. If too many pieces meet there
    the result is 0, which shows in the sum of the indices.
    """
    n = len(point) - 1
    place = [Fraction(x, point[-1]) for x in point[:-1]]
    size = Fraction(1, 1 << 30)
    for _ in range(8):  # to 2^-7680
        around, left = pieces(net, [corners([(x - size, x + size) for x in place])])
        if left:
            return 0
        if all(inside(point, piece) for piece, _ in around):
            break
        size *= size
    else:
        return 0
    gaps: dict[tuple[Fraction, ...], tuple[Fraction, ...]] = {}
    for piece, f in around:
        for vertex in piece:
            x_ = [Fraction(a, vertex[-1]) for a in vertex[:-1]]
            if max(abs(a - b) for a, b in zip(x_, place, strict=True)) == size:
                image = [
                    (sum((int(g) * a for g, a in zip(row, x_, strict=True)), Fraction(0)) + int(c)) / (1 << f.bits)
                    for row, c in zip(f.matrix, f.shift, strict=True)
                ]
                away = tuple(a - b for a, b in zip(x_, place, strict=True))
                gaps[away] = tuple(a - b for a, b in zip(x_, image, strict=True))
    if n == 1:
        before, after = gaps[(-size,)][0], gaps[(size,)][0]
        return ((after > 0) - (after < 0) - (before > 0) + (before < 0)) // 2
    # The gap x - F(x) counter-clockwise along the boundary of the box; it is affine between two stations.
    stations = [gaps[key] for key in sorted(gaps, key=lambda v: math.atan2(v[1], v[0]))]
    turns = 0
    for (ax, ay), (bx, by) in zip(stations, stations[1:] + stations[:1], strict=True):
        cross = ax * by - ay * bx
        if ay <= 0 < by and cross > 0:
            turns += 1
        elif by <= 0 < ay and cross < 0:
            turns -= 1
    return turns

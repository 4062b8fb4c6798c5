"""Fixed points of a piecewise affine network in a small box, in exact arithmetic.

Floats are whole numbers times powers of two, so the network is one over the rationals. The box (n <= 2) is cut along
the kinks of each layer in turn; on each piece F(x) = A x + c exactly, and (I - A) x = c has one solution, none, or a
line or plane of them. Points are in homogeneous coordinates, integers (X_1 ... X_n, W) with W > 0. What branch and
bound cannot decide in floats is decided here: singular pieces, points on kinks, points closer than rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from rmtjac.network import Network

__all__ = ["Exact", "Point", "TooManyPieces", "holds", "local_index", "settle"]

Point = tuple[int, ...]
_MOST_PIECES = 400


class TooManyPieces(Exception):
    """The box is cut into more pieces than are worth the time."""


@dataclass
class Exact:
    """All fixed points in a box, and continua.

    Isolated ones with the Jacobian and the sign of det(I - J) on each piece they lie in.
    """

    points: dict[Point, list[tuple[np.ndarray, int]]] = field(default_factory=dict)
    continua: list[list[Point]] = field(default_factory=list)


@dataclass
class _Map:
    """x -> (matrix x + shift) / 2**bits, integers; one row per neuron."""

    matrix: Any
    shift: Any
    bits: int


def _integers(values: np.ndarray) -> tuple[Any, int]:
    """Return whole numbers and `bits` with values = numbers / 2**bits."""
    fraction, exponent = np.frexp(values)
    whole = (fraction * 2.0**53).astype(np.int64).astype(object)
    power = np.where(values == 0.0, 0, exponent.astype(int) - 53)
    bits = max(0, -int(power.min(initial=0)))
    return whole * np.array([1 << int(p + bits) for p in power.ravel()], dtype=object).reshape(power.shape), bits


def _one(value: float) -> tuple[int, int]:
    numbers, bits = _integers(np.array([value]))
    return int(numbers[0]), bits


@lru_cache(maxsize=2)
def _layers(net: Network) -> list[tuple[Any, int, Any, int]]:
    return [(*_integers(w), *_integers(b)) for w, b in zip(net.weights, net.biases, strict=True)]


def _linear(net: Network, layer: int, below: _Map) -> _Map:
    """Preactivations as a function of x."""
    weights, weight_bits, biases, bias_bits = _layers(net)[layer]
    bits = max(weight_bits + below.bits, bias_bits)
    scale = 1 << (bits - weight_bits - below.bits)
    matrix = np.dot(weights, below.matrix) * scale
    return _Map(matrix, np.dot(weights, below.shift) * scale + biases * (1 << (bits - bias_bits)), bits)


def _values(h: _Map, rows: Any, vertices: list[Point], level: int) -> Any:
    """(h_i - level) at the vertices, times W and 2**bits: shape (rows, vertices)."""
    corners = np.array(vertices, dtype=object).T
    shift = h.shift[rows] - (level << h.bits)
    return np.dot(h.matrix[rows], corners[:-1]) + np.multiply.outer(shift, corners[-1])


def _cut(vertices: list[Point], values: list[int]) -> tuple[list[Point], list[Point]]:
    """Cut a convex polygon (or segment) where the values, affine on it, vanish."""
    below: list[Point] = []
    above: list[Point] = []
    for i, (p, v) in enumerate(zip(vertices, values, strict=True)):
        q, w = vertices[i - 1], values[i - 1]
        if v * w < 0:
            # At |w| p + |v| q both W and the value come out right.
            cross = _reduced(tuple(abs(w) * a + abs(v) * b for a, b in zip(p, q, strict=True)))
            below.append(cross)
            above.append(cross)
        if v <= 0:
            below.append(p)
        if v >= 0:
            above.append(p)
    return _distinct(below), _distinct(above)


def _distinct(vertices: list[Point]) -> list[Point]:
    return [p for i, p in enumerate(vertices) if p != vertices[i - 1] or len(vertices) == 1]


def _reduced(point: tuple[int, ...]) -> Point:
    divisor = math.gcd(*point)
    return tuple(x // divisor for x in point)


def _activated(net: Network, layer: int, h: _Map, pieces: list[int]) -> _Map:
    """Apply phi, neuron i on its affine piece pieces[i]."""
    phi = net.activations[layer]
    assert phi.slopes is not None
    slopes = [_one(s) for s in phi.slopes]
    most = max(bits for _, bits in slopes)
    factors = [slope << (most - bits) for slope, bits in slopes]
    offsets = [0]
    for kink, left, right in zip(phi.breakpoints, factors, factors[1:], strict=False):
        offsets.append(offsets[-1] + (left - right) * int(kink))
    start = int(_first_value(net, layer)) << most
    scale = np.array([factors[p] for p in pieces], dtype=object)
    bits = h.bits + most
    shift = np.array([(offsets[p] + start) << h.bits for p in pieces], dtype=object)
    return _Map(h.matrix * scale[:, None], h.shift * scale + shift, bits)


def _first_value(net: Network, layer: int) -> float:
    """Offset of the first affine piece: phi(kink) - slope kink."""
    phi = net.activations[layer]
    assert phi.slopes is not None
    if not phi.breakpoints:
        return 0.0
    kink = phi.breakpoints[0]
    return float(phi(np.array([kink]))[0]) - phi.slopes[0] * kink


def _pieces(net: Network, vertices: list[Point]) -> list[tuple[list[Point], _Map]]:
    """Cut a convex set along all kinks; return the pieces and F on each."""
    n = net.widths[0]
    identity = _Map(np.array([[int(i == k) for k in range(n)] for i in range(n)], dtype=object), np.array([0] * n), 0)
    done: list[tuple[list[Point], _Map]] = []
    todo: list[tuple[list[Point], int, _Map]] = [(vertices, 0, _linear(net, 0, identity))]
    while todo:
        if len(done) + len(todo) > _MOST_PIECES:
            raise TooManyPieces
        piece, layer, h = todo.pop()
        kinks = [int(kink) for kink in net.activations[layer].breakpoints]
        above = np.zeros(h.shift.size, dtype=int)
        split = False
        for kink in kinks:
            values = _values(h, np.arange(h.shift.size), piece, kink)
            least, most = values.min(axis=1), values.max(axis=1)
            crossed = np.flatnonzero((least < 0) & (most > 0))
            if crossed.size:
                todo += [(part, layer, h) for part in _cut(piece, values[crossed[0]].tolist())]
                split = True
                break
            above += np.array(least >= 0, dtype=int)
        if split:
            continue
        y = _activated(net, layer, h, above.tolist())
        if layer + 1 == net.depth:
            done.append((piece, y))
        else:
            todo.append((piece, layer + 1, _linear(net, layer + 1, y)))
    return done


def _corners(sides: list[tuple[Fraction, Fraction]]) -> list[Point]:
    """Corners of a box, counter-clockwise."""
    if len(sides) == 1:
        return [_homogeneous([x]) for x in sides[0]]
    (a, b), (c, d) = sides
    return [_homogeneous(corner) for corner in ([a, c], [b, c], [b, d], [a, d])]


def _homogeneous(corner: list[Fraction]) -> Point:
    common = math.lcm(*(x.denominator for x in corner))
    return _reduced((*(int(x * common) for x in corner), common))


def _inside(point: Point, piece: list[Point]) -> bool:
    """Whether a point lies in a closed convex polygon (or segment)."""
    if len(point) == 2:
        signs = [q[0] * point[1] - point[0] * q[1] for q in piece]
        return min(signs) <= 0 <= max(signs)
    turns = []
    for i, q in enumerate(piece):
        p = piece[i - 1]
        turns.append(
            point[0] * (p[1] * q[2] - p[2] * q[1])
            - point[1] * (p[0] * q[2] - p[2] * q[0])
            + point[2] * (p[0] * q[1] - p[1] * q[0])
        )
    return min(turns) >= 0 or max(turns) <= 0


def holds(piece: list[Point], point: Point) -> bool:
    """Whether a continuum, a polygon or a segment, holds a point."""
    if len(point) == 2 or len(piece) > 2:
        return _inside(point, piece)
    p, q = piece
    turn = (
        point[0] * (p[1] * q[2] - p[2] * q[1])
        - point[1] * (p[0] * q[2] - p[2] * q[0])
        + point[2] * (p[0] * q[1] - p[1] * q[0])
    )
    return turn == 0 and all(_inside((point[k], point[2]), [(p[k], p[2]), (q[k], q[2])]) for k in range(2))


def _on_piece(piece: list[Point], f: _Map) -> tuple[Point | None, list[Point]]:
    """The isolated fixed point, or the vertices of the continuum, of F = `f` on `piece`."""
    n = len(piece[0]) - 1
    unit = 1 << f.bits
    system = [[unit * (i == k) - int(f.matrix[i, k]) for k in range(n)] for i in range(n)]
    right = [int(x) for x in f.shift]
    if n == 1:
        (a,), (c,) = system[0], right
        if a:
            x = _reduced((c, a) if a > 0 else (-c, -a))
            return (x if _inside(x, piece) else None), []
        return None, (piece if c == 0 else [])
    (a, b), (c, d) = system
    det = a * d - b * c
    if det:
        solution = (right[0] * d - b * right[1], a * right[1] - right[0] * c, det)
        x = _reduced(solution if det > 0 else tuple(-s for s in solution))
        return (x if _inside(x, piece) else None), []
    if a * right[1] != c * right[0] or b * right[1] != d * right[0]:
        return None, []
    row, value = ((a, b), right[0]) if (a, b) != (0, 0) else ((c, d), right[1])
    if row == (0, 0):
        return None, (piece if right == [0, 0] else [])
    values = [row[0] * p[0] + row[1] * p[1] - value * p[2] for p in piece]
    below, above = _cut(piece, values)
    ends = [p for p in below if p in above]
    if len(ends) == 1:
        return ends[0], []
    return None, list(dict.fromkeys(ends))


def settle(net: Network, box: np.ndarray) -> Exact:
    """Return every fixed point in a closed box, corners (2, n) with n <= 2.

    Raises
    ------
    TooManyPieces
        If the network has too many linear pieces there.
    """
    found = Exact()
    sides = [(Fraction(low), Fraction(high)) for low, high in box.T.tolist()]
    for piece, f in _pieces(net, _corners(sides)):
        point, continuum = _on_piece(piece, f)
        if point is not None:
            jacobian = np.array([[_float(Fraction(int(x), 1 << f.bits)) for x in row] for row in f.matrix])
            found.points.setdefault(point, []).append((jacobian, _sign(f)))
        elif continuum:
            found.continua.append(continuum)
    return found


def _float(number: Fraction) -> float:
    """The nearest float; the largest one for what is beyond."""
    try:
        return float(number)
    except OverflowError:
        return math.copysign(np.finfo(float).max, number)


def _sign(f: _Map) -> int:
    """Sign of det(I - J), exactly."""
    n = f.matrix.shape[0]
    system = [[(1 << f.bits) * (i == k) - int(f.matrix[i, k]) for k in range(n)] for i in range(n)]
    det = system[0][0] if n == 1 else system[0][0] * system[1][1] - system[0][1] * system[1][0]
    return (det > 0) - (det < 0)


def local_index(net: Network, point: Point) -> int:
    """Return the fixed-point index of an isolated fixed point: how often x - F(x) turns around it.

    The box around it is made smaller until every piece of it contains the point.
    """
    n = len(point) - 1
    place = [Fraction(x, point[-1]) for x in point[:-1]]
    size = Fraction(1, 1 << 30)
    for _ in range(8):  # to 2^-7680
        pieces = _pieces(net, _corners([(x - size, x + size) for x in place]))
        if all(_inside(point, piece) for piece, _ in pieces):
            break
        size *= size
    else:
        raise TooManyPieces
    gaps: dict[tuple[Fraction, ...], tuple[Fraction, ...]] = {}
    for piece, f in pieces:
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
        left, right = gaps[(-size,)][0], gaps[(size,)][0]
        return ((right > 0) - (right < 0) - (left > 0) + (left < 0)) // 2
    # Counter-clockwise along the boundary of the box; on each stretch the gap is affine.
    around = [gaps[key] for key in sorted(gaps, key=lambda v: math.atan2(v[1], v[0]))]
    turns = 0
    for (ax, ay), (bx, by) in zip(around, around[1:] + around[:1], strict=True):
        cross = ax * by - ay * bx
        if ay <= 0 < by and cross > 0:
            turns += 1
        elif by <= 0 < ay and cross < 0:
            turns -= 1
    return turns

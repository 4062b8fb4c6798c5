"""The linear regions of a piecewise affine network with n <= 2 inputs, in exact arithmetic.

Floats are integers times powers of two, so all weights are rational. A convex set is cut along the kinks of each layer
in turn, and on each piece F(x) = A x + c holds exactly. Points have homogeneous coordinates: integers (X_1 ... X_n, W)
with W > 0 stand for (X_1 / W ... X_n / W).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from rmtjac.network import Network

__all__ = [
    "MOST_PIECES",
    "Affine",
    "Point",
    "corners",
    "cut",
    "holds",
    "inside",
    "pieces",
    "reduced",
    "rounded",
]

Point = tuple[int, ...]
Sieve = Callable[
    [list[Point], int, "Affine"], bool
]  # takes a piece, a layer l and x^l on the piece; tells whether to drop it
MOST_PIECES = 2000


@dataclass
class Affine:
    """The map x -> (matrix x + shift) / 2**bits, with one row for each neuron."""

    matrix: Any  # integers, shape (neurons, n)
    shift: Any  # integers, shape (neurons,)
    bits: int


def _integers(values: np.ndarray) -> tuple[Any, int]:
    """Return integers and `bits` with values = integers / 2**bits."""
    fraction, exponent = np.frexp(values)
    whole = (fraction * 2.0**53).astype(np.int64).astype(object)
    power = np.where(values == 0.0, 0, exponent.astype(int) - 53)
    bits = max(0, -int(power.min(initial=0)))
    return whole * np.array([1 << int(p + bits) for p in power.ravel()], dtype=object).reshape(power.shape), bits


def _one(value: float) -> tuple[int, int]:
    """Return an integer and `bits` with value = integer / 2**bits."""
    numbers, bits = _integers(np.array([value]))
    return int(numbers[0]), bits


@lru_cache(maxsize=2)
def _layers(net: Network) -> list[tuple[Any, int, Any, int]]:
    """Return for each layer the weights and biases as integers, each with its bits."""
    return [(*_integers(w), *_integers(b)) for w, b in zip(net.weights, net.biases, strict=True)]


def _linear(net: Network, layer: int, below: Affine) -> Affine:
    """Return the preactivations of a layer as a map of x."""
    weights, weight_bits, biases, bias_bits = _layers(net)[layer]
    bits = max(weight_bits + below.bits, bias_bits)
    scale = 1 << (bits - weight_bits - below.bits)
    matrix = np.dot(weights, below.matrix) * scale
    return Affine(matrix, np.dot(weights, below.shift) * scale + biases * (1 << (bits - bias_bits)), bits)


def _values(h: Affine, vertices: list[Point]) -> tuple[Any, Any]:
    """Return integers (neurons, vertices) and (vertices,) whose quotients are the values of `h` at the vertices."""
    columns = np.array(vertices, dtype=object).T
    return np.dot(h.matrix, columns[:-1]) + np.multiply.outer(h.shift, columns[-1]), columns[-1] * (1 << h.bits)


def rounded(x: Affine, vertices: list[Point]) -> np.ndarray:
    """Return the vertices, and the values of `x` there, as the nearest floats, shape (vertices, n + neurons)."""
    values, wholes = _values(x, vertices)
    rows = zip(vertices, values.T, wholes, strict=True)
    return np.array(
        [[_quotient(a, p[-1]) for a in p[:-1]] + [_quotient(a, whole) for a in row] for p, row, whole in rows]
    )


def _quotient(a: int, b: int) -> float:
    """Return the float nearest to a / b, b > 0; infinite if it is too large."""
    try:
        return a / b
    except OverflowError:
        return math.inf if a > 0 else -math.inf


def cut(vertices: list[Point], values: list[int]) -> tuple[list[Point], list[Point]]:
    """Cut a convex polygon (or segment) where an affine function vanishes; return the parts where it is <= 0 and >= 0.

    `values` holds the value of the function at each vertex, times the last coordinate of the vertex and a common factor
    > 0.
    """
    below: list[Point] = []
    above: list[Point] = []
    for i, (p, v) in enumerate(zip(vertices, values, strict=True)):
        q, w = vertices[i - 1], values[i - 1]
        if v * w < 0:
            # In homogeneous coordinates the zero on this side is |w| p + |v| q.
            cross = reduced(tuple(abs(w) * a + abs(v) * b for a, b in zip(p, q, strict=True)))
            below.append(cross)
            above.append(cross)
        if v <= 0:
            below.append(p)
        if v >= 0:
            above.append(p)
    return _distinct(below), _distinct(above)


def _distinct(vertices: list[Point]) -> list[Point]:
    """Return the vertices without repetitions of neighbours."""
    return [p for i, p in enumerate(vertices) if p != vertices[i - 1] or len(vertices) == 1]


def reduced(point: tuple[int, ...]) -> Point:
    """Return the point in lowest terms."""
    divisor = math.gcd(*point)
    return tuple(x // divisor for x in point)


def _activated(net: Network, layer: int, h: Affine, pieces: list[int]) -> Affine:
    """Return phi(h) as a map of x, if neuron i is on the affine piece pieces[i] of phi."""
    phi = net.activations[layer]
    assert phi.slopes is not None
    slopes = [_one(s) for s in phi.slopes]
    finest = max(bits for _, bits in slopes)
    factors = [slope << (finest - bits) for slope, bits in slopes]
    offsets = [0]
    for kink, left, right in zip(phi.breakpoints, factors, factors[1:], strict=False):
        offsets.append(offsets[-1] + (left - right) * int(kink))
    start = int(_first_value(net, layer)) << finest
    scale = np.array([factors[p] for p in pieces], dtype=object)
    bits = h.bits + finest
    shift = np.array([(offsets[p] + start) << h.bits for p in pieces], dtype=object)
    return Affine(h.matrix * scale[:, None], h.shift * scale + shift, bits)


def _first_value(net: Network, layer: int) -> float:
    """Return the offset of the first affine piece of phi, phi(kink) - slope kink."""
    phi = net.activations[layer]
    assert phi.slopes is not None
    if not phi.breakpoints:
        return 0.0
    kink = phi.breakpoints[0]
    return float(phi(np.array([kink]))[0]) - phi.slopes[0] * kink


def pieces(
    net: Network, sets: list[list[Point]], max_parts: int = MOST_PIECES, sieve: Sieve | None = None
) -> tuple[list[tuple[list[Point], Affine]], list[list[Point]]]:
    """Cut convex sets along all kinks; return the pieces with F on each, and the parts that were not reached.

    At most `max_parts` parts are visited, beginning with the last set. Parts that the sieve excludes are dropped.
    """
    n = net.widths[0]
    identity = Affine(np.array([[int(i == k) for k in range(n)] for i in range(n)], dtype=object), np.array([0] * n), 0)
    done: list[tuple[list[Point], Affine]] = []
    todo: list[tuple[list[Point], int, Affine, Affine | None]] = [(piece, 0, identity, None) for piece in sets]
    for _ in range(max_parts):
        if not todo:
            break
        piece, layer, x, h = todo.pop()
        if sieve is not None and sieve(piece, layer, x):
            continue
        if layer == net.depth:
            done.append((piece, x))
            continue
        if h is None:
            h = _linear(net, layer, x)
        above = np.zeros(h.shift.size, dtype=int)
        values, wholes = _values(h, piece)
        for kink in net.activations[layer].breakpoints:
            heights = values - int(kink) * wholes
            least, greatest = heights.min(axis=1), heights.max(axis=1)
            crossed = np.flatnonzero((least < 0) & (greatest > 0))
            if crossed.size:
                todo += [(part, layer, x, h) for part in cut(piece, heights[crossed[0]].tolist())]
                break
            above += np.array(least >= 0, dtype=int)
        else:
            todo.append((piece, layer + 1, _activated(net, layer, h, above.tolist()), None))
    return done, [piece for piece, *_ in todo]


def corners(sides: list[tuple[Fraction, Fraction]]) -> list[Point]:
    """Return the corners of a box, counter-clockwise."""
    if len(sides) == 1:
        return [_homogeneous([x]) for x in sides[0]]
    (a, b), (c, d) = sides
    return [_homogeneous(corner) for corner in ([a, c], [b, c], [b, d], [a, d])]


def _homogeneous(corner: list[Fraction]) -> Point:
    """Return a point in homogeneous coordinates, in lowest terms."""
    common = math.lcm(*(x.denominator for x in corner))
    return reduced((*(int(x * common) for x in corner), common))


def inside(point: Point, piece: list[Point]) -> bool:
    """Return whether a point lies in a closed convex polygon; for one input, in a segment."""
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
    """Return whether a point lies on a continuum, which is a polygon or a segment."""
    if len(point) == 2 or len(piece) > 2:
        return inside(point, piece)
    p, q = piece
    turn = (
        point[0] * (p[1] * q[2] - p[2] * q[1])
        - point[1] * (p[0] * q[2] - p[2] * q[0])
        + point[2] * (p[0] * q[1] - p[1] * q[0])
    )
    return turn == 0 and all(inside((point[k], point[2]), [(p[k], p[2]), (q[k], q[2])]) for k in range(2))

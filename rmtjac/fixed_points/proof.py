"""All fixed points with proof: branch and bound, then exact arithmetic where floats cannot decide."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.fixed_points.domain import image_box, search_domain
from rmtjac.fixed_points.enumeration import enumerate_fixed_points
from rmtjac.fixed_points.packed import packed
from rmtjac.fixed_points.rational import Exact, Point, TooManyPieces, holds, local_index, settle
from rmtjac.fixed_points.result import FixedPoints, indices, spectral_radii
from rmtjac.network import Network

__all__ = ["MOST_BOXES", "proved_fixed_points"]

MOST_BOXES = 1_000_000
_FIRST_BOXES = 100_000  # of branch and bound, before enumeration is tried
_MOST_REGIONS = 300_000
_MOST_ROOTS = 10_000
# Smaller boxes than this part of the domain are not halved; the next is for continua, which leave too many of them.
_SMALLEST = (1e-10, 1e-6, 1e-3, 0.1)
_MOST_OPEN = 500  # boxes given to exact arithmetic


class _Found(NamedTuple):
    """Proved points, bounds of their errors, Jacobians, undecided boxes, what it took."""

    points: np.ndarray
    errors: np.ndarray
    jacobians: np.ndarray
    undecided: np.ndarray
    facts: dict[str, int]


def proved_fixed_points(net: Network, method: str, domain: object, max_boxes: int) -> FixedPoints:
    """Search the domain by `rmtjac.kernels.boxes.search`; see `rmtjac.find_fixed_points`."""
    box = search_domain(net, domain)
    exactly = method == "exact" and net.widths[0] <= 2
    points, errors, jacobians, boxes, looked = (_exactly if exactly else _searched)(net, box, max_boxes)
    signs = indices(jacobians)
    continua: list[np.ndarray] = []
    if len(boxes) and exactly:
        boxes, exact = _settled(net, boxes)
        points, errors, jacobians, signs = _merged(net, exact, points, errors, jacobians, signs)
        continua = [np.array([_floats(p) for p in piece]) for piece in exact.continua]
    order = np.lexsort(np.round(points, 9).T[::-1])
    points, errors, jacobians, signs = points[order], errors[order], jacobians[order], signs[order]
    complete, reason = _verdict(net, box, boxes, signs, continua)
    return FixedPoints(
        points, errors, jacobians, np.ones(len(points), dtype=bool), signs, complete, reason, method, box, boxes,
        tuple(continua), facts={**looked, "max_boxes": max_boxes},
    )  # fmt: skip


def _symbols(net: Network) -> int:
    """Noise symbols for neurons: measured to take least time, N = 30 and 100; deep networks gain most."""
    return 4 if net.depth <= 5 else 8


def _searched(net: Network, box: np.ndarray, max_boxes: int) -> _Found:
    """Branch and bound alone."""
    from rmtjac.kernels.boxes import search

    smallest = _SMALLEST[0] * float((box[1] - box[0]).max())
    points, errors, jacobians, boxes, _, looked = search(
        packed(net), box[0], box[1], smallest, max_boxes, _MOST_ROOTS, max_boxes, _symbols(net)
    )
    return _Found(points, errors, jacobians, boxes, {"boxes": int(looked)})


def _exactly(net: Network, box: np.ndarray, max_boxes: int) -> _Found:
    """Branch and bound; for a continuum with coarser boxes, and where it is slow by enumeration of the regions."""
    from rmtjac.kernels.boxes import BUDGET, search

    side = float((box[1] - box[0]).max())
    for smallest in _SMALLEST:
        for most in (min(_FIRST_BOXES, max_boxes), max_boxes):
            points, errors, jacobians, boxes, why, looked = search(
                packed(net), box[0], box[1], smallest * side, most, _MOST_ROOTS, _MOST_OPEN, _symbols(net)
            )
            found = _Found(points, errors, jacobians, boxes, {"boxes": int(looked)})
            if (why != BUDGET).all() or (looked >= most == max_boxes):
                return found
            if looked < most:  # more undecided boxes than exact arithmetic takes: a continuum
                break
            listed = enumerate_fixed_points(net, box, min(_MOST_REGIONS, max_boxes))
            if listed is not None:
                facts = {"boxes": int(looked), "regions": listed.regions}
                return _Found(listed.points, listed.errors, listed.jacobians, listed.undecided, facts)
        if _is_small(net, box):  # then exact arithmetic alone shows the continuum in one piece
            return _Found(points[:0], errors[:0], jacobians[:0], box[None], {"boxes": int(looked)})
    return found


def _verdict(
    net: Network, box: np.ndarray, boxes: np.ndarray, signs: np.ndarray, continua: list[np.ndarray]
) -> tuple[bool, str]:
    if len(boxes):
        return False, f"not proved complete: {len(boxes)} boxes undecided; more max_boxes may settle them"
    if continua:
        return True, f"complete: {len(continua)} continua of fixed points, and no other place may hold one"
    held = image_box(net)
    if held is None or not ((box[0] <= held[0]).all() and (held[1] <= box[1]).all()):
        return True, "complete within the domain, by proof (no self-map of the domain: no check by the index)"
    if signs.sum() != 1:
        return False, f"not complete: the indices add up to {int(signs.sum())}, not +1; please report this network"
    return True, "complete, by proof; the indices add up to +1"


def _is_small(net: Network, box: np.ndarray) -> bool:
    try:
        settle(net, box)
    except TooManyPieces:
        return False
    return True


def _settled(net: Network, boxes: np.ndarray) -> tuple[np.ndarray, Exact]:
    """Decide boxes in exact arithmetic; return those that are left, and what the others hold."""
    left, total = [], Exact()
    for box in boxes[:_MOST_OPEN]:
        try:
            exact = settle(net, box)
        except TooManyPieces:
            left.append(box)
            continue
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
    rest = np.concatenate([np.array(left).reshape(-1, *boxes.shape[1:]), boxes[_MOST_OPEN:]])
    return rest, total


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
    p, q = (_fractions(point) for point in first)
    step = [b - a for a, b in zip(p, q, strict=True)]
    axis = max(range(len(step)), key=lambda k: abs(step[k]))
    along = []
    for point in second:
        x = _fractions(point)
        t = (x[axis] - p[axis]) / step[axis]
        if any(a + t * s != b for a, s, b in zip(p, step, x, strict=True)):
            return None
        along.append((t, point))
    (low, start), (high, end) = sorted(along)
    if high < 0 or low > 1:
        return None
    return [start if low < 0 else first[0], end if high > 1 else first[1]]


def _fractions(point: Point) -> list[Fraction]:
    return [Fraction(x, point[-1]) for x in point[:-1]]


def _floats(point: Point) -> list[float]:
    return [float(x) for x in _fractions(point)]


def _turns(net: Network, point: Point) -> int:
    """The index of a point on a kink; 0, which the sum of the indices shows, if too many pieces meet there."""
    try:
        return local_index(net, point)
    except TooManyPieces:
        return 0


def _merged(
    net: Network, exact: Exact, points: np.ndarray, errors: np.ndarray, jacobians: np.ndarray, signs: np.ndarray
) -> tuple[Any, ...]:
    """Add the exact points that are not among those already proved."""
    n = net.widths[0]
    for point, sides in exact.points.items():
        place = np.array(_floats(point))
        if len(points) and (np.abs(points - place) <= errors + 2.0**-52 * np.abs(place)).all(axis=1).any():
            continue
        signs_here = {sign for _, sign in sides}
        sign = signs_here.pop() if len(signs_here) == 1 and signs_here != {0} else _turns(net, point)
        slopes = np.array([jacobian for jacobian, _ in sides])
        worst = slopes[int(np.argmax(spectral_radii(slopes)))]
        points = np.concatenate([points, place[None]])
        errors = np.concatenate([errors, np.spacing(np.abs(place))[None]])
        jacobians = np.concatenate([jacobians, worst.reshape(1, n, n)])
        signs = np.append(signs, sign)
    return points, errors, jacobians, signs

"""All fixed points with proof: branch and bound, then exact arithmetic where floats cannot decide."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.fixed_points.domain import image_box, search_domain
from rmtjac.fixed_points.exact import Exact, local_index, settle
from rmtjac.fixed_points.packed import packed
from rmtjac.fixed_points.rational import MOST_PIECES, Point, holds
from rmtjac.fixed_points.result import FixedPoints, indices, spectral_radii
from rmtjac.network import Network
from rmtjac.pool import interruptible

__all__ = ["MOST_BOXES", "proved_fixed_points"]

MOST_BOXES = 1_000_000
_FIRST_BOXES = 1000  # of branch and bound, for each neuron of a layer, before exact arithmetic on the whole domain
_PARTS = 0.1  # of the budget; they take longer than boxes
_MOST_ROOTS = 10_000
_QUICK = 200  # boxes looked at before a thread is worth its start
_SMALLEST = 1e-10  # smaller boxes than this part of the domain are not halved
_MOST_OPEN = 500  # boxes given to exact arithmetic


class _Found(NamedTuple):
    """Proved points, bounds of their errors, Jacobians, undecided boxes, what it took."""

    points: np.ndarray
    errors: np.ndarray
    jacobians: np.ndarray
    undecided: np.ndarray
    out_of_budget: bool
    facts: dict[str, int]


def proved_fixed_points(net: Network, method: str, domain: object, max_boxes: int) -> FixedPoints:
    """Search the domain by `rmtjac.kernels.boxes.search`; see `rmtjac.find_fixed_points`."""
    box = search_domain(net, domain)
    exactly = method == "exact" and net.widths[0] <= 2
    found, exact = _exactly(net, box, max_boxes) if exactly else (_searched(net, box, max_boxes, max_boxes), Exact())
    points, errors, jacobians, signs = _merged(net, exact, found)
    continua = [np.array([_floats(p) for p in piece]) for piece in exact.continua]
    order = np.lexsort(np.round(points, 9).T[::-1])
    points, errors, jacobians, signs = points[order], errors[order], jacobians[order], signs[order]
    complete, reason = _verdict(net, box, found.undecided, signs, continua)
    return FixedPoints(
        points, errors, jacobians, np.ones(len(points), dtype=bool), signs, complete, reason, method, box,
        found.undecided, tuple(continua), facts={**found.facts, "max_boxes": max_boxes},
    )  # fmt: skip


def _symbols(net: Network) -> int:
    """Noise symbols for neurons: measured to take least time, N = 30 and 100; deep networks gain most."""
    return 4 if net.depth <= 5 else 8


def _searched(net: Network, box: np.ndarray, most: int, most_open: int) -> _Found:
    """Branch and bound alone; what takes long runs in a thread, for Ctrl-C to be heard."""
    from rmtjac.kernels.boxes import BUDGET, search

    smallest = _SMALLEST * float((box[1] - box[0]).max())

    def work(stop: np.ndarray, budget: int = most) -> Any:
        return search(packed(net), box[0], box[1], smallest, budget, _MOST_ROOTS, most_open, _symbols(net), stop)

    found = work(np.zeros(1, dtype=np.uint8), min(most, _QUICK))
    if (found[4] == BUDGET).any() and most > _QUICK:
        found = interruptible(work)
    points, errors, jacobians, boxes, why, looked = found
    return _Found(points, errors, jacobians, boxes, bool((why == BUDGET).any()), {"boxes": int(looked)})


def _exactly(net: Network, box: np.ndarray, max_boxes: int) -> tuple[_Found, Exact]:
    """Branch and bound, and exact arithmetic in the boxes it leaves, or everywhere if these are too many."""
    found = _searched(net, box, min(_FIRST_BOXES * max(net.widths), max_boxes), _MOST_OPEN)
    if not found.out_of_budget:
        left, exact = _settled(net, found.undecided, MOST_PIECES)
        if not len(left):
            return found._replace(undecided=left), exact
    # Transitions too steep for floats, or a continuum, which only the whole domain shows in one piece.
    left, exact = _settled(net, box[None], int(_PARTS * max_boxes))
    listed = _Found(found.points[:0], found.errors[:0], found.jacobians[:0], left, False, found.facts)
    if not len(left):
        return listed, exact
    found = _searched(net, box, max_boxes, max_boxes)
    if found.out_of_budget:
        return listed._replace(facts=found.facts), exact
    left, exact = _settled(net, found.undecided, MOST_PIECES)
    return found._replace(undecided=left), exact


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


def _settled(net: Network, boxes: np.ndarray, most: int) -> tuple[np.ndarray, Exact]:
    """Decide boxes in exact arithmetic, `most` parts each; return boxes around what is left, and what is found."""
    total = Exact(left=list(boxes[_MOST_OPEN:]))
    for box in boxes[:_MOST_OPEN]:
        exact = settle(net, box, most, _symbols(net))
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
    return np.array(total.left).reshape(-1, *boxes.shape[1:]), total


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


def _merged(net: Network, exact: Exact, found: _Found) -> tuple[Any, ...]:
    """Return points, errors, Jacobians and indices: the exact points that are not among those found, added to these."""
    n, (points, errors, jacobians) = net.widths[0], found[:3]
    signs = indices(jacobians)
    for point, sides in exact.points.items():
        place = np.array(_floats(point))
        if len(points) and (np.abs(points - place) <= errors + 2.0**-52 * np.abs(place)).all(axis=1).any():
            continue
        signs_here = {sign for _, sign in sides}
        sign = signs_here.pop() if len(signs_here) == 1 and signs_here != {0} else local_index(net, point)
        slopes = np.array([jacobian for jacobian, _ in sides])
        worst = slopes[int(np.argmax(spectral_radii(slopes)))]
        points = np.concatenate([points, place[None]])
        errors = np.concatenate([errors, np.spacing(np.abs(place))[None]])
        jacobians = np.concatenate([jacobians, worst.reshape(1, n, n)])
        signs = np.append(signs, sign)
    return points, errors, jacobians, signs

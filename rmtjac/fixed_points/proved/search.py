"""All fixed points in a box, with proof: branch and bound, and exact arithmetic where floats cannot decide."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from rmtjac.fixed_points.domain import Domain, resolved_domain
from rmtjac.fixed_points.points import ascending, indices, placed, spectral_radii
from rmtjac.fixed_points.proved.branch_and_bound import Search
from rmtjac.fixed_points.proved.exact import Exact, local_index, settle
from rmtjac.fixed_points.proved.rational import MOST_PIECES, Point
from rmtjac.fixed_points.proved.settling import MOST_OPEN, clipped, floats, fractions, joined, settled, settled_whole
from rmtjac.fixed_points.proved.verdict import verdict
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.network import Network

__all__ = ["MOST_BOXES", "proved_fixed_points"]

MOST_BOXES = 1_000_000
_FIRST_BOXES = 1000  # boxes for each neuron of a layer, before exact arithmetic is tried on the whole domain
_PARTS = 0.1  # part of the budget that exact arithmetic gets, because its parts take longer than boxes
_FAR_TOO_MANY = 2.0  # where exact arithmetic fails, a search that needs more than this multiple of the budget ends


def proved_fixed_points(net: Network, method: str, domain: object, max_boxes: int) -> FixedPoints:
    """Return all fixed points of the domain that the search finds; see `rmtjac.find_fixed_points`."""
    where = resolved_domain(net, domain)
    search, exact = Search(net, where.search), Exact()
    if method == "exact" and net.widths[0] <= 2:
        exact = _exactly(net, search, where, max_boxes)
        search.resolve(extend=False)
    else:
        search.run(max_boxes)
    points, errors, jacobians, signs, places = _merged(net, exact, search)
    total, beside = int(signs.sum()), 0
    order = ascending(points)
    pieces, stuck, unsearched, clusters = exact.continua, search.stuck, search.open, search.clusters
    if where.search is not where.box:  # the search reached beyond the given box: keep what lies in it
        order = order[_kept(net, where.box, points, errors, places)[order]]
        pieces = [clipped(piece, where.box) for piece in pieces]
        stuck, unsearched = (boxes[_touch(boxes, where.box)] for boxes in (stuck, unsearched))
        clusters = [one for one in clusters if _touch(one.box()[None], where.box)[0]]
        beside = int((placed(points[order], errors[order], where.box) == "face").sum())
    points, errors, jacobians, signs = (array[order] for array in (points, errors, jacobians, signs))
    continua = tuple(np.array([floats(p) for p in piece]) for piece in pieces if piece)
    found = verdict(where, total, clusters, len(unsearched), len(stuck), len(continua), beside, search.halted)
    reason = found.reason
    if len(unsearched) and search.needed() > 2.0 * max_boxes:
        reason += f" ({search.boxes} boxes searched; at this pace the whole search needs about {search.needed():.0e})"
    facts = {"boxes": search.boxes, "max_boxes": max_boxes, "clusters": [one.to_dict() for one in clusters]}
    return FixedPoints(
        points, errors, jacobians, np.ones(len(points), dtype=bool), signs, found.complete, reason, method, where.box,
        np.concatenate([stuck, unsearched]), continua, facts=facts,
    )  # fmt: skip


def _touch(boxes: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Return which boxes (U, 2, n) share a point with the domain."""
    return ((boxes[:, 0] <= domain[1]) & (boxes[:, 1] >= domain[0])).all(axis=1)


def _exactly(net: Network, search: Search, where: Domain, max_boxes: int) -> Exact:
    """Search by branch and bound, and by exact arithmetic in the boxes it leaves, or everywhere if they are too many.

    No box is searched twice: branch and bound continues where it stopped, in what exact arithmetic left.
    """
    search.advance(min(_FIRST_BOXES * max(net.widths), max_boxes), MOST_OPEN)
    exact = Exact()
    if not len(search.open):
        exact = settled(net, search.stuck, MOST_PIECES)
        search.stuck = exact.left(search.n)
        if not exact.unseen:
            return exact
    # Slopes are too steep for floats, or there is a continuum. Only a search of the whole domain gives it in one piece.
    whole, hopeful = settled_whole(net, where.search, int(_PARTS * max_boxes))
    if not whole.unseen:
        search.forget()
        return whole
    search.keep(whole.left(search.n))
    exact = joined(exact, whole)
    while hopeful or search.needed() < _FAR_TOO_MANY * max_boxes:
        # The estimate of what is needed becomes better with the search, so it is made again after twice the boxes.
        search.advance(max_boxes if hopeful else min(2 * search.boxes, max_boxes), MOST_OPEN)
        more = settled(net, search.stuck, MOST_PIECES)
        exact, search.stuck = joined(exact, more), more.left(search.n)
        if not len(search.open) or len(search.stuck) or search.boxes >= max_boxes:
            break
    return exact


def _merged(net: Network, exact: Exact, search: Search) -> tuple[Any, ...]:
    """Return points, errors, Jacobians and indices of the search, then of the exact points that it did not find.

    The last value is the list of these exact points.
    """
    points, errors, jacobians = search.points()
    signs = indices(jacobians)
    more: list[Point] = []
    unseen = exact.left(search.n)
    for point, sides in exact.points.items():
        place = np.array(floats(point))
        if len(points) and (np.abs(points - place) <= errors + 2.0**-52 * np.abs(place)).all(axis=1).any():
            continue
        signs_here = {sign for _, sign in sides}
        whole = not ((unseen[:, 0] <= place) & (place <= unseen[:, 1])).all(axis=1).any()
        sure = whole and len(signs_here) == 1 and signs_here != {0}
        sign = signs_here.pop() if sure else local_index(net, point)
        slopes = np.array([jacobian for jacobian, _ in sides])
        worst = slopes[int(np.argmax(spectral_radii(slopes)))]
        points = np.concatenate([points, place[None]])
        errors = np.concatenate([errors, np.spacing(np.abs(place))[None]])
        jacobians = np.concatenate([jacobians, worst.reshape(1, search.n, search.n)])
        signs, more = np.append(signs, sign), [*more, point]
    return points, errors, jacobians, signs, more


def _kept(net: Network, box: np.ndarray, points: np.ndarray, errors: np.ndarray, exact: list[Point]) -> np.ndarray:
    """Return which points do not lie outside the closed box; where floats cannot tell, exact arithmetic decides."""
    apart = ((points - errors > box[1]) | (points + errors < box[0])).any(axis=1)
    inside = ((points - errors >= box[0]) & (points + errors <= box[1])).all(axis=1)
    unclear = np.flatnonzero(~apart & ~inside)
    if not unclear.size:
        return ~apart
    faces = [[Fraction(face) for face in side] for side in box.T.tolist()]
    for k in unclear:
        place = exact[k - len(points)] if k >= len(points) - len(exact) else None
        if place is None and net.widths[0] <= 2 and all(phi.piecewise_affine for phi in net.activations):
            around = settle(net, np.array([points[k] - errors[k], points[k] + errors[k]]))
            if len(around.points) == 1 and not around.unseen and not around.continua:
                place = next(iter(around.points))
        if place is not None:
            x = fractions(place)
            apart[k] = not all(low <= a <= high for a, (low, high) in zip(x, faces, strict=True))
    return ~apart

"""A search by branch and bound that can be continued: what is found, what is open, and what floats cannot decide.

Invariant: the points found, the open boxes, the stuck boxes and the boxes of clusters together contain every fixed
point of the box that was given. Boxes leave these lists only if a kernel proves that they hold no fixed point, or if
the caller proves it (`Search.keep`, `Search.forget`).
"""

from __future__ import annotations

import numpy as np

from rmtjac.fixed_points.clusters import Cluster, Side, Surround, gathered, surround
from rmtjac.fixed_points.points import indices
from rmtjac.fixed_points.proved.multiplicity import most_fixed_points
from rmtjac.network import Network
from rmtjac.pool import interruptible

__all__ = ["Search", "symbols"]

_QUICK = 200  # number of boxes that are searched before a thread is started
_SMALLEST = 1e-10  # a box smaller than this part of the domain is not halved
_MOST_ROOTS = 10_000
_WIDEST = 2.0**-3  # the largest size of a parallelepiped around a cluster, as a part of the domain
_FAR = 1e150  # boxes farther from 0 are not grouped: their sizes could overflow
_MOST_GROUPS = 100  # if there are more groups, no index is computed
_PAUSE = 100  # times 2^n: with so many stuck boxes, which may belong to a continuum, the search pauses to group them


def symbols(net: Network) -> int:
    """Return the number of noise symbols for neurons that took the least time in measurements (widths 30 and 100)."""
    return 4 if net.depth <= 5 else 8


class Search:
    """The state of a search of a box, corners (2, n).

    Attributes
    ----------
    open
        Shape (U, 2, n): boxes that wait, because the budget ended; the last one is next.
    stuck
        Shape (V, 2, n): boxes that floats cannot decide, whatever the budget.
    clusters
        The clusters that the stuck boxes form, after `resolve`.
    halted
        Whether the search ended before its budget, because there may be a continuum.
    boxes
        The number of boxes that were searched.
    """

    def __init__(self, net: Network, box: np.ndarray) -> None:
        from rmtjac.kernels.boxes.search import Known

        n = net.widths[0]
        self.net, self.n, self.boxes = net, n, 0
        self.searched = [box]
        self.open, self.stuck = box[None].copy(), np.empty((0, 2, n))
        self.clusters: list[Cluster] = []
        self.halted = False
        self._known = Known(np.empty((0, n)), np.empty((0, n)), np.empty((0, n, n)), np.empty((0, 2, n)))
        self._proved = np.empty(0, dtype=bool)  # False for the boxes of clusters
        self._side = 2.0 * float(np.minimum(0.5 * box[1] - 0.5 * box[0], 0.25 * np.finfo(float).max).max())

    def points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the proved fixed points (Q, n), bounds of their errors (Q, n) and Jacobians (Q, n, n)."""
        known = self._known
        return known.points[self._proved], known.errors[self._proved], known.jacobians[self._proved]

    def advance(self, max_boxes: int, max_stuck: int) -> None:
        """Search until no box is left, `max_boxes` in all were searched, or `max_stuck` in all are stuck.

        A long search runs in a thread, so that Ctrl-C ends it.
        """
        if self.boxes < _QUICK:
            self._look(np.zeros(1, dtype=np.uint8), min(max_boxes, _QUICK), max_stuck)
        if len(self.open) and self.boxes < max_boxes:
            interruptible(lambda stop: self._look(stop, max_boxes, max_stuck))

    def _look(self, stop: np.ndarray, max_boxes: int, max_stuck: int) -> None:
        """Call the kernel once, and store what it finds."""
        from rmtjac.kernels.boxes.search import Reason, search

        room = _MOST_ROOTS - int(self._proved.sum())
        if room <= 0 or len(self.stuck) >= max_stuck:
            return
        found = search(
            self.net.arrays, self.open, self._known, _SMALLEST * self._side, max_boxes - self.boxes, room,
            max_stuck - len(self.stuck), symbols(self.net), stop,
        )  # fmt: skip
        self._proved = np.append(self._proved, np.ones(len(found.known.points) - len(self._proved), dtype=bool))
        self._known, self.boxes = found.known, self.boxes + int(found.looked)
        self.open = found.undecided[found.reasons == Reason.BUDGET]
        if len(self.open) < len(found.undecided):
            self.stuck = np.concatenate([self.stuck, found.undecided[found.reasons != Reason.BUDGET]])

    def needed(self) -> float:
        """Return an estimate of the number of boxes of the whole search, from the volume that is still open."""
        low, high = self.searched[0]
        halves = 0.5 * self.open[:, 1] - 0.5 * self.open[:, 0]
        done = 1.0 - float((halves / (0.5 * high - 0.5 * low)).prod(axis=1).sum())
        return self.boxes / max(done, 1e-15)

    def keep(self, boxes: np.ndarray) -> None:
        """Drop the open and stuck boxes that share no point with any of `boxes` (U, 2, n).

        The caller has proved that every fixed point that is not known yet lies in one of `boxes`.
        """
        for name in ("open", "stuck"):
            mine = getattr(self, name)
            meet = (mine[:, None, 0] <= boxes[None, :, 1]) & (mine[:, None, 1] >= boxes[None, :, 0])
            setattr(self, name, mine[meet.all(axis=2).any(axis=1)])

    def forget(self) -> None:
        """Drop all points and boxes, because exact arithmetic has listed every fixed point."""
        self._known = type(self._known)(*(array[:0] for array in self._known))
        self._proved, self.open, self.stuck = self._proved[:0], self.open[:0], self.stuck[:0]

    def run(self, max_boxes: int) -> None:
        """Search until only clusters are undecided, the budget ends, or there may be a continuum."""
        pause = _PAUSE << self.n
        while True:
            self.advance(max_boxes, len(self.stuck) + max(pause, len(self.stuck)))
            largest = self.resolve()
            if not len(self.open):
                return
            self.halted = 2 * largest > pause
            if self.halted or self.boxes >= max_boxes or int(self._proved.sum()) >= _MOST_ROOTS:
                self.resolve(extend=False, pending=True)
                return

    def resolve(self, extend: bool = True, pending: bool = False) -> int:
        """Group the stuck boxes and find the index of each group; return the size of the largest one without an index.

        A group with an index becomes one box that is not searched any more.

        Parameters
        ----------
        extend
            Whether to search the surroundings of a group where they lie outside of what was searched.
        pending
            Whether to add small open boxes to the groups; they stay open.
        """
        if not len(self.stuck) and not (pending and len(self.open)):
            self.clusters = []
            return 0
        halves = (0.5 * self.open[:, 1] - 0.5 * self.open[:, 0]).max(axis=1, initial=0.0)
        small = halves < 0.125 * _WIDEST * self._side
        far = ~(np.abs(self.stuck) < _FAR).all(axis=(1, 2))
        beyond, self.stuck = self.stuck[far], self.stuck[~far]
        boxes = np.concatenate([self.stuck, self.open[small & pending]])
        groups = gathered(boxes)
        if len(groups) > _MOST_GROUPS:
            self.clusters, self.stuck = [], np.concatenate([self.stuck, beyond])
            return max(map(len, groups))
        found: list[tuple[np.ndarray, Surround | None]] = []
        while groups:
            group = groups.pop()
            around = surround(self.net, _hull(boxes[group]), _WIDEST * self._side)
            near = (
                [] if around is None else [k for k, other in enumerate(groups) if around.touches(_hull(boxes[other]))]
            )
            if near:  # groups that are too near to each other for separate indices are united
                groups.append(np.concatenate([group, *(groups.pop(k) for k in reversed(near))]))
            else:
                found.append((group, around))
        self.clusters, stuck, largest = [], [beyond], len(beyond)
        apart = self.open[~(small & pending)]
        for group, around in found:
            hull, mine = _hull(boxes[group]), group[group < len(self.stuck)]
            index = None
            if around is not None:
                others = [_hull(boxes[other]) for other, _ in found if other is not group]
                index = self._index(around, [*others, *apart], extend)
            centre = hull.mean(axis=0)
            radius = float(np.maximum(hull[1] - centre, centre - hull[0]).max()) * (1.0 + 2.0**-50) + 1e-300
            most = most_fixed_points(self.net, hull[0, 0], hull[1, 0]) if index is not None else None
            self.clusters.append(Cluster(tuple(centre.tolist()), radius, index, most))
            if around is None or len(mine) < len(group):
                stuck.append(boxes[mine])
                largest = max(largest, len(mine))
            else:
                stuck.append(hull[None])
                self._cover(hull)
        self.stuck = np.concatenate(stuck)
        return largest

    def _index(self, around: Surround, others: list[np.ndarray], extend: bool) -> int | None:
        """Return the index of a cluster; None if its surroundings touch one of `others` or were not searched."""
        box = around.box()
        if not any((outer[0] <= box[0]).all() and (box[1] <= outer[1]).all() for outer in self.searched):
            if not extend or len(self.searched) > _MOST_GROUPS:
                return None
            wide = 1.5 * box - 0.5 * box[::-1]  # twice as large, because the cluster may grow a little
            self.searched.append(wide)
            self.open = np.concatenate([self.open, wide[None]])
            return None
        points, errors, jacobians = self.points()
        sides = around.holds(points, errors)
        if (sides == Side.UNCLEAR).any() or any(around.touches(other) for other in others):
            return None
        return around.degree - int(indices(jacobians[sides == Side.INSIDE]).sum())

    def _cover(self, hull: np.ndarray) -> None:
        """Mark the box of a cluster as one that is not searched any more."""
        centre = hull.mean(axis=0)
        half = np.maximum(hull[1] - centre, centre - hull[0]) * (1.0 + 2.0**-50) + 1e-300
        new = centre[None], half[None], np.zeros((1, self.n, self.n)), np.array([[centre, half]])
        pairs = zip(self._known, new, strict=True)
        self._known = type(self._known)(*(np.concatenate([old, one]) for old, one in pairs))
        self._proved = np.append(self._proved, False)


def _hull(boxes: np.ndarray) -> np.ndarray:
    """Return the corners (2, n) of the smallest box around boxes (U, 2, n)."""
    return np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])

"""The protocol of BS, Section IV: iterate a grid of starts; and what becomes of those that do not settle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.fixed_points.attractors import Attractors, polish
from rmtjac.fixed_points.orbits import Orbits, grid_starts
from rmtjac.fixed_points.packed import packed
from rmtjac.fixed_points.result import Cycle, FixedPoints, indices, spectral_radii
from rmtjac.network import Network

__all__ = ["APERIODIC", "DIVERGED", "Destinations", "destinations", "grid_fixed_points"]

APERIODIC, DIVERGED = -1, -2
_OPEN = -3
_LOOK = 5  # steps between looks at who has entered a core of attraction
_SCOUTS, _SCOUTED, _SCOUTING = 8, 20, 64  # orbits that run ahead to find cycles: how many, from which step, how far
_RECURS = 1e-9  # relative: an orbit that comes back this close is periodic


class Destinations:
    """Where starts end, filled in while their orbits are followed.

    Attributes
    ----------
    labels
        Shape (K,): number of the fixed point; minus 10 minus the number of the cycle, while numbers are still open;
        `APERIODIC`, `DIVERGED`.
    settled
        Shape (K,): whether the start came to rest within the limits of the protocol.
    found
        The attractors.
    """

    def __init__(self, net: Network, starts: np.ndarray, found: Attractors | None = None) -> None:
        self.net, self.starts = net, starts
        self.labels = np.full(len(starts), _OPEN)
        self.settled = np.zeros(len(starts), dtype=bool)
        self.found = Attractors(net) if found is None else found
        self.orbits = Orbits(net, starts)

    def _end(self, rows: np.ndarray, labels: np.ndarray, settled: bool) -> None:
        """Take the rows of a mask out, with a label each; `settled`: those that end in a fixed point came to rest."""
        if rows.any():
            ended = self.orbits.drop(rows)
            done = ended >= 0
            self.labels[done] = labels[ended[done]]
            self.settled[done] = settled & (self.labels[done] >= 0)

    def _advance(self) -> np.ndarray:
        """Take one step, end what diverged, and return the states before of the rows that are left."""
        before = self.orbits.step()
        rows = self.orbits.diverged()
        self._end(rows, np.full(int(rows.sum()), DIVERGED), False)
        return before[~rows]

    def _rest(self, before: np.ndarray, tolerance: float, settled: bool) -> None:
        """End the rows that hardly moved in the last step, if Newton's method finds what they rest at."""
        rows = np.linalg.norm(self.orbits.states - before, axis=1) < tolerance
        if not rows.any():
            return
        places, errors, jacobians, good = polish(self.net, self.orbits.states[rows])
        labels = np.array(
            [
                self.found.fixed_point(*one) if ok else _OPEN
                for *one, ok in zip(places, errors, jacobians, good, strict=True)
            ]
        )
        # A start at rest without a fixed point nearby creeps through a gap; it goes on.
        rows[rows] = good
        self._end(rows, labels[good], settled)

    def _in_cores(self, left: int, tolerance: float) -> None:
        """End the rows in a core: of a cycle, and of a fixed point if they are sure to come to rest in `left` steps."""
        states = self.orbits.states
        points, cycles = self.found.in_cores(states)
        rows = cycles >= 0
        labels = np.where(rows, -10 - cycles, points)
        for k, core in enumerate(self.found.point_cores):
            if core is None or left < 1 or core.steps > 1:
                continue
            here = points == k
            reach = np.abs((states[here] - core.centre) @ core.coordinates.T).max(axis=1)
            widest = np.linalg.norm(np.linalg.inv(core.coordinates), 2) * math.sqrt(states.shape[1])
            with np.errstate(divide="ignore"):
                rows[here] = np.log(2.0 * widest * reach) + left * math.log(core.factor + 1e-300) < math.log(tolerance)
        self._end(rows, labels[rows], True)

    def protocol(self, tolerance: float, steps: int) -> None:
        """Iterate until \\|x_{m+1} - x_m\\| < tolerance, at most `steps` times."""
        for m in range(1, steps + 1):
            self._rest(self._advance(), tolerance, True)
            if m == _SCOUTED:
                self._scout()
            if m % _LOOK == 0:
                self._in_cores(steps - m, tolerance)
            if not len(self.orbits):
                return

    def _scout(self) -> None:
        """Follow a few orbits alone, to know cycles that the others will end in."""
        states = self.orbits.states
        x = states[:: max(1, len(states) // _SCOUTS)][:_SCOUTS]
        history = [x]
        for _ in range(2 * _SCOUTING):
            history.append(self.net(history[-1]))
        # Orbits whose last state was there before.
        last, history = history[-1], history[_SCOUTING:]
        room = _RECURS * (1.0 + np.abs(last).max(axis=1))
        todo = np.ones(len(last), dtype=bool)
        for period in range(1, len(history)):
            back = todo & (np.abs(history[-1 - period] - last).max(axis=1) < room)
            todo &= ~back
            if period > 1:
                for row in np.flatnonzero(back):
                    self._cycle(last[row], period)

    def _cycle(self, x: np.ndarray, period: int) -> int:
        """Polish and register the cycle through x; -1 if it is none."""
        places, errors, multipliers, good = polish(self.net, x[None], period)
        if not good[0]:
            return -1
        points = [places[0]]
        for _ in range(period - 1):
            points.append(self.net(points[-1]))
        gap = np.abs(np.array(points[1:]) - points[0]).max(axis=1).min()
        if gap <= 10.0 * errors[0] + _RECURS * (1.0 + np.abs(x).max()):
            return -1  # it is a fixed point, or a shorter cycle
        return self.found.cycle(np.array(points), multipliers[0])

    def follow(self, steps: int, tolerance: float) -> None:
        """Follow the orbits that are left, `steps` steps, until it is clear how they end (Brent's method)."""
        orbits = self.orbits
        mark = 0
        orbits.marks = orbits.states.copy()
        for m in range(1, steps + 1):
            before = self._advance()
            if m % _LOOK == 1:
                self._rest(before, tolerance, False)
                self._any_core()
            if not len(orbits):
                return
            assert orbits.marks is not None
            near = np.abs(orbits.states - orbits.marks).max(axis=1)
            rows = near < _RECURS * (1.0 + np.abs(orbits.states).max(axis=1))
            if rows.any():
                labels = np.full(len(rows), _OPEN)
                for row in np.flatnonzero(rows):
                    number = self._cycle(orbits.states[row], m - mark) if m - mark > 1 else -1
                    labels[row] = -10 - number if number >= 0 else _OPEN
                self._end(labels != _OPEN, labels[labels != _OPEN], False)
            if m == max(1, 2 * mark):
                mark = m
                orbits.marks = orbits.states.copy()
        rows = np.ones(len(orbits), dtype=bool)
        self._end(rows, np.full(len(rows), APERIODIC), False)

    def _any_core(self) -> None:
        """End the rows in any core, whenever they will come to rest."""
        points, cycles = self.found.in_cores(self.orbits.states)
        labels = np.where(cycles >= 0, -10 - cycles, points)
        rows = (points >= 0) | (cycles >= 0)
        self._end(rows, labels[rows], False)


def destinations(
    net: Network, starts: np.ndarray, tolerance: float, steps: int, follow: int, found: Attractors | None = None
) -> Destinations:
    """Run the protocol on given starts, then follow those that did not settle; `found`: attractors known already."""
    from threadpoolctl import threadpool_limits

    ends = Destinations(net, starts, found)
    with threadpool_limits(1, user_api="blas"):
        ends.protocol(tolerance, steps)
        if len(ends.orbits):
            ends.follow(follow, tolerance)
    ends.labels[ends.labels == _OPEN] = APERIODIC
    return ends


def grid_fixed_points(
    net: Network, domain: np.ndarray, step: float, tolerance: float, steps: int, starts: np.ndarray | None, follow: int
) -> FixedPoints:
    """Find what a grid (or given starts) leads to; see `rmtjac.find_fixed_points`."""
    n = net.widths[0]
    if starts is None:
        starts, _ = grid_starts(domain, step)
    ends = destinations(net, starts, tolerance, steps, follow)
    found = ends.found
    points = np.array(found.points).reshape(-1, n)
    jacobians = np.array(found.jacobians).reshape(-1, n, n)
    errors = np.repeat(np.array(found.errors)[:, None], n, axis=1).reshape(-1, n)
    proved = np.zeros(len(points), dtype=bool)
    if all(phi.code is not None for phi in net.activations):
        proved = _prove(net, points, errors, jacobians)
    order = np.lexsort(np.round(points, 9).T[::-1])
    cycles = tuple(
        Cycle(cycle, float(spectral_radii(multiplier)))
        for cycle, multiplier in zip(found.cycles, found.multipliers, strict=True)
    )
    labels = ends.labels.copy()
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    labels[ends.labels >= 0] = rank[ends.labels[ends.labels >= 0]]
    in_cycle = ends.labels <= -10
    labels[in_cycle] = len(points) - 10 - ends.labels[in_cycle]
    facts: dict[str, Any] = {"step": step, "tolerance": tolerance, "max_iter": steps, "follow": follow}
    return FixedPoints(
        points[order], errors[order], jacobians[order], proved[order], indices(jacobians[order]), False,
        f"not proved complete: {len(starts)} starts show what attracts them, not what does not", "grid", domain,
        np.empty((0, 2, n)), (), cycles, starts, labels, ends.settled, facts=facts,
    )  # fmt: skip


def _prove(net: Network, points: np.ndarray, errors: np.ndarray, jacobians: np.ndarray) -> np.ndarray:
    """Prove the points one by one; overwrite points and errors by what is proved."""
    from rmtjac.kernels.affine import workspace
    from rmtjac.kernels.boxes import prove

    arrays = packed(net)
    space = workspace(arrays, points.shape[1])
    proved = np.zeros(len(points), dtype=bool)
    for i, point in enumerate(points):
        radius = 64.0 * errors[i] + 2.0**-44 * np.abs(point) + 1e-300
        verdict, place, bound, jacobian = prove(arrays, space, point.copy(), radius)
        if verdict == 1:
            proved[i] = True
            points[i], errors[i], jacobians[i] = place, bound, jacobian
    return proved

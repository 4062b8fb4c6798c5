"""The protocol of BS, Section IV: iterate a grid of starts; and what becomes of those that do not settle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.fixed_points.iterated.attractors import Attractors, polish, repelled
from rmtjac.fixed_points.iterated.orbits import Orbits, grid_starts, norms
from rmtjac.fixed_points.packed import packed
from rmtjac.fixed_points.result import FixedPoints, indices, spectral_radii
from rmtjac.network import Network

__all__ = [
    "APERIODIC", "CYCLES", "DIVERGED", "UNSTABLE", "Destinations", "destinations", "ends_of", "grid_fixed_points",
    "numbered",
]  # fmt: skip

APERIODIC, DIVERGED, UNSTABLE = -1, -2, -4
_OPEN = -3
CYCLES = -10  # cycle j is -10 - j while the number of points is open
_LOOK = 3  # steps between looks at who has entered a core of attraction; odd, for cycles of period 2
_SCOUTS, _SCOUTING, _SCOUT_AT = 8, 50, (3, 20)  # orbits that run ahead: how many, how far, from which steps
_ENVOYS, _PART = 64, 20  # orbits that are followed all the way; the others go this part of it
_REACHES = (64.0, 1e4, 1e6, 1e8)  # sizes of the boxes tried for a proof, in errors of the point
_STILL = 1e-14
_TRIES = 8  # to polish a cycle, before the mark of Brent's method moves on
_TOUCH = 1e-5  # a step shorter than that is followed by Newton's method
_CLOSE = 1e-6  # relative: as close as that to a stable cycle, an orbit ends there
_LONGEST = 64  # period of an unstable cycle that is recognised
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

    def _rest(self, before: np.ndarray, tolerance: float, settled: bool, stable: bool = False) -> None:
        """End the rows that hardly moved in the last step, if Newton's method finds what they rest at.

        With `stable` only at points that attract, or if they do not move at all: others are just passed by.
        """
        steps = norms(self.orbits.states - before)
        rows = steps < tolerance
        for most in (1, 4, len(rows)):
            # Once a few are polished and have cores, the others need not be.
            if not rows.any():
                return
            states = self.orbits.states[rows]
            labels, _ = self.found.in_cores(states)
            chosen = np.flatnonzero(labels < 0)[:most]
            if chosen.size:
                places, errors, jacobians, good = polish(self.net, states[chosen])
                if stable:
                    still = steps[rows][chosen] < _STILL * (1.0 + np.abs(states[chosen]).max(axis=1))
                    good[good] = (spectral_radii(jacobians[good]) < 1.0) | still[good]
                for i, row in enumerate(chosen):
                    # Without a fixed point nearby it creeps through a gap, and goes on.
                    labels[row] = self.found.fixed_point(places[i], errors[i], jacobians[i]) if good[i] else _OPEN
            ended = np.zeros(len(rows), dtype=bool)
            ended[rows] = labels >= 0
            left = rows.copy()
            left[rows] = labels == -1
            self._end(ended, labels[labels >= 0], settled)
            rows, steps = left[~ended], steps[~ended]

    def _in_cores(self, left: int, tolerance: float) -> None:
        """End the rows in a core: of a cycle, and of a fixed point if they are sure to come to rest in `left` steps."""
        states = self.orbits.states
        points, cycles = self.found.in_cores(states)
        rows = cycles >= 0
        labels = np.where(rows, CYCLES - cycles, points)
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
        """Iterate until a step is shorter than the tolerance, at most `steps` times."""
        for m in range(1, steps + 1):
            self._rest(self._advance(), tolerance, True)
            if m in _SCOUT_AT:
                self._scout()
            if m >= _SCOUT_AT[0] and m % _LOOK == 0:
                self._in_cores(steps - m, tolerance)
            if not len(self.orbits):
                return

    def _scout(self) -> None:
        """Follow a few orbits alone, to know what the others will end in."""
        states = self.orbits.states
        x = states[:: max(1, len(states) // _SCOUTS)][:_SCOUTS]
        points, cycles = self.found.in_cores(x)
        x = x[(points < 0) & (cycles < 0)]
        history = [x]
        for _ in range(_SCOUTING):
            history.append(self.net(history[-1]))
        last = history[-1]
        with np.errstate(all="ignore"):
            room = _RECURS * (1.0 + np.abs(last).max(axis=1, initial=0.0))
            room[~np.isfinite(room)] = 0.0
            for period in range(1, _SCOUTING // 2):
                back = np.abs(history[-1 - period] - last).max(axis=1, initial=0.0) < room
                room[back] = 0.0
                for row in np.flatnonzero(back):
                    if not self._is_known(last[row]):
                        self._cycle(last[row], period) if period > 1 else self._point(last[row])

    def _is_known(self, x: np.ndarray) -> bool:
        points, cycles = self.found.in_cores(x[None])
        return bool(points[0] >= 0 or cycles[0] >= 0)

    def _point(self, x: np.ndarray) -> int:
        """Polish and register the fixed point near x; -1 if there is none."""
        places, errors, jacobians, good = polish(self.net, x[None])
        return self.found.fixed_point(places[0], errors[0], jacobians[0]) if good[0] else -1

    def _cycle(self, x: np.ndarray, period: int) -> int:
        """Polish and register the cycle through x; -1 if it is none, -2 if it repels."""
        places, errors, multipliers, good = polish(self.net, x[None], period)
        if not good[0]:
            return -1
        points = [places[0]]
        for _ in range(period - 1):
            points.append(self.net(points[-1]))
        gap = np.abs(np.array(points[1:]) - points[0]).max(axis=1).min()
        if gap <= 10.0 * errors[0] + _RECURS * (1.0 + np.abs(x).max()):
            return -1  # it is a fixed point, or a shorter cycle
        if not spectral_radii(multipliers[0]) < 1.0:
            return -2  # it is passed by
        return self.found.cycle(np.array(points), multipliers[0])

    def follow(self, steps: int, tolerance: float) -> None:
        """Follow the orbits that are left until it is clear how they end, at most `steps` steps.

        All of them go a part of the way, which shows who enters a known core. If many are left, some go all the way;
        what they find is used for the others, and if none of them comes to an end, nor will the others.
        """
        self._follow(steps // _PART, tolerance)
        states = self.orbits.states
        if len(states) > 2 * _ENVOYS:
            envoys = Destinations(self.net, states[:: len(states) // _ENVOYS], self.found)
            envoys._follow(steps, tolerance)
            if (envoys.labels == _OPEN).all():
                return
            self._follow(steps // _PART, tolerance)
        self._follow(steps, tolerance)

    def _follow(self, steps: int, tolerance: float) -> None:
        """Step on, with Brent's method for cycles."""
        orbits = self.orbits
        mark, tries = 0, _TRIES
        orbits.marks = orbits.states.copy()
        for m in range(1, steps + 1):
            if not len(orbits):
                return
            before = self._advance()
            if m % _LOOK == 1:
                self._rest(before, tolerance, False, stable=True)
                self._any_core()
            assert orbits.marks is not None
            near = np.abs(orbits.states - orbits.marks).max(axis=1, initial=0.0)
            rows = near < _RECURS * (1.0 + np.abs(orbits.states).max(axis=1, initial=0.0))
            while rows.any() and tries and m - mark > 1:
                tries -= 1
                first = int(np.argmax(rows))
                number = self._cycle(orbits.states[first], m - mark)
                if number == -2:
                    rows[first] = False
                    continue
                if number < 0:
                    break
                cycle = self.found.cycles[number]
                gaps = np.abs(orbits.states[:, None, :] - cycle[None]).max(axis=2).min(axis=1)
                ended = rows & (gaps < _CLOSE * (1.0 + np.abs(cycle).max()))
                if not ended.any():
                    break
                self._end(ended, np.full(int(ended.sum()), CYCLES - number), False)
                rows = rows[~ended]
            if m == max(1, 2 * mark):
                mark, tries = m, _TRIES
                orbits.marks = orbits.states.copy()

    def _any_core(self) -> None:
        """End the rows in any core, whenever they will come to rest."""
        points, cycles = self.found.in_cores(self.orbits.states)
        labels = np.where(cycles >= 0, CYCLES - cycles, points)
        rows = (points >= 0) | (cycles >= 0)
        self._end(rows, labels[rows], False)


@np.errstate(over="ignore", invalid="ignore")
def destinations(
    net: Network, starts: np.ndarray, tolerance: float, steps: int, follow: int, found: Attractors | None = None
) -> Destinations:
    """Run the protocol on given starts, then follow those that did not settle; `found`: attractors known already."""
    ends = Destinations(net, starts, found)
    ends.protocol(tolerance, steps)
    if len(ends.orbits):
        ends.follow(follow, tolerance)
    ends.labels[ends.labels == _OPEN] = APERIODIC
    return ends


@np.errstate(over="ignore", invalid="ignore")
def ends_of(
    net: Network, starts: np.ndarray, follow: int, found: Attractors | None = None
) -> tuple[np.ndarray, Attractors]:
    """Return what starts end in, and the attractors; only if they get there, not if they pass by slowly.

    `UNSTABLE`: a cycle that repels is met exactly. (An unstable fixed point has its number: see `Attractors.attract`.)
    """
    ends = Destinations(net, starts, found)
    if len(starts):
        ends.follow(follow, _TOUCH)
    ends.labels[ends.labels == _OPEN] = APERIODIC
    if len(ends.orbits):
        states = ends.orbits.states
        last = np.where(repelled(net, states, _LONGEST, _STILL), UNSTABLE, APERIODIC)
        for number, cycle in enumerate(ends.found.cycles):  # on their way, but not there yet
            gaps = np.abs(states[:, None, :] - cycle[None]).max(axis=2).min(axis=1)
            last[gaps < _CLOSE * (1.0 + np.abs(cycle).max())] = CYCLES - number
        left = ends.orbits.owner >= 0
        ends.labels[left] = last[ends.orbits.owner[left]]
    return ends.labels, ends.found


def grid_fixed_points(
    net: Network, domain: np.ndarray, step: float, tolerance: float, steps: int, starts: np.ndarray | None, follow: int
) -> FixedPoints:
    """Find what a grid (or given starts) leads to; see `rmtjac.find_fixed_points`."""
    n = net.widths[0]
    if starts is None:
        starts, _ = grid_starts(domain, step)
    ends = destinations(net, starts, tolerance, steps, follow)
    labels, found = numbered(ends.labels, ends.found), ends.found
    points = np.array(found.points).reshape(-1, n)
    jacobians = np.array(found.jacobians).reshape(-1, n, n)
    errors = np.repeat(np.array(found.errors)[:, None], n, axis=1).reshape(-1, n)
    proved = np.zeros(len(points), dtype=bool)
    if all(phi.code is not None for phi in net.activations):
        proved = _prove(net, points, errors, jacobians)
    facts: dict[str, Any] = {"step": step, "tolerance": tolerance, "max_iter": steps, "follow": follow}
    return FixedPoints(
        points, errors, jacobians, proved, indices(jacobians), False,
        f"not proved complete: {len(starts)} starts show what attracts them, not what does not", "grid", domain,
        np.empty((0, 2, n)), (), found.found_cycles(), starts, labels, ends.settled, facts=facts,
    )  # fmt: skip


def numbered(labels: np.ndarray, found: Attractors) -> np.ndarray:
    """Sort the fixed points, and return labels by their new numbers: i < Q for points, Q + j for cycles."""
    new = np.concatenate([found.sort(), [0]])
    count = len(found.points)
    return np.where(
        labels <= CYCLES, count + CYCLES - labels, np.where(labels >= 0, new[np.maximum(labels, 0)], labels)
    )


def _prove(net: Network, points: np.ndarray, errors: np.ndarray, jacobians: np.ndarray) -> np.ndarray:
    """Prove the points one by one; overwrite points and errors by what is proved."""
    from rmtjac.kernels.boxes.affine import workspace
    from rmtjac.kernels.boxes.krawczyk import prove

    arrays = packed(net)
    space = workspace(arrays, points.shape[1], 0)
    proved = np.zeros(len(points), dtype=bool)
    for i, point in enumerate(points):
        for reach in _REACHES:  # a box must hold the rounding of F, and no kink
            radius = reach * (errors[i] + 2.0**-50 * np.abs(point)) + 1e-300
            verdict, place, bound, jacobian = prove(arrays, space, point.copy(), radius)
            if verdict == 1:
                proved[i] = True
                points[i], errors[i], jacobians[i] = place, bound, jacobian
                break
    return proved

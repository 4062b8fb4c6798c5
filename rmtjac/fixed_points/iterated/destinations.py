"""The end of each orbit: the protocol of BS Section IV, then orbits are followed until their ends are known.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from rmtjac.fixed_points.ends import FIRST_CYCLE, Label
from rmtjac.fixed_points.iterated.attractors import NO_CORE, Attractors, polish, repelled
from rmtjac.fixed_points.iterated.orbits import Orbits, norms
from rmtjac.fixed_points.points import spectral_radii
from rmtjac.network import Network

__all__ = ["Destinations", "destinations", "ends_of"]

_LOOK = 3  # steps after which orbits in a core of attraction are ended; odd, because of cycles of period 2
_SCOUTS, _SCOUTING, _SCOUT_AT = 8, 50, (3, 20)  # after these steps so many orbits are followed alone, for so many steps
_SAMPLE, _PART = 64, 20  # size of the sample that takes all steps; the others take this fraction of them first
_STILL = 1e-14  # an orbit with a smaller relative step does not move
_TRIES = 8  # attempts to polish a cycle, before Brent's method stores a new state
_TOUCH = 1e-5  # a step shorter than this is followed by Newton's method
_CLOSE = 1e-6  # an orbit at this relative distance from a stable cycle ends in it
_LONGEST = 64  # longest period of an unstable cycle that is recognised
_RECURS = 1e-9  # an orbit that returns to this relative distance is periodic


class _Refused(IntEnum):
    """Why a candidate for a cycle is not registered."""

    NO_CYCLE = -1
    REPELS = -2


class Destinations:
    """The ends of the orbits of many starts, filled in while the orbits are followed.

    Attributes
    ----------
    labels
        Shape (K,): the number i of a fixed point, ``FIRST_CYCLE - j`` for cycle j, or a `Label`; `Label.OPEN` until the
        end of the orbit is known.
    settled
        Shape (K,): whether the start came to rest within the limits of the protocol.
    found
        The `Attractors` met so far.
    orbits
        The `Orbits` that are still followed.
    """

    def __init__(self, net: Network, starts: np.ndarray, found: Attractors | None = None) -> None:
        self.net, self.starts = net, starts
        self.labels = np.full(len(starts), Label.OPEN)
        self.settled = np.zeros(len(starts), dtype=bool)
        self.found = Attractors(net) if found is None else found
        self.orbits = Orbits(net, starts)

    def _end(self, rows: np.ndarray, labels: np.ndarray, settled: bool) -> None:
        """End the orbits in a mask of rows, with one label each; `settled` marks those that end in a fixed point."""
        if rows.any():
            ended = self.orbits.drop(rows)
            done = ended >= 0
            self.labels[done] = labels[ended[done]]
            self.settled[done] = settled & (self.labels[done] >= 0)

    def _advance(self) -> np.ndarray:
        """Take one step, end the orbits that diverged, and return the previous states of those that are left."""
        before = self.orbits.step()
        rows = self.orbits.diverged()
        self._end(rows, np.full(int(rows.sum()), Label.DIVERGED), False)
        return before[~rows]

    def _rest(self, before: np.ndarray, tolerance: float, settled: bool, stable: bool = False) -> None:
        """End the orbits whose last step was shorter than the tolerance, if Newton's method finds a fixed point there.

        If `stable`, an orbit ends only at a point that attracts, or if it does not move at all: it may pass by others.
        """
        steps = norms(self.orbits.states - before)
        rows = steps < tolerance
        for most in (1, 4, len(rows)):
            # One orbit is polished, then four: their cores of attraction usually hold the others.
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
                    # Without a fixed point nearby the orbit only moves slowly, and is followed on.
                    labels[row] = self.found.fixed_point(places[i], errors[i], jacobians[i]) if good[i] else Label.OPEN
            ended = np.zeros(len(rows), dtype=bool)
            ended[rows] = labels >= 0
            left = rows.copy()
            left[rows] = labels == NO_CORE
            self._end(ended, labels[labels >= 0], settled)
            rows, steps = left[~ended], steps[~ended]

    def _in_cores(self, left: int, tolerance: float) -> None:
        """End the orbits in a core of a cycle, and those in a core of a fixed point that will rest in `left` steps."""
        states = self.orbits.states
        points, cycles = self.found.in_cores(states)
        rows = cycles >= 0
        labels = np.where(rows, FIRST_CYCLE - cycles, points)
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
        """Follow a few orbits alone and register what they end in: the others usually end there too."""
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
        """Return whether a point lies in a known core of attraction."""
        points, cycles = self.found.in_cores(x[None])
        return bool(points[0] >= 0 or cycles[0] >= 0)

    def _point(self, x: np.ndarray) -> None:
        """Polish and register the fixed point near x, if there is one."""
        places, errors, jacobians, good = polish(self.net, x[None])
        if good[0]:
            self.found.fixed_point(places[0], errors[0], jacobians[0])

    def _cycle(self, x: np.ndarray, period: int) -> int:
        """Polish and register the cycle through x; return its number, or a `_Refused`."""
        places, errors, multipliers, good = polish(self.net, x[None], period)
        if not good[0]:
            return _Refused.NO_CYCLE
        points = [places[0]]
        for _ in range(period - 1):
            points.append(self.net(points[-1]))
        gap = np.abs(np.array(points[1:]) - points[0]).max(axis=1).min()
        if gap <= 10.0 * errors[0] + _RECURS * (1.0 + np.abs(x).max()):
            return _Refused.NO_CYCLE  # it is a fixed point, or a cycle of a shorter period
        if not spectral_radii(multipliers[0]) < 1.0:
            return _Refused.REPELS
        return self.found.cycle(np.array(points), multipliers[0])

    def follow(self, steps: int, tolerance: float) -> None:
        """Follow the orbits that are left until their ends are known, for at most `steps` steps.

        First all orbits take a part of the steps, which ends those that enter a known core. If many are left, a sample
        of them takes all steps. What the sample finds ends others; if no orbit of the sample ends, the rest is left.
        """
        self._follow(steps // _PART, tolerance)
        states = self.orbits.states
        if len(states) > 2 * _SAMPLE:
            sample = Destinations(self.net, states[:: len(states) // _SAMPLE], self.found)
            sample._follow(steps, tolerance)
            if (sample.labels == Label.OPEN).all():
                return
            self._follow(steps // _PART, tolerance)
        self._follow(steps, tolerance)

    def _follow(self, steps: int, tolerance: float) -> None:
        """Take up to `steps` steps, and find cycles by Brent's method: compare with a stored earlier state."""
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
                if number == _Refused.REPELS:
                    rows[first] = False
                    continue
                if number < 0:
                    break
                cycle = self.found.cycles[number]
                gaps = np.abs(orbits.states[:, None, :] - cycle[None]).max(axis=2).min(axis=1)
                ended = rows & (gaps < _CLOSE * (1.0 + np.abs(cycle).max()))
                if not ended.any():
                    break
                self._end(ended, np.full(int(ended.sum()), FIRST_CYCLE - number), False)
                rows = rows[~ended]
            if m == max(1, 2 * mark):
                mark, tries = m, _TRIES
                orbits.marks = orbits.states.copy()

    def _any_core(self) -> None:
        """End the orbits in any core of attraction, however many steps they would still need."""
        points, cycles = self.found.in_cores(self.orbits.states)
        labels = np.where(cycles >= 0, FIRST_CYCLE - cycles, points)
        rows = (points >= 0) | (cycles >= 0)
        self._end(rows, labels[rows], False)


@np.errstate(over="ignore", invalid="ignore")
def destinations(
    net: Network, starts: np.ndarray, tolerance: float, steps: int, follow: int, found: Attractors | None = None
) -> Destinations:
    """Run the protocol on given starts, then follow those that did not settle; `found` holds known attractors."""
    ends = Destinations(net, starts, found)
    ends.protocol(tolerance, steps)
    if len(ends.orbits):
        ends.follow(follow, tolerance)
    ends.labels[ends.labels == Label.OPEN] = Label.APERIODIC
    return ends


@np.errstate(over="ignore", invalid="ignore")
def ends_of(
    net: Network, starts: np.ndarray, follow: int, found: Attractors | None = None
) -> tuple[np.ndarray, Attractors]:
    """Return labels of what starts end in, and the attractors; an orbit that only passes a point slowly does not end.

    `Label.UNSTABLE` means that the orbit ends exactly on a repelling cycle. Here an unstable fixed point still has a
    number, as every fixed point; `Attractors.attract` tells which points attract.
    """
    ends = Destinations(net, starts, found)
    if len(starts):
        ends.follow(follow, _TOUCH)
    ends.labels[ends.labels == Label.OPEN] = Label.APERIODIC
    if len(ends.orbits):
        states = ends.orbits.states
        last = np.where(repelled(net, states, _LONGEST, _STILL), Label.UNSTABLE, Label.APERIODIC)
        for number, cycle in enumerate(
            ends.found.cycles
        ):  # these approach the cycle, but are not within the tolerance of Newton's method yet
            gaps = np.abs(states[:, None, :] - cycle[None]).max(axis=2).min(axis=1)
            last[gaps < _CLOSE * (1.0 + np.abs(cycle).max())] = FIRST_CYCLE - number
        left = ends.orbits.owner >= 0
        ends.labels[left] = last[ends.orbits.owner[left]]
    return ends.labels, ends.found

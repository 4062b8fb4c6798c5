"""The state of a sweep, read from its store.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rmtjac.sweep.plans import Plan, read_plan
from rmtjac.sweep.store import Contents, scan

__all__ = ["SweepStatus", "status"]

_RECENT = 600.0  # the time over which the rate is taken, in seconds
_SHORTEST = 1e-3  # the shortest such time, in seconds


@dataclass(frozen=True, eq=False)
class SweepStatus:
    """Hold the state of a sweep.

    Attributes
    ----------
    plan : Plan
        The plan of the sweep.
    contents : Contents
        The units that have a record, and the damage of the store.
    now : float
        The unix time at which the store was read.

    See Also
    --------
    status : Read the state of a sweep.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=20, block=10)
    >>> rj.sweep.status(folder)
    SweepStatus(0 of 4 units done)
    """

    plan: Plan
    contents: Contents
    now: float

    @property
    def total(self) -> int:
        """The number of units."""
        return len(self.plan)

    @property
    def done(self) -> int:
        """The number of units with a record."""
        return int(self.contents.done.sum())

    @property
    def complete(self) -> bool:
        """Whether every unit has a record."""
        return self.done == self.total

    @property
    def rate(self) -> float:
        """The number of units a second over the last ten minutes; NaN for fewer than two units."""
        at = self.contents.at[self.contents.done]
        recent = at[at >= self.now - _RECENT]
        if recent.size < 2:
            return math.nan
        return recent.size / max(self.now - float(recent.min()), _SHORTEST)

    @property
    def seconds_left(self) -> float:
        """The time that the units that are left take at the rate `rate`, in seconds; NaN if the rate is unknown."""
        return (self.total - self.done) / self.rate

    @property
    def seconds_per_unit(self) -> float:
        """The mean time of a unit, in seconds; NaN if none is done."""
        taken = self.contents.seconds[self.contents.done]
        return float(taken.mean()) if taken.size else math.nan

    @property
    def problems(self) -> list[str]:
        """What is wrong with the store, or can change results, one text each."""
        c = self.contents
        out = c.damage + self.plan.unseen
        out += [f"{c.foreign} records of units that are not in the plan"] if c.foreign else []
        out += [f"{len(c.differing)} units whose records disagree, first {c.differing[0]}"] if c.differing else []
        out += [f"records of different {what}: last bits may differ" for what in c.mixed]
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return a description that JSON can hold."""
        return {
            "total": self.total, "done": self.done, "rate": self.rate, "seconds_left": self.seconds_left,
            "seconds_per_unit": self.seconds_per_unit, "duplicates": self.contents.duplicates,
            "writers": len(self.contents.writers), "problems": self.problems,
        }  # fmt: skip

    def table(self) -> str:
        """Return the state of each cell as text."""
        done = self.contents.done
        lines = [repr(self.plan), repr(self)]
        lines.append(f"{'convention':>28}{'N':>7}{'L':>6}{'units':>8}{'done':>8}{'s a unit':>10}")
        for c, cell in enumerate(self.plan.cells):
            units = slice(int(self.plan.firsts[c]), int(self.plan.firsts[c + 1]))
            here = done[units]
            taken = self.contents.seconds[units][here]
            mean = f"{taken.mean():.2f}" if taken.size else "-"
            lines.append(
                f"{cell.convention:>28}{cell.width:7d}{cell.depth:6d}{here.size:8d}{int(here.sum()):8d}{mean:>10}"
            )
        return "\n".join(lines + self.problems)

    def __repr__(self) -> str:
        text = f"SweepStatus({self.done} of {self.total} units done"
        if not self.complete and math.isfinite(self.rate):
            text += f", {self.rate:.3g} a second, {_duration(self.seconds_left)} left"
        return f"{text}{f'; {len(self.problems)} problems' if self.problems else ''})"


def _duration(seconds: float) -> str:
    """Return a time as text, in the largest unit that fits."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"


def status(folder: str | Path) -> SweepStatus:
    """Read the state of a sweep.

    Parameters
    ----------
    folder : str or Path
        The folder of the sweep.

    Returns
    -------
    SweepStatus
        The units that are done, the rate, and the problems of the store.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan.
    ValueError
        If the plan is damaged, or records were written under another plan.

    See Also
    --------
    run : Do what is left of a sweep.

    Notes
    -----
    The time is proportional to the size of the records.

    References
    ----------
    BS Section IV: the law of the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=20, block=10)
    >>> _ = rj.sweep.run(folder, "serial", max_units=3)
    >>> state = rj.sweep.status(folder)
    >>> state.done, state.total, state.complete
    (3, 4, False)
    """
    plan = read_plan(folder)
    return SweepStatus(plan, scan(plan), time.time())

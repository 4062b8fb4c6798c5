"""How far a sweep has come, read from its store."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rmtjac.sweep.plans import Plan, read_plan
from rmtjac.sweep.store import Contents, scan

__all__ = ["SweepStatus", "status"]

_RECENT = 600.0  # seconds over which the rate is taken


@dataclass(frozen=True, eq=False)
class SweepStatus:
    """State of a sweep.

    Attributes
    ----------
    plan
        What there is to do.
    contents
        What lies in the store.
    now
        Unix time of the look.
    """

    plan: Plan
    contents: Contents
    now: float

    @property
    def total(self) -> int:
        """Number of units."""
        return len(self.plan)

    @property
    def done(self) -> int:
        """Number of units with a record."""
        return int(self.contents.done.sum())

    @property
    def complete(self) -> bool:
        """Whether every unit has a record."""
        return self.done == self.total

    @property
    def rate(self) -> float:
        """Units a second over the last ten minutes; NaN if there were fewer than two."""
        at = self.contents.at[self.contents.done]
        recent = at[at >= self.now - _RECENT]
        if recent.size < 2:
            return math.nan
        return recent.size / max(self.now - float(recent.min()), 1e-3)

    @property
    def seconds_left(self) -> float:
        """Time left at this rate; NaN if it is unknown."""
        return (self.total - self.done) / self.rate

    @property
    def seconds_per_unit(self) -> float:
        """Mean time of a unit; NaN before the first."""
        taken = self.contents.seconds[self.contents.done]
        return float(taken.mean()) if taken.size else math.nan

    @property
    def problems(self) -> list[str]:
        """What is wrong or worth knowing about the store, a line each."""
        c = self.contents
        out = c.damage + self.plan.unseen
        out += [f"{c.foreign} records of units that are not in the plan"] if c.foreign else []
        out += [f"{len(c.differing)} units whose records disagree, first {c.differing[0]}"] if c.differing else []
        out += [f"records of different {what}: last bits may differ" for what in c.mixed]
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return {
            "total": self.total, "done": self.done, "rate": self.rate, "seconds_left": self.seconds_left,
            "seconds_per_unit": self.seconds_per_unit, "duplicates": self.contents.duplicates,
            "writers": len(self.contents.writers), "problems": self.problems,
        }  # fmt: skip

    def table(self) -> str:
        """Return the state as text, cell by cell."""
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
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"


def status(folder: str | Path) -> SweepStatus:
    """Read how far a sweep has come.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan.
    """
    plan = read_plan(folder)
    return SweepStatus(plan, scan(plan), time.time())

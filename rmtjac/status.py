"""Outcomes of iterations and of orbits; the value of each is a message."""

from __future__ import annotations

from enum import Enum

__all__ = ["Status"]


class Status(Enum):
    """Name how the solution of an equation, or the orbit of a start, ended."""

    CONVERGED = "converged"
    LATE = "converged after the iteration limit"
    ITERATION_LIMIT = "the iteration limit was reached before the tolerance"
    CYCLE = "a cycle"
    APERIODIC = "bounded, without a cycle that was found"
    DIVERGED = "diverged"
    UNSTABLE = "on the stable set of an unstable point or cycle"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value

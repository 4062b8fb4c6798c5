"""Outcomes of iterative work: a member is its own message."""

from __future__ import annotations

from enum import Enum

__all__ = ["Status"]


class Status(Enum):
    """How the solution of one equation, or the orbit of one start, ended."""

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

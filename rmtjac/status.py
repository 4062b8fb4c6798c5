"""Outcomes of iterative work: a member is its own message."""

from __future__ import annotations

from enum import Enum

__all__ = ["Status"]


class Status(Enum):
    """How the solution of one equation ended."""

    CONVERGED = "converged"
    ITERATION_LIMIT = "the iteration limit was reached before the tolerance"
    DIVERGED = "the iteration left the domain of the equation"

    def __str__(self) -> str:
        return self.value

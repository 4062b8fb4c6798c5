"""A solver whose density costs more than its cdf: the density at many points is a difference quotient of the cdf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rmtjac.theory.heavy_tails.solver import Solver, Tail, Values

__all__ = ["ManyPoints"]

_FEW = 40
_STEP = 0.01  # log lambda
_WEIGHTS = np.array([-1.0, 8.0, -8.0, 1.0]) / 12.0  # of F at 2, 1, -1, -2 steps: an error of the fourth order


@dataclass(frozen=True, eq=False)
class ManyPoints:
    """A law with the values of another solver; up to 40 points of the density are solved one by one.

    Attributes
    ----------
    solver : Solver
        The law.
    """

    solver: Solver

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.solver.method

    @property
    def angle(self) -> float:
        """The angle of the smoothing."""
        return self.solver.angle

    @property
    def atom(self) -> Values:
        """The mass at lambda = 0 and its error."""
        return self.solver.atom

    @property
    def tail(self) -> Tail:
        """The tail of the law without smoothing."""
        return self.solver.tail

    def log_density(self, log_lam: np.ndarray) -> Values:
        """Return the density of log lambda at points of shape (n,), with the change that steps twice as long make."""
        if log_lam.size <= _FEW:
            return self.solver.log_density(log_lam)
        fine, coarse = (self._quotient(log_lam, step) for step in (_STEP, 2.0 * _STEP))
        # The cdf has smooth errors, but is rounded.
        return Values(np.maximum(fine, 0.0), np.abs(fine - coarse) + 4e-16 / _STEP + np.maximum(-fine, 0.0))

    def _quotient(self, log_lam: np.ndarray, step: float) -> np.ndarray:
        places = log_lam[:, None] + step * np.array([2.0, 1.0, -1.0, -2.0])
        return self.solver.cdf(places.ravel()).value.reshape(places.shape) @ _WEIGHTS / step

    def cdf(self, log_lam: np.ndarray) -> Values:
        """Return the cdf at points of shape (n,)."""
        return self.solver.cdf(log_lam)

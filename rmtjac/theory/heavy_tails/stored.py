"""A limit as a table in log lambda: the form in which a computed curve is written to a file and read again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.heavy_tails.quantiles import log_quantile
from rmtjac.theory.heavy_tails.solver import Solver, Tail, Values

__all__ = ["StoredSolver", "tabulate"]

_OUTSIDE = 1e-8  # the share of the mass that a table leaves out at each end
_STEP, _MOST = 0.02, 8000
_FARTHEST = 1e6  # log lambda
_WIDE, _EVEN = 320.0, 20.0  # a wider table has steps that grow with the distance from the centre, beyond the second


@dataclass(frozen=True, eq=False)
class StoredSolver:
    """A law of log lambda given by its values on a grid; a cubic through F and its slope lies between the points.

    Outside the grid the density is a power of lambda with the mass that lies beyond the grid.

    Attributes
    ----------
    method : str
        The name of the method that computed the values.
    angle : float
        The angle of the smoothing.
    tail : Tail
        The tail of the law without smoothing.
    atom : Values
        The mass at 0 and its error.
    log_lam : ndarray of float, shape (n,)
        The grid, ascending.
    densities : ndarray of float, shape (2, n)
        The density of log lambda and its error.
    cdfs : ndarray of float, shape (2, n)
        The cdf and its error.
    """

    method: str
    angle: float
    tail: Tail
    atom: Values
    log_lam: np.ndarray
    densities: np.ndarray
    cdfs: np.ndarray

    def __post_init__(self) -> None:
        for array in (self.log_lam, self.densities, self.cdfs):
            array.flags.writeable = False
        if self.log_lam.size < 4 or not np.all(np.diff(self.log_lam) > 0.0):
            raise ValueError("the grid of log lambda must be at least four ascending numbers")
        if not np.isfinite([self.densities, self.cdfs]).all() or not 0.0 <= float(self.atom.value) <= 1.0:
            raise ValueError("the values of a limit must be finite, and its atom a probability")

    @cached_property
    def _spline(self) -> Any:
        from scipy.interpolate import CubicHermiteSpline

        return CubicHermiteSpline(self.log_lam, self.cdfs[0], self.densities[0])

    @cached_property
    def _heights(self) -> Any:
        from scipy.interpolate import CubicSpline

        return CubicSpline(self.log_lam, self.densities[0])

    def _outside(self, log_lam: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the density and the mass beyond points outside the grid, and a bound of its error; 0 inside."""
        density, mass, unsure = np.zeros(log_lam.size), np.zeros(log_lam.size), np.zeros(log_lam.size)
        for end, at, all_ in (
            (0, log_lam < self.log_lam[0], float(self.atom.value)),
            (-1, log_lam > self.log_lam[-1], 1.0),
        ):
            left, height = abs(self.cdfs[0, end] - all_), max(float(self.densities[0, end]), 0.0)
            if left > 0.0:
                distance = np.abs(log_lam[at] - self.log_lam[end])
                with np.errstate(under="ignore"):
                    fall = np.exp(-distance * (height / left))
                density[at], mass[at] = height * fall, left * fall
                # The mass is at most that of the end, and the density falls.
                unsure[at] = np.minimum(left * np.maximum(fall, 1.0 - fall), height * distance)
        return density, mass, unsure

    def log_density(self, log_lam: np.ndarray) -> Values:
        """Return the density of log lambda at points of shape (n,)."""
        inside = (log_lam >= self.log_lam[0]) & (log_lam <= self.log_lam[-1])
        value = self._outside(log_lam)[0]
        error = np.interp(log_lam, self.log_lam, self.densities[1])
        # Outside, the density is a guess that falls together with its error.
        ends = np.where(log_lam < self.log_lam[0], self.densities[0, 0], self.densities[0, -1])
        share = np.divide(value, ends, out=np.zeros(value.size), where=~inside & (ends > 0.0))
        error = np.where(inside, error, error * share + value)
        value[inside] = np.maximum(self._heights(log_lam[inside]), 0.0)
        return Values(value, error)

    def cdf(self, log_lam: np.ndarray) -> Values:
        """Return the cdf at points of shape (n,)."""
        below, above = log_lam < self.log_lam[0], log_lam > self.log_lam[-1]
        _, mass, unsure = self._outside(log_lam)
        value = np.where(below, float(self.atom.value) + mass, 1.0 - mass)
        inside = ~(below | above)
        value[inside] = self._spline(log_lam[inside])
        return Values(np.clip(value, 0.0, 1.0), np.interp(log_lam, self.log_lam, self.cdfs[1]) + unsure)


def _grid(first: float, centre: float, last: float) -> np.ndarray:
    """Return the points of a table and those between them."""
    first, centre, last = np.clip([first, centre, last], -_FARTHEST, _FARTHEST)
    if last - first <= _WIDE:
        return np.linspace(first, last, 2 * min(max(round((last - first) / _STEP), 200), _MOST) + 1)
    low, high = np.arcsinh((np.array([first, last]) - centre) / _EVEN)
    return centre + _EVEN * np.sinh(np.linspace(low, high, 2 * _MOST + 1))


def tabulate(solver: Solver) -> StoredSolver:
    """Return a solver as a table; the errors of the table contain those of the interpolation.

    Raises
    ------
    ValueError
        If a value is not finite, or the law is a point mass at 0.
    """
    if isinstance(solver, StoredSolver):
        return solver
    atom = Values(*(np.asarray(part, dtype=float) for part in solver.atom))
    mass = float(atom.value)
    if not mass < 1.0:
        raise ValueError("the law is a point mass at 0; there is no curve")
    grid = _grid(*log_quantile(solver, mass + (1.0 - mass) * np.array([_OUTSIDE, 0.5, 1.0 - _OUTSIDE]), _FARTHEST))
    density, cdf = solver.log_density(grid), solver.cdf(grid)
    table = StoredSolver(
        solver.method,
        float(solver.angle),
        solver.tail,
        atom,
        grid[::2],
        np.array(density)[:, ::2],
        np.array(cdf)[:, ::2],
    )
    # The points between those of the table tell the error of the interpolation.
    lost = [
        np.abs(getattr(table, name)(grid).value - known.value)
        for name, known in (("log_density", density), ("cdf", cdf))
    ]
    around = [np.maximum(part, np.maximum(np.roll(part, 1), np.roll(part, -1)))[::2] for part in lost]
    for kept, more in zip((table.densities, table.cdfs), around, strict=True):
        kept.flags.writeable = True
        kept[1] += more
        kept.flags.writeable = False
    return table

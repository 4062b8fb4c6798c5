"""The density of the limiting law for heavy tails, with its error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.heavy_tails.distribution import LOWEST, HeavyTailedDistribution
from rmtjac.theory.heavy_tails.quantiles import log_quantile
from rmtjac.theory.heavy_tails.solver import Values
from rmtjac.validate import choice, finite, logarithms, positive_int

__all__ = ["HeavyTailedDensity"]


@dataclass(frozen=True, eq=False)
class HeavyTailedDensity(HeavyTailedDistribution):
    """The limiting law for heavy-tailed weights with its density.

    Attributes
    ----------
    solver : Solver
        What computes the law in log lambda (`rmtjac.theory.heavy_tails.solver`).
    """

    def density(self, lam: Any) -> np.ndarray:
        """Return the density rho(lambda), the atom excluded; 0 at negative points and at infinity.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points. At lambda = 0 the value is the limit from above, which may be infinite.

        Returns
        -------
        ndarray of float, shape of `lam`
            The density, smoothed by the angle `smoothing`.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        return self._densities(lam).value

    def density_error(self, lam: Any) -> np.ndarray:
        """Return an estimate of the absolute error of `density`.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray of float, shape of `lam`
            The error; it does not contain the difference that the smoothing makes.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        return self._densities(lam).error

    def _densities(self, lam: Any) -> Values:
        lam, log_lam = logarithms(lam)
        value, error = np.zeros(log_lam.size), np.zeros(log_lam.size)
        some = np.isfinite(log_lam)
        found = self.solver.log_density(log_lam[some])
        with np.errstate(over="ignore", under="ignore"):
            value[some], error[some] = (part / lam.ravel()[some] for part in found)
        value[lam.ravel() == 0.0] = self._density_at_zero
        return Values(value.reshape(lam.shape), error.reshape(lam.shape))

    @cached_property
    def _density_at_zero(self) -> float:
        """The limit of the density at lambda -> 0, from the slope of lambda rho in log lambda."""
        log_lam = np.array([-LOWEST, 10.0 - LOWEST])
        low, high = np.maximum(self.solver.log_density(log_lam).value, 0.0)
        if not (low > 0.0 and high > 0.0):
            return 0.0
        slope = math.log(high / low) / 10.0
        if abs(slope - 1.0) < 1e-6:
            return float(low) * math.exp(LOWEST)
        return math.inf if slope < 1.0 else 0.0

    def singular_value_density(self, s: Any) -> np.ndarray:
        """Return the density of the singular values s = sqrt(lambda) of J, 2 s rho(s^2).

        Parameters
        ----------
        s : array_like of float, any shape
            Points; the density is 0 at s <= 0.

        Returns
        -------
        ndarray of float, shape of `s`
            The density.

        Raises
        ------
        ValueError
            If `s` holds NaN.
        """
        s, log_s = logarithms(s)
        out, some = np.zeros(log_s.size), np.isfinite(log_s)
        found = self.solver.log_density(2.0 * log_s[some]).value
        with np.errstate(over="ignore", under="ignore"):
            out[some] = 2.0 * found / s.ravel()[some]  # s^2 may leave the range of a float where s does not
        return out.reshape(s.shape)

    def curve(self, points: int = 400, low: float = 1e-4, scale: str = "log") -> tuple[np.ndarray, np.ndarray]:
        """Return lambda and rho(lambda) for drawing.

        Parameters
        ----------
        points : int
            Number of points.
        low : float
            The curve leaves out the share `low` of the mass off the atom at each end.
        scale : {"linear", "log"}
            The axis on which the points are evenly spaced.

        Returns
        -------
        lam : ndarray of float, shape (points,)
            Points, ascending.
        density : ndarray of float, shape (points,)
            The density there.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range.
        """
        choice("scale", scale, ("linear", "log"))
        if not finite("low", low, above=0.0) < 0.5:
            raise ValueError(f"low={low!r} must lie between 0 and 1/2")
        ends = log_quantile(self.solver, self.atom + (1.0 - self.atom) * np.array([low, 1.0 - low]), LOWEST)
        # A very wide curve leaves some decades of the range of a float to the margins of a plot.
        reach = LOWEST if ends[1] - ends[0] < 1000.0 else 600.0
        first, last = np.clip(ends, -reach, reach)
        if scale == "log":
            lam = np.exp(np.linspace(first, last, positive_int("points", points)))
        else:
            lam = np.linspace(math.exp(first), math.exp(last), positive_int("points", points))
        return lam, self.density(lam)

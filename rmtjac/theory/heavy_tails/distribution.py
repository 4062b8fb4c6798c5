"""The limiting law for heavy tails as a distribution: density, cdf, quantiles, samples, each with its error.

All functions work in log lambda, in which the law is known and smoothed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.heavy_tails.quantiles import log_quantile
from rmtjac.theory.heavy_tails.solver import Solver, Tail, Values
from rmtjac.validate import choice, finite, positive_int

__all__ = ["HeavyTailedDistribution"]

_LOWEST = 700.0  # between -700 and 700 the exponential of log lambda is a float with all digits


@dataclass(frozen=True, eq=False)
class HeavyTailedDistribution:
    """The limiting law of the eigenvalues lambda of M = J J^T for heavy-tailed weights, given by a solver.

    Attributes
    ----------
    solver : Solver
        What computes the law in log lambda (`rmtjac.theory.heavy_tails.solver`).
    """

    solver: Solver

    @property
    def method(self) -> str:
        """The method that computes the law: ``"independent"``, ``"coupled"`` or ``"population"``."""
        return self.solver.method

    @property
    def smoothing(self) -> float:
        """The angle of the smoothing in log lambda (`rmtjac.smoothing`); 0 for the law itself."""
        return float(self.solver.angle)

    @property
    def tail(self) -> Tail:
        """The tail P(lambda > x) ~ constant (log x)^log_power x^-exponent of the law without smoothing."""
        return self.solver.tail

    @property
    def atom(self) -> float:
        """The mass at 0."""
        return float(self.solver.atom.value)

    @property
    def atom_error(self) -> float:
        """An estimate of the absolute error of `atom`."""
        return float(self.solver.atom.error)

    @property
    def atoms(self) -> np.ndarray:
        """The atoms off 0, shape (0, 2): heavy-tailed weights leave none."""
        return np.empty((0, 2))

    @property
    def support(self) -> np.ndarray:
        """The support without the atom, (0, infinity), shape (1, 2)."""
        return np.array([[0.0, math.inf]])

    @property
    def edges(self) -> tuple[()]:
        """Empty: the largest eigenvalues have a power law, and the density is positive at every lambda > 0."""
        return ()

    @property
    def certified(self) -> bool:
        """False: no density for heavy tails is proved."""
        return False

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
        lam, log_lam = _logarithms(lam)
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
        log_lam = np.array([-_LOWEST, 10.0 - _LOWEST])
        low, high = np.maximum(self.solver.log_density(log_lam).value, 0.0)
        if not (low > 0.0 and high > 0.0):
            return 0.0
        slope = math.log(high / low) / 10.0
        if abs(slope - 1.0) < 1e-6:
            return float(low) * math.exp(_LOWEST)
        return math.inf if slope < 1.0 else 0.0

    def cdf(self, lam: Any) -> np.ndarray:
        """Return F(lambda), the atom included; 0 at negative points.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray of float, shape of `lam`
            F, smoothed by the angle `smoothing`.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam, log_lam = _logarithms(lam)
        return np.where(lam < 0.0, 0.0, self._cdfs(log_lam).value.reshape(lam.shape))

    def cdf_error(self, lam: Any) -> np.ndarray:
        """Return an estimate of the absolute error of `cdf`.

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
        lam, log_lam = _logarithms(lam)
        return np.where(lam < 0.0, 0.0, self._cdfs(log_lam).error.reshape(lam.shape))

    def log_cdf(self, log_lam: Any) -> np.ndarray:
        """Return F as a function of log lambda, for lambda beyond the range of a float too; it inverts `log_quantile`.

        Parameters
        ----------
        log_lam : array_like of float, any shape
            Natural logarithms of lambda; -inf for lambda = 0.

        Returns
        -------
        ndarray of float, shape of `log_lam`
            F (not its logarithm), the atom included.

        Raises
        ------
        ValueError
            If `log_lam` holds NaN.
        """
        log_lam = np.asarray(log_lam, dtype=float)
        if np.isnan(log_lam).any():
            raise ValueError("log_lam holds NaN; real numbers are needed")
        return self._cdfs(log_lam.ravel()).value.reshape(log_lam.shape)

    def _cdfs(self, log_lam: np.ndarray) -> Values:
        value = np.where(log_lam == math.inf, 1.0, self.atom)
        error = np.where(log_lam == math.inf, 0.0, self.atom_error)
        some = np.isfinite(log_lam)
        found = self.solver.cdf(log_lam[some])
        value[some], error[some] = np.clip(found.value, 0.0, 1.0), found.error
        return Values(value, error)

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest lambda with F(lambda) >= p.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities in [0, 1].

        Returns
        -------
        ndarray of float, shape of `p`
            Quantiles: 0 up to the atom, infinity at p = 1. They are 0 or infinity beyond the range of a float too;
            `log_quantile` returns their logarithms.

        Raises
        ------
        ValueError
            If an entry of `p` lies outside [0, 1].
        """
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_quantile(p))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the natural logarithm of `quantile`.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities in [0, 1].

        Returns
        -------
        ndarray of float, shape of `p`
            Logarithms of the quantiles, -inf up to the atom, inf at p = 1.

        Raises
        ------
        ValueError
            If an entry of `p` lies outside [0, 1].
        ArithmeticError
            If a quantile lies beyond exp(1e6) or below exp(-1e6).
        """
        p = np.asarray(p, dtype=float)
        if not np.all((p >= 0.0) & (p <= 1.0)):
            raise ValueError(f"p={p!r} must lie in [0, 1]")
        return log_quantile(self.solver, p.ravel()).reshape(p.shape)

    def sample(self, size: int | tuple[int, ...], rng: Any) -> np.ndarray:
        """Draw independent lambda from the law, the atom included.

        The eigenvalues of one matrix are not independent: they repel each other.

        Parameters
        ----------
        size : int or tuple of int
            Shape of the sample.
        rng : int, SeedSequence or Generator
            Seed, or generator, of the uniform numbers whose quantiles are taken.

        Returns
        -------
        ndarray of float, shape `size`
            The sample.
        """
        return self.quantile(np.random.default_rng(rng).random(size))

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
        s, log_s = _logarithms(s)
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
        ends = self.log_quantile(self.atom + (1.0 - self.atom) * np.array([low, 1.0 - low]))
        first, last = np.clip(ends, -_LOWEST, _LOWEST)
        if scale == "log":
            lam = np.exp(np.linspace(first, last, positive_int("points", points)))
        else:
            lam = np.linspace(math.exp(first), math.exp(last), positive_int("points", points))
        return lam, self.density(lam)


def _logarithms(lam: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return `lam` as an array, and its logarithms, one-dimensional, -inf where lambda <= 0."""
    lam = np.asarray(lam, dtype=float)
    if np.isnan(lam).any():
        raise ValueError("lam holds NaN; real numbers are needed")
    with np.errstate(divide="ignore"):
        return lam, np.log(np.maximum(lam, 0.0)).ravel()

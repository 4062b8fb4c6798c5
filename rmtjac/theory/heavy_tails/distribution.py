"""The limiting law for heavy tails as a distribution: cdf, quantiles, samples, with errors.

All functions work in log lambda, in which the law is known and smoothed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.theory.heavy_tails.quantiles import log_quantile
from rmtjac.theory.heavy_tails.solver import Solver, Tail, Values
from rmtjac.validate import logarithms, probabilities

__all__ = ["LOWEST", "HeavyTailedDistribution", "logarithms"]

LOWEST = 700.0  # between -700 and 700 the exponential of log lambda is a float with all digits
_FLOATS = 760.0  # beyond it the exponential is 0 or infinity


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
        lam, log_lam = logarithms(lam)
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
        lam, log_lam = logarithms(lam)
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
        p = probabilities(p)
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(log_quantile(self.solver, p.ravel(), _FLOATS)).reshape(p.shape)

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
        p = probabilities(p)
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

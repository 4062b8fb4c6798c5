"""The limiting law of the eigenvalues as a distribution: support, atoms, cdf, quantiles, samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.equation.edge import Edge
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.roots import Roots
from rmtjac.theory.limit import quantiles
from rmtjac.theory.limit.solution import Solution
from rmtjac.validate import logarithms, probabilities

__all__ = ["LimitDistribution"]

_LOWEST = -690.0  # log lambda; above it lambda is a float, and every root is found


@dataclass(frozen=True, eq=False)
class LimitDistribution:
    """The limiting law of the eigenvalues lambda of M = J J^T, given by its layers.

    Every method raises an ArithmeticError if the mass on the support differs from 1 by more than 1e-7
    (`rmtjac.theory.equation.own_mass`).

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    """

    layers: Layers

    @cached_property
    def solution(self) -> Solution:
        """The support, the atoms and the roots of the limit equation, on which all methods rest."""
        return Solution(self.layers)

    @property
    def atom(self) -> float:
        """The mass at 0: 1 - min(n_0 / n_L, P(D_l != 0) n_{l+1} / n_L)."""
        return self.solution.atom

    @cached_property
    def atoms(self) -> np.ndarray:
        """The atoms off 0, which only orthogonal weights leave: lambda and mass, ascending, shape (k, 2)."""
        ends = self.solution.ends
        return _frozen(np.column_stack([np.exp(ends.log_atoms), ends.masses]))

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The ends of the intervals of the support, ascending, with their kinds."""
        return self.solution.edges

    @cached_property
    def support(self) -> np.ndarray:
        """The intervals of the support without the atoms, ascending in lambda, shape (k, 2)."""
        log_support = self.solution.log_support
        top = max([*log_support.ravel(), *self.solution.ends.log_atoms])
        if abs(top) > 700.0:
            raise OverflowError(
                f"the upper edge of the support, exp({top:.6g}), leaves the range of a float; rescale the weights"
            )
        return _frozen(np.exp(log_support))

    @property
    def hidden_gap(self) -> float:
        """A width in log lambda: no wider gap of the support has been missed."""
        return self.solution.ends.hidden

    def inside(self, log_lam: np.ndarray) -> np.ndarray:
        """Return whether each lambda lies within an interval of the support.

        Parameters
        ----------
        log_lam : ndarray of float, any shape
            Natural logarithms of lambda.

        Returns
        -------
        ndarray of bool, shape of `log_lam`
            True inside.
        """
        return self.solution.inside(log_lam)

    def solve(self, log_lam: np.ndarray) -> Roots:
        """Return the roots of the limit equation at points of the support.

        Parameters
        ----------
        log_lam : ndarray of float, shape (n,)
            Natural logarithms of lambda.

        Returns
        -------
        Roots
            Logarithms of the u of each term, Im m and its error: see `rmtjac.theory.equation.roots`.

        Raises
        ------
        ArithmeticError
            If a root is not found, or depends on values of D^2 that floats do not resolve.
        """
        return self.solution.solve(log_lam)

    def cdf(self, lam: Any) -> np.ndarray:
        """Return F(lambda), the atoms included, by a closed form in the roots.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points; F is 0 at negative points.

        Returns
        -------
        ndarray of float, shape of `lam`
            F, with an absolute error of 1e-13.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam, log_lam = logarithms(lam)
        return np.where(lam < 0.0, 0.0, quantiles.cdf(self.solution, log_lam).value.reshape(lam.shape))

    def log_cdf(self, log_lam: Any) -> np.ndarray:
        """Return F as a function of log lambda, for lambda beyond the range of a float too; it inverts `log_quantile`.

        Parameters
        ----------
        log_lam : array_like of float, any shape
            Natural logarithms of lambda; -inf for lambda = 0.

        Returns
        -------
        ndarray of float, shape of `log_lam`
            F (not its logarithm), the atoms included, with an absolute error of 1e-13.

        Raises
        ------
        ValueError
            If `log_lam` holds NaN.
        ArithmeticError
            If F depends on values of D^2 that floats do not resolve.
        """
        log_lam = np.asarray(log_lam, dtype=float)
        if np.isnan(log_lam).any():
            raise ValueError("log_lam holds NaN; real numbers are needed")
        if (log_lam < _LOWEST).any():
            log_lam = np.where(log_lam < quantiles.negligible_below(self.solution), -math.inf, log_lam)
        return quantiles.cdf(self.solution, log_lam.ravel()).value.reshape(log_lam.shape)

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest lambda with F(lambda) >= p.

        In a gap of the support F is constant, and the quantile is the lower end of the gap. In deep networks a quantile
        can lie below the range of a float and is then 0; `log_quantile` returns its logarithm.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities in [0, 1].

        Returns
        -------
        ndarray of float, shape of `p`
            Quantiles, with a relative error of about 1e-12.

        Raises
        ------
        ValueError
            If an entry of `p` lies outside [0, 1].
        """
        return np.exp(self.log_quantile(p))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the natural logarithm of `quantile`, by Newton's method on the cdf.

        A quantile may depend on values of D^2 below 1e-280. The registered activations describe these values by their
        logarithms; an activation given as a Python function cannot.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities in [0, 1].

        Returns
        -------
        ndarray of float, shape of `p`
            Logarithms of the quantiles, -inf on the atom at 0.

        Raises
        ------
        ValueError
            If an entry of `p` lies outside [0, 1].
        ArithmeticError
            If a quantile depends on values of D^2 that floats do not resolve; the message gives an interval in which
            it lies.
        """
        p = probabilities(p)
        return quantiles.log_quantile(self.solution, p.ravel()).reshape(p.shape)

    def sample(self, size: int | tuple[int, ...], rng: Any) -> np.ndarray:
        """Draw independent lambda from the law, atoms included.

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


def _frozen(array: np.ndarray) -> np.ndarray:
    """Return the array, made read-only."""
    array.flags.writeable = False
    return array

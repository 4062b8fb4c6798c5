"""The law of the largest, or the smallest, eigenvalue of J J^T at finite width.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.theory.finite_width.edge_variable import EdgeVariable
from rmtjac.validate import finite, logarithms

__all__ = ["ExtremeLaw"]


@dataclass(frozen=True)
class ExtremeLaw:
    r"""The law of an extreme eigenvalue of :math:`M = J J^T` at finite width, next to a square-root edge of the limit.

    .. math:: \log\lambda = \log\lambda_\pm + \mathrm{shift} \pm \mathrm{scale}\;\xi + \mathrm{spread}\;Z,

    where xi has the Tracy-Widom law of real matrices, and Z is standard normal and independent of it. The scale falls
    like N^(-2/3), the spread, which random masks D bring, like N^(-1/2), the shift like 1/N. The error of the law is of
    the next order. `LimitSpectrum.largest` and `LimitSpectrum.smallest` make it.

    Attributes
    ----------
    width : int or float
        The number N = n_L of rows of J.
    log_edge : float
        Logarithm of the edge of the limit.
    scale : float
        The unit of the Tracy-Widom variable in log lambda.
    spread : float
        The standard deviation of the normal part.
    shifts : dict of str to float
        The parts of the shift: ``"weights"`` (given D), ``"kurtosis"`` (weights that are not Gaussian), ``"masks"``
        (random D), ``"alignment"`` (the weights of a forward pass are not independent of its masks).
    upper : bool
        Whether this is the largest eigenvalue, not the smallest.
    signal : {"network", "independent", "deterministic"}
        Where D comes from.

    See Also
    --------
    rmtjac.LimitSpectrum.largest : Make the law.
    rmtjac.theory.contraction_probability : P(norm of J < 1) over width, depth and scale of the weights.
    rmtjac.spectra.sample_largest : Sampled values of the same eigenvalue.

    Notes
    -----
    A value of the cdf costs some microseconds.

    References
    ----------
    BS Fig. 5. See docs/references.md.
    docs/theory/largest_singular_value.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh")).largest()
    >>> law
    ExtremeLaw(largest of N=100, signal 'network': lambda = 2.3657 ± 0.27, edge of the limit 2.61035)
    >>> law.interval(0.95).round(2)
    array([1.89, 2.95])
    >>> round(law.probability(norm=1.5), 3)
    0.355
    """

    width: float
    log_edge: float
    scale: float
    spread: float
    shifts: dict[str, float]
    upper: bool = True
    signal: str = "network"

    @property
    def shift(self) -> float:
        """The sum of the shifts."""
        return math.fsum(self.shifts.values())

    @property
    def in_range(self) -> bool:
        """Whether the width is large enough for the expansion: scale, spread and shift are below 1/2 in log lambda."""
        return max(self.scale, self.spread, abs(self.shift)) < 0.5

    @cached_property
    def _variable(self) -> EdgeVariable:
        """The law of (log lambda - log edge - shift) / scale."""
        return EdgeVariable(1.0 if self.upper else -1.0, self.spread / self.scale)

    @property
    def _centre(self) -> float:
        return self.log_edge + self.shift

    @property
    def log_mean(self) -> float:
        """The mean of log lambda."""
        return self._centre + self.scale * self._variable.mean

    @property
    def log_std(self) -> float:
        """The standard deviation of log lambda."""
        return self.scale * self._variable.std

    @property
    def mean(self) -> float:
        """The mean of lambda; infinite beyond the range of a float."""
        return self._exp(self._variable.log_mean_exp(self.scale))

    @property
    def std(self) -> float:
        """The standard deviation of lambda; infinite beyond the range of a float."""
        half = 0.5 * self._variable.log_relative_variance(self.scale)
        return self._exp(self._variable.log_mean_exp(self.scale) + half)

    def _exp(self, log: float) -> float:
        """Return lambda at a distance from the centre in log lambda."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(self._centre + log))

    def cdf(self, lam: Any) -> np.ndarray:
        """Return P(extreme eigenvalue <= lambda).

        Parameters
        ----------
        lam : array_like of float, any shape
            Points; the probability is 0 at negative ones.

        Returns
        -------
        ndarray of float, shape of `lam`
            The probabilities.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam, y = self._standardised(lam)
        return self._variable.cdf(y).reshape(lam.shape)

    def sf(self, lam: Any) -> np.ndarray:
        """Return P(extreme eigenvalue > lambda), which keeps its digits where it is small.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray of float, shape of `lam`
            The probabilities.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam, y = self._standardised(lam)
        return self._variable.sf(y).reshape(lam.shape)

    def pdf(self, lam: Any) -> np.ndarray:
        """Return the density of the extreme eigenvalue.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points; the density is 0 at lambda <= 0.

        Returns
        -------
        ndarray of float, shape of `lam`
            The density.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam, y = self._standardised(lam)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            out = np.where(np.isfinite(y), self._variable.pdf(y) / self.scale / lam.ravel(), 0.0)
        return out.reshape(lam.shape)

    def quantile(self, p: Any) -> np.ndarray:
        """Return the lambda below which the extreme eigenvalue lies with probability p.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities.

        Returns
        -------
        ndarray of float, shape of `p`
            The quantiles; 0 at p = 0 and infinite at p = 1.

        Raises
        ------
        ValueError
            If a number is not in [0, 1].
        """
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_quantile(p))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the quantiles of log lambda.

        Parameters
        ----------
        p : array_like of float, any shape
            Probabilities.

        Returns
        -------
        ndarray of float, shape of `p`
            The quantiles.

        Raises
        ------
        ValueError
            If a number is not in [0, 1].
        """
        return self._centre + self.scale * self._variable.quantile(p)

    def interval(self, p: float = 0.95) -> np.ndarray:
        """Return the central interval that holds the extreme eigenvalue with probability p.

        Parameters
        ----------
        p : float, default 0.95
            The probability, in (0, 1).

        Returns
        -------
        ndarray of float, shape (2,)
            The ends of the interval of lambda.

        Raises
        ------
        ValueError
            If `p` is not in (0, 1).
        TypeError
            If `p` is not a number.
        """
        if not 0.0 < finite("p", p) < 1.0:
            raise ValueError(f"p={p!r} must be in (0, 1)")
        return self.quantile([0.5 * (1.0 - p), 0.5 * (1.0 + p)])

    def probability(self, norm: float = 1.0) -> float:
        """Return the probability that the extreme singular value of J is below `norm`.

        For the largest one with ``norm=1`` this is P(|J| < 1), the condition of BS for a contraction at the input.

        Parameters
        ----------
        norm : float, default 1.0
            The bound, >= 0.

        Returns
        -------
        float
            The probability.

        Raises
        ------
        ValueError
            If `norm` is negative or not finite.
        TypeError
            If `norm` is not a number.
        """
        norm = finite("norm", norm, least=0.0)
        if norm == 0.0:
            return 0.0
        y = np.array([(2.0 * math.log(norm) - self._centre) / self.scale])
        return float(self._variable.cdf(y)[0])

    def _standardised(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return `lam` as an array, and flat (log lambda - centre) / scale."""
        lam, logs = logarithms(lam)
        return lam, (logs - self._centre) / self.scale

    def __repr__(self) -> str:
        what = "largest" if self.upper else "smallest"
        far = "" if self.in_range else "; the width is too small for the expansion"
        return (
            f"ExtremeLaw({what} of N={self.width:g}, signal {self.signal!r}: lambda = {self.mean:.5g} ± "
            f"{self.std:.2g}, edge of the limit {math.exp(min(self.log_edge, 700.0)):.6g}{far})"
        )

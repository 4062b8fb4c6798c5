"""Statistics of the eigenvalues of independent matrices: moments, quantiles, distribution function, histogram.

Eigenvalues of one matrix repel each other and are far from independent. So every standard error is computed from the
spread between matrices, never from the number of eigenvalues.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.estimate import Estimate, standard_error
from rmtjac.spectra.histogram import Histogram, bin_edges, fractions_in_bins
from rmtjac.validate import finite, positive_int, real_numbers

__all__ = ["LogMoment", "SampleStatistics", "probability"]


def probability(p: float) -> float:
    """Return `p` as a float, or raise an error if it is not a number in [0, 1]."""
    if not 0.0 <= finite("p", p) <= 1.0:
        raise ValueError(f"p={p!r} must lie in [0, 1]")
    return p


class LogMoment(Estimate):
    """The mean of log(lambda) over nonzero eigenvalues, and which eigenvalues these are.

    Attributes
    ----------
    value : float
        The mean over samples.
    error : float
        Its standard error; NaN for a single sample.
    basis : str
        A text that says over how many eigenvalues the mean is taken, and which are left out.

    See Also
    --------
    rmtjac.EmpiricalSpectrum.log_moment : Compute the mean of log(lambda) of a sample.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.sample_spectrum(rj.Ensemble([3, 5]), samples=10, rng=0).log_moment().basis
    'over 30 of 50 eigenvalues; 20 are zeros'
    """

    basis: str

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.basis})"


class SampleStatistics:
    """Statistics of the fields of `rmtjac.EmpiricalSpectrum`, which inherits them."""

    log_singular_values: np.ndarray
    log_error: np.ndarray
    facts: dict[str, Any]
    undecided: np.ndarray | None

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return self.log_singular_values.shape[0]

    @property
    def size(self) -> int:
        """The number n_L of rows of M."""
        return self.log_singular_values.shape[1]

    @property
    def rank_bounds(self) -> np.ndarray:
        """The least and the largest possible rank of each sample, shape (samples, 2), if entries are rounded.

        The least rank is the number of values that no rounding of the entries can make 0. The largest rank counts all
        values that neither exact arithmetic nor the structure of the matrix forces to be 0.
        """
        low = np.isfinite(self.log_singular_values).sum(axis=1)
        return np.stack([low, low + (0 if self.undecided is None else self.undecided)], axis=1)

    @property
    def zero_fractions(self) -> np.ndarray:
        """The fraction of zeros in each sample, shape (samples,); undecided values count as zeros."""
        return np.isneginf(self.log_singular_values).mean(axis=1)

    @property
    def atom(self) -> float:
        """The mean fraction of zeros; undecided values count as zeros."""
        return float(self.zero_fractions.mean())

    @property
    def atom_bounds(self) -> tuple[float, float]:
        """The mean fraction of certain zeros, and that of all values that are not certainly nonzero."""
        some = 0.0 if self.undecided is None else float(self.undecided.mean()) / self.size
        return self.atom - some, self.atom

    @property
    def atom_error(self) -> float:
        """The standard error of `atom`."""
        return Estimate.of(self.zero_fractions).error

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """The eigenvalues of M, shape (samples, n_L), ascending; those below 1e-308 become 0.

        Raises
        ------
        OverflowError
            If the largest one leaves the range of a float; `log_singular_values` holds it.
        """
        top = 2.0 * float(self.log_singular_values.max())
        if abs(top) > 700.0 and math.isfinite(top):
            raise OverflowError(f"the largest eigenvalue is exp({top:.6g}), beyond a float; use log_singular_values")
        out = np.exp(2.0 * self.log_singular_values)
        out.flags.writeable = False
        return out

    @property
    def log_floor(self) -> float:
        """The log(lambda) below which the eigenvalues of some sample are numerical noise."""
        fast = self.facts.get("precision") == "fast"  # `log_error` is then that of eigenvalues
        return float(self.log_error.max()) * (1.0 if fast else 2.0)

    def moment(self, k: int) -> Estimate:
        """Return the moment ``E tr M^k / n_L``.

        Parameters
        ----------
        k : int
            The order, at least 1.

        Returns
        -------
        Estimate
            The mean over samples and its standard error.
        """
        return Estimate.of((self.eigenvalues ** positive_int("k", k)).mean(axis=1))

    def moments_table(self, order: int = 4) -> Any:
        """Return the moments up to an order as a table.

        Parameters
        ----------
        order : int, default 4
            The highest order.

        Returns
        -------
        pandas.DataFrame
            Columns ``k``, ``moment`` and ``error``, one row for each order from 1.
        """
        import pandas as pd

        rows = [(k, *self.moment(k)) for k in range(1, positive_int("order", order) + 1)]
        return pd.DataFrame(rows, columns=["k", "moment", "error"])

    @cached_property
    def _nonzero_logs(self) -> np.ndarray:
        """The log(lambda) of the samples that have a nonzero eigenvalue; NaN for zeros."""
        logs = np.where(np.isneginf(self.log_singular_values), np.nan, 2.0 * self.log_singular_values)
        logs = logs[~np.isnan(logs).all(axis=1)]
        if not len(logs):
            raise ValueError("no sample has a nonzero eigenvalue: log(lambda) has no moments or quantiles")
        return logs

    def log_moment(self) -> LogMoment:
        """Return the mean of log(lambda) over the eigenvalues that are certainly not 0, with its standard error.

        Returns
        -------
        LogMoment
            The mean over samples, its standard error, and how many eigenvalues it is the mean of.

        Raises
        ------
        ValueError
            If all eigenvalues are 0.
        """
        out = LogMoment.of(np.nanmean(self._nonzero_logs, axis=1))
        low, high = self.rank_bounds.sum(axis=0).tolist()
        total = self.log_singular_values.size
        out.basis = f"over {low} of {total} eigenvalues; {total - high} are zeros"
        if high > low:
            out.basis += f", {high - low} are undecided"
        noise = self.log_error * (0.5 if self.facts.get("precision") == "fast" else 1.0)
        used = np.isfinite(self.log_singular_values)
        noisy = int((used & (self.log_singular_values <= noise[:, None] + 1e-9)).sum())
        if noisy:
            out.basis += f"; {noisy} of the used ones are numerical noise"
        return out

    def log_quantile(self, p: float) -> Estimate:
        """Return a quantile of log(lambda) over the nonzero eigenvalues.

        Logarithms are used because under heavy tails lambda may have no mean, or may exceed a float.

        Parameters
        ----------
        p : float
            The order of the quantile, in [0, 1].

        Returns
        -------
        Estimate
            The mean of the quantiles of the samples, and its standard error.

        Raises
        ------
        ValueError
            If all eigenvalues are 0, or `p` is out of range.
        """
        return Estimate.of(np.nanquantile(self._nonzero_logs, probability(p), axis=1))

    def quantile(self, p: float) -> Estimate:
        """Return a quantile of lambda over all eigenvalues, zeros included.

        Parameters
        ----------
        p : float
            The order of the quantile, in [0, 1].

        Returns
        -------
        Estimate
            The mean of the quantiles of the samples, and its standard error.
        """
        return Estimate.of(np.quantile(self.eigenvalues, probability(p), axis=1))

    def cdf(self, lam: np.ndarray | float) -> np.ndarray:
        """Return the fraction of eigenvalues of all samples that are at most lambda, zeros included.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.

        Returns
        -------
        ndarray of float, shape of `lam`
            The fractions.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        lam = real_numbers("lam", lam)
        # Logarithms keep the order of eigenvalues that overflow or underflow.
        with np.errstate(divide="ignore"):
            logs = 0.5 * np.log(np.maximum(lam, 0.0))
        return np.where(lam < 0.0, 0.0, np.searchsorted(self._sorted_logs, logs, side="right") / self._sorted_logs.size)

    @cached_property
    def _sorted_logs(self) -> np.ndarray:
        """The logarithms of all singular values of all samples, ascending."""
        return np.sort(self.log_singular_values, axis=None)

    def histogram(self, bins: int | np.ndarray = 100, scale: str = "linear", low: float | None = None) -> Histogram:
        """Return the histogram of the nonzero eigenvalues.

        Parameters
        ----------
        bins : int or array_like of float, default 100
            The number of bins, or their ascending edges in lambda.
        scale : {"linear", "log"}, default "linear"
            The spacing of the bins.
        low : float, optional
            The lower end of the lowest bin. By default it is 0 on the linear scale. On the log scale it is the quantile
            of order 0.001 of the nonzero eigenvalues, or the level of the numerical noise if that is higher.

        Returns
        -------
        Histogram
            The mean fraction of the eigenvalues of a sample in each bin, and its standard error.

        Raises
        ------
        ValueError
            If all eigenvalues are zero, or `bins` are not ascending.
        OverflowError
            If the largest eigenvalue leaves the range of a float.
        """
        nonzero = self._sorted_logs[np.isfinite(self._sorted_logs)] * 2.0
        lowest = max(float(np.quantile(nonzero, 1e-3)), self.log_floor) if nonzero.size else -math.inf
        edges = bin_edges(bins, scale, low, lowest, float(nonzero[-1]) if nonzero.size else -math.inf)
        fractions = fractions_in_bins(2.0 * self.log_singular_values, edges)
        return Histogram(edges, fractions.mean(axis=0), standard_error(fractions), scale)

"""A sampled spectrum of which only counts are kept, so that the memory does not grow with the samples.

Samples form up to 64 batches: sample i belongs to batch i mod 64. For each batch the eigenvalues are counted in fine
bins of log(lambda), and a few moments are summed. Standard errors are computed from the spread between the batches,
because the eigenvalues of one matrix are far from independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.estimate import Estimate, standard_error
from rmtjac.spectra.histogram import Histogram, bin_edges
from rmtjac.spectra.statistics.eigenvalues import probability
from rmtjac.spectra.statistics.smoothed import smoothed_cdf_at
from rmtjac.validate import positive_int, real_numbers

__all__ = ["MOMENTS", "WIDTH", "BinnedSpectrum"]

WIDTH = 0.01  # the width of a bin of log(lambda): quantiles of lambda are accurate to half a per cent
MOMENTS = 4

_SCHEMA = Schema(
    "BinnedSpectrum",
    arrays={
        "counts": "count batches bins",
        "batch_samples": "count batches",
        "zeros": "count batches",
        "moment_sums": f"float batches {MOMENTS}",
    },
    facts={
        "size": "count",
        "first": "int",
        "log_top": "float",
        "log_floor": "float",
        "undecided?": "count",
        "provenance": "object",
    },
)


@dataclass(frozen=True, eq=False)
class BinnedSpectrum:
    """Counts of the eigenvalues of M = J J^T over many independent matrices.

    ``rmtjac.sample_spectrum(..., keep="histogram")`` returns it.

    Attributes
    ----------
    size : int
        The number n_L of rows of M.
    first : int
        The index of the lowest bin: bin j contains 0.01 (first + j) <= log(lambda) < 0.01 (first + j + 1).
    counts : ndarray of int, shape (batches, bins)
        The number of nonzero eigenvalues in each bin.
    batch_samples : ndarray of int, shape (batches,)
        The number of matrices in each batch.
    zeros : ndarray of int, shape (batches,)
        The number of zeros among the eigenvalues of each batch; undecided values count as zeros.
    moment_sums : ndarray of float, shape (batches, 4)
        Sums over the matrices of a batch of ``tr M^k / n_L``, k = 1 ... 4.
    log_top : float
        The largest log(lambda).
    log_floor : float
        The log(lambda) below which eigenvalues of some matrix are numerical noise.
    facts : dict
        How the sample was made, as in `rmtjac.EmpiricalSpectrum`.
    undecided : int
        The number of zeros of all matrices that need not be zeros, as in `rmtjac.EmpiricalSpectrum`.

    See Also
    --------
    rmtjac.EmpiricalSpectrum : All eigenvalues instead of counts.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(20, 2), 1000, rng=0, keep="histogram")
    >>> emp
    BinnedSpectrum(1000 samples of 20 x 20, atom 0, mean 0.28... ± 0.00...)
    """

    size: int
    first: int
    counts: np.ndarray
    batch_samples: np.ndarray
    zeros: np.ndarray
    moment_sums: np.ndarray
    log_top: float
    log_floor: float
    facts: dict[str, Any]
    undecided: int = 0

    def __post_init__(self) -> None:
        for array in (self.counts, self.batch_samples, self.zeros, self.moment_sums):
            array.flags.writeable = False

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return int(self.batch_samples.sum())

    def _estimate(self, sums: np.ndarray) -> Estimate:
        """Return the mean over all matrices and its standard error from the `sums` over the matrices of each batch."""
        return Estimate(float(sums.sum() / self.samples), float(standard_error(sums / self.batch_samples)))

    @property
    def atom(self) -> float:
        """The mean fraction of zeros; undecided values count as zeros."""
        return self._estimate(self.zeros / self.size).value

    @property
    def atom_error(self) -> float:
        """The standard error of `atom`."""
        return self._estimate(self.zeros / self.size).error

    @property
    def atom_bounds(self) -> tuple[float, float]:
        """The mean fraction of certain zeros, and that of all values that are not certainly nonzero."""
        return self.atom - self.undecided / (self.samples * self.size), self.atom

    def moment(self, k: int) -> Estimate:
        """Return the moment ``E tr M^k / n_L``.

        Parameters
        ----------
        k : {1, 2, 3, 4}
            The order.

        Returns
        -------
        Estimate
            The mean over matrices and its standard error.

        Raises
        ------
        OverflowError
            If the moment leaves the range of a float.
        """
        if positive_int("k", k) > MOMENTS:
            raise ValueError(f"k={k} must be at most {MOMENTS}: other moments were not kept")
        sums = self.moment_sums[:, k - 1]
        if not np.isfinite(sums).all():
            raise OverflowError(f"the moment of order {k} leaves the range of a float")
        return self._estimate(sums)

    @cached_property
    def _edges(self) -> np.ndarray:
        """The edges of the bins in log(lambda)."""
        return (self.first + np.arange(self.counts.shape[1] + 1)) * WIDTH

    def _batch_cdf(self, log_lam: np.ndarray) -> np.ndarray:
        """Return the nonzero eigenvalues below `log_lam` as a fraction of all eigenvalues, shape (batches, points)."""
        steps = np.concatenate([np.zeros((self.zeros.size, 1)), np.cumsum(self.counts, axis=1)], axis=1)
        total = (self.batch_samples * self.size)[:, None]
        return np.stack([np.interp(log_lam, self._edges, row) for row in steps]) / total

    def cdf(self, lam: Any) -> np.ndarray:
        """Return the fraction of eigenvalues that are at most lambda, zeros included.

        Within a bin the function is linear in log(lambda).

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
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(lam, 0.0)).ravel()
        below = (self.batch_samples @ self._batch_cdf(logs)) / self.samples
        return np.where(lam < 0.0, 0.0, self.atom + below.reshape(lam.shape))

    def smoothed_cdf(self, lam: Any, angle: float) -> np.ndarray:
        """Return the cdf, smoothed in log lambda by an angle as in `rmtjac.EmpiricalSpectrum.smoothed_cdf`.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.
        angle : float
            The angle in [0, pi); below about 0.05 the width 0.01 of the bins shows.

        Returns
        -------
        ndarray of float, shape of `lam`
            The smoothed cdf.
        """
        counts = np.append(self.zeros.sum(), self.counts.sum(axis=0)).astype(float)
        return smoothed_cdf_at(lam, angle, np.append(-np.inf, self._edges[:-1] + 0.5 * WIDTH), counts)

    def log_quantile(self, p: float) -> Estimate:
        """Return a quantile of log(lambda) over the nonzero eigenvalues of all matrices together.

        Parameters
        ----------
        p : float
            The order of the quantile, in [0, 1].

        Returns
        -------
        Estimate
            The quantile, and the standard error of the mean of the quantiles of the batches.

        Raises
        ------
        ValueError
            If all eigenvalues are 0, or `p` is out of range.
        """
        probability(p)
        if not self.counts.sum():
            raise ValueError("all eigenvalues are zero: log(lambda) has no quantiles")

        def invert(row: np.ndarray) -> float:
            """Return the quantile of the counts in `row`."""
            steps = np.append(0, np.cumsum(row))
            place = int(np.searchsorted(steps, p * steps[-1]))
            low = max(place - 1, 0)
            rise = steps[place] - steps[low]
            return float(self._edges[low] + (WIDTH * (p * steps[-1] - steps[low]) / rise if rise else 0.0))

        of_batches = np.array([invert(row) for row in self.counts if row.any()])
        return Estimate(invert(self.counts.sum(axis=0)), float(standard_error(of_batches)))

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
            The mean fraction of the eigenvalues of a matrix in each bin, and its standard error.
        """
        lowest = max(self.log_quantile(1e-3).value, self.log_floor)
        edges = bin_edges(bins, scale, low, lowest, self.log_top)
        with np.errstate(divide="ignore"):
            fractions = np.diff(self._batch_cdf(np.log(edges)), axis=1)
        fraction = (self.batch_samples @ fractions) / self.samples
        return Histogram(edges, fraction, standard_error(fractions), scale)

    def save(self, path: str | Path) -> Path:
        """Write the spectrum to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
        arrays = {name: getattr(self, name) for name in ("counts", "batch_samples", "zeros", "moment_sums")}
        numbers = {name: getattr(self, name) for name in ("size", "first", "log_top", "log_floor", "undecided")}
        return save(path, "BinnedSpectrum", {**numbers, "provenance": self.facts}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> BinnedSpectrum:
        """Read a spectrum that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        BinnedSpectrum
            The spectrum, equal bit for bit.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> BinnedSpectrum:
            return cls(facts=facts.pop("provenance"), **facts, **arrays)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        finite_mean = np.isfinite(self.moment_sums[:, 0]).all()
        middle = f"mean {self.moment(1)}" if finite_mean else f"largest eigenvalue exp({self.log_top:.4g})"
        return f"BinnedSpectrum({self.samples} samples of {self.size} x {self.size}, atom {self.atom:.4g}, {middle})"

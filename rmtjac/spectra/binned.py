"""A sampled spectrum of which only counts are kept: a million matrices in the memory of a few.

Counts of log(lambda) in fine bins, and a few moments, for each of up to 64 batches of samples (sample i belongs to
batch i mod 64). Errors come from the spread between the batches, so they know that the eigenvalues of one matrix are
far from independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.schema import Schema
from rmtjac.spectra.empirical import Estimate, Histogram, bin_edges
from rmtjac.validate import finite, positive_int

__all__ = ["BinnedSpectrum", "Counter"]

BATCHES = 64
WIDTH = 0.01  # of a bin of log(lambda): quantiles are right to half a per cent of lambda
MOMENTS = 4

_SCHEMA = Schema(
    "BinnedSpectrum",
    arrays={
        "counts": "count batches bins",
        "batch_samples": "count batches",
        "zeros": "count batches",
        "moment_sums": f"float batches {MOMENTS}",
    },
    facts={"size": "count", "first": "int", "log_top": "float", "log_floor": "float", "provenance": "object"},
)


@dataclass(frozen=True, eq=False)
class BinnedSpectrum:
    """Counts of the eigenvalues of many matrices; made by ``sample_spectrum(..., keep="histogram")``.

    Attributes
    ----------
    size
        The side n_L of M.
    first
        Index of the lowest bin: bin j covers (first + j) WIDTH <= log(lambda) < (first + j + 1) WIDTH.
    counts
        Shape (batches, bins): nonzero eigenvalues.
    batch_samples, zeros
        Shape (batches,): matrices, and exact zeros among their eigenvalues.
    moment_sums
        Shape (batches, 4): sums over matrices of tr M^k / n_L.
    log_top
        Largest log(lambda).
    log_floor
        log(lambda) below which some of the eigenvalues are numerical noise.
    facts
        How the sample came about.

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

    def __post_init__(self) -> None:
        for array in (self.counts, self.batch_samples, self.zeros, self.moment_sums):
            array.flags.writeable = False

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return int(self.batch_samples.sum())

    def _estimate(self, sums: np.ndarray) -> Estimate:
        """Return the mean per matrix, from sums per batch, and its error."""
        means = sums / self.batch_samples
        batches = means.size
        error = float(means.std(ddof=1)) / math.sqrt(batches) if batches > 1 else math.nan
        return Estimate(float(sums.sum() / self.samples), error)

    @property
    def atom(self) -> float:
        """Mean fraction of exact zeros."""
        return self._estimate(self.zeros / self.size).value

    @property
    def atom_error(self) -> float:
        """Standard error of `atom`."""
        return self._estimate(self.zeros / self.size).error

    def moment(self, k: int) -> Estimate:
        """Return the moment ``E tr M^k / n_L``, k up to 4, with its standard error."""
        if positive_int("k", k) > MOMENTS:
            raise ValueError(f"k={k} must be at most {MOMENTS}: other moments were not kept")
        sums = self.moment_sums[:, k - 1]
        if not np.isfinite(sums).all():
            raise OverflowError(f"the moment of order {k} leaves the range of a float")
        return self._estimate(sums)

    @cached_property
    def _edges(self) -> np.ndarray:
        return (self.first + np.arange(self.counts.shape[1] + 1)) * WIDTH

    def _batch_cdf(self, log_lam: np.ndarray) -> np.ndarray:
        """Nonzero eigenvalues below, per batch, as a fraction of all; within a bin by a straight line."""
        steps = np.concatenate([np.zeros((self.zeros.size, 1)), np.cumsum(self.counts, axis=1)], axis=1)
        total = (self.batch_samples * self.size)[:, None]
        return np.stack([np.interp(log_lam, self._edges, row) for row in steps]) / total

    def cdf(self, lam: Any) -> np.ndarray:
        """Return the fraction of eigenvalues <= lam, zeros included; `lam` broadcasts. Within a bin a straight line."""
        lam = np.asarray(lam, dtype=float)
        if np.isnan(lam).any():
            raise ValueError("lam holds NaN; real numbers are needed")
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(lam, 0.0)).ravel()
        below = (self.batch_samples @ self._batch_cdf(logs)) / self.samples
        return np.where(lam < 0.0, 0.0, self.atom + below.reshape(lam.shape))

    def log_quantile(self, p: float) -> Estimate:
        """Return the quantile of order `p` of log(lambda) over the nonzero eigenvalues, of all matrices together."""
        if not 0.0 <= finite("p", p) <= 1.0:
            raise ValueError(f"p={p!r} must lie in [0, 1]")
        if not self.counts.sum():
            raise ValueError("all eigenvalues are zero: log(lambda) has no quantiles")

        def invert(row: np.ndarray) -> float:
            steps = np.append(0, np.cumsum(row))
            place = int(np.searchsorted(steps, p * steps[-1]))
            low = max(place - 1, 0)
            rise = steps[place] - steps[low]
            return float(self._edges[low] + (WIDTH * (p * steps[-1] - steps[low]) / rise if rise else 0.0))

        # The spread of the quantiles of the batches, which hold many matrices each.
        single = np.array([invert(row) for row in self.counts if row.any()])
        error = float(single.std(ddof=1)) / math.sqrt(single.size) if single.size > 1 else math.nan
        return Estimate(invert(self.counts.sum(axis=0)), error)

    def histogram(self, bins: int | np.ndarray = 100, scale: str = "linear", low: float | None = None) -> Histogram:
        """Histogram of the nonzero eigenvalues; arguments as in `EmpiricalSpectrum.histogram`."""
        lowest = max(self.log_quantile(1e-3).value, self.log_floor)
        edges = bin_edges(bins, scale, low, lowest, self.log_top)
        with np.errstate(divide="ignore"):
            fractions = np.diff(self._batch_cdf(np.log(edges)), axis=1)
        fraction = (self.batch_samples @ fractions) / self.samples
        batches = fractions.shape[0]
        error = fractions.std(axis=0, ddof=1) / math.sqrt(batches) if batches > 1 else np.full(fraction.size, np.nan)
        return Histogram(edges, fraction, error, scale)

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles, whole or not at all)."""
        arrays = {name: getattr(self, name) for name in ("counts", "batch_samples", "zeros", "moment_sums")}
        numbers = {name: getattr(self, name) for name in ("size", "first", "log_top", "log_floor")}
        return save(path, "BinnedSpectrum", {**numbers, "provenance": self.facts}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> BinnedSpectrum:
        """Read a result that `save` wrote."""

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> BinnedSpectrum:
            return cls(facts=facts.pop("provenance"), **facts, **arrays)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        finite_mean = np.isfinite(self.moment_sums[:, 0]).all()
        middle = f"mean {self.moment(1)}" if finite_mean else f"largest eigenvalue exp({self.log_top:.4g})"
        return f"BinnedSpectrum({self.samples} samples of {self.size} x {self.size}, atom {self.atom:.4g}, {middle})"


@dataclass(eq=False)
class Counter:
    """Takes in samples, in their order, and makes a `BinnedSpectrum` of them."""

    size: int
    first: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros((BATCHES, 0), dtype=np.int64))
    batch_samples: np.ndarray = field(default_factory=lambda: np.zeros(BATCHES, dtype=np.int64))
    zeros: np.ndarray = field(default_factory=lambda: np.zeros(BATCHES, dtype=np.int64))
    moment_sums: np.ndarray = field(default_factory=lambda: np.zeros((BATCHES, MOMENTS)))
    log_top: float = -math.inf
    log_floor: float = -math.inf

    def add(self, index: int, log_singular_values: np.ndarray, log_floor: float) -> None:
        """Take in sample number `index`."""
        batch = index % BATCHES
        logs = 2.0 * log_singular_values[np.isfinite(log_singular_values)]
        self.batch_samples[batch] += 1
        self.zeros[batch] += self.size - logs.size
        if not logs.size:
            return
        places = np.floor(logs / WIDTH).astype(np.int64)
        self._reach(int(places[0]), int(places[-1]) + 1)
        counts = np.bincount(places - places[0])
        start = int(places[0]) - self.first
        self.counts[batch, start : start + counts.size] += counts
        with np.errstate(over="ignore"):
            lam = np.exp(logs)
            self.moment_sums[batch] += [np.sum(lam**k) / self.size for k in range(1, MOMENTS + 1)]
        self.log_top = max(self.log_top, float(logs[-1]))
        self.log_floor = max(self.log_floor, log_floor)

    def _reach(self, low: int, high: int) -> None:
        """Make room for the bins low ... high - 1, and some more."""
        if not self.counts.size:
            self.first, self.counts = low, np.zeros((BATCHES, high - low), dtype=np.int64)
        before, after = max(self.first - low, 0), max(high - self.first - self.counts.shape[1], 0)
        if before or after:
            before, after = (x and x + 100 for x in (before, after))
            self.counts = np.pad(self.counts, ((0, 0), (before, after)))
            self.first -= before

    def result(self, facts: dict[str, Any]) -> BinnedSpectrum:
        """Return what was counted, empty batches and bins cut off."""
        used = self.batch_samples > 0
        filled = np.flatnonzero(self.counts.any(axis=0))
        cut = slice(filled[0], filled[-1] + 1) if filled.size else slice(0, 0)
        return BinnedSpectrum(
            self.size,
            self.first + int(cut.start),
            self.counts[used, cut].copy(),
            self.batch_samples[used],
            self.zeros[used],
            self.moment_sums[used],
            self.log_top,
            self.log_floor,
            facts,
        )

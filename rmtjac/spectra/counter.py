"""Counts of the eigenvalues of samples that are computed one after the other, in memory of constant size."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rmtjac.spectra.binned import MOMENTS, WIDTH, BinnedSpectrum

__all__ = ["BATCHES", "Counter"]

BATCHES = 64


@dataclass(eq=False)
class Counter:
    """Count the eigenvalues of samples one after the other, and make a `BinnedSpectrum` of the counts."""

    size: int
    first: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros((BATCHES, 0), dtype=np.int64))
    batch_samples: np.ndarray = field(default_factory=lambda: np.zeros(BATCHES, dtype=np.int64))
    zeros: np.ndarray = field(default_factory=lambda: np.zeros(BATCHES, dtype=np.int64))
    moment_sums: np.ndarray = field(default_factory=lambda: np.zeros((BATCHES, MOMENTS)))
    log_top: float = -math.inf
    log_floor: float = -math.inf
    undecided: int = 0

    def add(self, index: int, log_singular_values: np.ndarray, log_floor: float, undecided: int = 0) -> None:
        """Count the eigenvalues of sample number `index`."""
        self.undecided += undecided
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
        """Extend the bins so that they contain the bins low ... high - 1, and some more."""
        if not self.counts.size:
            self.first, self.counts = low, np.zeros((BATCHES, high - low), dtype=np.int64)
        before, after = max(self.first - low, 0), max(high - self.first - self.counts.shape[1], 0)
        if before or after:
            before, after = (x and x + 100 for x in (before, after))
            self.counts = np.pad(self.counts, ((0, 0), (before, after)))
            self.first -= before

    def result(self, facts: dict[str, Any]) -> BinnedSpectrum:
        """Return the counts without empty batches and without empty bins at both ends."""
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
            self.undecided,
        )

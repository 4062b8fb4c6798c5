"""Parts of a comparison: pulls, words for a p-value, and a histogram beside the limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.spectra.histogram import Histogram

__all__ = ["LEVEL", "BinnedComparison", "pulls", "verdict"]

LEVEL = 0.05  # the level of the tests


def verdict(p_value: float, level: float = LEVEL) -> str:
    """Return in words what a p-value says at a level; NaN stands for no test."""
    if math.isnan(p_value):
        return "not tested"
    return f"{'agree' if p_value >= level else 'disagree'} at {level:.0%} (p = {p_value:.2g})"


def pulls(value: np.ndarray, error: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return (value - expected) / error; if the error is 0, then 0 for equal numbers and infinity for others."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = (value - expected) / error
    return np.where((value == expected) & ~np.isnan(error), 0.0, out)


@dataclass(frozen=True, eq=False)
class BinnedComparison:
    """A histogram beside the fractions of the limit in its bins.

    Attributes
    ----------
    histogram : Histogram
        The sampled fractions with their errors.
    expected : ndarray of float, shape (bins,)
        The fractions F(high) - F(low) of the limit.
    resolution : float
        One eigenvalue of the whole sample as a fraction. A pull is measured in errors of at least this size.
    """

    histogram: Histogram
    expected: np.ndarray
    resolution: float

    @property
    def pulls(self) -> np.ndarray:
        """(sampled - expected) / standard error of each bin; NaN for a single sample and where both are empty."""
        out = pulls(self.histogram.fraction, np.maximum(self.histogram.error, self.resolution), self.expected)
        return np.where((self.histogram.fraction == 0.0) & (self.expected < 0.01 * self.resolution), np.nan, out)

    @property
    def rms_pull(self) -> float:
        """The root mean square of the pulls."""
        seen = self.pulls[np.isfinite(self.pulls)]
        return float(np.sqrt(np.mean(seen**2))) if seen.size else float("nan")

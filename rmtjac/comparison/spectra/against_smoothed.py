"""A sample and a smoothed limit: the sample is smoothed by the same angle before a distance is measured or bins filled.

The smoothed cdf of one matrix differs from the limit by about .5 / sqrt(N) under heavy tails, since the largest
entries of a row or column are independent of each other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.comparison.spectra.zeros import cdf_of_zeros
from rmtjac.estimate import standard_error
from rmtjac.smoothing import smoothed_cdf
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.histogram import Histogram
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit

__all__ = ["Distances", "smoothed_distances", "smoothed_histogram"]

_POINTS = 800  # at most, of the search for the largest difference
_STEP = 0.25  # of this search, in angles: both functions are smooth over an angle


class Distances(NamedTuple):
    """Distances between the smoothed cdf of the sample and that of the limit.

    `ks` is that of all eigenvalues, `ks_samples` that of each matrix, and `limit_error` the largest error of the limit.
    """

    ks: float
    ks_samples: np.ndarray
    limit_error: float


def _rows(empirical: EmpiricalSpectrum, log_lam: np.ndarray, angle: float) -> np.ndarray:
    """Return the smoothed cdf of each sample at points, shape (samples, points)."""
    out = np.empty((empirical.samples, log_lam.size))
    finite = np.isfinite(log_lam)
    for row, logs, atom in zip(out, 2.0 * empirical.log_singular_values, empirical.zero_fractions, strict=True):
        row[:] = np.where(log_lam == np.inf, 1.0, atom)
        if atom < 1.0:
            row[finite] = smoothed_cdf(log_lam[finite], logs[np.isfinite(logs)], angle, float(atom))
    return out


def smoothed_distances(empirical: EmpiricalSpectrum, limit: HeavyTailedLimit) -> Distances:
    """Return the largest differences at lambda = 0 and above the numerical noise of the samples."""
    logs = 2.0 * empirical.log_singular_values
    seen = logs[np.isfinite(logs) & (logs > empirical.log_floor)]
    points = np.array([-np.inf])
    if seen.size:
        angle, reach = limit.smoothing, 8.0 * limit.smoothing
        lowest, low, high, highest = np.quantile(seen, [0.0, 0.01, 0.99, 1.0]) + reach * np.array(
            [-1.0, -1.0, 1.0, 1.0]
        )
        count = min(_POINTS, 2 + int((high - low) / (_STEP * angle)))
        # A few eigenvalues may reach very far out: beyond, and between, the points are quantiles of the sample.
        ranks = np.quantile(seen, np.linspace(0.0, 1.0, _POINTS // 2))
        points = np.unique(np.concatenate([points, np.linspace(low, high, count), ranks, [lowest, highest]]))
        points = points[(points >= empirical.log_floor) | np.isneginf(points)]
    limit_cdf, error = limit.log_cdf(points), limit.cdf_error(np.exp(np.clip(points, -700.0, 700.0)))
    limit_cdf = np.where(np.isneginf(points), cdf_of_zeros(empirical, limit), limit_cdf)
    rows = _rows(empirical, points, limit.smoothing)
    apart = np.abs(rows - limit_cdf).max(axis=1)
    return Distances(float(np.abs(rows.mean(axis=0) - limit_cdf).max()), apart, float(error.max()))


def smoothed_histogram(empirical: EmpiricalSpectrum, histogram: Histogram, angle: float) -> Histogram:
    """Return the histogram with the edges of another one, of the sample smoothed by an angle."""
    with np.errstate(divide="ignore"):
        fractions = np.diff(_rows(empirical, np.log(histogram.edges), angle), axis=1)
    return Histogram(histogram.edges, fractions.mean(axis=0), standard_error(fractions), histogram.scale)

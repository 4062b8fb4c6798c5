"""A sampled spectrum beside its limit: distances, moments, and bins, with standard errors between matrices.

These errors do not contain the difference between a finite network and the limit, which is of order 1/N in the bulk,
N^{-2/3} at a square-root edge, and larger at the edge 0. With enough samples every finite network differs from its
limit. The p-value of `rmtjac.comparison.spectra.goodness` takes this into account.
"""

from __future__ import annotations

import math

import numpy as np

from rmtjac.comparison.spectra.against_smoothed import Distances, smoothed_distances, smoothed_histogram
from rmtjac.comparison.spectra.bins import BinnedComparison
from rmtjac.comparison.spectra.goodness import goodness_of_fit
from rmtjac.comparison.spectra.result import Comparison
from rmtjac.comparison.spectra.zeros import cdf_of_zeros
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
from rmtjac.theory.heavy_tails.means import has_moment
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import positive_int

__all__ = ["compare_spectra"]

Limit = LimitSpectrum | HeavyTailedLimit

_NODES = 2000
_INNER = 0.95  # of a law with heavy tails, linear bins reach up to the quantile of this order


def _limit_cdf(limit: Limit, log_lam: np.ndarray) -> np.ndarray:
    """Return F of the limit at ascending log lambda; for more than 4000 points by cubics.

    They go through F and its slope, or for heavy tails, where the density may be costly, through F alone.
    """
    heavy = isinstance(limit, HeavyTailedLimit)
    if log_lam.size <= 2 * _NODES:
        return limit.log_cdf(log_lam) if heavy else limit.cdf(np.exp(log_lam))
    from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

    ends = np.log(limit.support[(limit.support > 0.0) & np.isfinite(limit.support)])
    # The nodes have equal steps of rank and are denser towards both ends, where F is steep in log lambda.
    last = log_lam.size - 1
    tails = np.geomspace(1.0, last, _NODES // 4)
    ranks = np.concatenate([np.linspace(0, last, _NODES), np.arange(200), last - np.arange(200), tails, last - tails])
    pick = log_lam[np.unique(ranks.round().astype(int))]
    nodes = np.unique(np.concatenate([pick, ends[(ends > pick[0]) & (ends < pick[-1])]]))
    if heavy:
        return np.clip(PchipInterpolator(nodes, limit.log_cdf(nodes))(log_lam), 0.0, 1.0)
    lam = np.exp(nodes)
    return np.clip(CubicHermiteSpline(nodes, limit.cdf(lam), lam * limit.density(lam))(log_lam), 0.0, 1.0)


def _kolmogorov(count: int, limit_values: np.ndarray, atom: float, at_zeros: float) -> float:
    """Return the largest |F_n - F| at 0 and on both sides of the largest of `count` eigenvalues.

    `limit_values` are the values of F at these eigenvalues, `at_zeros` is its value at what the sample counts as zeros.
    """
    at_zero = abs(atom - at_zeros)
    if not limit_values.size:
        return max(at_zero, 1.0 - at_zeros) if atom == 1.0 else at_zero
    steps = np.arange(count - limit_values.size, count + 1) / count
    after, before = np.abs(steps[1:] - limit_values), np.abs(steps[:-1] - limit_values)
    return float(max(after.max(), before.max(), at_zero))


def compare_spectra(empirical: EmpiricalSpectrum, limit: Limit, bins: int = 60, test: bool = False) -> Comparison:
    """Compare a sampled spectrum with a limit; `rmtjac.compare` explains arguments and errors."""
    bins = positive_int("bins", bins)
    heavy = limit if isinstance(limit, HeavyTailedLimit) else None
    flat = 2.0 * empirical.log_singular_values.ravel()
    nonzero = np.isfinite(flat)
    resolved = nonzero & (flat > empirical.log_floor)
    if heavy is not None and heavy.smoothing > 0.0:
        ks, ks_samples, limit_error = smoothed_distances(empirical, heavy)
    else:
        ks, ks_samples, limit_error = _distances(empirical, limit)
    binned = _binned(empirical, limit, bins)
    moments, errors, limit_moments = _moments(empirical, limit)
    return Comparison(
        empirical.samples,
        empirical.size,
        ks,
        ks_samples,
        1.0 - float(resolved.sum()) / max(1, int(nonzero.sum())),
        empirical.atom,
        empirical.atom_error,
        limit.atom,
        moments,
        errors,
        limit_moments,
        limit.support.copy(),
        binned["linear"],
        binned["log"],
        _curve(limit, binned),
        {**empirical.facts, "limit": limit.facts},
        goodness_of_fit(empirical, limit).p_value if test else math.nan,
        limit.method,
        heavy.smoothing if heavy else 0.0,
        heavy.tail.exponent if heavy else math.inf,
        limit_error,
        *_largest(empirical, limit),
    )


def _largest(empirical: EmpiricalSpectrum, limit: Limit) -> tuple[np.ndarray, float]:
    """Return the 95 % interval of the largest eigenvalue by theory, and the share of the matrices in it.

    Both are NaN where there is no law: heavy tails, an upper edge that is no square-root edge, a small size.
    """
    none = np.full(2, math.nan), math.nan
    if not isinstance(limit, LimitSpectrum):
        return none
    masks = empirical.facts.get("masks")
    signal = "independent" if masks == "independent" or not limit.facts else "network"
    try:
        law = limit.largest(empirical.size, signal=signal)
    except ValueError:
        return none
    if not law.in_range:
        return none
    interval = law.interval(0.95)
    with np.errstate(over="ignore"):
        top = np.exp(2.0 * empirical.log_singular_values.max(axis=1))
    return interval, float(np.mean((top >= interval[0]) & (top <= interval[1])))


def _distances(empirical: EmpiricalSpectrum, limit: Limit) -> Distances:
    """Return the distances from a limit without smoothing."""
    logs = 2.0 * empirical.log_singular_values
    order = np.argsort(logs, axis=None)
    flat = logs.ravel()[order]
    # Eigenvalues below the noise are counted, but their values mean nothing.
    resolved = np.isfinite(flat) & (flat > empirical.log_floor)
    values = np.full(flat.size, np.nan)
    error = 0.0
    if resolved.any():
        values[resolved] = _limit_cdf(limit, flat[resolved])
        if isinstance(limit, HeavyTailedLimit):
            some = np.quantile(flat[resolved], np.linspace(0.0, 1.0, 200))
            error = float(limit.solver.cdf(some).error.max())
    by_sample = np.empty(flat.size)
    by_sample[order] = values
    zeros = cdf_of_zeros(empirical, limit)
    per_sample = [
        _kolmogorov(row.size, row[~np.isnan(row)], atom, zeros)
        for row, atom in zip(by_sample.reshape(logs.shape), empirical.zero_fractions, strict=True)
    ]
    ks = _kolmogorov(flat.size, values[resolved], empirical.atom, zeros)
    return Distances(ks, np.array(per_sample), error)


def _binned(empirical: EmpiricalSpectrum, limit: Limit, bins: int) -> dict[str, BinnedComparison]:
    """Return the two histograms beside the fractions of the limit."""
    out = {}
    for scale in ("linear", "log"):
        if isinstance(limit, HeavyTailedLimit) and scale == "linear":
            top = limit.quantile(limit.atom + (1.0 - limit.atom) * _INNER)
            if not 0.0 < top < math.inf:
                raise OverflowError("the upper quantiles of the limit leave the range of a float; rescale the weights")
            histogram = empirical.histogram(np.linspace(0.0, top, bins + 1), scale)
        else:
            histogram = empirical.histogram(bins, scale)
        if isinstance(limit, HeavyTailedLimit) and limit.smoothing > 0.0:
            histogram = smoothed_histogram(empirical, histogram, limit.smoothing)
        expected = np.diff(limit.cdf(histogram.edges))
        out[scale] = BinnedComparison(histogram, expected, 1.0 / empirical.log_singular_values.size)
    return out


def _moments(empirical: EmpiricalSpectrum, limit: Limit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return four sampled moments, their errors, and the moments of the limit; NaN where these do not exist."""
    value, error, expected = np.full((3, 4), math.nan)
    if isinstance(limit, LimitSpectrum):
        expected = limit.moments(4)
    elif limit.smoothing == 0.0:
        expected = np.array([limit.moment(k) if has_moment(limit.tail, k) else math.nan for k in range(1, 5)])
    for k in np.flatnonzero(~np.isnan(expected)):
        value[k], error[k] = empirical.moment(int(k) + 1)
        if isinstance(limit, HeavyTailedLimit) and not has_moment(limit.tail, 2 * (int(k) + 1)):
            error[k] = math.nan  # the spread between samples estimates a variance that does not exist
    return value, error, expected


def _curve(limit: Limit, binned: dict[str, BinnedComparison]) -> np.ndarray:
    """Return points lambda, ascending, and the density of the limit there, over the range of the bins."""
    low, high = binned["log"].histogram.edges[[0, -1]]
    if isinstance(limit, HeavyTailedLimit):
        points = np.geomspace(low, high, 400), np.linspace(low, binned["linear"].histogram.edges[-1], 201)[1:]
        lam = np.unique(np.concatenate(points))
        return np.stack([lam, limit.density(lam)])
    curves = [limit.curve(300, low=min(1e-4, low / limit.support[-1, 1]), scale=scale) for scale in ("linear", "log")]
    curve = np.concatenate(curves, axis=1)
    return curve[:, np.argsort(curve[0])]

"""A sampled spectrum beside its limit: distances, moments, and bins, with standard errors between matrices.

These errors do not contain the difference between a finite network and the limit, which is of order 1/N in the bulk,
N^{-2/3} at a square-root edge, and larger at the edge 0. With enough samples every finite network differs from its
limit. The p-value of `rmtjac.comparison.goodness` takes this into account.
"""

from __future__ import annotations

import math

import numpy as np

from rmtjac.comparison.goodness import goodness_of_fit
from rmtjac.comparison.result import BinnedComparison, Comparison
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import positive_int

__all__ = ["compare"]

_NODES = 2000


def _limit_cdf(limit: LimitSpectrum, log_lam: np.ndarray) -> np.ndarray:
    """Return F of the limit at ascending log lambda; for more than 4000 points by cubics through F and its slope."""
    if log_lam.size <= 2 * _NODES:
        return limit.cdf(np.exp(log_lam))
    from scipy.interpolate import CubicHermiteSpline

    ends = np.log(limit.support[limit.support > 0.0])
    # The nodes have equal steps of rank and are denser towards both ends, where F is steep in log lambda.
    last = log_lam.size - 1
    tails = np.geomspace(1.0, last, _NODES // 4)
    ranks = np.concatenate([np.linspace(0, last, _NODES), np.arange(200), last - np.arange(200), tails, last - tails])
    pick = log_lam[np.unique(ranks.round().astype(int))]
    nodes = np.unique(np.concatenate([pick, ends[(ends > pick[0]) & (ends < pick[-1])]]))
    lam = np.exp(nodes)
    return np.clip(CubicHermiteSpline(nodes, limit.cdf(lam), lam * limit.density(lam))(log_lam), 0.0, 1.0)


def _kolmogorov(count: int, limit_values: np.ndarray, atom: float, limit_atom: float) -> float:
    """Return the largest |F_n - F| at 0 and on both sides of the largest of `count` eigenvalues.

    `limit_values` are the values of F at these eigenvalues.
    """
    at_zero = abs(atom - limit_atom)
    if not limit_values.size:
        return max(at_zero, 1.0 - limit_atom) if atom == 1.0 else at_zero
    steps = np.arange(count - limit_values.size, count + 1) / count
    after, before = np.abs(steps[1:] - limit_values), np.abs(steps[:-1] - limit_values)
    return float(max(after.max(), before.max(), at_zero))


def compare(empirical: EmpiricalSpectrum, limit: LimitSpectrum, bins: int = 60, test: bool = False) -> Comparison:
    """Compare a sampled spectrum with a limit.

    The result holds the Kolmogorov distance, the atom at 0, four moments, and two histograms, each beside the value of
    the limit and with a standard error between matrices.

    Parameters
    ----------
    empirical : EmpiricalSpectrum
        The sample, from `rmtjac.sample_spectrum`.
    limit : LimitSpectrum
        The limit, from `rmtjac.limit_spectrum`.
    bins : int, default 60
        The number of bins of the two histograms.
    test : bool, default False
        Whether to test the goodness of fit, with the defaults of `rmtjac.goodness_of_fit`. The test draws twice as many
        matrices of a quarter of the width.

    Returns
    -------
    Comparison
        The numbers; they can be had as a text table (`Comparison.table`), a dict, a `pandas.DataFrame`, or a picture
        (`rmtjac.plotting.plot_comparison`).

    Raises
    ------
    TypeError
        If `empirical` or `limit` has another type.
    ValueError
        If all eigenvalues are zero, or `bins` is not a positive whole number.
    OverflowError
        If an eigenvalue or a moment leaves the range of a float.

    See Also
    --------
    goodness_of_fit : The test alone.

    Notes
    -----
    Cost: some 2000 values of the limiting cdf, and a sort of the eigenvalues; the test takes about 3 % of the time of
    the samples (for N of some hundreds or more).

    References
    ----------
    docs/theory/goodness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(100, 2, "relu")
    >>> result = rj.compare(rj.sample_spectrum(ens, samples=20, rng=0), rj.limit_spectrum(ens), test=True)
    >>> result.ks < 0.05, result.verdict
    (True, 'agree at 5% (p = ...)')
    """
    bins = positive_int("bins", bins)
    if not isinstance(empirical, EmpiricalSpectrum) or not isinstance(limit, LimitSpectrum):
        raise TypeError("compare needs an EmpiricalSpectrum and a LimitSpectrum, in this order")
    logs = 2.0 * empirical.log_singular_values
    order = np.argsort(logs, axis=None)
    flat = logs.ravel()[order]
    # Eigenvalues below the noise are counted, but their values mean nothing.
    nonzero = np.isfinite(flat)
    resolved = nonzero & (flat > empirical.log_floor)
    values = np.full(flat.size, np.nan)
    if resolved.any():
        values[resolved] = _limit_cdf(limit, flat[resolved])
    by_sample = np.empty(flat.size)
    by_sample[order] = values
    per_sample = [
        _kolmogorov(row.size, row[~np.isnan(row)], atom, limit.atom)
        for row, atom in zip(by_sample.reshape(logs.shape), empirical.zero_fractions, strict=True)
    ]

    binned = {}
    for scale in ("linear", "log"):
        histogram = empirical.histogram(bins, scale)
        binned[scale] = BinnedComparison(histogram, np.diff(limit.cdf(histogram.edges)), 1.0 / flat.size)
    moments = [empirical.moment(k) for k in range(1, 5)]
    lowest = binned["log"].histogram.edges[0] / limit.support[-1, 1]
    curves = [limit.curve(300, low=min(1e-4, lowest), scale=scale) for scale in ("linear", "log")]
    curve = np.concatenate(curves, axis=1)
    return Comparison(
        empirical.samples,
        empirical.size,
        _kolmogorov(flat.size, values[resolved], empirical.atom, limit.atom),
        np.array(per_sample),
        1.0 - float(resolved.sum()) / max(1, int(nonzero.sum())),
        empirical.atom,
        empirical.atom_error,
        limit.atom,
        np.array([m.value for m in moments]),
        np.array([m.error for m in moments]),
        limit.moments(4),
        limit.support.copy(),
        binned["linear"],
        binned["log"],
        curve[:, np.argsort(curve[0])],
        {**empirical.facts, "limit": limit.facts},
        goodness_of_fit(empirical, limit).p_value if test else math.nan,
    )

"""Sampled eigenvalues beside the limiting ring: distances of the radial cdf, atoms, largest moduli."""

from __future__ import annotations

import math

import numpy as np

from rmtjac.comparison.eigenvalues.bounds import bounds
from rmtjac.comparison.eigenvalues.result import RingComparison
from rmtjac.spectra.eigenvalues.empirical import EmpiricalEigenvalues
from rmtjac.theory.eigenvalues.ring_law import RingLaw

__all__ = ["compare_eigenvalues"]

_POINTS = 400


def compare_eigenvalues(sample: EmpiricalEigenvalues, law: RingLaw) -> RingComparison:
    """Compare sampled eigenvalues with the ring; `rmtjac.compare` explains arguments and errors."""
    logs = sample.log_moduli
    known = np.isfinite(logs) & sample.resolved
    values = np.full(logs.shape, np.nan)
    if known.any():
        values[known] = law.cdf(logs[known], log=True)
    per_sample = np.array([_distance(row, shares, law.atom) for row, shares in zip(logs, values, strict=True)])
    order = np.argsort(logs, axis=None, kind="stable")
    flat, shares = logs.ravel()[order], values.ravel()[order]
    ks = _distance(flat, shares, law.atom)
    log_r = _radii(sample, law)
    radial = np.stack([sample.cdf(log_r, log=True), sample.cdf_error(log_r, log=True), law.cdf(log_r, log=True)])
    found = bounds(law, sample.size, float(np.max(radial[1], initial=0.0)))
    inside = shares.copy()
    near = np.abs(flat - law.log_spectral_radius) <= found.reach
    if law.inner_radius > 0.0:
        near |= np.abs(flat - math.log(law.inner_radius)) <= found.reach
    inside[near | (flat > law.log_spectral_radius)] = np.nan
    expected = law.largest(sample.size)
    return RingComparison(
        sample.samples,
        sample.size,
        ks,
        _distance(flat, inside, law.atom),
        per_sample,
        found.everywhere,
        found.inside,
        found.edge,
        sample.unresolved,
        sample.atom,
        sample.atom_error,
        law.atom,
        *sample.spectral_radius,
        expected.mean,
        expected.std,
        law.support,
        np.concatenate([np.exp(log_r)[None], radial]),
        {**sample.facts, "limit": law.facts},
    )


def _distance(logs: np.ndarray, shares: np.ndarray, atom: float) -> float:
    """Return the largest |F_n - F| on both sides of the ascending `logs` where the limit is known, and at 0."""
    count = logs.size
    zeros = float(np.isneginf(logs).mean())
    known = np.flatnonzero(~np.isnan(shares))
    # At 0 an unresolved value may be on either side.
    unknown = float((np.isfinite(logs) & np.isnan(shares)).mean()) if not known.size else 0.0
    at_zero = abs(zeros - atom) - unknown
    if not known.size:
        return max(0.0, at_zero)
    after = np.abs((known + 1) / count - shares[known])
    before = np.abs(known / count - shares[known])
    return float(max(after.max(), before.max(), at_zero))


def _radii(sample: EmpiricalEigenvalues, law: RingLaw) -> np.ndarray:
    """Return logarithms of radii, ascending, at equal steps of probability and beyond the outer circle."""
    top = max(law.log_spectral_radius, float(sample.log_spectral_radii.max())) + 0.02
    share = np.linspace(0.0, 1.0, _POINTS + 1)[1:]
    logs = law.log_quantile_nonzero(share)
    return np.unique(np.concatenate([logs, np.linspace(law.log_spectral_radius, top, 40)]))

"""A sampled spectrum beside its limit: distances, moments, bins, with honest errors.

The errors are standard errors between independent matrices. What they do not contain is the difference between a
finite network and the limit: of order 1/N in the bulk, N^{-2/3} at a square-root edge, and larger at the
hard edge 0. With enough samples every finite network is told from its limit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import load, save
from rmtjac.spectra.empirical import EmpiricalSpectrum, Histogram
from rmtjac.theory.limit import LimitSpectrum
from rmtjac.validate import positive_int

__all__ = ["BinnedComparison", "Comparison", "compare"]

_NODES = 2000


@dataclass(frozen=True, eq=False)
class BinnedComparison:
    """A histogram beside the fractions that the limit puts in its bins.

    Attributes
    ----------
    histogram
        The sampled fractions with their errors.
    expected
        Shape (bins,): F(high) - F(low) of the limit.
    resolution
        One eigenvalue of the whole sample, as a fraction: the least error that a pull is measured in.
    """

    histogram: Histogram
    expected: np.ndarray
    resolution: float

    @property
    def pulls(self) -> np.ndarray:
        """(sampled - expected) / standard error per bin; NaN for a single sample."""
        return (self.histogram.fraction - self.expected) / np.maximum(self.histogram.error, self.resolution)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Outcome of `compare`: self-contained arrays, enough for the table and the picture.

    Attributes
    ----------
    samples, size
        Number of matrices and their side N.
    ks
        Kolmogorov distance sup |F_sampled - F_limit| of all eigenvalues together, the atom included.
    ks_samples
        Shape (samples,): the same for each matrix. Spectra are rigid: N times it grows like log N only.
    atom, atom_error, limit_atom
        Fraction of exact zeros, its standard error, and the mass of the limit at 0.
    moments, moment_errors, limit_moments
        Shape (4,): moments 1 ... 4.
    support
        Shape (k, 2): intervals of the support of the limit.
    linear, log
        Binned comparisons on equal bins in lambda and in log lambda.
    curve
        Shape (2, points): lambda and rho(lambda) of the limit.
    facts
        Provenance of the samples.
    """

    samples: int
    size: int
    ks: float
    ks_samples: np.ndarray
    atom: float
    atom_error: float
    limit_atom: float
    moments: np.ndarray
    moment_errors: np.ndarray
    limit_moments: np.ndarray
    support: np.ndarray
    linear: BinnedComparison
    log: BinnedComparison
    curve: np.ndarray
    facts: dict[str, Any]

    @property
    def moment_pulls(self) -> np.ndarray:
        """(sampled - limit) / standard error for the moments 1 ... 4."""
        return (self.moments - self.limit_moments) / self.moment_errors

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the table, JSON-ready."""
        rows = zip(self.moments, self.moment_errors, self.limit_moments, self.moment_pulls, strict=True)
        names = ("sampled", "error", "limit", "pull")
        return {
            "samples": self.samples,
            "size": self.size,
            "ks": self.ks,
            "ks_per_matrix": float(self.ks_samples.mean()),
            "atom": {"sampled": self.atom, "error": self.atom_error, "limit": self.limit_atom},
            "moments": {f"m{k}": dict(zip(names, map(float, row), strict=True)) for k, row in enumerate(rows, 1)},
            "pulls_rms": {
                scale: float(np.sqrt(np.mean(getattr(self, scale).pulls ** 2))) for scale in ("linear", "log")
            },
            "support": self.support.tolist(),
        }

    def table(self) -> str:
        """Return the comparison as text."""
        support = " + ".join(f"[{a:.6g}, {b:.6g}]" for a, b in self.support)
        rows = [("atom", self.atom, self.atom_error, self.limit_atom)]
        rows += [(f"m{k + 1}", self.moments[k], self.moment_errors[k], self.limit_moments[k]) for k in range(len(self.moments))]
        lines = [
            f"{self.samples} matrices of {self.size} x {self.size}; support of the limit {support}",
            f"{'':6}{'sampled':>14}{'std error':>12}{'limit':>14}{'pull':>8}",
        ]
        for name, value, error, limit in rows:
            pull = (value - limit) / error if error > 0.0 else 0.0 if value == limit else np.copysign(np.inf, value - limit)
            lines.append(f"{name:6}{value:14.6g}{error:12.2g}{limit:14.6g}{pull:8.1f}")
        one = float(self.ks_samples.mean())
        lines.append(f"Kolmogorov distance {self.ks:.2e} all together, {one:.2e} = {one * self.size:.2f}/N for one matrix")
        pulls = self.to_dict()["pulls_rms"]
        lines.append(f"rms pull of the bins {pulls['linear']:.2f} (linear), {pulls['log']:.2f} (log)")
        return "\n".join(lines)

    def to_pandas(self, scale: str = "log") -> Any:
        """Return one of the binned comparisons as a table."""
        binned: BinnedComparison = getattr(self, scale)
        return binned.histogram.to_pandas().assign(expected=binned.expected, pull=binned.pulls)

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles)."""
        arrays, facts = {}, {"provenance": self.facts}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, BinnedComparison):
                parts = value.histogram
                arrays[item.name] = np.stack([parts.edges[:-1], parts.edges[1:], parts.fraction, parts.error, value.expected])
            elif isinstance(value, np.ndarray):
                arrays[item.name] = value
            elif item.name != "facts":
                facts[item.name] = value
        return save(path, "Comparison", facts, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Comparison:
        """Read a result that `save` wrote."""
        facts, arrays = load(path, "Comparison")
        provenance = facts.pop("provenance")
        binned = {}
        for scale in ("linear", "log"):
            low, high, fraction, error, expected = arrays.pop(scale)
            histogram = Histogram(np.append(low, high[-1]), fraction, error, scale)
            binned[scale] = BinnedComparison(histogram, expected, 1.0 / (facts["samples"] * facts["size"]))
        return cls(**facts, **arrays, **binned, facts=provenance)

    def __repr__(self) -> str:
        return f"Comparison({self.samples} samples, N={self.size}, ks={self.ks:.3g}, atom {self.atom:.4g} against {self.limit_atom:.4g})"


def _limit_cdf(limit: LimitSpectrum, log_lam: np.ndarray) -> np.ndarray:
    """F of the limit at ascending log lambda; above a few thousand points by monotone interpolation between them."""
    if log_lam.size <= 2 * _NODES:
        return limit.cdf(np.exp(log_lam))
    from scipy.interpolate import PchipInterpolator

    ends = np.log(limit.support[limit.support > 0.0])
    pick = log_lam[np.linspace(0, log_lam.size - 1, _NODES).round().astype(int)]
    nodes = np.unique(np.concatenate([pick, ends[(ends > pick[0]) & (ends < pick[-1])]]))
    return PchipInterpolator(nodes, limit.cdf(np.exp(nodes)))(log_lam)


def _kolmogorov(logs: np.ndarray, limit_values: np.ndarray, atom: float, limit_atom: float) -> float:
    """Largest |F_n - F| over the jumps of F_n, on both sides of each, and at the atom."""
    count = logs.size
    if not limit_values.size:
        return max(abs(atom - limit_atom), 1.0 - limit_atom)
    steps = np.arange(count - limit_values.size, count + 1) / count
    after, before = np.abs(steps[1:] - limit_values), np.abs(steps[:-1] - limit_values)
    return float(max(after.max(), before.max(), abs(atom - limit_atom)))


def compare(empirical: EmpiricalSpectrum, limit: LimitSpectrum, bins: int = 60) -> Comparison:
    """Compare a sampled spectrum with a limit.

    Parameters
    ----------
    empirical, limit
        From `rmtjac.sample_spectrum` and `rmtjac.limit_spectrum`.
    bins
        Number of bins of the two histograms.

    Returns
    -------
    Comparison

    Notes
    -----
    Cost: some 2000 values of the limiting cdf, and a sort of the eigenvalues.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(100, 2, "relu")
    >>> rj.compare(rj.sample_spectrum(ens, samples=20, rng=0), rj.limit_spectrum(ens)).ks < 0.05
    True
    """
    bins = positive_int("bins", bins)
    if not isinstance(empirical, EmpiricalSpectrum) or not isinstance(limit, LimitSpectrum):
        raise TypeError("compare needs an EmpiricalSpectrum and a LimitSpectrum, in this order")
    logs = 2.0 * empirical.log_singular_values
    order = np.argsort(logs, axis=None)
    flat = logs.ravel()[order]
    positive = flat[np.isfinite(flat)]
    values = np.empty(flat.size)
    values[flat.size - positive.size :] = _limit_cdf(limit, positive) if positive.size else 0.0
    by_sample = np.empty(flat.size)
    by_sample[order] = values
    per_sample = []
    for row, expected in zip(logs, by_sample.reshape(logs.shape), strict=True):
        nonzero = np.isfinite(row)
        per_sample.append(_kolmogorov(row, expected[nonzero], 1.0 - nonzero.mean(), limit.atom))

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
        _kolmogorov(flat, values[flat.size - positive.size :], empirical.atom, limit.atom),
        np.array(per_sample),
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
    )

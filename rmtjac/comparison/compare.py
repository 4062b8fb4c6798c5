"""A sampled spectrum beside its limit: distances, moments, bins, with honest errors.

The errors are standard errors between independent matrices. What they do not contain is the difference between a
finite network and the limit: of order 1/N in the bulk, N^{-2/3} at a square-root edge, and larger at the
hard edge 0. With enough samples every finite network is told from its limit. A p-value that takes account of it comes
from `rmtjac.comparison.goodness`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.comparison.goodness import goodness_of_fit, verdict
from rmtjac.schema import Schema
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.histogram import Histogram
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import choice, positive_int

__all__ = ["BinnedComparison", "Comparison", "compare"]

_NODES = 2000


def _pulls(value: np.ndarray, error: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(value - expected) / error; where the error is 0, 0 for equal numbers and infinite for others."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = (value - expected) / error
    return np.where((value == expected) & ~np.isnan(error), 0.0, out)


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
        """(sampled - expected) / standard error per bin; NaN for a single sample and in bins empty by both."""
        out = _pulls(self.histogram.fraction, np.maximum(self.histogram.error, self.resolution), self.expected)
        return np.where((self.histogram.fraction == 0.0) & (self.expected < 0.01 * self.resolution), np.nan, out)

    @property
    def rms_pull(self) -> float:
        """Root mean square of the pulls."""
        seen = self.pulls[np.isfinite(self.pulls)]
        return float(np.sqrt(np.mean(seen**2))) if seen.size else float("nan")


_SCHEMA = Schema(
    "Comparison",
    arrays={
        "ks_samples": "float _",
        "moments": "float k",
        "moment_errors": "float k",
        "limit_moments": "float k",
        "support": "float _ 2",
        "linear": "float 5 _",  # edges, fractions, their errors, what the limit has
        "log": "float 5 _",
        "curve": "float 2 _",
    },
    facts={
        "samples": "count",
        "size": "count",
        **dict.fromkeys(("ks", "unresolved", "atom", "atom_error", "limit_atom", "p_value?"), "float"),
        "provenance": "object",
    },
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Outcome of `compare`: self-contained arrays, enough for the table and the picture.

    Attributes
    ----------
    samples, size
        Number of matrices and their side N.
    ks
        Kolmogorov distance sup |F_sampled - F_limit| of all eigenvalues together, the atom included, over the lambda
        above the numerical noise of the samples.
    ks_samples
        Shape (samples,): the same for each matrix. Spectra are rigid: N times it grows like log N only.
    unresolved
        Fraction of nonzero eigenvalues below that noise: they are counted, but where they lie is not compared.
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
    p_value
        Of the test `rmtjac.comparison.goodness.goodness_of_fit`; NaN if it was not asked for.
    """

    samples: int
    size: int
    ks: float
    ks_samples: np.ndarray
    unresolved: float
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
    p_value: float = math.nan

    @property
    def verdict(self) -> str:
        """``"agree at 5% (p = ...)"``, ``"disagree ..."`` or ``"not tested"``."""
        return verdict(self.p_value)

    @property
    def moment_pulls(self) -> np.ndarray:
        """(sampled - limit) / standard error for the moments 1 ... 4."""
        return _pulls(self.moments, self.moment_errors, self.limit_moments)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the table, JSON-ready."""
        rows = zip(self.moments, self.moment_errors, self.limit_moments, self.moment_pulls, strict=True)
        names = ("sampled", "error", "limit", "pull")
        return {
            "samples": self.samples,
            "size": self.size,
            "ks": self.ks,
            "ks_per_matrix": float(self.ks_samples.mean()),
            "unresolved": self.unresolved,
            "atom": {"sampled": self.atom, "error": self.atom_error, "limit": self.limit_atom},
            "moments": {f"m{k}": dict(zip(names, map(float, row), strict=True)) for k, row in enumerate(rows, 1)},
            "pulls_rms": {"linear": self.linear.rms_pull, "log": self.log.rms_pull},
            "support": self.support.tolist(),
            "p_value": None if math.isnan(self.p_value) else self.p_value,  # JSON knows no NaN
            "verdict": self.verdict,
        }

    def table(self) -> str:
        """Return the comparison as text."""
        support = " + ".join(f"[{a:.6g}, {b:.6g}]" for a, b in self.support)
        names = ["atom", *(f"m{k + 1}" for k in range(self.moments.size))]
        value = np.append(self.atom, self.moments)
        error = np.append(self.atom_error, self.moment_errors)
        limit = np.append(self.limit_atom, self.limit_moments)
        lines = [
            f"{self.samples} matrices of {self.size} x {self.size}; support of the limit {support}",
            f"{'':6}{'sampled':>14}{'std error':>12}{'limit':>14}{'pull':>8}",
        ]
        for row in zip(names, value, error, limit, _pulls(value, error, limit), strict=True):
            lines.append("{:6}{:14.6g}{:12.2g}{:14.6g}{:8.1f}".format(*row))
        one = float(self.ks_samples.mean())
        lines.append(
            f"Kolmogorov distance {self.ks:.2e} all together, {one:.2e} = {one * self.size:.2f}/N for one matrix"
        )
        lines.append(f"rms pull of the bins {self.linear.rms_pull:.2f} (linear), {self.log.rms_pull:.2f} (log)")
        if self.unresolved > 0.0:
            lines.append(
                f"{self.unresolved:.2%} of the nonzero eigenvalues lie below the numerical noise, and are only counted"
            )
        if not math.isnan(self.p_value):
            lines.append(f"goodness of fit: {self.verdict}")
        return "\n".join(lines)

    def to_pandas(self, scale: str = "log") -> Any:
        """Return one of the binned comparisons as a table."""
        binned: BinnedComparison = getattr(self, choice("scale", scale, ("linear", "log")))
        return binned.histogram.to_pandas().assign(expected=binned.expected, pull=binned.pulls)

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles)."""
        arrays, facts = {}, {"provenance": self.facts}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, BinnedComparison):
                parts = value.histogram
                arrays[item.name] = np.stack(
                    [parts.edges[:-1], parts.edges[1:], parts.fraction, parts.error, value.expected]
                )
            elif isinstance(value, np.ndarray):
                arrays[item.name] = value
            elif item.name != "facts":
                facts[item.name] = value
        return save(path, "Comparison", facts, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Comparison:
        """Read a result that `save` wrote."""

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> Comparison:
            provenance = facts.pop("provenance")
            for scale in ("linear", "log"):
                low, high, fraction, error, expected = arrays[scale]
                histogram = Histogram(np.append(low, high[-1]), fraction, error, scale)
                arrays[scale] = BinnedComparison(histogram, expected, 1.0 / (facts["samples"] * facts["size"]))
            return cls(**facts, **arrays, facts=provenance)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        atoms = f"atom {self.atom:.4g} against {self.limit_atom:.4g}"
        return f"Comparison({self.samples} samples, N={self.size}, ks={self.ks:.3g}, {atoms}, {self.verdict})"


def _limit_cdf(limit: LimitSpectrum, log_lam: np.ndarray) -> np.ndarray:
    """F of the limit at ascending log lambda; above a few thousand points by cubics through F and its slope."""
    if log_lam.size <= 2 * _NODES:
        return limit.cdf(np.exp(log_lam))
    from scipy.interpolate import CubicHermiteSpline

    ends = np.log(limit.support[limit.support > 0.0])
    # Equal steps of rank, and denser towards both ends, where F is steep in log lambda.
    last = log_lam.size - 1
    tails = np.geomspace(1.0, last, _NODES // 4)
    ranks = np.concatenate([np.linspace(0, last, _NODES), np.arange(200), last - np.arange(200), tails, last - tails])
    pick = log_lam[np.unique(ranks.round().astype(int))]
    nodes = np.unique(np.concatenate([pick, ends[(ends > pick[0]) & (ends < pick[-1])]]))
    lam = np.exp(nodes)
    return np.clip(CubicHermiteSpline(nodes, limit.cdf(lam), lam * limit.density(lam))(log_lam), 0.0, 1.0)


def _kolmogorov(count: int, limit_values: np.ndarray, atom: float, limit_atom: float) -> float:
    """Largest |F_n - F| on both sides of the highest of `count` eigenvalues, F in `limit_values`, and at 0."""
    at_zero = abs(atom - limit_atom)
    if not limit_values.size:
        return max(at_zero, 1.0 - limit_atom) if atom == 1.0 else at_zero
    steps = np.arange(count - limit_values.size, count + 1) / count
    after, before = np.abs(steps[1:] - limit_values), np.abs(steps[:-1] - limit_values)
    return float(max(after.max(), before.max(), at_zero))


def compare(empirical: EmpiricalSpectrum, limit: LimitSpectrum, bins: int = 60, test: bool = False) -> Comparison:
    """Compare a sampled spectrum with a limit.

    Parameters
    ----------
    empirical, limit
        From `rmtjac.sample_spectrum` and `rmtjac.limit_spectrum`.
    bins
        Number of bins of the two histograms.
    test
        Whether to test the goodness of fit, with the defaults of `rmtjac.comparison.goodness.goodness_of_fit`: that
        draws twice as many matrices of a quarter of the width.

    Returns
    -------
    Comparison

    Notes
    -----
    Cost: some 2000 values of the limiting cdf, and a sort of the eigenvalues; the test adds some 3 % of the time that
    the samples took (for N in the hundreds and above).

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
    # Below the noise the eigenvalues are counted, but their places mean nothing.
    nonzero = np.isfinite(flat)
    resolved = nonzero & (flat > empirical.log_floor)
    values = np.full(flat.size, np.nan)
    if resolved.any():
        values[resolved] = _limit_cdf(limit, flat[resolved])
    by_sample = np.empty(flat.size)
    by_sample[order] = values
    per_sample = [
        _kolmogorov(row.size, row[~np.isnan(row)], atom, limit.atom)
        for row, atom in zip(by_sample.reshape(logs.shape), empirical.atoms, strict=True)
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

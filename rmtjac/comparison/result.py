"""The result of a comparison of a sampled spectrum with a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.spectra.histogram import Histogram
from rmtjac.validate import choice

__all__ = ["LEVEL", "BinnedComparison", "Comparison", "pulls", "verdict"]

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


_SCHEMA = Schema(
    "Comparison",
    arrays={
        "ks_samples": "float _",
        "moments": "float k",
        "moment_errors": "float k",
        "limit_moments": "float k",
        "support": "float _ 2",
        "linear": "float 5 _",  # lower and upper edges, fractions, their errors, expected fractions
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
    """A sampled spectrum beside a limit: all numbers of the table and of the picture.

    Attributes
    ----------
    samples : int
        The number of matrices.
    size : int
        The number N of their rows.
    ks : float
        The Kolmogorov distance sup |F_sampled - F_limit| of all eigenvalues together, the atom at 0 included. The
        supremum is over the lambda above the numerical noise of the samples.
    ks_samples : ndarray of float, shape (samples,)
        The same distance for each matrix. Eigenvalues repel each other, so that N times it grows only like log N.
    unresolved : float
        The fraction of the nonzero eigenvalues that lie below the numerical noise. They are counted, but their places
        are not compared.
    atom : float
        The fraction of zeros.
    atom_error : float
        Its standard error.
    limit_atom : float
        The mass of the limit at 0.
    moments : ndarray of float, shape (4,)
        The sampled moments of order 1 ... 4.
    moment_errors : ndarray of float, shape (4,)
        Their standard errors.
    limit_moments : ndarray of float, shape (4,)
        The moments of the limit.
    support : ndarray of float, shape (k, 2)
        The intervals of the support of the limit.
    linear : BinnedComparison
        The comparison in bins of equal width in lambda.
    log : BinnedComparison
        The comparison in bins of equal width in log lambda.
    curve : ndarray of float, shape (2, points)
        Points lambda and the density of the limit there.
    facts : dict
        How the sample and the limit were made.
    p_value : float
        The p-value of `rmtjac.goodness_of_fit`; NaN if there was no test.

    See Also
    --------
    compare : Compare a sample with a limit and return this result.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(50, 1, "linear")
    >>> print(rj.compare(rj.sample_spectrum(ens, samples=10, rng=0), rj.limit_spectrum(ens)).table())
    10 matrices of 50 x 50; support of the limit [0, 4]
    ...
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
        """(sampled - limit) / standard error of the moments of order 1 ... 4."""
        return pulls(self.moments, self.moment_errors, self.limit_moments)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the table as a dict that JSON can hold."""
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
            "p_value": None if math.isnan(self.p_value) else self.p_value,  # JSON has no NaN
            "verdict": self.verdict,
        }

    def table(self) -> str:
        """Return the numbers as a text table."""
        support = " + ".join(f"[{a:.6g}, {b:.6g}]" for a, b in self.support)
        names = ["atom", *(f"m{k + 1}" for k in range(self.moments.size))]
        value = np.append(self.atom, self.moments)
        error = np.append(self.atom_error, self.moment_errors)
        limit = np.append(self.limit_atom, self.limit_moments)
        lines = [
            f"{self.samples} matrices of {self.size} x {self.size}; support of the limit {support}",
            f"{'':6}{'sampled':>14}{'std error':>12}{'limit':>14}{'pull':>8}",
        ]
        for row in zip(names, value, error, limit, pulls(value, error, limit), strict=True):
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
        """Return one of the two binned comparisons as a table.

        Parameters
        ----------
        scale : {"log", "linear"}, default "log"
            The spacing of the bins.

        Returns
        -------
        pandas.DataFrame
            One bin a row.
        """
        binned: BinnedComparison = getattr(self, choice("scale", scale, ("linear", "log")))
        return binned.histogram.to_pandas().assign(expected=binned.expected, pull=binned.pulls)

    def save(self, path: str | Path) -> Path:
        """Write the result to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
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
        """Read a result that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Comparison
            The result, equal bit for bit.
        """

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

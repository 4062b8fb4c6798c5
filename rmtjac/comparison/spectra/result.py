"""The result of a comparison of a sampled spectrum with a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.comparison.spectra.bins import BinnedComparison, pulls, verdict
from rmtjac.spectra.histogram import Histogram
from rmtjac.validate import choice

__all__ = ["Comparison"]

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
        "largest_interval?": "float 2",
    },
    facts={
        "samples": "count",
        "size": "count",
        **dict.fromkeys(("ks", "unresolved", "atom", "atom_error", "limit_atom", "p_value?"), "float"),
        "method?": "text",
        **dict.fromkeys(("smoothing?", "tail_exponent?", "limit_error?", "largest_share?"), "float"),
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
        supremum is over the lambda above the numerical noise of the samples. If the limit is smoothed, the sample is
        smoothed in the same way.
    ks_samples : ndarray of float, shape (samples,)
        The same distance for each matrix. Eigenvalues repel each other, so that N times it grows only like log N; for
        heavy-tailed weights it is about .5 / sqrt(N).
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
        The sampled moments of order 1 ... 4; NaN where the limit has no such moment, or gives none.
    moment_errors : ndarray of float, shape (4,)
        Their standard errors; NaN where lambda^k has no variance.
    limit_moments : ndarray of float, shape (4,)
        The moments of the limit; NaN as for `moments`.
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
    method : str
        The method that computed the limit.
    smoothing : float
        The angle by which limit and sample are smoothed in log lambda; 0 for none.
    tail_exponent : float
        Moments of the limit exist for orders below it; infinite for weights of finite variance.
    limit_error : float
        The largest error of the cdf of the limit; it is not part of the pulls.
    largest_interval : ndarray of float, shape (2,)
        The interval that holds the largest eigenvalue of a matrix of this size with probability 95 %
        (`rmtjac.LimitSpectrum.largest`); NaN where the theory has no such law, or the size is too small for it.
    largest_share : float
        The share of the matrices whose largest eigenvalue lies in it.

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
    method: str = "inverse"
    smoothing: float = 0.0
    tail_exponent: float = math.inf
    limit_error: float = 0.0
    largest_interval: np.ndarray = field(default_factory=lambda: np.full(2, math.nan))
    largest_share: float = math.nan

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
        names = ("sampled", "error", "limit", "pull")
        rows = zip(self.moments, self.moment_errors, self.limit_moments, self.moment_pulls, strict=True)
        moments = [
            {name: None if math.isnan(x) else float(x) for name, x in zip(names, row, strict=True)} for row in rows
        ]
        return {
            "samples": self.samples,
            "size": self.size,
            "ks": self.ks,
            "ks_per_matrix": float(self.ks_samples.mean()),
            "unresolved": self.unresolved,
            "atom": {"sampled": self.atom, "error": self.atom_error, "limit": self.limit_atom},
            "moments": {f"m{k}": row if row["limit"] is not None else None for k, row in enumerate(moments, 1)},
            "pulls_rms": {"linear": self.linear.rms_pull, "log": self.log.rms_pull},
            "support": [[_or_none(end) for end in part] for part in self.support],
            "method": self.method,
            "smoothing": self.smoothing,
            "tail_exponent": _or_none(self.tail_exponent),
            "limit_error": self.limit_error,
            "largest": None
            if math.isnan(self.largest_share)
            else {"interval": self.largest_interval.tolist(), "share": self.largest_share},
            "p_value": _or_none(self.p_value),
            "verdict": self.verdict,
        }

    def table(self) -> str:
        """Return the numbers as a text table."""
        heavy = math.isfinite(self.tail_exponent)
        support = "(0, inf)" if heavy else " + ".join(f"[{a:.6g}, {b:.6g}]" for a, b in self.support)
        how = f"by method {self.method!r}, " if heavy else ""
        how += f"sample and limit smoothed by the angle {self.smoothing:.4g}, " if self.smoothing > 0.0 else ""
        lines = [
            f"{self.samples} matrices of {self.size} x {self.size}; {how}support of the limit {support}",
            f"{'':6}{'sampled':>14}{'std error':>12}{'limit':>14}{'pull':>8}",
            _row("atom", self.atom, self.atom_error, self.limit_atom),
        ]
        for k, row in enumerate(zip(self.moments, self.moment_errors, self.limit_moments, strict=True), 1):
            if not math.isnan(row[2]):
                lines.append(_row(f"m{k}", *row))
            elif k < self.tail_exponent:
                lines.append(f"m{k:<5}is not known from a smoothed curve")
            else:
                lines.append(f"m{k:<5}does not exist (tail exponent {self.tail_exponent:.6g})")
        one = float(self.ks_samples.mean())
        unit, name = (math.sqrt(self.size), "sqrt(N)") if heavy else (self.size, "N")
        lines.append(
            f"Kolmogorov distance {self.ks:.2e} all together, {one:.2e} = {one * unit:.2f}/{name} for one matrix"
        )
        lines.append(f"rms pull of the bins {self.linear.rms_pull:.2f} (linear), {self.log.rms_pull:.2f} (log)")
        if not math.isnan(self.largest_share):
            low, high = self.largest_interval
            lines.append(
                f"largest eigenvalue: 95 % of the matrices in [{low:.5g}, {high:.5g}] by theory, "
                f"{self.largest_share:.1%} of the sample"
            )
        if self.limit_error > 1e-6:
            lines.append(
                f"the cdf of the limit has errors up to {self.limit_error:.1e}, which the pulls do not contain"
            )
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


def _or_none(value: float) -> float | None:
    """Return the number, or None in place of NaN and infinity, which JSON does not have."""
    return float(value) if math.isfinite(value) else None


def _row(name: str, value: float, error: float, limit: float) -> str:
    """Return a line of the table; an error that does not exist is a dash."""
    if math.isnan(error) and math.isfinite(limit) and name != "atom":
        return f"{name:6}{value:14.6g}{'-':>12}{limit:14.6g}{'-':>8}"
    return (
        f"{name:6}{value:14.6g}{error:12.2g}{limit:14.6g}{float(pulls(*np.array([[value], [error], [limit]]))[0]):8.1f}"
    )

"""The result of a comparison of sampled eigenvalues with the limiting ring."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema

__all__ = ["RingComparison"]

_NUMBERS = (
    "ks", "ks_inside", "bound", "bound_inside", "edge_bias", "unresolved", "atom", "atom_error", "limit_atom",
    "largest", "largest_error", "expected_largest", "expected_std",
)  # fmt: skip
_SCHEMA = Schema(
    "RingComparison",
    arrays={"ks_samples": "float samples", "radii": "float 2", "curve": "float 4 _"},
    facts={"samples": "count samples", "size": "count", **dict.fromkeys(_NUMBERS, "float"), "provenance": "object"},
)


@dataclass(frozen=True, eq=False)
class RingComparison:
    r"""Sampled eigenvalues beside the limiting ring: all numbers of the table and of the curve.

    Attributes
    ----------
    samples : int
        The number of matrices.
    size : int
        The number N of their rows.
    ks : float
        The Kolmogorov distance sup |F_sampled - F_limit| of the moduli of all samples together, zeros included. Moduli
        below the rounding noise are counted, but not compared.
    ks_inside : float
        The same distance away from the circles, where the limit is not smooth and a finite network is.
    ks_samples : ndarray of float, shape (samples,)
        The distance of each matrix alone. It is of order N^{-1/2}: the random D moves the radii of each network.
    bound : float
        The bound of `ks`: `edge_bias` + 2/N + three standard errors of the sampled cdf.
    bound_inside : float
        The bound of `ks_inside`: 2/N + three standard errors.
    edge_bias : float
        The share of the eigenvalues that is expected beyond the outer circle, of order N^{-1/2}.
    unresolved : float
        The fraction of the eigenvalues that lie below the rounding noise.
    atom, atom_error, limit_atom : float
        The fraction of zeros, its standard error, and the mass of the limit at 0.
    largest, largest_error : float
        The mean over samples of the largest modulus, and its standard error.
    expected_largest, expected_std : float
        The mean and the standard deviation over networks that `RingLaw.largest` predicts at this width.
    radii : ndarray of float, shape (2,)
        The inner and the outer radius of the limit.
    curve : ndarray of float, shape (4, points)
        Radii, the sampled radial cdf, its standard error, and the cdf of the limit.
    facts : dict
        How the sample and the limit were made.

    See Also
    --------
    compare : Compare a sample with a limit and return this result.

    References
    ----------
    docs/theory/eigenvalues.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(100, 1, "linear")
    >>> result = rj.compare(rj.sample_eigenvalues(ens, samples=10, rng=0), rj.limit_eigenvalues(ens))
    >>> print(result.table())
    10 matrices of 100 x 100; ring of the limit 0 <= |z| <= 1
    ...
    """

    samples: int
    size: int
    ks: float
    ks_inside: float
    ks_samples: np.ndarray
    bound: float
    bound_inside: float
    edge_bias: float
    unresolved: float
    atom: float
    atom_error: float
    limit_atom: float
    largest: float
    largest_error: float
    expected_largest: float
    expected_std: float
    radii: np.ndarray
    curve: np.ndarray
    facts: dict[str, Any]

    @property
    def within_bounds(self) -> bool:
        """Whether both distances are within their bounds."""
        return self.ks <= self.bound and self.ks_inside <= self.bound_inside

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the table as a dict that JSON can hold."""
        numbers = {name: float(getattr(self, name)) for name in _NUMBERS}
        return {
            "samples": self.samples,
            "size": self.size,
            **{name: x if math.isfinite(x) else None for name, x in numbers.items()},
            "ks_per_matrix": float(self.ks_samples.mean()),
            "inner_radius": float(self.radii[0]),
            "spectral_radius": float(self.radii[1]),
            "within_bounds": self.within_bounds,
        }

    def to_pandas(self) -> Any:
        """Return the two radial cdfs as a table (needs pandas)."""
        import pandas as pd

        return pd.DataFrame(dict(zip(("r", "sampled", "error", "limit"), self.curve, strict=True)))

    def table(self) -> str:
        """Return the numbers as a text table."""
        verdict = "within" if self.within_bounds else "NOT within"
        lines = [
            f"{self.samples} matrices of {self.size} x {self.size}; ring of the limit "
            f"{self.radii[0]:.6g} <= |z| <= {self.radii[1]:.6g}",
            f"{'':12}{'sampled':>12}{'std error':>12}{'theory':>12}",
            f"{'atom':12}{self.atom:12.6g}{self.atom_error:12.2g}{self.limit_atom:12.6g}",
            f"{'largest |z|':12}{self.largest:12.6g}{self.largest_error:12.2g}{self.expected_largest:12.6g}"
            f"  (at this width; std {self.expected_std:.2g})",
            f"Kolmogorov distance of the radial cdf {self.ks:.4f} (bound {self.bound:.4f}), away from the circles "
            f"{self.ks_inside:.4f} (bound {self.bound_inside:.4f}): {verdict} the bounds",
            f"distance of one matrix {self.ks_samples.mean():.4f} on average; {self.edge_bias:.4f} of the eigenvalues "
            "are expected beyond the outer circle",
        ]
        if self.unresolved > 0.0:
            lines.append(f"{self.unresolved:.2%} of the eigenvalues lie below the rounding noise, and are only counted")
        return "\n".join(lines)

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
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "facts"}
        arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        facts = {name: value for name, value in values.items() if name not in arrays}
        return save(path, "RingComparison", {**facts, "provenance": self.facts}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> RingComparison:
        """Read a result that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        RingComparison
            The result, equal bit for bit.

        Raises
        ------
        ValueError
            If the file is damaged, or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> RingComparison:
            return cls(**arrays, facts=facts.pop("provenance"), **facts)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        return (
            f"RingComparison({self.samples} samples, N={self.size}, ks={self.ks:.3g}, bound {self.bound:.3g}, "
            f"largest modulus {self.largest:.4g} against {self.expected_largest:.4g})"
        )

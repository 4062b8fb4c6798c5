"""The sampled spectrum: eigenvalues of M = J J^T over independent networks, and what can be read off them.

Eigenvalues of one matrix repel each other and are far from independent, so every standard error here comes
from the spread *between* matrices, never from the number of eigenvalues.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.schema import Schema
from rmtjac.spectra.histogram import Histogram, bin_edges
from rmtjac.validate import finite, positive_int, real_array

if TYPE_CHECKING:
    from rmtjac.network import Network

__all__ = ["ROUTES", "EmpiricalSpectrum", "Estimate", "LogMoment"]

# How the singular values of a sample were found; the index is the number in `EmpiricalSpectrum.routes`.
ROUTES = ("all zero", "svd", "chain", "gram")


_SCHEMA = Schema(
    "EmpiricalSpectrum",
    arrays={
        "log_singular_values": "float samples size",
        "log_error": "float samples",
        "underflows": "count samples",
        "routes?": "count samples",
        "mask_moments?": "float samples _ 3",
        "undecided?": "count samples",
    },
)


class Estimate(NamedTuple):
    """A mean over samples with its standard error (NaN for a single sample)."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.error:.2g}"


class LogMoment(Estimate):
    """The mean of log(lambda) over nonzero eigenvalues, with what it rests on.

    Attributes
    ----------
    value, error
        As in `Estimate`.
    basis
        Which eigenvalues it is the mean of, and which were left out, in words.
    """

    basis: str

    def __str__(self) -> str:
        return f"{super().__str__()} ({self.basis})"


@dataclass(frozen=True, eq=False)
class EmpiricalSpectrum:
    """Singular values of sampled Jacobians.

    Attributes
    ----------
    log_singular_values
        Shape (samples, n_L): natural logarithms of the singular values of J, padded with the zeros of
        M = J J^T where n_L > n_0; ascending; -inf for exact zeros, and for values that are not told from 0
        (`undecided` counts these).
    log_error
        Shape (samples,): logarithm of the absolute error of a singular value, or of an eigenvalue with
        ``precision="fast"``; values below it are numerical noise. -inf where each value has a small relative error.
    underflows
        Shape (samples,): entries of D that are zero only because phi' underflowed (below 1e-280); each of them is
        counted as an exact zero although it is none.
    facts
        How the sample came about: ensemble, seed, input variance, masks, precision, versions, CPU class.
    routes
        Shape (samples,): the index in `ROUTES` of how the values were found: by the SVD of J, the chained QR of its
        layers, or the eigenvalues of J J^T.
    mask_moments
        Shape (samples, L, 3): means of D^2, of D^4, and of log D^2 over D != 0, of each layer; None where D is not
        known.
    undecided
        Shape (samples,): how many of the values -inf need not be zeros, because the rounding of the entries of the
        matrix alone may have made them, or hidden them; None for none. See `rank_bounds`, `atom_bounds`.
    """

    log_singular_values: np.ndarray
    log_error: np.ndarray
    underflows: np.ndarray
    facts: dict[str, Any]
    routes: np.ndarray | None = None
    mask_moments: np.ndarray | None = None
    undecided: np.ndarray | None = None

    def __post_init__(self) -> None:
        arrays = (self.log_singular_values, self.log_error, self.underflows, self.routes, self.mask_moments)
        for array in (*arrays, self.undecided):
            if array is not None:
                array.flags.writeable = False

    @classmethod
    def from_matrices(
        cls, matrices: Any, precision: str = "auto", entry_error: float | None = None
    ) -> EmpiricalSpectrum:
        """Return the spectrum of J J^T over given matrices J: see `rmtjac.spectra.spectrum_of_matrices`."""
        from rmtjac.spectra.given import spectrum_of_matrices

        return spectrum_of_matrices(matrices, precision, entry_error)

    @classmethod
    def from_network(
        cls, net: Network, inputs: Any, precision: str = "auto", entry_error: float | None = None
    ) -> EmpiricalSpectrum:
        """Return the spectrum of the Jacobian of `net` over a data set: see `rmtjac.spectra.spectrum_of_jacobians`."""
        from rmtjac.spectra.given import spectrum_of_jacobians

        return spectrum_of_jacobians(net, inputs, precision, entry_error)

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return self.log_singular_values.shape[0]

    @property
    def size(self) -> int:
        """The side n_L of M."""
        return self.log_singular_values.shape[1]

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of M, shape (samples, n_L), ascending.

        Raises
        ------
        OverflowError
            If the largest one leaves the range of a float; `log_singular_values` holds it. (Values below 1e-308
            become 0 here; `atom` counts the exact zeros only.)
        """
        top = 2.0 * float(self.log_singular_values.max())
        if abs(top) > 700.0 and math.isfinite(top):
            raise OverflowError(f"the largest eigenvalue is exp({top:.6g}), beyond a float; use log_singular_values")
        out = np.exp(2.0 * self.log_singular_values)
        out.flags.writeable = False
        return out

    @property
    def log_floor(self) -> float:
        """log(lambda) below which the eigenvalues of some sample are numerical noise."""
        fast = self.facts.get("precision") == "fast"
        return float(self.log_error.max()) * (1.0 if fast else 2.0)

    def _estimate(self, per_sample: np.ndarray) -> Estimate:
        error = float(per_sample.std(ddof=1)) / math.sqrt(per_sample.size) if per_sample.size > 1 else math.nan
        return Estimate(float(per_sample.mean()), error)

    @property
    def rank_bounds(self) -> np.ndarray:
        """Least and largest rank of each sample, shape (samples, 2): values certainly not 0, values not certainly 0.

        Not 0 is what no rounding of the entries could have made; 0 what exact arithmetic or structure forces.
        """
        low = np.isfinite(self.log_singular_values).sum(axis=1)
        return np.stack([low, low + (0 if self.undecided is None else self.undecided)], axis=1)

    @property
    def atoms(self) -> np.ndarray:
        """Fraction of zeros in each sample, shape (samples,), those not told from 0 (`atom_bounds`) among them."""
        return np.isneginf(self.log_singular_values).mean(axis=1)

    @property
    def atom(self) -> float:
        """Mean fraction of zeros, those not told from 0 among them."""
        return float(self.atoms.mean())

    @property
    def atom_bounds(self) -> tuple[float, float]:
        """Mean fraction of certain zeros, and of all values not certainly nonzero."""
        some = 0.0 if self.undecided is None else float(self.undecided.mean()) / self.size
        return self.atom - some, self.atom

    @property
    def atom_error(self) -> float:
        """Standard error of `atom`."""
        return self._estimate(self.atoms).error

    def moment(self, k: int) -> Estimate:
        """Return the moment ``E tr M^k / n_L`` with its standard error."""
        return self._estimate((self.eigenvalues ** positive_int("k", k)).mean(axis=1))

    def moments_table(self, most: int = 4) -> Any:
        """Return the moments 1 ... `most` as a table."""
        import pandas as pd

        rows = [(k, *self.moment(k)) for k in range(1, most + 1)]
        return pd.DataFrame(rows, columns=["k", "moment", "error"])

    @cached_property
    def _nonzero_logs(self) -> np.ndarray:
        """log(lambda), NaN in place of exact zeros, of the samples that have a nonzero eigenvalue."""
        logs = np.where(np.isneginf(self.log_singular_values), np.nan, 2.0 * self.log_singular_values)
        logs = logs[~np.isnan(logs).all(axis=1)]
        if not len(logs):
            raise ValueError("no sample has a nonzero eigenvalue: log(lambda) has no moments or quantiles")
        return logs

    def log_moment(self) -> LogMoment:
        """Return the mean of log(lambda) over the eigenvalues that are certainly not 0, with its standard error.

        The `LogMoment.basis` of the result says how many these are, and what was left out.
        """
        out = LogMoment(*self._estimate(np.nanmean(self._nonzero_logs, axis=1)))
        low, high = self.rank_bounds.sum(axis=0).tolist()
        total = self.log_singular_values.size
        out.basis = f"over {low} of {total} eigenvalues; {total - high} are zeros"
        if high > low:
            out.basis += f", {high - low} are not told from 0"
        noise = self.log_error * (0.5 if self.facts.get("precision") == "fast" else 1.0)
        used = np.isfinite(self.log_singular_values)
        noisy = int((used & (self.log_singular_values <= noise[:, None] + 1e-9)).sum())
        if noisy:
            out.basis += f"; {noisy} of those used are numerical noise"
        return out

    def log_quantile(self, p: float) -> Estimate:
        """Return the quantile of order `p` of log(lambda) over the nonzero eigenvalues: mean over samples and its
        error.

        In logarithms, because under heavy tails lambda itself need not have a mean, or fit into a float.
        """
        if not 0.0 <= finite("p", p) <= 1.0:
            raise ValueError(f"p={p!r} must lie in [0, 1]")
        return self._estimate(np.nanquantile(self._nonzero_logs, p, axis=1))

    def quantile(self, p: float) -> Estimate:
        """Return the quantile of order `p` of lambda, zeros included: mean and error of the sample quantiles."""
        if not 0.0 <= finite("p", p) <= 1.0:
            raise ValueError(f"p={p!r} must lie in [0, 1]")
        return self._estimate(np.quantile(self.eigenvalues, p, axis=1))

    def cdf(self, lam: np.ndarray | float) -> np.ndarray:
        """Return the fraction of eigenvalues <= lam over all samples, zeros included; `lam` broadcasts."""
        lam = real_array("lam", lam)
        if np.isnan(lam).any():
            raise ValueError("lam holds NaN; real numbers are needed")
        # In logarithms: squares that overflow or underflow are still ordered.
        with np.errstate(divide="ignore"):
            logs = 0.5 * np.log(np.maximum(lam, 0.0))
        return np.where(lam < 0.0, 0.0, np.searchsorted(self._sorted_logs, logs, side="right") / self._sorted_logs.size)

    @cached_property
    def _sorted_logs(self) -> np.ndarray:
        return np.sort(self.log_singular_values, axis=None)

    def histogram(self, bins: int | np.ndarray = 100, scale: str = "linear", low: float | None = None) -> Histogram:
        """Histogram of the nonzero eigenvalues.

        Parameters
        ----------
        bins
            Number of bins, or their edges in lambda, ascending.
        scale
            ``"linear"`` or ``"log"`` spacing of the bins.
        low
            Lower end of the lowest bin; default 0 (linear) or the 0.1 % quantile of the nonzero eigenvalues, yet
            not below the numerical noise (log).

        Raises
        ------
        ValueError
            If all eigenvalues are zero, or `bins` are not ascending.
        """
        logs = 2.0 * self.log_singular_values
        nonzero = self._sorted_logs[np.isfinite(self._sorted_logs)] * 2.0
        lowest = max(float(np.quantile(nonzero, 1e-3)), self.log_floor) if nonzero.size else -math.inf
        edges = bin_edges(bins, scale, low, lowest, float(nonzero[-1]) if nonzero.size else -math.inf)
        with np.errstate(divide="ignore"):
            marks = np.log(edges)
        # All samples at once; the highest edge belongs to the highest bin.
        places = np.searchsorted(marks, logs.ravel(), side="right") - 1
        places[logs.ravel() == marks[-1]] = marks.size - 2
        kept = (places >= 0) & (places < marks.size - 1) & np.isfinite(logs.ravel())
        row = np.repeat(np.arange(self.samples), self.size)
        flat = np.bincount(row[kept] * (marks.size - 1) + places[kept], minlength=self.samples * (marks.size - 1))
        counts = flat.reshape(self.samples, -1) / self.size
        error = (
            counts.std(axis=0, ddof=1) / math.sqrt(self.samples)
            if self.samples > 1
            else np.full(counts.shape[1], np.nan)
        )
        return Histogram(edges, counts.mean(axis=0), error, scale)

    def to_xarray(self) -> Any:
        """Return the logarithms of the singular values as a labelled array (sample, index)."""
        import json

        import xarray as xr

        attributes = {"facts": json.dumps(self.facts, sort_keys=True)}
        return xr.DataArray(
            self.log_singular_values, dims=("sample", "index"), name="log_singular_values", attrs=attributes
        )

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles, whole or not at all)."""
        names = ("log_singular_values", "log_error", "underflows", "routes", "mask_moments", "undecided")
        arrays = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return save(path, "EmpiricalSpectrum", self.facts, arrays)

    @classmethod
    def load(cls, path: str | Path) -> EmpiricalSpectrum:
        """Read a result that `save` wrote."""
        return restore(path, _SCHEMA, lambda facts, arrays: cls(**arrays, facts=facts))

    def __repr__(self) -> str:
        top = 2.0 * float(self.log_singular_values.max())
        beyond = abs(top) > 700.0 and math.isfinite(top)
        middle = f"largest eigenvalue exp({top:.4g})" if beyond else f"mean {self.moment(1)}"
        low, high = self.atom_bounds
        atom = f"atom {self.atom:.4g}" + (f" ({low:.4g} to {high:.4g})" if low < high else "")
        return f"EmpiricalSpectrum({self.samples} samples of {self.size} x {self.size}, {atom}, {middle})"

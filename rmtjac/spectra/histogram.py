"""Histograms: fractions of eigenvalues in bins, with standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["Histogram", "bin_edges", "fractions_in_bins"]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Fractions of eigenvalues in bins, with standard errors between samples.

    Attributes
    ----------
    edges : ndarray of float, shape (bins + 1,)
        The edges of the bins in lambda, ascending.
    fraction : ndarray of float, shape (bins,)
        The mean fraction of the n_L eigenvalues in each bin. Zeros are in no bin.
    error : ndarray of float, shape (bins,)
        The standard error of `fraction`.
    scale : {"linear", "log"}
        The spacing of the edges.

    See Also
    --------
    rmtjac.EmpiricalSpectrum.histogram : Make a histogram of all eigenvalues.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(20, 1, "relu"), samples=10, rng=0)
    >>> histogram = emp.histogram(bins=5)
    >>> bool(abs(histogram.fraction.sum() + emp.atom - 1.0) < 1e-12)
    True
    """

    edges: np.ndarray
    fraction: np.ndarray
    error: np.ndarray
    scale: str

    @property
    def density(self) -> np.ndarray:
        """The fraction divided by the width of the bin."""
        return self.fraction / np.diff(self.edges)

    @property
    def density_error(self) -> np.ndarray:
        """The standard error of `density`."""
        return self.error / np.diff(self.edges)

    @property
    def centers(self) -> np.ndarray:
        """The middles of the bins: geometric means of the edges of log bins, else arithmetic means."""
        low, high = self.edges[:-1], self.edges[1:]
        return np.sqrt(low * high) if self.scale == "log" else 0.5 * (low + high)

    def to_pandas(self) -> Any:
        """Return the histogram as a `pandas.DataFrame`, one bin a row."""
        import pandas as pd

        columns = {"low": self.edges[:-1], "high": self.edges[1:], "fraction": self.fraction, "error": self.error}
        return pd.DataFrame(columns | {"density": self.density, "density_error": self.density_error})


def bin_edges(bins: int | np.ndarray, scale: str, low: float | None, lowest: float, top: float) -> np.ndarray:
    """Return the edges of the bins up to exp(`top`), from 0 or, on the log scale, from exp(`lowest`).

    Log bins begin at exp(-700) at the lowest, since edges are floats.

    Raises
    ------
    OverflowError
        If exp(top) leaves the range of a float.
    ValueError
        If all eigenvalues are zero (`top` is -inf), or `bins` are not ascending edges.
    """
    choice("scale", scale, ("linear", "log"))
    if np.ndim(bins):
        edges = real_array("bins", bins).copy()
        if edges.size < 2 or not np.all(np.diff(edges) > 0.0) or edges[0] < 0.0:
            raise ValueError("bins must be at least two ascending edges >= 0")
        return edges
    count = positive_int("bins", bins)
    if math.isinf(top):
        raise ValueError("all eigenvalues are zero: there is nothing to put in a histogram")
    if abs(top) > 700.0:
        raise OverflowError(f"the largest eigenvalue is exp({top:.6g}), beyond a float; use log_singular_values")
    high = math.exp(top) * (1.0 + 1e-15 * (1.0 + abs(top)))  # so that the largest eigenvalue is inside
    if scale == "linear":
        return np.linspace(0.0 if low is None else finite("low", low, least=0.0), high, count + 1)
    start = math.exp(max(lowest, -700.0)) if low is None else finite("low", low, above=0.0)
    edges = np.geomspace(min(start, 0.5 * high), high, count + 1)
    edges[-1] = high
    return edges


def fractions_in_bins(log_lam: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the fraction of the eigenvalues of each sample in each bin, shape (samples, bins).

    `log_lam`, shape (samples, n), are logarithms of eigenvalues, -inf for zeros, which are in no bin.
    """
    samples, size = log_lam.shape
    with np.errstate(divide="ignore"):
        marks = np.log(edges)
    bins = marks.size - 1
    logs = log_lam.ravel()
    places = np.searchsorted(marks, logs, side="right") - 1
    places[logs == marks[-1]] = bins - 1  # the highest edge belongs to the highest bin
    kept = (places >= 0) & (places < bins) & np.isfinite(logs)
    row = np.repeat(np.arange(samples), size)
    counts = np.bincount(row[kept] * bins + places[kept], minlength=samples * bins)
    fractions: np.ndarray = counts.reshape(samples, bins) / size
    return fractions

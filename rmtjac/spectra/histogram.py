"""Fractions of eigenvalues in bins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["Histogram", "bin_edges"]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Fractions of eigenvalues in bins, with standard errors between samples.

    Attributes
    ----------
    edges
        Shape (bins + 1,): bin edges in lambda, ascending.
    fraction, error
        Shape (bins,): mean fraction of the n_L eigenvalues per bin, and its standard error. The atom at 0
        is counted in no bin.
    scale
        ``"linear"`` or ``"log"``: how the edges are spaced.
    """

    edges: np.ndarray
    fraction: np.ndarray
    error: np.ndarray
    scale: str

    @property
    def density(self) -> np.ndarray:
        """Fraction per unit of lambda."""
        return self.fraction / np.diff(self.edges)

    @property
    def density_error(self) -> np.ndarray:
        """Standard error of `density`."""
        return self.error / np.diff(self.edges)

    @property
    def centers(self) -> np.ndarray:
        """Middles of the bins, geometric ones for log bins."""
        low, high = self.edges[:-1], self.edges[1:]
        return np.sqrt(low * high) if self.scale == "log" else 0.5 * (low + high)

    def to_pandas(self) -> Any:
        """Return the histogram as a table, one bin a row."""
        import pandas as pd

        columns = {"low": self.edges[:-1], "high": self.edges[1:], "fraction": self.fraction, "error": self.error}
        return pd.DataFrame(columns | {"density": self.density, "density_error": self.density_error})


def bin_edges(bins: int | np.ndarray, scale: str, low: float | None, lowest: float, top: float) -> np.ndarray:
    """Return the edges of the bins of a histogram up to exp(`top`), in the log scale from exp(`lowest`).

    Raises
    ------
    OverflowError
        If exp(top) leaves the range of a float.
    ValueError
        If there are no eigenvalues (top = -inf), or `bins` are no edges.
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
    high = math.exp(top) * (1.0 + 1e-15 * (1.0 + abs(top)))  # so that rounding does not leave the largest one out
    if scale == "linear":
        return np.linspace(0.0 if low is None else finite("low", low, least=0.0), high, count + 1)
    start = math.exp(lowest) if low is None else finite("low", low, above=0.0)
    edges = np.geomspace(min(start, 0.5 * high), high, count + 1)
    edges[-1] = high
    return edges

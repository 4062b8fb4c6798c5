"""Statistics of sampled complex eigenvalues: moduli, zeros, radial cdf, histogram, the largest modulus."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.estimate import Estimate, standard_error
from rmtjac.spectra.histogram import Histogram, bin_edges, fractions_in_bins
from rmtjac.validate import real_numbers

__all__ = ["EigenvalueStatistics"]


class EigenvalueStatistics:
    """Statistics of the fields of `rmtjac.EmpiricalEigenvalues`, which inherits them."""

    log_moduli: np.ndarray
    angles: np.ndarray
    log_floors: np.ndarray

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return self.log_moduli.shape[0]

    @property
    def size(self) -> int:
        """The number N of rows of J."""
        return self.log_moduli.shape[1]

    @property
    def moduli(self) -> np.ndarray:
        """The moduli, shape (samples, N), ascending; those beyond the range of a float become 0 or infinite."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_moduli)

    @property
    def eigenvalues(self) -> np.ndarray:
        """The complex eigenvalues, shape (samples, N), ordered by modulus.

        Raises
        ------
        OverflowError
            If the largest modulus leaves the range of a float; `log_moduli` holds it.
        """
        top = float(self.log_moduli.max())
        if top > 700.0:
            raise OverflowError(f"the largest modulus is exp({top:.6g}), beyond a float; use log_moduli and angles")
        out: np.ndarray = self.moduli * np.exp(1j * self.angles)
        real = (self.angles == 0.0) | (self.angles == math.pi)
        out.imag[real] = 0.0
        return out

    @property
    def zero_fractions(self) -> np.ndarray:
        """The fraction of zeros in each sample, shape (samples,)."""
        return np.isneginf(self.log_moduli).mean(axis=1)

    @property
    def atom(self) -> float:
        """The mean fraction of zeros."""
        return float(self.zero_fractions.mean())

    @property
    def atom_error(self) -> float:
        """The standard error of `atom`."""
        return Estimate.of(self.zero_fractions).error

    @property
    def resolved(self) -> np.ndarray:
        """Whether each eigenvalue is a certain zero or lies above the rounding noise, shape (samples, N)."""
        return np.isneginf(self.log_moduli) | (self.log_moduli > self.log_floors[:, None])

    @property
    def unresolved(self) -> float:
        """The fraction of the eigenvalues that lie below the rounding noise: they are small, but their places are not
        known.
        """
        return float((~self.resolved).mean())

    @property
    def log_floor(self) -> float:
        """The highest of `log_floors`: above it all samples are resolved."""
        return float(self.log_floors.max())

    @property
    def log_spectral_radii(self) -> np.ndarray:
        """Logarithms of the largest modulus of each sample, shape (samples,)."""
        return self.log_moduli[:, -1]

    @property
    def spectral_radii(self) -> np.ndarray:
        """The largest modulus of each sample, shape (samples,)."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_spectral_radii)

    @property
    def spectral_radius(self) -> Estimate:
        """The mean of the largest moduli, with its standard error."""
        return Estimate.of(self.spectral_radii)

    @property
    def stable_fraction(self) -> Estimate:
        """The fraction of the samples with all moduli below 1, with its standard error."""
        return Estimate.of((self.log_spectral_radii < 0.0).astype(float))

    @property
    def real_counts(self) -> np.ndarray:
        """The number of real eigenvalues of each sample, zeros left out; about sqrt(2 N / pi) for one linear layer."""
        real = (self.angles == 0.0) | (self.angles == math.pi)
        return (real & np.isfinite(self.log_moduli)).sum(axis=1)

    def cdf(self, r: Any, *, log: bool = False) -> np.ndarray:
        """Return the fraction of the eigenvalues of all samples whose modulus is at most r, zeros included.

        Parameters
        ----------
        r : array_like of float, any shape
            Radii.
        log : bool, default False
            Whether `r` holds natural logarithms of radii.

        Returns
        -------
        ndarray of float, shape of `r`
            The fractions.

        Raises
        ------
        ValueError
            If `r` holds NaN.
        """
        return np.asarray(self._fractions(r, log).mean(axis=0))

    def cdf_error(self, r: Any, *, log: bool = False) -> np.ndarray:
        """Return the standard error of `cdf`, from the spread between samples.

        Parameters
        ----------
        r : array_like of float, any shape
            Radii.
        log : bool, default False
            Whether `r` holds natural logarithms of radii.

        Returns
        -------
        ndarray of float, shape of `r`
            The errors; NaN for a single sample.

        Raises
        ------
        ValueError
            If `r` holds NaN.
        """
        return np.asarray(standard_error(self._fractions(r, log)))

    def _fractions(self, r: Any, log: bool) -> np.ndarray:
        """Return the fraction of the eigenvalues of each sample in the disc, shape (samples, ...)."""
        r = real_numbers("r", r)
        with np.errstate(divide="ignore"):
            logs = r if log else np.log(np.maximum(r, 0.0))
        counts = np.stack([np.searchsorted(row, logs, side="right") for row in self.log_moduli])
        return counts / self.size if log else np.where(r < 0.0, 0.0, counts / self.size)

    def histogram(self, bins: int | np.ndarray = 100, scale: str = "linear", low: float | None = None) -> Histogram:
        """Return the histogram of the moduli of the nonzero eigenvalues.

        Parameters
        ----------
        bins : int or array_like of float, default 100
            The number of bins, or their ascending edges in r.
        scale : {"linear", "log"}, default "linear"
            The spacing of the bins.
        low : float, optional
            The lower end of the lowest bin. By default it is 0 on the linear scale. On the log scale it is the quantile
            of order 0.001 of the nonzero moduli, or the level of the rounding noise if that is higher.

        Returns
        -------
        Histogram
            The mean fraction of the eigenvalues of a sample in each ring, and its standard error.

        Raises
        ------
        ValueError
            If all eigenvalues are zero, or `bins` are not ascending.
        OverflowError
            If the largest modulus leaves the range of a float.
        """
        logs = np.sort(self.log_moduli[np.isfinite(self.log_moduli)])
        lowest = max(float(np.quantile(logs, 1e-3)), self.log_floor) if logs.size else -math.inf
        edges = bin_edges(bins, scale, low, lowest, float(logs[-1]) if logs.size else -math.inf)
        fractions = fractions_in_bins(self.log_moduli, edges)
        return Histogram(edges, fractions.mean(axis=0), standard_error(fractions), scale)

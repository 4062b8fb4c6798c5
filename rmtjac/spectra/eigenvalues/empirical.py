"""Sampled complex eigenvalues of Jacobians, and how they are stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.estimate import Estimate, standard_error
from rmtjac.spectra.eigenvalues import of_given
from rmtjac.spectra.histogram import Histogram, bin_edges, fractions_in_bins
from rmtjac.validate import real_array

if TYPE_CHECKING:
    from rmtjac.network import Network

__all__ = ["EmpiricalEigenvalues"]

_SCHEMA = Schema(
    "EmpiricalEigenvalues",
    arrays={
        "log_moduli": "float samples size",
        "angles": "float samples size",
        "log_floors": "float samples",
        "underflows": "count samples",
    },
)


@dataclass(frozen=True, eq=False)
class EmpiricalEigenvalues:
    """Complex eigenvalues of square Jacobians J over independent samples.

    Attributes
    ----------
    log_moduli : ndarray of float, shape (samples, N)
        Natural logarithms of the moduli, ascending; -inf for zeros, which the ranks of the layers force.
    angles : ndarray of float, shape (samples, N)
        The arguments in (-pi, pi], in the same order; exactly 0 or pi for a real eigenvalue.
    log_floors : ndarray of float, shape (samples,)
        Logarithms of the moduli below which an eigenvalue is rounding noise of the product. Above it the relative error
        is below 1e-2, and it falls in proportion to 1/modulus.
    underflows : ndarray of int, shape (samples,)
        The number of entries of D that count as zeros only because phi' underflowed (below 1e-280).
    facts : dict
        How the sample was made: ensemble, seed, input variance, masks, versions, class of the CPU.

    See Also
    --------
    sample_eigenvalues : Sample the eigenvalues of random networks.
    rmtjac.RingLaw : The limit for large width.
    rmtjac.EmpiricalSpectrum : The singular values.

    References
    ----------
    docs/theory/eigenvalues.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_eigenvalues(rj.Ensemble.square(50, 2, "hardtanh"), samples=10, rng=0)
    >>> emp
    EmpiricalEigenvalues(10 samples of 50 x 50, atom 0.33, largest modulus 0.81... ± 0.036)
    >>> emp.eigenvalues.shape, emp.cdf(10.0)
    ((10, 50), array(1.))
    """

    log_moduli: np.ndarray
    angles: np.ndarray
    log_floors: np.ndarray
    underflows: np.ndarray
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        for array in (self.log_moduli, self.angles, self.log_floors, self.underflows):
            array.flags.writeable = False

    @classmethod
    def from_matrices(cls, matrices: Any) -> EmpiricalEigenvalues:
        """Return the eigenvalues of given square matrices, for example trained or measured ones.

        Parameters
        ----------
        matrices : array_like of float, shape (N, N) or (n, N, N), or iterable of matrices
            One matrix, a stack, or several matrices of equal size.

        Returns
        -------
        EmpiricalEigenvalues
            The eigenvalues. As many of them are exact zeros as the proved rank of the matrix demands.

        Raises
        ------
        ValueError
            If a matrix is not square, sizes differ, or an entry is not finite.
        TypeError
            If entries are complex, or not numbers.

        Notes
        -----
        Cost: one eigenvalue decomposition for each matrix, and one SVD if an eigenvalue may be 0.

        Examples
        --------
        >>> import rmtjac as rj
        >>> rj.EmpiricalEigenvalues.from_matrices([[0.0, -2.0], [2.0, 0.0]]).eigenvalues.round(12)
        array([[0.-2.j, 0.+2.j]])
        >>> rj.EmpiricalEigenvalues.from_matrices([[1.0, 1.0], [1.0, 1.0]]).atom
        0.5
        """
        return cls(**of_given.of_matrices(matrices)._asdict())

    @classmethod
    def from_network(cls, network: Network, inputs: Any) -> EmpiricalEigenvalues:
        """Return the eigenvalues of the input-output Jacobian of a network at given inputs.

        Parameters
        ----------
        network : Network
            A network whose first and last widths are equal.
        inputs : array_like of float, shape (..., N)
            The inputs. Each has its own Jacobian, which is one sample of the result. The samples belong to one network
            and are not independent.

        Returns
        -------
        EmpiricalEigenvalues
            The eigenvalues.

        Raises
        ------
        ValueError
            If J is not square, or an input is not finite.
        OverflowError
            If preactivations leave the range of a float.

        Examples
        --------
        >>> import rmtjac as rj
        >>> network = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="hardtanh")
        >>> rj.EmpiricalEigenvalues.from_network(network, [[0.1, 1.0], [1.0, 1.0]]).spectral_radii
        array([2. , 0.5])
        """
        return cls(**of_given.of_network(network, inputs)._asdict())

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
        r = real_array("r", r)
        if np.isnan(r).any():
            raise ValueError("r holds NaN; real numbers are needed")
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

    def to_pandas(self) -> Any:
        """Return one row for each eigenvalue: sample, modulus, angle, log of the modulus, whether it is resolved."""
        import pandas as pd

        return pd.DataFrame(
            {
                "sample": np.repeat(np.arange(self.samples), self.size),
                "modulus": self.moduli.ravel(),
                "angle": self.angles.ravel(),
                "log_modulus": self.log_moduli.ravel(),
                "resolved": self.resolved.ravel(),
            }
        )

    def save(self, path: str | Path) -> Path:
        """Write the eigenvalues to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
        names = ("log_moduli", "angles", "log_floors", "underflows")
        return save(path, "EmpiricalEigenvalues", self.facts, {name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, path: str | Path) -> EmpiricalEigenvalues:
        """Read eigenvalues that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        EmpiricalEigenvalues
            The eigenvalues, equal bit for bit.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or holds something else.
        """
        return restore(path, _SCHEMA, lambda facts, arrays: cls(**arrays, facts=facts))

    def __repr__(self) -> str:
        top = float(self.log_spectral_radii.max())
        beyond = abs(top) > 700.0 and math.isfinite(top)
        largest = f"largest modulus exp({top:.4g})" if beyond else f"largest modulus {self.spectral_radius}"
        noise = f", {self.unresolved:.2g} unresolved" if self.unresolved > 0.0 else ""
        return (
            f"EmpiricalEigenvalues({self.samples} samples of {self.size} x {self.size}, atom {self.atom:.4g}, "
            f"{largest}{noise})"
        )

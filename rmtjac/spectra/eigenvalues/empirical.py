"""Sampled complex eigenvalues of Jacobians, and how they are stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.spectra.eigenvalues import of_given
from rmtjac.spectra.eigenvalues.statistics import EigenvalueStatistics

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
class EmpiricalEigenvalues(EigenvalueStatistics):
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

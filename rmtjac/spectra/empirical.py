"""The sampled spectrum: singular values of Jacobians over independent samples, and how they are stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.spectra import given
from rmtjac.spectra.statistics.eigenvalues import SampleStatistics
from rmtjac.spectra.statistics.smoothed import smoothed_cdf_at

if TYPE_CHECKING:
    from rmtjac.network import Network

__all__ = ["EmpiricalSpectrum"]

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


@dataclass(frozen=True, eq=False)
class EmpiricalSpectrum(SampleStatistics):
    """Singular values of Jacobians J over independent samples, and the spectrum of M = J J^T.

    Attributes
    ----------
    log_singular_values : ndarray of float, shape (samples, n_L)
        Natural logarithms of the singular values of J, ascending. They are padded with the zeros of M where n_L > n_0.
        The value is -inf for exact zeros, and for values that cannot be told from 0 (see `undecided`).
    log_error : ndarray of float, shape (samples,)
        The logarithm of the absolute error of the singular values (of the eigenvalues with ``precision="fast"``).
        Values below it are numerical noise. It is -inf if each value of the sample has a small relative error.
    underflows : ndarray of int, shape (samples,)
        The number of entries of D that count as zeros only because phi' underflowed (below 1e-280).
    facts : dict
        How the sample was made: ensemble, seed, input variance, masks, precision, versions, class of the CPU.
    routes : ndarray of int, shape (samples,), optional
        How the values of each sample were computed: a number of `rmtjac.spectra.Route`.
    mask_moments : ndarray of float, shape (samples, L, 3), optional
        The means of D^2, of D^4, and of log D^2 over D != 0, of each layer; None where D is unknown.
    undecided : ndarray of int, shape (samples,), optional
        The number of values -inf of each sample that need not be zeros: with the rounding of the entries they may be
        zeros or small values. None stands for 0. See `rank_bounds` and `atom_bounds`.

    See Also
    --------
    sample_spectrum : Sample the spectrum of random networks.
    rmtjac.spectra.BinnedSpectrum : Counts instead of all eigenvalues.
    LimitSpectrum : The limit for large width.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(50, 2, "tanh"), samples=20, rng=0)
    >>> emp.eigenvalues.shape
    (20, 50)
    >>> print(emp.moment(2))
    0.38... ± 0.03...
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
        """Return the spectrum of J J^T over given matrices J of equal shape.

        Parameters
        ----------
        matrices : array_like of float, shape (rows, columns) or (n, rows, columns), or iterable of matrices
            One matrix, a stack, or several matrices; arrays, lists, tensors, tables, and sparse matrices are accepted.
        precision : {"auto", "accurate", "fast"}, default "auto"
            As in `rmtjac.sample_spectrum`. With ``"accurate"`` the small singular values of graded matrices (rows or
            columns of very different size) are accurate. If a matrix was computed as a product, its small singular
            values may have been lost before: for products see `rmtjac.spectra.product_singular_values`.
        entry_error : float, optional
            The relative error of the entries, below 0.1; 0 for exact entries. By default it is 0 for whole numbers and
            for small whole numbers times a factor that a row or column has in common; else it is the rounding of the
            type of the entries, or of float32 if all entries fit into it.

        Returns
        -------
        EmpiricalSpectrum
            The spectrum. Its `undecided` is the number of values that the error of the entries hides; they are -inf.
            Other zeros are certain: elimination modulo primes has proved the rank of the matrix.

        Raises
        ------
        ValueError
            If shapes differ, an entry is not finite, or `entry_error` is out of range.
        TypeError
            If entries are complex, or not numbers.

        Notes
        -----
        Cost: one SVD for each matrix. If that is not accurate enough, five chains of QR factorisations follow: one of
        the matrix and four of matrices with slightly changed entries.

        References
        ----------
        docs/theory/singular_values.md.

        Examples
        --------
        >>> import numpy as np
        >>> import rmtjac as rj
        >>> rj.EmpiricalSpectrum.from_matrices([[3.0, 0.0], [0.0, 4.0]]).eigenvalues.round(12)
        array([[ 9., 16.]])
        >>> rj.EmpiricalSpectrum.from_matrices(np.ones((4, 4))).atom  # of rank 1
        0.75
        >>> rng = np.random.default_rng(0)
        >>> low_rank = rng.standard_normal((9, 3)) @ rng.standard_normal((3, 9))  # of rank 3, but for its rounding
        >>> rj.EmpiricalSpectrum.from_matrices(low_rank).rank_bounds
        array([[3, 9]])
        """
        return cls(**given.of_matrices(matrices, precision, entry_error)._asdict())

    @classmethod
    def from_network(
        cls, network: Network, inputs: Any, precision: str = "auto", entry_error: float | None = None
    ) -> EmpiricalSpectrum:
        """Return the spectrum of the input-output Jacobian of a network at given inputs.

        Parameters
        ----------
        network : Network
            Any network, trained or not.
        inputs : array_like of float, shape (..., n_0)
            The inputs. Each has its own Jacobian, which is one sample of the result. The samples belong to one network
            and are not independent: a standard error is that of a mean over the inputs.
        precision : {"auto", "accurate", "fast"}, default "auto"
            As in `rmtjac.sample_spectrum`. The layers are known, so that ``"accurate"`` makes all values accurate.
        entry_error : float, optional
            The relative error of the weights, as in `from_matrices`.

        Returns
        -------
        EmpiricalSpectrum
            The spectrum. Zeros are undecided where phi' of a smooth activation underflows to 0.

        Raises
        ------
        ValueError
            If an input is not finite.
        OverflowError
            If preactivations leave the range of a float.

        References
        ----------
        docs/theory/singular_values.md.

        Examples
        --------
        >>> import rmtjac as rj
        >>> network = rj.Network([[[2.0, 0.0], [0.0, 0.1]]], activation="hardtanh")
        >>> rj.EmpiricalSpectrum.from_network(network, [[0.1, 1.0], [1.0, 1.0]]).zero_fractions
        array([0. , 0.5])
        """
        return cls(**given.of_network(network, inputs, precision, entry_error)._asdict())

    @classmethod
    def from_weights(
        cls, network: Network, precision: str = "auto", entry_error: float | None = None
    ) -> tuple[EmpiricalSpectrum, ...]:
        """Return the spectrum of W W^T for the weight matrix W of each layer of a network.

        Parameters
        ----------
        network : Network
            Any network, trained or not.
        precision : {"auto", "accurate", "fast"}, default "auto"
            As in `from_matrices`.
        entry_error : float, optional
            The relative error of the weights, as in `from_matrices`.

        Returns
        -------
        tuple of EmpiricalSpectrum
            One spectrum for each layer.

        Examples
        --------
        >>> import rmtjac as rj
        >>> [emp.size for emp in rj.EmpiricalSpectrum.from_weights(rj.Ensemble([2, 5, 3]).draw(rng=0))]
        [5, 3]
        """
        return tuple(cls.from_matrices(matrix, precision, entry_error) for matrix in network.weights)

    def smoothed_cdf(self, lam: Any, angle: float) -> np.ndarray:
        """Return the cdf of the eigenvalues of all samples, smoothed in log lambda by an angle, zeros included.

        A limit for heavy tails that is smoothed (`HeavyTailedLimit.smoothing`) is the limit of this function.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.
        angle : float
            The angle of the smoothing in [0, pi), about the width of the window in log lambda; see `rmtjac.smoothing`.

        Returns
        -------
        ndarray of float, shape of `lam`
            The smoothed cdf.

        Raises
        ------
        ValueError
            If `lam` holds NaN, or `angle` lies outside [0, pi).
        TypeError
            If `angle` is no number.

        Notes
        -----
        Cost: points times eigenvalues.
        """
        return smoothed_cdf_at(lam, angle, 2.0 * self._sorted_logs)

    def to_xarray(self) -> Any:
        """Return the logarithms of the singular values as a labelled array.

        Returns
        -------
        xarray.DataArray
            Dimensions ``sample`` and ``index``; `facts` is an attribute in JSON.
        """
        import json

        import xarray as xr

        attributes = {"facts": json.dumps(self.facts, sort_keys=True)}
        return xr.DataArray(
            self.log_singular_values, dims=("sample", "index"), name="log_singular_values", attrs=attributes
        )

    def save(self, path: str | Path) -> Path:
        """Write the spectrum to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
        names = ("log_singular_values", "log_error", "underflows", "routes", "mask_moments", "undecided")
        arrays = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return save(path, "EmpiricalSpectrum", self.facts, arrays)

    @classmethod
    def load(cls, path: str | Path) -> EmpiricalSpectrum:
        """Read a spectrum that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        EmpiricalSpectrum
            The spectrum, equal bit for bit.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or holds something else.
        """
        return restore(path, _SCHEMA, lambda facts, arrays: cls(**arrays, facts=facts))

    def __repr__(self) -> str:
        top = 2.0 * float(self.log_singular_values.max())
        beyond = abs(top) > 700.0 and math.isfinite(top)
        middle = f"largest eigenvalue exp({top:.4g})" if beyond else f"mean {self.moment(1)}"
        low, high = self.atom_bounds
        atom = f"atom {self.atom:.4g}" + (f" ({low:.4g} to {high:.4g})" if low < high else "")
        return f"EmpiricalSpectrum({self.samples} samples of {self.size} x {self.size}, {atom}, {middle})"

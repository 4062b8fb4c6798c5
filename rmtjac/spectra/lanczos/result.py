"""The result of stochastic Lanczos quadrature: nodes, weights, and the spectrum that they approximate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.estimate import Estimate, standard_error
from rmtjac.spectra.lanczos import quadrature
from rmtjac.validate import finite, positive_int, real_numbers

__all__ = ["LanczosSpectrum"]

_SCHEMA = Schema(
    "LanczosSpectrum",
    arrays={
        "nodes": "float samples probes steps",
        "weights": "float samples probes steps",
        "atoms": "float samples",  # `zero_fractions`, under the name that files have had from the beginning
        "mask_moments": "float samples _ 3",
        "size": "count",
    },
)


@dataclass(frozen=True, eq=False)
class LanczosSpectrum:
    """Gauss quadratures of the spectral measures of M = J J^T at random vectors, the probes.

    Errors are standard errors between networks. For a single network they are standard errors between probes: they
    describe the error of the spectrum of this network. The spectra of two networks differ by O(N^-1/2) if D is random.

    Attributes
    ----------
    nodes : ndarray of float, shape (samples, probes, steps)
        The nodes in lambda, ascending.
    weights : ndarray of float, shape (samples, probes, steps)
        Their weights. Those of one probe add up to dim / n_L, where dim <= n_L is the dimension of the space that the
        Lanczos iteration works in. All eigenvalues of M beyond this space are exact zeros.
    zero_fractions : ndarray of float, shape (samples,)
        The fraction of zeros of M. It counts the zeros that D and the widths force and, up to width 200, those of
        discrete weights that are singular by chance. Other zeros have probability 0 or nearly 0.
    mask_moments : ndarray of float, shape (samples, L, 3)
        The means of D^2, of D^4, and of log D^2 over D != 0 (NaN if all D are 0), of each layer.
    size : int
        The number n_L of rows of M.
    facts : dict
        How the result was made: ensemble, seed, input variance, masks, versions, class of the CPU.

    See Also
    --------
    rmtjac.spectra.lanczos_spectrum : Estimate a spectrum and return this result.

    Examples
    --------
    >>> import rmtjac as rj
    >>> slq = rj.spectra.lanczos_spectrum(rj.Ensemble.square(100, 1, "linear"), rng=0, probes=4, steps=20)
    >>> slq.cdf([0.0, 9.0])
    array([0., 1.])
    """

    nodes: np.ndarray
    weights: np.ndarray
    zero_fractions: np.ndarray
    mask_moments: np.ndarray
    size: int
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        for array in (self.nodes, self.weights, self.zero_fractions, self.mask_moments):
            array.flags.writeable = False

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return self.nodes.shape[0]

    @property
    def probes(self) -> int:
        """The number of random vectors per matrix."""
        return self.nodes.shape[1]

    @property
    def steps(self) -> int:
        """The largest number of nodes of a quadrature."""
        return self.nodes.shape[2]

    @property
    def atom(self) -> float:
        """The mean fraction of zeros."""
        return float(self.zero_fractions.mean())

    @property
    def top(self) -> float:
        """The lambda at which the angle of `density` and `cdf` is pi; it is just above the largest node."""
        # At this distance, 1 - cos of 3 times its default width, the kernel of `density` has decayed.
        return float(self.nodes.max()) * (1.0 + 9.0 / self.steps**2)

    def _mean(self, each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard error of numbers of shape (samples, probes, ...) over the first two axes."""
        # The spread between networks, if there are several, contains the noise of the probes.
        units = each.mean(axis=1) if self.samples > 1 else each[0]
        return units.mean(axis=0), standard_error(units)

    def moment(self, k: int) -> Estimate:
        """Return the moment ``E tr M^k / n_L``; the quadrature adds no error for k < 2 `steps`.

        Parameters
        ----------
        k : int
            The order, at least 1.

        Returns
        -------
        Estimate
            The mean and its standard error.
        """
        value, error = self._mean((self.weights * self.nodes ** positive_int("k", k)).sum(axis=2))
        return Estimate(float(value), float(error))

    def _nonzero(self, sample: int, probe: int) -> tuple[np.ndarray, np.ndarray]:
        """Return nodes and weights of one probe without the exact zeros of M, whose fraction is known."""
        rank = 1.0 - float(self.zero_fractions[sample])
        return self.nodes[sample, probe], quadrature.upper_weights(self.weights[sample, probe], rank)

    def _each(self, of: Callable[[int, int], np.ndarray]) -> np.ndarray:
        """Return the values of a function of sample and probe, shape (samples, probes, ...)."""
        return np.array([[of(s, p) for p in range(self.probes)] for s in range(self.samples)])

    def _cdf(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the cdf and its standard error."""
        lam = real_numbers("lam", lam)

        def one(s: int, p: int) -> np.ndarray:
            return quadrature.cdf(*self._nonzero(s, p), float(self.zero_fractions[s]), lam, self.top)

        value, error = self._mean(self._each(one))
        inside = (lam >= 0.0) & (lam < self.top)
        return np.where(inside, value, np.where(lam < 0.0, 0.0, 1.0)), np.where(inside, error, 0.0)

    def cdf(self, lam: Any) -> np.ndarray:
        """Return an estimate of the fraction of eigenvalues that are at most lambda, zeros included.

        Half of the weight of a node counts as lying below it. Between nodes the function is linear in the angle
        2 arcsin sqrt(lambda / `top`), in which nodes have about equal distances.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.

        Returns
        -------
        ndarray of float, shape of `lam`
            The fractions. `cdf_error` is their standard error; `cdf_bounds` bounds the error of the interpolation.
        """
        return self._cdf(lam)[0]

    def cdf_error(self, lam: Any) -> np.ndarray:
        """Return the standard error of `cdf`.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.

        Returns
        -------
        ndarray of float, shape of `lam`
            The errors; NaN for one network with one probe.
        """
        return self._cdf(lam)[1]

    def cdf_bounds(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds of the mean of the cdfs of the spectral measures at the probes.

        At a node of its Gauss quadrature the cdf of a measure is at least the sum of the weights below the node, and at
        most this sum plus the weight of the node (Chebyshev, Markov, Stieltjes). The bounds are proved up to rounding.
        They do not contain the difference between these measures and the spectrum.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.

        Returns
        -------
        low : ndarray of float, shape of `lam`
            The lower bounds.
        high : ndarray of float, shape of `lam`
            The upper bounds.
        """
        lam = real_numbers("lam", lam)
        bounds = self._each(lambda s, p: quadrature.cdf_bounds(self.nodes[s, p], self.weights[s, p], lam))
        low, high = bounds.mean(axis=(0, 1))
        return low, high

    def smoothing(self, lam: Any, width: float | None = None) -> np.ndarray:
        """Return the width in lambda of the kernel of `density`: `width` sqrt(lambda (`top` - lambda)).

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.
        width : float, optional
            As in `density`.

        Returns
        -------
        ndarray of float, shape of `lam`
            The standard deviation of the kernel in lambda.
        """
        lam = real_numbers("lam", lam)
        return self._width(width) * np.sqrt(np.clip(lam, 0.0, self.top) * np.clip(self.top - lam, 0.0, None))

    def _width(self, width: float | None) -> float:
        """Return the width of the kernel of `density` in the angle."""
        return 2.0 / self.steps if width is None else finite("width", width, above=0.0)

    def _density(self, lam: Any, width: float | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the smoothed density and its standard error."""
        lam, width = real_numbers("lam", lam), self._width(width)
        value, error = self._mean(
            self._each(lambda s, p: quadrature.smoothed_density(*self._nonzero(s, p), lam, width=width, top=self.top))
        )
        return value, np.where((lam > 0.0) & (lam < self.top), error, 0.0)

    def density(self, lam: Any, width: float | None = None) -> np.ndarray:
        """Return the density of the nonzero eigenvalues, smoothed by a Gaussian kernel.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.
        width : float, optional
            The standard deviation of the kernel in the angle 2 arcsin sqrt(lambda / `top`), at both ends of which it is
            reflected. The default 2 / `steps` is the finest for which the quadrature is accurate, to some 1e-3.
            `smoothing` returns the width in lambda.

        Returns
        -------
        ndarray of float, shape of `lam`
            The density, without the atom at 0. `density_error` is its standard error.
        """
        return self._density(lam, width)[0]

    def density_error(self, lam: Any, width: float | None = None) -> np.ndarray:
        """Return the standard error of `density`.

        Parameters
        ----------
        lam : array_like of float, any shape
            The points lambda.
        width : float, optional
            As in `density`.

        Returns
        -------
        ndarray of float, shape of `lam`
            The errors; NaN for one network with one probe.
        """
        return self._density(lam, width)[1]

    def to_pandas(self) -> Any:
        """Return the quadratures as a `pandas.DataFrame`, one node a row."""
        import pandas as pd

        index = pd.MultiIndex.from_product([range(n) for n in self.nodes.shape], names=["sample", "probe", "node"])
        columns = {"lam": self.nodes.ravel(), "weight": self.weights.ravel()}
        return pd.DataFrame(columns, index=index).reset_index()

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
        arrays = {name: getattr(self, name) for name in ("nodes", "weights", "mask_moments")}
        arrays |= {"atoms": self.zero_fractions, "size": np.array(self.size)}
        return save(path, "LanczosSpectrum", self.facts, arrays)

    @classmethod
    def load(cls, path: str | Path) -> LanczosSpectrum:
        """Read a result that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        LanczosSpectrum
            The result, equal bit for bit.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> LanczosSpectrum:
            size, zero_fractions = int(arrays.pop("size")), arrays.pop("atoms")
            return cls(**arrays, zero_fractions=zero_fractions, size=size, facts=facts)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        shape = f"{self.samples} samples of {self.size} x {self.size}, {self.probes} probes, {self.steps} steps"
        return f"LanczosSpectrum({shape}, atom {self.atom:.4g}, mean {self.moment(1)})"

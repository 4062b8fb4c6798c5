"""Sampled values of an extreme eigenvalue of J J^T."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.estimate import Estimate
from rmtjac.validate import finite

__all__ = ["ExtremeSample"]

_SCHEMA = Schema(
    "ExtremeSample",
    arrays={"log_eigenvalues": "float samples", "log_error": "float samples"},
    facts={"which": "text", "provenance": "object"},
)


@dataclass(frozen=True, eq=False)
class ExtremeSample:
    """The largest, or the smallest, eigenvalue of J J^T in each of many random networks.

    Attributes
    ----------
    log_eigenvalues : ndarray of float, shape (samples,)
        Natural logarithm of the eigenvalue lambda = s^2 of each network; -inf where J = 0.
    log_error : ndarray of float, shape (samples,)
        An estimate of its absolute error.
    which : {"largest", "smallest"}
        Which eigenvalue it is; the smallest one off 0.
    facts : dict
        How the sample was made.

    See Also
    --------
    rmtjac.spectra.sample_largest : Sample the largest eigenvalue.
    rmtjac.LimitSpectrum.largest : Its law from theory.

    References
    ----------
    docs/theory/largest_singular_value.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> sample = rj.spectra.sample_largest(rj.Ensemble.square(50, 2, "tanh"), samples=40, rng=0)
    >>> sample
    ExtremeSample(largest of 40 networks, lambda = 2.29654 ± 0.07, std 0.444)
    >>> print(sample.frequency(norm=1.5))
    0.55 ± 0.079
    """

    log_eigenvalues: np.ndarray
    log_error: np.ndarray
    which: str
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        for array in (self.log_eigenvalues, self.log_error):
            array.flags.writeable = False

    @property
    def samples(self) -> int:
        """The number of networks."""
        return int(self.log_eigenvalues.size)

    @property
    def eigenvalues(self) -> np.ndarray:
        """The eigenvalues lambda; infinite beyond the range of a float."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_eigenvalues)

    @property
    def singular_values(self) -> np.ndarray:
        """The singular values s = sqrt(lambda) of J."""
        with np.errstate(over="ignore"):
            return np.exp(0.5 * self.log_eigenvalues)

    @property
    def mean(self) -> Estimate:
        """The mean of lambda with its standard error."""
        return Estimate.of(self.eigenvalues)

    @property
    def std(self) -> float:
        """The standard deviation of lambda between networks; NaN for one network."""
        return float(self.eigenvalues.std(ddof=1)) if self.samples > 1 else math.nan

    def frequency(self, norm: float = 1.0) -> Estimate:
        """Return the share of the networks whose singular value is below `norm`, with its binomial error.

        Parameters
        ----------
        norm : float, default 1.0
            The bound, >= 0.

        Returns
        -------
        Estimate
            The share f, and sqrt(p (1 - p) / n) with p = (k + 1) / (n + 2), which is not 0 for k = 0.

        Raises
        ------
        ValueError
            If `norm` is negative or not finite.
        TypeError
            If `norm` is not a number.
        """
        norm = finite("norm", norm, least=0.0)
        bound = 2.0 * math.log(norm) if norm > 0.0 else -math.inf
        count = int(np.count_nonzero(self.log_eigenvalues < bound))
        p = (count + 1.0) / (self.samples + 2.0)
        return Estimate(count / self.samples, math.sqrt(p * (1.0 - p) / self.samples))

    def to_pandas(self) -> Any:
        """Return one row for each network (needs pandas).

        Returns
        -------
        pandas.DataFrame
            Columns ``log_eigenvalue`` and ``log_error``.
        """
        import pandas as pd

        return pd.DataFrame({"log_eigenvalue": self.log_eigenvalues, "log_error": self.log_error})

    def save(self, path: str | Path) -> Path:
        """Write the sample to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
        arrays = {"log_eigenvalues": self.log_eigenvalues, "log_error": self.log_error}
        return save(path, "ExtremeSample", {"which": self.which, "provenance": self.facts}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> ExtremeSample:
        """Read a sample that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        ExtremeSample
            The sample, equal bit for bit.

        Raises
        ------
        ValueError
            If the file is damaged, or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> ExtremeSample:
            return cls(arrays["log_eigenvalues"], arrays["log_error"], facts["which"], facts["provenance"])

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        return f"ExtremeSample({self.which} of {self.samples} networks, lambda = {self.mean}, std {self.std:.3g})"

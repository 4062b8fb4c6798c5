"""A mean over independent samples with its standard error."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np

__all__ = ["Estimate", "standard_error"]

E = TypeVar("E", bound="Estimate")


def standard_error(values: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean of `values` over their first axis, NaN for fewer than two of them."""
    count = len(values)
    if count < 2:
        return np.full(np.shape(values)[1:], math.nan)
    error: np.ndarray = np.std(values, axis=0, ddof=1) / math.sqrt(count)
    return error


class Estimate(NamedTuple):
    """A mean over samples with its standard error.

    Attributes
    ----------
    value : float
        The mean.
    error : float
        Its standard error; NaN for a single sample.

    See Also
    --------
    LogMoment : An estimate that says which eigenvalues it is the mean of.

    Examples
    --------
    >>> from rmtjac.estimate import Estimate
    >>> print(Estimate.of([1.0, 2.0, 3.0]))
    2 ± 0.58
    >>> value, error = Estimate.of([1.0, 3.0])
    """

    value: float
    error: float

    @classmethod
    def of(cls: type[E], values: np.ndarray | list[float]) -> E:
        """Return the mean of independent numbers and its standard error.

        Parameters
        ----------
        values : array_like of float, shape (n,)
            The numbers.

        Returns
        -------
        Estimate
            The mean and ``values.std(ddof=1) / sqrt(n)``. The error is NaN for one number, and both are NaN for none.
        """
        numbers = np.asarray(values)
        value = float(numbers.mean()) if numbers.size else math.nan
        return cls(value, float(standard_error(numbers)))

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.error:.2g}"

"""Irreducible nonnegative factors in the coordinates of a positive vector, and bounds of their product.

With an exponent :math:`e_i` for each neuron of each layer, entries become :math:`a_{ij} 2^{e_j - e_i}`. The scaling is
exact apart from underflow, and the scaled entries are at most about 1 if :math:`2^e` is close to the Perron vector. So
nothing overflows, however wide the range of the entries, of the vector, or of the products of layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.nonnegative.matrices.components import Group

__all__ = ["Scaled"]

_FARTHEST = 20_000  # exponents beyond are 0 or infinite
_TINY = 2.0**-1074


class Scaled:
    """A group in the coordinates of the vector 2^place times mantissa; entries to the power t.

    Attributes
    ----------
    group : Group
        The components.
    vector : ndarray of float
        The vector in its own coordinates: entries between 1/2 and 1.
    places : list of ndarray of float
        Exponents of the neurons of each layer.
    power : ndarray of float
        For each component: the product of the original factors, in these coordinates, is 2^power times the product of
        `factors`.
    factors : list of ndarray or sparse array
        The scaled factors, dense or CSR.
    """

    def __init__(self, group: Group, place: np.ndarray, mantissa: np.ndarray, t: float = 1.0) -> None:
        self.group = group
        self.vector, more = np.frexp(mantissa)
        self.places = [place + more]
        depth = len(group.factors)
        logs = group.logs if t == 1.0 else [t * one for one in group.logs]
        height = self.places[0] + np.log2(self.vector)
        for l in range(depth):
            height = _row_maxima(group.factors[l], logs[l], height)
            if l < depth - 1:
                self.places.append(np.rint(height))
        self.power = np.rint(np.maximum.reduceat(height - self.places[0], group.starts))
        ends = [*self.places[1:], self.places[0] + self.power[group.owners[0]]]
        self.factors = [
            _moved(one, log, here, there, t)
            for one, log, here, there in zip(group.factors, logs, self.places, ends, strict=True)
        ]

    def product(self, x: np.ndarray) -> np.ndarray:
        """Return the product times x, in floats."""
        for one in self.factors:
            x = one @ x
        return x

    def bounds(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return proved bounds of the product times x >= 0 for t = 1, in the widest floats there are.

        Nothing cancels: a row of k entries is off by at most 2k roundings, and by one least float for each entry or
        term that underflows.
        """
        wide: Any = np.longdouble
        unit = np.finfo(wide).eps
        low = high = x.astype(wide)
        with np.errstate(over="ignore", invalid="ignore"):
            for one in self.factors:
                dense = isinstance(one, np.ndarray)
                terms = wide(one.shape[1]) if dense else np.diff(one.indptr).astype(wide)
                matrix = one.astype(wide)
                lost = (terms + 2) * wide(_TINY) * (1 + high.max())
                low = np.maximum((matrix @ low) * (1 - (terms + 2) * unit) - lost, 0)
                high = (matrix @ high) * (1 + (terms + 2) * unit) + lost
        return np.where(np.isfinite(high), low, 0), np.where(np.isfinite(high), high, np.inf)


def _row_maxima(matrix: Any, log: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Return the greatest logarithm of a term of each row of matrix times 2^height."""
    if isinstance(matrix, np.ndarray):
        return (log + height).max(axis=1)
    return np.maximum.reduceat(log + height[matrix.indices], matrix.indptr[:-1])


def _moved(matrix: Any, log: np.ndarray, here: np.ndarray, there: np.ndarray, t: float) -> Any:
    """Return the factor in the coordinates of its two layers."""
    from scipy.sparse import csr_array

    dense = isinstance(matrix, np.ndarray)
    shift = here - there[:, None] if dense else here[matrix.indices] - np.repeat(there, np.diff(matrix.indptr))
    with np.errstate(over="ignore", under="ignore"):
        if t == 1.0:
            shift = np.clip(shift, -_FARTHEST, _FARTHEST).astype(np.int32)
            values = np.ldexp(matrix if dense else matrix.data, shift)
        else:
            values = np.exp2(log + shift)
    return values if dense else csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)

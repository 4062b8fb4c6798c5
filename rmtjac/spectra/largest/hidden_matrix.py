"""A matrix of which only the products that are asked for exist: a given one, or a random one with Gaussian entries."""

from __future__ import annotations

from typing import Protocol

import numpy as np

__all__ = ["GivenMatrix", "HiddenGaussian", "Matrix"]


class Matrix(Protocol):
    """A matrix by its products with vectors."""

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return W x."""
        ...

    def transposed_times(self, y: np.ndarray) -> np.ndarray:
        """Return W^T y."""
        ...


class GivenMatrix:
    """A matrix with given entries.

    Examples
    --------
    >>> GivenMatrix(np.array([[1.0, 2.0]])).times(np.array([3.0, 4.0]))
    array([11.])
    """

    def __init__(self, entries: np.ndarray) -> None:
        self.entries = entries

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return W x."""
        return self.entries @ x

    def transposed_times(self, y: np.ndarray) -> np.ndarray:
        """Return W^T y."""
        return self.entries.T @ y


class _Known:
    """Orthonormal vectors of one side, in rows, and their images."""

    def __init__(self, here: int, there: int) -> None:
        self.count = 0
        self._vectors, self._images = np.empty((16, here)), np.empty((16, there))

    @property
    def vectors(self) -> np.ndarray:
        return self._vectors[: self.count]

    @property
    def images(self) -> np.ndarray:
        return self._images[: self.count]

    def add(self, vector: np.ndarray, image: np.ndarray) -> None:
        """Keep one more pair."""
        if self.count == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
            self._images = np.concatenate([self._images, np.empty_like(self._images)])
        self._vectors[self.count], self._images[self.count] = vector, image
        self.count += 1


class HiddenGaussian:
    """A matrix with independent normal entries of one standard deviation, drawn as far as its products need it.

    A Gaussian matrix has no preferred directions: given its products with some vectors from both sides, the rest of it,
    between their complements, is again Gaussian and independent. So a product with a new direction takes one vector of
    normal numbers. The law of all products is exactly that of products with one matrix of independent entries.

    Examples
    --------
    >>> matrix = HiddenGaussian(np.random.default_rng(0), 3, 2, 1.0)
    >>> x, y = np.array([1.0, 2.0]), np.array([0.5, 0.0, -1.0])
    >>> bool(abs(y @ matrix.times(x) - matrix.transposed_times(y) @ x) < 1e-14)
    True
    """

    def __init__(self, rng: np.random.Generator, rows: int, columns: int, std: float) -> None:
        self._rng, self._std = rng, std
        self._right, self._left = _Known(columns, rows), _Known(rows, columns)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return W x."""
        return self._product(x, self._right, self._left)

    def transposed_times(self, y: np.ndarray) -> np.ndarray:
        """Return W^T y."""
        return self._product(y, self._left, self._right)

    def _product(self, x: np.ndarray, mine: _Known, other: _Known) -> np.ndarray:
        rest, out = x, np.zeros(other.vectors.shape[1])
        for _ in range(2):  # a single pass leaves the rounding error of a large component
            part = mine.vectors @ rest
            rest = rest - part @ mine.vectors
            out += part @ mine.images
        size = float(np.linalg.norm(rest))
        if size > 1e-13 * float(np.linalg.norm(x)):
            direction = rest / size
            fresh = self._std * self._rng.standard_normal(out.size)
            fresh -= (other.vectors @ fresh) @ other.vectors
            image = fresh + (other.images @ direction) @ other.vectors
            mine.add(direction, image)
            out += size * image
        return out

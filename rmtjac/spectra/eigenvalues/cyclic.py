"""Complex eigenvalues of a product of matrices, with its exact zeros.

The nonzero eigenvalues of B_{L-1} ... B_0 are those of every cyclic rotation of the factors. The rotation that starts
at the narrowest place has no zeros that the shapes force, so that zeros are counted and not guessed from small
floats, and the matrix is smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["ProductEigenvalues", "product_eigenvalues"]

_CLEAR = 4.0  # calibrated against the block-cyclic matrix of the factors, which keeps the digits of small eigenvalues


class ProductEigenvalues(NamedTuple):
    """The eigenvalues of a square product, ordered by modulus.

    `log_moduli` are natural logarithms, -inf for zeros that the shapes force; `angles` lie in (-pi, pi]. A value
    below `log_floor` is rounding noise.
    """

    log_moduli: np.ndarray
    angles: np.ndarray
    log_floor: float


def product_eigenvalues(factors: Sequence[np.ndarray], kept: np.ndarray, size: int) -> ProductEigenvalues:
    """Return the eigenvalues of the N x N matrix E B_{L-1} ... B_0, whose first factor B_0 has N columns.

    `kept` are the rows of E that are not 0: the places of the rows of B_{L-1} among the N.

    Examples
    --------
    >>> swap = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> found = product_eigenvalues([swap, swap], np.arange(2), 2)
    >>> np.exp(found.log_moduli), found.angles
    (array([4., 4.]), array([0., 0.]))
    """
    blocks = [factors[0][:, kept], *factors[1:]]
    places = [block.shape[1] for block in blocks]
    start = int(np.argmin(places))
    rank = places[start]
    logs, angles = np.full(size, -math.inf), np.zeros(size)
    if rank == 0:
        return ProductEigenvalues(logs, angles, -math.inf)
    product, exponent = _scaled(blocks[start])
    for block in (*blocks[start + 1 :], *blocks[:start]):
        block, more = _scaled(block)
        product, taken = _scaled(block @ product)
        exponent += taken + more
    if not np.isfinite(product).all():
        raise OverflowError("the product leaves the range of a float")
    values = np.linalg.eigvals(product)
    shift = exponent * math.log(2.0)
    with np.errstate(divide="ignore"):
        found = np.log(np.abs(values))
    order = np.lexsort((np.angle(values), found))
    logs[size - rank :] = found[order] + shift
    angles[size - rank :] = np.angle(values[order])
    norm = float(np.linalg.norm(product))
    noise = _CLEAR * np.finfo(float).eps * math.sqrt(rank * len(blocks)) * norm
    floor = math.log(noise) + shift if noise > 0.0 else -math.inf
    return ProductEigenvalues(logs, angles, floor)


def _scaled(matrix: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the matrix divided by a power of two near its largest entry, and the exponent."""
    top = float(np.abs(matrix).max(initial=0.0))
    if not 0.0 < top < math.inf:
        return matrix, 0
    exponent = math.frexp(top)[1]
    return np.ldexp(matrix, -exponent), exponent

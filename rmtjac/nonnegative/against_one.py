"""Decide whether a spectral radius is below 1: by its bracket, or in rational arithmetic if the bracket contains 1."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.nonnegative.asymptotic import factors_of
from rmtjac.nonnegative.matrices.components import components
from rmtjac.nonnegative.matrices.perron import radius

__all__ = ["AgainstOne", "against_one"]

_TOLERANCE, _FINEST = 1e-12, 1e-15
_MAX_TERMS = 20_000  # entries that a sum in rational arithmetic may have
_MAX_EXACT = 40  # size up to which rho < 1 is decided in rational arithmetic


class AgainstOne(NamedTuple):
    """Hold whether rho < 1, and what decides it.

    Attributes
    ----------
    below : bool or None
        Whether rho < 1; None if it is not decided.
    bracket : tuple of float
        Bounds of rho.
    vector : list of Fraction or None
        The v with A v = v exactly, if rho = 1 and A is irreducible; otherwise None.
    """

    below: bool | None
    bracket: tuple[float, float]
    vector: list[Fraction] | None = None


def against_one(matrix_or_network: Any) -> AgainstOne:
    """Decide whether rho < 1 for a matrix or network as in `spectral_radius`.

    The bracket decides unless it contains 1. If it does and the matrix is small, the answer is exact: rho < 1 if and
    only if all pivots of I - A in rational arithmetic are positive, because I - A is then a nonsingular M-matrix. If A
    is irreducible, its proper principal submatrices have smaller radii, so rho = 1 if and only if the last pivot alone
    is 0. For large matrices, rho >= 1 follows if all row sums, or all column sums, are 1 or more.
    """
    factors = factors_of(matrix_or_network)
    bracket = radius(factors, _TOLERANCE)
    low, high = bracket
    if low <= 1.0 <= high:
        low, high = bracket = radius(factors, _FINEST)
    if high < 1.0 or low >= 1.0:
        return AgainstOne(high < 1.0, bracket)
    n = factors[0].shape[1]
    if n > _MAX_EXACT:
        if _keeps_ones(factors) and _is_irreducible(factors):
            return AgainstOne(False, bracket, [Fraction(1)] * n)
        return AgainstOne(False if _stochastic(factors) else None, bracket)
    left = _identity_minus(factors, n)
    for k in range(n):
        if left[k][k] <= 0:
            break
        for i in range(k + 1, n):
            factor = left[i][k] / left[k][k]
            if factor:
                left[i] = [a - factor * b for a, b in zip(left[i], left[k], strict=True)]
    else:
        return AgainstOne(True, bracket)
    if k < n - 1 or left[k][k] < 0 or not _is_irreducible(factors):
        return AgainstOne(False, bracket)
    vector = [Fraction(1)]
    for k in range(n - 2, -1, -1):
        vector.insert(0, -sum((a * v for a, v in zip(left[k][k + 1 :], vector, strict=True)), Fraction(0)) / left[k][k])
    return AgainstOne(False, bracket, vector)


def _keeps_ones(factors: list[Any]) -> bool:
    """Return whether the product maps the vector of ones to itself exactly; False where that costs too much."""
    from scipy.sparse import csr_array

    rows = [csr_array(one) for one in factors]
    if sum(one.nnz for one in rows) > _MAX_TERMS:
        return False
    h = [Fraction(1)] * rows[0].shape[1]
    for one in rows:
        terms = [Fraction(w) * h[j] for w, j in zip(one.data.tolist(), one.indices.tolist(), strict=True)]
        cuts = one.indptr.tolist()
        h = [sum(terms[a:b], Fraction(0)) for a, b in itertools.pairwise(cuts)]
    return all(x == 1 for x in h)


def _stochastic(factors: list[Any]) -> bool:
    """Return whether a component of a single matrix has exact row sums, or column sums, that are all 1 or more."""
    if len(factors) > 1:
        return False
    for block in components(factors):
        for matrix in (block.factors[0], block.factors[0].T):
            if isinstance(matrix, np.ndarray):
                rows = list(matrix)
            else:
                sparse = matrix.tocsr()
                rows = np.split(sparse.data, sparse.indptr[1:-1])
            # fsum rounds once, so that its sign is exact.
            enough = np.array([math.fsum([*row, -1.0]) >= 0.0 for row in rows])
            if np.logical_and.reduceat(enough, block.starts).any():
                return True
    return False


def _identity_minus(factors: list[Any], n: int) -> list[list[Fraction]]:
    """Return I - A_L ... A_1, exactly."""
    product = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for one in factors:
        dense = one.toarray() if hasattr(one, "toarray") else one
        rows = [[Fraction(value) for value in row] for row in dense.tolist()]
        product = [
            [sum((a * product[k][j] for k, a in enumerate(row) if a), Fraction(0)) for j in range(n)] for row in rows
        ]
    return [[Fraction(int(i == j)) - product[i][j] for j in range(n)] for i in range(n)]


def _is_irreducible(factors: list[Any]) -> bool:
    """Return whether all neurons of the first layer lie in one component of the cycle of layers."""
    blocks = components(factors)
    n = factors[0].shape[1]
    return len(blocks) == 1 and blocks[0].count == 1 and len(blocks[0].owners[blocks[0].first]) == n

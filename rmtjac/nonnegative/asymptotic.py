r"""The asymptotic mapping :math:`T_\infty(x) = \lim_{p\to\infty} T(px)/p` and its spectral radius, as a bracket.

With nonnegative weights :math:`T_\infty = D_L W_L \cdots D_1 W_1`, D the slopes of the activations at infinity (NN; 0
for a bounded one). Its spectral radius is bracketed in `rmtjac.nonnegative.matrices.perron`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.matrices.components import components
from rmtjac.nonnegative.matrices.perron import radius
from rmtjac.nonnegative.predicates import nonnegative_weights
from rmtjac.validate import finite, real_array

__all__ = ["AgainstOne", "against_one", "asymptotic_factors", "asymptotic_map", "spectral_radius"]

_TOLERANCE, _FINEST = 1e-12, 1e-15
_MOST_TERMS = 20_000  # entries that a sum in rational arithmetic may have
_MOST_EXACT = 40  # size up to which rho < 1 is decided in rational arithmetic


def asymptotic_map(network: Network) -> Network:
    """Return T_inf, a linear network without biases.

    Raises
    ------
    ValueError
        If a weight is negative, or the slope at infinity of an activation is not known.

    Examples
    --------
    >>> import rmtjac as rj
    >>> network = rj.Network([[[2.0]], [[3.0]]], [[1.0], [1.0]], ["relu", "softplus"])
    >>> rj.nonnegative.asymptotic_map(network)([1.0])
    array([6.])
    """
    signs = nonnegative_weights(network)
    if not signs:
        raise ValueError(f"network: {signs.evidence}; the asymptotic mapping is defined for nonnegative weights")
    slopes = slopes_at_infinity(network)
    return Network([slope * matrix for slope, matrix in zip(slopes, network.weights, strict=True)], None, "linear")


def slopes_at_infinity(network: Network) -> list[float]:
    """Return lim phi(t)/t of each layer."""
    found = []
    for l, phi in enumerate(network.activations):
        slope = phi.facts.slope
        if slope is None:
            raise ValueError(f"network: the slope at infinity of activation {phi.spec!r} of layer {l} is not known")
        found.append(slope)
    return found


def asymptotic_factors(network: Network) -> list[np.ndarray]:
    """Return the factors D_l W_l of T_inf, first layer first."""
    return list(asymptotic_map(network).weights)


def _factors(matrix_or_network: Any) -> list[Any]:
    """Checked nonnegative factors of a square product."""
    from scipy.sparse import issparse

    if isinstance(matrix_or_network, Network):
        out: list[Any] = _unrounded(matrix_or_network)
    elif (
        isinstance(matrix_or_network, Sequence)
        and len(matrix_or_network)
        and (issparse(matrix_or_network[0]) or np.ndim(matrix_or_network[0]) == 2)
    ):
        out = [_real(one) for one in matrix_or_network]
    else:
        out = [_real(matrix_or_network)]
    for l, one in enumerate(out):
        if one.ndim != 2:
            raise ValueError(f"matrix has shape {one.shape}; a square matrix, or a list of factors, is needed")
        values = real_array(f"factor {l}", one.data, "a matrix") if issparse(one) else one
        if not np.isfinite(values).all():
            raise ValueError(f"factor {l} holds NaN or infinite entries")
        if values.size and values.min() < 0.0:
            raise ValueError(f"factor {l} holds {values.min():.6g}; nonnegative matrices are needed")
        if l and one.shape[1] != out[l - 1].shape[0]:
            raise ValueError(f"factor {l} has shape {one.shape}; (?, {out[l - 1].shape[0]}) is needed")
    if out[-1].shape[0] != out[0].shape[1]:
        raise ValueError(f"the product maps R^{out[0].shape[1]} to R^{out[-1].shape[0]}; a square one is needed")
    return out


def _real(matrix: Any) -> Any:
    """The matrix in floats, CSR if it is sparse."""
    from scipy.sparse import csr_array, issparse

    if getattr(getattr(matrix, "dtype", None), "kind", "") == "c":
        raise TypeError(f"matrix must be a nonnegative matrix of real numbers, not of {matrix.dtype}")
    if not issparse(matrix):
        return real_array("matrix", matrix, "a matrix")
    if matrix.ndim != 2:
        raise ValueError(f"matrix has shape {matrix.shape}; a square matrix, or a list of factors, is needed")
    with np.errstate(over="ignore"):
        out = csr_array(matrix, dtype=float, copy=True)
        out.sum_duplicates()
    return out


def _unrounded(network: Network) -> list[Any]:
    """Factors of T_inf whose product is exact: slopes other than 0 and 1 are factors of their own."""
    from scipy.sparse import csr_array, diags_array

    out: list[Any] = []
    for matrix, scaled, slope in zip(
        network.weights, asymptotic_factors(network), slopes_at_infinity(network), strict=True
    ):
        if slope in (0.0, 1.0):
            out.append(scaled)
        else:
            out += [matrix, csr_array(diags_array(np.full(len(matrix), slope)))]
    return out


def spectral_radius(matrix_or_network: Any, tol: float = _TOLERANCE) -> tuple[float, float]:
    """Return a proved bracket (lower, upper) of a spectral radius.

    Parameters
    ----------
    of
        A network with nonnegative weights: of its asymptotic mapping. Or a nonnegative square matrix, dense or sparse,
        or a list of factors ``[A_1, ..., A_L]`` of the product A_L ... A_1. Entries of any size.
    tol
        Relative width at which to stop. Rounding allows about 1e-15. Above that stay, at worst, large matrices on which
        both the power method (5000 steps) and a sparse LU are slow, and radii beyond the range of floats.

    Raises
    ------
    ValueError
        If an entry is negative or not finite, or shapes do not chain.

    Notes
    -----
    Reducible matrices are taken apart first, in time linear in the entries; components that cannot have the largest
    radius are left. Cost, for those that can: power steps, each a product with each factor, if these converge fast;
    else about ten LU factorisations, dense at the narrowest layer (up to 3000), or sparse for all layers together:
    linear for paths, cycles, trees and many small components, :math:`n^{3/2}` for grids.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> low, high = rj.nonnegative.spectral_radius(np.array([[1.0, 1.0], [1.0, 0.0]]))
    >>> bool(low <= (1 + 5**0.5) / 2 <= high), high - low < 1e-11
    (True, True)
    """
    return radius(_factors(matrix_or_network), finite("tol", tol, above=0.0))


class AgainstOne(NamedTuple):
    """Whether rho < 1 (None: not decided), the bracket, and v with A v = v exactly, if rho = 1 and A is irreducible."""

    below: bool | None
    bracket: tuple[float, float]
    vector: list[Fraction] | None = None


def against_one(matrix_or_network: Any) -> AgainstOne:
    """Decide whether rho < 1; `of` as in `spectral_radius`.

    The bracket decides, down to rounding. Where it holds 1, sums of rows or columns of 1 or more say that rho >= 1. If
    the matrix is small, the answer is exact: rho < 1 if and only if elimination of I - A, in rational
    arithmetic, meets positive pivots only (I - A is then a nonsingular M-matrix). If A is irreducible its proper
    principal submatrices have smaller radii, so that rho = 1 if and only if the last pivot alone is 0.
    """
    factors = _factors(matrix_or_network)
    bracket = radius(factors, _TOLERANCE)
    if bracket[0] <= 1.0 <= bracket[1]:
        bracket = radius(factors, _FINEST)
    low, high = bracket
    if high < 1.0 or low >= 1.0:
        return AgainstOne(high < 1.0, bracket)
    n = factors[0].shape[1]
    if n > _MOST_EXACT:
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
    """Whether the product takes the vector of ones to itself exactly, as permutations do; False where that costs."""
    from scipy.sparse import csr_array

    rows = [csr_array(one) for one in factors]
    if sum(one.nnz for one in rows) > _MOST_TERMS:
        return False
    h = [Fraction(1)] * rows[0].shape[1]
    for one in rows:
        terms = [Fraction(w) * h[j] for w, j in zip(one.data.tolist(), one.indices.tolist(), strict=True)]
        cuts = one.indptr.tolist()
        h = [sum(terms[a:b], Fraction(0)) for a, b in itertools.pairwise(cuts)]
    return all(x == 1 for x in h)


def _stochastic(factors: list[Any]) -> bool:
    """Whether some component of a single matrix has rows (or columns) whose exact sums are all 1 or more."""
    if len(factors) > 1:
        return False
    for block in components(factors):
        for matrix in (block.factors[0], block.factors[0].T):
            if isinstance(matrix, np.ndarray):
                rows = list(matrix)
            else:
                sparse = matrix.tocsr()
                rows = np.split(sparse.data, sparse.indptr[1:-1])
            enough = np.array([math.fsum([*row, -1.0]) >= 0.0 for row in rows])  # fsum rounds once: its sign is exact
            if np.logical_and.reduceat(enough, block.starts).any():
                return True
    return False


def _identity_minus(factors: list[Any], n: int) -> list[list[Fraction]]:
    """I - A_L ... A_1, exactly."""
    product = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for one in factors:
        dense = one.toarray() if hasattr(one, "toarray") else one
        rows = [[Fraction(value) for value in row] for row in dense.tolist()]
        product = [
            [sum((a * product[k][j] for k, a in enumerate(row) if a), Fraction(0)) for j in range(n)] for row in rows
        ]
    return [[Fraction(int(i == j)) - product[i][j] for j in range(n)] for i in range(n)]


def _is_irreducible(factors: list[Any]) -> bool:
    """Whether all neurons of the first layer lie in one component of the cycle of layers."""
    blocks = components(factors)
    n = factors[0].shape[1]
    return len(blocks) == 1 and blocks[0].count == 1 and len(blocks[0].owners[blocks[0].first]) == n

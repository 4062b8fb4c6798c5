"""Solutions of :math:`(sI - A)y = x` for a product A of nonnegative factors, s above its spectral radius.

The system is either dense, from the product of the factors, which begins at the narrowest layer; or sparse, from the
cycle of all layers, and then solved by an LU factorisation with little fill-in. All is computed in floats; other
modules prove the results.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.nonnegative.matrices.components import Group
from rmtjac.nonnegative.matrices.scaled import Scaled

__all__ = ["Resolvent", "affordable", "positive_solution"]

_DENSE, _SMALL = 3000, 100  # products are formed up to the first size if they are full, always up to the second
_FILLED = 0.05
_MAX_FILL, _MAX_WORK = 3e7, 1e10  # estimated entries and operations of a sparse LU
_PEELED = 50


def _formed(group: Group) -> bool:
    """Return whether the product is formed."""
    n = len(group.owners[0])
    if group.count > 1 or n > _DENSE:
        return False
    stored = sum(one.size if isinstance(one, np.ndarray) else one.nnz for one in group.factors)
    return n <= _SMALL or stored >= _FILLED * n * n


def affordable(group: Group) -> bool:
    """Return whether a `Resolvent` costs little, by an estimate of the fill-in from the profile of a band ordering."""
    if _formed(group) or group.count > 1:
        return True
    if any(isinstance(one, np.ndarray) for one in group.factors):
        return False
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    graph = _cycle_of_layers(group.factors, np.ones(len(group.owners[0]))).tocsr()
    graph = csr_array((np.ones(graph.nnz), graph.indices, graph.indptr), shape=graph.shape)
    graph = csr_array(graph + graph.T)
    for _ in range(_PEELED):  # leaves of trees cost nothing
        kept = np.diff(graph.indptr) > 2  # the neuron itself and one neighbour
        if kept.all() or not kept.any():
            break
        graph = graph[kept][:, kept]
    n = graph.shape[0]
    order = reverse_cuthill_mckee(graph, symmetric_mode=True)
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    widths = (rank - np.minimum.reduceat(rank[graph.indices], graph.indptr[:-1])).astype(float)
    return bool(widths.sum() <= _MAX_FILL and (widths**2).sum() <= _MAX_WORK)


class Resolvent:
    """Solutions y of (diag(shift) - A) y = x and of its transpose by LU, A the product of scaled factors.

    Raises
    ------
    ZeroDivisionError
        If the matrix is singular.
    """

    def __init__(self, scaled: Scaled, shift: np.ndarray) -> None:
        from scipy.linalg.lapack import dgetrf
        from scipy.sparse.linalg import splu

        n = self._n = len(shift)
        self._dense = _formed(scaled.group)
        if self._dense:
            system: Any = -_chain(scaled.factors, n)
            system[np.diag_indices(n)] += shift
            *self._lu, info = dgetrf(system)
            if info:
                raise ZeroDivisionError
        else:
            system = _cycle_of_layers(scaled.factors, shift)
            self._size = system.shape[0]
            try:  # M-matrices need no pivots
                self._solver = splu(
                    system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
                )
            except RuntimeError as error:
                raise ZeroDivisionError from error

    def solve(self, x: np.ndarray, transposed: bool = False) -> np.ndarray:
        """Return y."""
        from scipy.linalg.lapack import dgetrs

        if self._dense:
            return np.asarray(dgetrs(*self._lu, x, trans=int(transposed))[0])
        right = np.zeros(self._size)
        right[: self._n] = x
        return np.asarray(self._solver.solve(right, "T" if transposed else "N")[: self._n])


def _cycle_of_layers(factors: list[Any], shift: np.ndarray) -> Any:
    """Return the system of all layers: x_{l+1} = A_l x_l, and shift x_1 - A_L x_L = right side."""
    from scipy.sparse import block_array, diags_array, eye_array

    if len(factors) == 1:
        return (diags_array(shift) - factors[0]).tocsc()
    depth = len(factors)
    cells: list[list[Any]] = [[None] * depth for _ in range(depth)]
    for l, one in enumerate(factors):
        cells[l][l] = diags_array(shift) if l == 0 else eye_array(one.shape[1])
        cells[(l + 1) % depth][l] = -one
    return block_array(cells, format="csc")


def positive_solution(factors: list[np.ndarray], s: float) -> np.ndarray | None:
    """Return v with (sI - A) v = 1, A a product of dense factors, possibly reducible; None unless v > 0."""
    k = int(np.argmin([one.shape[1] for one in factors]))
    ones = np.ones(factors[0].shape[1])
    with np.errstate(all="ignore"):
        first, last = _chain(factors[:k], len(ones)), _chain(factors[k:], factors[k].shape[1])
        system = -(first @ last)
        system[np.diag_indices(len(system))] += s
        try:
            v = (ones + last @ np.linalg.solve(system, first @ ones)) / s
        except np.linalg.LinAlgError:
            return None
    return v if np.isfinite(v).all() and v.min(initial=np.inf) > 0.0 else None


def _chain(factors: list[Any], n: int) -> np.ndarray:
    """Return the product of factors as a dense matrix, the identity if there are none."""
    if not factors:
        return np.eye(n)
    product = factors[0] if isinstance(factors[0], np.ndarray) else factors[0].toarray()
    for one in factors[1:]:
        product = one @ product
    return product

r"""Solutions of :math:`(sI - A)y = x` for a product A of nonnegative factors, s beyond its spectral radius.

Dense, from the product of the factors, which begins at the narrowest layer; or sparse, from the cycle of all layers,
by LU without fill-in of note. Floats only: what comes of it is checked elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.nonnegative.components import Block
from rmtjac.nonnegative.scaled import Scaled

__all__ = ["affordable", "positive_solution", "resolve"]

_DENSE, _SMALL = 3000, 100  # products of factors are formed up to this size; and always up to that one
_FILLED = 0.05
_MOST_FILL, _MOST_WORK = 3e7, 1e10  # of a sparse LU, estimated
_PEELED = 50


def _formed(block: Block) -> bool:
    """Whether the product is formed."""
    n = len(block.owners[0])
    if block.count > 1 or n > _DENSE:
        return False
    stored = sum(one.size if isinstance(one, np.ndarray) else one.nnz for one in block.factors)
    return n <= _SMALL or stored >= _FILLED * n * n


def affordable(block: Block) -> bool:
    """Whether `resolve` costs little enough: a guess of the fill-in from the profile of a band ordering."""
    if _formed(block) or block.count > 1:
        return True
    if any(isinstance(one, np.ndarray) for one in block.factors):
        return False
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    graph = _cycle_of_layers(block.factors, np.ones(len(block.owners[0]))).tocsr()
    graph = csr_array((np.ones(graph.nnz), graph.indices, graph.indptr), shape=graph.shape)
    graph = csr_array(graph + graph.T)
    for _ in range(_PEELED):  # leaves of trees cost nothing
        kept = np.diff(graph.indptr) > 2  # itself, one neighbour
        if kept.all() or not kept.any():
            break
        graph = graph[kept][:, kept]
    n = graph.shape[0]
    order = reverse_cuthill_mckee(graph, symmetric_mode=True)
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    widths = (rank - np.minimum.reduceat(rank[graph.indices], graph.indptr[:-1])).astype(float)
    return bool(widths.sum() <= _MOST_FILL and (widths**2).sum() <= _MOST_WORK)


def resolve(scaled: Scaled, shift: np.ndarray, x: np.ndarray) -> np.ndarray | None:
    """Return y with (diag(shift) - A) y = x, A the product of the scaled factors; None if that is singular."""
    from scipy.sparse.linalg import splu

    if _formed(scaled.block):
        system: Any = -_chain(scaled.factors, len(x))
        system[np.diag_indices(len(x))] += shift
        try:
            return np.linalg.solve(system, x)
        except np.linalg.LinAlgError:
            return None
    system = _cycle_of_layers(scaled.factors, shift)
    right = np.zeros(system.shape[0])
    right[: len(x)] = x
    try:
        # M-matrices need no pivots.
        solver = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    except RuntimeError:
        return None
    return np.asarray(solver.solve(right)[: len(x)])


def _cycle_of_layers(factors: list[Any], shift: np.ndarray) -> Any:
    """The system of all layers: x_{l+1} = A_l x_l, and shift x_1 - A_L x_L = right side."""
    from scipy.sparse import block_array, diags_array, eye_array

    if len(factors) == 1:
        return (diags_array(shift) - factors[0]).tocsc()
    depth = len(factors)
    blocks: list[list[Any]] = [[None] * depth for _ in range(depth)]
    for l, one in enumerate(factors):
        blocks[l][l] = diags_array(shift) if l == 0 else eye_array(one.shape[1])
        blocks[(l + 1) % depth][l] = -one
    return block_array(blocks, format="csc")


def positive_solution(factors: list[np.ndarray], s: float) -> np.ndarray | None:
    """Return v with (sI - A) v = 1, A the product of dense factors, which may be reducible; None if it is not v > 0."""
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


def _chain(factors: list[np.ndarray], n: int) -> np.ndarray:
    product = np.eye(n)
    for one in factors:
        product = one @ product
    return product

r"""Exponents of a diagonal scaling that makes the logarithms of a nonnegative matrix as symmetric as possible.

Least squares over the positive entries: :math:`\min_v \sum (\log a_{ij} + v_j - v_i)^2`, a system with the Laplacian of
the graph. For weighted cycles, and for trees whose edges have symmetric weights, :math:`2^v` is a Perron vector or a
scaling that makes the matrix symmetric. `rmtjac.nonnegative.matrices.perron` starts from it.
"""

from __future__ import annotations

import numpy as np

from rmtjac.nonnegative.matrices.components import Group

__all__ = ["potential"]

_DENSE = 4000  # neurons of all layers, for dense factors


def potential(group: Group) -> np.ndarray | None:
    """Return v (base 2) of the neurons of the first layer; None for dense factors that are too large."""
    from scipy.sparse import coo_array, csc_array, diags_array, issparse
    from scipy.sparse.linalg import splu

    sizes = [len(one) for one in group.owners]
    ends = np.cumsum([0, *sizes])
    dense = any(isinstance(one, np.ndarray) for one in group.factors)
    if dense and ends[-1] > _DENSE:
        return None
    rows, columns, logs = [], [], []
    for l, (one, log) in enumerate(zip(group.factors, group.logs, strict=True)):
        if issparse(one):
            i, j, values = np.repeat(np.arange(one.shape[0]), np.diff(one.indptr)), one.indices, log
        else:
            i, j = np.nonzero(one)
            values = log[i, j]
        rows.append(i + ends[(l + 1) % len(sizes)])
        columns.append(j + ends[l])
        logs.append(values)
    i, j, values = np.concatenate(rows), np.concatenate(columns), np.concatenate(logs)
    n = int(ends[-1])
    values = values - np.median(values)
    right = np.bincount(i, values, n) - np.bincount(j, values, n)
    edges = coo_array((np.ones(len(i)), (i, j)), shape=(n, n)).tocsr()
    weights = edges + edges.T
    degrees = np.asarray(weights.sum(axis=1)).ravel()
    degrees[group.starts] += 1.0  # fixes the exponent of one neuron of each component
    laplacian = diags_array(degrees) - weights
    if dense:
        solution = np.linalg.solve(laplacian.toarray(), right)
    else:
        solver = splu(
            csc_array(laplacian), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        solution = solver.solve(right)
    return solution[: sizes[0]] if np.isfinite(solution).all() else None

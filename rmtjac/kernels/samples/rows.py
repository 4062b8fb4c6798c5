"""Rows of a weight matrix, drawn when they are needed, for products with matrices that do not fit into memory.

Both kernels use the generator in the same order as `rmtjac.kernels.samples.draw.draw_matrix`, row after row. So a
generator that is set back to its state before some row draws the same rows again. A single row fits into the cache of
the processor.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.samples.draw import fill

__all__ = ["draw_rows", "scan_rows"]


@njit(cache=True, nogil=True)
def scan_rows(rng, code, parameter, scale, x, out):
    """Write W x to `out` for the next ``out.size`` rows of W; the rows are not kept."""
    row = np.empty(x.size)
    for i in range(out.size):
        fill(rng, code, parameter, scale, row)
        out[i] = np.dot(row, x)


@njit(cache=True, nogil=True)
def draw_rows(rng, code, parameter, scale, d, columns, n_in):
    """Return D W for the next ``d.size`` rows of W, without the rows where d = 0 and with the given `columns` only."""
    row = np.empty(n_in)
    out = np.empty((np.count_nonzero(d), columns.size))
    whole = columns.size == n_in
    k = 0
    for i in range(d.size):
        fill(rng, code, parameter, scale, row)  # a row that is left out uses its random numbers as well
        if d[i] == 0.0:
            continue
        if whole:
            out[k] = d[i] * row
        else:
            for j in range(columns.size):
                out[k, j] = d[i] * row[columns[j]]
        k += 1
    return out

r"""Random singular values of a product of Gaussian matrices, without a draw of all the entries.

The law of a Gaussian matrix does not change under rotations. So the law of the singular values of
:math:`W^{L-1} \cdots W^0` stays the same if W^0 is replaced by a bidiagonal matrix with the same singular values
(its entries are independent chi variables; Silverstein 1985), and W^{L-1} by the factor R of its QR factorisation
(chi variables on the diagonal, normal ones above it; Bartlett 1934).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.codes import LawCode, Precision, Route
from rmtjac.kernels.samples.draw import fill
from rmtjac.kernels.samples.factor import factor, gram_route
from rmtjac.kernels.samples.gram import triangular_gram_eigenvalues
from rmtjac.kernels.samples.jacobian import multiply
from rmtjac.kernels.samples.lapack import DOUBLE, INT, routine

__all__ = ["bidiagonal_singular_values", "invariant_spectrum"]

_dlasq1 = routine("lapack", "dlasq1", INT, DOUBLE, DOUBLE, DOUBLE, INT)


@njit(cache=True, nogil=True)
def bidiagonal_singular_values(main, side):
    """Return the singular values of a bidiagonal matrix, descending, each with a relative error of order eps.

    `main` is the diagonal and `side` the diagonal next to it; `main` is overwritten.
    """
    n, info = np.full(1, main.size, dtype=np.int32), np.zeros(1, dtype=np.int32)
    work, padded = np.empty(4 * main.size), np.zeros(main.size)
    padded[:-1] = side
    _dlasq1(n.ctypes, main.ctypes, padded.ctypes, work.ctypes, info.ctypes)
    if info[0] != 0:
        raise ValueError("dlasq1 did not converge: the matrix holds NaN or infinite entries")
    return main


@njit(cache=True, nogil=True)
def _chi(rng, degrees):
    """Return a chi variable with `degrees` degrees of freedom."""
    return math.sqrt(2.0 * rng.standard_gamma(0.5 * degrees))


@njit(cache=True, nogil=True)
def _bidiagonal(rng, rows, columns, scale):
    """Return the two diagonals of a bidiagonal matrix with the singular values of a Gaussian rows x columns matrix.

    The second diagonal is above the first if rows >= columns, else below it.
    """
    least, most = min(rows, columns), max(rows, columns)
    main, side = np.empty(least), np.empty(max(least - 1, 0))
    for i in range(least):
        main[i] = scale * _chi(rng, most - i)
    for i in range(least - 1):
        side[i] = scale * _chi(rng, least - 1 - i)
    return main, side


@njit(cache=True, nogil=True)
def _triangular(rng, rows, columns, scale, out):
    """Fill `out`, min(rows, columns) x columns, with the factor R of the QR of a Gaussian rows x columns matrix."""
    for i in range(out.shape[0]):
        out[i, :i] = 0.0
        out[i, i] = scale * _chi(rng, rows - i)
        fill(rng, LawCode.GAUSSIAN.value, 0.0, scale, out[i, i + 1 :])


@njit(cache=True, nogil=True)
def invariant_spectrum(rng, widths, scales, precision, single, out):
    """Draw a product of Gaussian matrices and write the logarithms of its singular values to `out`.

    Parameters
    ----------
    rng
        The generator of this sample.
    widths, scales
        n_0 ... n_L, and the standard deviation of the entries of each matrix.
    precision, single, out
        As in `rmtjac.kernels.samples.factor.factor`.

    Returns
    -------
    error, route, flat, shapes
        As in `rmtjac.kernels.samples.jacobian.network_spectrum`; without layers if `out` is final already.
    """
    depth = scales.size
    main, side = _bidiagonal(rng, widths[1], widths[0], scales[0])
    above = widths[1] >= widths[0]
    n = main.size
    rank = widths.min()
    flat = np.empty(int((widths[1:] * widths[:-1]).sum()))
    shapes = np.empty((depth - 1, 2), dtype=np.int64)
    if depth == 1:
        out[:] = -math.inf
        values = bidiagonal_singular_values(main, side)
        for i in range(n):
            out[out.size - 1 - i] = math.log(values[i])
        return -math.inf, Route.CHAIN.value, flat[:0], shapes[:0]
    used = 0
    product, exponent = np.empty((0, 0)), 0
    for l in range(1, depth):
        columns = n if l == 1 else widths[l]
        rows = min(widths[l + 1], columns) if l == depth - 1 else widths[l + 1]
        block = flat[used : used + rows * columns].reshape((rows, columns))
        if l == depth - 1:
            _triangular(rng, widths[l + 1], columns, scales[l], block)
        else:
            fill(rng, LawCode.GAUSSIAN.value, 0.0, scales[l], block.reshape(-1))
        if l == 1:  # times the bidiagonal matrix, column by column from the right
            for i in range(rows):
                if above:
                    for j in range(n - 1, 0, -1):
                        block[i, j] = block[i, j] * main[j] + block[i, j - 1] * side[j - 1]
                    block[i, 0] *= main[0]
                else:
                    for j in range(n - 1):
                        block[i, j] = block[i, j] * main[j] + block[i, j + 1] * side[j]
                    block[i, n - 1] *= main[n - 1]
        shapes[l - 1] = block.shape
        used += block.size
        if depth == 2 and precision == Precision.FAST and not single and above and rows == columns:
            out[:] = -math.inf
            values = triangular_gram_eigenvalues(block)
            error, route = gram_route(values, 0.0, rank, depth, 2.220446049250313e-16, out)
            return error, route, flat[:0], shapes[:0]
        product, taken = multiply(block, product)
        exponent += taken
    error, route = factor(product, exponent, rank, shapes.shape[0], precision, single, out)
    return error, route, flat[:used], shapes

"""Singular values of a product of matrices, each to high relative accuracy, without the product itself.

The product of the first factors is written as Q diag(2**l) T. Q is orthogonal (reflectors and an order of the rows), T
is well conditioned with rows of size one, and l are whole numbers, so that each scaling is exact and nothing overflows.
The next factor is multiplied by Q, never by the scales. A QR factorisation of the result, with its columns ordered by
their true size, gives the new Q, l and T.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.samples.lapack import apply_reflectors, qr, qr_pivoted, singular_values, triangular_product

__all__ = ["chain"]

_EXPONENT = 0x7FF  # the bits of a float that hold its exponent; in NaN and infinity all of them are 1
_MANTISSA = 52
_BIAS = 1022  # |x| < 2**(bits - _BIAS)
_DEAD = -(2**60)  # the exponent that a zero is given
_TOP = 500  # factors are scaled to 2**_TOP, whose square is still a float
_SPREAD = 1000  # rows as small as 2**(_TOP - _SPREAD) have squares that are floats: a QR computes norms of rows
_WINDOW, _MARGIN = 797, 100  # bits: 240 decades in one factorisation, without the 30 next to a cut
_NOISE = 2.0**-53
_LOG2 = math.log(2.0)


@njit(cache=True, nogil=True)
def _exponents(a):
    """Return for each row the e with the largest |entry| in [2**(e-1), 2**e), _DEAD for a row of zeros."""
    rows = np.empty(a.shape[0], dtype=np.int64)
    for i in range(a.shape[0]):
        bits = a[i].view(np.int64)
        largest = 0
        for j in range(bits.size):
            largest = max(largest, bits[j] & 0x7FFFFFFFFFFFFFFF)  # the bits of |x| are ordered like |x|
        rows[i] = (largest >> _MANTISSA) - _BIAS if largest else _DEAD
    return rows


@njit(cache=True, nogil=True)
def _scale(x, power):
    """Return x 2**power, which is exact unless it leaves the range of a float."""
    if -1022 <= power <= 1023:
        return x * np.int64((power + 1023) << _MANTISSA).view(np.float64)
    return math.ldexp(x, max(-5000, min(5000, power)))


@njit(cache=True, nogil=True)
def _column_exponents(factor, rows):
    """Return the exponents of the columns of diag(2**rows) `factor`; zeros get the smallest of the others."""
    columns = np.full(factor.shape[1], _DEAD)
    for i in range(factor.shape[0]):
        bits, offset = factor[i].view(np.int64), rows[i] - _BIAS
        for j in range(bits.size):
            exponent = (bits[j] >> _MANTISSA) & _EXPONENT
            columns[j] = max(columns[j], exponent + offset if exponent else _DEAD)
    least = -_DEAD
    for j in range(columns.size):
        if columns[j] != _DEAD:
            least = min(least, columns[j])
    if least == -_DEAD:
        least = 0
    for j in range(columns.size):
        columns[j] = max(columns[j], least)
    return columns


@njit(cache=True, nogil=True)
def _balance(factor, rows):
    """Make the exponents `rows` equal if a row of diag(2**rows) `factor` would underflow.

    The columns of the factor that acts next then keep their differences in size.
    """
    sizes = _exponents(factor)
    least, lowest, top, highest = -_DEAD, -_DEAD, _DEAD, _DEAD
    for i in range(rows.size):
        if sizes[i] > 1024:
            raise ValueError("a factor holds NaN or infinite entries")
        if sizes[i] != _DEAD:
            least, top = min(least, sizes[i] + rows[i]), max(top, sizes[i] + rows[i])
            lowest, highest = min(lowest, sizes[i]), max(highest, sizes[i])
    if top - least > _SPREAD:
        rows[:] = rows.max()
        if highest - lowest > _SPREAD:
            raise ValueError("the rows of a factor differ by more than 300 decades")


@njit(cache=True, nogil=True)
def _load(factor, order, rows, columns):
    """Return ``2**_TOP (diag(2**rows) factor diag(2**-columns))[:, order]``; its columns have entries up to 2**_TOP."""
    block = np.empty((factor.shape[0], order.size))
    powers = columns[order] - _TOP
    for i in range(factor.shape[0]):
        source, target = factor[i], block[i]
        for j in range(order.size):
            target[j] = _scale(source[order[j]], rows[i] - powers[j])
    return block


@njit(cache=True, nogil=True)
def _sizes(block, count):
    """Return the largest |entry| of each row and of each column among the first `count` columns."""
    rows, columns = np.zeros(block.shape[0]), np.zeros(count)
    for i in range(block.shape[0]):
        source = block[i]
        for j in range(count):
            columns[j] = max(columns[j], abs(source[j]))
        largest = 0.0
        for j in range(count):
            largest = max(largest, abs(source[j]))
        rows[i] = largest
    return rows, columns


@njit(cache=True, nogil=True)
def _transposed(block, rows, columns):
    """Return ``block[rows][:, columns].T``, C-ordered."""
    out = np.empty((columns.size, rows.size))
    for i in range(rows.size):
        source = block[rows[i]]
        for j in range(columns.size):
            out[j, i] = source[columns[j]]
    return out


@njit(cache=True, nogil=True)
def _normalise(a, scales, depth):
    """Write R diag(2**scales) as diag(2**out) S, where the rows of S have size one, and return out.

    R is the upper triangle of ``a.T``, and S replaces it there. `depth` is the number of rows of R.
    """
    out = np.full(depth, _DEAD)
    for j in range(scales.size):
        bits, count = a[j].view(np.int64), min(j + 1, depth)
        for i in range(count):
            exponent = (bits[i] >> _MANTISSA) & _EXPONENT
            if exponent:  # zeros, and numbers below 2**-1022, do not count for the scale
                out[i] = max(out[i], exponent - _BIAS + scales[j])
    for j in range(scales.size):
        column, count = a[j], min(j + 1, depth)
        for i in range(count):
            column[i] = 0.0 if out[i] == _DEAD else _scale(column[i], scales[j] - out[i])
    return out


@njit(cache=True, nogil=True)
def _tidy(t, scales):
    """Move a power of two from each row of `t` to `scales`, so that the largest entry of the row lies in [1/2, 1)."""
    exponents = _exponents(t)
    for i in range(scales.size):
        if scales[i] == _DEAD or exponents[i] == _DEAD:
            scales[i] = _DEAD
        elif exponents[i] != 0:
            scales[i] += exponents[i]
            row = t[i]
            for j in range(row.size):
                row[j] = _scale(row[j], -exponents[i])


@njit(cache=True, nogil=True)
def _first(block):
    """Factor the first matrix with pivoting; return (reflectors, tau, row order, scales, T)."""
    n = block.shape[1]
    sizes, _ = _sizes(block, n)
    rows = np.argsort(-sizes)
    a = _transposed(block, rows, np.arange(n))
    tau, order = qr_pivoted(a)
    k = tau.size
    scales, t = np.zeros(k, dtype=np.int64), np.zeros((k, n))
    for j in range(n):
        for i in range(min(j + 1, k)):
            t[i, order[j]] = a[j, i]
    _tidy(t, scales)
    return a, tau, rows, scales, t


@njit(cache=True, nogil=True)
def _next(block, a, tau, scales, t):
    """Multiply Q diag(2**scales) T by one more factor from the left; return the new parts as `_first` does.

    `block` is the factor with its columns in the row order of Q; it is overwritten.
    """
    apply_reflectors(a, tau, block)
    row_sizes, column_sizes = _sizes(block, scales.size)
    weights = np.empty(scales.size)
    alive = 0
    for j in range(scales.size):
        dead = scales[j] == _DEAD or column_sizes[j] == 0.0
        weights[j] = -math.inf if dead else scales[j] + math.log2(column_sizes[j])
        alive += not dead
    order = np.argsort(-weights)[:alive]
    # Householder reflections are accurate in each row only if the large rows come first.
    rows = np.argsort(-row_sizes)
    a = _transposed(block, rows, order)
    tau = qr(a)
    k = tau.size
    scales = _normalise(a, scales[order], k)
    ordered = t[order]
    t = ordered[:k]
    triangular_product(a, t)
    if k < alive:
        t += np.dot(a[k:].T, ordered[k:])
    _tidy(t, scales)
    return a, tau, rows, scales, t


@njit(cache=True, nogil=True)
def _values(scales, t, shift, out):
    """Write the logarithms of the singular values of diag(2**scales) T, times 2**shift, to the front of `out`."""
    alive = 0
    for i in range(scales.size):
        alive += scales[i] != _DEAD
    order = np.argsort(-scales)[:alive]
    scales = scales[order]
    a = t[order]
    qr(a)  # a is now R_1^T below and on its diagonal, T^T = Q R_1
    done = 0
    while done < alive:
        # In diag(2**scales) R_1^T, which is lower triangular, rows of very different size hardly interact. So a
        # diagonal block has the singular values of its rows, except for those within the margin of its ends.
        start = 0
        while scales[start] > scales[done] + _MARGIN:
            start += 1
        end = done + 1
        while end < alive and scales[end] >= scales[start] - _WINDOW:
            end += 1
        block = np.zeros((end - start, end - start))
        for i in range(start, end):
            for j in range(start, i + 1):
                block[j - start, i - start] = _scale(a[i, j], scales[i] - scales[start])
        qr(block)
        # An entry below the rounding of the diagonal entry of its row does not change the values. But where nothing
        # else connects two blocks, the reflections of an SVD would use it to mix large columns into small ones.
        for j in range(end - start):
            block[j, j + 1 :] = 0.0
            for i in range(j):
                if abs(block[j, i]) < _NOISE * abs(block[i, i]):
                    block[j, i] = 0.0
        values = singular_values(block)
        while done < end and (end == alive or done == start or scales[done] >= scales[start] - _WINDOW + _MARGIN):
            value = values[done - start]
            out[done] = math.log(value) + (scales[start] + shift) * _LOG2 if value > 0.0 else -math.inf
            done += 1
    out[:alive] = np.sort(out[:alive])[::-1]


@njit(cache=True, nogil=True)
def chain(flat, shapes, size):
    """Return the natural logarithms of the singular values of F_{k-1} ... F_0, descending, -inf for zeros.

    Parameters
    ----------
    flat
        The entries of F_0, F_1, ..., each C-ordered, one after the other. They must be finite and are not changed.
    shapes
        Rows and columns of each factor, shape (k, 2), int64. If one of them is 0, all singular values are 0.
    size
        The number of values to return. Those beyond the smallest dimension are zeros.

    Raises
    ------
    ValueError
        If an entry is NaN or infinite, or if the rows of a factor differ by more than 300 decades.
    """
    out = np.full(size, -math.inf)
    if shapes.min() == 0:
        return out
    count = shapes.shape[0]
    ends = np.cumsum(shapes[:, 0] * shapes[:, 1])
    # The scales of the columns move to the rows of the factor that acts before, from the last factor to the first:
    # rows of very different size do no harm, but columns do, because Q mixes them.
    marks = np.zeros(count + 1, dtype=np.int64)
    marks[:count] = shapes[:, 1]
    marks[count] = shapes[count - 1, 0]
    marks = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(marks)))
    exponents = np.zeros(marks[-1], dtype=np.int64)
    for i in range(count - 1, -1, -1):
        factor = flat[ends[i] - shapes[i, 0] * shapes[i, 1] : ends[i]].reshape((shapes[i, 0], shapes[i, 1]))
        _balance(factor, exponents[marks[i + 1] : marks[i + 2]])
        exponents[marks[i] : marks[i + 1]] = _column_exponents(factor, exponents[marks[i + 1] : marks[i + 2]])
    shift = exponents[: marks[1]].max()
    exponents[: marks[1]] = shift  # nothing acts before the first factor
    shift -= count * _TOP
    for i in range(count):
        factor = flat[ends[i] - shapes[i, 0] * shapes[i, 1] : ends[i]].reshape((shapes[i, 0], shapes[i, 1]))
        above, below = exponents[marks[i + 1] : marks[i + 2]], exponents[marks[i] : marks[i + 1]]
        if i == 0:
            a, tau, rows, scales, t = _first(_load(factor, np.arange(shapes[0, 1]), above, below))
        else:
            a, tau, rows, scales, t = _next(_load(factor, rows, above, below), a, tau, scales, t)
    found = np.full(scales.size, -math.inf)
    _values(scales, t, shift, found)
    rank = min(size, scales.size)
    out[:rank] = found[:rank]
    return out

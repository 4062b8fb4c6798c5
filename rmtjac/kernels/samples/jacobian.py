"""The Jacobian of one random network and the logarithms of its singular values.

The product J = D W ... D W is compressed and scaled. Compressed means that for a zero in D of a layer the row of this
layer and the column of the next layer are left out; this makes the zeros exact and the matrices smaller. Scaled means
that after each layer a power of two is taken out, so that neither great depth nor a heavy tail makes the product
overflow.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.codes import LawCode, MaskMoment, MaskSource, Precision, Route
from rmtjac.kernels.samples.draw import draw_matrix, draw_vector, fill_stable
from rmtjac.kernels.samples.factor import factor
from rmtjac.kernels.samples.forward import activate, derivative_has_zeros, homogeneous, preactivations

__all__ = ["NOWHERE", "OVERFLOW", "TINY", "compress", "mask_moments", "multiply", "network_spectrum"]

NOWHERE = -1  # in place of the layer in which the forward pass failed
OVERFLOW = 2**30  # in place of an exponent
TINY = 1e-280  # D below this counts as 0: rows that differ by more than 300 decades have no accurate factorisation


@njit(cache=True, nogil=True)
def _exponent(a):
    """Return the power of two above the largest |entry|, 0 for a zero matrix, OVERFLOW if one is infinite or NaN.

    The bits of |x|, read as whole numbers, are ordered like |x|, and those of infinity and NaN are the largest. The
    maximum of whole numbers is computed with vector instructions.
    """
    bits = a.reshape(-1).view(np.int64)
    largest = 0
    for i in range(bits.size):
        largest = max(largest, bits[i] & 0x7FFFFFFFFFFFFFFF)
    if largest >= 0x7FF0000000000000:
        return OVERFLOW
    return math.frexp(np.array([largest]).view(np.float64)[0])[1]


@njit(cache=True, nogil=True)
def compress(rows, weights, d, space):
    """Write D W to `space`, without the rows where `d` is 0 and with the columns `rows` only.

    `rows` are the neurons of the layer below whose entry of D is not 0. Returns the written block, which is a view of
    `space`, and the neurons of this layer whose entry of D is not 0.
    """
    alive = np.nonzero(np.abs(d) > TINY)[0]
    block = space[: alive.size * rows.size].reshape((alive.size, rows.size))
    whole = rows.size == weights.shape[1]
    for i in range(alive.size):
        source, scale = weights[alive[i]], d[alive[i]]
        if whole:
            block[i] = scale * source
        else:
            for j in range(rows.size):
                block[i, j] = scale * source[rows[j]]
    return block, alive


@njit(cache=True, nogil=True)
def multiply(block, product):
    """Return `block` times `product` (the identity if it is empty), and the exponent of the power of two taken out.

    The exponent is 0 while the entries are far from the ends of the range, and OVERFLOW if an entry is infinite or NaN.
    """
    out = np.dot(block, product) if product.size else block
    exponent = _exponent(out)
    if exponent == OVERFLOW or abs(exponent) < 100:
        return out, exponent if exponent == OVERFLOW else 0
    half = exponent // 2  # in two steps: 2.0**1074 is no float
    return out * 2.0**-half * 2.0 ** (half - exponent), exponent


@njit(cache=True, nogil=True)
def mask_moments(d, out):
    """Write the means of D^2, of D^4, and of log D^2 over D != 0 (NaN if all D are 0) to `out`, by `MaskMoment`."""
    second = fourth = logs = 0.0
    count = 0
    for i in range(d.size):
        square = d[i] * d[i]
        second += square
        fourth += square * square
        if d[i] != 0.0:
            count += 1
            if square != 1.0:
                logs += 2.0 * math.log(abs(d[i]))
    out[MaskMoment.SECOND], out[MaskMoment.FOURTH] = second / d.size, fourth / d.size
    out[MaskMoment.LOG] = logs / count if count else math.nan


@njit(cache=True, nogil=True)
def _rescale(x):
    """Divide `x` in place by a power of two if it is near the ends of the range; return the exponent."""
    exponent = _exponent(x)
    if exponent == OVERFLOW or abs(exponent) < 500:
        return 0
    half = exponent // 2
    x *= 2.0**-half
    x *= 2.0 ** (half - exponent)
    return exponent


@njit(cache=True, nogil=True)
def network_spectrum(
    rng, mask_rng, widths, laws, law_numbers, activations, slopes, x, masks, mask_laws, precision, single,
    out, moments,
):  # fmt: skip
    """Draw one network and write the logarithms of the singular values of its Jacobian to `out`.

    Parameters
    ----------
    rng, mask_rng
        Generators of this sample: one for the network, one for D if it is independent of the weights.
    widths
        n_0 ... n_L.
    laws, law_numbers
        For each layer the `LawCode` of weights and of biases, shape (L, 2), and the shape parameter and the scale of
        weights and of biases, shape (L, 4).
    activations, slopes
        For each layer the code of the activation and its parameter.
    x
        The input x^0.
    masks, mask_laws
        A `MaskSource`. With NETWORK, D comes from the forward pass. With INDEPENDENT, h^l is drawn by `fill_stable`
        with the index mask_laws[l, 0] and the scale mask_laws[l, 1].
    precision, single, out
        As in `factor`.
    moments
        Shape (L, 3): `mask_moments` of each layer is written here.

    Returns
    -------
    failed
        The layer in which the forward pass or the product left the range of a float, or NOWHERE.
    error, route
        As in `factor`.
    underflows
        How many entries of D are below `TINY` although phi' is positive there.
    flat, shapes
        The layers D W for `rmtjac.kernels.samples.chain`.
    """
    depth = widths.size - 1
    scale = 0  # the signal is 2**scale times x
    product = np.empty((0, 0))
    rows = np.arange(widths[0])
    exponent = 0
    flat = np.empty(int((widths[1:] * widths[:-1]).sum()))
    used = 0
    shapes = np.zeros((depth, 2), dtype=np.int64)
    moments[:] = math.nan
    rank = widths[0]
    underflows = 0
    for l in range(depth):
        n_in, n_out = widths[l], widths[l + 1]
        weight_law, bias_law = laws[l, 0], laws[l, 1]
        weights = draw_matrix(rng, weight_law, law_numbers[l, 0], law_numbers[l, 1], n_out, n_in)
        biases = draw_vector(rng, bias_law, law_numbers[l, 2], law_numbers[l, 3], n_out)
        if masks == MaskSource.NETWORK:
            h = preactivations(weights, biases * 2.0**-scale if bias_law != LawCode.NO_LAW else biases, x)
            if not homogeneous(activations[l]):
                h *= 2.0**scale
                scale = 0
        else:
            h = np.empty(n_out)
            fill_stable(mask_rng, mask_laws[l, 0], mask_laws[l, 1], h)
        if not np.all(np.isfinite(h)):
            return l, math.nan, Route.NONE.value, underflows, flat[:used], shapes
        x, d = activate(activations[l], slopes[l], h)
        if homogeneous(activations[l]):
            scale += _rescale(x)
        mask_moments(d, moments[l])
        block, rows = compress(rows, weights, d, flat[used:])
        if not derivative_has_zeros(activations[l]):
            underflows += n_out - rows.size
        shapes[l] = block.shape
        used += block.size
        rank = min(rank, rows.size)
        if rank == 0:
            continue
        if precision == Precision.ACCURATE:
            taken = _exponent(block)
        else:
            product, taken = multiply(block, product)
            exponent += taken
        if taken == OVERFLOW:
            return l, math.nan, Route.NONE.value, underflows, flat[:used], shapes
    error, route = factor(product, exponent, rank, depth, precision, single, out)
    return NOWHERE, error, route, underflows, flat[:used], shapes

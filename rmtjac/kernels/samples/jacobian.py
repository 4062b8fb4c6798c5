"""The Jacobian of one random network and its singular values, from the draw to the logarithms.

The product J = D W ... D W is kept compressed and scaled. Compressed: a zero in D_l removes a row here and
a column of W_{l+1} in the next layer, which makes the zeros exact and the matrices smaller. Scaled: after
each layer a power of two is taken out, so that no depth and no heavy tail overflows.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.samples.draw import draw_matrix, draw_vector, fill
from rmtjac.kernels.samples.factor import ACCURATE, NONE, factor
from rmtjac.kernels.samples.forward import activate, preactivations

__all__ = ["INDEPENDENT", "NETWORK", "OVERFLOW", "TINY", "compress", "mask_moments", "multiply", "network_spectrum"]

NETWORK, INDEPENDENT = 0, 1  # where D comes from
OVERFLOW = 2**30  # in place of an exponent
TINY = 1e-280  # D below this is a zero: rows that differ by more than 300 decades have no accurate factorisation


@njit(cache=True, nogil=True)
def _exponent(a):
    """Return the power of two above the largest |entry|, 0 for a zero matrix, OVERFLOW if one is infinite or NaN.

    The bits of |x| are ordered like |x|, infinities and NaN on top: an integer maximum, which vectorises.
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
    """Write D W without the rows of zeros in `d`, and without the columns of dead neurons, into `space`.

    `rows` are the neurons of the layer below that are still alive. Returns the block, a view of `space`, and the
    neurons alive above.
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
    """Return `block` times `product` (empty: the identity), and the power of two taken out of it.

    None is while the entries are far from the ends of the range. An infinite entry comes out as the exponent OVERFLOW.
    """
    out = np.dot(block, product) if product.size else block
    exponent = _exponent(out)
    if exponent == OVERFLOW or abs(exponent) < 100:
        return out, exponent if exponent == OVERFLOW else 0
    half = exponent // 2  # in two steps: 2.0**1074 is no float
    return out * 2.0**-half * 2.0 ** (half - exponent), exponent


@njit(cache=True, nogil=True)
def mask_moments(d, out):
    """Write the mean of D^2, of D^4, and of log D^2 over D != 0 (NaN if there is none) to `out`."""
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
    out[0], out[1] = second / d.size, fourth / d.size
    out[2] = logs / count if count else math.nan


@njit(cache=True, nogil=True)
def _rescale(x):
    """Bring `x` back to the middle of the range of a float, in place; return the power of two taken out."""
    exponent = _exponent(x)
    if exponent == OVERFLOW or abs(exponent) < 500:
        return 0
    half = exponent // 2
    x *= 2.0**-half
    x *= 2.0 ** (half - exponent)
    return exponent


@njit(cache=True, nogil=True)
def network_spectrum(
    rng, mask_rng, widths, laws, law_numbers, activations, slopes, x, masks, mask_scales, precision, single,
    out, moments,
):  # fmt: skip
    """Draw one network; write the logarithms of the singular values of its Jacobian to `out`.

    Parameters
    ----------
    rng, mask_rng
        Generators of this sample: of the network, and of D when it is drawn apart.
    widths
        n_0 ... n_L.
    laws, law_numbers
        Per layer: codes of weights and biases (L, 2); shape parameter and scale of each (L, 4).
    activations, slopes
        Per layer: activation code and its parameter.
    x
        The input x^0.
    masks, mask_scales
        NETWORK: D from the forward pass; INDEPENDENT: h^l drawn as mask_scales[l] times a standard variable
        of the law laws[l, 0] (normal for the laws of finite variance).
    precision, single, out
        As `factor` takes them.
    moments
        Shape (L, 3): what `mask_moments` finds in each layer is written here.

    Returns
    -------
    trouble
        0, or 1 + the layer in which the forward pass or the product left the range of a float.
    error, route
        As `factor` returns them.
    underflows
        How many entries of D are (next to) zero although phi' has no zero there.
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
        weights = draw_matrix(rng, laws[l, 0], law_numbers[l, 0], law_numbers[l, 1], n_out, n_in)
        biases = draw_vector(rng, laws[l, 1], law_numbers[l, 2], law_numbers[l, 3], n_out)
        if masks == NETWORK:
            h = preactivations(weights, biases * 2.0**-scale if laws[l, 1] >= 0 else biases, x)
            if activations[l] > 2:  # not linear, relu, leaky_relu, which commute with a scale
                h *= 2.0**scale
                scale = 0
        else:
            h = np.empty(n_out)
            fill(mask_rng, 3 if laws[l, 0] == 3 else 0, 0.0, mask_scales[l], h)
        if not np.all(np.isfinite(h)):
            return 1 + l, math.nan, NONE, underflows, flat[:used], shapes
        x, d = activate(activations[l], slopes[l], h)
        if activations[l] <= 2:
            scale += _rescale(x)
        mask_moments(d, moments[l])
        block, rows = compress(rows, weights, d, flat[used:])
        if not 1 <= activations[l] <= 4:  # the codes whose derivative is never exactly zero
            underflows += n_out - rows.size
        shapes[l] = block.shape
        used += block.size
        rank = min(rank, rows.size)
        if rank == 0:
            continue
        if precision == ACCURATE:
            taken = _exponent(block)
        else:
            product, taken = multiply(block, product)
            exponent += taken
        if taken == OVERFLOW:
            return 1 + l, math.nan, NONE, underflows, flat[:used], shapes
    error, route = factor(product, exponent, rank, depth, precision, single, out)
    return 0, error, route, underflows, flat[:used], shapes

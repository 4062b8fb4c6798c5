"""The Jacobian of one random network and its singular values, from the draw to the logarithms.

The product J = D W ... D W is kept compressed and scaled. Compressed: a zero in D_l removes a row here and
a column of W_{l+1} in the next layer, which makes the zeros exact and the matrices smaller. Scaled: after
each layer a power of two is taken out, so that no depth and no heavy tail overflows.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.forward import activate, preactivations
from rmtjac.kernels.lapack import gram_eigenvalues, singular_values
from rmtjac.kernels.sampling import draw_matrix, draw_vector, fill

__all__ = ["INDEPENDENT", "NETWORK", "OVERFLOW", "absorb", "factor", "network_spectrum"]

NETWORK, INDEPENDENT = 0, 1  # where D comes from
OVERFLOW = 2**30  # in place of an exponent
_EPS = 2.220446049250313e-16


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
def absorb(product, rows, weights, d):
    """Multiply the compressed `product` by D W from the left.

    `rows` are the neurons of the layer below that are still alive. Returns the new product, the neurons alive above,
    and the power of two taken out (none while the entries are far from the ends of the range). An infinite entry
    comes out as the exponent OVERFLOW.
    """
    alive = np.nonzero(d)[0]
    block = np.empty((alive.size, rows.size))
    whole = rows.size == weights.shape[1]
    for i in range(alive.size):
        source, scale = weights[alive[i]], d[alive[i]]
        if whole:
            block[i] = scale * source
        else:
            for j in range(rows.size):
                block[i, j] = scale * source[rows[j]]
    if product.size:
        block = np.dot(block, product)
    exponent = _exponent(block)
    if exponent == OVERFLOW or abs(exponent) < 100:
        return block, alive, exponent if exponent == OVERFLOW else 0
    half = exponent // 2  # in two steps: 2.0**1074 is no float
    block *= 2.0**-half
    block *= 2.0 ** (half - exponent)
    return block, alive, exponent


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
def factor(product, exponent, rank, depth, fast, out):
    """Write the logarithms of the singular values of ``2**exponent * product`` to `out`, ascending.

    Only the `rank` largest are computed quantities, the others exact zeros (-inf). Returns the logarithm of
    the absolute error of a singular value (of an eigenvalue of M, when `fast`), 20 L eps times the largest one;
    values below it are noise, and `fast` clips them to it.
    """
    out[:] = -math.inf
    shift = exponent * math.log(2.0)
    if rank == 0 or not np.any(product):
        return -math.inf
    n = out.size
    if fast:
        values = gram_eigenvalues(product)
        floor = 20.0 * depth * _EPS * values[-1]
        for i in range(rank):
            out[n - 1 - i] = 0.5 * math.log(max(values[values.size - 1 - i], floor)) + shift
        return math.log(floor) + 2.0 * shift
    values = singular_values(product)
    floor = 20.0 * depth * _EPS * values[0]
    for i in range(rank):
        out[n - 1 - i] = math.log(values[i] if values[i] > 0.0 else floor) + shift
    return math.log(floor) + shift


@njit(cache=True, nogil=True)
def network_spectrum(rng, mask_rng, widths, laws, law_numbers, activations, slopes, x, masks, mask_scales, fast, out):
    """Draw one network and write the logarithms of the singular values of its Jacobian to `out`.

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

    Returns
    -------
    trouble
        0, or 1 + the layer in which the forward pass or the product left the range of a float.
    error
        As `factor` returns it.
    underflows
        How many entries of D are zero although phi' has no zero there.
    """
    depth = widths.size - 1
    scale = 0  # the signal is 2**scale times x
    product = np.empty((0, 0))
    rows = np.arange(widths[0])
    exponent = 0
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
            return 1 + l, math.nan, underflows
        x, d = activate(activations[l], slopes[l], h)
        if activations[l] <= 2:
            scale += _rescale(x)
        if not 1 <= activations[l] <= 4:  # the codes whose derivative is never exactly zero
            underflows += n_out - np.count_nonzero(d)
        product, rows, taken = absorb(product, rows, weights, d)
        if taken == OVERFLOW:
            return 1 + l, math.nan, underflows
        exponent += taken
        rank = min(rank, rows.size)
        if rank == 0:
            break
    return 0, factor(product, exponent, rank, depth, fast, out), underflows

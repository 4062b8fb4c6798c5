"""From the layers of a product to the logarithms of its singular values, by the cheapest route that will do.

GRAM, eigenvalues of J J^T: the bulk. SVD, dgesdd of the product: absolute error 20 L eps times the largest singular
value (20 L is the largest constant seen in any run). CHAIN, `rmtjac.kernels.samples.chain`: each value to 1e-9 or
better, however small it is; left to the caller, because that kernel takes many seconds to compile and most runs do
without.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.samples.gram import gram_eigenvalues
from rmtjac.kernels.samples.lapack import singular_values

__all__ = ["ACCURATE", "AUTO", "CHAIN", "FAST", "GRAM", "NONE", "SVD", "TOLERANCE", "factor", "gram_route"]

AUTO, ACCURATE, FAST = range(3)  # what is asked for
NONE, SVD, CHAIN, GRAM = range(4)  # what was done; NONE: all values are exact zeros
TOLERANCE = 1e-6  # AUTO takes the SVD if its error is below this fraction of the smallest nonzero singular value

_EPS, _EPS_SINGLE = 2.220446049250313e-16, 1.1920929e-07


@njit(cache=True, nogil=True)
def _gram(product, single):
    """Return the eigenvalues of P P^T, ascending, P = 2**-e * product, e, and the unit of rounding."""
    if not single:
        return gram_eigenvalues(product), 0, _EPS
    e = math.frexp(np.abs(product).max())[1]  # squares must not leave the short range of float32
    values = gram_eigenvalues((product * 2.0**-e).astype(np.float32))
    return values.astype(np.float64), e, _EPS_SINGLE


@njit(cache=True, nogil=True)
def gram_route(values, shift, rank, depth, eps, out):
    """Write half the logarithms of the eigenvalues, clipped to their error, plus `shift`; return as `factor` does."""
    floor = 20.0 * depth * eps * values[-1]
    for i in range(rank):
        out[out.size - 1 - i] = 0.5 * math.log(max(values[values.size - 1 - i], floor)) + shift
    return math.log(floor) + 2.0 * shift, GRAM


@njit(cache=True, nogil=True)
def factor(product, exponent, rank, depth, precision, single, out):
    """Write the logarithms of the singular values of a product of layers to `out`, ascending, -inf for exact zeros.

    Parameters
    ----------
    product, exponent
        ``2**exponent * product`` is the product of the layers; not looked at with ACCURATE.
    rank
        How many singular values are computed quantities.
    depth
        The number L of layers.
    precision, single
        AUTO, ACCURATE or FAST; whether FAST works in single precision.
    out
        Shape (n_L,).

    Returns
    -------
    error
        Logarithm of the absolute error of a singular value, of an eigenvalue of M with GRAM (which clips smaller ones
        to it), -inf with CHAIN.
    route
        NONE, SVD, GRAM, or CHAIN: then `out` is still to be filled.
    """
    out[:] = -math.inf
    if rank == 0 or (precision != ACCURATE and not np.any(product)):
        return -math.inf, NONE
    n = out.size
    shift = exponent * math.log(2.0)
    if precision == FAST:
        values, e, eps = _gram(product, single)
        return gram_route(values, shift + e * math.log(2.0), rank, depth, eps, out)
    if precision == AUTO:
        # With one layer the product may be the layer itself, which the chain may need.
        values = singular_values(product.copy() if depth == 1 else product)
        floor = 20.0 * depth * _EPS * values[0]
        if floor <= TOLERANCE * values[rank - 1]:
            for i in range(rank):
                out[n - 1 - i] = math.log(values[i]) + shift
            return math.log(floor) + shift, SVD
    return -math.inf, CHAIN

"""The logarithms of the singular values of a product J of layers, by the cheapest route that is accurate enough.

- `Route.GRAM` computes the eigenvalues of J J^T. It suits the bulk of the spectrum.
- `Route.SVD` calls dgesdd of LAPACK for J. The absolute error is 20 L eps times the largest singular value for L
  layers; 20 L is the largest constant seen in any run.
- `Route.CHAIN` is `rmtjac.kernels.samples.chain`: each value has a relative error of 1e-9 or less, however small it
  is. `factor` only returns this code and the caller runs the chain, because that kernel takes many seconds to compile
  and most runs do not need it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.codes import Precision, Route
from rmtjac.kernels.samples.gram import gram_eigenvalues
from rmtjac.kernels.samples.lapack import singular_values

__all__ = ["TOLERANCE", "factor", "gram_route"]

TOLERANCE = 1e-6  # AUTO takes the SVD if its error is below this fraction of the smallest nonzero singular value

_EPS, _EPS_SINGLE = 2.220446049250313e-16, 1.1920929e-07


@njit(cache=True, nogil=True)
def _gram(product, single):
    """Return the eigenvalues of P P^T, ascending, for P = 2**-e * product; e; and the machine epsilon."""
    if not single:
        return gram_eigenvalues(product), 0, _EPS
    e = math.frexp(np.abs(product).max())[1]  # so that squares stay in the range of float32
    values = gram_eigenvalues((product * 2.0**-e).astype(np.float32))
    return values.astype(np.float64), e, _EPS_SINGLE


@njit(cache=True, nogil=True)
def gram_route(values, shift, rank, depth, eps, out):
    """Write half the logarithms of the `rank` largest eigenvalues plus `shift` to `out`; return error and route.

    Eigenvalues smaller than their error are replaced by it.
    """
    floor = 20.0 * depth * eps * values[-1]
    for i in range(rank):
        out[out.size - 1 - i] = 0.5 * math.log(max(values[values.size - 1 - i], floor)) + shift
    return math.log(floor) + 2.0 * shift, Route.GRAM.value


@njit(cache=True, nogil=True)
def factor(product, exponent, rank, depth, precision, single, out):
    """Write the logarithms of the singular values of a product of layers to `out`, ascending, -inf for exact zeros.

    Parameters
    ----------
    product, exponent
        ``2**exponent * product`` is the product of the layers; `Precision.ACCURATE` ignores it.
    rank
        The number of singular values that the shapes do not force to be 0.
    depth
        The number L of layers.
    precision, single
        A `Precision`; whether FAST computes in single precision.
    out
        Shape (n_L,).

    Returns
    -------
    error
        The logarithm of the absolute error: of the singular values with SVD, of the eigenvalues of M with GRAM (smaller
        eigenvalues are replaced by it); -inf with CHAIN and NONE.
    route
        A `Route`. With CHAIN the caller has to fill `out`.
    """
    out[:] = -math.inf
    if rank == 0 or (precision != Precision.ACCURATE and not np.any(product)):
        return -math.inf, Route.NONE.value
    n = out.size
    shift = exponent * math.log(2.0)
    if precision == Precision.FAST:
        values, e, eps = _gram(product, single)
        return gram_route(values, shift + e * math.log(2.0), rank, depth, eps, out)
    if precision == Precision.AUTO:
        # With one layer the product may be the layer itself, which the chain may need.
        values = singular_values(product.copy() if depth == 1 else product)
        floor = 20.0 * depth * _EPS * values[0]
        if floor <= TOLERANCE * values[rank - 1]:
            for i in range(rank):
                out[n - 1 - i] = math.log(values[i]) + shift
            return math.log(floor) + shift, Route.SVD.value
    return -math.inf, Route.CHAIN.value

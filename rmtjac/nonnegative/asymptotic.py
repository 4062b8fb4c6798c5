r"""The asymptotic mapping of a network, and its spectral radius as a proved bracket.

.. math:: T_\infty(x) = \lim_{p\to\infty} T(px)/p = D_L W_L \cdots D_1 W_1 x

where the weights are nonnegative and D_l is the slope at infinity of the activation of layer l (NN), which is 0 for a
bounded activation. `rmtjac.nonnegative.matrices.perron` brackets its spectral radius.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.matrices.perron import radius
from rmtjac.nonnegative.predicates.order import nonnegative_weights
from rmtjac.validate import finite, real_array

__all__ = ["asymptotic_factors", "asymptotic_map", "factors_of", "spectral_radius"]

_TOLERANCE = 1e-12


def asymptotic_map(network: Network) -> Network:
    r"""Return the asymptotic mapping of a network with nonnegative weights, a linear network without biases.

    .. math:: T_\infty(x) = \lim_{p\to\infty} T(px)/p = D_L W_L \cdots D_1 W_1 x,

    where D_l is the slope at infinity of the activation of layer l.

    Parameters
    ----------
    network : Network
        A network with nonnegative weights.

    Returns
    -------
    Network
        The linear network with weights D_l W_l.

    Raises
    ------
    ValueError
        If a weight is negative, or the slope at infinity of an activation is not known.

    See Also
    --------
    spectral_radius : Bracket its spectral radius.

    Notes
    -----
    Cost: linear in the number of weights.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0]], [[3.0]]], [[1.0], [1.0]], ["relu", "softplus"])
    >>> rj.nonnegative.asymptotic_map(net)([1.0])
    array([6.])
    """
    signs = nonnegative_weights(network)
    if not signs:
        raise ValueError(f"network: {signs.evidence}; the asymptotic mapping is defined for nonnegative weights")
    slopes = slopes_at_infinity(network)
    return Network([slope * matrix for slope, matrix in zip(slopes, network.weights, strict=True)], None, "linear")


def slopes_at_infinity(network: Network) -> list[float]:
    """Return the limit of phi(t)/t of each layer."""
    found = []
    for l, phi in enumerate(network.activations):
        slope = phi.facts.slope
        if slope is None:
            raise ValueError(f"network: the slope at infinity of activation {phi.spec!r} of layer {l} is not known")
        found.append(slope)
    return found


def asymptotic_factors(network: Network) -> list[np.ndarray]:
    """Return the factors D_l W_l of the asymptotic mapping, first layer first."""
    return list(asymptotic_map(network).weights)


def factors_of(matrix_or_network: Any) -> list[Any]:
    """Return the nonnegative factors of a square product, first factor first, after checking them."""
    from scipy.sparse import issparse

    if isinstance(matrix_or_network, Network):
        out: list[Any] = _unrounded(matrix_or_network)
    elif (
        isinstance(matrix_or_network, Sequence)
        and len(matrix_or_network)
        and (issparse(matrix_or_network[0]) or np.ndim(matrix_or_network[0]) == 2)
    ):
        out = [_real(one) for one in matrix_or_network]
    else:
        out = [_real(matrix_or_network)]
    for l, one in enumerate(out):
        if one.ndim != 2:
            raise ValueError(f"matrix has shape {one.shape}; a square matrix, or a list of factors, is needed")
        values = real_array(f"factor {l}", one.data, "a matrix") if issparse(one) else one
        if not np.isfinite(values).all():
            raise ValueError(f"factor {l} holds NaN or infinite entries")
        if values.size and values.min() < 0.0:
            raise ValueError(f"factor {l} holds {values.min():.6g}; nonnegative matrices are needed")
        if l and one.shape[1] != out[l - 1].shape[0]:
            raise ValueError(f"factor {l} has shape {one.shape}; (?, {out[l - 1].shape[0]}) is needed")
    if out[-1].shape[0] != out[0].shape[1]:
        raise ValueError(f"the product maps R^{out[0].shape[1]} to R^{out[-1].shape[0]}; a square one is needed")
    return out


def _real(matrix: Any) -> Any:
    """Return a matrix of floats, CSR if the given one is sparse."""
    from scipy.sparse import csr_array, issparse

    if getattr(getattr(matrix, "dtype", None), "kind", "") == "c":
        raise TypeError(f"matrix must be a nonnegative matrix of real numbers, not of {matrix.dtype}")
    if not issparse(matrix):
        return real_array("matrix", matrix, "a matrix")
    if matrix.ndim != 2:
        raise ValueError(f"matrix has shape {matrix.shape}; a square matrix, or a list of factors, is needed")
    with np.errstate(over="ignore"):
        out = csr_array(matrix, dtype=float, copy=True)
        out.sum_duplicates()
    return out


def _unrounded(network: Network) -> list[Any]:
    """Return factors whose product is the asymptotic mapping without rounding: each D_l is a separate factor."""
    from scipy.sparse import csr_array, diags_array

    out: list[Any] = []
    for matrix, scaled, slope in zip(
        network.weights, asymptotic_factors(network), slopes_at_infinity(network), strict=True
    ):
        if slope in (0.0, 1.0):
            out.append(scaled)
        else:
            out += [matrix, csr_array(diags_array(np.full(len(matrix), slope)))]
    return out


def spectral_radius(matrix_or_network: Any, tol: float = _TOLERANCE) -> tuple[float, float]:
    r"""Return a proved bracket of the spectral radius of a nonnegative matrix or of an asymptotic mapping.

    For a positive vector x and irreducible A >= 0, :math:`\min_i (Ax)_i/x_i \le \rho(A) \le \max_i (Ax)_i/x_i` (Collatz
    1942, Wielandt 1950). The vector is searched for in floats; the bracket is computed with outward rounding.

    Parameters
    ----------
    matrix_or_network : array_like, sparse array, list of these, or Network
        A nonnegative square matrix, dense or sparse; or factors ``[A_1, ..., A_L]`` of the product A_L ... A_1; or a
        network with nonnegative weights, which stands for its asymptotic mapping. Entries may have any size.
    tol : float, optional
        Relative width at which the search stops. Rounding allows about 1e-15.

    Returns
    -------
    lower : float
        A lower bound.
    upper : float
        An upper bound.

    Raises
    ------
    TypeError
        If an entry is complex or no number.
    ValueError
        If an entry is negative or not finite, or shapes do not chain.

    See Also
    --------
    asymptotic_map : The linear map of a network.

    Notes
    -----
    Reducible matrices are first split into strongly connected components, in time linear in the entries; components
    that cannot have the largest radius are dropped. Cost of the others: power steps, each a product with each factor,
    if these converge fast. Otherwise about ten LU factorisations: dense at the narrowest layer (up to 3000), or sparse
    for all layers together, which is linear for paths, cycles, trees and many small components and :math:`n^{3/2}` for
    grids. The bracket can stay wider than `tol` for large matrices on which both the power method (5000 steps) and a
    sparse LU are slow, and for radii beyond the range of floats.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> low, high = rj.nonnegative.spectral_radius(np.array([[1.0, 1.0], [1.0, 0.0]]))
    >>> bool(low <= (1 + 5**0.5) / 2 <= high), high - low < 1e-11
    (True, True)
    """
    return radius(factors_of(matrix_or_network), finite("tol", tol, above=0.0))

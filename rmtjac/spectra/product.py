"""Singular values of a product of given matrices, each to high relative accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, overload

import numpy as np

from rmtjac.spectra.chain_error import chain_values, chained
from rmtjac.spectra.rank import entry_rounding, exact_rank, without_copies
from rmtjac.spectra.settle import without_zeros
from rmtjac.validate import real_array

__all__ = ["product_singular_values"]


@overload
def product_singular_values(factors: Sequence[np.ndarray], check: Literal[False] = False) -> np.ndarray: ...
@overload
def product_singular_values(factors: Sequence[np.ndarray], check: Literal[True]) -> tuple[np.ndarray, np.ndarray]: ...
def product_singular_values(
    factors: Sequence[np.ndarray], check: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    r"""Return the natural logarithms of the singular values of the product :math:`W_{k-1} \cdots W_1 W_0`.

    The product is never formed. ``svdvals`` of it has an absolute error of about :math:`20 k \epsilon \sigma_1`, which
    for ten Gaussian factors is larger than the small values. Here a chain of QR factorisations keeps the scales as
    separate exponents. So small values are as accurate as large ones, and nothing overflows.

    Parameters
    ----------
    factors : sequence of array_like of float, shapes (n_1, n_0), (n_2, n_1), ...
        Real matrices ``[W0, W1, ...]``, of which the first acts first. Their entries count as exact. A layer of a
        Jacobian is one matrix ``d[:, None] * W``.
    check : bool, default False
        Whether to run four more chains, of factors changed by a few roundings, and to return a bound on the error.

    Returns
    -------
    values : ndarray of float, shape (min(n_0, n_k),)
        The logarithms, descending; -inf for zeros that are certain. These are the zeros caused by rows and columns of
        zeros or by rows and columns that are multiples of each other. For factors of whole numbers (or of small whole
        numbers times a factor), and with ``check``, elimination modulo primes proves the other zeros too. A zero that
        is not certain appears as a value of the size of rounding.
    error : ndarray of float, shape (min(n_0, n_k),)
        Only with ``check``: a bound on the relative error of each singular value, from the movement of the values under
        changes of the entries by a few roundings. It is inf if rounding hides whether the value is 0, and 0 for exact
        zeros. The bound is no proof, but it held for all of some thousand products of every kind
        (data/product_bound.md).

    Raises
    ------
    ValueError
        If there is no factor; if a factor is empty, is not a matrix, or holds NaN or infinite entries; if the shapes do
        not match; or if the rows of a factor differ by more than 300 decades.
    TypeError
        If the factors are not a sequence of real matrices.

    See Also
    --------
    rmtjac.EmpiricalSpectrum.from_matrices : The spectrum of one matrix, or of a stack.

    Notes
    -----
    Cost: 2 to 6 times that of multiplying the factors and calling ``svdvals``; five times as much with ``check``.

    References
    ----------
    docs/theory/singular_values.md.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> w = np.array([[1.0, 1.0], [0.0, 1e-200]])
    >>> logs = rj.spectra.product_singular_values([w, w, np.diag([1e200, 1.0])])
    >>> logs / np.log(10.0)  # svdvals returns 0 for the second
    array([ 200.15..., -400.15...])
    """
    matrices = _matrices(factors)
    size = min(matrices[0].shape[1], matrices[-1].shape[0])
    matrices = without_zeros(matrices)
    if any(0 in w.shape for w in matrices):
        logs = np.full(size, -math.inf)
        return (logs, np.zeros(size)) if check else logs
    exact = all(entry_rounding(w) == 0.0 for w in matrices)
    matrices = without_copies(matrices)
    if not check:
        logs, lost = chain_values(matrices, size)
        if exact or lost.any():
            logs[exact_rank(matrices)[1] :] = -math.inf
        return logs
    logs, error, hidden, _ = chained(matrices, size)
    if hidden.any():  # the true size of a hidden value may be much smaller; then the values below it move up
        error[np.argmax(hidden) :] = math.inf
    if exact or hidden.any():
        zeros = np.arange(size) >= exact_rank(matrices)[1]
        logs[zeros], error[zeros] = -math.inf, 0.0
    return logs, error


def _matrices(factors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the factors as float matrices, or raise an error if one is not allowed or the shapes do not match."""
    if isinstance(factors, (str, bytes)) or not hasattr(factors, "__len__") or not hasattr(factors, "__getitem__"):
        raise TypeError(f"factors={factors!r} must be a list of matrices")
    if len(factors) == 0:
        raise ValueError("factors=[] must hold at least one matrix")
    matrices: list[np.ndarray] = []
    for i, factor in enumerate(factors):
        matrix = real_array(f"factors[{i}]", factor, "a matrix")
        if matrix.ndim != 2 or 0 in matrix.shape:
            raise ValueError(f"factors[{i}] has shape {matrix.shape}; a matrix with at least one entry is needed")
        if not np.isfinite(matrix).all():
            raise ValueError(f"factors[{i}] holds NaN or infinite entries; finite numbers are needed")
        if i and matrix.shape[1] != matrices[-1].shape[0]:
            raise ValueError(
                f"factors[{i}] has {matrix.shape[1]} columns; as many as factors[{i - 1}] has rows, "
                f"{matrices[-1].shape[0]}, are needed"
            )
        matrices.append(matrix)
    return matrices

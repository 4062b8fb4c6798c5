"""Singular values of a product of given matrices, each of them to high relative accuracy."""

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
    r"""Return the natural logarithms of the singular values of :math:`W_{k-1} \cdots W_1 W_0`, descending.

    The product is never formed: ``svdvals`` of it has an absolute error of about :math:`20 k \epsilon \sigma_1`, which
    for ten Gaussian factors already spoils the small values. Here a chain of QR factorisations carries the
    scales along as exponents, so that small values are as accurate as large ones, and nothing overflows.

    Parameters
    ----------
    factors
        Real matrices ``[W0, W1, ...]``, the first acts first. Their entries count as exact; a layer of a
        Jacobian is one matrix ``d[:, None] * W``.
    check
        Run four more chains, of factors moved by a few roundings, and return a bound on the error.

    Returns
    -------
    values
        Shape (min(n_0, n_k),): -inf for exact zeros, those that rows and columns of zeros, or multiples of one another,
        bring about, and, for factors of whole numbers (or small ones times a number) and with ``check``, all that
        elimination modulo primes proves. Other zeros show as values at the level of rounding.
    error
        Only with ``check``: a bound on the relative error of each singular value, from how far the values move when
        entries move by a few roundings. It held on all of some thousand products of every kind
        (data/product_bound.md), and is no proof. inf: rounding hides whether the value is 0. 0 for exact zeros.

    Raises
    ------
    ValueError
        If there is no factor, one is empty, no matrix, or holds NaN or infinite entries, if the shapes do not match, or
        if the rows of a factor differ by more than 300 decades.
    TypeError
        If the factors are not a sequence of real matrices.

    Notes
    -----
    Cost: 2 to 6 times that of multiplying the factors and calling ``svdvals``; five times that with ``check``.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> w = np.array([[1.0, 1.0], [0.0, 1e-200]])
    >>> logs = rj.spectra.product_singular_values([w, w, np.diag([1e200, 1.0])])
    >>> logs / np.log(10.0)  # svdvals cannot hold the second
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
    if hidden.any():  # which may be much smaller in truth, so that those below move up
        error[np.argmax(hidden) :] = math.inf
    if exact or hidden.any():
        zeros = np.arange(size) >= exact_rank(matrices)[1]
        logs[zeros], error[zeros] = -math.inf, 0.0
    return logs, error


def _matrices(factors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the factors as float matrices, or say what is wrong with them."""
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

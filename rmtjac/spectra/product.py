"""Singular values of a product of given matrices, each of them to high relative accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

import numpy as np

__all__ = ["product_singular_values"]

_EPS = 2.220446049250313e-16
_NEIGHBOURS = 5  # one difference may be small by accident: the largest among so many on either side counts
_SAFETY = 10.0  # of the error over the difference of the two chains: data/product_accuracy.md


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
        Run the chain of the transposes, too, and return an estimate of the error.

    Returns
    -------
    values
        Shape (min(n_0, n_k),): -inf for the exact zeros that rows and columns of zeros bring about. A rank
        lost in another way (equal rows) shows as values at the level of rounding.
    error
        Only with ``check``: the bound on the relative error of each singular value, from the difference of the two
        chains. It is an estimate, three times the difference, and no proof. 0 for exact zeros.

    Raises
    ------
    ValueError
        If there is no factor, one is empty, no matrix, or holds NaN or infinite entries, if the shapes do not match, or
        if the rows of a factor differ by more than 300 decades.
    TypeError
        If the factors are not a sequence of real matrices.

    Notes
    -----
    Cost: 2 to 6 times that of multiplying the factors and calling ``svdvals``.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> w = np.array([[1.0, 1.0], [0.0, 1e-200]])
    >>> logs = rj.spectra.product_singular_values([w, w, np.diag([1e200, 1.0])])
    >>> logs / np.log(10.0)  # svdvals cannot hold the second
    array([ 200.15..., -400.15...])
    """
    from rmtjac.kernels.chain import chain

    matrices = _matrices(factors)
    size = min(matrices[0].shape[1], matrices[-1].shape[0])
    matrices = _without_zeros(matrices)
    forward = chain(*_flat(matrices), size)
    if not check:
        return forward
    backward = chain(*_flat([w.T for w in reversed(matrices)]), size)
    return forward, _error(forward, backward, len(matrices))


def _matrices(factors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the factors as float matrices, or say what is wrong with them."""
    if isinstance(factors, (str, bytes)) or not hasattr(factors, "__len__") or not hasattr(factors, "__getitem__"):
        raise TypeError(f"factors={factors!r} must be a list of matrices")
    if len(factors) == 0:
        raise ValueError("factors=[] must hold at least one matrix")
    matrices: list[np.ndarray] = []
    for i, factor in enumerate(factors):
        try:
            raw = np.asarray(factor)
            if raw.dtype.kind not in "biuf":
                raise TypeError
            matrix = raw.astype(float)
        except (TypeError, ValueError):
            raise TypeError(f"factors[{i}] must be a matrix of real numbers") from None
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


def _without_zeros(matrices: list[np.ndarray]) -> list[np.ndarray]:
    """Drop rows of zeros with the columns that they meet, and columns with their rows, until none is left."""
    matrices = list(matrices)
    changed = True
    while changed:
        changed = False
        for i, w in enumerate(matrices):
            rows, columns = w.any(axis=1), w.any(axis=0)
            if rows.all() and columns.all():
                continue
            changed = True
            matrices[i] = w[np.ix_(rows, columns)]
            if i + 1 < len(matrices):
                matrices[i + 1] = matrices[i + 1][:, rows]
            if i:
                matrices[i - 1] = matrices[i - 1][columns]
    return matrices


def _flat(matrices: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrices as the kernel takes them."""
    flat = np.concatenate([w.ravel() for w in matrices])
    return flat, np.array([w.shape for w in matrices], dtype=np.int64)


def _error(forward: np.ndarray, backward: np.ndarray, count: int) -> np.ndarray:
    """Return the bound on the relative errors of the singular values that two independent computations give."""
    from scipy.ndimage import maximum_filter1d

    exact = np.isneginf(forward) & np.isneginf(backward)
    difference = np.zeros(forward.size)
    difference[~exact] = np.abs(forward[~exact] - backward[~exact])
    difference = maximum_filter1d(difference, 2 * _NEIGHBOURS + 1, mode="nearest")
    # What both chains have in common: a logarithm of size x is rounded to x eps, a QR to a few eps.
    logs = np.where(np.isfinite(forward), np.abs(forward), 0.0)
    error = np.expm1(np.minimum(_SAFETY * difference, 700.0)) + _EPS * (20.0 + 2.0 * count + logs)
    return np.where(exact, 0.0, error)

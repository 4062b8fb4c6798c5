r"""Proved bounds of eigenvalues and norms of dense matrices, by Cholesky's method in floats.

Theorem (Rump, Verification of positive definiteness, BIT 46, 2006): if Cholesky's method in floats ends without a
negative pivot on a symmetric matrix A of floats, then :math:`\lambda_{min}(A) \ge -\gamma\,tr A` with
:math:`\gamma = (n+1)u/(1-2(n+1)u)`, up to underflow, for which a constant is added. The float eigenvalues only choose
the shift; if Cholesky's method fails for every shift, no bound is returned.
"""

from __future__ import annotations

import numpy as np

from rmtjac.fixed_points.certified.enclosure import TWO_UNITS

__all__ = ["least_eigenvalue", "norm_bound"]

_ROOMS = (4.0, 1e3, 1e6, 1e9, 1e12)  # multiples of n^2 units: how far below the float eigenvalue a proof is tried


def least_eigenvalue(matrix: np.ndarray, error: float = 0.0) -> float:
    r"""Return a lower bound of the eigenvalues of every symmetric matrix within `error`, in norm, of `matrix`.

    Parameters
    ----------
    matrix
        Shape (n, n); only its lower triangle is read.
    error
        A bound of the spectral norm of the difference.

    Returns
    -------
    float
        The bound, or -inf if none was proved.

    Notes
    -----
    Cost: one symmetric eigenvalue problem and a few Cholesky factorisations.
    """
    n = len(matrix)
    with np.errstate(all="ignore"):
        size = float(np.abs(matrix).max(initial=0.0))
        if not (np.isfinite(matrix).all() and 1e-200 < size < 1e200):
            return -np.inf
        guess = float(np.linalg.eigvalsh(matrix)[0])
        for room in _ROOMS:
            shift = guess - min(room * n * n * TWO_UNITS, 0.1) * max(abs(guess), size)
            moved = matrix.copy()
            moved[np.diag_indices(n)] -= shift
            try:
                np.linalg.cholesky(moved)
            except np.linalg.LinAlgError:
                continue
            trace = float(np.diag(moved).sum())
            slack = 2.0 * (n + 4) * TWO_UNITS * (trace + abs(shift) + size) + error
            return shift - slack * (1.0 + 8.0 * TWO_UNITS) - n * 1e-300
    return -np.inf


def norm_bound(matrix: np.ndarray) -> float:
    r"""Return an upper bound of the spectral norm of a matrix; inf if none was proved.

    It comes from a bound of the eigenvalues of :math:`A^T A` or :math:`A A^T`, whichever is smaller, which counts the
    rounding errors of this product.
    """
    if not matrix.size or not np.isfinite(matrix).all():
        return np.inf if matrix.size else 0.0
    largest = float(np.abs(matrix).max())
    if largest == 0.0:
        return 0.0
    with np.errstate(all="ignore"):
        exponent = int(np.frexp(largest)[1])
        scaled = np.ldexp(matrix, -exponent)  # exact, except for underflow, which is far below the slack
        if matrix.shape[0] < matrix.shape[1]:
            scaled = scaled.T
        rows = len(scaled)
        gram = scaled.T @ scaled
        total = float((scaled * scaled).sum()) * (1.0 + scaled.size * TWO_UNITS)
        lowest = least_eigenvalue(-gram, (rows + 8) * TWO_UNITS * total + 1e-290)
        bound = np.sqrt(-lowest) * (1.0 + 4.0 * TWO_UNITS)
        # One step up, because the result may be subnormal.
        return float(np.nextafter(np.ldexp(bound, exponent), np.inf)) if bound < np.inf else np.inf

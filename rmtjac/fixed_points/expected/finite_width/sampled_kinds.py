r"""The kinds of fixed points from drawn Jacobians, weighted by :math:`|\det(I - J)|` without overflow.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import numpy as np

__all__ = ["kind_weights"]

_LARGEST = 230.0  # of the logarithm of a row, where eigenvalues are computed


def kind_weights(rows: np.ndarray, log_rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return |det(I - J)| by kind for Jacobians with the rows ``exp(log_rows[i]) * rows[i]``.

    Parameters
    ----------
    rows : ndarray of float, shape (n, n, P)
        The rows of J (first axis) in units of their own.
    log_rows : ndarray of float, shape (n, P)
        The logarithms of the units, which may be -inf.

    Returns
    -------
    weights : ndarray of float, shape (4, P)
        |det(I - J)| if the point is stable, a saddle, a repeller, else 0; and det(I - J). All in the units below.
    log_unit : ndarray of float, shape (P,)
        The logarithms of the units.

    Notes
    -----
    For n = 2 the kinds follow from the signs of det(I - J), det(I + J) and 1 - det J, without eigenvalues.
    """
    n, count = log_rows.shape
    with np.errstate(divide="ignore"):
        size = log_rows + np.log(np.abs(rows).max(axis=1))
    unit = np.maximum(size, 0.0)
    scaled = rows * np.exp(np.minimum(log_rows - unit, 700.0))[:, None, :]
    one = np.exp(-unit)
    total = unit.sum(axis=0)
    if n == 1:
        minus, plus = one[0] - scaled[0, 0], one[0] + scaled[0, 0]
        stable, saddle = minus * plus > 0.0, np.zeros(count, dtype=bool)
    elif n == 2:
        det = scaled[0, 0] * scaled[1, 1] - scaled[0, 1] * scaled[1, 0]
        minus = (one[0] - scaled[0, 0]) * (one[1] - scaled[1, 1]) - scaled[0, 1] * scaled[1, 0]
        plus = (one[0] + scaled[0, 0]) * (one[1] + scaled[1, 1]) - scaled[0, 1] * scaled[1, 0]
        stable = (minus > 0.0) & (plus > 0.0) & (np.exp(-total) - det > 0.0)
        saddle = minus * plus < 0.0
    else:
        matrices = np.moveaxis(scaled, 2, 0)
        eye = np.moveaxis(one, 1, 0)[:, :, None] * np.eye(n)
        minus = np.linalg.det(eye - matrices)
        jacobians = np.moveaxis(rows * np.exp(np.minimum(log_rows, _LARGEST))[:, None, :], 2, 0)
        inside = (np.abs(np.linalg.eigvals(jacobians)) < 1.0).sum(axis=1)
        stable, saddle = inside == n, (inside > 0) & (inside < n)
    size_of = np.abs(minus)
    repeller = ~(stable | saddle)
    return np.stack([size_of * stable, size_of * saddle, size_of * repeller, minus]), total

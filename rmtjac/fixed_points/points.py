"""Facts of single fixed points that follow from their coordinates and Jacobians."""

from __future__ import annotations

import numpy as np

__all__ = ["ascending", "indices", "placed", "radius_below_one", "spectral_radii"]

_SQUARINGS = 5


def spectral_radii(jacobians: np.ndarray) -> np.ndarray:
    """Return the spectral radius of each matrix, shape (..., n, n) -> (...); inf if an entry is not finite."""
    finite = np.isfinite(jacobians).all(axis=(-2, -1))
    values = np.linalg.eigvals(np.where(finite[..., None, None], jacobians, 0.0))
    return np.where(finite, np.abs(values).max(axis=-1, initial=0.0), np.inf)


def radius_below_one(jacobian: np.ndarray) -> bool:
    """Return True if one of the first squares of the matrix has a norm below 1, which proves a spectral radius < 1."""
    power = jacobian
    with np.errstate(all="ignore"):
        for _ in range(_SQUARINGS):
            sizes = np.abs(power)
            if min(sizes.sum(axis=0).max(), sizes.sum(axis=1).max(), np.linalg.norm(power)) < 1.0 - 1e-9:
                return True
            power = power @ power
    return False


def indices(jacobians: np.ndarray) -> np.ndarray:
    """Return the fixed-point index sign det(I - J) of each matrix, shape (..., n, n) -> (...)."""
    # slogdet, because the determinant itself may overflow.
    return np.linalg.slogdet(np.eye(jacobians.shape[-1]) - jacobians)[0].astype(int)


def ascending(points: np.ndarray) -> np.ndarray:
    """Return the order of points (Q, n) by their coordinates.

    Coordinates are compared after rounding to nine decimals first, so that rounding errors do not decide the order of
    points that differ in a later coordinate.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(points, 9)
    rounded = np.where(np.isfinite(rounded), rounded, points)  # np.round multiplies by 1e9, which may overflow
    return np.lexsort([*points.T[::-1], *rounded.T[::-1]])


def placed(points: np.ndarray, errors: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return where points (Q, n) lie relative to a box (2, n): ``"inside"``, ``"outside"`` or on a ``"face"``.

    A point that is nearer to a face than its error counts as on the face.
    """
    inside = ((points - errors > box[0]) & (points + errors < box[1])).all(axis=-1)
    outside = ((points + errors < box[0]) | (points - errors > box[1])).any(axis=-1)
    return np.where(inside, "inside", np.where(outside, "outside", "face"))

"""The largest eigenvalue of a symmetric map, by the Lanczos iteration with full reorthogonalisation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["TopEigenvalue", "top_eigenvalue"]

_EPS = float(np.finfo(float).eps)
_EVERY = 5  # steps between two looks at the eigenvalues


class TopEigenvalue(NamedTuple):
    """The largest eigenvalue and an estimate of its relative error."""

    value: float
    error: float


def top_eigenvalue(
    apply: Callable[[np.ndarray], np.ndarray], start: np.ndarray, rtol: float = 1e-11, most: int = 1000
) -> TopEigenvalue:
    """Return the largest eigenvalue of a positive semidefinite map, from a random `start`.

    With r the norm of the residual and g the distance to the next eigenvalue, the error is at most r, and r^2/g (Kato
    and Temple) once r is well below g. Eigenvalues closer than r to the largest count as one with it. Values are of
    order 1: their squares must not leave the range of a float. After at most as many steps as `start` has entries the
    result is exact up to rounding.

    Examples
    --------
    >>> d = np.linspace(0.0, 2.0, 50)
    >>> found = top_eigenvalue(lambda x: d * x, np.ones(50))
    >>> abs(found.value - 2.0) < 1e-10, found.error < 1e-10
    (True, True)
    """
    from scipy.linalg import eigh_tridiagonal

    steps = min(most, start.size)
    basis = np.empty((min(steps, 64), start.size))
    alpha, beta = np.zeros(steps), np.zeros(steps)
    v = start / np.linalg.norm(start)
    value, error = 0.0, math.inf
    for k in range(steps):
        if k == len(basis):
            basis = np.concatenate([basis, np.empty_like(basis)])
        basis[k] = v
        w = apply(v)
        alpha[k] = v @ w
        known = basis[: k + 1]
        for _ in range(2):
            w = w - (known @ w) @ known
        beta[k] = np.linalg.norm(w)
        end = beta[k] <= start.size * _EPS * (alpha[: k + 1].max() + beta[: k + 1].max()) or k + 1 == steps
        if end or (k + 1) % _EVERY == 0:
            select = (max(k - 1, 0), k)
            values, vectors = eigh_tridiagonal(alpha[: k + 1], beta[:k], select="i", select_range=select)
            value = max(float(values[-1]), 0.0)
            residual = float(beta[k] * abs(vectors[-1, -1]))
            gap = float(values[-1] - values[0]) if values.size > 1 else 0.0
            bound = residual * residual / gap if residual < 0.1 * gap else residual
            exact = end and k + 1 == start.size
            error = 0.0 if value == 0.0 or exact else bound / value
            error += 10.0 * _EPS
            if end or error <= rtol:
                break
        v = w / beta[k]
    return TopEigenvalue(value, error)

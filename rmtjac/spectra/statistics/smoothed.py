"""The cdf of a sample, smoothed in log lambda in the same way as the limit for heavy tails (`rmtjac.smoothing`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.smoothing import smoothed_cdf, smoothing_angle
from rmtjac.validate import real_numbers

__all__ = ["smoothed_cdf_at"]


def smoothed_cdf_at(lam: Any, angle: Any, log_values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the smoothed cdf of eigenvalues at points lambda, shaped like `lam`.

    The eigenvalues are given by their logarithms, -inf for zeros, and by weights, by default equal ones.

    Raises
    ------
    ValueError
        If `lam` holds NaN, or `angle` lies outside [0, pi).
    TypeError
        If `angle` is no number.

    Examples
    --------
    >>> smoothed_cdf_at([-1.0, 0.0, 1.0, np.inf], 0.2, np.array([-np.inf, 0.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    lam, angle = real_numbers("lam", lam), smoothing_angle(angle)
    with np.errstate(divide="ignore"):
        at = np.log(np.maximum(lam, 0.0)).ravel()
    share = np.full(log_values.size, 1.0 / log_values.size) if weights is None else weights / weights.sum()
    zero = np.isneginf(log_values)
    atom = float(share[zero].sum())
    out = np.where(at == np.inf, 1.0, atom)
    finite = np.isfinite(at)
    if not zero.all():
        share = share[~zero] / share[~zero].sum()
        out[finite] = smoothed_cdf(at[finite], log_values[~zero], angle, atom, share)
    return np.where(lam < 0.0, 0.0, np.minimum(out, 1.0).reshape(lam.shape))

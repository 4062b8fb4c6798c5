"""Hotelling's T^2 of a difference of means, with the covariance of each mean estimated from its own samples."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.comparison.spectra.control_variates import Fit

__all__ = ["TSquared", "choose", "hotelling"]


class TSquared(NamedTuple):
    """T^2, the two degrees of freedom of its F distribution, and the p-value."""

    statistic: float
    freedom: tuple[float, float]
    p_value: float


def choose(
    covariance: np.ndarray, raw: np.ndarray, deviation: np.ndarray, allowed: np.ndarray
) -> tuple[list[int], bool]:
    """Return the statistics that T^2 uses, and whether one of the others deviates by more than is allowed.

    T^2 uses a statistic if it has noise that no combination of earlier statistics explains. `raw` are the variances
    without control variates, and `allowed` bounds the deviations of the statistics that T^2 does not use.
    """
    kept: list[int] = []
    off = False
    for j in range(raw.size):
        slope = np.linalg.solve(covariance[np.ix_(kept, kept)], covariance[kept, j])
        left = covariance[j, j] - float(slope @ covariance[kept, j])
        if raw[j] > 0.0 and left > 1e-9 * raw[j]:
            kept.append(j)
        elif abs(deviation[j] - float(slope @ deviation[kept])) > allowed[j]:
            off = True
    return kept, off


def hotelling(deviation: np.ndarray, parts: list[np.ndarray], fits: list[Fit]) -> TSquared:
    """Return the test of a deviation of mean 0 whose covariance is the sum of the `parts`, one for each of the `fits`.

    The degrees of freedom are those of Krishnamoorthy and Yu for unequal covariances.
    """
    from scipy.special import fdtrc

    p = deviation.size
    if p == 0:
        return TSquared(0.0, (0.0, math.inf), 1.0)
    total = parts[0] + parts[1]
    scale = 1.0 / np.sqrt(np.diag(total))
    inverse = np.linalg.inv(total * np.outer(scale, scale)) * np.outer(scale, scale)
    statistic = float(deviation @ inverse @ deviation)
    shares = [part @ inverse for part in parts]
    loss = sum((np.trace(s @ s) + np.trace(s) ** 2) / fit.freedom for s, fit in zip(shares, fits, strict=True))
    nu = (p + p * p) / loss
    second = nu - p + 1.0
    return TSquared(statistic, (float(p), float(second)), float(fdtrc(p, second, statistic * second / (nu * p))))

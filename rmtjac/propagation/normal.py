"""The standard normal variable: its density, the mass of intervals, and the mean size of a normal variable."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["mean_size", "normal_density", "normal_mass"]

_ROOT = math.sqrt(2.0 * math.pi)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def normal_density(z: np.ndarray) -> np.ndarray:
    """Return the standard normal density.

    Examples
    --------
    >>> normal_density(np.array([0.0, 50.0])).round(6)
    array([0.398942, 0.      ])
    """
    with np.errstate(under="ignore"):
        out: np.ndarray = np.exp(-0.5 * np.minimum(z * z, 1400.0)) / _ROOT
    return out


def normal_mass(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return P(low < Z < high), Z ~ N(0, 1), to the digits of narrow intervals and of rare ones.

    Examples
    --------
    >>> low = np.array([30.0, 1e-20])
    >>> normal_mass(low, np.array([np.inf, 2e-20]))
    array([4.90671393e-198, 3.98942280e-021])
    """
    from scipy.special import ndtr

    # ndtr(b) - ndtr(a) is taken in the tail in which both are small, so that a rare interval keeps its digits.
    mass: np.ndarray = np.where(low > 0.0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    # In a narrow interval the difference loses them, and the density is smooth.
    inner = np.isfinite(low) & np.isfinite(high)
    half, middle = 0.5 * (high[inner] - low[inner]), 0.5 * (low[inner] + high[inner])
    narrow = 2.0 * half * (1.0 + np.abs(middle)) < 1.0
    if narrow.any():
        half, middle = half[narrow], middle[narrow]
        density = np.exp(-0.5 * (middle[:, None] + half[:, None] * _NODES) ** 2) / _ROOT
        inner[inner] = narrow
        mass[inner] = half * (density @ _WEIGHTS)
    return mass


def mean_size(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return E|X| of X ~ N(mean, std^2), std > 0.

    Examples
    --------
    >>> mean_size(np.array([0.0, -3.0]), np.array([1.0, 1e-9])).round(6)
    array([0.797885, 3.      ])
    """
    from scipy.special import erf

    z = np.clip(mean / np.maximum(std, 1e-300), -1e150, 1e150)
    out: np.ndarray = 2.0 * std * normal_density(z) + mean * erf(z / math.sqrt(2.0))
    return out

"""Functions of one Gauss quadrature: its distribution function, bounds of it, and its smoothed density."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["angle", "cdf", "cdf_bounds", "smoothed_density", "upper_weights"]


def angle(lam: np.ndarray, top: float) -> np.ndarray:
    """Return the angle 2 arcsin sqrt(lambda / top) in [0, pi]."""
    return 2.0 * np.arcsin(np.sqrt(np.clip(lam / top if top > 0.0 else np.sign(lam), 0.0, 1.0)))


def upper_weights(weights: np.ndarray, mass: float) -> np.ndarray:
    """Return the weights reduced to a total of `mass`, the lowest nodes first; the zeros of M are at the lowest nodes.

    The weight of a random vector at the zeros may differ a little from their fraction. This difference remains.
    """
    total = np.minimum(np.cumsum(weights[::-1])[::-1], mass)  # weight of this node and those above
    left: np.ndarray = total - np.append(total[1:], 0.0)
    return left


def cdf(nodes: np.ndarray, weights: np.ndarray, zeros: float, lam: np.ndarray, top: float) -> np.ndarray:
    """Return the cdf, linear in the angle between the nodes; half of the weight of a node lies below it.

    `zeros` is the mass at 0 that `weights` do not contain.
    """
    knots = np.concatenate([[0.0], angle(nodes, top), [math.pi]])
    values = np.concatenate([[0.0], np.cumsum(weights) - 0.5 * weights, [1.0 - zeros]])
    return zeros + np.interp(angle(lam, top), knots, values)


def cdf_bounds(nodes: np.ndarray, weights: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """Return the lower and the upper bound of the cdf of any measure with this Gauss quadrature, shape (2, ...).

    If the weights add up to less than 1, the rest of the mass is at 0. Places of weight 0 are unused.
    """
    here = weights > 0.0
    nodes, weights = nodes[here], weights[here]
    sums = np.concatenate([[0.0, 0.0], np.cumsum(weights)])
    below = np.searchsorted(nodes, lam, side="right")
    bounds = np.stack([sums[below], np.append(sums, sums[-1])[below + 2]])
    out: np.ndarray = 1.0 - sums[-1] + np.where(lam < 0.0, sums[-1] - 1.0, bounds)
    return out


def smoothed_density(
    nodes: np.ndarray, weights: np.ndarray, lam: np.ndarray, *, width: float, top: float
) -> np.ndarray:
    """Return the density of masses `weights` at `nodes`, smoothed as in `LanczosSpectrum.density`; 0 outside (0, top).

    The kernel, a Gaussian in the angle, is repeated with period 2 pi and reflected. So it is a series of polynomials
    T_k(1 - 2 lambda / top) with coefficients exp(-k^2 width^2 / 2), which decrease fast. It is close to a polynomial of
    low degree, for which Gauss quadrature is exact.
    """
    inside = (lam > 0.0) & (lam < top)
    at = lam[inside]
    distance, value = angle(at, top)[:, None], np.zeros(at.size)
    angles = angle(nodes, top)
    for turn in range(-1 - int(width), 2 + int(width)):  # other images are more than 8 standard deviations away
        for sign in (1.0, -1.0):
            z = (distance - sign * angles - 2.0 * math.pi * turn) / width
            value += np.exp(-0.5 * np.minimum(z * z, 1400.0)) @ weights
    out = np.zeros(lam.shape)
    out[inside] = value / (math.sqrt(2.0 * math.pi) * width * np.sqrt(at * (top - at)))
    return out

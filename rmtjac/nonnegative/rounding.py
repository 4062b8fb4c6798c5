r"""T(x) from below and from above, with outward rounding, for networks with nonnegative weights.

A sum of k terms is off by at most :math:`ku/(1-ku)` times the sum of their sizes (Higham, Accuracy and Stability, 3.1);
activations by 16 units in the last place. For monotone layers the bounds of x go through layer by layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.network import Network

__all__ = ["UNIT", "above", "below", "preactivations", "product_bounds"]

UNIT = 2.0**-53
_ULPS = 32.0 * UNIT
_TINY = 1e-300


def _affine(matrix: np.ndarray, bias: np.ndarray, x: np.ndarray, sign: float) -> np.ndarray:
    """W x + b rounded down (sign -1) or up (+1), W >= 0."""
    size = np.abs(x) @ matrix.T
    k = matrix.shape[1] + 2
    h = x @ matrix.T + bias + sign * (2.0 * k * UNIT * (size + np.abs(bias)) + _TINY)
    # Of nonnegative terms the sum is nonnegative, whatever rounding says.
    return np.where((x.min(axis=-1, keepdims=True) >= 0.0) & (bias >= 0.0), np.maximum(h, 0.0), h)


def _activated(phi: Any, h: np.ndarray, sign: float) -> np.ndarray:
    y = phi(h)
    if phi.slopes is not None and phi.code is not None and all(slope in (0.0, 1.0) for slope in phi.slopes):
        return y  # a clip is exact; one's own function may round
    bound = y + sign * (_ULPS * np.abs(y) + _TINY)
    # phi(h) >= phi(0) >= 0 on h >= 0, whatever rounding says.
    return np.where(h >= 0.0, np.maximum(bound, 0.0), bound) if phi.facts.half_line else bound


def _through(net: Network, x: np.ndarray, sign: float) -> tuple[list[np.ndarray], np.ndarray]:
    found = []
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        found.append(_affine(matrix, bias, x, sign))
        x = _activated(phi, found[-1], sign)
    return found, x


def below(net: Network, x: np.ndarray) -> np.ndarray:
    """Return a lower bound of T(x), x of shape (..., n); T monotone from x on."""
    return _through(net, x, -1.0)[1]


def above(net: Network, x: np.ndarray) -> np.ndarray:
    """Return an upper bound of T(x), x of shape (..., n); T monotone up to x."""
    return _through(net, x, 1.0)[1]


def preactivations(net: Network, x: np.ndarray, sign: float) -> list[np.ndarray]:
    """Return bounds of all preactivations at x: lower ones (sign -1) or upper ones (+1)."""
    return _through(net, x, sign)[0]


def product_bounds(factors: list[Any], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of W_L ... W_1 x for nonnegative factors (dense or sparse) and x >= 0."""
    terms = 0
    y = x
    for matrix in factors:
        y = matrix @ y
        terms += matrix.shape[1] + 2
    # Nothing cancels: relative errors add up.
    return y * (1.0 - 2.0 * terms * UNIT), y * (1.0 + 2.0 * terms * UNIT)

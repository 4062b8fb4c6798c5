"""The last hidden layer as a function of the input, with its derivative, at many points at once.

The derivative of a deep layer with heavy tails may leave the range of a float, so that each point has a scale of its
own, kept as a logarithm.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation

__all__ = ["Features", "HiddenLayers", "hidden_features"]


class HiddenLayers(NamedTuple):
    """The weights, biases and activations of the layers below the last one; all empty for L = 1."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[Activation, ...]


class Features(NamedTuple):
    """The N neurons of the last hidden layer at P points, and their derivatives by the n inputs."""

    values: np.ndarray  # shape (N, P)
    slopes: np.ndarray  # shape (n, N, P), divided by exp(log_scale)
    log_scale: np.ndarray  # shape (P,)


def hidden_features(hidden: HiddenLayers, x: np.ndarray) -> Features:
    """Return the last hidden layer and its derivative at the points `x`, shape (n, P); for L = 1 x itself."""
    inputs, count = x.shape
    slopes = np.repeat(np.eye(inputs)[:, :, None], count, axis=2)
    log_scale = np.zeros(count)
    for matrix, vector, phi in zip(hidden.weights, hidden.biases, hidden.activations, strict=True):
        h = matrix @ x + vector[:, None]
        x = phi(h)
        size = float(np.abs(matrix).max())
        unit = matrix / size if size > 0.0 else matrix
        slopes = np.matmul(unit, slopes)
        slopes *= phi.derivative(h)
        largest = np.maximum(slopes.max(axis=(0, 1)), -slopes.min(axis=(0, 1)))
        largest[largest == 0.0] = 1.0
        slopes /= largest
        log_scale += np.log(largest) + (np.log(size) if size > 0.0 else 0.0)
    return Features(x, slopes, log_scale)

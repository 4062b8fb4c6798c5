r"""Batch normalisation (Ioffe and Szegedy 2015): :math:`y = \gamma (a - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta`.

During training mu and sigma^2 are the mean and the variance of the batch. Their moving averages give an affine map for
predictions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["BatchNorm"]

_EPSILON = 1e-5
_MOMENTUM = 0.1  # weight of the newest batch in the moving averages


class BatchNorm:
    """Normalise n features; `gain` and `shift` are arrays (n,) that an optimizer moves."""

    def __init__(self, gain: np.ndarray, shift: np.ndarray) -> None:
        self.gain, self.shift = gain, shift
        self.mean, self.variance = np.zeros_like(gain), np.ones_like(gain)
        self._kept: tuple[np.ndarray, np.ndarray] | None = None

    def forward(self, a: np.ndarray) -> np.ndarray:
        """Normalise a batch (K, n) and update the moving averages."""
        mean = a.mean(axis=0)
        centred = a - mean
        variance = np.einsum("ij,ij->j", centred, centred) / np.float32(len(a))
        scale = (variance + a.dtype.type(_EPSILON)) ** -0.5
        centred *= scale
        self._kept = (centred, scale)
        unbiased = len(a) / max(len(a) - 1, 1)
        self.mean += a.dtype.type(_MOMENTUM) * (mean - self.mean)
        self.variance += a.dtype.type(_MOMENTUM) * (variance * a.dtype.type(unbiased) - self.variance)
        return centred * self.gain + self.shift

    def backward(self, dy: np.ndarray, dgain: np.ndarray, dshift: np.ndarray) -> np.ndarray:
        """Write the gradients of gain and shift for the last batch of `forward`; return the gradient of the batch."""
        assert self._kept is not None
        normal, scale = self._kept
        dshift[:] = dy.sum(axis=0)
        dgain[:] = np.einsum("ij,ij->j", dy, normal)
        count = dy.dtype.type(1.0 / len(dy))
        da = dy - dshift * count
        da -= normal * (dgain * count)
        da *= self.gain * scale
        return da

    def settle(self, a: np.ndarray) -> None:
        """Replace the moving averages by mean and variance of a (K, n)."""
        self.mean = a.mean(axis=0, dtype=float).astype(a.dtype)
        self.variance = a.var(axis=0, dtype=float).astype(a.dtype)

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """Return slope and offset (n,), in double precision, of the map with the moving averages."""
        as_double: Any = [np.asarray(one, dtype=float) for one in (self.gain, self.shift, self.mean, self.variance)]
        gain, shift, mean, variance = as_double
        slope = gain / np.sqrt(variance + _EPSILON)
        return slope, shift - slope * mean

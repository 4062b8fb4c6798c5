r"""Matrices of a given spectral norm (Miyato et al. 2018): W = limit V/|V|, where an optimizer moves V.

With the top singular vectors u, v of V: :math:`\partial\ell/\partial V = (\partial\ell/\partial W -
\langle \partial\ell/\partial W, W\rangle\, u v^T/\mathrm{limit})\,\mathrm{limit}/|V|`. A few power steps after each
update keep u and v close to the singular vectors.
"""

from __future__ import annotations

import numpy as np

__all__ = ["SpectralNorm"]

_START = 200  # power steps for the initial V
_TINY = np.float32(1e-30)  # a matrix of zeros has no singular vectors
_STEPS = 2  # power steps after each update of V


class SpectralNorm:
    """Hold the matrix W of norm `limit` for a matrix V, which is a view of parameters that an optimizer moves."""

    def __init__(self, moved: np.ndarray, limit: float) -> None:
        self.moved, self.limit = moved, moved.dtype.type(limit)
        self._v = np.abs(moved).sum(axis=0)
        self._v /= max(np.linalg.norm(self._v), _TINY)
        self._follow(_START)

    def _follow(self, steps: int) -> None:
        """Take power steps towards the top singular vectors of V."""
        for _ in range(steps):
            self._u = self.moved @ self._v
            self._u /= max(np.linalg.norm(self._u), _TINY)
            self._v = self.moved.T @ self._u
            self.norm = max(np.linalg.norm(self._v), _TINY)
            self._v /= self.norm

    def value(self) -> np.ndarray:
        """Return W."""
        self._follow(_STEPS)
        return self.moved * (self.limit / self.norm)

    def pull(self, gradient: np.ndarray, value: np.ndarray) -> None:
        """Turn a gradient with respect to W, `value`, into the gradient with respect to V, in place."""
        gradient -= np.outer(self._u * (np.vdot(gradient, value) / self.limit), self._v)
        gradient *= self.limit / self.norm

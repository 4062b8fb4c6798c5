"""Finitely many values of D^2, those of a piecewise affine activation or of one's own: m_K in closed form."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.limit.moment_transform import TWO_POINT
from rmtjac.theory.derivative_laws.base import DerivativeLaw

__all__ = ["DiscreteLaw"]


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteLaw(DerivativeLaw):
    """Finitely many values of D^2.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.theory.derivative_law(rj.activations.activation("hardtanh"), 0.5)
    DiscreteLaw(0: 0.1573, 1: 0.8427)
    """

    @classmethod
    def from_points(cls, values: Any, weights: Any, source: tuple[Activation, float] | None = None) -> DiscreteLaw:
        """Make the law from values >= 0 and probabilities; equal values are merged, impossible ones dropped."""
        values, weights = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
        points, place = np.unique(values, return_inverse=True)
        mass = np.bincount(place.ravel(), weights.ravel())
        points, mass = points[mass > 0.0], mass[mass > 0.0]
        if points[0] < 0.0 or abs(mass.sum() - 1.0) > 1e-12 or not np.isfinite(points).all():
            raise ValueError(f"values={values} must be finite and >= 0 and weights={weights} add up to 1")
        atom = float(mass[0]) if points[0] == 0.0 else 0.0
        return cls(points[points > 0.0], mass[points > 0.0], atom, float(points[-1]), source)

    @property
    def constant(self) -> bool:
        """Whether D^2 takes one value only."""
        return self.values.size == 1 and self.atom == 0.0

    @property
    def kernel(self) -> tuple[int, float, np.ndarray, np.ndarray, np.ndarray]:
        """Two-point laws have a kernel of their own."""
        plain = super().kernel
        return (TWO_POINT, float(self.weights[0]), *plain[2:]) if self.values.size == 1 else plain

    @property
    def rational_points(self) -> list[tuple[Fraction, Fraction]] | None:
        """As given where the law was made from points; else where all breakpoints are 0, the sign of h deciding."""
        if self.source is not None and any(b != 0.0 for b in self.source[0].breakpoints) and self.source[1] > 0.0:
            return None
        if self.source is None or self.source[1] == 0.0:
            return [(Fraction(x), Fraction(w)) for x, w in zip(self.values, self.weights, strict=True)]
        slopes = self.source[0].slopes
        assert slopes is not None
        return [(Fraction(s) ** 2, Fraction(1, len(slopes))) for s in slopes if s]

    def _points_mp(self) -> list[tuple[Any, Any]]:
        """Values of D^2 and their probabilities, to more digits than the floats have."""
        import mpmath as mp

        if self.source is None or self.source[1] == 0.0:
            return [(mp.mpf(x), mp.mpf(w)) for x, w in zip(self.values, self.weights, strict=True)]
        phi, variance = self.source
        assert phi.slopes is not None
        cuts = [mp.mpf(b) / mp.sqrt(2 * mp.mpf(variance)) for b in phi.breakpoints]
        below = [mp.mpf(0), *(mp.erfc(-x) / 2 for x in cuts), mp.mpf(1)]
        masses = [b - a for a, b in itertools.pairwise(below)]
        return [(mp.mpf(s) ** 2, w) for s, w in zip(phi.slopes, masses, strict=True) if s]

    def moment_transform_mp(self, u: Any) -> Any:
        """Return m_K(u) in the working precision of mpmath."""
        import mpmath as mp

        return mp.fsum(w * u * x / (1 - u * x) for x, w in self._points_mp())

    def __repr__(self) -> str:
        points = [(0.0, self.atom)] * (self.atom > 0) + list(zip(self.values, self.weights, strict=True))
        return f"DiscreteLaw({', '.join(f'{x:.4g}: {w:.4g}' for x, w in points)})"

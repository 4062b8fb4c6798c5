"""The mass of log lambda beyond the range in which the equations are solved."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rmtjac.theory.heavy_tails.solver import Values

__all__ = ["FarMass", "far_mass"]

_PLACES = np.array([0.0, 20.0, 60.0])  # distances inwards of the points that give the slopes


class FarMass(NamedTuple):
    """The mass beyond an end as a generalised Pareto law: mass (1 + shape rate d)^(-1/shape) at the distance d.

    A power of lambda has shape 0, a power of log lambda a positive shape, a law that falls faster a negative one; the
    last is taken as a power of lambda, whose mass is larger.
    """

    mass: float
    density: float
    rate: float
    shape: float
    """May be negative."""
    error: float
    """Of the mass."""

    def _left(self, distance: np.ndarray, shape: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the shares of the mass and of the density that are left."""
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            if abs(shape) < 1e-9:
                left = np.exp(-self.rate * distance)
                return left, left
            log = np.log(np.maximum(1.0 + shape * self.rate * distance, 0.0))
            return np.exp(-log / shape), np.exp((-1.0 / shape - 1.0) * log)

    def beyond(self, distance: np.ndarray) -> tuple[Values, Values]:
        """Return the mass and the density at distances >= 0; the errors contain what the shape changes."""
        chosen = self._left(distance, max(self.shape, 0.0))
        sizes = (self.mass, self.density)
        errors = [np.zeros(distance.size), np.zeros(distance.size)]
        for shape in (0.0, self.shape):
            for error, left, other, size in zip(errors, chosen, self._left(distance, shape), sizes, strict=True):
                error += size * np.abs(left - other)
        return (
            Values(self.mass * chosen[0], errors[0] + self.error),
            Values(self.density * chosen[1], errors[1] + self.error * self.rate),
        )


def far_mass(density: Callable[[np.ndarray], np.ndarray], end: float, outwards: float, mass: Values) -> FarMass:
    """Return the law beyond `end` in the direction `outwards` (-1 or 1), from the mass there and the density inside."""
    found = density(end - outwards * _PLACES)
    left, error = max(float(mass.value), 0.0), float(mass.error)
    if not found.min() > 0.0:
        return FarMass(left, 0.0, 1.0, 0.0, error + left)
    logs = np.log(found)
    near, far = (logs[1:] - logs[:-1]) / np.diff(_PLACES)
    rate, shape = 0.0, 0.0
    if near > 0.0 and far > 0.0:
        # 1 / (slope of the logarithm of the density) is affine, with the slope shape / (1 + shape).
        turn = min(max((1.0 / near - 1.0 / far) / 30.0, -9.0), 0.9)
        shape = turn / (1.0 - turn)
        rate = (1.0 - turn) / (1.0 / near + 10.0 * turn)
    if left > 100.0 * error or (left > 0.0 and not rate > 0.0):
        rate = float(found[0]) / left  # mass and density agree
    if not 0.0 < rate < math.inf:
        return FarMass(left, 0.0, 1.0, 0.0, error + left)
    if not near > 0.0:
        error += left  # the bulk lies beyond
    return FarMass(left, float(found[0]), rate, shape, error)

r"""Certified cores of attraction: neighbourhoods from which every orbit converges to a stable fixed point or cycle.

Let x be a point of a stable p-cycle (p = 1: a fixed point) and :math:`M = DF^p(x)`. In the coordinates z = C (x' - x)
M is a contraction, C being the Cholesky factor of the solution P of :math:`P - (M/s)^T P (M/s) = I` for some s between
the spectral radius and 1. A core is the parallelepiped :math:`|z_i| \le r`, with the largest r tried for which affine
forms prove that :math:`F^{kp}` maps it into itself and contracts it in the maximum norm of z. Then every orbit that
enters it converges to the only fixed point of :math:`F^{kp}` there. C and k need no proof, because any values may be
tried. The two bounds are rounded outward, and an overflow or NaN proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rmtjac.network import Network

__all__ = ["Core", "find_core"]

_MOST_STEPS = 200  # the largest k p that is tried; points that attract more slowly get no core
_CONTRACTION = 0.9  # M^k must contract a little more than by this factor
_LARGEST, _SMALLEST = 2.0, 1e-11  # the largest and smallest half sides that are tried


@dataclass(frozen=True)
class Core:
    """The points x with max_i abs(C (x - centre))_i <= radius."""

    centre: np.ndarray  # (n,)
    coordinates: np.ndarray  # (n, n), the matrix C
    radius: float
    steps: int  # the number of iterations that map the core into itself
    factor: float  # the factor by which they contract it

    @property
    def volume(self) -> float:
        """The volume of the core."""
        return float((2.0 * self.radius) ** len(self.centre) / abs(np.linalg.det(self.coordinates)))

    def holds(self, x: np.ndarray) -> np.ndarray:
        """Return whether points, shape (..., n), lie in the core; a margin covers rounding errors."""
        return np.abs((x - self.centre) @ self.coordinates.T).max(axis=-1) <= self.radius * (1.0 - 1e-9)

    def holds_boxes(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Return whether whole boxes [low, high], each of shape (..., n), lie in the core."""
        middle, half = 0.5 * (low + high) - self.centre, 0.5 * (high - low)
        with np.errstate(invalid="ignore"):
            reach = np.abs(middle @ self.coordinates.T) + half @ np.abs(self.coordinates).T
            return reach.max(axis=-1) <= self.radius * (1.0 - 1e-9)


def _coordinates(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Return C and s < 1 such that C M C^{-1} has a 2-norm below s, for a matrix M of spectral radius below 1."""
    from scipy.linalg import solve_discrete_lyapunov

    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    s = 0.5 * (1.0 + radius)
    shape = solve_discrete_lyapunov(matrix.T / s, np.eye(len(matrix)))
    return np.linalg.cholesky(0.5 * (shape + shape.T)).T, s


def find_core(net: Network, cycle: np.ndarray, jacobian: np.ndarray) -> Core | None:
    """Return a core around the first point of a stable cycle (p, n), given the Jacobian of F^p there; None if none."""
    from rmtjac.kernels.boxes.affine import workspace
    from rmtjac.kernels.boxes.orbit import orbit

    n = cycle.shape[1]
    if any(phi.code is None for phi in net.activations) or not np.abs(np.linalg.eigvals(jacobian)).max() < 1.0:
        return None
    try:
        coordinates, _ = _coordinates(jacobian)
    except np.linalg.LinAlgError:
        return None
    back = np.linalg.inv(coordinates)
    step = coordinates @ jacobian @ back
    power, count = step, 1
    while np.abs(power).sum(axis=1).max() > 0.5 * (1.0 + _CONTRACTION) * _CONTRACTION:
        power, count = power @ step, count + 1
        if count * len(cycle) > _MOST_STEPS:
            return None
    steps = count * len(cycle)
    arrays = net.arrays
    space = workspace(arrays, n, 0)
    radius = _LARGEST / float(np.abs(back).sum(axis=1).max())
    while radius * np.abs(back).max() > _SMALLEST:
        found = orbit(arrays, space, cycle[0], back * radius, steps)
        if found.finite:
            with np.errstate(
                invalid="ignore", over="ignore"
            ):  # for a huge parallelepiped this may overflow, which proves nothing
                turned = np.abs(coordinates @ found.matrix @ back)
                turned += np.abs(coordinates) @ found.radius @ np.abs(back)
            moved = np.abs(coordinates @ (found.centre - cycle[0])) + np.abs(coordinates @ found.linear).sum(axis=1)
            moved += np.abs(coordinates) @ (found.error + 1e-15 * np.abs(found.centre))
            factor = float(turned.sum(axis=1).max()) * (1.0 + 1e-12)
            if (moved * (1.0 + 1e-12) < radius).all() and factor < 1.0:
                return Core(cycle[0], coordinates, radius, steps, factor)
        radius *= 0.6
    return None

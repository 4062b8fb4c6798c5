"""What orbits end in: fixed points polished by Newton's method, cycles, and the neighbourhoods proved to lead there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rmtjac.fixed_points.cores import Core, find_core
from rmtjac.fixed_points.orbits import value_and_jacobian
from rmtjac.fixed_points.result import Cycle, spectral_radii
from rmtjac.network import Network

__all__ = ["Attractors", "polish"]

_UNIT = 2.0**-53
_NEWTON = 25
_PLAUSIBLE = 4.0  # Newton may go this many times as far as |x - F(x)| and the Jacobian say
_SAME = 1e-9  # relative: points closer than this, or than their errors, are one


def polish(net: Network, x: np.ndarray, times: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Newton's method for F^p(x) = x, p = `times`, from points (K, n).

    Returns
    -------
    tuple
        Places (K, n), bounds of their errors (K,) from the last residual, Jacobians of F^p (K, n, n), and whether each
        came to rest at a distance that the residual at its start explains.
    """
    start, n = x, x.shape[1]
    away: np.ndarray = np.empty(0)
    best, least = x.copy(), np.full(len(x), np.inf)
    inverse_norm, jacobian = np.full(len(x), np.inf), np.zeros((len(x), n, n))
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON):
            gap, slopes = _iterated(net, x, times)
            gap -= x
            size = np.linalg.norm(gap, axis=1)
            if not away.size:
                away = size
            system = np.eye(n) - slopes
            inverse = _inverses(system)
            better = size < least
            best[better], least[better] = x[better], size[better]
            jacobian[better] = slopes[better]
            inverse_norm[better] = np.linalg.norm(inverse[better], axis=(1, 2))
            if not (better & (size > _UNIT * np.linalg.norm(x, axis=1))).any():
                break
            x = x + (inverse @ gap[..., None])[..., 0]
    # Rounding of F at the place, as seen in the residual, times the inverse.
    error = inverse_norm * (least + 8.0 * _UNIT * (np.abs(best).max(axis=1) + _UNIT))
    moved = np.linalg.norm(best - start, axis=1)
    good = np.isfinite(error) & (error < 1e-6 * (1.0 + np.abs(best).max(axis=1)))
    good &= moved <= _PLAUSIBLE * inverse_norm * away + error
    return best, error, jacobian, good


def _inverses(system: np.ndarray) -> np.ndarray:
    out = np.full_like(system, np.nan)
    good = np.isfinite(system).all(axis=(1, 2))
    good[good] = np.abs(np.linalg.det(system[good])) > 0.0
    out[good] = np.linalg.inv(system[good])
    return out


def _iterated(net: Network, x: np.ndarray, times: int) -> tuple[np.ndarray, np.ndarray]:
    """F^p(x) and its Jacobian."""
    y, total = value_and_jacobian(net, x)
    for _ in range(times - 1):
        y, step = value_and_jacobian(net, y)
        total = step @ total
    return y, total


@dataclass
class Attractors:
    """Fixed points and cycles found so far, and a core of attraction for each that has one."""

    net: Network
    points: list[np.ndarray] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    jacobians: list[np.ndarray] = field(default_factory=list)
    cycles: list[np.ndarray] = field(default_factory=list)
    multipliers: list[np.ndarray] = field(default_factory=list)  # Jacobians of F^p at their first points
    point_cores: list[Core | None] = field(default_factory=list)
    cycle_cores: list[Core | None] = field(default_factory=list)

    def sort(self) -> np.ndarray:
        """Put the points in ascending order of their coordinates; return the new number of each."""
        order = np.lexsort(np.round(np.array(self.points).reshape(-1, self.net.widths[0]), 9).T[::-1])
        self.points, self.errors, self.jacobians, self.point_cores = (
            [column[k] for k in order] for column in (self.points, self.errors, self.jacobians, self.point_cores)
        )
        new = np.empty(len(order), dtype=int)
        new[order] = np.arange(len(order))
        return new

    def found_cycles(self) -> tuple[Cycle, ...]:
        """Return the cycles as results."""
        pairs = zip(self.cycles, self.multipliers, strict=True)
        return tuple(Cycle(points, float(spectral_radii(multiplier))) for points, multiplier in pairs)

    def fixed_point(self, x: np.ndarray, error: float, jacobian: np.ndarray) -> int:
        """Return the number of this fixed point, a new one if it is none of those known."""
        for k, (other, bound) in enumerate(zip(self.points, self.errors, strict=True)):
            if np.abs(x - other).max() <= error + bound + _SAME * (1.0 + np.abs(other).max()):
                return k
        self.points.append(x)
        self.errors.append(error)
        self.jacobians.append(jacobian)
        self.point_cores.append(find_core(self.net, x[None], jacobian))
        return len(self.points) - 1

    def cycle(self, points: np.ndarray, multiplier: np.ndarray) -> int:
        """Return the number of this cycle (p, n), a new one if it is none of those known."""
        near = 1e-7 * (1.0 + np.abs(points).max())
        for k, other in enumerate(self.cycles):
            if len(other) == len(points) and np.abs(other - points[0]).max(axis=1).min() < near:
                return k
        self.cycles.append(points)
        self.multipliers.append(multiplier)
        self.cycle_cores.append(find_core(self.net, points, multiplier))
        return len(self.cycles) - 1

    def in_cores(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for points (K, n) the numbers of the fixed point and of the cycle whose core holds them, or -1."""
        out = []
        for cores in (self.point_cores, self.cycle_cores):
            found = np.full(len(x), -1)
            for k, core in enumerate(cores):
                if core is not None:
                    found[core.holds(x)] = k
            out.append(found)
        return out[0], out[1]

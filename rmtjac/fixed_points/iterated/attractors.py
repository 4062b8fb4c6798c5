"""The fixed points and cycles in which orbits end, refined by Newton's method, and their cores of attraction."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rmtjac.fixed_points.ends import Cycle
from rmtjac.fixed_points.iterated.cores import Core, find_core
from rmtjac.fixed_points.iterated.orbits import norms, value_and_jacobian
from rmtjac.fixed_points.points import ascending, spectral_radii
from rmtjac.network import Network

__all__ = ["NO_CORE", "Attractors", "polish", "repelled"]

NO_CORE = -1  # in place of a number: the point lies in no core of attraction

_UNIT = 2.0**-53
_NEWTON = 25  # the largest number of Newton steps
# If the inverse of I - J has a larger norm than the first number, the fixed point may be multiple, and its error is
# multiplied by the second one.
_SINGULAR, _MULTIPLE = 1e6, 8.0
_PLAUSIBLE = 4.0  # Newton's method may move this many times as far as |x - F(x)| and the Jacobian predict
_PHASES = 8  # up to this period every point of a cycle is tried as the centre of its core
_SAME = 1e-9  # points at this relative distance, or closer than their errors, are the same


def polish(net: Network, x: np.ndarray, times: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve F^p(x) = x, p = `times`, by Newton's method from points (K, n).

    Returns
    -------
    tuple
        Solutions (K, n), estimates of their errors (K,) from the last residual, Jacobians of F^p (K, n, n), and whether
        each solution is about as far from its start as the first residual predicts.
    """
    start, n = x, x.shape[1]
    away: np.ndarray = np.empty(0)
    best, least = x.copy(), np.full(len(x), np.inf)
    inverse_norm, jacobian = np.full(len(x), np.inf), np.zeros((len(x), n, n))
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON):
            gap, slopes = _iterated(net, x, times)
            gap -= x
            size = norms(gap)
            if not away.size:
                away = size
            system = np.eye(n) - slopes
            inverse = _inverses(system)
            better = size < least
            best[better], least[better] = x[better], size[better]
            jacobian[better] = slopes[better]
            inverse_norm[better] = np.linalg.norm(inverse[better], axis=(1, 2))
            if not (better & (size > _UNIT * norms(x))).any():
                break
            x = x + (inverse @ gap[..., None])[..., 0]
    # The error is the residual, with the rounding error of F, times the norm of the inverse.
    error = inverse_norm * (least + 8.0 * _UNIT * (np.abs(best).max(axis=1) + _UNIT))
    moved = norms(best - start)
    good = np.isfinite(error) & (error < 1e-6 * (1.0 + np.abs(best).max(axis=1)))
    good &= moved <= _PLAUSIBLE * inverse_norm * away + error
    # Near a point of multiplicity m a step of Newton's method covers only 1 / m of the distance.
    return best, np.where(inverse_norm > _SINGULAR, _MULTIPLE * error, error), jacobian, good


def _inverses(system: np.ndarray) -> np.ndarray:
    """Return the inverse of each matrix; NaN for a singular one."""
    out = np.full_like(system, np.nan)
    good = np.isfinite(system).all(axis=(1, 2))
    good[good] = np.abs(np.linalg.det(system[good])) > 0.0
    out[good] = np.linalg.inv(system[good])
    return out


def _iterated(net: Network, x: np.ndarray, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Return F^p(x) and its Jacobian, p = `times`."""
    y, total = value_and_jacobian(net, x)
    for _ in range(times - 1):
        y, step = value_and_jacobian(net, y)
        total = step @ total
    return y, total


def repelled(net: Network, x: np.ndarray, longest: int, still: float) -> np.ndarray:
    """Return whether points (K, n) lie, up to rounding, on a repelling cycle of a period up to `longest`."""
    out = np.zeros(len(x), dtype=bool)
    room = still * (1.0 + np.abs(x).max(axis=1, initial=0.0))
    with np.errstate(all="ignore"):
        y = x
        for period in range(1, longest + 1):
            y = net(y)
            back = ~out & (np.abs(y - x).max(axis=1, initial=0.0) < room)
            if back.any():
                _, slopes = _iterated(net, x[back], period)
                out[np.flatnonzero(back)[spectral_radii(slopes) > 1.0 + _SAME]] = True
    return out


def _at_a_kink(net: Network, x: np.ndarray) -> bool:
    """Return whether a neuron is at a kink of its activation; the Jacobian at `x` is then not reliable."""
    for phi, h in zip(net.activations, net.preactivations(x), strict=True):
        for kink in phi.breakpoints if phi.slopes is not None else ():
            if (np.abs(h - kink) <= _SAME * (1.0 + np.abs(h))).any():
                return True
    return False


@dataclass
class Attractors:
    """The fixed points and cycles found so far, and a core of attraction for each that has one."""

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
        order = ascending(np.array(self.points).reshape(-1, self.net.widths[0]))
        self.points, self.errors, self.jacobians, self.point_cores = (
            [column[k] for k in order] for column in (self.points, self.errors, self.jacobians, self.point_cores)
        )
        new = np.empty(len(order), dtype=int)
        new[order] = np.arange(len(order))
        return new

    def attract(self, ends: np.ndarray) -> np.ndarray:
        """Return which points attract some volume.

        These are the points that have a core, the points with a derivative whose spectral radius is below 1, and the
        points in which random starts ended; `ends` holds the numbers of the last ones.
        """
        out = np.isin(np.arange(len(self.points)), ends)
        for k, (point, core, jacobian) in enumerate(zip(self.points, self.point_cores, self.jacobians, strict=True)):
            below = bool(spectral_radii(jacobian) < 1.0)
            out[k] |= core is not None or (below and not _at_a_kink(self.net, point))
        return out

    def found_cycles(self) -> tuple[Cycle, ...]:
        """Return the cycles as a tuple of `Cycle`."""
        pairs = zip(self.cycles, self.multipliers, strict=True)
        return tuple(Cycle(points, float(spectral_radii(multiplier))) for points, multiplier in pairs)

    def fixed_point(self, x: np.ndarray, error: float, jacobian: np.ndarray) -> int:
        """Return the number of a fixed point, a new number if it is not one of the known points."""
        for k, (other, bound) in enumerate(zip(self.points, self.errors, strict=True)):
            if np.abs(x - other).max() <= error + bound + _SAME * (1.0 + np.abs(other).max()):
                return k
        self.points.append(x)
        self.errors.append(error)
        self.jacobians.append(jacobian)
        self.point_cores.append(find_core(self.net, x[None], jacobian))
        return len(self.points) - 1

    def cycle(self, points: np.ndarray, multiplier: np.ndarray) -> int:
        """Return the number of a cycle (p, n), a new number if it is not one of the known cycles."""
        near = 1e-7 * (1.0 + np.abs(points).max())
        for k, other in enumerate(self.cycles):
            if len(other) == len(points) and np.abs(other - points[0]).max(axis=1).min() < near:
                return k
        best, first = find_core(self.net, points, multiplier), 0
        for shift in range(
            1, len(points) if len(points) <= _PHASES else 1
        ):  # the core around another point may be larger
            turned = np.roll(points, -shift, axis=0)
            core = find_core(self.net, turned, _iterated(self.net, turned[:1], len(points))[1][0])
            if core is not None and (best is None or core.volume > best.volume):
                best, first = core, shift
        if first:
            points = np.roll(points, -first, axis=0)
            multiplier = _iterated(self.net, points[:1], len(points))[1][0]
        self.cycles.append(points)
        self.multipliers.append(multiplier)
        self.cycle_cores.append(best)
        return len(self.cycles) - 1

    def in_cores(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for points (K, n) the numbers of the fixed point and the cycle whose core holds each, or NO_CORE."""
        out = []
        for cores in (self.point_cores, self.cycle_cores):
            found = np.full(len(x), NO_CORE)
            for k, core in enumerate(cores):
                if core is not None:
                    found[core.holds(x)] = k
            out.append(found)
        return out[0], out[1]

r"""The Kac-Rice integral for n > 2 inputs: G is drawn, and for n > 3 the point y too.

Given all rows of G but the last, det(J - I) is Gaussian, so that its absolute value has a mean in closed form. The
kinds of fixed points are shares of the drawn matrices, weighted by \|det(J - I)\|.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from rmtjac.propagation.normal import mean_size
from rmtjac.rng import stream
from rmtjac.theory.counts.kac_rice import PointLaws, grid_of, laws_at, reach_of, scale_of
from rmtjac.theory.counts.kernel_scalars import GaussianMap

__all__ = ["REPLICATES", "origin_by_draws", "sums_by_draws"]

REPLICATES = 16
_GRID_DENSITY = 4.0
_PER_DRAW = 64  # points for each draw at a node, n = 3
_NODES = 2000  # of them
_NEAR = 1e-2  # of the scale of the map: no mass lies below
_DIRECTIONS, _RADII = 32, 400
_NEGLIGIBLE = 1e-7
_CHUNK = 40_000


def sums_by_draws(net: GaussianMap, root: np.random.SeedSequence, points: int) -> np.ndarray:
    """Return independent estimates of total, stable, saddles and index, shape (`REPLICATES`, 4), without the origin."""
    if net.n > 3:
        radial = _Radius(net, stream(root, REPLICATES))
        return np.array([_sampled(net, radial, points, stream(root, r)) for r in range(REPLICATES)])
    grid = grid_of(net, _GRID_DENSITY)
    laws = laws_at(net, grid.points)
    measure = grid.measure(laws.q)
    index = np.linalg.det(np.eye(net.n) - laws.slopes[:, :, None] * laws.mean)
    # Nodes without weight: |det| is at most about the product of the sizes of the rows.
    size = measure * np.prod(1.0 + np.abs(laws.slopes) * np.sqrt(np.trace(laws.factor[:, 0] ** 2, axis1=1, axis2=2))
                             [:, None], axis=1)  # fmt: skip
    order = np.argsort(size)
    kept = order[np.cumsum(size[order]) > _NEGLIGIBLE]
    if not kept.size:
        return np.zeros((REPLICATES, 4))
    # Nodes that resolve more scales share the same draws.
    draws = max(1, round(points / _PER_DRAW * min(1.0, _NODES / kept.size)))
    some = PointLaws(*(np.repeat(one[kept], draws, axis=0) for one in laws))
    weight = np.repeat(measure[kept] / draws, draws)
    rows = [_weighed(some, weight, stream(root, r)) for r in range(REPLICATES)]
    return np.column_stack([rows, np.full(REPLICATES, float(np.sum(measure * index)))])


def _weighed(laws: PointLaws, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return total, stable and saddles by one matrix for each of the laws."""
    n = laws.slopes.shape[1]
    parts = []
    for start in range(0, len(weight), _CHUNK):
        some = PointLaws(*(one[start : start + _CHUNK] for one in laws))
        parts.append(_sizes(some, rng.standard_normal((len(some.q), n, n))))
    total, drawn, stable, saddle = np.concatenate(parts, axis=1)
    return _shares(weight, total, drawn, stable, saddle)


def _shares(weight: np.ndarray, total: np.ndarray, drawn: np.ndarray, *kinds: np.ndarray) -> np.ndarray:
    """Return the sum of the conditional means, and its parts in proportion to the drawn determinants of each kind."""
    whole, mass = float(np.sum(weight * total)), float(np.sum(weight * drawn))
    return np.array([whole, *(whole * float(np.sum(weight * drawn * kind)) / mass if mass else 0.0 for kind in kinds)])


def _sizes(laws: PointLaws, z: np.ndarray) -> np.ndarray:
    """Return the mean of |det(J - I)| over the last row, its drawn value, and whether J is stable, or a saddle."""
    n = laws.slopes.shape[1]
    jacobian = laws.slopes[:, :, None] * (laws.mean + np.einsum("bij,bkj->bki", laws.factor[:, 0], z))
    shifted = jacobian - np.eye(n)
    det = np.linalg.det(shifted)
    regular = det != 0.0
    inverse = np.linalg.inv(np.where(regular[:, None, None], shifted, np.eye(n)))
    cofactors = np.where(regular, det, 0.0)[:, None] * inverse[:, :, -1]
    last = laws.slopes[:, -1]
    mean = last * np.einsum("bj,bj->b", cofactors, laws.mean[:, -1]) - cofactors[:, -1]
    sd = np.abs(last) * np.linalg.norm(np.einsum("bij,bi->bj", laws.factor[:, 0], cofactors), axis=1)
    inside = np.sum(np.abs(np.linalg.eigvals(jacobian)) < 1.0, axis=1)
    return np.array([mean_size(mean, sd), np.abs(det), inside == n, (inside > 0) & (inside < n)])


class _Radius:
    """Hold a law of |y| that is close to the law of fixed points, and the scalars as functions of y."""

    def __init__(self, net: GaussianMap, rng: np.random.Generator) -> None:
        self.net = net
        low, high = _NEAR * scale_of(net), math.sqrt(net.n) * reach_of(net)
        self.log_radius = np.linspace(math.log(low), math.log(high), _RADII)
        radius = np.exp(self.log_radius)
        unit = rng.standard_normal((_DIRECTIONS, net.n))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        laws = laws_at(net, (radius[:, None, None] * unit).reshape(-1, net.n))
        across = np.linalg.norm(laws.factor[:, 0], axis=(1, 2))
        size = np.sum(np.log(1.0 + np.abs(laws.slopes) * across[:, None]), axis=1)
        log = -0.5 * np.tile(radius**2, (_DIRECTIONS, 1)).T.ravel() / laws.q - 0.5 * net.n * np.log(laws.q) + size
        density = np.exp(log - log.max()).reshape(_RADII, _DIRECTIONS).mean(axis=1) * radius**net.n
        # A part that is flat in log|y| bounds the weights.
        density = density / density.sum() + 0.05 / _RADII
        steps = 0.5 * (density[1:] + density[:-1])
        self.cdf = np.concatenate([[0.0], np.cumsum(steps / steps.sum())])
        self.height = steps / steps.sum() / np.diff(self.log_radius)

    def draw(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return radii, and the logarithms of their densities in log|y|, from uniform variables."""
        log = np.interp(u, self.cdf, self.log_radius)
        cell = np.clip(np.searchsorted(self.cdf, u, side="right") - 1, 0, len(self.height) - 1)
        return log, np.log(self.height[cell])


def _sampled(net: GaussianMap, radius: _Radius, points: int, rng: np.random.Generator) -> np.ndarray:
    """Return total, stable, saddles and index by quasi-random points y and matrices."""
    n = net.n
    u = qmc.Sobol(1 + n + n * n, rng=rng).random(points)
    u = np.clip(u, 1e-12, 1.0 - 1e-12)
    log, log_density = radius.draw(u[:, 0])
    normal = ndtri(u[:, 1:])
    unit = normal[:, :n] / np.linalg.norm(normal[:, :n], axis=1, keepdims=True)
    y = np.exp(log)[:, None] * unit
    laws = laws_at(net, y)
    # The volume between radii: |sphere| r^n d log r.
    sphere = math.log(2.0) + 0.5 * n * math.log(math.pi) - math.lgamma(0.5 * n)
    exponent = sphere + n * log - log_density - 0.5 * n * np.log(2.0 * math.pi * laws.q)
    with np.errstate(under="ignore"):
        weight = np.exp(exponent - 0.5 * np.exp(2.0 * log) / laws.q) / points
    index = np.linalg.det(np.eye(n) - laws.slopes[:, :, None] * laws.mean)
    found = _sizes(laws, normal[:, n:].reshape(points, n, n))
    return np.append(_shares(weight, *found), float(np.sum(weight * index)))


def origin_by_draws(n: int, variance: float, root: np.random.SeedSequence, points: int) -> np.ndarray:
    """Return estimates of what the origin adds to total, stable, saddles and index, shape (`REPLICATES`, 4)."""
    out = np.ones((REPLICATES, 4))
    for r in range(REPLICATES):
        jacobian = math.sqrt(variance) * stream(root, r, 1).standard_normal((points, n, n))
        inside = np.sum(np.abs(np.linalg.eigvals(jacobian)) < 1.0, axis=1)
        out[r, 1:3] = np.mean(inside == n), np.mean((inside > 0) & (inside < n))
        out[r, 3] = np.mean(np.sign(np.linalg.det(np.eye(n) - jacobian)))
    return out

r"""The Kac-Rice integral for a network with hidden layers of infinite width, n = 1, 2, 3.

.. math:: E[\#] = \int dy \prod_i N(y_i; 0, q)\, E|\det(D G - I)|, \qquad x = \varphi(y), \quad D = \mathrm{diag}\,
          \varphi'(y),

with rows :math:`G_i \sim N(\beta y_i x / q,\ c_0 (I - \hat x\hat x^T) + v \hat x\hat x^T)`; see
docs/theory/expected_fixed_points.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.theory.counts.determinants import determinants, rough_determinants
from rmtjac.theory.counts.kernel_scalars import GaussianMap, means
from rmtjac.theory.counts.output_grid import OutputGrid
from rmtjac.theory.counts.plane import Rows
from rmtjac.theory.counts.triangle import stable_sum

__all__ = [
    "SCALES",
    "PointLaws",
    "bound_of",
    "by_flat_coordinates",
    "grid_of",
    "integral",
    "laws_at",
    "passes_origin",
    "reach_of",
    "scale_of",
]

_DENSITY = 7.0  # nodes in each unit of asinh(y / scale)
_FINER = 3.0  # the factor for n = 1
_TOLERANCE = 2e-4  # of the stable points
_DEVIATIONS = 8.2  # how far the nodes of a bounded activation go
_FAR = 1e5  # and those of an unbounded one, in units of the scale
_LEAST = 1e-150  # where all variances underflow
SCALES = np.logspace(-40.0, 4.0, 177)  # of |x|^2


class PointLaws(NamedTuple):
    """The laws of the derivatives of h at points y, given h(phi(y)) = y.

    Attributes
    ----------
    q : ndarray of float, shape (B,)
        The variance of h.
    mean, factor : ndarray of float, shapes (B, n, n) and (B, n, n, n)
        The means of the rows of G, and a factor of their covariances.
    slopes : ndarray of float, shape (B, n)
        The derivatives phi'(y).
    """

    q: np.ndarray
    mean: np.ndarray
    factor: np.ndarray
    slopes: np.ndarray


def passes_origin(net: GaussianMap) -> bool:
    """Return whether the origin is a fixed point of every network: no biases, and phi(0) = 0."""
    return bool(net.phi.at_zero == 0.0 and net.variances(np.zeros(1))[-1][0] == 0.0)


def laws_at(net: GaussianMap, y: np.ndarray) -> PointLaws:
    """Return the laws at points y, shape (B, n)."""
    x = np.asarray(net.phi(y.ravel()), dtype=float).reshape(y.shape)
    slopes = np.asarray(net.phi.derivative(y.ravel()), dtype=float).reshape(y.shape)
    length = np.sqrt(np.einsum("bi,bi->b", x, x))
    # Many points share |x|, e.g. where the activation is flat.
    lengths, where = np.unique(length, return_inverse=True)
    known = net.scalars(lengths * lengths)
    q, beta, c0, radial = (one[where] for one in known)
    unit = x / np.maximum(length, 1e-300)[:, None]
    across, along = np.sqrt(c0), np.sqrt(radial)
    factor = across[:, None, None] * np.eye(net.n) + (along - across)[:, None, None] * unit[:, :, None] * unit[:, None]
    mean = (beta / q)[:, None, None] * y[:, :, None] * x[:, None, :]
    return PointLaws(q, mean, np.repeat(factor[:, None], net.n, axis=1), slopes)


def grid_of(net: GaussianMap, density: float) -> OutputGrid:
    """Return the nodes that resolve the scales of the map."""
    return OutputGrid.of(net.phi, net.n, scale_of(net), reach_of(net), density)


def reach_of(net: GaussianMap) -> float:
    """Return how far a coordinate of y goes; without a bound of x, where y is improbable for good, if that happens."""
    bound = bound_of(net.phi)
    if math.isfinite(bound):
        s = np.append(SCALES[net.n * bound**2 > SCALES], net.n * bound**2)
        return max(_DEVIATIONS * math.sqrt(net.variances(s)[-1].max()), _LEAST)
    y = np.logspace(-8.0, 12.0, 161)
    size = np.maximum(np.abs(net.phi(y)), np.abs(net.phi(-y)))
    usual = y * y <= _DEVIATIONS**2 * net.variances(net.n * size * size)[-1]
    last = float(y[usual][-1]) if usual.any() else 1.0
    return min(1.2 * last, _FAR * max(scale_of(net), math.sqrt(float(net.variances(np.zeros(1))[-1][0])), _far_of(net)))


def _far_of(net: GaussianMap) -> float:
    """Return the length of x beyond which all variances grow like |x|^2, if they do, at most 100."""
    sizes = net.variances(SCALES)
    sizes.append(means(net.phi, sizes[-1])[0])  # the last activation bends too
    slopes = np.array(sizes) / SCALES
    bent = np.any(np.abs(slopes - slopes[:, -1:]) > 0.01 * slopes[:, -1:], axis=0)
    return math.sqrt(float(SCALES[bent][-1])) if bent.any() else 0.0


def bound_of(phi: Activation) -> float:
    """Return a bound of the absolute value of an activation, infinity if none is known."""
    lower, upper = phi.facts.lower, phi.facts.upper
    return math.inf if lower is None or upper is None else max(abs(lower), abs(upper))


def scale_of(net: GaussianMap) -> float:
    """Return the length of y over which the scalars, or the law of y, change next to the origin, at most 1."""
    start = net.variances(np.zeros(1))
    ahead = net.variances(SCALES)
    found = [1.0]
    for at_zero, q in zip(start, ahead, strict=True):
        if at_zero[0] > 0.0:
            change = np.abs(q / at_zero[0] - 1.0) > 0.5
            found += [math.sqrt(float(SCALES[change][0]))] if change.any() else []
    if start[-1][0] == 0.0:
        # Near the origin nothing has a scale; below the first scale there is the density is bounded.
        found.append(1e-3)
        for q in ahead:
            straight = q[0] / SCALES[0] * SCALES
            change = np.abs(q - straight) > 0.1 * straight
            found += [1e-3 * math.sqrt(float(SCALES[change][0]))] if change.any() else []
    slope = float(np.abs(net.phi.derivative(np.array([1e-12, -1e-12]))).max())
    scale = min(found) / (min(max(slope, 0.1), 10.0) if slope > 0.0 else 1.0)
    # The fixed point of a map that hardly depends on x has the law of h(0), which may be narrow.
    width = math.sqrt(float(start[-1][0]))
    if width == 0.0 and math.isfinite(bound_of(net.phi)):
        width = 1e-3 * reach_of(net)
    return min(scale, width) if width > 0.0 else scale


def _nodes(net: GaussianMap, refine: float = 1.0) -> OutputGrid:
    """Return the nodes of the integrals for n = 1 and n = 2."""
    return grid_of(net, _DENSITY * refine * (_FINER if net.n == 1 else 1.0))


def by_flat_coordinates(net: GaussianMap) -> np.ndarray:
    """Return E[total] by the number of coordinates on flat pieces of the activation, without an atom at the origin."""
    grid = _nodes(net)
    laws = laws_at(net, grid.points)
    total = determinants(laws.mean, laws.factor, laws.slopes, stable=False).total
    return np.bincount(grid.flat.sum(axis=1), weights=grid.measure(laws.q) * total, minlength=net.n + 1)


def integral(net: GaussianMap, *, refine: float = 1.0, tolerance: float = _TOLERANCE) -> np.ndarray:
    """Return the integrals of total, stable, saddles and index, and two errors.

    The first error is that of the inner integral of `stable`, to which `tolerance` belongs; the second is what lies
    beyond the nodes, for each integral. An atom at the origin is left out.
    """
    grid = _nodes(net, refine)
    laws = laws_at(net, grid.points)
    measure = grid.measure(laws.q)
    pair = Rows.scaled(laws.mean, laws.factor, laws.slopes) if net.n == 2 else None
    found = rough_determinants(pair, refine) if pair else determinants(laws.mean, laws.factor, laws.slopes)
    sums = [float(np.sum(measure * one)) for one in found]
    # Fixed points go far where J has an eigenvalue next to 1: P(|y| > r) ~ 1 / r, as much beyond r as from r / 2 to r.
    far = np.abs(grid.points).max(axis=1) > 0.5 * grid.node.max()
    cut = 0.0 if math.isfinite(bound_of(net.phi)) else float(np.sum((measure * found.total)[far]))
    error = 0.0
    if pair:
        sums[1], error = stable_sum(pair, found.total - found.saddles, measure, tolerance)
    return np.array([*sums, error, cut])

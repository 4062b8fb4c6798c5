"""Fixed points by iteration of a grid of starts, the protocol of BS Section IV.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.fixed_points.ends import renumbered
from rmtjac.fixed_points.iterated.destinations import destinations
from rmtjac.fixed_points.iterated.orbits import grid_starts
from rmtjac.fixed_points.points import indices
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.network import Network

__all__ = ["grid_fixed_points"]

_REACHES = (64.0, 1e4, 1e6, 1e8)  # sizes of the boxes tried for a proof, as multiples of the error of the point


def grid_fixed_points(
    net: Network, domain: np.ndarray, step: float, tolerance: float, steps: int, starts: np.ndarray | None, follow: int
) -> FixedPoints:
    """Find the fixed points and cycles in which a grid of starts, or given starts, end; see `find_fixed_points`."""
    n = net.widths[0]
    if starts is None:
        starts, _ = grid_starts(domain, step)
    ends = destinations(net, starts, tolerance, steps, follow)
    found = ends.found
    labels = renumbered(ends.labels, found.sort(), len(found.points))
    points = np.array(found.points).reshape(-1, n)
    jacobians = np.array(found.jacobians).reshape(-1, n, n)
    errors = np.repeat(np.array(found.errors)[:, None], n, axis=1).reshape(-1, n)
    proved = np.zeros(len(points), dtype=bool)
    if all(phi.code is not None for phi in net.activations):
        proved = _prove(net, points, errors, jacobians)
    facts: dict[str, Any] = {"step": step, "tolerance": tolerance, "max_iter": steps, "follow": follow}
    return FixedPoints(
        points, errors, jacobians, proved, indices(jacobians), False,
        f"not proved complete: {len(starts)} starts find only what attracts them", "grid", domain,
        np.empty((0, 2, n)), (), found.found_cycles(), starts, labels, ends.settled, facts=facts,
    )  # fmt: skip


def _prove(net: Network, points: np.ndarray, errors: np.ndarray, jacobians: np.ndarray) -> np.ndarray:
    """Return which points are proved; replace their coordinates, errors and Jacobians by the proved ones."""
    from rmtjac.kernels.boxes.affine import workspace
    from rmtjac.kernels.boxes.krawczyk import Proof, prove

    arrays = net.arrays
    space = workspace(arrays, points.shape[1], 0)
    proved = np.zeros(len(points), dtype=bool)
    for i, point in enumerate(points):
        for reach in _REACHES:  # the box must be larger than the rounding error of F, and contain no kink
            radius = reach * (errors[i] + 2.0**-50 * np.abs(point)) + 1e-300
            proof, place, bound, jacobian = prove(arrays, space, point.copy(), radius)
            if proof == Proof.PROVED:
                proved[i] = True
                points[i], errors[i], jacobians[i] = place, bound, jacobian
                break
    return proved

r"""All fixed points of a piecewise affine network by its regions, with proof.

On a region, extended as far as `Regions.distances` says, :math:`\|F(x) - A x - c\| \le e`. A fixed point there solves
(I - A) x = c up to e: no vertex test excludes it, and it lies within :math:`|Y|(r + e)/(1 - \|I - Y(I - A)\|)` of the
approximate solution with residual r, Y near the inverse. What then lies in its region is proved by Krawczyk's operator.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.fixed_points.packed import packed
from rmtjac.fixed_points.regions import Regions, regions
from rmtjac.network import Network

__all__ = ["Enumerated", "enumerate_fixed_points"]

_UNIT = 2.0**-53
_REGULAR = 0.1  # norm of I - Y (I - A) up to which Y counts as an inverse


class Enumerated(NamedTuple):
    """Proved points, bounds of their errors, Jacobians, undecided boxes, the number of regions."""

    points: np.ndarray
    errors: np.ndarray
    jacobians: np.ndarray
    undecided: np.ndarray
    regions: int


def enumerate_fixed_points(net: Network, box: np.ndarray, most: int) -> Enumerated | None:
    """Look at every region of the box; None if there are more than `most`."""
    pieces = regions(net, box, max_regions=most)
    if not pieces.complete:
        return None
    n = box.shape[1]
    chosen = _not_excluded(pieces)
    systems = np.eye(n) - pieces.matrices[chosen]
    centres, bounds, regular = _enclosures(systems, pieces.shifts[chosen], pieces.errors[chosen])
    corners = np.array([_hull(pieces, r) for r in chosen]).reshape(-1, 2, n)
    undecided = list(corners[~regular])
    chosen, centres, bounds = chosen[regular], centres[regular], bounds[regular]
    slack = pieces.distances[chosen] + 2.0 * bounds.max(axis=1, initial=0.0)
    held = pieces.holds(chosen, centres, slack)
    found = _Proved(net)
    for centre, bound in zip(centres[held], bounds[held], strict=True):
        undecided += found.add(centre, bound)
    open_boxes = np.array(undecided).reshape(-1, 2, n)
    return Enumerated(*found.arrays(), open_boxes, len(pieces))


def _not_excluded(pieces: Regions) -> np.ndarray:
    """Regions on which no component of (I - A) x - c is bounded away from 0, by its values at the vertices."""
    n = pieces.vertices.shape[1]
    piece, _ = pieces.edges
    systems = np.eye(n) - pieces.matrices
    terms = systems[piece] * pieces.vertices[:, None, :]
    gap = terms.sum(axis=2) - pieces.shifts[piece]
    size = np.abs(terms).sum(axis=2) + np.abs(pieces.shifts[piece])
    low, high = np.minimum.reduceat(gap, pieces.starts[:-1]), np.maximum.reduceat(gap, pieces.starts[:-1])
    room = pieces.errors + np.abs(systems).sum(axis=2) * pieces.distances[:, None]
    room += 16.0 * _UNIT * np.maximum.reduceat(size, pieces.starts[:-1])
    return np.flatnonzero(((low <= room) & (high >= -room)).all(axis=1))


def _enclosures(systems: np.ndarray, right: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, ...]:
    """Solutions, bounds of their errors, and for which the system is regular."""
    n = right.shape[1]
    inverse = np.zeros_like(systems)
    regular = np.abs(np.linalg.det(systems)) > 1e-280
    inverse[regular] = np.linalg.inv(systems[regular])
    with np.errstate(all="ignore"):
        centres = (inverse @ right[..., None])[..., 0]
        sizes = np.abs(inverse) @ np.abs(systems) + 1.0
        rest = (np.abs(np.eye(n) - inverse @ systems) + 16.0 * _UNIT * sizes).sum(axis=2).max(axis=1)
        residual = np.abs(right - (systems @ centres[..., None])[..., 0])
        size = np.abs(right) + (np.abs(systems) @ np.abs(centres)[..., None])[..., 0]
        bound = (np.abs(inverse) @ (residual + errors + 16.0 * _UNIT * size)[..., None])[..., 0].max(axis=1)
        bound = bound / (1.0 - rest) * (1.0 + 1e-12)
    regular &= (rest < _REGULAR) & np.isfinite(bound)
    return centres, np.repeat(bound[:, None], n, axis=1), regular


def _hull(pieces: Regions, region: int) -> np.ndarray:
    """Corners of a box around an extended region."""
    polygon, distance = pieces.polygon(region), pieces.distances[region]
    return np.array([polygon.min(axis=0) - distance, polygon.max(axis=0) + distance])


class _Proved:
    """Points proved so far, each alone in a box."""

    def __init__(self, net: Network) -> None:
        from rmtjac.kernels.affine import workspace

        self.n = net.widths[0]
        self.net = packed(net)
        self.space = workspace(self.net, self.n, 0)
        self.rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.boxes: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, centre: np.ndarray, bound: np.ndarray) -> list[np.ndarray]:
        """Prove or exclude a fixed point within `bound` of `centre`; return the box if neither succeeds."""
        from rmtjac.kernels.krawczyk import prove

        radius = 4.0 * bound + 512.0 * _UNIT * np.abs(centre) + 1e-300
        verdict, place, error, jacobian = prove(self.net, self.space, centre.copy(), radius)
        if verdict == -1:
            return []
        if verdict == 0:
            return [np.array([centre - radius, centre + radius])]
        for (other, its, _), (middle, reach) in zip(self.rows, self.boxes, strict=True):
            if ((np.abs(place - middle) + error) * (1.0 + 4.0 * _UNIT) <= reach).all():
                return []
            if not (np.abs(place - other) > error + its).any():
                return [np.array([centre - radius, centre + radius])]
        self.rows.append((place, error, jacobian))
        self.boxes.append((centre, radius))
        return []

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the points, errors and Jacobians."""
        columns = list(zip(*self.rows, strict=True)) or [(), (), ()]
        shapes = ((-1, self.n), (-1, self.n), (-1, self.n, self.n))
        points, errors, jacobians = (np.array(c).reshape(s) for c, s in zip(columns, shapes, strict=True))
        return points, errors, jacobians

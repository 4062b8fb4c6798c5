"""The linear regions of a piecewise affine network of one or two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rmtjac.fixed_points.domain import search_domain
from rmtjac.fixed_points.points import ascending
from rmtjac.network import Network
from rmtjac.validate import positive_int, real_array

__all__ = ["Regions", "checked_affine", "regions"]

MOST_REGIONS = 2_000_000


@dataclass(frozen=True, eq=False)
class Regions:
    r"""Polygons (segments, if n = 1) on which a network is affine, :math:`F(x) = A x + c`.

    Attributes
    ----------
    vertices
        Shape (V, n): of all pieces, one after the other, each in order around it.
    starts
        Shape (R + 1,): piece r has the vertices starts[r] to starts[r + 1].
    matrices, shifts
        Shapes (R, n_L, n) and (R, n_L): A and c.
    domain
        Shape (2, n).
    complete
        Whether these are all pieces, or only as many as were asked for.
    """

    vertices: np.ndarray
    starts: np.ndarray
    matrices: np.ndarray
    shifts: np.ndarray
    domain: np.ndarray
    complete: bool

    def __post_init__(self) -> None:
        for array in (self.vertices, self.starts, self.matrices, self.shifts, self.domain):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def count(self) -> int:
        """The number of pieces R."""
        return len(self)

    def polygon(self, region: int) -> np.ndarray:
        """Return the vertices of one piece, shape (k, n)."""
        return self.vertices[self.starts[region] : self.starts[region + 1]]

    @cached_property
    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """The piece of each vertex, and the index of the next vertex around it."""
        lengths = np.diff(self.starts)
        piece = np.repeat(np.arange(len(self)), lengths)
        following = np.arange(len(self.vertices)) + 1
        following[self.starts[1:] - 1] = self.starts[:-1]
        return piece, following

    @cached_property
    def areas(self) -> np.ndarray:
        """Shape (R,): areas (lengths, if n = 1)."""
        piece, following = self.edges
        here, there = self.vertices, self.vertices[following]
        if here.shape[1] == 1:
            return np.abs(np.diff(here.reshape(len(self), 2), axis=1)[:, 0])
        return 0.5 * np.abs(np.bincount(piece, here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0], len(self)))

    def holds(self, chosen: np.ndarray, points: np.ndarray, slack: float | np.ndarray) -> np.ndarray:
        """Return whether the piece chosen[i] holds points[i], shape (k, n), up to `slack` in distance."""
        slack = np.broadcast_to(slack, len(chosen))
        if not len(chosen):
            return np.zeros(0, dtype=bool)
        lengths = np.diff(self.starts)[chosen]
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        # Index of every vertex of the chosen pieces, and which of `chosen` it belongs to.
        owner = np.repeat(np.arange(len(chosen)), lengths)
        vertex = np.arange(len(owner)) - first[owner] + self.starts[chosen][owner]
        here, there, point = self.vertices[vertex], self.vertices[self.edges[1][vertex]], points[owner]
        if here.shape[1] == 1:
            side = (point - here)[:, 0]
            return (np.minimum.reduceat(side, first) <= slack) & (np.maximum.reduceat(side, first) >= -slack)
        along = there - here
        length = np.hypot(*along.T)
        turn = along[:, 0] * (point - here)[:, 1] - along[:, 1] * (point - here)[:, 0]
        # Sides too short to have a direction say nothing.
        inward = np.divide(turn, length, out=np.full_like(turn, np.nan), where=length > 1e-14)
        least, most = np.fmin.reduceat(inward, first), np.fmax.reduceat(inward, first)
        return ~((least < -slack) & (most > slack))

    def find(self, x: object) -> int:
        """Return the piece that holds the point x, shape (n,).

        Raises
        ------
        ValueError
            If x lies outside the domain.
        """
        point = real_array("x", x)
        held = self.holds(np.arange(len(self)), np.broadcast_to(point, (len(self), self.vertices.shape[1])), 1e-12)
        if not held.any():
            raise ValueError(f"x={point.tolist()} lies in none of the regions; domain={self.domain.tolist()}")
        return int(np.argmax(held))

    def fixed_points(self, slack: float = 1e-9) -> np.ndarray:
        """Return the solutions of A x + c = x that lie in their piece, shape (Q, n): by enumeration, in floats.

        Points within `slack` of each other (on a border of pieces) count once.
        """
        n = self.vertices.shape[1]
        systems = np.eye(n) - self.matrices
        with np.errstate(divide="ignore", invalid="ignore"):
            regular = np.abs(np.linalg.det(systems)) > 1e-14 * np.abs(systems).max(axis=(1, 2)) ** n
            points = np.full((len(self), n), np.nan)
            points[regular] = np.linalg.solve(systems[regular], self.shifts[regular][..., None])[..., 0]
            held = regular & self.holds(np.arange(len(self)), points, slack)
        out: list[np.ndarray] = []
        for point in points[held]:
            if not any(np.abs(point - other).max() < 10.0 * slack for other in out):
                out.append(point)
        found = np.array(out).reshape(-1, n)
        return found[ascending(found)]

    def __repr__(self) -> str:
        more = "" if self.complete else " and more"
        return f"Regions({len(self)}{more} in {self.domain.tolist()})"


def checked_affine(net: Network) -> None:
    """Check that linear regions of a network can be enumerated."""
    if not all(phi.piecewise_affine and phi.code is not None for phi in net.activations):
        names = ", ".join(dict.fromkeys(phi.spec for phi in net.activations))
        raise ValueError(
            f"activation={names!r} is not piecewise affine (hardtanh, relu, leaky_relu, relu6, linear); "
            'use method="interval", or "grid"'
        )


def regions(network: Network, domain: object = None, *, max_regions: int = MOST_REGIONS) -> Regions:
    """Cut the plane (or the line) into the pieces on which a network is affine.

    Parameters
    ----------
    network
        With 1 or 2 inputs and piecewise affine activations.
    domain
        ``(low, high)``, or two corners; by default a box that holds the image of a network from R^n to R^n.
    max_regions
        Stop after this many; `Regions.complete` says so.

    Returns
    -------
    Regions
        In floats: pieces thinner than about 1e-13 may be missing.

    Raises
    ------
    ValueError
        If the network has more inputs, or other activations.

    Notes
    -----
    Cost: about R N^2 (n + 1) flops for R regions, N the width.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[1.0, 1.0], [1.0, -1.0]]], activation="relu")
    >>> found = rj.fixed_points.regions(net, domain=(-1, 1))
    >>> found.count, found.areas.sum().item()
    (4, 4.0)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network={network!r} must be a Network")
    n = network.widths[0]
    if n > 2:
        raise ValueError(f"network has {n} inputs; regions are drawn for 1 or 2")
    checked_affine(network)
    from rmtjac.kernels.boxes.cells import cells

    box = search_domain(network, domain)
    corners = box if n == 1 else np.array([[box[i, 0], box[j, 1]] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))])
    most = positive_int("max_regions", max_regions)
    found = cells(network.arrays, corners, most)
    matrices, shifts = found.maps[..., :n].copy(), found.maps[..., n].copy()
    return Regions(found.vertices.copy(), found.starts.copy(), matrices, shifts, box, bool(found.complete))

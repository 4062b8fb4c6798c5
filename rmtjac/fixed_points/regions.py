"""Linear regions of a piecewise affine network with one or two inputs."""

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
    r"""Hold the linear regions of a network: polygons (segments, for one input) on which :math:`F(x) = A x + c`.

    Attributes
    ----------
    vertices : ndarray of float, shape (V, n)
        The vertices of all R pieces, one piece after the other, each in order around it.
    starts : ndarray of int, shape (R + 1,)
        Piece r has the vertices starts[r] to starts[r + 1].
    matrices : ndarray of float, shape (R, n_L, n)
        The matrix A of each piece.
    shifts : ndarray of float, shape (R, n_L)
        The vector c of each piece.
    domain : ndarray of float, shape (2, n)
        The corners of the box that was cut.
    complete : bool
        True if these are all pieces, False if they are only the first `max_regions` ones.

    See Also
    --------
    regions : Compute such a result.

    References
    ----------
    docs/theory/fixed_points.md

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.fixed_points.regions(rj.Network([[[2.0]]], activation="hardtanh"), domain=(-1, 1))
    >>> found.areas
    array([0.5, 1. , 0.5])
    >>> len(found.fixed_points())
    3
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
        """Return the vertices of one piece.

        Parameters
        ----------
        region : int
            The number of the piece.

        Returns
        -------
        ndarray of float, shape (k, n)
            Its vertices, in order around it.
        """
        return self.vertices[self.starts[region] : self.starts[region + 1]]

    @cached_property
    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """The number of the piece of each vertex, and the index of the next vertex around it, shapes (V,)."""
        lengths = np.diff(self.starts)
        piece = np.repeat(np.arange(len(self)), lengths)
        following = np.arange(len(self.vertices)) + 1
        following[self.starts[1:] - 1] = self.starts[:-1]
        return piece, following

    @cached_property
    def areas(self) -> np.ndarray:
        """The area of each piece (the length, for one input), shape (R,)."""
        piece, following = self.edges
        here, there = self.vertices, self.vertices[following]
        if here.shape[1] == 1:
            return np.abs(np.diff(here.reshape(len(self), 2), axis=1)[:, 0])
        return 0.5 * np.abs(np.bincount(piece, here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0], len(self)))

    def holds(self, chosen: np.ndarray, points: np.ndarray, slack: float | np.ndarray) -> np.ndarray:
        """Return whether each of the given pieces contains a point, up to a distance.

        Parameters
        ----------
        chosen : ndarray of int, shape (k,)
            The numbers of the pieces.
        points : ndarray of float, shape (k, n)
            The point to look for in each of them.
        slack : float or ndarray of float, shape (k,)
            The distance from the piece up to which a point counts as inside.

        Returns
        -------
        ndarray of bool, shape (k,)
            Whether piece ``chosen[i]`` contains ``points[i]``.
        """
        slack = np.broadcast_to(slack, len(chosen))
        if not len(chosen):
            return np.zeros(0, dtype=bool)
        lengths = np.diff(self.starts)[chosen]
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        # For every vertex of the chosen pieces: the entry of `chosen` that it belongs to, and its index.
        owner = np.repeat(np.arange(len(chosen)), lengths)
        vertex = np.arange(len(owner)) - first[owner] + self.starts[chosen][owner]
        here, there, point = self.vertices[vertex], self.vertices[self.edges[1][vertex]], points[owner]
        if here.shape[1] == 1:
            side = (point - here)[:, 0]
            return (np.minimum.reduceat(side, first) <= slack) & (np.maximum.reduceat(side, first) >= -slack)
        along = there - here
        length = np.hypot(*along.T)
        turn = along[:, 0] * (point - here)[:, 1] - along[:, 1] * (point - here)[:, 0]
        # A side that is too short has no reliable direction and does not count.
        inward = np.divide(turn, length, out=np.full_like(turn, np.nan), where=length > 1e-14)
        least, most = np.fmin.reduceat(inward, first), np.fmax.reduceat(inward, first)
        return ~((least < -slack) & (most > slack))

    def find(self, x: object) -> int:
        """Return the number of the piece that contains a point.

        Parameters
        ----------
        x : array_like of float, shape (n,)
            The point.

        Returns
        -------
        int
            The number of the piece.

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
        """Return the fixed points, as the solutions of A x + c = x that lie in their piece; in floats, without proof.

        Parameters
        ----------
        slack : float, optional
            The distance from its piece up to which a solution counts. Points of two pieces that differ by less than ten
            times this count once.

        Returns
        -------
        ndarray of float, shape (Q, n)
            The points in ascending order of their coordinates.
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
    """Raise a ValueError unless all activations of the network are piecewise affine and known to the kernels."""
    if not all(phi.piecewise_affine and phi.code is not None for phi in net.activations):
        names = ", ".join(dict.fromkeys(phi.spec for phi in net.activations))
        raise ValueError(
            f"activation={names!r} is not piecewise affine (hardtanh, relu, leaky_relu, relu6, linear); "
            'use method="interval", or "grid"'
        )


def regions(network: Network, domain: object = None, *, max_regions: int = MOST_REGIONS) -> Regions:
    """List the linear regions of a network: the pieces of the plane (or the line) on which it is affine.

    Parameters
    ----------
    network : Network
        A network with 1 or 2 inputs and piecewise affine activations.
    domain : array_like of float, shape (2,) or (2, n), optional
        The box to cut: ``(low, high)`` for all coordinates, or two corners. By default a box that holds every fixed
        point of the network, if one is known, as in `find_fixed_points`.
    max_regions : int, optional
        The number of pieces after which the search stops; `Regions.complete` is then False.

    Returns
    -------
    Regions
        The pieces and the affine map on each, in floats: pieces thinner than about 1e-13 may be missing.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.
    ValueError
        If the network has more inputs or other activations, no domain is known, or a setting is out of range.

    See Also
    --------
    find_fixed_points : Find the fixed points, with proof.
    rmtjac.plotting.plot_regions : Draw the pieces.

    Notes
    -----
    Cost: about R N^2 (n + 1) floating-point operations for R regions and the width N.

    References
    ----------
    docs/theory/fixed_points.md

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
        raise ValueError(f"network has {n} inputs; regions are listed for 1 or 2")
    checked_affine(network)
    from rmtjac.kernels.boxes.cells import cells

    box = search_domain(network, domain)
    corners = box if n == 1 else np.array([[box[i, 0], box[j, 1]] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))])
    most = positive_int("max_regions", max_regions)
    found = cells(network.arrays, corners, most)
    matrices, shifts = found.maps[..., :n].copy(), found.maps[..., n].copy()
    return Regions(found.vertices.copy(), found.starts.copy(), matrices, shifts, box, bool(found.complete))

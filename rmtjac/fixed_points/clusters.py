r"""Clusters of fixed points that floats cannot tell apart, and a proof of the index of a cluster.

At a multiple fixed point, or at several that are closer together than rounding, x - F(x) is only rounding error on a
whole box. The code puts a parallelepiped around such boxes: the points c + V z with :math:`|z_i| \le r_i`, where
:math:`I - J = U S V^T` is the singular value decomposition at c. Let :math:`g = U^T (x - F(x))`.

Theorem: call a direction i null if its singular value is near 0. Suppose that each component g_i has a constant sign on
the face z_i = r_i, and a constant sign on the face z_i = -r_i. If i is null, g_i may also vanish at points of these
faces, provided that some g_j with j not null does not vanish there. Then the sum of the indices of the fixed points in
the parallelepiped is det U det V times the product over i of (sign on z_i = r_i - sign on z_i = -r_i) / 2. Reason: g
can be deformed, without a zero on the faces, to a map with these signs, and this does not change the degree.

In the plane the number of turns of x - F(x) along the sides of a square gives the sum as well. The signs come from
affine forms that are rounded outward; a sign that is not proved counts as 0, and no index is returned then.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from rmtjac.network import Network

__all__ = ["Cluster", "Side", "Surround", "gathered", "surround"]

_TWO_UNITS = 2.0**-52
_PIECES = 600  # the number of pieces of faces that are tried for each size
_NULL = 1e-2  # a direction is null if its singular value is below this part of the largest one (or of 1)


@dataclass(frozen=True)
class Cluster:
    """A group of fixed points near one place that floats cannot tell apart.

    Attributes
    ----------
    centre : tuple of float, length n
        The middle of the cluster.
    radius : float
        No fixed point of the cluster differs by more from the centre in any coordinate.
    index : int or None
        The proved sum of the indices of its fixed points. If it is not 0, there is at least one fixed point. None if
        the sum is not proved.
    multiplicity : int or None
        A proved upper bound of the number of its fixed points, each counted with its multiplicity. None if no bound is
        known (n > 1, kinks).
    """

    centre: tuple[float, ...]
    radius: float
    index: int | None
    multiplicity: int | None = None

    def __str__(self) -> str:
        most = "" if self.multiplicity is None else f" (at most {self.multiplicity} with their multiplicity)"
        return f"{self.place}: {self._meaning}{most}"

    @property
    def place(self) -> str:
        """The place of the cluster, as text."""
        return f"within {self.radius:.1e} of ({', '.join(f'{x:.6g}' for x in self.centre)})"

    def box(self) -> np.ndarray:
        """Return the corners, shape (2, n), of the cube around the cluster."""
        return np.array([np.array(self.centre) - self.radius, np.array(self.centre) + self.radius])

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for a file."""
        return {
            "centre": list(self.centre),
            "radius": self.radius,
            "index": self.index,
            "multiplicity": self.multiplicity,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Cluster:
        """Return the cluster whose fields a file stores."""
        return cls(tuple(fields["centre"]), fields["radius"], fields["index"], fields["multiplicity"])

    @property
    def _meaning(self) -> str:
        """What the index says, as text."""
        if self.index is None:
            return "index not proved"
        if self.index == 0:
            return "index 0, so no fixed point, or several whose indices cancel"
        return f"index {self.index:+d}, so at least one fixed point: a multiple one, or several close together"


class Side(IntEnum):
    """Where a point with an error lies relative to a set."""

    OUTSIDE = -1
    UNCLEAR = 0
    INSIDE = 1


class Surround(NamedTuple):
    """A parallelepiped centre + frame z, abs(z) <= sizes, without fixed points on its faces.

    `degree` is the sum of the indices of the fixed points in it.
    """

    degree: int
    centre: np.ndarray
    frame: np.ndarray
    sizes: np.ndarray

    def holds(self, points: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """Return the `Side` on which each of the points (Q, n) lies for every error up to `errors`, as integers."""
        z = np.abs((points - self.centre) @ self.frame)
        slack = (errors + 64.0 * _TWO_UNITS * (np.abs(points) + np.abs(self.centre))) @ np.abs(self.frame)
        inside, outside = (z + slack < self.sizes).all(axis=1), (z - slack > self.sizes).any(axis=1)
        return inside.astype(int) - outside.astype(int)

    def box(self) -> np.ndarray:
        """Return the corners (2, n) of a box around it."""
        reach = np.abs(self.frame) @ self.sizes * (1.0 + 1e-12) + 64.0 * _TWO_UNITS * np.abs(self.centre).max()
        return np.array([self.centre - reach, self.centre + reach])

    def touches(self, box: np.ndarray) -> bool:
        """Return whether the box around it shares a point with another box (2, n)."""
        mine = self.box()
        return bool((box[0] <= mine[1]).all() and (box[1] >= mine[0]).all())


def gathered(boxes: np.ndarray) -> list[np.ndarray]:
    """Return the indices of each group of boxes (U, 2, n) that touch or nearly touch."""
    if not len(boxes):
        return []
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    centre, half = boxes.mean(axis=1), 0.5 * (boxes[:, 1] - boxes[:, 0])
    near = cKDTree(centre).query_ball_point(centre, 2.0 * (half.max(axis=1) + half.max()), p=np.inf)
    rows = np.repeat(np.arange(len(boxes)), [len(one) for one in near])
    columns = np.concatenate([np.asarray(one, dtype=int) for one in near])
    touch = (np.abs(centre[rows] - centre[columns]) <= 2.0 * (half[rows] + half[columns])).all(axis=1)
    graph = coo_matrix((np.ones(touch.sum()), (rows[touch], columns[touch])), shape=(len(boxes),) * 2)
    count, labels = connected_components(graph, directed=False)
    return [np.flatnonzero(labels == k) for k in range(count)]


class _Gap:
    """Signs of x - F(x) over parallelepipeds."""

    def __init__(self, net: Network) -> None:
        from rmtjac.kernels.boxes.affine import workspace

        self.arrays, self.n = net.arrays, net.widths[0]
        self.space = workspace(self.arrays, self.n, 4)

    def __call__(self, centre: np.ndarray, frame: np.ndarray, sides: np.ndarray, mix: np.ndarray) -> np.ndarray:
        """Return the sign (n,) of each row of `mix` times x - F(x) on centre + frame z, abs(z) <= sides.

        0 means that no sign is proved.
        """
        from rmtjac.kernels.boxes.orbit import orbit

        # The edges are made longer by the rounding error of the centre.
        edges = frame * (sides * (1.0 + 1e-12) + 16.0 * _TWO_UNITS * (np.abs(centre).sum() + sides.sum()))
        found = orbit(self.arrays, self.space, centre, edges, 1)
        if not found.finite:
            return np.zeros(self.n, dtype=int)
        f, linear, error = found.centre, found.linear, found.error
        gap = centre - f
        slopes = -linear
        slopes[:, : self.n] += edges
        sizes = np.abs(mix)
        reach = np.abs(edges).sum(axis=1) + np.abs(linear).sum(axis=1)
        rounding = (2 * self.n + 16) * _TWO_UNITS * (np.abs(centre) + np.abs(f) + reach)
        most = np.abs(mix @ slopes).sum(axis=1) + sizes @ (error + rounding)
        value = mix @ gap
        return np.where(np.abs(value) > most * (1.0 + 64.0 * _TWO_UNITS) + 1e-300, np.sign(value), 0.0).astype(int)


def surround(net: Network, hull: np.ndarray, largest: float) -> Surround | None:
    """Return a parallelepiped around a box, corners (2, n), with the sum of the indices of the fixed points in it.

    The result is None if no parallelepiped up to the size `largest` has faces on which x - F(x) provably does not
    vanish.
    """
    gap = _Gap(net)
    centre = hull.mean(axis=0)
    half = np.maximum(0.5 * (hull[1] - hull[0]), 4.0 * _TWO_UNITS * np.abs(centre)) * (1.0 + 4.0 * _TWO_UNITS) + 1e-290
    n = centre.size
    frames = [(np.eye(n), np.eye(n), np.ones(n, dtype=bool))]
    with np.errstate(all="ignore"):
        jacobian = net.jacobian(centre)
    if n > 1 and np.isfinite(jacobian).all():
        u, s, vt = np.linalg.svd(np.eye(n) - jacobian)
        frames.insert(0, (u.T, vt.T, s <= _NULL * max(1.0, s[0])))
    grow = 2.0
    while half.max() * grow <= largest:
        for mix, frame, null in frames:
            sizes = _sizes(net, centre, half, frame, mix, null, grow)
            degree = _by_faces(gap, centre, frame, sizes, mix, null)
            if degree is not None:
                return Surround(degree, centre, frame, sizes)
        if n == 2:
            degree = _turns(gap, centre, half * grow)
            if degree is not None:
                return Surround(degree, centre, np.eye(2), half * grow)
        grow *= 2.0
    return None


def _sizes(
    net: Network,
    centre: np.ndarray,
    half: np.ndarray,
    frame: np.ndarray,
    mix: np.ndarray,
    null: np.ndarray,
    grow: float,
) -> np.ndarray:
    """Return the half sides of the parallelepiped.

    In null directions it is `grow` times as large as the box. In other directions it is at least twice as large, and
    larger still where x - F(x) is large at the ends of the null directions.
    """
    base = float((np.abs(frame.T) @ half).max())
    if null.all() or not null.any():
        return np.full(null.size, grow * base)
    sizes = np.where(null, grow, 2.0) * base
    with np.errstate(all="ignore"):
        for k in np.flatnonzero(null):
            for sign in (-1.0, 1.0):
                x = centre + sign * sizes[k] * frame[:, k]
                bend = 4.0 * np.nan_to_num(np.abs(mix @ (x - net(x))))
                sizes = np.where(null, sizes, np.maximum(sizes, bend))
    return np.minimum(sizes, 4.0 * grow * base)


def _by_faces(
    gap: _Gap, centre: np.ndarray, frame: np.ndarray, sizes: np.ndarray, mix: np.ndarray, null: np.ndarray
) -> int | None:
    """Return the index from the signs of the components on the faces; None if a sign is not proved."""
    n = centre.size
    signs = np.zeros((n, 2), dtype=int)
    left = _PIECES
    for i in range(n):
        for side, end in enumerate((-1.0, 1.0)):
            flat = sizes.copy()
            flat[i] = 0.0
            todo = [(centre + end * sizes[i] * frame[:, i], flat)]
            while todo:
                left -= 1
                if left < 0:
                    return None
                middle, piece = todo.pop()
                found = gap(middle, frame, piece, mix)
                if found[i] and signs[i, side] in (0, found[i]):
                    signs[i, side] = found[i]
                elif null[i] and not found[i] and (found[~null] != 0).any():
                    continue
                elif found[i] or not piece.any():
                    return None  # the component has both signs, or the piece is a point
                else:
                    cut = piece.copy()
                    longest = int(np.argmax(piece))
                    cut[longest] *= 0.5
                    todo += [(middle + s * cut[longest] * frame[:, longest], cut) for s in (-1.0, 1.0)]
    if (signs == 0).any():
        return None
    turned = np.linalg.slogdet(mix)[0] * np.linalg.slogdet(frame)[0]
    return int(np.prod((signs[:, 1] - signs[:, 0]) // 2) * turned)


def _turns(gap: _Gap, centre: np.ndarray, sides: np.ndarray) -> int | None:
    """Return the number of turns of x - F(x) along the sides of a rectangle; None if it is not proved.

    On each piece of the sides one component of x - F(x) has one sign, which gives a half plane that contains the
    values; the half planes of consecutive pieces are equal or a quarter turn apart.
    """
    corners = centre + sides * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    todo: list[Any] = [(corners[k], corners[(k + 1) % 4]) for k in (3, 2, 1, 0)]
    left, quarters, last, first = _PIECES, 0, -1, -1
    while todo:
        left -= 1
        if left < 0:
            return None
        a, b = todo.pop()
        middle = 0.5 * (a + b)
        found = gap(middle, np.eye(2), np.maximum(np.abs(b - middle), np.abs(middle - a)), np.eye(2))
        if not found.any():
            if (middle == a).all() or (middle == b).all():
                return None
            todo += [(middle, b), (a, middle)]
            continue
        # Half planes: 0 right, 1 upper, 2 left, 3 lower. Consecutive ones share a value, so they are never opposite.
        options = [axis + (2 if found[axis] < 0 else 0) for axis in range(2) if found[axis]]
        here = last if last in options else options[0]
        if last >= 0:
            quarters += (here - last + 1) % 4 - 1
        else:
            first = here
        last = here
    quarters += (first - last + 1) % 4 - 1
    return quarters // 4

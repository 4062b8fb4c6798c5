r"""A test that a polygon on which the first layers of a network are affine holds no fixed point.

The caller gives the vertices v with their images x^l(v) under the first layers. Only the other layers map the polygon
as an affine form (`rmtjac.kernels.boxes.affine`), so no digits are lost in the first layers, however thin the polygon
is and however steep they are. An overflow, NaN or failed bound never excludes a polygon.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import Effect, image

__all__ = ["excluded"]

_UNIT = 2.0**-53
_UP = 1.0 + 16.0 * _UNIT


@njit(cache=True, nogil=True)
def _form(points, centre, edges, errors):
    """Write an affine form of two symbols that contains the convex hull of the points (V, m).

    The results go to `centre` (m,), `edges` (2, m) and `errors` (m,). The first edge leads from the first point to the
    one farthest from it, the second one from that line to the point farthest from the line. The form is right for any
    edges: the distance of each point from the plane that they span is part of the errors, which hold for the hull too.
    """
    count, m = points.shape
    along, half, rest = np.zeros((2, count)), np.zeros(2), points - points[0]
    centre[:] = points[0]
    for k in range(2):
        best, most = 0, 0.0
        for v in range(count):
            size = (rest[v] * rest[v]).sum()
            if size > most:
                best, most = v, size
        edges[k] = rest[best]
        if most > 0.0:
            for v in range(count):
                along[k, v] = (rest[v] * edges[k]).sum() / most
                rest[v] -= along[k, v] * edges[k]
        middle = 0.5 * (along[k].min() + along[k].max())
        along[k] -= middle
        centre += middle * edges[k]
        half[k] = np.abs(along[k]).max() * _UP
    for i in range(m):
        errors[i] = 0.0
        size = 16.0 * _UNIT * (abs(centre[i]) + 2.0 * abs(edges[0, i]) + 2.0 * abs(edges[1, i]))
        for v in range(count):
            gap = points[v, i] - centre[i] - along[0, v] * edges[0, i] - along[1, v] * edges[1, i]
            errors[i] = max(errors[i], abs(gap) + 16.0 * _UNIT * abs(points[v, i]) + size)
        for k in range(2):
            edges[k, i] *= half[k]


@njit(cache=True, nogil=True)
def excluded(net, space, points):
    """Return whether the network provably maps no point of a polygon to itself.

    Parameters
    ----------
    net
        The layers that are left, as `rmtjac.network.NetworkArrays`.
    space
        A `Workspace` for it.
    points
        Shape (V, n + m): the vertices, and their images under the layers before, rounded to the nearest float.
    """
    m = net.widths[0]
    n = points.shape[1] - m
    centre, edges, errors = np.empty(n + m), np.empty((2, n + m)), np.empty(n + m)
    _form(points, centre, edges, errors)
    symbols = space.linear.shape[1]
    for j in range(m):
        space.centre[0, j], space.error[0, j] = centre[n + j], errors[n + j]
        for k in range(symbols):
            space.linear[0, k, j] = edges[k, n + j] if k < 2 else 0.0
    side, effect = image(net, space)
    if effect == Effect.OVERFLOW:
        return False
    gap, room, system = np.empty(n), np.empty(n), np.empty((n, symbols))
    for i in range(n):
        gap[i] = centre[i] - space.centre[side, i]
        room[i] = errors[i] + space.error[side, i] + 4.0 * _UNIT * (abs(centre[i]) + abs(space.centre[side, i]))
        total = room[i]
        for k in range(symbols):
            system[i, k] = space.linear[side, k, i]
            if k < 2:
                room[i] += 4.0 * _UNIT * (abs(system[i, k]) + abs(edges[k, i]))
                system[i, k] -= edges[k, i]
            total += abs(system[i, k])
        if abs(gap[i]) > total * (1.0 + (symbols + 8) * 2.0 * _UNIT):
            return True
    if n == 1:
        return False
    for j in range(symbols):  # combinations of both rows that eliminate one of the symbols
        a, b = -system[1, j], system[0, j]
        total = abs(a) * room[0] + abs(b) * room[1]
        size = abs(a * gap[0]) + abs(b * gap[1])
        for k in range(symbols):
            total += abs(a * system[0, k] + b * system[1, k])
            size += abs(a * system[0, k]) + abs(b * system[1, k])
        if abs(a * gap[0] + b * gap[1]) > total * (1.0 + (symbols + 8) * 2.0 * _UNIT) + 16.0 * _UNIT * size:
            return True
    return False

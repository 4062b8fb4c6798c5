r"""The first images of a parallelepiped under the iteration of a network, and the Jacobian of the iterated map.

Every bound is rounded outward, as in `rmtjac.kernels.boxes.affine`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.affine import TWO_UNITS, Effect, image, load, slopes, workspace

__all__ = ["Orbit", "hulls", "orbit"]


class Orbit(NamedTuple):
    """The images of a parallelepiped; the fields from `centre` to `radius` describe the last one."""

    finite: bool  # whether no number overflowed; else nothing below is valid
    centre: np.ndarray  # (n,)
    linear: np.ndarray  # (n, symbols), columns the edges
    error: np.ndarray  # (n,)
    matrix: np.ndarray  # (n, n), centre of a matrix interval that contains the Jacobian of the iterated map
    radius: np.ndarray  # (n, n), its radius
    hulls: np.ndarray  # (times, 2, n), corners of a box around each image


@njit(cache=True, nogil=True)
def orbit(net, space, centre, linear, times):
    """Map the parallelepiped centre + linear eps `times` times through a network from R^n to itself.

    Parameters
    ----------
    net
        The network, as `rmtjac.network.NetworkArrays`.
    space
        A `Workspace` for it.
    centre, linear
        Shapes (n,) and (n, n), columns the edges.
    times
        The number of iterations.

    Returns
    -------
    Orbit
    """
    n = centre.size
    hulls = np.empty((times, 2, n))
    matrix, radius = np.eye(n), np.zeros((n, n))
    error = np.zeros(n)
    load(space, centre, linear)
    symbols = space.linear.shape[1]
    centre, linear = np.empty(n), np.empty((n, symbols))
    for step in range(times):
        side, effect = image(net, space)
        if effect == Effect.OVERFLOW:
            return Orbit(False, centre, linear, error, matrix, radius, hulls)
        turned = slopes(net, space)
        inner, outer = space.slope_centre[turned], space.slope_radius[turned]
        new, spread = np.zeros((n, n)), np.zeros((n, n))
        for i in range(n):
            for k in range(n):
                for j in range(n):
                    size = abs(inner[j, i]) + outer[j, i]
                    new[i, k] += inner[j, i] * matrix[j, k]
                    spread[i, k] += size * radius[j, k] + outer[j, i] * abs(matrix[j, k])
                    spread[i, k] += (n + 4) * TWO_UNITS * size * (abs(matrix[j, k]) + radius[j, k])
        matrix, radius = new, spread
        for i in range(n):
            centre[i], error[i] = space.centre[side, i], space.error[side, i]
            reach = error[i]
            for k in range(symbols):
                linear[i, k] = space.linear[side, k, i]
                reach += abs(linear[i, k])
            reach += 8.0 * TWO_UNITS * (reach + abs(centre[i]))
            hulls[step, 0, i], hulls[step, 1, i] = centre[i] - reach, centre[i] + reach
        for i in range(n):
            space.centre[0, i], space.error[0, i] = centre[i], error[i]
            for k in range(symbols):
                space.linear[0, k, i] = linear[i, k]
    return Orbit(True, centre, linear, error, matrix, radius, hulls)


@njit(cache=True, nogil=True)
def hulls(net, low, high, times):
    """Return boxes around the first `times` images of the boxes [low, high], both of shape (boxes, n).

    The result has shape (boxes, times, 2, n): two corners for each image; infinite ones after an overflow.
    """
    n = low.shape[1]
    space = workspace(net, n, 0)
    out = np.empty((low.shape[0], times, 2, n))
    for b in range(low.shape[0]):
        centre, edges = 0.5 * (low[b] + high[b]), np.zeros((n, n))
        for i in range(n):
            edges[i, i] = max(high[b, i] - centre[i], centre[i] - low[b, i]) * (1.0 + 2.0 * TWO_UNITS)
        found = orbit(net, space, centre, edges, times)
        out[b] = found.hulls
        if not found.finite:
            out[b, :, 0], out[b, :, 1] = -math.inf, math.inf
    return out

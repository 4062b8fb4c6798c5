r"""Linear regions: the polygons (segments, for one input) on which a piecewise affine network is affine, and its maps.

The search is depth first. A polygon is cut along every kink of the first layer, each part along every kink of the
second layer restricted to it, and so on. Only the parts that still wait for this are stored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from rmtjac.kernels.activations import Code, derivative, value
from rmtjac.kernels.boxes.activations import kinks
from rmtjac.kernels.boxes.affine import add_to

__all__ = ["Cells", "cells"]

_ROUNDING = 1e-13  # a vertex closer to a kink than this, relative to the size of the terms, counts as lying on it


class Cells(NamedTuple):
    """The pieces on which a network is affine."""

    vertices: np.ndarray  # (V, n), the vertices of all pieces, one piece after the other
    starts: np.ndarray  # (R + 1,), first vertex of each piece
    maps: np.ndarray  # (R, n_L, n + 1): columns of A, then c
    complete: bool  # whether these are all pieces


@njit(cache=True, nogil=True)
def _grown(array, count, more):
    """Return the array with room for `more` rows after the first `count`."""
    if count + more <= array.shape[0]:
        return array
    new = np.empty((2 * (count + more), array.shape[1]), dtype=array.dtype)
    new[:count] = array[:count]
    return new


@njit(cache=True, nogil=True)
def _shaped(maps, count, rows):
    """Return the first `count` maps as matrices of `rows` rows."""
    return maps[:count].reshape((count, rows, maps.shape[1] // rows))


@njit(cache=True, nogil=True)
def cells(net, corners, max_count):
    """Cut a convex set into the pieces on which the network is affine.

    Parameters
    ----------
    net
        The network, as `rmtjac.network.NetworkArrays`; all activations are piecewise affine.
    corners
        Shape (k, n): the vertices of a polygon in order (n = 2), or the ends of a segment (n = 1).
    max_count
        The number of pieces after which the search stops.

    Returns
    -------
    Cells
    """
    weights, biases, widths, codes, parameters = net.weights, net.biases, net.widths, net.codes, net.parameters
    depth, n = codes.size, corners.shape[1]
    top = widths.max()
    # `forms` holds x^l and `linear` holds h^l, as affine functions of x.
    forms, linear = np.zeros((depth + 1, n + 1, top)), np.zeros((depth, n + 1, top))
    reach = np.abs(corners).max()
    offsets = np.zeros(depth + 1, dtype=np.int64)
    rows = np.zeros(depth + 1, dtype=np.int64)
    for l in range(depth):
        offsets[l + 1] = offsets[l] + widths[l] * widths[l + 1]
        rows[l + 1] = rows[l] + widths[l + 1]
    for i in range(n):
        forms[0, i, i] = 1.0
    # Parts that wait: their vertices are in `pool`, and `parts` holds (start, end, level, mark) for each; the last one
    # is next. The vertices of the parts that wait below it end at `mark`: what follows may be overwritten.
    pool = np.empty((1024, n))
    parts = np.empty((256, 4), dtype=np.int64)
    pool[: corners.shape[0]] = corners
    parts[0] = np.array([0, corners.shape[0], 0, corners.shape[0]])
    waiting = 1
    vertices, starts = np.empty((1024, n)), np.empty((257, 1), dtype=np.int64)
    maps = np.empty((256, widths[depth] * (n + 1)))
    starts[0, 0] = 0
    found, used = 0, 0
    middle, heights = np.empty(n), np.empty(16)
    while waiting > 0:
        waiting -= 1
        start, end, level, filled = parts[waiting]
        if level > 0:  # cut along the kinks of layer level - 1 already: its activations are affine here
            middle[:] = 0.0
            for v in range(start, end):
                for k in range(n):
                    middle[k] += pool[v, k] / (end - start)
            l = level - 1
            for i in range(widths[level]):
                h = linear[l, n, i]
                for k in range(n):
                    h += linear[l, k, i] * middle[k]
                slope = derivative(codes[l], parameters[l], h)
                offset = value(codes[l], parameters[l], h) - slope * h
                if codes[l] >= Code.HARDTANH and slope == 0.0:
                    offset = value(codes[l], parameters[l], h)
                elif slope == 1.0 or codes[l] <= Code.LEAKY_RELU:
                    offset = 0.0
                for k in range(n + 1):
                    forms[level, k, i] = slope * linear[l, k, i]
                forms[level, n, i] += offset
        if level == depth:
            if found == max_count:
                return Cells(vertices[:used], starts[: found + 1, 0], _shaped(maps, found, widths[depth]), False)
            vertices = _grown(vertices, used, end - start)
            vertices[used : used + end - start] = pool[start:end]
            used += end - start
            maps, starts = _grown(maps, found, 1), _grown(starts, found + 1, 1)
            for i in range(widths[depth]):
                for k in range(n + 1):
                    maps[found, i * (n + 1) + k] = forms[depth, k, i]
            found += 1
            starts[found, 0] = used
            continue
        columns = widths[level]
        for i in range(widths[level + 1]):
            for k in range(n):
                linear[level, k, i] = 0.0
            linear[level, n, i] = biases[rows[level] + i]
        for j in range(columns):
            at = offsets[level] + j * widths[level + 1]
            column = weights[at : at + widths[level + 1]]
            for k in range(n + 1):
                if forms[level, k, j] != 0.0:  # a constant neuron has slope 0
                    add_to(column, forms[level, k, j], linear[level, k])
        first = waiting  # the parts of this polygon are those from here on
        parts[waiting, 0], parts[waiting, 1], parts[waiting, 2] = start, end, level + 1
        waiting += 1
        count, low, high = kinks(codes[level])
        for i in range(widths[level + 1]):
            for which in range(count):
                kink = low if which == 0 else high
                near = abs(linear[level, n, i]) + abs(kink)
                for k in range(n):
                    near += abs(linear[level, k, i]) * reach
                near *= _ROUNDING
                for p in range(first, waiting):
                    start, end = parts[p, 0], parts[p, 1]
                    if end - start > heights.size:
                        heights = np.empty(2 * (end - start))
                    below, above = False, False
                    for v in range(start, end):
                        h = linear[level, n, i] - kink
                        for k in range(n):
                            h += linear[level, k, i] * pool[v, k]
                        if abs(h) <= near:
                            h = 0.0
                        heights[v - start] = h
                        below, above = below or h < 0.0, above or h > 0.0
                    if not (below and above):
                        continue
                    # The part below the kink replaces the polygon, the part above it is new.
                    room = end - start + 2
                    pool = _grown(pool, filled, 2 * room)
                    for side in range(2):
                        begin = filled
                        for v in range(start, end):
                            u = v - 1 if v > start else end - 1
                            now, before = heights[v - start], heights[u - start]
                            if now * before < 0.0 and not (n == 1 and v == start):
                                t = before / (before - now)
                                for k in range(n):
                                    pool[filled, k] = pool[u, k] + t * (pool[v, k] - pool[u, k])
                                filled += 1
                            if (now <= 0.0) if side == 0 else (now >= 0.0):
                                pool[filled] = pool[v]
                                filled += 1
                        if side == 0:
                            parts[p, 0], parts[p, 1] = begin, filled
                        else:
                            parts = _grown(parts, waiting, 1)
                            parts[waiting, 0], parts[waiting, 1], parts[waiting, 2] = begin, filled, level + 1
                            waiting += 1
        parts[first:waiting, 3] = filled
    return Cells(vertices[:used], starts[: found + 1, 0], _shaped(maps, found, widths[depth]), True)

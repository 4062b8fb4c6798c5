r"""The pieces on which a piecewise affine network is affine, for n <= 2 inputs: polygons (or segments) and their maps.

Depth first: the polygon is cut along every kink of the first layer, each part along every kink of the second layer
restricted to it, and so on; only the parts on the way to the current one are kept.

The maps carry a proof. A chord between any two points of its boundary cuts a convex set into two that cover it; the
ends of a chord are rounded, so after k cuts the parts cover the set up to a distance of k times that rounding. The
errors returned hold for every point within this distance of a piece: rounding of the maps as in
`rmtjac.kernels.affine`, and what a neuron may pass its kink by there.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.activations import derivative, value
from rmtjac.kernels.affine import add_absolute_to, add_to
from rmtjac.kernels.relax import kinks

__all__ = ["cells"]

_UNIT = 2.0**-53
_ROUNDING = 1e-13  # a vertex closer to a kink than this, relative to the size of the terms, lies on it


@njit(cache=True, nogil=True)
def _grown(array, count, more):
    """The array with room for `more` rows after the first `count`."""
    if count + more <= array.shape[0]:
        return array
    new = np.empty((2 * (count + more), array.shape[1]), dtype=array.dtype)
    new[:count] = array[:count]
    return new


@njit(cache=True, nogil=True)
def _shaped(maps, count, rows):
    return maps[:count].reshape((count, rows, maps.shape[1] // rows))


@njit(cache=True, nogil=True)
def _passed(code, a, form, vertices, distance, slope, offset):
    """Return how far phi(h) may be from slope h + offset, where h = `form` within `distance` of the piece."""
    n = vertices.shape[1]
    low, high, spread, size = math.inf, -math.inf, form[n + 1], 0.0
    for k in range(n):
        spread += abs(form[k]) * distance
    for v in range(vertices.shape[0]):
        h, total = form[n], abs(form[n])
        for k in range(n):
            h += form[k] * vertices[v, k]
            total += abs(form[k] * vertices[v, k])
        low, high, size = min(low, h), max(high, h), max(size, total)
    spread += 8.0 * _UNIT * size
    low, high = low - spread, high + spread
    count, first, second = kinks(code)
    crosses = (count > 0 and low < first < high) or (count == 2 and low < second < high)
    if not crosses:
        return 0.0
    most = max(abs(value(code, a, low) - slope * low - offset), abs(value(code, a, high) - slope * high - offset))
    for which in range(count):
        kink = first if which == 0 else second
        if low < kink < high:
            most = max(most, abs(value(code, a, kink) - slope * kink - offset))
    return most + 16.0 * _UNIT * (abs(low) + abs(high) + abs(offset))


@njit(cache=True, nogil=True)
def cells(net, corners, most):
    """Cut the convex set with the given `corners` into the pieces on which the network is affine.

    Parameters
    ----------
    net
        See `rmtjac.kernels.affine`; piecewise affine activations.
    corners
        Shape (k, n): the vertices of a polygon in order (n = 2), or the ends of a segment (n = 1).
    most
        Stop after this many pieces.

    Returns
    -------
    tuple
        Vertices of all pieces one after the other (V, n), the start of each (R + 1,), the maps (R, n_L, n + 2), columns
        A, c and a bound of the error; the distance (R,) up to which each piece counts; whether all were found.
    """
    weights, biases, sums, widths, codes, parameters, _ = net
    depth, n = codes.size, corners.shape[1]
    top = widths.max()
    # x^l and (below) h^l as affine functions of x; last column: the error.
    forms, linear = np.zeros((depth + 1, n + 2, top)), np.zeros((depth, n + 2, top))
    reach = np.abs(corners).max()
    rounding = 8.0 * _UNIT * reach
    offsets = np.zeros(depth + 1, dtype=np.int64)
    rows = np.zeros(depth + 1, dtype=np.int64)
    for l in range(depth):
        offsets[l + 1] = offsets[l] + widths[l] * widths[l + 1]
        rows[l + 1] = rows[l] + widths[l + 1]
    for i in range(n):
        forms[0, i, i] = 1.0
    # Parts that wait: vertices in `pool`, one (start, end, level, mark, cuts) each in `parts`; the last is next.
    # Below `mark` the pool holds what still waits.
    pool = np.empty((1024, n))
    parts = np.empty((256, 5), dtype=np.int64)
    pool[: corners.shape[0]] = corners
    parts[0] = np.array([0, corners.shape[0], 0, corners.shape[0], 0])
    waiting = 1
    vertices, starts = np.empty((1024, n)), np.empty((257, 1), dtype=np.int64)
    maps, distances = np.empty((256, widths[depth] * (n + 2))), np.empty((256, 1))
    starts[0, 0] = 0
    found, used = 0, 0
    middle, half, heights = np.empty(n), np.empty(n), np.empty(16)
    while waiting > 0:
        waiting -= 1
        start, end, level, filled, cuts = parts[waiting]
        distance = (cuts + 1) * rounding
        if level > 0:  # cut along the kinks of layer level - 1 already: fix the pieces its neurons are on
            middle[:] = 0.0
            for v in range(start, end):
                for k in range(n):
                    middle[k] += pool[v, k] / (end - start)
            half[:] = 0.0
            for v in range(start, end):
                for k in range(n):
                    half[k] = max(half[k], abs(pool[v, k] - middle[k]) * (1.0 + 4.0 * _UNIT))
            l = level - 1
            for i in range(widths[level]):
                h = linear[l, n, i]
                for k in range(n):
                    h += linear[l, k, i] * middle[k]
                slope = derivative(codes[l], parameters[l], h)
                offset = value(codes[l], parameters[l], h) - slope * h
                if codes[l] >= 3 and slope == 0.0:
                    offset = value(codes[l], parameters[l], h)
                elif slope == 1.0 or codes[l] <= 2:
                    offset = 0.0
                spread, size = linear[l, n + 1, i], abs(linear[l, n, i])
                for k in range(n):
                    spread += abs(linear[l, k, i]) * (half[k] + distance)
                    size += abs(linear[l, k, i]) * reach
                spread += 16.0 * _UNIT * size
                count, low, high = kinks(codes[l])
                passed = 0.0
                if (count > 0 and abs(h - low) <= spread) or (count == 2 and abs(h - high) <= spread):
                    passed = _passed(codes[l], parameters[l], linear[l, :, i], pool[start:end], distance, slope, offset)
                for k in range(n + 1):
                    forms[level, k, i] = slope * linear[l, k, i]
                forms[level, n, i] += offset
                pad = 4.0 * _UNIT * (abs(forms[level, n, i]) + abs(offset))
                for k in range(n):
                    pad += 4.0 * _UNIT * abs(forms[level, k, i]) * reach
                forms[level, n + 1, i] = (abs(slope) * linear[l, n + 1, i] + passed) * (1.0 + 4.0 * _UNIT)
                if slope != 0.0 and slope != 1.0:
                    forms[level, n + 1, i] += pad
        if level == depth:
            if found == most:
                return (
                    vertices[:used],
                    starts[: found + 1, 0],
                    _shaped(maps, found, widths[depth]),
                    distances[:found, 0],
                    False,
                )
            vertices = _grown(vertices, used, end - start)
            vertices[used : used + end - start] = pool[start:end]
            used += end - start
            maps, starts, distances = _grown(maps, found, 1), _grown(starts, found + 1, 1), _grown(distances, found, 1)
            for i in range(widths[depth]):
                for k in range(n + 2):
                    maps[found, i * (n + 2) + k] = forms[depth, k, i]
            distances[found, 0] = distance
            found += 1
            starts[found, 0] = used
            continue
        columns = widths[level]
        for i in range(widths[level + 1]):
            for k in range(n + 2):
                linear[level, k, i] = 0.0
            linear[level, n, i] = biases[rows[level] + i]
        largest = 0.0
        for j in range(columns):
            at, size = offsets[level] + j * widths[level + 1], abs(forms[level, n, j]) + forms[level, n + 1, j]
            for k in range(n):
                size += abs(forms[level, k, j]) * (reach + distance)
            largest = max(largest, size)
            column = weights[at : at + widths[level + 1]]
            for k in range(n + 1):
                if forms[level, k, j] != 0.0:  # constant neurons have no slopes
                    add_to(column, forms[level, k, j], linear[level, k])
            if forms[level, n + 1, j] > 0.0:
                add_absolute_to(column, forms[level, n + 1, j], linear[level, n + 1])
        for i in range(widths[level + 1]):
            size = sums[rows[level] + i] * largest + abs(biases[rows[level] + i])
            linear[level, n + 1, i] += (columns + n + 8) * 2.0 * _UNIT * size
        first = waiting  # the parts of this one
        parts[waiting, 0], parts[waiting, 1], parts[waiting, 2], parts[waiting, 4] = start, end, level + 1, cuts
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
                    # The part below replaces it, the one above is new.
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
                            parts[p, 0], parts[p, 1], parts[p, 4] = begin, filled, parts[p, 4] + 1
                        else:
                            parts = _grown(parts, waiting, 1)
                            parts[waiting, 0], parts[waiting, 1], parts[waiting, 2] = begin, filled, level + 1
                            parts[waiting, 4] = parts[p, 4]
                            waiting += 1
        parts[first:waiting, 3] = filled
    return vertices[:used], starts[: found + 1, 0], _shaped(maps, found, widths[depth]), distances[:found, 0], True

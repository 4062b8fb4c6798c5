r"""Weights of integrals of g(y) sqrt(x^2 - y^2) over y < x, and of g(y) sqrt(y^2 - x^2)/y over y > x.

The nodes y are those of a Gauss-Legendre rule on panels, and x runs through the nodes. Panels that are neither that of
x nor next to it take the rule itself. On the others g is the polynomial through the nodes of the panel, and the
substitution y = x - t^2 or y = x + t^2 takes the root away.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["coupled_weights"]


@njit(cache=True, nogil=True, error_model="numpy")
def _interpolate(out, unit_nodes, barycentric, u):
    """Write the values at u of the Lagrange polynomials of the nodes into out."""
    total = 0.0
    for j in range(unit_nodes.size):
        gap = u - unit_nodes[j]
        if gap == 0.0:
            out[:] = 0.0
            out[j] = 1.0
            return
        out[j] = barycentric[j] / gap
        total += out[j]
    for j in range(unit_nodes.size):
        out[j] /= total


@njit(cache=True, nogil=True, error_model="numpy")
def _near(row, edge, after, x, above, unit_nodes, barycentric, fine_nodes, fine_weights, lagrange):
    """Add the weights of the part of a panel above or below x to its entries of a row."""
    if above:
        start, end = math.sqrt(max(edge, x) - x), math.sqrt(after - x)
    else:
        start, end = math.sqrt(x - min(after, x)), math.sqrt(x - edge)
    for s in range(fine_nodes.size):
        t = 0.5 * (start + end) + 0.5 * (end - start) * fine_nodes[s]
        y = x + t * t if above else x - t * t
        weight = fine_weights[s] * (end - start) * t * t * math.sqrt(x + y)
        if above:
            weight /= y
        _interpolate(lagrange, unit_nodes, barycentric, (2.0 * y - edge - after) / (after - edge))
        for j in range(row.size):
            row[j] += weight * lagrange[j]


@njit(cache=True, nogil=True, error_model="numpy")
def coupled_weights(nodes, weights, edges, unit_nodes, barycentric, fine_nodes, fine_weights):
    """Return the matrices of both integrals: below[i, j] and above[i, j] belong to x = nodes[i], y = nodes[j]."""
    n, order = nodes.size, unit_nodes.size
    below, above = np.zeros((n, n)), np.zeros((n, n))
    lagrange = np.empty(order)
    for i in range(n):
        x, own = nodes[i], i // order
        for panel in range(edges.size - 1):
            first = panel * order
            if panel < own - 1:
                for j in range(first, first + order):
                    below[i, j] = weights[j] * math.sqrt((x - nodes[j]) * (x + nodes[j]))
            elif panel > own + 1:
                for j in range(first, first + order):
                    above[i, j] = weights[j] * math.sqrt((nodes[j] - x) * (nodes[j] + x)) / nodes[j]
            else:
                edge, after = edges[panel], edges[panel + 1]
                part = slice(first, first + order)
                if edge < x:
                    _near(
                        below[i, part],
                        edge, after, x, False,
                        unit_nodes, barycentric, fine_nodes, fine_weights, lagrange,
                    )  # fmt: skip
                if after > x:
                    _near(
                        above[i, part],
                        edge, after, x, True,
                        unit_nodes, barycentric, fine_nodes, fine_weights, lagrange,
                    )  # fmt: skip
    return below, above

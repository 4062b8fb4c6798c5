r"""A network over a parallelepiped: affine forms with an error, and the range of its Jacobian.

An affine form is :math:`x = c + A\epsilon \pm e`, :math:`|\epsilon_k| \le 1`: centre c (m,), A (n, m) by rows k, and a
bound e (m,) of what is left. Every bound is outward: with :math:`u = 2^{-53}`, a sum of k products is off by at most
:math:`ku/(1-ku)` times the sum of their sizes (Higham, Accuracy and Stability, 3.1), and twice that is added to e.

A network is the tuple ``(weights, biases, sums, widths, codes, parameters, effects)``: the transposed matrices one
after the other, the biases, the row sums of \|W\| rounded up, n_0 ... n_L, per layer the code and parameter of phi, and
the column sums of \|W\| of the layers from the second on.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.activations import derivative_range, strip

__all__ = ["add_absolute_to", "add_to", "hulls", "image", "orbit", "slopes", "workspace"]

_TWO_UNITS = 2.0**-52
_TINY = 1e-290


@njit(cache=True, nogil=True)
def workspace(net, n, more):
    """Return the buffers of `image` and `slopes` for n inputs, with room for `more` noise symbols of neurons."""
    width = net[3].max()
    total = net[3][1:].sum()
    return (
        np.zeros((2, width)), np.zeros((2, n + more, width)), np.zeros((2, width)),
        np.zeros(total), np.zeros(total), np.zeros((2, n, width)), np.zeros((2, n, width)), np.zeros(width),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def add_to(column, factor, out):
    """Add `factor` times `column` to `out`. Slices, so that the loop is vectorised."""
    for i in range(column.size):
        out[i] += factor * column[i]


@njit(cache=True, nogil=True)
def add_absolute_to(column, factor, out):
    """Add `factor` times the sizes of `column` to `out`."""
    for i in range(column.size):
        out[i] += factor * abs(column[i])


@njit(cache=True, nogil=True)
def _name(linear, error, rests, effects, first, count):
    """Give the largest of the errors `rests` noise symbols of their own, those from number `first` on.

    What a neuron is off by acts on all neurons after it alike; as a symbol it keeps that. Without a free symbol the
    least one is given up: it goes into the error. `effects`: what a neuron acts on next, column sums of abs(W).
    """
    for slot in range(first, linear.shape[0]):
        best, most = -1, 0.0
        for i in range(count):
            score = rests[i] * (effects[i] if effects.size else 1.0)
            if score > most:
                best, most = i, score
        if best < 0:
            return
        weakest, least = slot, math.inf
        for k in range(first, linear.shape[0]):
            strength = 0.0
            for i in range(count):
                strength += abs(linear[k, i]) * (effects[i] if effects.size else 1.0)
            if strength < least:
                weakest, least = k, strength
        if least > 0.5 * most:
            return
        for i in range(count):
            error[i] += abs(linear[weakest, i]) * (1.0 + 2.0 * _TWO_UNITS)
            linear[weakest, i] = 0.0
        linear[weakest, best] = rests[best]
        rests[best] = 0.0


@njit(cache=True, nogil=True)
def image(net, space):
    """Push the form in buffer 0 of `space` through the network.

    Returns the buffer of the result and a verdict: 2 if the network is affine on the form, 1 if not, 0 if a number
    overflowed. The ranges of the preactivations stay in ``space[3]`` (low) and ``space[4]`` (high).
    """
    weights, biases, sums, widths, codes, parameters, effects = net
    centre, linear, error, lows, highs, rests = space[0], space[1], space[2], space[3], space[4], space[7]
    n = linear.shape[1]
    at, row, side, verdict = 0, 0, 0, 2
    for l in range(codes.size):
        columns, rows = widths[l], widths[l + 1]
        c, a, e = centre[side], linear[side], error[side]
        side = 1 - side
        c_out, a_out, e_out = centre[side], linear[side], error[side]
        for i in range(rows):
            c_out[i] = biases[row + i]
            e_out[i] = 0.0
            for k in range(n):
                a_out[k, i] = 0.0
        size = 0.0
        for j in range(columns):
            column = weights[at + j * rows : at + (j + 1) * rows]
            add_to(column, c[j], c_out)
            reach = e[j]
            if e[j] > 0.0:
                add_absolute_to(column, e[j], e_out)
            for k in range(n):
                if a[k, j] != 0.0:
                    add_to(column, a[k, j], a_out[k])
                    reach += abs(a[k, j])
            size = max(size, abs(c[j]) + reach)
        unit = (columns + n + 8) * _TWO_UNITS
        for i in range(rows):
            pad = unit * (sums[row + i] * size + abs(biases[row + i])) + _TINY
            spread = e_out[i] + pad
            for k in range(n):
                spread += abs(a_out[k, i])
            low, high = c_out[i] - spread, c_out[i] + spread
            if not (low > -math.inf and high < math.inf):
                return side, 0
            lows[row + i], highs[row + i] = low, high
            s, t, rest, affine = strip(codes[l], parameters[l], low, high)
            if not affine:
                verdict = 1
            rests[i] = rest
            if s == 0.0:
                c_out[i], e_out[i] = t, 0.0
                for k in range(n):
                    a_out[k, i] = 0.0
            elif s == 1.0:
                c_out[i] += t
                e_out[i] += pad
            else:
                rounding = 2.0 * _TWO_UNITS * (abs(s) * (abs(c_out[i]) + spread) + abs(t))
                e_out[i] = abs(s) * (e_out[i] + pad) + rounding
                c_out[i] = s * c_out[i] + t
                for k in range(n):
                    a_out[k, i] *= s
        if n > space[5].shape[1]:
            # the slice is empty after the last layer
            _name(a_out, e_out, rests, effects[row : row + rows], space[5].shape[1], rows)
        at += columns * rows
        row += rows
        for i in range(rows):
            e_out[i] = (e_out[i] + rests[i]) * (1.0 + 2.0 * _TWO_UNITS)
    return side, verdict


@njit(cache=True, nogil=True)
def slopes(net, space):
    """Enclose the Jacobian by the ranges that `image` left; at kinks the derivative takes all values between.

    Returns the buffer of the result: ``space[5][side]`` (n, n_L) holds centres, ``space[6][side]`` radii, both
    transposed (row k: derivatives with respect to input k).
    """
    weights, _, sums, widths, codes, parameters, _ = net
    lows, highs, centre, radius = space[3], space[4], space[5], space[6]
    n = centre.shape[1]
    at, row, side = 0, 0, 0
    for k in range(n):
        for j in range(n):
            centre[0, k, j] = 1.0 if k == j else 0.0
            radius[0, k, j] = 0.0
    for l in range(codes.size):
        columns, rows = widths[l], widths[l + 1]
        side = 1 - side
        unit = (columns + 8) * _TWO_UNITS
        for k in range(n):
            c, r, c_out, r_out = centre[1 - side, k], radius[1 - side, k], centre[side, k], radius[side, k]
            for i in range(rows):
                c_out[i] = r_out[i] = 0.0
            size = 0.0
            for j in range(columns):
                column = weights[at + j * rows : at + (j + 1) * rows]
                if c[j] != 0.0:
                    add_to(column, c[j], c_out)
                if r[j] > 0.0:
                    add_absolute_to(column, r[j], r_out)
                size = max(size, abs(c[j]) + r[j])
            for i in range(rows):
                least, most = derivative_range(codes[l], parameters[l], lows[row + i], highs[row + i])
                middle, half = 0.5 * (least + most), 0.5 * (most - least)
                pad = unit * sums[row + i] * size
                grown = r_out[i] + pad
                r_out[i] = abs(middle) * grown + half * (abs(c_out[i]) + grown) + 0.5 * unit * abs(middle * c_out[i])
                if r_out[i] > 0.0 or c_out[i] != 0.0:
                    r_out[i] += _TINY
                c_out[i] *= middle
        at += columns * rows
        row += rows
    return side


@njit(cache=True, nogil=True)
def orbit(net, space, centre, linear, times):
    """Push the parallelepiped centre + linear eps `times` times through the network.

    Parameters
    ----------
    net, space
        See `image`; for a network of R^n to itself.
    centre, linear
        Shapes (n,) and (n, n), columns the edges.
    times
        How often.

    Returns
    -------
    tuple
        Whether nothing overflowed; centre, edges (n, symbols) and error of the last image; centre and radius of a
        matrix interval (n, n) that holds the Jacobian of the iterated map; corners (times, 2, n) of boxes around all
        images.
    """
    n = centre.size
    hulls = np.empty((times, 2, n))
    matrix, radius = np.eye(n), np.zeros((n, n))
    error = np.zeros(n)
    for i in range(n):
        space[0][0, i] = centre[i]
        space[2][0, i] = 0.0
        for k in range(space[1].shape[1]):
            space[1][0, k, i] = linear[i, k] if k < n else 0.0
    symbols = space[1].shape[1]
    centre, linear = np.empty(n), np.empty((n, symbols))
    for step in range(times):
        side, verdict = image(net, space)
        if verdict == 0:
            return False, centre, linear, error, matrix, radius, hulls
        turned = slopes(net, space)
        inner, outer = space[5][turned], space[6][turned]
        new, spread = np.zeros((n, n)), np.zeros((n, n))
        for i in range(n):
            for k in range(n):
                for j in range(n):
                    size = abs(inner[j, i]) + outer[j, i]
                    new[i, k] += inner[j, i] * matrix[j, k]
                    spread[i, k] += size * radius[j, k] + outer[j, i] * abs(matrix[j, k])
                    spread[i, k] += (n + 4) * _TWO_UNITS * size * (abs(matrix[j, k]) + radius[j, k])
        matrix, radius = new, spread
        for i in range(n):
            centre[i], error[i] = space[0][side, i], space[2][side, i]
            reach = error[i]
            for k in range(symbols):
                linear[i, k] = space[1][side, k, i]
                reach += abs(linear[i, k])
            reach += 8.0 * _TWO_UNITS * (reach + abs(centre[i]))
            hulls[step, 0, i], hulls[step, 1, i] = centre[i] - reach, centre[i] + reach
        for i in range(n):
            space[0][0, i], space[2][0, i] = centre[i], error[i]
            for k in range(symbols):
                space[1][0, k, i] = linear[i, k]
    return True, centre, linear, error, matrix, radius, hulls


@njit(cache=True, nogil=True)
def hulls(net, low, high, times):
    """Return corners (boxes, times, 2, n) of boxes around the images of the boxes [low, high], each (boxes, n)."""
    n = low.shape[1]
    space = workspace(net, n, 0)
    out = np.empty((low.shape[0], times, 2, n))
    for b in range(low.shape[0]):
        centre, edges = 0.5 * (low[b] + high[b]), np.zeros((n, n))
        for i in range(n):
            edges[i, i] = max(high[b, i] - centre[i], centre[i] - low[b, i]) * (1.0 + 2.0 * _TWO_UNITS)
        good, _, _, _, _, _, out[b] = orbit(net, space, centre, edges, times)
        if not good:
            out[b, :, 0], out[b, :, 1] = -math.inf, math.inf
    return out

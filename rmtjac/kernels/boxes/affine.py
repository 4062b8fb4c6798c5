r"""The image of a parallelepiped under a network, as an affine form with an error, and the range of its Jacobian.

An affine form is the set :math:`x = c + \sum_k A_k \epsilon_k \pm e`, :math:`|\epsilon_k| \le 1`: a centre c of shape
(m,), rows :math:`A_k` of shape (m,), one for each noise symbol :math:`\epsilon_k`, and an error e of shape (m,). The
first symbols are those of the inputs; more may be given to neurons, so that their errors stay correlated.

Every bound is rounded outward. With the unit roundoff :math:`u = 2^{-53}` a sum of k products has an error of at most
:math:`ku/(1-ku)` times the sum of the absolute values of its terms, in whatever order it is taken (Higham, Accuracy and
Stability of Numerical Algorithms, 3.1). Twice that bound is added to e. An overflow is reported and never gives a
finite bound.

The kernels take a network as `rmtjac.network.NetworkArrays` and read its fields by name.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

from rmtjac.kernels.boxes.activations import derivative_range, strip

__all__ = ["TWO_UNITS", "Effect", "Workspace", "add_absolute_to", "add_to", "image", "load", "slopes", "workspace"]

TWO_UNITS = 2.0**-52
_TINY = 1e-290


class Effect(IntEnum):
    """What a network does on an affine form: a number overflows, it is not affine there, or it is affine there."""

    OVERFLOW = 0
    BENT = 1
    AFFINE = 2


class Workspace(NamedTuple):
    """Buffers of `image` and `slopes`; those with two rows are used in turn, layer by layer."""

    centre: np.ndarray  # (2, width)
    linear: np.ndarray  # (2, symbols, width), one row for each noise symbol
    error: np.ndarray  # (2, width)
    lows: np.ndarray  # (neurons,), least preactivation of each neuron
    highs: np.ndarray  # (neurons,), largest preactivation of each neuron
    slope_centre: np.ndarray  # (2, n, width), transposed Jacobian: row k has the derivatives by input k
    slope_radius: np.ndarray  # (2, n, width)
    rests: np.ndarray  # (width,), errors that the activations of one layer add


@njit(cache=True, nogil=True)
def workspace(net, n, more):
    """Return buffers for n inputs, with room for `more` noise symbols of neurons."""
    width = net.widths.max()
    total = net.widths[1:].sum()
    return Workspace(
        np.zeros((2, width)), np.zeros((2, n + more, width)), np.zeros((2, width)),
        np.zeros(total), np.zeros(total), np.zeros((2, n, width)), np.zeros((2, n, width)), np.zeros(width),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def load(space, centre, linear):
    """Write the parallelepiped centre + linear eps, columns the edges, into buffer 0 of `space`."""
    n = centre.size
    for i in range(n):
        space.centre[0, i] = centre[i]
        space.error[0, i] = 0.0
        for k in range(space.linear.shape[1]):
            space.linear[0, k, i] = linear[i, k] if k < n else 0.0


@njit(cache=True, nogil=True)
def add_to(column, factor, out):
    """Add `factor` times `column` to `out`; both are contiguous slices, so that the loop is vectorised."""
    for i in range(column.size):
        out[i] += factor * column[i]


@njit(cache=True, nogil=True)
def add_absolute_to(column, factor, out):
    """Add `factor` times the absolute values of `column` to `out`."""
    for i in range(column.size):
        out[i] += factor * abs(column[i])


@njit(cache=True, nogil=True)
def _give_symbols(linear, error, rests, effects, first, count):
    """Turn the largest entries of `rests` into noise symbols, those from number `first` on.

    The error of one neuron reaches all later neurons with the same value; as a symbol it keeps this correlation. If no
    symbol is free, the one with the least effect is moved into `error` first. `effects` are the column sums of abs(W)
    of the next layer, which weight the errors (an empty array after the last layer: all weights are 1).
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
            error[i] += abs(linear[weakest, i]) * (1.0 + 2.0 * TWO_UNITS)
            linear[weakest, i] = 0.0
        linear[weakest, best] = rests[best]
        rests[best] = 0.0


@njit(cache=True, nogil=True)
def image(net, space):
    """Map the form in buffer 0 of `space` through the network.

    Return the number of the buffer that holds the result, and an `Effect`. The ranges of the preactivations stay in
    ``space.lows`` and ``space.highs``.
    """
    weights, biases, sums, widths = net.weights, net.biases, net.row_sums, net.widths
    codes, parameters, effects = net.codes, net.parameters, net.column_sums
    centre, linear, error, lows, highs, rests = (
        space.centre, space.linear, space.error, space.lows, space.highs, space.rests
    )  # fmt: skip
    n = linear.shape[1]
    at, row, side, effect = 0, 0, 0, Effect.AFFINE
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
        unit = (columns + n + 8) * TWO_UNITS
        for i in range(rows):
            pad = unit * (sums[row + i] * size + abs(biases[row + i])) + _TINY
            spread = e_out[i] + pad
            for k in range(n):
                spread += abs(a_out[k, i])
            low, high = c_out[i] - spread, c_out[i] + spread
            if not (low > -math.inf and high < math.inf):
                return side, Effect.OVERFLOW
            lows[row + i], highs[row + i] = low, high
            s, t, rest, affine = strip(codes[l], parameters[l], low, high)
            if not affine:
                effect = Effect.BENT
            rests[i] = rest
            if s == 0.0:
                c_out[i], e_out[i] = t, 0.0
                for k in range(n):
                    a_out[k, i] = 0.0
            elif s == 1.0:
                c_out[i] += t
                e_out[i] += pad
            else:
                rounding = 2.0 * TWO_UNITS * (abs(s) * (abs(c_out[i]) + spread) + abs(t))
                e_out[i] = abs(s) * (e_out[i] + pad) + rounding
                c_out[i] = s * c_out[i] + t
                for k in range(n):
                    a_out[k, i] *= s
        inputs = space.slope_centre.shape[1]
        if n > inputs:
            # After the last layer the slice of `effects` is empty.
            _give_symbols(a_out, e_out, rests, effects[row : row + rows], inputs, rows)
        at += columns * rows
        row += rows
        for i in range(rows):
            e_out[i] = (e_out[i] + rests[i]) * (1.0 + 2.0 * TWO_UNITS)
    return side, effect


@njit(cache=True, nogil=True)
def slopes(net, space):
    """Enclose the Jacobian on the form that `image` was called with last, from the ranges of its preactivations.

    At a kink the derivative may take every value between the one-sided slopes. Return the number of the buffer that
    holds the result: ``space.slope_centre[side]`` (n, n_L) and ``space.slope_radius[side]``, both transposed.
    """
    weights, sums, widths, codes, parameters = net.weights, net.row_sums, net.widths, net.codes, net.parameters
    lows, highs, centre, radius = space.lows, space.highs, space.slope_centre, space.slope_radius
    n = centre.shape[1]
    at, row, side = 0, 0, 0
    for k in range(n):
        for j in range(n):
            centre[0, k, j] = 1.0 if k == j else 0.0
            radius[0, k, j] = 0.0
    for l in range(codes.size):
        columns, rows = widths[l], widths[l + 1]
        side = 1 - side
        unit = (columns + 8) * TWO_UNITS
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

r"""What a member of a pool draws: its largest weights, a bias, an activation, and a partner of a given size.

The absolute weights of a row are the points :math:`(\text{tail}/\Gamma_k)^{1/\alpha}` of a Poisson process, where the
:math:`\Gamma_k` are the points of a process of rate 1.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.codes import LawCode
from rmtjac.kernels.activations import derivative, value

__all__ = ["apply", "bias", "partner", "slope", "weights"]

# Squared weights beyond this size act like infinite ones; products of a few of them stay finite.
_LARGEST = 1e60


@njit(cache=True, nogil=True, error_model="numpy")
def weights(rng, alpha, tail, first, weight, square):
    """Fill in the signed weights and their squares, the largest first; return the mean sum of the other squares.

    `first` is the point Gamma_1, which the caller draws.
    """
    power = 2.0 / alpha
    scale = tail**power
    gamma = first
    for k in range(weight.size):
        if k > 0:
            gamma += rng.standard_exponential()
        size = min(scale / (gamma * gamma if alpha == 1.0 else gamma**power), _LARGEST)
        square[k] = size
        weight[k] = math.sqrt(size) if rng.random() < 0.5 else -math.sqrt(size)
    return min(scale * gamma ** (1.0 - power) / (power - 1.0), _LARGEST)


@njit(cache=True, nogil=True, error_model="numpy")
def bias(rng, law, parameter, scale):
    """Return a bias of the law with this `LawCode`, shape parameter and scale; 0 without a law."""
    if scale == 0.0:
        return 0.0
    if law == LawCode.GAUSSIAN:
        return scale * rng.standard_normal()
    if law == LawCode.UNIFORM:
        return scale * math.sqrt(3.0) * (2.0 * rng.random() - 1.0)
    if law == LawCode.RADEMACHER:
        return scale if rng.random() < 0.5 else -scale
    angle = math.pi * (rng.random() - 0.5)
    if law == LawCode.CAUCHY:
        return scale * math.tan(angle)
    if law == LawCode.STABLE:  # Chambers, Mallows and Stuck
        rest = math.cos((1.0 - parameter) * angle) / rng.standard_exponential()
        side = math.sin(parameter * angle) / math.cos(angle) ** (1.0 / parameter)
        return scale * side * rest ** ((1.0 - parameter) / parameter)
    if law == LawCode.STUDENT_T:
        return scale * rng.standard_t(parameter)
    return math.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _in_table(table, h):
    """Return the entry of a table on equidistant points of asinh(h / 0.1), from -1e4 to 1e4, at h."""
    last = table.size - 1
    at = 0.5 * last * (1.0 + math.asinh(10.0 * h) / math.asinh(1e5))
    if not at < last:
        return table[last]
    if at <= 0.0:
        return table[0]
    left = int(at)
    return table[left] + (at - left) * (table[left + 1] - table[left])


@njit(cache=True, nogil=True, error_model="numpy")
def apply(code, parameter, table, h):
    """Return phi(h); from the table of shape (2, n) if the code is -1, and 0 if it is -2."""
    if code == -2:
        return 0.0
    if code >= 0:
        return value(code, parameter, h)
    # Beyond the table phi goes on with its last slope.
    over = h - min(max(h, -1e4), 1e4)
    return _in_table(table[0], h) + (over * _in_table(table[1], h) if over != 0.0 else 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def slope(code, parameter, table, h):
    """Return phi'(h); from the table of shape (2, n) if the code is -1."""
    return derivative(code, parameter, h) if code >= 0 else _in_table(table[1], h)


@njit(cache=True, nogil=True, error_model="numpy")
def partner(rng, sizes, x):
    """Return the rank of a member of the ascending `sizes` with the size x, by lot among equals.

    Between two members one of them is drawn, the nearer with the larger probability, as in linear interpolation.
    """
    last = sizes.size - 1
    left = np.searchsorted(sizes, x)
    if left > last:
        return last
    if sizes[left] == x:
        right = np.searchsorted(sizes, x, side="right")
        return left + int(rng.random() * (right - left))
    if left == 0:
        return 0
    return left if rng.random() * (sizes[left] - sizes[left - 1]) < x - sizes[left - 1] else left - 1

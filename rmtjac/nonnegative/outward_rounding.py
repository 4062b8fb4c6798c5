"""Lower and upper bounds of T(x), with outward rounding, for networks with nonnegative weights.

The error of a sum of k terms is at most :math:`ku/(1-ku) < 1.01 ku` times the sum of their absolute values (Higham
2002, section 3.1), and :math:`k 2^{-1075}` where products underflow (section 2.8). The error of an activation is at
most 16 units in the last place, and the smallest normal number where exponentials underflow. A sum that overflows is
computed again, scaled by powers of 2. A result that is still not a number becomes an infinite bound, which proves
nothing. Bounds of x pass through monotone layers one by one.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rmtjac.network import Network

__all__ = [
    "DOWN", "ETA", "TINY", "UNIT", "UP", "Bounds", "above", "activated", "affine", "at_least", "at_most", "below",
    "preactivations", "product_bounds",
]  # fmt: skip

UNIT = 2.0**-53
DOWN, UP = -1.0, 1.0  # directions of rounding: the sign of what is added to a computed value
ETA = 2.0**-1074  # the smallest positive float
TINY = 2.0**-1021  # twice the smallest normal number
_ULPS = 32.0 * UNIT
_LARGEST = float(np.finfo(float).max)
_SMALL = 2.0**-900  # above it, underflow is negligible beside rounding


class Bounds(NamedTuple):
    """Two vectors with lower <= upper that enclose a third one."""

    lower: np.ndarray
    upper: np.ndarray


class _Pass(NamedTuple):
    """Bounds, on one side, of the preactivations of all layers and of the outputs."""

    preactivations: list[np.ndarray]
    outputs: np.ndarray


@np.errstate(all="ignore")
def affine(
    matrix: np.ndarray, bias: np.ndarray, x: np.ndarray, sign: float, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return W x + b rounded down (sign DOWN) or up (sign UP); entries of x may be infinite where W >= 0.

    `weights` holds the absolute values of W; by default W itself, which is then nonnegative.
    """
    lost = np.isinf(x)
    endless = None
    if lost.any():
        endless = lost.astype(float) @ (matrix > 0.0).T > 0.0
        x = np.where(lost, 0.0, x)
    plain = x @ matrix.T
    if weights is None:
        weights = matrix
        terms = plain if x.min(initial=0.0) >= 0.0 else np.abs(x) @ matrix.T
    else:
        terms = np.abs(x) @ weights.T
    k = matrix.shape[1] + 2
    h = plain + bias + sign * (1.01 * k * UNIT * (terms + np.abs(bias)) + (k + 4) * ETA)
    if not np.isfinite(h).all():
        h = np.where(np.isfinite(h), h, _overflowed(matrix, bias, x, sign, weights))
    if weights is matrix:  # a sum of nonnegative terms is nonnegative, though its rounded bound may not be
        h = np.where((x.min(axis=-1, keepdims=True, initial=0.0) >= 0.0) & (bias >= 0.0) & (h < 0.0), 0.0, h)
    if not terms.all():  # a sum without terms is the bias
        nothing = (terms == 0.0) & ~((x != 0.0).astype(float) @ (weights > 0.0).T > 0.0)
        h = np.where(nothing, bias, h)
    return h if endless is None else np.where(endless, sign * np.inf, h)


def _overflowed(matrix: np.ndarray, bias: np.ndarray, x: np.ndarray, sign: float, weights: np.ndarray) -> np.ndarray:
    """Return W x + b rounded down or up, for entries that overflow: x and each row are scaled by powers of 2."""
    shift_x = np.frexp(np.abs(x).max(axis=-1, keepdims=True, initial=0.0))[1]
    shift_w = np.frexp(weights.max(axis=1, initial=0.0))[1]
    shift = shift_x + shift_w
    small, rows, part = np.ldexp(x, -shift_x), np.ldexp(matrix, -shift_w[:, None]), np.ldexp(bias, -shift)
    k = matrix.shape[1] + 2
    room = 2.0 * k * UNIT * (np.abs(small) @ np.abs(rows).T + np.abs(part)) + k * 2.0**-1000  # the last term: underflow
    h = np.ldexp(small @ rows.T + part + sign * room, shift)
    h = np.where(np.isnan(h), sign * np.inf, h)
    return np.minimum(h, _LARGEST) if sign == DOWN else np.maximum(h, -_LARGEST)


@np.errstate(all="ignore")
def activated(phi: Any, h: np.ndarray, sign: float) -> np.ndarray:
    """Return phi(h) rounded down (sign DOWN) or up (sign UP)."""
    y = phi(h)
    known = phi.facts
    if phi.code is None or phi.slopes is None or not all(slope in (0.0, 1.0) for slope in phi.slopes):
        bound = y + sign * (_ULPS * np.abs(y) + TINY)
        if phi.code is not None and known.at_zero == 0.0:
            bound = np.where((h == 0.0) & (y == 0.0), 0.0, bound)
        # phi(h) >= phi(0) >= 0 on h >= 0, though the rounded bound may not be.
        y = np.where((h >= 0.0) & (bound < 0.0), 0.0, bound) if known.half_line else bound
    y = np.where(np.isnan(y), sign * np.inf, y)  # only functions of the user return NaN
    if known.nonnegative:
        y = np.maximum(y, 0.0)
    if sign == DOWN:
        return np.minimum(y, _LARGEST)
    return y if known.upper is None else np.minimum(y, known.upper + 2.0**-50 * abs(known.upper))


def _through(network: Network, x: np.ndarray, sign: float) -> _Pass:
    """Return bounds of the preactivations of all layers, and of the outputs."""
    found = []
    for matrix, bias, phi in zip(network.weights, network.biases, network.activations, strict=True):
        found.append(affine(matrix, bias, x, sign))
        x = activated(phi, found[-1], sign)
    return _Pass(found, x)


def below(network: Network, x: np.ndarray) -> np.ndarray:
    """Return a lower bound of T(x), x of shape (..., n), for T that is monotone on {y >= x}."""
    return _through(network, x, DOWN).outputs


def above(network: Network, x: np.ndarray) -> np.ndarray:
    """Return an upper bound of T(x), x of shape (..., n), for T that is monotone on {y <= x}."""
    return _through(network, x, UP).outputs


def preactivations(network: Network, x: np.ndarray, sign: float) -> list[np.ndarray]:
    """Return bounds of all preactivations at x, lower ones (sign DOWN) or upper ones (sign UP)."""
    return _through(network, x, sign).preactivations


@np.errstate(all="ignore")
def product_bounds(factors: list[Any], x: np.ndarray, slopes: list[np.ndarray] | None = None) -> Bounds:
    """Return bounds of D_L W_L ... D_1 W_1 x for nonnegative factors (dense or sparse), slopes and x >= 0.

    Nothing cancels, so that relative errors add up. Underflow is counted where a sum is so small that it matters.
    """
    terms = 0
    low = high = x
    for l, matrix in enumerate(factors):
        k = matrix.shape[1] + 4
        terms += k
        same = low is high
        high = matrix @ high
        low = high if same else matrix @ low
        room = k * ETA
        if slopes is not None:
            slope = slopes[l]
            room *= max(1.0, float(slope.max(initial=0.0)))
            high = slope * high
            low = high if same else slope * low
        small = ~(high >= _SMALL)
        if small.any():
            # Rounded products differ from the true ones by what underflowed; a slope of 0 is exact.
            none = np.zeros(high.shape, dtype=bool) if slopes is None else slopes[l] == 0.0
            low = np.where(none, 0.0, np.where(small, np.maximum(low - room, 0.0), low))
            high = np.where(none, 0.0, np.where(small, high + room, high))
    share = 2.0 * terms * UNIT
    low, high = low * (1.0 - share), high * (1.0 + share)
    return Bounds(np.where(np.isfinite(low), low, 0.0), np.where(np.isnan(high), np.inf, high))


def at_most(x: float, under: float = np.inf, digits: int = 6) -> str:
    """Return x as text, rounded up to `digits` digits, or to more if it would not be less than `under` otherwise."""
    return _text(x, digits, decimal.ROUND_CEILING, lambda found: found < under)


def at_least(x: float, over: float = -np.inf, digits: int = 6) -> str:
    """Return x as text, rounded down to `digits` digits, or to more if it would not exceed `over` otherwise."""
    return _text(x, digits, decimal.ROUND_FLOOR, lambda found: found > over)


def _text(x: float, least: int, direction: str, holds: Callable[[decimal.Decimal], bool]) -> str:
    """Return x as text, rounded in a direction, with the fewest digits from `least` on for which `holds` is true."""
    if not np.isfinite(x):
        return str(float(x))
    for digits in range(least, 18):  # 17 digits tell any two floats apart
        context = decimal.Context(prec=digits, rounding=direction, Emin=-9999, Emax=9999)
        found = context.create_decimal(float(x)).normalize(context)
        if holds(found):
            break
    return f"{found:g}"

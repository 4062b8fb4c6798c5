r"""The image of a box, with finite or infinite sides, under a layer; and the asymptotes of activations.

Bounds are rounded outward. A sum of k products has an error of at most :math:`ku/(1-ku)` times the sum of the absolute
values of its terms (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), u being the unit roundoff; a value of
an activation has an error of at most 16 units in the last place. Where a bound is NaN it becomes infinite.
"""

from __future__ import annotations

import math

import numpy as np

from rmtjac.activations import Activation

__all__ = ["TINY", "UNIT", "activated", "affine", "asymptotes", "value_range"]

UNIT = 2.0**-53
TINY = 1e-300  # covers errors of underflow
_ULPS = 32.0 * UNIT

_VALLEYS = {
    "silu": -1.2784645427610738,
    "gelu": -0.7517915246935645,
    "mish": -1.1924312145154952,
}  # places of the minimum
_NEAR = 1e-9  # distance from the place of the minimum within which an interval counts as containing it
_BENDS = {"softplus": 0.6931471805599454}  # sup |phi(t) - max(t, 0)|; for silu, gelu and mish it is minus the minimum


def value_range(phi: Activation) -> tuple[float, float]:
    """Return lower and upper bounds of phi on the whole line; infinite where none is known."""
    low, high = phi.facts.lower, phi.facts.upper
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def asymptotes(phi: Activation) -> tuple[float, float, float] | None:
    """Return slopes s, t and c with |phi(h) - s h| <= c for h < 0 and |phi(h) - t h| <= c for h > 0; None: unknown."""
    if phi.slopes is not None:
        left, right = phi.slopes[0], phi.slopes[-1]
        ends = (*phi.breakpoints, 0.0)
        places = np.array([min(ends) - 1.0, *ends, max(ends) + 1.0])
        gaps = np.abs(phi(places) - np.where(places < 0.0, left, right) * places)
        gaps[gaps <= 8.0 * UNIT * np.abs(places) * max(abs(left), abs(right))] = 0.0
        return left, right, float(gaps.max()) * (1.0 + 8.0 * UNIT)
    low, high = value_range(phi)
    if high < math.inf:
        return 0.0, 0.0, max(-low, high)
    if phi.code is not None and (phi.name in _VALLEYS or phi.name in _BENDS):
        return 0.0, 1.0, _BENDS.get(phi.name, -low)
    return None


def affine(matrix: np.ndarray, bias: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper bounds of W x + b for low <= x <= high."""
    with np.errstate(all="ignore"):
        up, down = matrix > 0.0, matrix < 0.0
        least = np.where(up, matrix * low, np.where(down, matrix * high, 0.0))
        most = np.where(up, matrix * high, np.where(down, matrix * low, 0.0))
        unit = 2.0 * (matrix.shape[1] + 4) * UNIT
        out = []
        for terms, sign in ((least, -1.0), (most, 1.0)):
            pad = unit * (np.abs(terms).sum(axis=1) + np.abs(bias)) + matrix.shape[1] * TINY
            bound = terms.sum(axis=1) + bias + sign * pad
            out.append(np.where(np.isfinite(pad) & np.isfinite(bound), bound, sign * np.inf))
    return out[0], out[1]


def activated(phi: Activation, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper bounds of phi(h) for low <= h <= high; infinite where nothing is known."""
    floor, ceiling = value_range(phi)
    if phi.code is None:
        return np.full(low.shape, floor), np.full(high.shape, ceiling)
    with np.errstate(all="ignore"):
        at_low, at_high = _value(phi, low), _value(phi, high)
        least, most = np.minimum(at_low, at_high), np.maximum(at_low, at_high)
        turns = phi.breakpoints if phi.slopes is not None else ()
        for place, value in zip(turns, phi(np.array(turns)), strict=True):
            between = (low <= place) & (place <= high)
            least = np.where(between, np.minimum(least, value), least)
            most = np.where(between, np.maximum(most, value), most)
        if not (
            phi.slopes is not None and all(slope in (0.0, 1.0) for slope in phi.slopes)
        ):  # a clip has no rounding error
            least = least - (_ULPS * np.abs(least) + TINY)
            most = most + (_ULPS * np.abs(most) + TINY)
        if phi.name in _VALLEYS:
            valley = _VALLEYS[phi.name]
            least = np.where((low <= valley + _NEAR) & (high >= valley - _NEAR), floor, least)
    least = np.where(np.isnan(least), -np.inf, least)
    most = np.where(np.isnan(most), np.inf, most)
    return np.maximum(least, floor), np.minimum(most, ceiling)


def _value(phi: Activation, h: np.ndarray) -> np.ndarray:
    """Return phi(h), at infinite h the limit of phi."""
    far = asymptotes(phi)
    assert far is not None  # every activation with a code has asymptotes
    finite = np.isfinite(h)
    out = phi(np.where(finite, h, 0.0))
    if finite.all():
        return out
    floor, ceiling = value_range(phi)
    if phi.slopes is not None:
        ends = phi(np.array([*phi.breakpoints, 0.0]))
        left = ends[0] if far[0] == 0.0 else -np.inf * np.sign(far[0])
        right = ends[-2 if phi.breakpoints else -1] if far[1] == 0.0 else np.inf * np.sign(far[1])
    else:
        left, right = (floor if phi.name not in _VALLEYS else 0.0), ceiling
    return np.where(finite, out, np.where(h > 0.0, right, left))

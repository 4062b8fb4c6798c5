r"""The gaps of the support that come from one branch of real m: they are where log lambda falls as m grows.

The branch is cut into cells. `rmtjac.theory.equation.slopes` bounds the slope on a cell from its two ends. A cell on
which both bounds have the same sign is done; the others are divided until log lambda changes by less than `_FINE` over
each. So the ends of the gaps are found, and a missed gap is not wider than the change over the undecided cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.derivative_laws.real_line import invert_m
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.slopes import Factors, Parts, log_lambda, slope, slope_bounds, term_parts
from rmtjac.theory.equation.stretches import Branch, scale

__all__ = ["CriticalPoint", "Gap", "gaps"]

_FINE = 1e-11  # a cell over which log lambda changes by less is not divided
_PIECES = 6  # the number of pieces into which a cell is divided
_ROUNDS = 14
_MOST_OF_NODES, _MOST_OF_VALUES = 1_000, 20_000  # cells in a round, where m_K is a sum over nodes, over a few values
_LARGE = 10.0  # log m, in units of its scale, beyond which 1/m^2 is lost beside 1/m


class CriticalPoint(NamedTuple):
    """A point at which d log lambda / dm = 0, with log|u_g| - i pi (u_g < 0) of each term."""

    m: float
    log_lam: float
    log_u: np.ndarray


@dataclass(frozen=True, eq=False)
class Gap:
    """An interval of m on which log lambda falls; an end is None if the gap extends to that end of the branch."""

    branch: Branch
    low: CriticalPoint | None
    high: CriticalPoint | None


def gaps(layers: Layers, weights: Factors, branch: Branch) -> tuple[list[Gap], float]:
    """Return the gaps of a branch, and a bound of the width, in log lambda, of gaps that may have been missed.

    Examples
    --------
    The gap above the support of the Marchenko-Pastur law, with its upper edge at m = 1, lambda = (1 + m)^2 / m = 4:

    >>> from rmtjac.theory import DiscreteLaw
    >>> from rmtjac.theory.equation.stretches import branches
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> weights = Factors.of(layers)
    >>> (positive,) = [one for one in branches(layers, weights)[0] if one.segment.low == 0.0]
    >>> (gap,), hidden = gaps(layers, weights, positive)
    >>> gap.low, round(gap.high.m, 7), round(math.exp(gap.high.log_lam), 12), hidden < 1e-10
    (None, 1.0, 4.0, True)
    """
    curve = _Curve(layers, weights, branch)
    with np.errstate(all="ignore"):
        m, falls, hidden = _cells(curve)
        out = []
        falling = np.flatnonzero(falls)
        runs = np.split(falling, 1 + np.flatnonzero(np.diff(falling) > 1)) if falling.size else []
        for run in runs:
            first, last = int(run[0]), int(run[-1])
            low = _critical(curve, m[first - 1], m[first]) if first else None
            high = _critical(curve, m[last + 1], m[last]) if last + 1 < m.size else None
            out.append(Gap(branch, low, high))
    return out, hidden


class _Sides(NamedTuple):
    """The terms of the equation at the left and at the right ends of cells."""

    left: list[Parts]
    right: list[Parts]

    def at(self, index: np.ndarray) -> _Sides:
        """Return the terms at the ends of some of the cells."""
        return _Sides([parts[index] for parts in self.left], [parts[index] for parts in self.right])


class _Curve:
    """The slope d log lambda / d log|m| along a branch, with a sign so that it is negative where log lambda falls."""

    def __init__(self, layers: Layers, weights: Factors, branch: Branch) -> None:
        self.layers, self.weights, self.branch = layers, weights, branch
        self.sign = 1.0 if branch.segment.m[0] > 0.0 else -1.0
        self.counts = weights.on(layers, branch.stretches)

    def terms(self, m: np.ndarray, sides: _Sides | None = None) -> list[Parts]:
        """Return the terms at `m`; `sides`, the terms at lower and at higher m, narrow the search for u."""
        out = []
        for g, (one, r) in enumerate(zip(self.branch.stretches, self.layers.ratios, strict=True)):
            within = None if sides is None else (sides.left[g].v, sides.right[g].v)
            out.append(term_parts(one, invert_m(one, r * m, within)))
        return out

    def value(self, m: np.ndarray, terms: list[Parts]) -> np.ndarray:
        """Return the slope at `m`."""
        quotients = self.weights.quotients(m)
        return self.sign * slope(self.layers, self.counts, quotients, self.branch.stretches, terms)

    def bounds(self, left: np.ndarray, right: np.ndarray, sides: _Sides) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds of the slope on the cells between the m of `left` and of `right`."""
        quotients = self.weights.quotients(left), self.weights.quotients(right)
        low, high = slope_bounds(self.layers, self.counts, quotients, self.branch.stretches, *sides)
        return (low, high) if self.sign > 0.0 else (-high, -low)


def _cells(curve: _Curve) -> tuple[np.ndarray, np.ndarray, float]:
    """Return ascending points m, whether log lambda falls at each, and the width of the widest undecided cell.

    The width is the change of log lambda. A cell of which a bound is NaN is undecided.
    """
    m, terms = _resolved(curve)
    points, falls = [m], [curve.value(m, terms) < 0.0]
    left, right = m[:-1], m[1:]
    sides = _Sides([parts[:-1] for parts in terms], [parts[1:] for parts in terms])
    few = all(isinstance(one.law, DiscreteLaw) for one in curve.branch.stretches)
    most = max((_MOST_OF_VALUES if few else _MOST_OF_NODES) // len(terms), 200)
    hidden = 0.0
    for turn in range(_ROUNDS):
        low, high = curve.bounds(left, right, sides)
        moves = np.abs(np.log(right / left)) * np.maximum(np.abs(low), np.abs(high))
        undecided = ~((low > 0.0) | (high < 0.0))
        fine = moves <= _FINE
        hidden = max(hidden, float(moves[undecided & fine].max(initial=0.0)))
        rough = np.flatnonzero(undecided & ~fine)
        if not rough.size:
            break
        if turn + 1 == _ROUNDS or rough.size > most:
            hidden = max(hidden, float(np.where(np.isnan(moves[rough]), math.inf, moves[rough]).max()))
            break
        a, b = left[rough], right[rough]
        share = np.arange(1, _PIECES)[:, None] / _PIECES
        # Between the ends of each cell, with log|m| in equal steps: shape (pieces - 1, cells).
        new = np.copysign(np.exp((1.0 - share) * np.log(np.abs(a)) + share * np.log(np.abs(b))), a).ravel()
        at_ends = sides.at(rough)
        fresh = curve.terms(new, at_ends.at(np.tile(np.arange(rough.size), _PIECES - 1)))
        points.append(new)
        falls.append(curve.value(new, fresh) < 0.0)
        left, right = np.concatenate([a, new]), np.concatenate([new, b])
        whole = [
            first.followed_by(own, last) for first, own, last in zip(at_ends.left, fresh, at_ends.right, strict=True)
        ]
        sides = _Sides([parts[: left.size] for parts in whole], [parts[rough.size :] for parts in whole])
    order = np.argsort(np.concatenate(points))
    return np.concatenate(points)[order], np.concatenate(falls)[order], hidden


def _resolved(curve: _Curve) -> tuple[np.ndarray, list[Parts]]:
    """Return the coarse grid with its terms, without the points m that are too large for the term of order 1/m^2.

    Without Gaussian weights log lambda is a constant plus kappa / m for large m. If kappa is 0 the next term, of order
    1/m^2, decides, and rounding hides it for very large m.
    """
    layers, branch, segment = curve.layers, curve.branch, curve.branch.segment
    m, terms = segment.m, branch.terms
    end = segment.low if segment.high == math.inf else segment.high
    endless = math.isinf(segment.low) or math.isinf(segment.high)
    if not endless or layers.gaussian or branch.share_at_infinity(layers):
        return m, terms
    kept = np.flatnonzero(np.abs(m) <= math.exp(_LARGE) * scale(layers, end))
    return m[kept], [parts[kept] for parts in terms]


def _critical(curve: _Curve, rises: float, falls: float) -> CriticalPoint:
    """Return the zero of the slope between a point where log lambda rises and one where it falls.

    The secant method is used, with a bracket.
    """
    a, b = rises, falls
    f = curve.value(np.array([a, b]), curve.terms(np.array([a, b])))
    for _ in range(12):
        if not f[0] >= 0.0 > f[1] or abs(b - a) <= 1e-15 * abs(b):
            break
        x = a + (b - a) * f[0] / (f[0] - f[1])
        # Three points around that of the secant: the zero is nearly always between two of them.
        inner = np.array([x - 1e-3 * (x - a), x, x + 1e-3 * (b - x)])
        points = np.array([a, *inner, b])
        values = np.array([f[0], *curve.value(inner, curve.terms(inner)), f[1]])
        turn = int(np.argmax(values < 0.0))
        a, b, f = points[turn - 1], points[turn], values[turn - 1 : turn + 1]
    if f[0] >= 0.0 > f[1]:
        b = a + (b - a) * f[0] / (f[0] - f[1])
    at = np.array([b])
    terms = curve.terms(at)
    log_u = [
        parts.v[0] - (0j if one.sign > 0 else 1j * math.pi)
        for one, parts in zip(curve.branch.stretches, terms, strict=True)
    ]
    log_lam = float(log_lambda(curve.layers, at, curve.branch.stretches, terms)[0])
    return CriticalPoint(float(b), log_lam, np.array(log_u))

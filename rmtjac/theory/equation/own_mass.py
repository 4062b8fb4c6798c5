"""The mass on the support, as the integral of the density over its intervals: a check of the support.

The closed-form cdf is 1 at the upper edge whether or not an interval below was lost; the integral is not. The density
at a point depends on no other point (`rmtjac.theory.equation.roots`), so a sum of 1 says that the support is complete.

In x = log lambda the measure is -Im m / pi dx. At most ends it starts like a square root; there x is proportional to
t^2, and a Gauss-Legendre rule in t converges geometrically. If the sum differs from 1, panels are halved as long as
this changes the sum. Peaks that are too narrow for it may hold up to a thousandth of the mass; on their panels the rise
of the cdf is used. Within a known interval, the rise does not depend on whether another interval was lost.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.roots import solve, upper_tail
from rmtjac.theory.equation.support import Support, support

__all__ = ["TOLERANCE", "checked_support", "missing_mass"]

TOLERANCE = 1e-7  # the largest error of the mass that is accepted
_GOAL = 1e-9  # the error of the mass at which the quadrature stops
_LITTLE = 1e-7  # so much mass next to 0 is taken from the cdf
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_DEEPEST = 300.0  # in log lambda; mass farther than this below the upper edge is taken from the cdf
_SHORT = 6.0  # in log lambda: a shorter interval is one piece
_NARROW = 1e-5  # in t: on a narrower panel, at an edge, the density is noise and has no weight
_MOST = 2_000  # the largest number of panels
_ENOUGH, _SEEN = 40, 1e-3  # after so many panels, and with all mass but this found, the cdf gives the rest


def checked_support(layers: Layers, atom: float, ensemble: dict[str, Any] | None = None) -> Support:
    """Return the support after checking that its mass is 1; the error message quotes `ensemble`, a dict of facts.

    Raises
    ------
    ArithmeticError
        If the mass is off by more than `TOLERANCE`.

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> np.exp(checked_support(layers, 0.0).log_ends)
    array([[0., 4.]])
    """
    ends = support(layers)
    with np.errstate(over="ignore", invalid="ignore"):  # an error of the density may be infinite
        missing = missing_mass(layers, ends, atom)
    if not abs(missing) <= TOLERANCE and layers.explicit and not isinstance(layers.groups[0], DiscreteLaw):
        missing = _outside(layers, ends, atom)
    if not abs(missing) <= TOLERANCE:
        what = ensemble or {"widths": layers.widths, "laws": layers.laws, "orthogonal": layers.orthogonal}
        name = ", ".join(f"{key}={value!r}" for key, value in what.items())
        raise ArithmeticError(
            f"the limit of {name} has mass {1.0 - missing:.10g} on its support, not 1: an interval is lost, or the "
            "density is wrong; please report this"
        )
    return ends


def missing_mass(layers: Layers, ends: Support, atom: float) -> float:
    """Return 1 less the atom at 0, the atoms off 0 and the integral of the density.

    Where the support reaches down to 0, the cdf, which is right at each point, gives the mass next to 0: the last 1e-7,
    or what lies below e^-300 times the upper edge, or below the lowest point that is resolved.

    Examples
    --------
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> abs(missing_mass(layers, support(layers), 0.0)) < 1e-9
    True
    """
    pieces, below = _pieces(layers, ends, atom)
    known = atom + float(ends.masses.sum()) + below
    panels = [(i, a, b) for i, piece in enumerate(pieces) for a, b in itertools.pairwise(piece.cuts())]
    if not panels:
        return 1.0 - known
    which, left, right = (np.array(column) for column in zip(*panels, strict=True))
    settled, spent = 0.0, 0
    while True:
        parts = _integrals(layers, pieces, which, left, right)
        spent += parts.size
        missing = 1.0 - known - settled - float(parts.sum())
        if abs(missing) <= _GOAL or spent > _MOST:
            return missing
        steps = _steps(layers, pieces, which, left, right)
        rough = ~(np.abs(parts - steps) <= 0.01 * _GOAL)
        rough &= right - left > _NARROW
        if not rough.any():
            return missing
        if spent > _ENOUGH and abs(missing) <= _SEEN:
            # On peaks that are too narrow for the rule the rise of F replaces the integral, if it is known.
            rest = missing - float(np.nansum((steps - parts)[rough]))
            if abs(rest) <= 0.1 * TOLERANCE:
                return rest
        settled += float(parts[~rough].sum())
        middle = 0.5 * (left + right)
        which = np.repeat(which[rough], 2)
        left, right = _mixed(left[rough], middle[rough]), _mixed(middle[rough], right[rough])


def _outside(layers: Layers, ends: Support, atom: float) -> float:
    """Return the mass of M = c D^2 that lies on no interval, as a sum over the nodes of D^2.

    If D^2 is concentrated near one value, floats of lambda do not resolve its density.
    """
    law = layers.groups[0]
    log_lam = np.log(law.values) + layers.log_scale
    room = 1e-9 * (1.0 + np.abs(log_lam))
    inside = np.zeros(log_lam.size, dtype=bool)
    for low, high in ends.log_ends:
        inside |= (log_lam >= low - room) & (log_lam <= high + room)
    return 1.0 - atom - float(ends.masses.sum()) - float(law.weights[inside].sum()) / float(layers.ratios[0])


def _pieces(layers: Layers, ends: Support, atom: float) -> tuple[list[_Piece], float]:
    """Return the pieces of the intervals, and the mass below the lowest piece, which the cdf gives."""
    pieces: list[_Piece] = []
    below = 0.0
    for low, high in _smooth_intervals(layers, ends):
        if low == -math.inf:
            bottom, below = _bottom(layers, high, atom)
            pieces.append(_Piece(high, high - bottom, _From.UPPER_END))
        elif high - low < _SHORT:
            pieces.append(_Piece(0.5 * (low + high), 0.5 * (high - low), _From.MIDDLE))
        else:
            half = 0.5 * (high - low)
            pieces += [_Piece(high, half, _From.UPPER_END), _Piece(low, half, _From.LOWER_END)]
    return pieces, below


def _smooth_intervals(layers: Layers, ends: Support) -> list[tuple[float, float]]:
    """Return the intervals in log lambda, cut where the density is infinite.

    It is infinite where M = c D^2 and D^2 has a maximum or a minimum at some h.
    """
    source = layers.groups[0].source
    if not layers.explicit or source is None or isinstance(layers.groups[0], DiscreteLaw):
        return [(float(low), float(high)) for low, high in ends.log_ends]
    from scipy.optimize import minimize_scalar

    phi, variance = source
    h = math.sqrt(variance) * np.linspace(-14.0, 14.0, 5603)

    def log_square(x: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(np.abs(phi.derivative(x)), 1e-150))

    value = log_square(h)
    turns = []
    for i in 1 + np.flatnonzero((value[1:-1] - value[:-2]) * (value[2:] - value[1:-1]) < 0.0):
        sign = -1.0 if value[i] > value[i - 1] else 1.0
        best = minimize_scalar(
            lambda x, sign=sign: sign * float(log_square(np.array([x]))[0]),
            bounds=(h[i - 1], h[i + 1]), method="bounded", options={"xatol": 1e-12},
        )  # fmt: skip
        turns.append(2.0 * sign * float(best.fun) + layers.log_scale)
    out = []
    for low, high in ends.log_ends:
        cuts = sorted({float(low), *(x for x in turns if low + 1e-9 < x < high - 1e-9), float(high)})
        out += list(itertools.pairwise(cuts))
    return out


def _mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the entries of `a` and `b` in turn."""
    return np.column_stack([a, b]).ravel()


def _bottom(layers: Layers, high: float, atom: float) -> tuple[float, float]:
    """Return a low point and the mass below it, which is tiny unless no lower point is resolved."""
    low, below, depth = high, 0.0, 1.0
    while depth < _DEEPEST:
        point = np.array([high - depth])
        roots = solve(layers, point)
        if not roots.found[0]:
            break
        low, below = float(point[0]), 1.0 - float(upper_tail(layers, roots)[0]) - atom
        if below < _LITTLE:
            break
        # In the tail log F falls like log lambda / n.
        depth *= min(max(math.log(_LITTLE) / math.log(min(below, 0.9)), 1.3), 2.0)
    return low, below


class _From(IntEnum):
    """Where a piece has its origin; at an end of the interval it is the sign of the direction."""

    UPPER_END = -1
    MIDDLE = 0
    LOWER_END = 1


@dataclass(frozen=True)
class _Piece:
    """Part of an interval, with x = log lambda = origin +- t^2, or origin - length cos t from the middle."""

    origin: float
    length: float
    direction: _From

    def cuts(self) -> np.ndarray:
        """Return the ends of the first panels in t."""
        if self.direction == _From.MIDDLE:
            return np.array([0.0, 0.5 * math.pi, math.pi])
        reach = math.sqrt(self.length)
        return np.array([0.0, *(2.0**k for k in range(10) if 2.0**k < 0.75 * reach), reach])


def _place(pieces: list[_Piece], which: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return log lambda and its derivative at t, shape (panels, points)."""
    origin, length, direction = (
        np.array([getattr(pieces[i], name) for i in which])[:, None] for name in ("origin", "length", "direction")
    )
    middle = direction == _From.MIDDLE
    log_lam = np.where(middle, origin - length * np.cos(t), origin + direction * t**2)
    return log_lam, np.where(middle, length * np.sin(t), 2.0 * t)


def _integrals(
    layers: Layers, pieces: list[_Piece], which: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return the integral of the density over each panel."""
    half = 0.5 * (high - low)
    log_lam, rate = _place(pieces, which, (0.5 * (low + high))[:, None] + half[:, None] * _NODES)
    density = np.zeros(rate.shape)
    # Between clusters of eigenvalues that only far tails connect, the solver searches long and finds no root. So a
    # quarter of the nodes is tried first.
    probe = np.arange(_NODES.size) % 4 == 2
    rows, seen = np.ones(half.size, dtype=bool), np.zeros(half.size, dtype=bool)
    for nodes in (probe, ~probe):
        place = np.ix_(rows, nodes)
        roots = solve(layers, log_lam[place].ravel())
        density[place] = np.where(roots.found, np.maximum(-roots.imag_m, 0.0), 0.0).reshape(-1, int(nodes.sum()))
        seen[rows] |= roots.found.reshape(-1, int(nodes.sum())).any(axis=1)
        rows = seen.copy()
    return (density * rate) @ _WEIGHTS * half / math.pi


def _steps(layers: Layers, pieces: list[_Piece], which: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the rise of the cdf over each panel, measured a little inside its ends; NaN where it is not known."""
    inward = 1e-6 * (high - low)
    log_lam, _ = _place(pieces, which, np.column_stack([low + inward, high - inward]))
    roots = solve(layers, log_lam.ravel())
    tail = np.where(roots.found, upper_tail(layers, roots), np.nan).reshape(log_lam.shape)
    return np.abs(tail[:, 1] - tail[:, 0]) * (1.0 + 2e-6)

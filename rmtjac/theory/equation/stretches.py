r"""The branches of real m that can lead to a gap: a choice of an interval off the cut for each u_g with Im H = 0.

Here such an interval is called a stretch. The line of m is cut at 0, where a factor 1 + r_f m changes sign, and where a
u_g reaches an end of its stretch. On the segment between two cuts each u_g can lie in one of a few stretches, one of
them u < 0. For m > 0 all u_g > 0 and Im H = 0; for m < 0 the multiplicities of the terms with u_g > 0 and of the
factors 1 + r_f m < 0 have to add up to one. That leaves up to 2^L choices for L layers whose D^2 takes two values.
Bounds of the slope of log lambda, term by term on a coarse grid of m, exclude nearly all of them before a stretch is
chosen for every term, because log lambda does not fall on them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rmtjac.theory.derivative_laws.real_line import FreeInterval, free_intervals, invert_m
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.slopes import Factors, Parts, between, term_bounds, term_parts, weight_bounds

__all__ = ["Branch", "Segment", "branches", "scale"]

_CELLS, _FINE_CELLS = 96, 384  # the number of cells of a segment with one choice of stretches, and with several
_MOST = 20_000  # the largest number of branches that are kept on a segment
_FAR = 14.0  # log m beyond which floats no longer tell u from its pole
_SAME = 1e-13  # two cuts at a smaller relative distance count as one


@dataclass(frozen=True, eq=False)
class Segment:
    """An interval of m between two cuts, with a coarse grid `m`, ascending."""

    low: float
    high: float
    m: np.ndarray


@dataclass(frozen=True, eq=False)
class Branch:
    """A choice of one stretch per term on a segment, with the terms of the equation at the coarse grid.

    Attributes
    ----------
    segment : Segment
        The interval of m.
    choice : tuple of int
        The index of the stretch of each term in `free_intervals`.
    stretches : tuple of FreeInterval
        The stretches themselves.
    terms : list of Parts
        The terms at the points of the grid.
    """

    segment: Segment
    choice: tuple[int, ...]
    stretches: tuple[FreeInterval, ...]
    terms: list[Parts]

    def share_at_infinity(self, layers: Layers) -> float:
        """Return kappa of log lambda = constant + kappa / m + ... for large m, without Gaussian weights.

        It is the mass of an atom, and exactly 0 where that mass is 0 up to rounding.
        """
        parts = [k / r for k, r in zip(layers.free_counts, layers.free_ratios, strict=True)]
        for one, k, r in zip(self.stretches, layers.counts, layers.ratios, strict=True):
            pole = one.high if self.segment.high == math.inf else one.low
            parts.append(k / r * one.law.weights[np.abs(np.log(one.law.values) + pole).argmin()])
        total = math.fsum(parts)
        return total if abs(total) > 1e-14 * sum(map(abs, parts)) else 0.0


def branches(layers: Layers, weights: Factors) -> tuple[list[Branch], bool]:
    """Return the branches on which log lambda may fall, and whether they are all such branches.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> found, complete = branches(layers, Factors.of(layers))
    >>> sorted((one.segment.low, one.segment.high) for one in found), complete
    ([(0.0, inf)], True)
    """
    options = [free_intervals(law) for law in layers.groups]
    out: list[Branch] = []
    complete = True
    for low, high in itertools.pairwise(_cuts(layers, options)):
        inside = _inside(low, high)
        turns = None
        if inside < 0.0:
            turns = 1.0 - float(layers.free_counts[1.0 + layers.free_ratios * inside < 0.0].sum())
        open_ = [
            [i for i, one in enumerate(its) if one.m_low < r * inside < one.m_high]
            for its, r in zip(options, layers.ratios, strict=True)
        ]
        if not all(open_) or not _feasible(layers, options, open_, turns):
            continue
        found, all_of_them = _on_segment(layers, weights, options, open_, low, high, turns)
        out += found
        complete &= all_of_them
    return out, complete


def _cuts(layers: Layers, options: list[list[FreeInterval]]) -> list[float]:
    """Return the cuts of the line of m, ascending, -inf and inf included."""
    points = {-math.inf, 0.0, math.inf, *(-1.0 / layers.free_ratios)}
    for its, r in zip(options, layers.ratios, strict=True):
        points |= {end / r for one in its for end in (one.m_low, one.m_high)}
    out: list[float] = []
    for x in sorted(points):
        if not out or not x - out[-1] <= _SAME * abs(x) or math.isinf(x) != math.isinf(out[-1]):
            out.append(float(x))
    return out


def _inside(low: float, high: float) -> float:
    """Return a point between two cuts."""
    if math.isinf(low) and math.isinf(high):
        return 1.0
    if math.isinf(high):
        return 2.0 * low + (low == 0.0)
    return 2.0 * high - (high == 0.0) if math.isinf(low) else 0.5 * (low + high)


def _feasible(layers: Layers, options: list[list[FreeInterval]], open_: list[list[int]], turns: float | None) -> bool:
    """Return whether the multiplicities of the terms with u > 0 can add up to `turns` (None: to any number)."""
    if turns is None:
        return True
    signs = [{its[i].sign for i in some} for its, some in zip(options, open_, strict=True)]
    least = sum(k for k, some in zip(layers.counts, signs, strict=True) if -1 not in some)
    most = sum(k for k, some in zip(layers.counts, signs, strict=True) if 1 in some)
    return least <= turns <= most


def _grid(layers: Layers, weights: Factors, low: float, high: float, cells: int) -> np.ndarray:
    """Return `cells` + 1 values of m from next to `low` to next to `high`, denser near both ends."""
    t = np.linspace(0.0, 1.0, cells + 1)
    near_low, near_high = (_closeness(layers, weights, end) for end in (low, high))
    if low == 0.0:  # the scale of small m is the smallest 1 / r
        near_low += max(math.log(layers.ratios.max() * (high if math.isfinite(high) else 1.0)), 0.0)
    if math.isinf(low) and math.isinf(high):
        raise AssertionError("0 is always a cut")
    if math.isinf(low) or math.isinf(high):
        upward = math.isinf(high)
        near = near_low if upward else near_high
        reach = 28.0 if layers.gaussian else _FAR  # without Gaussian weights lambda tends to a constant like 1/m
        reach += math.log(scale(layers, low if upward else high))
        x = np.exp((near + reach) * t - near)
        return low + x if upward else (high - x)[::-1]
    place = (near_low + near_high) * t - near_low
    up, down = 1.0 / (1.0 + np.exp(-place)), 1.0 / (1.0 + np.exp(place))
    return np.where(place < 0.0, low + (high - low) * up, high - (high - low) * down)


def scale(layers: Layers, end: float) -> float:
    """Return the size of m beyond which a curve is near its limit at infinity, on a segment with the finite `end`."""
    return max(1.0, abs(end), 1.0 / layers.ratios.min(), 1.0 / layers.free_ratios.min(initial=math.inf))


def _closeness(layers: Layers, weights: Factors, end: float) -> float:
    """Return -log of the distance between the grid and a cut.

    Where a curve may continue beyond the cut, points closer to it than e^-12 are noise.
    """
    zero = np.abs(1.0 + weights.ratios * end) <= 1e-12
    fewest = weights.counts[zero].sum() - sum(
        k for k, place in zip(layers.counts, weights.place, strict=True) if zero[place]
    )
    return 12.0 if end and fewest < 0.0 else 23.0


def _on_segment(
    layers: Layers,
    weights: Factors,
    options: list[list[FreeInterval]],
    open_: list[list[int]],
    low: float,
    high: float,
    turns: float | None,
) -> tuple[list[Branch], bool]:
    """Return the branches on a segment on which log lambda may fall, and whether they are all such branches."""
    cells = _FINE_CELLS if any(len(some) > 1 for some in open_) else _CELLS
    segment = Segment(low, high, _grid(layers, weights, low, high, cells))
    sign = 1.0 if turns is None else -1.0  # log lambda falls where sign * slope < 0
    with np.errstate(all="ignore"):
        quotients = weights.quotients(segment.m)
        tables: list[dict[int, _Option]] = []
        for its, some, r, k in zip(options, open_, layers.ratios, layers.counts, strict=True):
            table = {}
            for i in some:
                parts = term_parts(its[i], invert_m(its[i], r * segment.m))
                bounds = term_bounds(its[i], parts[:-1], parts[1:])
                least = k * bounds[0].sum(axis=0) if sign > 0.0 else -k * bounds[1].sum(axis=0)
                table[i] = _Option(its[i], parts, np.where(np.isnan(least), -np.inf, least))
            tables.append(table)
        out: list[Branch] = []
        complete = True
        found = _choices(layers, weights, tables, quotients, turns)
        for choice in itertools.islice(found, _MOST + 1):
            if len(out) == _MOST:
                complete = False
                break
            chosen = [table[i] for table, i in zip(tables, choice, strict=True)]
            stretches = tuple(option.stretch for option in chosen)
            out.append(Branch(segment, choice, stretches, [option.parts for option in chosen]))
    return out, complete


class _Option(NamedTuple):
    """A stretch for one term: the term on the grid, and a lower bound of what it adds to sign * slope on each cell."""

    stretch: FreeInterval
    parts: Parts
    least: np.ndarray


class _Partial(NamedTuple):
    """A choice of stretches for the first terms.

    `least` is a lower bound of what they add to sign * slope on each cell, `turned` the multiplicity of those with
    u > 0, and `counts` holds kappa of the quotients, minus those of the terms between two poles.
    """

    choice: tuple[int, ...]
    least: np.ndarray
    turned: float
    counts: np.ndarray


def _choices(
    layers: Layers,
    weights: Factors,
    tables: list[dict[int, _Option]],
    quotients: np.ndarray,
    turns: float | None,
) -> Iterator[tuple[int, ...]]:
    """Yield the choices on which log lambda may fall somewhere and whose multiplicities add up to the right number.

    A term without a chosen stretch is bounded by the least that any of its stretches adds; between two poles this is
    1 - q minus its quotient.
    """
    sign = 1.0 if turns is None else -1.0
    left, right = quotients[..., :-1], quotients[..., 1:]

    def least_of_quotients(counts: np.ndarray) -> np.ndarray:
        low, high = weight_bounds(counts, left, right)
        return (low if sign > 0.0 else -high).sum(axis=0)

    # For the terms from each one on: lower bounds of what they add to the slope, and bounds of the multiplicity.
    rest = [np.full(left.shape[-1], -sign)]
    fewest, most = [0.0], [0.0]
    order = list(zip(tables, layers.counts, weights.place, strict=True))
    for table, k, place in reversed(order):
        own = np.zeros(weights.ratios.size)
        own[place] = -k
        bounds = [
            option.least + (least_of_quotients(own) if between(option.stretch) else 0.0) for option in table.values()
        ]
        rest.append(rest[-1] + np.min(bounds, axis=0))
        turning = [option.stretch.sign > 0 for option in table.values()]
        fewest.append(fewest[-1] + k * all(turning))
        most.append(most[-1] + k * any(turning))
    stack = [_Partial((), np.zeros(left.shape[-1]), 0.0, weights.counts)]
    while stack:
        chosen = stack.pop()
        if len(chosen.choice) == len(order):
            yield chosen.choice
            continue
        table, k, place = order[len(chosen.choice)]
        after = len(order) - len(chosen.choice) - 1
        for i, option in reversed(table.items()):
            turned = chosen.turned + k * (option.stretch.sign > 0)
            if turns is not None and not turned + fewest[after] <= turns <= turned + most[after]:
                continue
            counts = chosen.counts
            if between(option.stretch):
                counts = counts.copy()
                counts[place] -= k
            least = chosen.least + option.least
            if not (least + least_of_quotients(counts) + rest[after] > 1e-9).all():  # NaN is no proof
                stack.append(_Partial((*chosen.choice, i), least, turned, counts))

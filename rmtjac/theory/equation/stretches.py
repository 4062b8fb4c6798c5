r"""The stretches of real m that can leave a gap: all choices of a free stretch for each u_g with Im H = 0.

m is cut where a factor 1 + r_f m changes sign, where a u_g leaves its stretch, at 0. Between two cuts each term has a
few stretches to choose from, one of them u < 0. For m > 0 all u_g > 0 and Im H = 0; for m < 0 the multiplicities of the
terms with u_g > 0 and of the factors 1 + r_f m < 0 have to add up to one. That leaves 2^L choices for L layers of two
slopes; the slope of log lambda, bounded term by term on a coarse grid of m, says of nearly all of them, before they are
complete, that log lambda does not fall.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.derivative_laws.real_line import FreeInterval, free_intervals, invert_m
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.slopes import Factors, Parts, between, term_bounds, term_parts, weight_bounds

__all__ = ["Branch", "Segment", "branches", "scale"]

_CELLS, _FINE_CELLS = 96, 384  # of a segment; where there are choices to be told apart
_MOST = 20_000  # choices looked at in a segment
_FAR = 14.0  # log m beyond which u is too close to a pole to say more
_SAME = 1e-13  # relative: what should be one point of m is one


@dataclass(frozen=True, eq=False)
class Segment:
    """An interval of m between two cuts, with a coarse grid m, ascending."""

    low: float
    high: float
    m: np.ndarray


@dataclass(frozen=True, eq=False)
class Branch:
    """A choice of stretches on a segment, by their place in `free_intervals`, with the terms at the coarse grid."""

    segment: Segment
    choice: tuple[int, ...]
    stretches: tuple[FreeInterval, ...]
    terms: list[Parts]

    def share_at_infinity(self, layers: Layers) -> float:
        """Return kappa, log lambda ~ kappa / m as m tends to infinity without Gaussian weights: the mass of an atom.

        A choice whose atom has mass 0 to rounding gives 0.
        """
        parts = [k / r for k, r in zip(layers.free_counts, layers.free_ratios, strict=True)]
        for one, k, r in zip(self.stretches, layers.counts, layers.ratios, strict=True):
            pole = one.high if self.segment.high == math.inf else one.low
            parts.append(k / r * one.law.weights[np.abs(np.log(one.law.values) + pole).argmin()])
        total = math.fsum(parts)
        return total if abs(total) > 1e-14 * sum(map(abs, parts)) else 0.0


def branches(layers: Layers, weights: Factors) -> tuple[list[Branch], bool]:
    """Return the branches on which log lambda may fall, and whether these are all."""
    options = [free_intervals(law) for law in layers.groups]
    out: list[Branch] = []
    complete = True
    for low, high in itertools.pairwise(_cuts(layers, options)):
        inside = _inside(low, high)
        turns = math.inf
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
    points = {-math.inf, 0.0, math.inf, *(-1.0 / layers.free_ratios)}
    for its, r in zip(options, layers.ratios, strict=True):
        points |= {end / r for one in its for end in (one.m_low, one.m_high)}
    out: list[float] = []
    for x in sorted(points):
        if not out or not x - out[-1] <= _SAME * abs(x) or math.isinf(x) != math.isinf(out[-1]):
            out.append(float(x))
    return out


def _inside(low: float, high: float) -> float:
    if math.isinf(low) and math.isinf(high):
        return 1.0
    if math.isinf(high):
        return 2.0 * low + (low == 0.0)
    return 2.0 * high - (high == 0.0) if math.isinf(low) else 0.5 * (low + high)


def _feasible(layers: Layers, options: list[list[FreeInterval]], open_: list[list[int]], turns: float) -> bool:
    """Whether the terms with u > 0 can count `turns` (any number for m > 0)."""
    if turns == math.inf:
        return True
    signs = [{its[i].sign for i in some} for its, some in zip(options, open_, strict=True)]
    least = sum(k for k, some in zip(layers.counts, signs, strict=True) if -1 not in some)
    most = sum(k for k, some in zip(layers.counts, signs, strict=True) if 1 in some)
    return least <= turns <= most


def _grid(layers: Layers, weights: Factors, low: float, high: float, cells: int) -> np.ndarray:
    """Return `cells` + 1 values of m from next to `low` to next to `high`, dense at both ends."""
    t = np.linspace(0.0, 1.0, cells + 1)
    close = [_closeness(layers, weights, end) for end in (low, high)]
    if low == 0.0:  # small m count from the smallest 1 / r on
        close[0] += max(math.log(layers.ratios.max() * (high if math.isfinite(high) else 1.0)), 0.0)
    if math.isinf(low) and math.isinf(high):
        raise AssertionError("0 is always a cut")
    if math.isinf(low) or math.isinf(high):
        upward = math.isinf(high)
        near = close[0] if upward else close[1]
        reach = 28.0 if layers.gaussian else _FAR  # without Gaussian weights lambda tends to a constant like 1/m
        reach += math.log(scale(layers, low if upward else high))
        x = np.exp((near + reach) * t - near)
        return low + x if upward else (high - x)[::-1]
    place = (close[0] + close[1]) * t - close[0]
    up, down = 1.0 / (1.0 + np.exp(-place)), 1.0 / (1.0 + np.exp(place))
    return np.where(place < 0.0, low + (high - low) * up, high - (high - low) * down)


def scale(layers: Layers, end: float) -> float:
    """Return the size of m beyond which a curve is what it tends to at infinity, on a segment that begins at `end`."""
    return max(1.0, abs(end), 1.0 / layers.ratios.min(), 1.0 / layers.free_ratios.min(initial=math.inf))


def _closeness(layers: Layers, weights: Factors, end: float) -> float:
    """How close to a cut the grid goes, as -log: where a curve may go on beyond it, closer is noise."""
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
    turns: float,
) -> tuple[list[Branch], bool]:
    """Return the branches on a segment, and whether the search came to its end."""
    cells = _FINE_CELLS if any(len(some) > 1 for some in open_) else _CELLS
    segment = Segment(low, high, _grid(layers, weights, low, high, cells))
    sign = 1.0 if turns == math.inf else -1.0  # log lambda falls where sign * slope < 0
    with np.errstate(all="ignore"):
        quotients = weights.quotients(segment.m)
        tables: list[dict[int, tuple[Parts, np.ndarray]]] = []
        for its, some, r, k in zip(options, open_, layers.ratios, layers.counts, strict=True):
            table = {}
            for i in some:
                parts = term_parts(its[i], invert_m(its[i], r * segment.m))
                bounds = term_bounds(its[i], parts[:-1], parts[1:])
                least = k * bounds[0].sum(axis=0) if sign > 0.0 else -k * bounds[1].sum(axis=0)
                table[i] = parts, np.where(np.isnan(least), -np.inf, least)
            tables.append(table)
        out: list[Branch] = []
        complete = True
        found = _choices(layers, weights, options, tables, quotients, turns)
        for choice in itertools.islice(found, _MOST + 1):
            if len(out) == _MOST:
                complete = False
                break
            stretches = tuple(its[i] for its, i in zip(options, choice, strict=True))
            out.append(
                Branch(segment, choice, stretches, [table[i][0] for table, i in zip(tables, choice, strict=True)])
            )
    return out, complete


def _choices(
    layers: Layers,
    weights: Factors,
    options: list[list[FreeInterval]],
    tables: list[dict[int, tuple[Parts, np.ndarray]]],
    quotients: np.ndarray,
    turns: float,
) -> Iterator[tuple[int, ...]]:
    """Yield the choices that may have slopes of the sign of a gap somewhere, with the right number of turns.

    Terms not yet chosen count as d, or as 1 - q less their quotient, whichever is less.
    """
    sign = 1.0 if turns == math.inf else -1.0
    left, right = quotients[..., :-1], quotients[..., 1:]

    def alone(counts: np.ndarray) -> np.ndarray:
        low, high = weight_bounds(counts, left, right)
        return (low if sign > 0.0 else -high).sum(axis=0)

    # What the terms from g on add at least to the slope and to the turns, and at most to the turns.
    rest = [np.full(left.shape[-1], -sign)]
    fewest, most = [0.0], [0.0]
    order = list(zip(options, tables, layers.counts, weights.place, strict=True))
    for its, table, k, place in reversed(order):
        own = np.zeros(weights.ratios.size)
        own[place] = -k
        bounds = [bound + (alone(own) if between(its[i]) else 0.0) for i, (_, bound) in table.items()]
        rest.append(rest[-1] + np.min(bounds, axis=0))
        turning = [its[i].sign > 0 for i in table]
        fewest.append(fewest[-1] + k * all(turning))
        most.append(most[-1] + k * any(turning))
    stack: list[tuple[tuple[int, ...], np.ndarray, float, np.ndarray]] = [
        ((), np.zeros(left.shape[-1]), 0.0, weights.counts)
    ]
    while stack:
        chosen, least, turned, counts = stack.pop()
        if len(chosen) == len(order):
            yield chosen
            continue
        its, table, k, place = order[len(chosen)]
        after = len(order) - len(chosen) - 1
        for i, (_, bound) in reversed(table.items()):
            now = turned + k * (its[i].sign > 0)
            if turns < math.inf and not now + fewest[after] <= turns <= now + most[after]:
                continue
            own = counts
            if between(its[i]):
                own = counts.copy()
                own[place] -= k
            total = least + bound
            if not (total + alone(own) + rest[after] > 1e-9).all():  # NaN is no proof
                stack.append(((*chosen, i), total, now, own))

"""The cdf of the limit in log lambda, and its inverse by Newton's method.

The variable is log lambda, because in deep networks much of the mass lies where lambda is below the range of a float.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.theory.equation.roots import upper_tail
from rmtjac.theory.limit.solution import Solution

__all__ = ["Distribution", "cdf", "log_quantile", "negligible_below"]

_TABLE = 65  # the number of points on an interval from which Newton's method starts


class Distribution(NamedTuple):
    """F and dF / d log lambda, one entry per point."""

    value: np.ndarray
    slope: np.ndarray


def cdf(solution: Solution, log_lam: np.ndarray) -> Distribution:
    """Return F and dF / d log lambda at each log lambda (-inf for lambda = 0), one-dimensional.

    Raises
    ------
    ArithmeticError
        If a root is not found, or depends on values of D^2 that floats do not resolve.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw, Layers
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> value, slope = cdf(Solution(Layers([linear], [1.0])), np.log([2.0]))   # 1/2 + 1/pi, and 2 rho(2) = 1/pi
    >>> value.round(6), slope.round(6)
    (array([0.81831]), array([0.31831]))
    """
    ends, jumps, atom = solution.log_support, solution.ends, solution.atom
    # Outside the intervals F is its value at the next edge above, minus the atoms in between; above all edges it is 1.
    place = np.searchsorted(ends.ravel(), log_lam)
    outside = place % 2 == 0
    above = np.append(ends[:, 0] + 1e-9, math.inf)[np.minimum(place, 2 * len(ends)) // 2]
    at = np.where(outside, above, log_lam)
    value, slope = np.full(log_lam.size, atom), np.zeros(log_lam.size)
    value[at == math.inf] = 1.0
    inside = np.isfinite(at) & (place > 0)
    lowest = (place == 0) & np.isfinite(at)
    value[lowest] += sum(jumps.masses[jumps.log_atoms < ends[0, 0]]) if len(ends) else 0.0
    roots = solution.solve(at[inside])
    tail = np.where(roots.found, upper_tail(solution.layers, roots), 0.0)
    value[inside] = np.clip(1.0 - tail, atom, 1.0)
    # In a gap F is a known sum of probabilities (`floors`). F computed at the edge above would be wrong if the density
    # is infinite there.
    floors = np.append(jumps.floors, 1.0)[np.minimum(place, 2 * len(ends)) // 2]
    flat = outside & np.isfinite(at) & ~np.isnan(floors)
    value[flat] = np.clip(floors[flat], atom, 1.0)
    slope[inside] = np.where(roots.found & ~outside[inside], -roots.imag_m / math.pi, 0.0)
    for log_atom, mass in zip(jumps.log_atoms, jumps.masses, strict=True):
        value[outside & (log_lam < log_atom) & (log_atom < at)] -= mass
    return Distribution(value, slope)


def _cdf_at(solution: Solution, log_lam: float) -> float:
    """Return F at one log lambda."""
    return float(cdf(solution, np.array([log_lam])).value[0])


def negligible_below(solution: Solution) -> float:
    """Return a log lambda below which F is the mass at 0 to within 1e-14; -inf if none is found.

    Where next to no mass is left, the roots of the limit equation leave the range of a float.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw, Layers
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> -400.0 < negligible_below(Solution(Layers([linear] * 2, [1.0] * 2))) < -90.0   # F ~ lambda^(1/3)
    True
    """
    if not len(solution.log_support):
        return -math.inf
    low, high = solution.log_support[0]
    depth = 64.0
    while low == -math.inf and depth < 1e6:
        try:
            if _cdf_at(solution, high - depth) - solution.atom <= 1e-14:
                return float(high) - depth
        except ArithmeticError:
            break
        depth *= 1.3
    return -math.inf


def log_quantile(solution: Solution, p: np.ndarray) -> np.ndarray:
    """Return the smallest log lambda with F >= p, for each p of [0, 1], one-dimensional; -inf on the atom at 0.

    Raises
    ------
    ArithmeticError
        If a quantile depends on values of D^2 that floats do not resolve; the message gives an interval that holds it.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw, Layers
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> np.exp(log_quantile(Solution(Layers([linear], [1.0])), np.array([0.5 + 1 / math.pi, 1.0]))).round(9)
    array([2., 4.])
    """
    ends, jumps, atom = solution.log_support, solution.ends, solution.atom
    out = np.full(p.size, -math.inf)
    p = np.where(np.abs(p - atom) < 4e-16, atom, p)  # for example 1 - .8 and .2 differ by rounding only
    out[p > atom] = max([*ends[:, 1], *jumps.log_atoms])
    for (a, b), floor in zip(ends, jumps.floors, strict=True):
        high = _cdf_at(solution, b - 1e-11)
        low = _cdf_at(solution, a + 1e-11) if a > -math.inf else atom
        low = low if math.isnan(floor) else floor + 4e-16
        here = np.flatnonzero((p > low) & (p < high))
        if here.size:
            out[here] = _newton(solution, p[here], a, b)
        between = (p >= high) & (p < 1.0)
        out[between] = b
    order = np.argsort(jumps.log_atoms)
    for log_atom, mass in zip(jumps.log_atoms[order], jumps.masses[order], strict=True):
        top = _cdf_at(solution, log_atom + 1e-9)
        out[(p > top - mass + 1e-13) & (p <= top)] = log_atom  # to rounding of F: a smaller p belongs to the edge below
    return out


def _below(solution: Solution, p: float, b: float) -> float:
    """Return a log lambda below `b` at which F <= p.

    Raises
    ------
    ArithmeticError
        If no such point is found; the message gives an interval that holds the quantile.
    """
    reached, step, failure = b, 4.0, None
    while step > 1e-3:
        try:
            value = _cdf_at(solution, reached - step)
        except ArithmeticError as error:
            failure, step = error, 0.25 * step
            continue
        reached -= step
        if value <= p:
            return reached
        step *= 1.0 if failure else 2.0
    raise ArithmeticError(
        f"the quantile of p={p:.6g} lies in [0, exp({reached:.6g})], where F = {_cdf_at(solution, reached):.6g} at the "
        f"upper end; {failure}"
    ) from failure


def _newton(solution: Solution, p: np.ndarray, a: float, b: float) -> np.ndarray:
    """Return the quantiles within one interval, by Newton's method that starts from a table and keeps brackets."""
    low = a if a > -math.inf else _below(solution, p.min(), b)
    table = low + (b - low) * np.sin(0.5 * math.pi * np.linspace(0.0, 1.0, _TABLE)) ** 2
    values = np.maximum.accumulate(cdf(solution, table).value)
    place = np.clip(np.searchsorted(values, p), 1, _TABLE - 1)
    left, right = table[place - 1], table[place]
    rise = np.maximum(values[place] - values[place - 1], 1e-300)
    x = left + (right - left) * np.clip((p - values[place - 1]) / rise, 0.0, 1.0)
    open_, last = np.arange(p.size), np.full(p.size, math.inf)
    for _ in range(100):
        value, slope = cdf(solution, x[open_])
        wrong = value - p[open_]
        left[open_] = np.where(wrong < 0.0, x[open_], left[open_])
        right[open_] = np.where(wrong < 0.0, right[open_], x[open_])
        with np.errstate(divide="ignore", invalid="ignore"):
            step = wrong / slope
        # F is known to some 1e-15 at best: a small step that no longer shrinks is noise.
        size = np.abs(step) / np.maximum(np.abs(x[open_]), 1.0)
        settled = (size <= 4e-16) | (np.abs(wrong) <= 1e-15) | ((size < 1e-10) & (size > 0.1 * last[open_]))
        last[open_] = size
        new = x[open_] - step
        new = np.where((new > left[open_]) & (new < right[open_]), new, 0.5 * (left[open_] + right[open_]))
        x[open_] = np.where(settled, x[open_], new)
        open_ = open_[~settled]
        if not open_.size:
            break
    return x

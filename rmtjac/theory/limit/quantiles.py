"""The cdf of the limit in log lambda, and its inverse by Newton's method.

In logarithms because F moves where lambda is no float any more.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rmtjac.theory.equation import roots as inverse

if TYPE_CHECKING:
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["cdf", "log_quantile"]

_TABLE = 65


def cdf(lim: LimitSpectrum, log_lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return F and dF/d log lambda at log lambda (-inf for 0)."""
    ends, jumps = lim._log_support, lim._ends
    # Outside of the intervals F is what it is at the edge above, less the atoms on the way; above all of them it is 1.
    place = np.searchsorted(ends.ravel(), log_lam)
    outside = place % 2 == 0
    above = np.append(ends[:, 0] + 1e-9, math.inf)[np.minimum(place, 2 * len(ends)) // 2]
    at = np.where(outside, above, log_lam)
    value, slope = np.full(log_lam.size, lim.atom), np.zeros(log_lam.size)
    value[at == math.inf] = 1.0
    inside = np.isfinite(at) & (place > 0)
    lowest = (place == 0) & np.isfinite(at)
    value[lowest] += sum(jumps.masses[jumps.log_atoms < ends[0, 0]]) if len(ends) else 0.0
    roots = lim.solve(at[inside])
    tail = np.where(roots.found, inverse.upper_tail(lim.layers, roots), 0.0)
    value[inside] = np.clip(1.0 - tail, lim.atom, 1.0)
    # In a gap F is what is known of it there, to rounding; next to an edge at which the density is infinite it is not.
    floors = np.append(jumps.floors, 1.0)[np.minimum(place, 2 * len(ends)) // 2]
    flat = outside & np.isfinite(at) & ~np.isnan(floors)
    value[flat] = np.clip(floors[flat], lim.atom, 1.0)
    slope[inside] = np.where(roots.found & ~outside[inside], -roots.imag_m / math.pi, 0.0)
    for log_atom, mass in zip(jumps.log_atoms, jumps.masses, strict=True):
        value[outside & (log_lam < log_atom) & (log_atom < at)] -= mass
    return value, slope


def log_quantile(lim: LimitSpectrum, p: np.ndarray) -> np.ndarray:
    """Return the smallest log lambda with F >= p."""
    ends, jumps = lim._log_support, lim._ends
    out = np.full(p.size, -math.inf)
    p = np.where(np.abs(p - lim.atom) < 4e-16, lim.atom, p)  # 1 - .8 is meant as the atom of .2
    out[p > lim.atom] = max([*ends[:, 1], *jumps.log_atoms])
    for (a, b), floor in zip(ends, jumps.floors, strict=True):
        high = float(cdf(lim, np.array([b - 1e-11]))[0][0])
        low = float(cdf(lim, np.array([a + 1e-11]))[0][0]) if a > -math.inf else lim.atom
        low = low if math.isnan(floor) else floor + 4e-16
        here = np.flatnonzero((p > low) & (p < high))
        if here.size:
            out[here] = _newton(lim, p[here], a, b)
        between = (p >= high) & (p < 1.0)
        out[between] = b
    order = np.argsort(jumps.log_atoms)
    for log_atom, mass in zip(jumps.log_atoms[order], jumps.masses[order], strict=True):
        top = float(cdf(lim, np.array([log_atom + 1e-9]))[0][0])
        out[(p > top - mass + 1e-13) & (p <= top)] = log_atom  # up to rounding of F, the edge below
    return out


def _below(lim: LimitSpectrum, p: float, b: float) -> float:
    """Return a log lambda at which F <= p.

    Raises
    ------
    ArithmeticError
        If it is out of reach; the message has the bracket that is known.
    """
    reached, step, failure = b, 4.0, None
    while step > 1e-3:
        try:
            value = cdf(lim, np.array([reached - step]))[0][0]
        except ArithmeticError as error:
            failure, step = error, 0.25 * step
            continue
        reached -= step
        if value <= p:
            return reached
        step *= 1.0 if failure else 2.0
    raise ArithmeticError(
        f"the quantile of p={p:.6g} lies in [0, exp({reached:.6g})], F there being "
        f"{cdf(lim, np.array([reached]))[0][0]:.6g}; {failure}"
    ) from failure


def _newton(lim: LimitSpectrum, p: np.ndarray, a: float, b: float) -> np.ndarray:
    """Newton from a table, in brackets that shrink, within one interval of the support."""
    low = a if a > -math.inf else _below(lim, p.min(), b)
    table = low + (b - low) * np.sin(0.5 * math.pi * np.linspace(0.0, 1.0, _TABLE)) ** 2
    values = np.maximum.accumulate(cdf(lim, table)[0])
    place = np.clip(np.searchsorted(values, p), 1, _TABLE - 1)
    left, right = table[place - 1], table[place]
    rise = np.maximum(values[place] - values[place - 1], 1e-300)
    x = left + (right - left) * np.clip((p - values[place - 1]) / rise, 0.0, 1.0)
    open_, last = np.arange(p.size), np.full(p.size, math.inf)
    for _ in range(100):
        value, slope = cdf(lim, x[open_])
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

"""Quantiles of a law of log lambda that is given by its cdf."""

from __future__ import annotations

import math

import numpy as np

from rmtjac.theory.heavy_tails.solver import Solver

__all__ = ["log_quantile"]

_FARTHEST = 1e6  # log lambda
_TABLE = 400


def log_quantile(solver: Solver, p: np.ndarray) -> np.ndarray:
    """Return the smallest log lambda with F >= p, for each p of [0, 1], one-dimensional.

    The value is -inf up to the atom, and inf where F reaches p at infinity only.

    Raises
    ------
    ArithmeticError
        If a quantile lies beyond exp(1e6) or below exp(-1e6).
    """
    out = np.full(p.size, -math.inf)
    out[p >= 1.0] = math.inf
    atom = float(solver.atom.value)
    here = np.flatnonzero((p > atom + 4e-16) & (p < 1.0))
    if here.size:
        out[here] = _bisect(solver, p[here])
    return out


def _cdf(solver: Solver, log_lam: np.ndarray) -> np.ndarray:
    """Return F; a value that is not known raises an error."""
    value = solver.cdf(log_lam).value
    if np.isnan(value).any():
        raise ArithmeticError(f"the cdf is not known at lambda=exp({log_lam[np.isnan(value)][0]:.6g})")
    return value


def _end(solver: Solver, p: float, sign: float) -> float:
    """Return a point in the direction `sign` at which F passes p."""
    reach = 32.0
    while reach <= _FARTHEST:
        value = _cdf(solver, np.array([sign * reach]))[0]
        if (value >= p) if sign > 0.0 else (value < p):
            return sign * reach
        reach *= 2.0
    raise ArithmeticError(
        f"the quantile of p={p!r} lies {'beyond' if sign > 0.0 else 'below'} lambda=exp({sign * _FARTHEST:.6g})"
    )


def _bisect(solver: Solver, p: np.ndarray) -> np.ndarray:
    """Return the quantiles by Newton's method that starts from a table and keeps brackets."""
    table = np.linspace(_end(solver, p.min(), -1.0), _end(solver, p.max(), 1.0), _TABLE)
    values = np.maximum.accumulate(_cdf(solver, table))  # a curve with errors may fall a little
    place = np.clip(np.searchsorted(values, p), 1, _TABLE - 1)
    left, right = table[place - 1], table[place]
    x, open_ = 0.5 * (left + right), np.arange(p.size)
    for i in range(200):
        value, slope = _cdf(solver, x[open_]), solver.log_density(x[open_]).value
        wrong = value - p[open_]
        left[open_] = np.where(wrong < 0.0, x[open_], left[open_])
        right[open_] = np.where(wrong < 0.0, right[open_], x[open_])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = wrong / slope
        tiny = 4e-16 * np.maximum(np.abs(x[open_]), 1.0)
        # F is known to some 1e-16: a step that is left by rounding alone is not taken.
        settled = (right[open_] - left[open_] <= 2.0 * tiny) | (np.abs(step) <= tiny) | (np.abs(wrong) <= 2e-16)
        new = x[open_] - step
        inside = (new > left[open_]) & (new < right[open_]) & (i % 4 < 3)  # every fourth step halves the bracket
        x[open_] = np.where(settled, x[open_], np.where(inside, new, 0.5 * (left[open_] + right[open_])))
        open_ = open_[~settled]
        if not open_.size:
            break
    return x

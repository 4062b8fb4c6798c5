"""Quantiles of a law of log lambda that is given by its cdf."""

from __future__ import annotations

import math

import numpy as np

from rmtjac.theory.heavy_tails.solver import Solver

__all__ = ["log_quantile"]

_FARTHEST = 1e6  # log lambda
_TABLE = 400


def log_quantile(solver: Solver, p: np.ndarray, farthest: float = math.inf) -> np.ndarray:
    """Return the smallest log lambda with F >= p, for each p of [0, 1], one-dimensional.

    The value is -inf up to the atom, and inf where F reaches p at infinity only; also below -`farthest` and beyond
    `farthest`, if that is finite.

    Raises
    ------
    ArithmeticError
        If `farthest` is infinite, and a quantile lies beyond exp(1e6) or below exp(-1e6).
    """
    out = np.full(p.size, -math.inf)
    out[p >= 1.0] = math.inf
    atom = float(solver.atom.value)
    inner = (p > atom + 4e-16) & (p < 1.0)
    if farthest < math.inf and inner.any():
        low, high = _cdf(solver, np.array([-farthest, farthest]))
        out[inner & (p > high)] = math.inf
        inner &= (p > low) & (p <= high)
    here = np.flatnonzero(inner)
    if here.size:
        out[here] = _solve(solver, p[here])
    return out


def _cdf(solver: Solver, log_lam: np.ndarray) -> np.ndarray:
    """Return F; a value that is not known raises an error."""
    value = solver.cdf(log_lam).value
    if np.isnan(value).any():
        raise ArithmeticError(f"the cdf is not known at lambda=exp({log_lam[np.isnan(value)][0]:.6g})")
    return value


def _centre(solver: Solver) -> float:
    """Return the log lambda at which the tail, continued inwards, holds half of the mass; 0 if it is not known."""
    exponent, constant, _ = solver.tail
    if not (0.0 < constant < math.inf and 0.0 < exponent < math.inf):
        return 0.0
    return math.log(2.0 * constant) / exponent


def _end(solver: Solver, p: float, sign: float) -> float:
    """Return a point in the direction `sign` at which F passes p."""
    reach, centre = 32.0, _centre(solver)
    while reach <= _FARTHEST:
        at = centre + sign * reach
        value = _cdf(solver, np.array([at]))[0]
        if (value >= p) if sign > 0.0 else (value < p):
            return at
        reach *= 2.0
    raise ArithmeticError(
        f"the quantile of p={p!r} lies {'beyond' if sign > 0.0 else 'below'} lambda=exp({sign * _FARTHEST:.6g})"
    )


def _solve(solver: Solver, p: np.ndarray) -> np.ndarray:
    """Return the quantiles by Chandrupatla's method, which keeps brackets and needs no density, from a table."""
    from scipy.optimize.elementwise import find_root

    table = np.linspace(_end(solver, p.min(), -1.0), _end(solver, p.max(), 1.0), _TABLE)
    values = np.maximum.accumulate(_cdf(solver, table))  # a curve with errors may fall a little
    place = np.clip(np.searchsorted(values, p), 1, _TABLE - 1)

    def excess(x: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return a number of the sign of F - p that is nearly linear in log lambda where F or 1 - F is a power."""
        value = _cdf(solver, x.ravel()).reshape(x.shape)
        upper = np.log((1.0 - p) / np.maximum(1.0 - value, 1e-300))
        return np.where(p < 0.5, np.log(np.maximum(value, 1e-300) / p), upper)

    found = find_root(excess, (table[place - 1], table[place]), args=(p,), tolerances={"xrtol": 4e-16, "xatol": 1e-15})
    # Where a curve with errors falls, the bracket holds no sign change; its middle is within these errors.
    return np.where(found.success, found.x, 0.5 * (table[place - 1] + table[place]))

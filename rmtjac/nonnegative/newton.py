r"""Newton's method for concave networks; each result is proved by inequalities that are checked afterwards.

- From below: every fixed point is at least z, and T contracts {x >= z} (`contracts`). Then there is one fixed point,
  and l <= T(l), T(u) <= u with z <= l <= u enclose it, however l and u were found.
- From above: T(u) <= u, A a slope of T at u with rho(A) < 1. A fixed point p <= u has p = T(p) <= T(u) - A(u - p), so
  :math:`(I - A)(u - p) \ge u - T(u)`. Hence p <= u - y for each y >= 0 with :math:`(I - A)y \le u - T(u)`, because
  I - A has a nonnegative inverse.
"""

from __future__ import annotations

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import ETA, UNIT, Bounds, above, below, product_bounds
from rmtjac.nonnegative.rates import contracts, slopes_between

__all__ = ["enclose_from_below", "enclose_near", "enclosed", "newton", "resolved", "step_from_above"]

_NEWTON = 60  # largest number of steps
_GROW = 60  # largest number of doublings of a margin


def enclose_from_below(network: Network, z: np.ndarray) -> Bounds | None:
    """Return bounds of the only fixed point of a concave network, z an iterate from 0; None if not proved."""
    if not contracts(network, z):
        return None
    found = enclose_near(network, z)
    return None if found is None else Bounds(np.maximum(found.lower, z), found.upper)


@np.errstate(all="ignore")
def enclose_near(network: Network, x: np.ndarray) -> Bounds | None:
    """Return l <= u with T(l) >= l and T(u) <= u, for monotone T, by Newton's method from x; None if not found.

    A fixed point lies between l and u, because the iteration from l increases and stays below u.
    """
    end = newton(network, x)
    return None if end is None else enclosed(network, *end)


@np.errstate(all="ignore")
def newton(network: Network, x: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the limit of Newton's method from x, in floats, and w > 0 with w - J w = 1 there; None if it fails."""
    w, before = None, np.inf
    for _ in range(_NEWTON):
        miss = network(x) - x
        solved = resolved(network.jacobian(x), np.column_stack([miss, np.ones(x.size)]))
        if solved is None:
            return None
        step, w = solved.T
        new = np.maximum(x + step, 0.0)
        moved, size = np.abs(new - x).max(initial=0.0), new.max(initial=0.0)
        x = new
        if not moved > 4.0 * UNIT * size or (moved <= 1e-3 * size and moved > 0.9 * before):
            break  # at rest, or as near as rounding allows
        before = moved
    return None if w is None or not w.min(initial=1.0) > 0.0 or not np.isfinite(x).all() else (x, w)


@np.errstate(all="ignore")
def enclosed(network: Network, x: np.ndarray, w: np.ndarray) -> Bounds | None:
    """Return l <= u around x with T(l) >= l and T(u) <= u, in the direction of w; None if not found."""
    size = max(4.0 * UNIT * float(x.max(initial=0.0)) / float(w.max(initial=1.0)), ETA)
    for _ in range(_GROW):
        low, high = np.maximum(x - size * w, 0.0), x + size * w
        if np.isfinite(high).all() and (below(network, low) >= low).all() and (above(network, high) <= high).all():
            return Bounds(low, high)
        size *= 2.0
    return None


@np.errstate(all="ignore")
def step_from_above(network: Network, u: np.ndarray) -> np.ndarray:
    """Return u' such that every fixed point below u of a concave network is below u'; u itself if none is found.

    The caller must know that T(u) <= u.
    """
    gap = u - above(network, u)
    gap -= 2.0 * UNIT * u + ETA  # the error of the subtraction
    if not gap.max(initial=0.0) > 0.0:
        return u
    gap = np.maximum(gap, 0.0)
    small, large = slopes_between(network, u)
    middle = np.eye(u.size)
    for matrix, slope in zip(network.weights, small, strict=True):
        middle = slope[:, None] * (matrix @ middle)
    solved = resolved(middle, np.column_stack([gap, np.ones(u.size)]))
    if solved is None:
        return u
    y, w = solved.T
    factors = list(network.weights)
    if not w.min() > 0.0 or not (product_bounds(factors, w, large).upper < w).all():
        return u  # rho(A) < 1 is not proved
    share = 2.0**-44
    for _ in range(_GROW):  # a little less than y, so that the inequality holds with rounding
        part = (1.0 - share) * np.maximum(y, 0.0)
        if (part <= (gap + product_bounds(factors, part, small).lower) * (1.0 - 2.0 * UNIT)).all():
            return np.maximum((u - part) + (2.0 * UNIT * u + ETA), 0.0)
        share *= 2.0
    return u


@np.errstate(all="ignore")
def resolved(jacobian: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    """Return (I - J)^-1 right, in floats; None if I - J is singular."""
    left = np.eye(len(jacobian)) - jacobian
    if not np.isfinite(left).all() or not np.isfinite(right).all():
        return None
    try:
        found = np.linalg.solve(left, right)
    except np.linalg.LinAlgError:
        return None
    return found if np.isfinite(found).all() else None

r"""Newton's method for concave networks, with the proof that the iteration has: steps that are checked, not trusted.

- From below: z at most every fixed point, and T contracts {x >= z} (`contracts`). Then there is one
  fixed point, and l <= T(l), T(u) <= u with z <= l <= u enclose it, however l and u were found.
- From above: T(u) <= u, A a slope of T at u with rho(A) < 1. A fixed point p <= u has p = T(p) <= T(u) - A(u - p), so
  :math:`(I - A)(u - p) \ge u - T(u)`; hence p <= u - y for each y >= 0 with :math:`(I - A)y \le u - T(u)`, because
  I - A has a nonnegative inverse.
"""

from __future__ import annotations

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.rates import contracts, slopes_between
from rmtjac.nonnegative.rounding import UNIT, above, below

__all__ = ["enclose_from_below", "resolved", "step_from_above"]

_NEWTON = 60
_NOISE = 1e-2  # steps below this part of x that do not become shorter are rounding
_GROW = 43  # doublings of a margin that are tried


def enclose_from_below(net: Network, z: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return bounds of the only fixed point of a concave network, z being an iterate from 0; None if not proved."""
    if not contracts(net, z):
        return None
    x, w, before = z, None, np.inf
    for _ in range(_NEWTON):
        miss = net(x) - x
        solved = resolved(net.jacobian(x), np.column_stack([miss, np.ones(x.size)]))
        if solved is None:
            return None
        step, w = solved.T
        x = np.maximum(x + step, z)
        size = float(np.abs(step).max())
        if size <= 4.0 * UNIT * x.max() or (not size < before and size < _NOISE * x.max()):
            break  # as far as rounding allows
        before = size
    if w is None or not w.min() > 0.0:
        return None
    size = 4.0 * UNIT * max(float(np.abs(x).max()), 1e-290)
    for _ in range(_GROW):
        low, high = np.maximum(x - size * w, z), x + size * w
        if (below(net, low) >= low).all() and (above(net, high) <= high).all():
            return low, high
        size *= 2.0
    return None


def step_from_above(net: Network, u: np.ndarray) -> np.ndarray:
    """Return u', T(u) <= u: every fixed point below u of a concave network is below u'; u itself if none is found."""
    gap = u - above(net, u)
    gap -= 2.0 * UNIT * u  # of the subtraction
    if not gap.max() > 0.0:
        return u
    gap = np.maximum(gap, 0.0)
    small, large = slopes_between(net, u)
    middle = np.eye(u.size)
    for matrix, slope in zip(net.weights, small, strict=True):
        middle = slope[:, None] * (matrix @ middle)
    solved = resolved(middle, np.column_stack([gap, np.ones(u.size)]))
    if solved is None:
        return u
    y, w = solved.T
    room = 4.0 * UNIT * sum(matrix.shape[1] + 4 for matrix in net.weights)
    if not w.min() > 0.0 or not (_apply(net, large, w) * (1.0 + room) < w).all():
        return u  # rho(A) < 1 is not proved
    share = 2.0**-44
    for _ in range(_GROW):  # a little less than all of y, for the inequality to hold in spite of rounding
        part = (1.0 - share) * np.maximum(y, 0.0)
        if (part <= (gap + _apply(net, small, part) * (1.0 - room)) * (1.0 - 2.0 * UNIT)).all():
            return np.maximum((u - part) + 2.0 * UNIT * u, 0.0)
        share *= 2.0
    return u


def _apply(net: Network, slopes: list[np.ndarray], v: np.ndarray) -> np.ndarray:
    for matrix, slope in zip(net.weights, slopes, strict=True):
        v = slope * (matrix @ v)
    return v


def resolved(jacobian: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    """Return (I - J)^-1 right, in floats; None if I - J is singular."""
    try:
        found = np.linalg.solve(np.eye(len(jacobian)) - jacobian, right)
    except np.linalg.LinAlgError:
        return None
    return found if np.isfinite(found).all() else None

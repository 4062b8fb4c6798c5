"""The iterations that enclose an extremal fixed point of a whole network, without blocks.

`rmtjac.nonnegative.extremal` chooses among them.
"""

from __future__ import annotations

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.enclosure import Extremal, close, zero
from rmtjac.nonnegative.nearby import exact_near, lower_near, upper_near, upper_solution
from rmtjac.nonnegative.newton import enclose_from_below, enclosed, newton, step_from_above
from rmtjac.nonnegative.outward_rounding import Bounds, above, below
from rmtjac.nonnegative.predicates.scaling import concave
from rmtjac.nonnegative.rates import contraction_rate, contracts
from rmtjac.status import Status

__all__ = ["MAX_STEPS", "climb", "contracting", "descend", "only_fixed_point"]

MAX_STEPS = 20_000
_HUGE = float(np.finfo(float).max)
_NEWTON = 1e-3  # relative width below which only rounding keeps an enclosure from narrowing
_FIRST = (8, 32, 128)  # steps after which a rate is computed
_LOOKS = frozenset(range(8, 16)) | {2**k for k in range(4, 15)}  # steps after which Newton's method is tried


def contracting(network: Network) -> float:
    """Return a rate by which a concave network contracts {x >= z}, z an early iterate from 0; infinity if not found.

    If the rate is below 1, there is exactly one fixed point (Banach).
    """
    if not concave(network):
        return np.inf
    x, rate, k = np.zeros(network.widths[0]), np.inf, 0
    for end in _FIRST:
        before = x
        while k < end:
            new = np.maximum(below(network, x), x)
            x, k = new, end if (new == x).all() else k + 1  # an iterate that does not move never moves again
        moved = k == _FIRST[0] or (x > before).any()
        if moved and x.max(initial=0.0) < _HUGE and contracts(network, x):  # costs less than a rate
            rate = contraction_rate(network, x).value
        if rate < 1.0:
            break
    return rate


def climb(network: Network, tol: float, max_iter: int) -> Extremal:
    """Enclose the least fixed point by the iteration from 0."""
    x = np.zeros(network.widths[0])
    if (above(network, x) <= 0.0).all():
        return zero(x.size)
    upper = np.full(x.size, np.inf)
    status = Status.ITERATION_LIMIT
    bent, tried, width = bool(concave(network)), False, np.inf
    for k in range(1, max_iter + 1):
        new = np.maximum(below(network, x), x)
        step = float((new - x).max())
        x = new
        if not x.max() < _HUGE:
            return Extremal(x, np.full(x.size, np.inf), Status.DIVERGED, True, k)
        if bent and k in _LOOKS and (bounds := enclose_from_below(network, x)) is not None:
            x, upper = bounds
            status = Status.UNDECIDED  # for a concave network, no step brings the bounds closer
            break
        if step == 0.0 or k == max_iter or (step <= tol * x.max() and (not tried or k in _LOOKS)):
            tried = True
            u = upper_near(network, x)
            upper = upper if u is None else np.minimum(upper, u)
            before, width = width, (upper - x).max()
            if close(x, upper, tol) or step == 0.0 or (close(x, upper, _NEWTON) and width > 0.5 * before):
                status = Status.UNDECIDED  # rounding allows no further step
                break
    if np.isfinite(upper).all():
        for _ in range(4):  # T(u) is another u with T(u) <= u, and closer
            upper = np.maximum(np.minimum(above(network, upper), upper), x)
    return Extremal(x, upper, Status.CONVERGED if close(x, upper, tol) else status, True, k)


def descend(network: Network, tol: float, max_iter: int) -> Extremal:
    """Enclose the greatest fixed point below some u with T(u) <= u, by the iteration from u."""
    n = network.widths[0]
    u, everywhere = upper_solution(network)
    if u is None:
        return Extremal(np.zeros(n), np.full(n, np.inf), Status.UNDECIDED, False, 0)
    low = np.zeros(n)
    status = Status.ITERATION_LIMIT
    bent, tried, width = bool(concave(network)), False, np.inf
    for k in range(1, max_iter + 1):
        new = np.minimum(above(network, u), u)
        if bent and k in _LOOKS:
            new = np.minimum(step_from_above(network, new), new)
        step = float((u - new).max())
        u = new
        if step == 0.0 or k == max_iter or (step <= tol * u.max() and (not tried or k in _LOOKS)):
            tried = True
            low = np.maximum(low, lower_near(network, u))
            before, width = width, (u - low).max()
            if close(low, u, tol) or step == 0.0 or (close(low, u, _NEWTON) and width > 0.5 * before):
                status = Status.UNDECIDED  # rounding allows no further step
                break
    return Extremal(low, u, Status.CONVERGED if close(low, u, tol) else status, everywhere, k)


def only_fixed_point(network: Network, tol: float = 1e-12, *, max_iter: int = MAX_STEPS) -> Extremal:
    """Enclose the fixed point of a monotone network that has exactly one by a theorem.

    Then any l <= T(l) and T(u) <= u enclose it, whether found from 0, from above, or by Newton's method.
    """
    low = np.zeros(network.widths[0])
    if (above(network, low) <= 0.0).all():
        return zero(low.size)
    high, _ = upper_solution(network)
    if high is None:
        high = np.full(low.size, np.inf)
    status, width = Status.ITERATION_LIMIT, np.inf
    for k in range(1, max_iter + 1):
        new, bound = np.maximum(below(network, low), low), high
        if high.max() < np.inf:
            bound = np.minimum(above(network, high), high)
        rest = bool((new == low).all() and (bound == high).all())
        low, high = new, bound
        if not low.max() < _HUGE:
            return Extremal(low, high, Status.DIVERGED, True, k)
        if (k in _LOOKS or rest) and not close(low, high, tol):
            near = _by_newton(network, low, high, tol)
            if near is not None:
                low, high = near
                before, width = width, (high - low).max()
                rest = rest or (close(low, high, _NEWTON) and width > 0.5 * before)
        if rest or close(low, high, tol):
            status = Status.UNDECIDED
            break
    if high.max() < np.inf:
        for _ in range(4):
            low, high = np.maximum(below(network, low), low), np.minimum(above(network, high), high)
    return Extremal(low, high, Status.CONVERGED if close(low, high, tol) else status, True, k)


def _by_newton(network: Network, low: np.ndarray, high: np.ndarray, tol: float) -> Bounds | None:
    """Return closer bounds of the only fixed point, in floats or else in rational arithmetic; None if not found."""
    for start in (low, high):
        end = newton(network, start) if start.max(initial=0.0) < np.inf else None
        if end is None:
            continue
        near = enclosed(network, *end)
        if near is None or not close(*near, tol):
            near = exact_near(network, *end) or near
        if near is not None:
            return Bounds(np.maximum(low, near.lower), np.minimum(high, near.upper))
    return None

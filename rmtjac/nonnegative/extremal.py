r"""The least and the greatest fixed point of a monotone self-map of the nonnegative orthant, enclosed.

From 0 the iteration climbs to the least fixed point, if there is one; from u with T(u) <= u it descends to the greatest
below u (NN). Computed with outward rounding, each iterate is a bound. The other side comes from a vector u with
T(u) <= u near by (then the least fixed point is at most u), or l with T(l) >= l (then the greatest is at least l). If T
is weakly scalable and T(u) < u in every coordinate, or the last layer is bounded by u, no fixed point is beyond u.
Newton's method (`rmtjac.nonnegative.newton`) helps on, and the bounds stay proved. Where theorems know the
greatest it is not iterated for; what is left open by all of this is tried block by block
(`rmtjac.nonnegative.matrices.blocks`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.asymptotic import against_one
from rmtjac.nonnegative.enclosure import Extremal, close, merged, on_ray, zero
from rmtjac.nonnegative.matrices.blocks import blocks, restricted
from rmtjac.nonnegative.nearby import exact_near, lower_near, upper_near, upper_solution
from rmtjac.nonnegative.newton import enclose_from_below, enclosed, newton, step_from_above
from rmtjac.nonnegative.outward_rounding import above, below
from rmtjac.nonnegative.perron_ray import linear_bound, perron_ray
from rmtjac.nonnegative.predicates import concave, eventually_scalable, self_map
from rmtjac.nonnegative.rates import contraction_rate, contracts
from rmtjac.status import Status
from rmtjac.validate import finite, positive_int

__all__ = [
    "climbed", "contracting", "descended", "greatest_fixed_point", "least_fixed_point", "only_fixed_point", "settled",
    "upper_solution",
]  # fmt: skip

_HUGE = float(np.finfo(float).max)
_NEWTON = 1e-3  # relative width of an enclosure that more steps would not improve, rounding apart
_MOST_STEPS = 20_000
_FIRST = (8, 32, 128)  # steps after which a rate is looked for
_LOOKS = frozenset(range(8, 16)) | {2**k for k in range(4, 15)}  # steps after which Newton's method is tried


def _checked(network: Network, tol: float, max_iter: int) -> None:
    if not isinstance(network, Network):
        raise TypeError(f"network={network!r} must be a Network")
    answer = self_map(network)
    if not answer:
        raise ValueError(f"network: not known to be a monotone map of x >= 0 to itself: {answer.evidence}")
    finite("tol", tol, above=0.0)
    positive_int("max_iter", max_iter)


@np.errstate(all="ignore")  # what overflows proves nothing
def least_fixed_point(network: Network, tol: float = 1e-12, *, max_iter: int = _MOST_STEPS) -> Extremal:
    """Enclose the least fixed point in x >= 0 of a monotone network.

    Parameters
    ----------
    network
        A monotone map of the nonnegative orthant to itself (`self_map`).
    tol
        Stop when the bounds are within this times the greatest entry of each other.
    max_iter
        Most steps.

    Returns
    -------
    Extremal

    Raises
    ------
    ValueError
        If the network is not known to be monotone.

    Notes
    -----
    Cost: two products with each weight matrix a step; the number of steps grows as 1/(1 - r), r the rate. Networks
    that are not concave, or have several fixed points, take them all.

    Examples
    --------
    >>> import rmtjac as rj
    >>> network = rj.Network([[[0.5]]], [[1.0]], "relu")
    >>> rj.nonnegative.least_fixed_point(network).point.round(12)
    array([2.])
    """
    _checked(network, tol, max_iter)
    if _has_one(network):
        return only_fixed_point(network, tol, max_iter=max_iter)
    return climbed(network, tol, max_iter)


def _has_one(network: Network) -> bool:
    """Whether a theorem says that there is exactly one fixed point."""
    return contracting(network) < 1.0 or (bool(eventually_scalable(network)) and against_one(network).below is True)


def climbed(network: Network, tol: float = 1e-12, max_iter: int = _MOST_STEPS) -> Extremal:
    """Do as `least_fixed_point` where `contracting` decides nothing."""
    found = _climbed(network, tol, max_iter)
    if found.status in (Status.CONVERGED, Status.DIVERGED):
        return found
    return _better(found, _composed(network, lambda part: least_fixed_point(part, tol, max_iter=max_iter)), tol)


def contracting(network: Network) -> float:
    """Return the rate by which a concave network contracts what is above its first iterates from 0, else infinity.

    Below 1, it has exactly one fixed point (Banach).
    """
    if not concave(network):
        return np.inf
    x, rate, k = np.zeros(network.widths[0]), np.inf, 0
    for end in _FIRST:
        before = x
        while k < end:
            new = np.maximum(below(network, x), x)
            x, k = new, end if (new == x).all() else k + 1  # at rest it stays
        moved = k == _FIRST[0] or (x > before).any()
        if moved and x.max(initial=0.0) < _HUGE and contracts(network, x):  # which costs less than a rate
            rate = contraction_rate(network, x).value
        if rate < 1.0:
            break
    return rate


def _climbed(network: Network, tol: float, max_iter: int) -> Extremal:
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
            status = Status.UNDECIDED  # of a concave network this is as near as rounding allows
            break
        if step == 0.0 or k == max_iter or (step <= tol * x.max() and (not tried or k in _LOOKS)):
            tried = True
            u = upper_near(network, x)
            upper = upper if u is None else np.minimum(upper, u)
            before, width = width, (upper - x).max()
            if close(x, upper, tol) or step == 0.0 or (close(x, upper, _NEWTON) and width > 0.5 * before):
                status = Status.UNDECIDED  # rounding allows no more
                break
    if np.isfinite(upper).all():
        for _ in range(4):  # T(u) <= u is another such vector, and closer
            upper = np.maximum(np.minimum(above(network, upper), upper), x)
    return Extremal(x, upper, Status.CONVERGED if close(x, upper, tol) else status, True, k)


@np.errstate(all="ignore")  # what overflows proves nothing
def greatest_fixed_point(network: Network, tol: float = 1e-12, *, max_iter: int = _MOST_STEPS) -> Extremal:
    """Enclose the greatest fixed point in x >= 0 of a monotone network, or the greatest below a vector u.

    Parameters and errors as in `least_fixed_point`. `Extremal.everywhere` says whether no fixed point is greater.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> network = rj.Network([[[2.0]]], activation="tanh")  # 0 and about 0.9575
    >>> rj.nonnegative.greatest_fixed_point(network).point.round(4)
    array([0.9575])
    >>> rj.nonnegative.greatest_fixed_point(rj.Network([np.eye(2)], activation="relu6")).point
    array([6., 6.])
    """
    _checked(network, tol, max_iter)
    bound = linear_bound(network)
    if bound is not None:
        ray = perron_ray(network, bound)
        if bound.below or (ray is not None and ray.end == 0.0):
            return zero(network.widths[0])
        if ray is not None and np.isfinite(ray.end):
            return on_ray(ray)
    elif _has_one(network):
        return only_fixed_point(network, tol, max_iter=max_iter)
    return descended(network, tol, max_iter)


def descended(network: Network, tol: float = 1e-12, max_iter: int = _MOST_STEPS) -> Extremal:
    """Do as `greatest_fixed_point` where theorems decide nothing."""
    found = _descended(network, tol, max_iter)
    if found.status is Status.CONVERGED:
        return found
    return _better(found, _composed(network, lambda part: greatest_fixed_point(part, tol, max_iter=max_iter)), tol)


def _descended(network: Network, tol: float, max_iter: int) -> Extremal:
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
                status = Status.UNDECIDED  # rounding allows no more
                break
    return Extremal(low, u, Status.CONVERGED if close(low, u, tol) else status, everywhere, k)


def only_fixed_point(network: Network, tol: float = 1e-12, *, max_iter: int = _MOST_STEPS) -> Extremal:
    """Enclose the fixed point of a monotone network that has exactly one, as a theorem says.

    Then any l <= T(l), T(u) <= u enclose it, however they were found: from 0, from above, or by Newton's method.
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


def _by_newton(network: Network, low: np.ndarray, high: np.ndarray, tol: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Closer bounds of the only fixed point, from below or from above, in floats or else in rational arithmetic."""
    for start in (low, high):
        end = newton(network, start) if start.max(initial=0.0) < np.inf else None
        if end is None:
            continue
        near = enclosed(network, *end)
        if near is None or not close(*near, tol):
            near = exact_near(network, *end) or near
        if near is not None:
            return np.maximum(low, near[0]), np.minimum(high, near[1])
    return None


def _composed(network: Network, solve: Callable[[Network], Extremal]) -> Extremal | None:
    """Block by block: the extremal fixed point of a later one is that with the earlier ones at theirs."""
    parts = blocks(network)
    if len(parts) == 1:
        return None
    low, high = np.zeros(network.widths[0]), np.zeros(network.widths[0])
    everywhere, steps = True, 0
    for neurons, recurrent in parts:
        least, most = restricted(network, neurons, low, -1.0), restricted(network, neurons, high, 1.0)
        if least is None or most is None:
            return None
        try:
            ends = (solve(least), solve(most)) if recurrent else (settled(least, most, 0.0),) * 2
        except ValueError:  # rounding took away what was barely proved
            return None
        low[neurons], high[neurons] = ends[0].lower, ends[1].upper
        everywhere, steps = everywhere and ends[1].everywhere, max(steps, *(one.iterations for one in ends))
    return Extremal(low, high, Status.UNDECIDED, everywhere, steps)


def settled(least: Network, most: Network, tol: float) -> Extremal:
    """Return the value of a neuron that does not act on itself, between those of two networks."""
    low, high = below(least, np.zeros(1)), above(most, np.zeros(1))
    return merged(low, high, zero(1), tol)


def _better(one: Extremal, other: Extremal | None, tol: float) -> Extremal:
    """Both bounds together, if they are of all fixed points; else those that are, or the first."""
    if other is None or not other.everywhere:
        return one
    low, high = other.lower.copy(), other.upper.copy()
    if one.everywhere:
        low, high = np.maximum(one.lower, low), np.minimum(one.upper, high)
    status = Status.CONVERGED if close(low, high, tol) else one.status
    return Extremal(low, high, status, True, max(one.iterations, other.iterations))

"""The least and the greatest fixed point of a monotone self-map of the nonnegative orthant, enclosed.

From 0 the iteration climbs to the least fixed point, if there is one. From u with T(u) <= u it descends to the greatest
fixed point below u (NN). With outward rounding each iterate is a bound. The other bound comes from a nearby vector: u
with T(u) <= u (then the least fixed point is at most u), or l with T(l) >= l (then the greatest is at least l). If T is
weakly scalable and T(u) < u in every coordinate, or the last layer is bounded by u, no fixed point exceeds u.

Where a theorem gives the greatest fixed point, no iteration runs. Where the iterations leave something open, the blocks
of the network are solved one by one (`rmtjac.nonnegative.matrices.blocks`).

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.against_one import against_one
from rmtjac.nonnegative.enclosure import Extremal, close, merged, on_ray, zero
from rmtjac.nonnegative.iterations import MAX_STEPS, climb, contracting, descend, only_fixed_point
from rmtjac.nonnegative.matrices.blocks import blocks, restricted
from rmtjac.nonnegative.outward_rounding import DOWN, UP, above, below
from rmtjac.nonnegative.perron_ray import linear_bound, perron_ray
from rmtjac.nonnegative.predicates.order import self_map
from rmtjac.nonnegative.predicates.scaling import eventually_scalable
from rmtjac.status import Status
from rmtjac.validate import finite, positive_int

__all__ = ["climbed", "descended", "greatest_fixed_point", "least_fixed_point", "settled"]


def _checked(network: Network, tol: float, max_iter: int) -> None:
    """Raise an error if an argument is out of range or the network is not known to be a monotone self-map."""
    if not isinstance(network, Network):
        raise TypeError(f"network={network!r} must be a Network")
    answer = self_map(network)
    if not answer:
        raise ValueError(f"network: not known to be a monotone map of x >= 0 to itself: {answer.evidence}")
    finite("tol", tol, above=0.0)
    positive_int("max_iter", max_iter)


@np.errstate(all="ignore")  # overflow gives infinite bounds, which prove nothing
def least_fixed_point(network: Network, tol: float = 1e-12, *, max_iter: int = MAX_STEPS) -> Extremal:
    """Enclose the least fixed point in x >= 0 of a monotone network.

    The iteration x <- T(x) from 0 climbs to it, if there is a fixed point.

    Parameters
    ----------
    network : Network
        A monotone map of the nonnegative orthant to itself (`self_map`).
    tol : float, optional
        Stop when the bounds differ by at most `tol` times the greatest entry.
    max_iter : int, optional
        Largest number of steps.

    Returns
    -------
    Extremal
        The proved bounds of the fixed point, or the reason why none is known.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.
    ValueError
        If the network is not known to be a monotone self-map, or `tol` or `max_iter` is not positive.

    See Also
    --------
    greatest_fixed_point : Enclose the greatest fixed point.
    certify : Prove which fixed points there are.

    Notes
    -----
    Cost: two products with each weight matrix in each step. The number of steps grows as 1/(1 - r), where r is the rate
    of contraction; for concave networks Newton's method makes it smaller. Networks that are not concave, or have
    several fixed points, can take all `max_iter` steps.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[0.5]]], [[1.0]], "relu")
    >>> rj.nonnegative.least_fixed_point(net).point.round(12)
    array([2.])
    """
    _checked(network, tol, max_iter)
    if _has_one(network):
        return only_fixed_point(network, tol, max_iter=max_iter)
    return climbed(network, tol, max_iter)


def _has_one(network: Network) -> bool:
    """Return whether a theorem gives exactly one fixed point."""
    return contracting(network) < 1.0 or (bool(eventually_scalable(network)) and against_one(network).below is True)


def climbed(network: Network, tol: float = 1e-12, max_iter: int = MAX_STEPS) -> Extremal:
    """Return the enclosure of `least_fixed_point` for a network for which `_has_one` is false."""
    found = climb(network, tol, max_iter)
    if found.status in (Status.CONVERGED, Status.DIVERGED):
        return found
    return _better(found, _composed(network, lambda part: least_fixed_point(part, tol, max_iter=max_iter)), tol)


@np.errstate(all="ignore")  # overflow gives infinite bounds, which prove nothing
def greatest_fixed_point(network: Network, tol: float = 1e-12, *, max_iter: int = MAX_STEPS) -> Extremal:
    """Enclose the greatest fixed point in x >= 0 of a monotone network, or the greatest below a vector u.

    The iteration x <- T(x) from a vector u with T(u) <= u descends to it. ``Extremal.everywhere`` says whether no fixed
    point is greater.

    Parameters
    ----------
    network : Network
        A monotone map of the nonnegative orthant to itself (`self_map`).
    tol : float, optional
        Stop when the bounds differ by at most `tol` times the greatest entry.
    max_iter : int, optional
        Largest number of steps.

    Returns
    -------
    Extremal
        The proved bounds of the fixed point, or the reason why none is known.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.
    ValueError
        If the network is not known to be a monotone self-map, or `tol` or `max_iter` is not positive.

    See Also
    --------
    least_fixed_point : Enclose the least fixed point.
    certify : Prove which fixed points there are.

    Notes
    -----
    Cost: two products with each weight matrix in each step. The number of steps grows as 1/(1 - r), where r is the rate
    of contraction; for concave networks Newton's method makes it smaller. Networks that are not concave, or have
    several fixed points, can take all `max_iter` steps.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> net = rj.Network([[[2.0]]], activation="tanh")  # 0 and about 0.9575
    >>> rj.nonnegative.greatest_fixed_point(net).point.round(4)
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


def descended(network: Network, tol: float = 1e-12, max_iter: int = MAX_STEPS) -> Extremal:
    """Return the enclosure of `greatest_fixed_point` for a network to which no theorem applies."""
    found = descend(network, tol, max_iter)
    if found.status is Status.CONVERGED:
        return found
    return _better(found, _composed(network, lambda part: greatest_fixed_point(part, tol, max_iter=max_iter)), tol)


def _composed(network: Network, solve: Callable[[Network], Extremal]) -> Extremal | None:
    """Return the enclosure that solving block by block gives; None if there is one block, or a step fails.

    The extremal fixed point of a block is that with the earlier blocks at their extremal fixed points.
    """
    parts = blocks(network)
    if len(parts) == 1:
        return None
    low, high = np.zeros(network.widths[0]), np.zeros(network.widths[0])
    everywhere, steps = True, 0
    for neurons, recurrent in parts:
        least, most = restricted(network, neurons, low, DOWN), restricted(network, neurons, high, UP)
        if least is None or most is None:
            return None
        try:
            at_least, at_most = (solve(least), solve(most)) if recurrent else (settled(least, most, 0.0),) * 2
        except ValueError:  # with rounded biases the block is no longer known to be monotone
            return None
        low[neurons], high[neurons] = at_least.lower, at_most.upper
        everywhere = everywhere and at_most.everywhere
        steps = max(steps, at_least.iterations, at_most.iterations)
    return Extremal(low, high, Status.UNDECIDED, everywhere, steps)


def settled(least: Network, most: Network, tol: float) -> Extremal:
    """Return bounds of the value of a neuron that does not act on itself, from its values in two networks."""
    low, high = below(least, np.zeros(1)), above(most, np.zeros(1))
    return merged(low, high, zero(1), tol)


def _better(one: Extremal, other: Extremal | None, tol: float) -> Extremal:
    """Return the intersection of two enclosures if both hold for all fixed points; else the one that does, or `one`."""
    if other is None or not other.everywhere:
        return one
    low, high = other.lower.copy(), other.upper.copy()
    if one.everywhere:
        low, high = np.maximum(one.lower, low), np.minimum(one.upper, high)
    status = Status.CONVERGED if close(low, high, tol) else one.status
    return Extremal(low, high, status, True, max(one.iterations, other.iterations))

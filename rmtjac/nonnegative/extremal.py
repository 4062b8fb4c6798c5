r"""The least and the greatest fixed point of a monotone self-map of the nonnegative orthant, enclosed.

From 0 the iteration climbs to the least fixed point, if there is one; from u with T(u) <= u it descends to the greatest
below u (NN). Computed with outward rounding, each iterate is a bound. The other side comes from a vector u with
T(u) <= u near by (then the least fixed point is at most u), or l with T(l) >= l (then the greatest is at least l). If T
is weakly scalable and T(u) < u in every coordinate, or the last layer is bounded by u, no fixed point is beyond u.
Concave networks are helped on by Newton's method (`rmtjac.nonnegative.acceleration`), and the bounds stay proved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.acceleration import enclose_from_below, resolved, step_from_above
from rmtjac.nonnegative.asymptotic import asymptotic_factors
from rmtjac.nonnegative.predicates import concave, self_map, weakly_scalable
from rmtjac.nonnegative.rounding import above, below
from rmtjac.status import Status
from rmtjac.validate import finite, positive_int

__all__ = ["Extremal", "greatest_fixed_point", "least_fixed_point", "upper_solution"]

_HUGE = 1e150
_TRIES = 60  # sizes of a vector tried for the other side
_MOST_STEPS = 20_000
_LOOKS = frozenset(range(8, 16)) | {2**k for k in range(4, 15)}  # steps after which Newton's method is tried


@dataclass(frozen=True, eq=False)
class Extremal:
    """An extremal fixed point, or bounds of where it would be.

    Attributes
    ----------
    lower, upper
        Shape (n,): the fixed point lies between; upper is infinite if none is known to exist.
    status
        ``CONVERGED``: it exists, and the bounds are as close as was asked for, or as rounding allows.
        ``DIVERGED``: the iteration grew beyond 1e150. ``ITERATION_LIMIT``: neither.
    everywhere
        Whether the bound is one of all fixed points, not only of those below a vector u (greatest; True for the least).
    iterations
        Steps taken.
    """

    lower: np.ndarray
    upper: np.ndarray
    status: Status
    everywhere: bool
    iterations: int

    def __post_init__(self) -> None:
        for array in (self.lower, self.upper):
            array.flags.writeable = False

    @property
    def exists(self) -> bool:
        """Whether it is proved that there is such a fixed point."""
        return bool(np.isfinite(self.upper).all())

    @property
    def point(self) -> np.ndarray:
        """Shape (n,): the middle of the bounds; NaN if there is none."""
        return np.where(np.isfinite(self.upper), 0.5 * (self.lower + self.upper), np.nan)

    @property
    def error(self) -> float:
        """Largest distance of the fixed point from `point`."""
        return float((0.5 * (self.upper - self.lower)).max(initial=0.0)) if self.exists else np.inf

    def __repr__(self) -> str:
        if not self.exists:
            return f"Extremal(no fixed point proved: {self.status} after {self.iterations} iterations)"
        return f"Extremal(n = {self.lower.size}, error {self.error:.2g}, {self.iterations} iterations)"


def _checked(net: Network, tol: float, max_iter: int) -> None:
    if not isinstance(net, Network):
        raise TypeError(f"network={net!r} must be a Network")
    answer = self_map(net)
    if not answer:
        raise ValueError(f"network: not known to be a monotone map of x >= 0 to itself: {answer.evidence}")
    finite("tol", tol, above=0.0)
    positive_int("max_iter", max_iter)


def _direction(net: Network, x: np.ndarray) -> list[np.ndarray]:
    """Positive vectors w with J w < w, J the Jacobian at x, if its spectral radius is below 1; else ones."""
    return _positive_first(net.jacobian(x))


def _positive_first(matrix: np.ndarray) -> list[np.ndarray]:
    """(I - A)^-1 1, scaled, if it is positive; and ones."""
    ones = np.ones(len(matrix))
    w = resolved(matrix, ones)
    return [ones] if w is None or not w.min(initial=1.0) > 0.0 else [w / w.max(initial=1e-290), ones]


def _upper_near(net: Network, x: np.ndarray) -> np.ndarray | None:
    """Return u >= x with T(u) <= u, close to x, or None."""
    if (above(net, x) <= x).all():
        return x
    size = max(float(np.abs(above(net, x) - x).max()), 1e-300)
    for w in _direction(net, x):
        room = size
        for _ in range(_TRIES):
            u = x + room * w
            if not (u < _HUGE).all():
                break
            if (above(net, u) <= u).all():
                return u
            room *= 2.0
    return None


def least_fixed_point(net: Network, tol: float = 1e-12, *, max_iter: int = _MOST_STEPS) -> Extremal:
    """Enclose the least fixed point in x >= 0 of a monotone network.

    Parameters
    ----------
    net
        A monotone map of the nonnegative orthant to itself (`self_map`).
    tol
        Stop when a step is smaller than this times the size of the iterate.
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
    Cost: two products with each weight matrix a step; the number of steps grows as 1/(1 - r), r the rate.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[0.5]]], [[1.0]], "relu")
    >>> rj.nonnegative.least_fixed_point(net).point.round(12)
    array([2.])
    """
    _checked(net, tol, max_iter)
    x = np.zeros(net.widths[0])
    if (net(x) == 0.0).all() and all((b == 0.0).all() for b in net.biases):
        return Extremal(x.copy(), x.copy(), Status.CONVERGED, True, 0)  # T(0) = 0, exactly
    status = Status.ITERATION_LIMIT
    bent = bool(concave(net))
    for k in range(1, max_iter + 1):
        new = np.maximum(below(net, x), x)
        step = float((new - x).max())
        x = new
        if bent and k in _LOOKS and (bounds := enclose_from_below(net, x)) is not None:
            return Extremal(*bounds, Status.CONVERGED, True, k)
        if not x.max() < _HUGE:
            status = Status.DIVERGED
            break
        if step <= tol * x.max():
            status = Status.CONVERGED
            break
    u = _upper_near(net, x) if status is not Status.DIVERGED else None
    if u is None:
        status = status if status is Status.DIVERGED else Status.ITERATION_LIMIT
        return Extremal(x, np.full(x.size, np.inf), status, True, k)
    for _ in range(4):  # T(u) <= u is another such vector, and closer
        u = np.maximum(np.minimum(above(net, u), u), x)
    return Extremal(x, u, status, True, k)


def upper_solution(net: Network) -> tuple[np.ndarray | None, bool]:
    """Return u with T(u) <= u, and whether all fixed points lie below it; None if none is found.

    A bounded last layer gives its bound. Else u = p w with w > T_inf(w), for growing p.
    """
    top = net.activations[-1].facts.upper
    n = net.widths[0]
    if top is not None and np.isfinite(top):
        return np.full(n, top * (1.0 + 2.0**-50)), True
    try:
        factors = asymptotic_factors(net)
    except ValueError:
        factors = []
    product = np.eye(n)
    for one in factors:
        product = one @ product
    for w in _positive_first(product):
        size = 1.0
        while size < _HUGE:
            u = size * w
            image = above(net, u)
            if (image < u).all():
                return u, bool(weakly_scalable(net))
            size *= 4.0
    return None, False


def greatest_fixed_point(net: Network, tol: float = 1e-12, *, max_iter: int = _MOST_STEPS) -> Extremal:
    """Enclose the greatest fixed point in x >= 0 of a monotone network, or the greatest below a vector u.

    Parameters and errors as in `least_fixed_point`. `Extremal.everywhere` says whether no fixed point is greater.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0]]], activation="tanh")  # 0 and about 0.9575
    >>> rj.nonnegative.greatest_fixed_point(net).point.round(4)
    array([0.9575])
    """
    _checked(net, tol, max_iter)
    u, everywhere = upper_solution(net)
    if u is None:
        n = net.widths[0]
        return Extremal(np.zeros(n), np.full(n, np.inf), Status.ITERATION_LIMIT, False, 0)
    status = Status.ITERATION_LIMIT
    bent = bool(concave(net))
    for k in range(1, max_iter + 1):
        new = np.minimum(above(net, u), u)
        if bent and k in _LOOKS:
            new = np.minimum(step_from_above(net, new), new)
        step = float((u - new).max())
        u = new
        if step <= tol * u.max() or u.max() <= 1e-290:
            status = Status.CONVERGED
            break
    low = _lower_near(net, u)
    return Extremal(low, u, status, everywhere, k)


def _lower_near(net: Network, u: np.ndarray) -> np.ndarray:
    """Return l <= u with T(l) >= l, close to u: a fixed point lies between. The iterate from 0 if no other is found."""
    size = max(float(np.abs(u - below(net, u)).max()), 1e-300)
    for w in _direction(net, u):
        room = size
        for _ in range(_TRIES):
            low = np.maximum(u - room * w, 0.0)
            if (below(net, low) >= low).all():
                return low
            if not low.any():
                break
            room *= 2.0
    return np.zeros(u.size)

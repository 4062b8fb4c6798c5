"""Bounds of the least or the greatest fixed point, and how close they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rmtjac.nonnegative.outward_rounding import ETA, UNIT
from rmtjac.nonnegative.perron_ray import Ray
from rmtjac.status import Status

__all__ = ["Extremal", "close", "merged", "on_ray", "zero"]

_NOTHING = 2.0**-1000  # absolute width that counts as 0


@dataclass(frozen=True, eq=False)
class Extremal:
    """Bounds of the least or of the greatest fixed point.

    Attributes
    ----------
    lower, upper : ndarray of float, shape (n,)
        The fixed point lies between them, if it exists. `upper` is infinite if no fixed point is proved to exist.
    status : Status
        ``CONVERGED``: the fixed point exists, and the bounds differ by no more than the tolerance. ``DIVERGED``: every
        fixed point has an entry beyond the largest float. ``ITERATION_LIMIT``: neither is proved after `max_iter`
        steps. ``UNDECIDED``: neither is proved, and rounding allows no further step.
    everywhere : bool
        Whether the bounds hold for all fixed points, and not only for those below some vector u with T(u) <= u. Always
        True for the least fixed point.
    iterations : int
        The number of steps taken.

    See Also
    --------
    least_fixed_point, greatest_fixed_point : Compute it.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.nonnegative.least_fixed_point(rj.Network([[[0.5]]], [[1.0]], "relu"))
    >>> found.exists, found.error < 1e-12
    (True, True)
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
        """Whether the fixed point is proved to exist."""
        return bool(np.isfinite(self.upper).all())

    @property
    def point(self) -> np.ndarray:
        """The middle of the bounds, shape (n,); NaN if no fixed point is proved to exist."""
        if not self.exists:
            return np.full(self.lower.shape, np.nan)
        return self.lower + 0.5 * (self.upper - self.lower)

    @property
    def error(self) -> float:
        """The largest distance of an entry of the fixed point from `point`."""
        return float((0.5 * (self.upper - self.lower)).max(initial=0.0)) if self.exists else np.inf

    def __repr__(self) -> str:
        if not self.exists:
            return f"Extremal(no fixed point proved: {self.status} after {self.iterations} iterations)"
        open_ = "" if self.status is Status.CONVERGED else f", {self.status}"
        return f"Extremal(n = {self.lower.size}, error {self.error:.2g}, {self.iterations} iterations{open_})"


def zero(n: int) -> Extremal:
    """Return the enclosure of 0, for a fixed point that a theorem gives."""
    return Extremal(np.zeros(n), np.zeros(n), Status.CONVERGED, True, 0)


def on_ray(ray: Ray) -> Extremal:
    """Return the enclosure of the end of an interval of fixed points."""
    end = ray.points(np.ones(1))[0]
    room = 8.0 * UNIT  # rounding of t, v and their product
    low, high = np.maximum(end * (1.0 - room) - ETA, 0.0), end * (1.0 + room) + ETA
    return Extremal(low, np.where(ray.vector == 0.0, 8.0 * ETA, high), Status.CONVERGED, True, 0)


def close(low: np.ndarray, high: np.ndarray, tol: float) -> bool:
    """Return whether the bounds are finite and differ by at most tol times the greatest entry."""
    width, size = (high - low).max(initial=0.0), high.max(initial=0.0)
    return bool((low <= high).all() and size < np.inf and width <= max(tol * size, _NOTHING))


def merged(low: np.ndarray, high: np.ndarray, like: Extremal, tol: float) -> Extremal:
    """Return the enclosure `like` with other bounds; it has converged if they are close."""
    like_open = like.status if like.status is not Status.CONVERGED else Status.UNDECIDED
    status = Status.CONVERGED if close(low, high, tol) else like_open
    return Extremal(low, high, status, like.everywhere, like.iterations)

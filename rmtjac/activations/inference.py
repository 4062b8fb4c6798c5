r"""Facts about an activation that follow from the given ones and from its slopes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from rmtjac.activations.facts import Facts

__all__ = ["completed"]

_INF = math.inf

Function = Callable[[np.ndarray], np.ndarray]


def completed(
    stated: Facts, phi: Function, breakpoints: tuple[float, ...] = (), slopes: tuple[float, ...] | None = None
) -> Facts:
    """Return the stated facts, phi(0), the facts that slopes of a piecewise affine phi give, and what follows.

    A stated fact is never replaced, except that a declared `ratio` is dropped for a phi that is 0.
    """
    at_zero = _value(phi, 0.0)
    found = replace(stated, at_zero=at_zero if math.isfinite(at_zero) else None)
    if slopes is not None:
        found = _filled(found, _of_pieces(phi, at_zero, breakpoints, slopes))
    return _derived(found, phi)


def _value(phi: Function, h: float) -> float:
    """Return phi(h) at one point."""
    return float(phi(np.full(1, h))[0])


def _filled(known: Facts, more: Facts) -> Facts:
    """Return `known`, with each fact that is None replaced by that of `more`."""
    gaps = {
        one.name: getattr(more, one.name)
        for one in fields(Facts)
        if getattr(known, one.name) is None and getattr(more, one.name) is not None
    }
    return replace(known, **gaps)


def _of_pieces(phi: Function, at_zero: float, breakpoints: tuple[float, ...], slopes: tuple[float, ...]) -> Facts:
    """Return the facts that the slopes of a piecewise affine function decide."""
    cuts = np.array(breakpoints)
    values = phi(cuts).tolist() if cuts.size else []
    start = int(np.searchsorted(cuts, 0.0, side="right"))
    ahead = slopes[start:]
    rising = len(slopes)
    while rising and slopes[rising - 1] >= 0.0:
        rising -= 1
    low, high = min(values, default=at_zero), max(values, default=at_zero)
    for far in (-slopes[0], slopes[-1]):  # the direction of phi at -infinity, and at infinity
        low, high = (-_INF if far < 0.0 else low), (_INF if far > 0.0 else high)
    monotone = -_INF if rising == 0 else cuts[rising - 1] if rising <= cuts.size else None
    return Facts(
        concave=all(a >= b for a, b in itertools.pairwise(ahead)),
        slope=slopes[-1],
        monotone_from=monotone,
        lower=low,
        upper=high,
        steepest=max(map(abs, slopes)),
        identity_up_to=_identity_of_pieces(at_zero, ahead, cuts[start:]),
    )


def _identity_of_pieces(at_zero: float, ahead: tuple[float, ...], cuts: np.ndarray) -> float | None:
    """Return the largest c with phi(t) = t on [0, c] if phi(t) < t beyond; None if that does not hold."""
    if at_zero != 0.0 or any(a < b for a, b in itertools.pairwise(ahead)) or ahead[0] > 1.0:
        return None
    if ahead[0] < 1.0:
        return 0.0
    ends = [*cuts.tolist(), _INF]
    return float(next(end for end, after in zip(ends, [*ahead[1:], 0.0], strict=True) if after < 1.0))


def _derived(known: Facts, phi: Function) -> Facts:
    r"""Return the facts with what follows from them.

    - Bounds on both sides: phi(t)/t tends to 0.
    - Concave on t >= 0 with slope s >= 0 at infinity: phi' falls to s there, so that phi does not decrease.
    - Concave on t >= 0 and phi(0) >= 0: phi(t)/t does not increase.
    - phi(t)/t decreases strictly, from phi'(0) <= 1 with phi(0) = 0: phi(t) < t for t > 0.
    - A nonincreasing phi(t)/t >= 0 that is 0 at t = 1 is 0 beyond: such a function (phi = 0) has no strict inequality,
      and its ratio is not used.
    """
    more = Facts()
    if known.lower is not None and known.upper is not None and known.upper < _INF and known.lower > -_INF:
        more = replace(more, slope=0.0)
    slope = known.slope if known.slope is not None else more.slope
    if known.concave and slope is not None and slope >= 0.0:
        more = replace(more, monotone_from=0.0)
    positive = known.at_zero is not None and known.at_zero >= 0.0
    if known.concave and positive:
        more = replace(more, ratio="weakly")
    ratio = known.ratio if known.ratio is not None else more.ratio
    if ratio == "strictly" and known.at_zero == 0.0 and known.steepest is not None and known.steepest <= 1.0:
        more = replace(more, identity_up_to=0.0)
    found = _filled(known, more)
    if found.declared and found.falling_ratio and not _value(phi, 1.0) > 0.0:
        found = replace(found, ratio=None)
    return found

r"""What theorems ask of an activation: the one table of facts, and what follows from declared facts.

On the half-line t >= 0: is phi concave; is phi(t)/t nonincreasing; phi(0); the slope at infinity; up to where
phi(t) = t. On the whole line: where is phi nondecreasing; its range; the supremum of \|phi'\|. A fact that is not known
is None, and a proof that needs it does not go through: no fact has a default.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rmtjac.activations.function import Activation

__all__ = ["DECLARABLE", "RATIOS", "TABLE", "Facts", "facts_of", "leaky_relu_facts"]

RATIOS = ("strictly", "weakly", "no")


@dataclass(frozen=True)
class Facts:
    """Facts about one activation; None: not known. The first five are about t >= 0.

    Attributes
    ----------
    concave
        Whether phi is concave.
    ratio
        Whether phi(t)/t is nonincreasing: ``"strictly"``, ``"weakly"`` or ``"no"``.
    at_zero
        phi(0).
    slope
        Slope at infinity, lim phi(t)/t.
    identity_up_to
        c such that phi(t) = t for t <= c and phi(t) < t beyond (0: phi(t) < t for all t > 0); None also where phi
        exceeds t.
    monotone_from
        phi is nondecreasing on [monotone_from, infinity).
    lower, upper
        Bounds of phi on the whole line; infinite where it has none.
    steepest
        Bound of the absolute value of phi' on the whole line; infinite where there is none.
    declared
        Whether they rest on the word of the user, not on the table of the package.
    """

    concave: bool | None = None
    ratio: str | None = None
    at_zero: float | None = None
    slope: float | None = None
    identity_up_to: float | None = None
    monotone_from: float | None = None
    lower: float | None = None
    upper: float | None = None
    steepest: float | None = None
    declared: bool = False

    @property
    def falling_ratio(self) -> bool:
        """Whether phi(t)/t is known to be nonincreasing on t >= 0."""
        return self.ratio in ("strictly", "weakly")

    @property
    def nonnegative(self) -> bool:
        """Whether phi >= 0 is known on the whole line."""
        return self.lower is not None and self.lower >= 0.0

    @property
    def half_line(self) -> bool:
        """Whether phi is known to map t >= 0 to itself, nondecreasing."""
        return self.nondecreasing_from(0.0) and self.at_zero is not None and self.at_zero >= 0.0

    def nondecreasing_from(self, h: float) -> bool:
        """Whether phi is known to be nondecreasing on [h, infinity)."""
        return self.monotone_from is not None and h >= self.monotone_from


# What a user may declare of an activation; `Activation` has fields of these names (slope: slope_at_infinity).
DECLARABLE = ("concave", "ratio", "slope", "identity_up_to", "monotone_from", "lower", "upper", "steepest")

_ALL, _HALF, _INF = -math.inf, 0.0, math.inf
_PI_2 = math.nextafter(0.5 * math.pi, 2.0)
_LOG_2 = math.log(2.0)

# Bounds of silu, gelu and mish are rounded outward (tests compare with 40 digits).
TABLE = {
    "linear": Facts(True, "weakly", 0.0, 1.0, _INF, _ALL, -_INF, _INF, 1.0),
    "relu": Facts(True, "weakly", 0.0, 1.0, _INF, _ALL, 0.0, _INF, 1.0),
    "hardtanh": Facts(True, "weakly", 0.0, 0.0, 1.0, _ALL, -1.0, 1.0, 1.0),
    "relu6": Facts(True, "weakly", 0.0, 0.0, 6.0, _ALL, 0.0, 6.0, 1.0),
    "tanh": Facts(True, "strictly", 0.0, 0.0, 0.0, _ALL, -1.0, 1.0, 1.0),
    "erf": Facts(True, "strictly", 0.0, 0.0, 0.0, _ALL, -1.0, 1.0, 1.0),
    "sigmoid": Facts(True, "strictly", 0.5, 0.0, None, _ALL, 0.0, 1.0, 0.25),
    "softsign": Facts(True, "strictly", 0.0, 0.0, 0.0, _ALL, -1.0, 1.0, 1.0),
    "arctan": Facts(True, "strictly", 0.0, 0.0, 0.0, _ALL, -_PI_2, _PI_2, 1.0),
    "softplus": Facts(False, "strictly", _LOG_2, 1.0, None, _ALL, 0.0, _INF, 1.0),
    "silu": Facts(False, "no", 0.0, 1.0, 0.0, _HALF, -0.2784645427610738, _INF, 1.0998393203),
    "gelu": Facts(False, "no", 0.0, 1.0, 0.0, _HALF, -0.1699712074799037, _INF, 1.1289041453),
    "mish": Facts(False, "no", 0.0, 1.0, 0.0, _HALF, -0.3088434130172505, _INF, 1.0884981614),
}


def leaky_relu_facts(slope: float) -> Facts:
    """Return the facts of a leaky ReLU, for any slope below zero."""
    monotone, lower = (_ALL, 0.0 if slope == 0.0 else -_INF) if slope >= 0.0 else (_HALF, 0.0)
    return Facts(True, "weakly", 0.0, 1.0, _INF, monotone, lower, _INF, max(1.0, abs(slope)))


def facts_of(phi: Activation) -> Facts:
    """Return what is known of an activation: its fields, what its slopes say, and what follows from these."""
    given = {name: getattr(phi, "slope_at_infinity" if name == "slope" else name) for name in DECLARABLE}
    found = Facts(**given, at_zero=_number(phi.at_zero), declared=phi.code is None)
    if phi.slopes is not None:
        found = _filled(found, _of_pieces(phi, phi.slopes))
    return _derived(found, phi)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _filled(known: Facts, more: Facts) -> Facts:
    """Return `known`, with `more` where it says nothing."""
    gaps = {
        one.name: getattr(more, one.name)
        for one in fields(Facts)
        if getattr(known, one.name) is None and getattr(more, one.name) is not None
    }
    return replace(known, **gaps)


def _of_pieces(phi: Activation, slopes: tuple[float, ...]) -> Facts:
    """Return the facts that the slopes of a piecewise affine function decide."""
    cuts = np.array(phi.breakpoints)
    values = phi(cuts).tolist() if cuts.size else []
    start = int(np.searchsorted(cuts, 0.0, side="right"))
    ahead = slopes[start:]
    rising = len(slopes)
    while rising and slopes[rising - 1] >= 0.0:
        rising -= 1
    low, high = min(values, default=phi.at_zero), max(values, default=phi.at_zero)
    for far in (-slopes[0], slopes[-1]):  # the direction of phi at -infinity, and at infinity
        low, high = (-_INF if far < 0.0 else low), (_INF if far > 0.0 else high)
    monotone = _ALL if rising == 0 else cuts[rising - 1] if rising <= cuts.size else None
    return Facts(
        concave=all(a >= b for a, b in itertools.pairwise(ahead)),
        slope=slopes[-1],
        monotone_from=monotone,
        lower=low,
        upper=high,
        steepest=max(map(abs, slopes)),
        identity_up_to=_identity_of_pieces(phi, ahead, cuts[start:]),
    )


def _identity_of_pieces(phi: Activation, ahead: tuple[float, ...], cuts: np.ndarray) -> float | None:
    """Return where a piecewise affine phi leaves the identity, if it does so downward for good."""
    if phi.at_zero != 0.0 or any(a < b for a, b in itertools.pairwise(ahead)) or ahead[0] > 1.0:
        return None
    if ahead[0] < 1.0:
        return 0.0
    ends = [*cuts.tolist(), _INF]
    return float(next(end for end, after in zip(ends, [*ahead[1:], 0.0], strict=True) if after < 1.0))


def _derived(known: Facts, phi: Activation) -> Facts:
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
        more = replace(more, monotone_from=_HALF)
    positive = known.at_zero is not None and known.at_zero >= 0.0
    if known.concave and positive:
        more = replace(more, ratio="weakly")
    ratio = known.ratio if known.ratio is not None else more.ratio
    if ratio == "strictly" and known.at_zero == 0.0 and known.steepest is not None and known.steepest <= 1.0:
        more = replace(more, identity_up_to=0.0)
    found = _filled(known, more)
    if found.declared and found.falling_ratio and not float(phi(np.ones(1))[0]) > 0.0:
        found = replace(found, ratio=None)
    return found

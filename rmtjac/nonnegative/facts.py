r"""What theorems on nonnegative networks ask of an activation, as data.

On the half-line t >= 0 (EQUATIONS 6): is phi concave; is phi(t)/t nonincreasing, strictly or not; phi(0); the slope at
infinity. On the whole line: is phi nondecreasing, is it nonnegative; and its least upper bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rmtjac.activations import Activation

__all__ = ["TABLE", "Facts", "facts"]


@dataclass(frozen=True)
class Facts:
    """Facts about one activation; those from ``concave`` to ``slope`` hold for t >= 0.

    Attributes
    ----------
    concave
        Whether phi is concave.
    ratio
        Whether phi(t)/t is nonincreasing: ``"strictly"``, ``"weakly"`` or ``"no"``.
    at_zero
        phi(0).
    slope
        Slope at infinity.
    monotone_from
        phi is nondecreasing on [monotone_from, infinity).
    nonnegative
        Whether phi >= 0 on the whole line.
    supremum
        Least upper bound, infinity if there is none.
    """

    concave: bool
    ratio: str
    at_zero: float
    slope: float
    monotone_from: float
    nonnegative: bool
    supremum: float


_ALL, _HALF = -math.inf, 0.0
_PI_2 = 0.5 * math.pi

# log1p, of the table of EQUATIONS 6, is not registered: it is defined for t > -1 only.
TABLE = {
    "linear": Facts(True, "weakly", 0.0, 1.0, _ALL, False, math.inf),
    "relu": Facts(True, "weakly", 0.0, 1.0, _ALL, True, math.inf),
    "leaky_relu": Facts(True, "weakly", 0.0, 1.0, _HALF, False, math.inf),
    "hardtanh": Facts(True, "weakly", 0.0, 0.0, _ALL, False, 1.0),
    "relu6": Facts(True, "weakly", 0.0, 0.0, _ALL, True, 6.0),
    "tanh": Facts(True, "strictly", 0.0, 0.0, _ALL, False, 1.0),
    "erf": Facts(True, "strictly", 0.0, 0.0, _ALL, False, 1.0),
    "sigmoid": Facts(True, "strictly", 0.5, 0.0, _ALL, True, 1.0),
    "softsign": Facts(True, "strictly", 0.0, 0.0, _ALL, False, 1.0),
    "arctan": Facts(True, "strictly", 0.0, 0.0, _ALL, False, _PI_2),
    "log1p": Facts(True, "strictly", 0.0, 0.0, _HALF, False, math.inf),
    "softplus": Facts(False, "strictly", math.log(2.0), 1.0, _ALL, True, math.inf),
    "silu": Facts(False, "no", 0.0, 1.0, _HALF, False, math.inf),
    "gelu": Facts(False, "no", 0.0, 1.0, _HALF, False, math.inf),
    "mish": Facts(False, "no", 0.0, 1.0, _HALF, False, math.inf),
}


def facts(phi: Activation) -> Facts | None:
    """Return what is known of an activation; None for one's own, about which nothing is known."""
    if phi.name == "leaky_relu" and phi.parameter >= 0.0:
        known = TABLE["leaky_relu"]
        return Facts(known.concave, known.ratio, 0.0, 1.0, _ALL, False, math.inf)
    # A registered activation of one's own may have any name but those that are taken.
    return TABLE.get(phi.name) if phi.code is not None else None

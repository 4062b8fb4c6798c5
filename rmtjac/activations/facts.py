r"""The one table of facts about activations that theorems need.

On the half-line t >= 0: whether phi is concave, whether phi(t)/t is nonincreasing, phi(0), the slope at infinity, and
up to where phi(t) = t. On the whole line: where phi is nondecreasing, its range, and a bound of \|phi'\|. An unknown
fact is None, and a proof that needs it fails: no fact has a default.
`rmtjac.activations.inference` derives facts from others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["RATIOS", "TABLE", "Facts", "leaky_relu_facts"]

RATIOS = ("strictly", "weakly", "no")


@dataclass(frozen=True)
class Facts:
    """Facts about one activation phi; None means not known.

    Attributes
    ----------
    concave : bool or None
        Whether phi is concave on t >= 0.
    ratio : {"strictly", "weakly", "no"} or None
        Whether phi(t)/t is nonincreasing on t > 0.
    at_zero : float or None
        The value phi(0).
    slope : float or None
        Slope at infinity, the limit of phi(t)/t.
    identity_up_to : float or None
        The c such that phi(t) = t for 0 <= t <= c and phi(t) < t beyond; 0 if phi(t) < t for all t > 0. None also if
        phi(t) > t for some t.
    monotone_from : float or None
        Phi is nondecreasing on [monotone_from, infinity).
    lower, upper : float or None
        Bounds of phi on the whole line, infinite where it has none.
    steepest : float or None
        Bound of the absolute value of phi' on the whole line, infinite where there is none.
    declared : bool
        Whether the facts come from the user, and not from the table of the package.

    See Also
    --------
    Activation : The function that the facts are about.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> known = rj.activations.activation_facts["tanh"]
    >>> known.concave, known.ratio, known.upper
    (True, 'strictly', 1.0)
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
        """Return whether phi is known to be nondecreasing on [h, infinity).

        Parameters
        ----------
        h : float
            Where the half-line begins.

        Returns
        -------
        bool
            False also where nothing is known.
        """
        return self.monotone_from is not None and h >= self.monotone_from


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

"""Ball arithmetic (Arb, through python-flint): loading python-flint, exact numbers, balls rounded outwards to floats.

A ball is a midpoint with a proved radius. Source: Johansson 2017 (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

__all__ = ["Ball", "exact", "flint_module", "upper_float"]


def flint_module() -> ModuleType:
    """Return python-flint, or raise an ImportError that says how to install it."""
    try:
        import flint
    except ImportError as error:
        raise ImportError(
            "certificates need python-flint, which is not installed: pip install 'rmtjac[certify]'"
        ) from error
    return flint


def exact(number: float | Fraction) -> Any:
    """Return a float or fraction as an exact `fmpq`."""
    return flint_module().fmpq(*number.as_integer_ratio())


def upper_float(ball: Any) -> float:
    """Return a float that is >= every number of the non-negative `arb`; NaN if it is NaN."""
    return math.nextafter(float(ball.upper()), math.inf)


@dataclass(frozen=True, eq=False)
class Ball:
    """A real number known to lie within `radius` of `value`.

    Attributes
    ----------
    value : float
        The centre.
    radius : float
        A proved bound of the distance; infinite if nothing is known.

    Examples
    --------
    >>> Ball(2.0, 1e-15)
    Ball(2 +- 1e-15)
    """

    value: float
    radius: float

    @classmethod
    def of(cls, ball: Any) -> Ball:
        """Return an `arb` rounded outwards to floats."""
        value = float(ball.mid())
        if not math.isfinite(value):
            return cls(value, math.inf)
        spread = abs(ball - value)
        # The conversion rounds to the nearest float, and to 0 below the range of floats; the next float is a bound.
        return cls(value, 0.0 if spread == 0 else upper_float(spread))

    @property
    def lower(self) -> float:
        """A float <= the number."""
        return math.nextafter(self.value - self.radius, -math.inf) if self.radius else self.value

    @property
    def upper(self) -> float:
        """A float >= the number."""
        return math.nextafter(self.value + self.radius, math.inf) if self.radius else self.value

    def __repr__(self) -> str:
        return f"Ball({self.value:.17g} +- {self.radius:.2g})"

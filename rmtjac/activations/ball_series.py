"""Power series over Arb balls that the functions of NumPy accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["BallSeries"]


class BallSeries:
    """A `flint.arb_series` with the operators and methods that ``np.exp``, ``np.tanh``, ... of an object array call.

    A formula of NumPy functions that is applied to a series around an interval encloses its values and derivatives
    there. Comparisons are not defined, so that ``np.where`` and ``np.maximum`` raise TypeError.
    """

    def __init__(self, series: Any) -> None:
        self.series = series

    def _with(self, other: Any, does: Callable[[Any, Any], Any]) -> BallSeries:
        """Return the result of an operation on this series and another one, or a number."""
        if isinstance(other, np.generic):
            other = other.item()
        return BallSeries(does(self.series, other.series if isinstance(other, BallSeries) else other))

    def __add__(self, other: Any) -> BallSeries:
        return self._with(other, lambda a, b: a + b)

    __radd__ = __add__

    def __mul__(self, other: Any) -> BallSeries:
        return self._with(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> BallSeries:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> BallSeries:
        return self._with(other, lambda a, b: b - a)

    def __truediv__(self, other: Any) -> BallSeries:
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> BallSeries:
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, power: Any) -> BallSeries:
        if float(power) != int(power):
            raise TypeError(f"power={power!r} of a ball must be a whole number")
        out = BallSeries(self.series * 0 + 1)
        for _ in range(abs(int(power))):
            out = out * self
        return out if power >= 0 else 1 / out

    def __neg__(self) -> BallSeries:
        return BallSeries(-self.series)

    # np.exp of an object array calls the method `exp` of each entry, and so on.
    def exp(self) -> BallSeries:
        """Return the series of exp; ``np.exp`` calls it."""
        return BallSeries(self.series.exp())

    def expm1(self) -> BallSeries:
        """Return the series of expm1; ``np.expm1`` calls it."""
        return self.exp() - 1

    def log(self) -> BallSeries:
        """Return the series of log; ``np.log`` calls it."""
        return BallSeries(self.series.log())

    def log1p(self) -> BallSeries:
        """Return the series of log1p; ``np.log1p`` calls it."""
        return (self + 1).log()

    def sqrt(self) -> BallSeries:
        """Return the series of sqrt; ``np.sqrt`` calls it."""
        return BallSeries(self.series.sqrt())

    def sin(self) -> BallSeries:
        """Return the series of sin; ``np.sin`` calls it."""
        return BallSeries(self.series.sin())

    def cos(self) -> BallSeries:
        """Return the series of cos; ``np.cos`` calls it."""
        return BallSeries(self.series.cos())

    def arctan(self) -> BallSeries:
        """Return the series of arctan; ``np.arctan`` calls it."""
        return BallSeries(self.series.atan())

    def square(self) -> BallSeries:
        """Return the series of square; ``np.square`` calls it."""
        return self * self

    def tanh(self) -> BallSeries:
        """Return the series of tanh; ``np.tanh`` calls it."""
        return 1 - 2 / ((2 * self).exp() + 1)

    def cosh(self) -> BallSeries:
        """Return the series of cosh; ``np.cosh`` calls it."""
        return (self.exp() + (-self).exp()) / 2

    def sinh(self) -> BallSeries:
        """Return the series of sinh; ``np.sinh`` calls it."""
        return (self.exp() - (-self).exp()) / 2

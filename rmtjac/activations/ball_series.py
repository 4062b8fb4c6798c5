"""Power series over Arb balls that the functions of NumPy accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["BallSeries"]


class BallSeries:
    """A `flint.arb_series` with the operators and methods that ``np.exp``, ``np.tanh``, ... of an object array call.

    A formula of NumPy functions, applied to one of these around an interval, encloses values and derivatives on it.
    Comparisons are not defined, so ``np.where`` and ``np.maximum`` raise TypeError.
    """

    def __init__(self, series: Any) -> None:
        self.series = series

    def _with(self, other: Any, does: Callable[[Any, Any], Any]) -> BallSeries:
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
            raise TypeError("only whole powers are taken of a ball")
        out = BallSeries(self.series * 0 + 1)
        for _ in range(abs(int(power))):
            out = out * self
        return out if power >= 0 else 1 / out

    def __neg__(self) -> BallSeries:
        return BallSeries(-self.series)

    # The names under which np.exp(object array) and so on ask for a method.
    def exp(self) -> BallSeries:
        """Return what ``np.exp`` returns."""
        return BallSeries(self.series.exp())

    def expm1(self) -> BallSeries:
        """Return what ``np.expm1`` returns."""
        return self.exp() - 1

    def log(self) -> BallSeries:
        """Return what ``np.log`` returns."""
        return BallSeries(self.series.log())

    def log1p(self) -> BallSeries:
        """Return what ``np.log1p`` returns."""
        return (self + 1).log()

    def sqrt(self) -> BallSeries:
        """Return what ``np.sqrt`` returns."""
        return BallSeries(self.series.sqrt())

    def sin(self) -> BallSeries:
        """Return what ``np.sin`` returns."""
        return BallSeries(self.series.sin())

    def cos(self) -> BallSeries:
        """Return what ``np.cos`` returns."""
        return BallSeries(self.series.cos())

    def arctan(self) -> BallSeries:
        """Return what ``np.arctan`` returns."""
        return BallSeries(self.series.atan())

    def square(self) -> BallSeries:
        """Return what ``np.square`` returns."""
        return self * self

    def tanh(self) -> BallSeries:
        """Return what ``np.tanh`` returns."""
        return 1 - 2 / ((2 * self).exp() + 1)

    def cosh(self) -> BallSeries:
        """Return what ``np.cosh`` returns."""
        return (self.exp() + (-self).exp()) / 2

    def sinh(self) -> BallSeries:
        """Return what ``np.sinh`` returns."""
        return (self.exp() - (-self).exp()) / 2

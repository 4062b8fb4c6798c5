"""The integral of a smooth density over log lambda: Legendre series on panels that are halved until they converge."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial import legendre

__all__ = ["Panels"]

_ORDER = 12
_NODES, _WEIGHTS = legendre.leggauss(_ORDER)
_TO_SERIES = (legendre.legvander(_NODES, _ORDER - 1) * _WEIGHTS[:, None]).T * (np.arange(_ORDER) + 0.5)[:, None]
_LEAST = 2e-4  # width of a panel


class Panels:
    """The integral from `start` of a function that is smooth on [start, end].

    Attributes
    ----------
    total : float
        The integral up to `end`.
    error : float
        The sum of the estimated errors of the panels; infinite if the function is not finite.
    """

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], start: float, end: float, tolerance: float):
        number = max(1, math.ceil((end - start) / 3.0))
        ends = np.linspace(start, end, number + 1)
        waiting = [(ends[i], ends[i + 1]) for i in reversed(range(number))]
        left, series, sums, self.error = [], [], [0.0], 0.0
        while waiting:
            a, b = waiting.pop()
            half = 0.5 * (b - a)
            coefficients = _TO_SERIES @ function(0.5 * (a + b) + half * _NODES)
            # The integral of the series keeps about the last coefficient over the order.
            miss = half * float(np.abs(coefficients[-3:]).max()) / _ORDER
            if miss > tolerance and b - a > _LEAST:
                middle = 0.5 * (a + b)
                waiting += [(middle, b), (a, middle)]
                continue
            if miss > tolerance:  # not smooth, or noise
                miss = half * float(np.abs(coefficients[1:]).sum())
            self.error += miss if math.isfinite(miss) else math.inf
            left.append(a)
            series.append(half * legendre.legint(coefficients, lbnd=-1.0))
            sums.append(sums[-1] + 2.0 * half * coefficients[0])
        self._ends = np.append(left, end)
        self._series, self._sums = np.array(series), np.array(sums)
        self.total = float(self._sums[-1])

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return the integral up to points in [start, end]."""
        at = np.clip(np.searchsorted(self._ends, points, side="right") - 1, 0, len(self._series) - 1)
        a, b = self._ends[at], self._ends[at + 1]
        unit = (2.0 * points - a - b) / (b - a)
        return self._sums[at] + legendre.legval(unit, self._series[at].T, tensor=False)

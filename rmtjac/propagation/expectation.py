"""Expectations of functions of one Gaussian or Cauchy variable."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

__all__ = ["cauchy_expectation", "gaussian_expectation"]

Function = Callable[[np.ndarray], np.ndarray]


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PRECISION = 1e-13
_HALVINGS = 60
_LONGEST = 2.0


def _expectation(f: Function, weight: Function, scale: float, breakpoints: tuple[float, ...], decades: float) -> float:
    """Return the sum over both signs of the integral over y of f(+-e^y) weight(e^y / scale) e^y / scale.

    The function changes at |h| about 1, the weight at |h| about `scale`. In y = log|h| both change over lengths of
    about 1, however far apart the two scales are. A Gauss-Legendre rule is used on pieces that are halved until the two
    halves add up to the whole. The integration ends at log|h| = log(scale) + `decades`.
    """
    centre = math.log(scale)
    low, high = min(0.0, centre) - 38.0, centre + decades

    def integrals(sign: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the integrals over y from a to b, h having the given signs."""
        half = 0.5 * (b - a)
        h = np.exp((0.5 * (a + b))[:, None] + half[:, None] * _NODES)
        value = np.asarray(f((sign[:, None] * h).ravel()), dtype=float).reshape(h.shape)
        z = h / scale
        return half * ((value * weight(z) * z) @ _WEIGHTS)

    pieces = []
    for side in (-1.0, 1.0):
        own = [math.log(b * side) for b in breakpoints if b * side > 0.0]
        cuts = {centre - 2.0, centre, centre + 1.0, -2.0, 0.0, 1.0, *own}
        points = [low, *sorted(cut for cut in cuts if low < cut < high), high]
        for start, end in itertools.pairwise(points):
            # No piece is so long that a change at its end lies between two nodes.
            inner = np.linspace(start, end, 1 + math.ceil((end - start) / _LONGEST))
            pieces += [(side, *ends) for ends in itertools.pairwise(inner)]
    sign, a, b = (np.array(column) for column in zip(*pieces, strict=True))
    whole = integrals(sign, a, b)
    total = 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (a + b)
        sign = np.repeat(sign, 2)
        a, b = np.column_stack([a, middle]).ravel(), np.column_stack([middle, b]).ravel()
        halves = integrals(sign, a, b)
        sums = halves[::2] + halves[1::2]
        with np.errstate(invalid="ignore"):  # an infinite integral is returned as infinite
            rough = np.abs(sums - whole) > _PRECISION * (abs(total) + float(np.abs(sums).sum()))
        total += float(sums[~rough].sum())
        again = np.repeat(rough, 2)
        sign, a, b, whole = sign[again], a[again], b[again], halves[again]
        if not whole.size:
            break
    return total + float(whole.sum())


def gaussian_expectation(f: Function, variance: float, breakpoints: tuple[float, ...] = ()) -> float:
    r"""Return :math:`E f(\sqrt{v} Z)`, Z ~ N(0, 1), v the `variance`, for an f that grows at most like a power.

    The rule is adaptive in log|h| and split at the `breakpoints` of f. The relative error is about 1e-13.

    Examples
    --------
    >>> round(gaussian_expectation(lambda h: h**4, 2.0), 10)
    12.0
    """
    if variance == 0.0:
        return float(f(np.zeros(1))[0])

    def weight(z: np.ndarray) -> np.ndarray:
        """Return the density of N(0, 1)."""
        return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    # Beyond e^3.65 = 38 standard deviations the weight underflows.
    return _expectation(f, weight, math.sqrt(variance), breakpoints, 3.65)


def cauchy_expectation(f: Function, scale: float, breakpoints: tuple[float, ...] = ()) -> float:
    r"""Return :math:`E f(s C)`, C standard Cauchy, s the `scale`, for a bounded f.

    Examples
    --------
    >>> round(cauchy_expectation(lambda h: (abs(h) < 1) * 1.0, 1.0, (-1.0, 1.0)), 12)
    0.5
    """
    if scale == 0.0:
        return float(f(np.zeros(1))[0])
    # The mass beyond e^38 scales is 1e-17.
    return _expectation(f, lambda z: 1.0 / (math.pi * (1.0 + z * z)), scale, breakpoints, 38.0)

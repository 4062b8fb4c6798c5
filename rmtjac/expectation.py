"""Expectations of functions of one Gaussian or Cauchy variable."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

__all__ = ["cauchy_expectation", "gaussian_expectation"]

Function = Callable[[np.ndarray], np.ndarray]


def _expectation(
    f: Function, weight: Callable[[float], float], scale: float, breakpoints: tuple[float, ...], decades: float
) -> float:
    """Return the sum over signs of int f(+-e^y) weight(e^y / scale) e^y / scale dy.

    In y = log|h| the function, which changes at |h| about 1, and the weight, which changes at |h| about `scale`, both
    have features of width about 1, however far apart the two scales are.
    """
    from scipy.integrate import quad

    total = 0.0
    centre = math.log(scale)
    low, high = min(0.0, centre) - 38.0, centre + decades
    for sign in (-1.0, 1.0):

        def integrand(y: float, sign: float = sign) -> float:
            h = math.exp(y)
            return float(f(np.array([sign * h]))[0]) * weight(h / scale) * h / scale

        cuts = {
            centre - 2.0,
            centre,
            centre + 1.0,
            -2.0,
            0.0,
            1.0,
            *(math.log(b * sign) for b in breakpoints if b * sign > 0.0),
        }
        points = [low, *sorted(cut for cut in cuts if low < cut < high), high]
        for a, b in itertools.pairwise(points):
            # full_output: rounding keeps some pieces from 1e-13, which is no reason to warn.
            total += quad(integrand, a, b, epsabs=1e-300, epsrel=1e-13, limit=400, full_output=1)[0]
    return total


def gaussian_expectation(f: Function, variance: float, breakpoints: tuple[float, ...] = ()) -> float:
    r"""Return :math:`E f(\sqrt{v} Z)`, Z ~ N(0, 1), v the `variance`, for f of at most polynomial growth.

    Adaptive Gauss-Kronrod (QUADPACK) in log|h|, split at the `breakpoints` of f. Relative error about 1e-13.

    Examples
    --------
    >>> round(gaussian_expectation(lambda h: h**4, 2.0), 10)
    12.0
    """
    if variance == 0.0:
        return float(f(np.zeros(1))[0])

    def weight(z: float) -> float:
        return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

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

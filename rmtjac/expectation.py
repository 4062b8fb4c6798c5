"""Expectations of functions of one Gaussian or Cauchy variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

__all__ = ["cauchy_expectation", "gaussian_expectation"]

_RELATIVE = 1e-13


def _integrate(f: Callable[[float], float], cuts: Iterable[float], low: float, high: float) -> float:
    """Integrate f over (low, high), split at the cuts, to near machine precision."""
    from scipy.integrate import quad

    points = [low, *sorted({cut for cut in cuts if low < cut < high}), high]
    total = 0.0
    for a, b in zip(points, points[1:], strict=False):
        total += quad(f, a, b, epsabs=1e-300, epsrel=_RELATIVE, limit=400)[0]
    return total


def gaussian_expectation(
    f: Callable[[np.ndarray], np.ndarray], variance: float, breakpoints: tuple[float, ...] = ()
) -> float:
    r"""Return :math:`E f(\sqrt{v} Z)`, Z ~ N(0, 1), v the `variance`.

    Adaptive Gauss-Kronrod (QUADPACK) on z, split at the `breakpoints` of f and at the scales on which
    f (1, in its own variable) and the weight (1, in z) change. Relative error about 1e-13.

    Examples
    --------
    >>> round(gaussian_expectation(lambda h: h**4, 2.0), 10)
    12.0
    """
    if variance == 0.0:
        return float(f(np.zeros(1))[0])
    scale = math.sqrt(variance)

    def integrand(z: float) -> float:
        return float(f(np.array([scale * z]))[0]) * math.exp(-0.5 * z * z)

    scales = [sign * one for sign in (-1.0, 1.0) for one in (1.0 / scale, 10.0 / scale, 1.0, 3.0, 8.0)]
    # Beyond 38 standard deviations the weight underflows.
    total = _integrate(integrand, [0.0, *scales, *(point / scale for point in breakpoints)], -38.0, 38.0)
    return total / math.sqrt(2.0 * math.pi)


def cauchy_expectation(
    f: Callable[[np.ndarray], np.ndarray], scale: float, breakpoints: tuple[float, ...] = ()
) -> float:
    r"""Return :math:`E f(s C)`, C standard Cauchy, s the `scale`, for a bounded f.

    With :math:`h = s \tan\theta` the weight is constant: :math:`E f = \pi^{-1}\int f(s\tan\theta)\,d\theta`.

    Examples
    --------
    >>> round(cauchy_expectation(lambda h: (abs(h) < 1) * 1.0, 1.0, (-1.0, 1.0)), 12)
    0.5
    """
    if scale == 0.0:
        return float(f(np.zeros(1))[0])

    def integrand(theta: float) -> float:
        return float(f(np.array([scale * math.tan(theta)]))[0])

    cuts = [0.0, *(math.atan(point / scale) for point in (-10.0, -1.0, 1.0, 10.0, *breakpoints))]
    return _integrate(integrand, cuts, -math.pi / 2, math.pi / 2) / math.pi

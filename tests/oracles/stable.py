"""Expectations under symmetric stable laws without their density.

Chambers, Mallows and Stuck: X = A(U) E^(-(1 - alpha)/alpha), U uniform on (-pi/2, pi/2), E exponential. The integral
over E has a closed form for HardTanh; that over U is left to QUADPACK.
"""

import itertools
import math

from scipy.integrate import quad
from scipy.special import gamma, gammainc, gammaincc


def _over_angle(inner, alpha):
    """The mean over U of inner(|A(U)|), integrated over log(pi/2 - |U|), because A grows without bound there."""

    def value(w):
        v = math.exp(w)
        u = math.pi / 2 - v
        size = math.sin(alpha * u) / math.sin(v) ** (1 / alpha) * math.cos((1 - alpha) * u) ** ((1 - alpha) / alpha)
        return inner(size) * v

    ends = [*range(-60, 0, 3), 0.0, math.log(math.pi / 2)]
    pieces = itertools.pairwise(ends)
    return 2 / math.pi * sum(quad(value, a, b, epsabs=0, epsrel=1e-13, limit=400)[0] for a, b in pieces)


def hardtanh_power(alpha, scale):
    """E min(|s X|, 1)^alpha."""
    if alpha == 1.0:
        return scale / math.pi * math.log1p(scale**-2.0) + 2 / math.pi * math.atan(scale)

    def inner(a):
        a *= scale
        if a == 0.0:
            return 0.0
        border = a ** (alpha / (1 - alpha))  # of E, where |s X| = 1
        if alpha < 1:
            return -math.expm1(-border) + a**alpha * gamma(alpha) * gammaincc(alpha, border)
        return math.exp(-border) + a**alpha * gamma(alpha) * gammainc(alpha, border)

    return _over_angle(inner, alpha)


def within(alpha, scale):
    """P(|s X| < 1)."""
    if alpha == 1.0:
        return 2 / math.pi * math.atan(1 / scale)

    def inner(a):
        if a == 0.0:
            return 1.0
        border = (a * scale) ** (alpha / (1 - alpha))
        return math.exp(-border) if alpha < 1 else -math.expm1(-border)

    return _over_angle(inner, alpha)

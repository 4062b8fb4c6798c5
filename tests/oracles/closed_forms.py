"""Closed forms from the literature, in mpmath where digits matter; nothing here imports rmtjac.

Sources: Fuss-Catalan (products of L square Gaussian matrices): Penson & Zyczkowski, PRE 83 (2011) 061118, in the
parametrisation of docs/theory/limit_equation.md; Marchenko-Pastur; Gaussian integrals of erf and HardTanh.
"""

from __future__ import annotations

import math
import warnings

import mpmath as mp
import numpy as np


def fuss_catalan_edge(depth: int) -> float:
    return float(mp.mpf(depth + 1) ** (depth + 1) / mp.mpf(depth) ** depth)


def fuss_catalan_moment(depth: int, k: int) -> int:
    return math.comb((depth + 1) * k, k) // (depth * k + 1)


def fuss_catalan_density(depth: int, lam: float, digits: int = 40) -> mp.mpf:
    """Density at the float lambda.

    The angle is t = pi/(L+1) - x; log x by bisection in floats, then by Newton in `digits` digits.
    """
    L = depth

    def log_lam(y, lib):
        x = lib.exp(y)
        t = lib.pi / (L + 1) - x
        return (L + 1) * lib.log(lib.sin((L + 1) * x)) - lib.log(lib.sin(t)) - L * lib.log(lib.sin(L * t))

    low, high = -90.0, math.log(math.pi / (L + 1)) - 1e-15
    while (middle := 0.5 * (low + high)) not in (low, high):
        low, high = (middle, high) if log_lam(middle, math) < math.log(lam) else (low, middle)
    with mp.workdps(digits):
        y, target = mp.mpf(low), mp.log(mp.mpf(lam))
        for _ in range(12):
            x = mp.exp(y)
            t = mp.pi / (L + 1) - x
            slope = x * ((L + 1) ** 2 * mp.cot((L + 1) * x) + mp.cot(t) + L**2 * mp.cot(L * t))
            step = (log_lam(y, mp) - target) / slope
            y -= step
            if abs(step) < mp.mpf(10) ** (-digits // 2 - 2):
                break
        x = mp.exp(y)
        t = mp.pi / (L + 1) - x
        return mp.sin(t) ** 2 * mp.sin(L * t) ** (L - 1) / (mp.pi * mp.sin((L + 1) * x) ** L)


def marchenko_pastur_density(lam: np.ndarray, p: float) -> np.ndarray:
    """Density (atom excluded) of D W W^T D, W square of variance 1/N, D^2 = 1 with probability p and 0 else."""
    low, high = (1 - math.sqrt(p)) ** 2, (1 + math.sqrt(p)) ** 2
    return np.sqrt(np.clip((high - lam) * (lam - low), 0, None)) / (2 * math.pi * lam)


def two_point_density(lam: float, ps: list[float]) -> float:
    """Largest -Im m / (pi lam) among the roots of (1 + m) prod(m + p_l) = lam m, by a 60-digit polynomial solver.

    At depth 1 and 2 the roots in the bulk are one complex pair (plus one real root), so there is nothing to choose.
    """
    with mp.workdps(60):
        poly = [mp.mpf(1), mp.mpf(1)]
        for p in ps:
            shifted = [*poly, mp.mpf(0)]
            poly = [a + mp.mpf(p) * b for a, b in zip(shifted, [mp.mpf(0), *poly], strict=True)]
        poly[-2] -= mp.mpf(lam)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # mpmath 1.4 wants a keyword that 1.3 does not know
            roots = mp.polyroots(poly, maxsteps=500, extraprec=400)
        return float(max(-root.imag for root in roots) / (mp.pi * mp.mpf(lam)))


def erf_step(variance: float) -> float:
    """E erf(sqrt(pi) h / 2)^2, h ~ N(0, variance)."""
    x = math.pi * variance / 2
    return 2 / math.pi * math.asin(x / (1 + x))


def hardtanh_step(variance: float) -> float:
    """E clip(h, -1, 1)^2."""
    s = math.sqrt(variance)
    inside = math.erf(1 / (s * math.sqrt(2)))
    pdf = math.exp(-0.5 / variance) / math.sqrt(2 * math.pi)
    return variance * inside - 2 * s * pdf + 1 - inside


def hardtanh_cauchy_step(scale: float) -> float:
    """E |clip(scale C, -1, 1)|, C standard Cauchy."""
    return scale / math.pi * math.log1p(scale**-2) + 2 / math.pi * math.atan(scale)


def finite_moments(width: int, mus: list[tuple[float, float]]) -> tuple[float, float]:
    """E tr M / N and E tr M^2 / N of D W ... D W, W square Gaussian of variance 1/N, D i.i.d. with (E D^2, E D^4)
    per layer.

    See docs/theory/limit_equation.md.
    """
    first, p, q = 1.0, 1.0, 1.0
    for mu1, mu2 in mus:
        d = p + 2 * q / width
        spread = (mu2 - mu1**2) * d
        p, q = mu1**2 * (p + 2 * q / width**2) + spread / width, mu1**2 * (q * (1 + 1 / width) + p) + spread
        first *= mu1
    return first, q


def linear_log_moment(width: int, depth: int) -> float:
    """E log lambda of the product of `depth` square Gaussian matrices of variance 1/N."""
    from scipy.special import digamma

    j = np.arange(1, width + 1)
    return float(depth * np.mean(digamma(j / 2) + math.log(2 / width)))

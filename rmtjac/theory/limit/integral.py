r"""Means of functions over the limit law, by adaptive quadrature of the density.

A density of this kind starts like a square root at its ends and has a power or a long tail at 0. Where widths differ or
D^2 is concentrated near one value, it has peaks far narrower than its support. So no rule of fixed nodes is safe.
Panels of 16 Gauss-Legendre nodes, in a variable in which the ends are smooth, are halved until the two halves agree
with the whole. Towards lambda = 0 panels of twice the length are added until the mass below is negligible.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rmtjac.theory.derivative_laws.real_line import discrete
from rmtjac.theory.limit.quantiles import cdf
from rmtjac.theory.limit.solution import Solution

__all__ = ["Integral", "integral"]

_POINTS, _RULE = np.polynomial.legendre.leggauss(16)
_MOST = 20_000  # the largest number of panels on an interval
_RANGE = 690.0  # a bound of |log lambda|: below -690 lambda is no float, and f(0) is used

Function = Callable[[np.ndarray], np.ndarray]


class Integral(NamedTuple):
    """An integral, and an estimate of its absolute error."""

    value: float
    error: float


class _Panels(NamedTuple):
    """Integrals over panels, one entry per panel, and the part of their errors that comes from the density."""

    value: np.ndarray
    error: np.ndarray


def integral(solution: Solution, f: Function, rtol: float = 1e-11) -> Integral:
    """Return the integral of f(lambda) rho(lambda) over the support, the atoms excluded, with an estimate of its error.

    `f` takes and returns arrays; where lambda is too small for a float, f(0) is used.

    Raises
    ------
    ArithmeticError
        If the density is not resolved somewhere.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw, Layers
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> round(integral(Solution(Layers([linear], [1.0])), np.square).value, 9)   # the second Catalan number
    2.0
    """
    if solution.layers.explicit:
        return _explicit(solution, f)
    total = error = 0.0
    for a, b in solution.log_support:
        for low, high in _stretches(a, b):
            if high < min(b, -_RANGE) and _rest(solution, high) < 1e-15:  # F is not known more accurately
                break
            value, spread = _adaptive(solution, f, low, high, rtol, abs(total))
            total += value
            error += spread
            if a == -math.inf and high < b and abs(value) <= 1e-16 * abs(total):
                break
    return Integral(total, error)


def _explicit(solution: Solution, f: Function) -> Integral:
    """Return the integral in the case M = c D^2, as a sum over the nodes of D^2.

    If D^2 is concentrated near one value, floats of lambda do not resolve the density.
    """
    law = solution.layers.groups[0]
    if discrete(law):
        return Integral(0.0, 0.0)
    lam = math.exp(solution.layers.log_scale) * law.values
    value = law.weights * np.asarray(f(lam), dtype=float) / solution.layers.ratios[0]
    return Integral(float(value.sum()), 1e-13 * float(np.abs(value).sum()))


def _rest(solution: Solution, log_lam: float) -> float:
    """Return the mass of (0, lambda]."""
    return float(cdf(solution, np.array([log_lam])).value[0]) - solution.atom


def _stretches(a: float, b: float) -> list[tuple[float, float]]:
    """Return pieces of [a, b] from the top down; if a is -inf, longer and longer ones while lambda is a float."""
    if a > -math.inf:
        return [(a, b)]
    out = [(b - 4.0, b)]
    while out[-1][0] > -1e9:
        low, high = out[-1]
        out.append((low - 2.0 * (high - low), low))
    return out


def _adaptive(solution: Solution, f: Function, a: float, b: float, rtol: float, known: float) -> Integral:
    """Return the integral over [a, b] in log lambda; `known` is the size of the sum that it is added to."""

    def panels(low: np.ndarray, high: np.ndarray) -> _Panels:
        half = 0.5 * (high - low)[:, None]
        t = 0.5 * (low + high)[:, None] + half * _POINTS
        # log lambda = a + (b - a) sin^2(pi t / 2) makes square-root ends smooth; measured from the nearer end it keeps
        # its digits.
        x = np.where(
            t < 0.5, a + (b - a) * np.sin(0.5 * math.pi * t) ** 2, b - (b - a) * np.cos(0.5 * math.pi * t) ** 2
        )
        lam = np.exp(x)
        if a > -_RANGE:
            density, error = (lam * one for one in solution.densities(lam))
        else:
            roots = solution.solve(x.ravel())
            density, error = (one.reshape(x.shape) / math.pi for one in (-roots.imag_m, roots.error_m))
        weight = half * _RULE * 0.5 * math.pi * (b - a) * np.sin(math.pi * t)
        value = np.asarray(f(lam), dtype=float)
        return _Panels((weight * density * value).sum(axis=1), (weight * error * np.abs(value)).sum(axis=1))

    edges = np.linspace(0.0, 1.0, 9)
    low, high = edges[:-1], edges[1:]
    whole = panels(low, high).value
    total = error = 0.0
    used = low.size
    while low.size:
        middle = 0.5 * (low + high)
        left, right = panels(low, middle), panels(middle, high)
        both = left.value + right.value
        change = np.abs(both - whole)
        size = known + abs(total) + float(np.abs(both).sum())
        # A panel is done if halving it changed less than the tolerance, the noise of the density or that of the sum.
        done = change <= np.maximum(np.maximum(rtol * (high - low), 1e-17) * size, left.error + right.error)
        done |= high - low < 1e-9
        used += 2 * int((~done).sum())
        if used > _MOST:
            done[:] = True
        total += float(both[done].sum())
        error += float((change + left.error + right.error)[done].sum())
        low, high = np.concatenate([low[~done], middle[~done]]), np.concatenate([middle[~done], high[~done]])
        whole = np.concatenate([left.value[~done], right.value[~done]])
    return Integral(total, error)

r"""Means of functions over the limit law, by adaptive quadrature of the density.

A density of this kind has square roots at its ends, a power or a long tail at 0, and, where widths differ or D^2
gathers near a value, peaks far narrower than its support: no rule of fixed nodes is safe. So in log lambda panels of 16
Gauss-Legendre nodes are halved until both halves agree with the whole, in a variable that makes the ends smooth;
towards lambda = 0 the panels double until what is left weighs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from rmtjac.theory.derivative_laws.real_line import discrete
from rmtjac.theory.limit.quantiles import cdf

if TYPE_CHECKING:
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["integral"]

_POINTS, _RULE = np.polynomial.legendre.leggauss(16)
_MOST = 20_000  # panels of an interval
_RANGE = 690.0  # in log lambda: beyond, lambda is no float, and f is taken at 0

Function = Callable[[np.ndarray], np.ndarray]


def integral(lim: LimitSpectrum, f: Function, rtol: float = 1e-11) -> tuple[float, float]:
    """Return the integral of f(lambda) rho(lambda) over the support, atoms excluded, and an estimate of its error.

    See `LimitSpectrum.mean`.
    """
    if lim.layers.explicit:
        return _explicit(lim, f)
    total = error = 0.0
    for a, b in lim._log_support:
        for low, high in _stretches(lim, a, b):
            if high < min(b, -_RANGE) and _rest(lim, high) < 1e-15:  # as well as F is known
                break
            value, spread = _adaptive(lim, f, low, high, rtol, abs(total))
            total += value
            error += spread
            if a == -math.inf and high < b and abs(value) <= 1e-16 * abs(total):
                break
    return total, error


def _explicit(lim: LimitSpectrum, f: Function) -> tuple[float, float]:
    """M = c D^2: where D^2 gathers near a value its density is none that floats resolve, but its nodes serve."""
    law = lim.layers.groups[0]
    if discrete(law):
        return 0.0, 0.0
    value = law.weights * np.asarray(f(math.exp(lim.layers.log_scale) * law.values), dtype=float) / lim.layers.ratios[0]
    return float(value.sum()), 1e-13 * float(np.abs(value).sum())


def _rest(lim: LimitSpectrum, low: float) -> float:
    return float(cdf(lim, np.array([low]))[0][0]) - lim.atom


def _stretches(lim: LimitSpectrum, a: float, b: float) -> list[tuple[float, float]]:
    """Return pieces of [a, b], from the top; where a is -inf ever longer ones, as far as lambda is a float."""
    if a > -math.inf:
        return [(a, b)]
    out = [(b - 4.0, b)]
    while out[-1][0] > -1e9:
        low, high = out[-1]
        out.append((low - 2.0 * (high - low), low))
    return out


def _adaptive(lim: LimitSpectrum, f: Function, a: float, b: float, rtol: float, known: float) -> tuple[float, float]:
    """Integrate over [a, b]; `known` is the size of what the result is added to."""

    def panels(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        half = 0.5 * (high - low)[:, None]
        t = 0.5 * (low + high)[:, None] + half * _POINTS
        # log lambda = a + (b - a) sin^2(pi t / 2): smooth at square-root ends; from the nearer end, for its digits.
        x = np.where(
            t < 0.5, a + (b - a) * np.sin(0.5 * math.pi * t) ** 2, b - (b - a) * np.cos(0.5 * math.pi * t) ** 2
        )
        lam = np.exp(x)
        if a > -_RANGE:
            density, error = (lam * one for one in lim._density(lam))
        else:
            roots = lim.solve(x.ravel())
            density, error = (one.reshape(x.shape) / math.pi for one in (-roots.imag_m, roots.error_m))
        weight = half * _RULE * 0.5 * math.pi * (b - a) * np.sin(math.pi * t)
        value = np.asarray(f(lam), dtype=float)
        return (weight * density * value).sum(axis=1), (weight * error * np.abs(value)).sum(axis=1)

    edges = np.linspace(0.0, 1.0, 9)
    low, high = edges[:-1], edges[1:]
    whole, _ = panels(low, high)
    total = error = 0.0
    used = low.size
    while low.size:
        middle = 0.5 * (low + high)
        (left, wrong_left), (right, wrong_right) = panels(low, middle), panels(middle, high)
        both = left + right
        change = np.abs(both - whole)
        size = known + abs(total) + float(np.abs(both).sum())
        # Down to the tolerance, or to the noise of the density, or of the sum.
        done = change <= np.maximum(np.maximum(rtol * (high - low), 1e-17) * size, wrong_left + wrong_right)
        done |= high - low < 1e-9
        used += 2 * int((~done).sum())
        if used > _MOST:
            done[:] = True
        total += float(both[done].sum())
        error += float((change + wrong_left + wrong_right)[done].sum())
        low, high = np.concatenate([low[~done], middle[~done]]), np.concatenate([middle[~done], high[~done]])
        whole = np.concatenate([left[~done], right[~done]])
    return total, error

r"""The symmetric stable law of index alpha in (0, 2], :math:`E\,e^{itX} = e^{-|t|^\alpha}`, with relative accuracy.

The density of y = log\|X\| is the inverse Mellin transform of the moments,

.. math:: p(y) = \frac{1}{2\pi i} \int_{\mathrm{Re}\,s = c} E|X|^s\, e^{-sy}\, ds, \qquad
          E|X|^s = \frac{2^s\, \Gamma(\frac{1+s}{2})\, \Gamma(1 - \frac s\alpha)}{\sqrt\pi\, \Gamma(1 - \frac s2)},
          \qquad -1 < \mathrm{Re}\, s < \alpha .

The moments decay exponentially along the contour, and the trapezoidal rule, which is one Horner sum, converges
exponentially. A contour beyond some of the poles -1, -3, ... and alpha, 2 alpha, ... needs their residues, which are
the terms of the power series of the density at 0 and at infinity. Each y takes the contour on which the terms are
smallest, so that little cancels, from the centre to both ends of the range of a float. alpha = 1 and 2 have closed
forms.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import erf, erfc, gammaln, gammasgn, loggamma

from rmtjac.validate import finite

__all__ = ["StableLaw", "checked_index", "stable_law", "stable_moment"]

_DIGITS = 38.0  # e^-38 is below rounding
_LOG_PI = math.log(math.pi)


def checked_index(name: str, alpha: object) -> float:
    """Return an index of stability.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it lies outside (0, 2].
    """
    index = finite(name, alpha)
    if not 0.0 < index <= 2.0:
        raise ValueError(f"{name}={alpha!r} must lie in (0, 2]")
    return index


def stable_moment(alpha: float, power: float) -> float:
    r"""Return :math:`E|X|^r`, infinite for r = `power` >= alpha, except for alpha = 2.

    Examples
    --------
    >>> round(stable_moment(2.0, 2.0), 12), stable_moment(1.5, 1.5)
    (2.0, inf)
    """
    if alpha < 2.0 and power >= alpha:
        return math.inf
    log = power * math.log(2.0) + math.lgamma(0.5 * (1.0 + power)) - 0.5 * _LOG_PI
    if alpha < 2.0:
        log += math.lgamma(1.0 - power / alpha) - math.lgamma(1.0 - 0.5 * power)
    return math.exp(log)


class _Contour(NamedTuple):
    """The line Re s = c with the nodes c + i k step; values are divided by e^size, the largest sum of them."""

    c: float
    step: float
    size: float
    values: np.ndarray  # (step / pi) E|X|^s e^-size, the first one halved
    residues: np.ndarray  # shape (R, 3): exponent s, log of the size, sign of the terms that this line needs


def _contour(alpha: float, c: float, distance: float) -> _Contour:
    """Return the contour at c, `distance` from the nearest pole or zero of s."""
    steps = max(0.0, -c) / alpha  # E|X|^s is near its saddle over a length of alpha sqrt(1 + steps)
    step = 2.0 * math.pi / _DIGITS * min(distance, 4.0 * alpha * math.sqrt(1.0 + steps))
    count = math.ceil(alpha * (40.0 + 12.0 * math.sqrt(steps)) / step)
    s = c + 1j * step * np.arange(count)
    log = s * math.log(2.0) + loggamma(0.5 * (1.0 + s)) + loggamma(1.0 - s / alpha) - loggamma(1.0 - 0.5 * s)
    if c > 0.0 and c % 2.0 == 0.0:
        log[0] = -math.inf  # 1 / Gamma is 0 there
    largest = float(log.real.max())
    values = step / math.pi**1.5 * np.exp(log - largest)
    values[0] *= 0.5
    total = float(np.abs(values).sum())
    return _Contour(c, step, largest + math.log(total), values / total, _residues(alpha, c))


def _residues(alpha: float, c: float) -> np.ndarray:
    """Return exponent, log of the size, and sign of each term between the strip -1 < Re s < alpha and the line at c."""
    if c > 0.0:
        k = np.arange(1.0, math.floor(c / alpha) + 1.0)
        s = k * alpha
        log = math.log(alpha) - gammaln(k) + s * math.log(2.0) + gammaln(0.5 * (1.0 + s)) - gammaln(1.0 - 0.5 * s)
        sign = np.where(k % 2 == 1, 1.0, -1.0) * np.nan_to_num(gammasgn(1.0 - 0.5 * s))  # 0 where 1 / Gamma is 0
    else:
        j = np.arange(0.0, math.floor(0.5 * (1.0 - c)))
        s = -(2.0 * j + 1.0)
        log = (s + 1.0) * math.log(2.0) - gammaln(j + 1.0) + gammaln(1.0 - s / alpha) - gammaln(1.0 - 0.5 * s)
        sign = np.where(j % 2 == 0, 1.0, -1.0)
    return np.column_stack([s, log - 0.5 * _LOG_PI, sign])


def _contours(alpha: float) -> list[_Contour]:
    """Return the contours of a law, from left to right."""
    half = 0.5 * min(alpha, 1.0)
    lines = []
    c = -half
    while c > -1.5:
        lines.append(c)
        c -= alpha * math.sqrt(1.0 - c / alpha)
    lines = [c for c in lines if abs(c + 1.0) >= 0.5 * half] + [-2.0, -4.0, -6.0, -8.0]
    out = []
    for c in sorted(lines):
        poles = np.array([0.0, -1.0, -3.0, -5.0, -7.0, -9.0])
        out.append(_contour(alpha, c, float(np.abs(c - poles).min())))
    # Towards alpha = 2 the density falls like a normal one before its power law begins.
    beyond = 4 if alpha < 1.5 else 16
    return out + [_contour(alpha, (k + 0.5) * alpha, 0.5 * alpha) for k in range(beyond)]


class StableLaw:
    """The law of X; made by `stable_law`, which keeps the contours of the indices in use.

    Attributes
    ----------
    alpha : float
        The index, in (0, 2].
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        if alpha in (1.0, 2.0):
            return
        self._lines = _contours(alpha)

    def _choice(self, y: np.ndarray) -> np.ndarray:
        """Return the number of the contour with the smallest terms for each y."""
        sizes = []
        for line in self._lines:
            size = line.size - line.c * y
            for s, log, _ in line.residues:
                size = np.maximum(size, log - s * y)
            sizes.append(size)
        return np.argmin(sizes, axis=0)

    def _sum(self, line: _Contour, y: np.ndarray, pole: float | None, tilt: float = 0.0) -> np.ndarray:
        """Return e^(tilt y) times the transform of E|X|^s, divided by s - `pole` if that is given, on one contour."""
        values = line.values
        if pole is not None:
            values = values / (line.c - pole + 1j * line.step * np.arange(values.size))
        turn, total = np.exp(-1j * line.step * y), np.zeros(y.shape, dtype=complex)
        for value in values[::-1]:
            total *= turn
            total += value
        with np.errstate(under="ignore"):
            out = total.real * np.exp(line.size - (line.c - tilt) * y)
            for s, log, sign in line.residues:
                out = out + sign * np.exp(log - (s - tilt) * y) / (1.0 if pole is None else s - pole)
        return out

    def log_scale_density(self, y: np.ndarray, tilt: float = 0.0) -> np.ndarray:
        """Return the density of log|X| at y, 2 x f(x) at x = e^y, times e^(tilt y), which may keep it in range."""
        y = np.asarray(y, dtype=float)
        with np.errstate(over="ignore", under="ignore"):
            if self.alpha == 1.0:
                return 2.0 / math.pi * np.exp(tilt * y - np.abs(y)) / (1.0 + np.exp(-2.0 * np.abs(y)))
            if self.alpha == 2.0:
                return np.exp((1.0 + tilt) * y - 0.25 * np.exp(2.0 * y)) / math.sqrt(math.pi)
        out, which = np.empty(y.shape), self._choice(y)
        for i in np.unique(which):
            out[which == i] = self._sum(self._lines[i], y[which == i], None, tilt)
        return out

    def masses(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return P(|X| < e^y) and P(|X| > e^y), both with relative accuracy."""
        y = np.asarray(y, dtype=float)
        with np.errstate(over="ignore", under="ignore"):
            x = np.exp(y)
            if self.alpha == 1.0:
                return 2.0 / math.pi * np.arctan(x), 2.0 / math.pi * np.arctan(np.exp(-y))
            if self.alpha == 2.0:
                return erf(0.5 * x), erfc(0.5 * x)
        inside, outside, which = np.empty(y.shape), np.empty(y.shape), self._choice(y)
        for i in np.unique(which):
            line, here = self._lines[i], which == i
            # Between contours on both sides of the pole s = 0 lies its residue 1.
            value = self._sum(line, y[here], 0.0)
            inside[here], outside[here] = (1.0 - value, value) if line.c > 0.0 else (-value, 1.0 + value)
        return inside, outside

    def tail_moment(self, y: float, power: float) -> float:
        """Return E[|X|^r; |X| > e^y] for 0 <= r = `power` < alpha < 2, y far in the tail."""
        if self.alpha == 1.0:
            # sum of the terms (-1)^k e^{-(2 k + 1 - r) y}
            k = np.arange(40.0)
            terms = np.exp(-(2.0 * k + 1.0 - power) * y) / (2.0 * k + 1.0 - power)
            return float(2.0 / math.pi * (np.where(k % 2 == 0, 1.0, -1.0) * terms).sum())
        line = next(line for line in self._lines if line.c > self.alpha)
        return float(math.exp(power * y) * self._sum(line, np.array([y]), power)[0])

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density of X at x."""
        size = np.abs(np.asarray(x, dtype=float))
        with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
            y = np.log(size)
            far = np.isinf(y) | np.isnan(y)
            value = self.log_scale_density(np.where(far, 0.0, y)) / (2.0 * np.where(far, 1.0, size))
            at_zero = float(np.exp(gammaln(1.0 + 1.0 / self.alpha) - _LOG_PI))
        return np.where(np.isnan(size), math.nan, np.where(size == 0.0, at_zero, np.where(far, 0.0, value)))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Return P(X <= x), with relative accuracy in the lower tail."""
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(np.abs(x))
        far = np.isinf(y) | np.isnan(y)
        inside, outside = self.masses(np.where(far, 0.0, y))
        near = np.where(x < 0.0, 0.5 * outside, 0.5 + 0.5 * inside)
        return np.where(far, np.where(x == 0.0, 0.5, np.where(np.isnan(x), math.nan, x > 0.0)), near)


@lru_cache(maxsize=64)
def stable_law(alpha: float) -> StableLaw:
    """Return the symmetric stable law of index `alpha`.

    Raises
    ------
    ValueError
        If alpha lies outside (0, 2].

    Examples
    --------
    >>> law = stable_law(1.5)
    >>> float(law.density(0.0).round(12)), float(law.cdf(0.0))
    (0.287352751452, 0.5)
    """
    return StableLaw(checked_index("alpha", alpha))

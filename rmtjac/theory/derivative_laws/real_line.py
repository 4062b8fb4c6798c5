"""The real line off the cut of a law: the intervals on which m_K is real, its values and its inverse there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.derivative_laws.base import DerivativeLaw

__all__ = ["FreeInterval", "discrete", "evaluate", "free_intervals", "invert_m"]

FAR = 600.0  # in log |u|: the nodes of a law determine m_K up to |u| = 1e260


@dataclass(frozen=True, eq=False)
class FreeInterval:
    """An interval of real u = sign e^v, low < v < high, off the cut, and the range of m_K on it.

    Attributes
    ----------
    law : DerivativeLaw
        The law K.
    sign : int
        The sign of u, 1 or -1.
    low, high : float
        The ends in v = log |u|.
    m_low, m_high : float
        The lower and the upper end of the range of m_K.
    """

    law: DerivativeLaw
    sign: int
    low: float
    high: float
    m_low: float
    m_high: float


def evaluate(law: DerivativeLaw, v: np.ndarray, sign: int) -> tuple[np.ndarray, ...]:
    """Return c = 1 + m/P(D != 0), dm/dv, log|m/u| and d log|m| / dv at u = sign e^v."""
    from rmtjac.kernels.limit.moment_transform import log_moment_transform_array

    c, _, c1, s, s1 = (x.real for x in log_moment_transform_array(*law.kernel, v + (0j if sign > 0 else -1j * math.pi)))
    steep = law.mass * c * c1
    with np.errstate(divide="ignore", invalid="ignore"):
        return c, steep, s, np.where(np.abs(c) < 0.5, steep / (law.mass * (c - 1.0)), s1 + 1.0)


def free_intervals(law: DerivativeLaw) -> list[FreeInterval]:
    """Return the intervals of the real line off the cut: u < 0, 0 < u < 1/b, and those off the values of 1/D^2."""
    p = law.mass
    out = [FreeInterval(law, -1, -FAR, FAR, -p, 0.0)]
    ends = -law.spectrum  # in log u, ascending
    tips = [-math.inf, *(end for low, high in ends for end in (high, low)), math.inf]
    for low, high in zip(tips[::2], tips[1::2], strict=True):
        if high == math.inf and low > FAR - 70.0:  # D^2 has values that are too close to 0 for a u beyond them
            continue
        # In floats m_K at a distance of 1e-14 from the tip of a cut replaces its value there, finite or infinite.
        first, beyond = low == -math.inf, high == math.inf
        low = low if first else low + 1e-14 * max(1.0, abs(low))
        high = high if beyond else high - 1e-14 * max(1.0, abs(high))
        if not high > low:
            continue
        c, *_ = evaluate(law, np.array([high - 80.0 if first else low, low + 80.0 if beyond else high]), 1)
        # Towards an atom m_K tends to infinity; towards another tip it may be finite.
        m = np.array([-math.inf, math.inf]) if discrete(law) else p * (c - 1.0)
        out.append(FreeInterval(law, 1, low, high, 0.0 if first else float(m[0]), -p if beyond else float(m[1])))
    return out


def discrete(law: DerivativeLaw) -> bool:
    """Return whether D^2 takes finitely many values."""
    return bool(np.all(law.spectrum[:, 0] == law.spectrum[:, 1]))


def invert_m(one: FreeInterval, target: np.ndarray, within: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Return v with m_K(sign e^v) = target for each target in the range of the interval; `within` gives bounds of v."""
    from rmtjac.kernels.limit.real_line import Interval, invert

    law = one.law
    if one.sign < 0:
        # |m| <= |u| E D^2; and p + m = E 1/(1 + |u| D^2) falls no faster than 1/|u|.
        interval, low, high = Interval.NEGATIVE, np.log(np.abs(target) / law.mean) - 1e-9, np.full_like(target, FAR)
    elif one.low == -math.inf:
        # u E D^2 <= m <= u E D^2 / (1 - u b)
        interval, low = Interval.BELOW, np.log(target / (law.mean + law.supremum * target)) - 1e-9
        high = np.minimum(np.log(target / law.mean) + 1e-9, one.high)
    else:
        interval = Interval.BETWEEN
        low, high = np.full_like(target, one.low), np.full_like(target, min(one.high, one.low + 200.0))
    if within is not None:
        low = np.maximum(low, np.minimum(*within) - 1e-14)
        high = np.minimum(high, np.maximum(*within) + 1e-14)
    return invert(*law.kernel, law.mass, interval, low, high, target)

"""Quantiles of a law on the line from its two tails, each of which keeps its digits where it is small."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rmtjac.validate import probabilities

__all__ = ["quantiles"]

_SMALLEST = 1e-320


def quantiles(
    p: Any, cdf: Callable[[np.ndarray], np.ndarray], sf: Callable[[np.ndarray], np.ndarray], low: float, high: float
) -> np.ndarray:
    """Return the points in [low, high] with cdf = p, -inf at p = 0 and inf at p = 1.

    `cdf` and `sf` are the probabilities of both sides of a point; the smaller one is solved for.

    Raises
    ------
    ValueError
        If an entry of `p` lies outside [0, 1].

    Examples
    --------
    >>> from scipy.special import ndtr
    >>> quantiles([0.0, 1e-30, 0.975], ndtr, lambda z: ndtr(-z), -40.0, 40.0).round(6)
    array([      -inf, -11.464025,   1.959964])
    """
    from scipy.optimize import brentq

    p = probabilities(p)
    out = np.where(p == 0.0, -math.inf, math.inf)
    for i in np.flatnonzero((p > 0.0) & (p < 1.0)):
        want = float(p.flat[i])
        sign, tail, aim = (1.0, cdf, want) if want < 0.5 else (-1.0, sf, 1.0 - want)

        def excess(s: float, sign: float = sign, tail: Any = tail, aim: float = aim) -> float:
            """Return an increasing function that vanishes at the quantile."""
            return sign * (math.log(max(float(tail(np.array([s]))[0]), _SMALLEST)) - math.log(aim))

        out.flat[i] = brentq(excess, low, high, xtol=1e-13, rtol=1e-14)
    return out

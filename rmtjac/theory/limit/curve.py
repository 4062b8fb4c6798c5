"""Points for drawing a density: a given number of them, or as many as a given accuracy needs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rmtjac.validate import choice, finite, positive_int

__all__ = ["curve"]

_MOST = 200_000  # the largest number of points on an interval

Density = Callable[[np.ndarray], np.ndarray]


def curve(
    density: Density, log_support: np.ndarray, points: int, low: float, scale: str, rtol: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return points lambda, ascending, and the density there, on the k intervals of log lambda in `log_support`.

    The other arguments are those of `rmtjac.LimitSpectrum.curve`.

    Raises
    ------
    ValueError, TypeError
        If `points`, `low`, `scale` or `rtol` is out of range.

    Examples
    --------
    A straight line in (log lambda, lambda rho) needs only the 65 points of the first grid and the 64 midpoints:

    >>> lam, rho = curve(lambda x: np.log(x) / x, np.log([[1.0, 100.0]]), 400, 1e-4, "log", rtol=1e-3)
    >>> lam.size, bool(np.allclose(lam[[0, -1]], [1.0, 100.0]))
    (129, True)
    """
    choice("scale", scale, ("linear", "log"))
    positive_int("points", points)
    finite("low", low, above=0.0)
    t = 0.5 * (1.0 - np.cos(np.linspace(0.0, math.pi, points)))
    parts = []
    for a, b in log_support:
        a = max(a, b + math.log(low))
        if rtol is not None:
            parts.append(_adaptive(density, a, b, finite("rtol", rtol, above=0.0)))
        elif scale == "log":
            parts.append(np.exp(a + (b - a) * t))
        else:
            parts.append(math.exp(a) + (math.exp(b) - math.exp(a)) * t**2)
    lam = np.concatenate(parts) if parts else np.empty(0)
    return lam, density(lam)


def _adaptive(density: Density, a: float, b: float, rtol: float) -> np.ndarray:
    """Return points lambda of [e^a, e^b] between which straight lines have a relative error of at most `rtol`.

    With log lambda = a + (b - a) sin^2(pi t / 2), a step of t is halved if the straight line over it is too inaccurate.
    """

    def place(t: np.ndarray) -> np.ndarray:
        return a + (b - a) * np.sin(0.5 * math.pi * t) ** 2

    def height(x: np.ndarray) -> np.ndarray:
        lam = np.exp(x)
        return lam * density(lam)

    t = np.linspace(0.0, 1.0, 65)
    y = height(place(t))
    rough = np.ones(t.size - 1, dtype=bool)
    while rough.any() and t.size < _MOST:
        left = np.flatnonzero(rough)
        middle = 0.5 * (t[left] + t[left + 1])
        x = place(middle)
        found = height(x)
        x0, x1 = place(t[left]), place(t[left + 1])
        line = y[left] + (y[left + 1] - y[left]) * (x - x0) / (x1 - x0)
        bad = np.abs(line - found) > rtol * np.maximum(found, rtol * y.max())
        bad &= x1 - x0 > 1e-13 * np.maximum(np.abs(x), 1.0)
        t, y = np.insert(t, left + 1, middle), np.insert(y, left + 1, found)
        # Both halves of a step that was too long are checked in the next round.
        again = np.zeros(t.size - 1, dtype=bool)
        start = left + np.arange(left.size)
        again[start[bad]] = again[start[bad] + 1] = True
        rough = again
    return np.exp(place(t))

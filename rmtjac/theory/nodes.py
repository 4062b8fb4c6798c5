r"""A quadrature rule for E f(D^2), D = phi'(h), h ~ N(0, q), that serves every f = 1/(1 - u D^2) of a density curve.

A composite 16-point Gauss-Legendre rule in h. In log D^2 the poles of f lie at -log u + 2 pi i k, so at the distance
|arg u| from the real axis: the panels are halved until log D^2 varies by at most delta (the *resolution*) over each. Then
the error of a panel falls like rho^-32, rho = x + sqrt(1 + x^2), x = 2 |arg u| / delta. How close |arg u| comes to 0
depends on the law: at depth L >= 2 it stays above 0.48 in the bulk, at L = 1 it is about pi times the hazard rate of
-log D^2, which is small for wide laws (q large). delta follows that rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["nodes", "rule_error"]

Derivative = Callable[[np.ndarray], np.ndarray]

_ORDER = 16
_REACH = 13.5  # standard deviations: the mass beyond is 1.6e-41
_FLOOR = 1e-70  # D^2 below this is not resolved: it would matter for |u| > 1e60 only


def rule_error(log_ub: np.ndarray, resolution: float) -> np.ndarray:
    """Return the error of the rule at log(u b), in units of the rounding error, at least 1."""
    beyond = np.abs(log_ub.real)
    distance = np.where(log_ub.real < 0.0, np.abs(log_ub), np.abs(log_ub.imag))
    # Panels of length delta, or graded towards the tip, of length (e - 1) times their distance from it.
    panel = np.minimum(resolution, 1.72 * np.maximum(np.maximum(beyond, np.abs(log_ub.imag)), 1e-9))
    x = 2.0 * distance / panel
    return 1.0 + (x + np.sqrt(1.0 + x * x)) ** (-2.0 * _ORDER) / np.finfo(float).eps


def nodes(
    derivative: Derivative, variance: float, breakpoints: tuple[float, ...], near_cut: bool
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return values of D^2 (ascending), their weights, sup D^2, and the resolution of the rule.

    Parameters
    ----------
    derivative, variance, breakpoints
        phi', q, and the points between which phi' is smooth.
    near_cut
        Refine for the density of a single layer, which runs close to the cut.

    Raises
    ------
    ValueError
        If the derivative returns NaN, infinite values or another shape.
    """

    def squared(h: np.ndarray) -> np.ndarray:
        d = np.asarray(derivative(h), dtype=float)
        if d.shape != h.shape or not np.isfinite(d).all():
            raise ValueError("the derivative of the activation must return finite values of the shape it gets")
        return np.maximum(d * d, _FLOOR)

    scale = math.sqrt(variance)
    supremum = _supremum(squared, scale)
    resolution = 0.25
    values, weights = _panels(squared, scale, breakpoints, supremum, resolution)
    # rho^-32 = 1e-15 at x = 1.25
    closest = _least_hazard(values, weights) * math.pi if near_cut else 1.0
    if closest < 0.16:
        resolution = 1.6 * closest
        values, weights = _panels(squared, scale, breakpoints, supremum, resolution)
    return values, weights, max(supremum, float(values[-1])), resolution


def _supremum(squared: Derivative, scale: float) -> float:
    """Return sup D^2 over all h. It may lie far out, where there is no mass (softplus): it bounds the cut all the same."""
    from scipy.optimize import minimize_scalar

    reach = _REACH * max(scale, 1.0)
    far = np.geomspace(reach, 1e8 + reach, 50)
    grid = np.concatenate([-far[::-1], np.linspace(-reach, reach, 20001), far])
    best = int(squared(grid).argmax())
    around = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    polished = minimize_scalar(
        lambda h: -float(squared(np.array([h]))[0]), bounds=around, method="bounded", options={"xatol": 1e-12}
    )
    return max(float(squared(grid[best : best + 1])[0]), -float(polished.fun))


def _panels(
    squared: Derivative, scale: float, breakpoints: tuple[float, ...], supremum: float, resolution: float
) -> tuple[np.ndarray, np.ndarray]:
    """Halve panels until log D^2 varies by at most `resolution` over each, and log(b - D^2) by at most 1."""
    points, rule = np.polynomial.legendre.leggauss(_ORDER)
    inner = [b / scale for b in breakpoints if abs(b) < _REACH * scale]
    edges = np.unique([*np.linspace(-_REACH, _REACH, 55), *inner])
    low, high = edges[:-1], edges[1:]
    top = supremum * (1.0 + 1e-9)
    kept = []
    for _ in range(60):
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        z = middle[:, None] + half[:, None] * points
        d2 = squared(scale * z)
        mass = half[:, None] * rule * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        rough = np.ptp(np.log(d2), axis=1) > resolution
        rough |= np.ptp(np.log(np.maximum(top - d2, 1e-9 * top)), axis=1) > 1.0
        # Of the mass 1e-38 of a far panel no u can tell; of one around a zero of phi' only |u| > 1 / mass^2.
        rough &= (mass.sum(axis=1) > 1e-38) & (half > 1e-17)
        kept.append((d2[~rough].ravel(), mass[~rough].ravel()))
        low, high, middle = low[rough], high[rough], middle[rough]
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        if not low.size:
            break
    values, weights = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    order = np.argsort(values)
    return values[order], weights[order] / weights.sum()


def _least_hazard(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the least rate P(-log D^2 in dt) / (P(-log D^2 > t) dt), in windows of 1/2.

    Rates below 0.01 do not count: the density is that small there, and no panel short enough is affordable.
    """
    depth = math.log(values[-1]) - np.log(values)
    window = (depth / 0.5).astype(int)
    mass = np.bincount(window, weights)
    below = np.cumsum(mass[::-1])[::-1]  # P(D^2 in this window or deeper)
    # The deepest windows are cut off by the reach or the floor.
    seen = (below > 1e-30) & (np.arange(mass.size) < 0.9 * window[0])
    rates = mass[seen] / (0.5 * below[seen])
    return float(rates[rates > 0.01].min(initial=1.0))

r"""A quadrature rule for E f(D^2), D = phi'(h), h ~ N(0, q), given phi' as a function of real h only.

A composite 16-point Gauss-Legendre rule in z = h / sqrt(q). A panel is halved until log D^2 is a polynomial on it to
rounding, that is, until neither log D^2 nor log|d log D^2 / dz| varies much: then the poles of 1/(1 - u D^2) near
the panel are found by Newton on that polynomial, and the kernel takes them out exactly (`rmtjac.kernels.panels`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rmtjac.kernels.panels import ORDER

__all__ = ["panel_rule"]

Derivative = Callable[[np.ndarray], np.ndarray]

_REACH = 13.5  # standard deviations: the mass beyond is 1.6e-41
_FLOOR = 1e-70  # D^2 below this is not resolved: it would matter for |u| > 1e60 only
_STEP = 0.5  # largest variation of log D^2 over a panel


def panel_rule(
    derivative: Derivative, variance: float, breakpoints: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return values of D^2, their weights, the panels, and sup D^2.

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
    values, weights, panels = _panels(squared, scale, breakpoints)
    return values, weights, panels, max(_supremum(squared, scale), float(values.max()))


def _supremum(squared: Derivative, scale: float) -> float:
    """Return sup D^2 over all h: it bounds the cut even where it lies far out, without mass (softplus)."""
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
    squared: Derivative, scale: float, breakpoints: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points, rule = np.polynomial.legendre.leggauss(ORDER)
    to_chebyshev = np.linalg.inv(np.polynomial.chebyshev.chebvander(points, ORDER - 1)).T
    slopes = np.polynomial.chebyshev.chebder(np.eye(ORDER))
    to_slope = to_chebyshev @ (np.polynomial.chebyshev.chebvander(points, ORDER - 2) @ slopes).T
    inner = [b / scale for b in breakpoints if abs(b) < _REACH * scale]
    # Off centre, so that an extremum at 0 is no panel end: there a pole and its mirror image meet.
    edges = np.unique([*np.linspace(-_REACH - 0.1, _REACH, 56), *inner])
    low, high = edges[:-1], edges[1:]
    kept = []
    for _ in range(60):
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        z = middle[:, None] + half[:, None] * points
        d2 = squared(scale * z)
        logs = np.log(d2)
        mass = half[:, None] * rule * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        slope = logs @ to_slope
        span = np.ptp(logs, axis=1)
        # Next to an extremum of D^2 the slope changes by much over a panel, or changes its sign.
        steepness = np.log(np.maximum(np.abs(slope), 1e-300))
        bent = (np.ptp(np.sign(slope), axis=1) > 0.0) | (np.ptp(steepness, axis=1) > 1.2)
        # phi' has an absolute rounding error: next to its zeros log D^2 is noise, and bends mean nothing.
        noise = np.finfo(float).eps * (np.abs(logs).max(axis=1) + 4.0 / np.sqrt(d2.min(axis=1)))
        rough = (span > _STEP) | (bent & (span > 1e-9 + 200.0 * noise))
        # Of the mass 1e-38 of a far panel no u can tell; of one around a zero of phi' only |u| > 1 / mass^2.
        rough &= (mass.sum(axis=1) > 1e-38) & (half > 1e-17)
        fine = ~rough
        # Coefficients of noise would have poles of their own off the panel.
        coefficients = logs @ to_chebyshev
        coefficients[np.abs(coefficients) < 4.0 * noise[:, None]] = 0.0
        rows = np.column_stack([logs.min(axis=1), logs.max(axis=1), middle, half, coefficients])
        kept.append((d2[fine].ravel(), mass[fine].ravel(), rows[fine]))
        low, high, middle = low[rough], high[rough], middle[rough]
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        if not low.size:
            break
    values, weights, panels = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return values, weights / weights.sum(), panels

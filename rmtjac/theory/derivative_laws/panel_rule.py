r"""A quadrature rule for E f(D^2), D = phi'(h), h ~ N(0, q), given phi' as a function of real h only.

It is a composite 16-point Gauss-Legendre rule in z = h / sqrt(q). A panel is halved until log D^2 (or D, if D changes
its sign there) is a polynomial on it to rounding, with level sets that Newton's method finds. Then the poles of
1/(1 - u D^2) near the panel are known, and the compiled functions correct the rule for them
(`rmtjac.kernels.limit.poles`). If D^2 is even in h, half of the line is enough.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rmtjac.kernels.limit.poles import ORDER, ROW_LENGTH, Column, PanelKind

__all__ = ["FLOOR", "panel_rule"]

Derivative = Callable[[np.ndarray], np.ndarray]

_REACH = 13.5  # in standard deviations; the mass beyond is 1.6e-41
FLOOR = 1e-280  # smaller values of D^2 are replaced by this one; they matter for |u| > 1e270 only
_EPS = np.finfo(float).eps
# The largest variation of log D^2 over a panel. The next poles lie 2 pi i off in log D^2; with these spans
# they stay outside of the ellipse rho = 3.3, where the rule itself is exact.
_SPAN, _SPAN_EXTREMUM = 2.25, 1.0
_BEND = 1.2  # largest variation of log|slope|: Newton's method then starts well from a straight line

_POINTS, _RULE = np.polynomial.legendre.leggauss(ORDER)
_TO_CHEBYSHEV = np.linalg.inv(np.polynomial.chebyshev.chebvander(_POINTS, ORDER - 1)).T
_SLOPES = np.polynomial.chebyshev.chebder(np.eye(ORDER))
_BENDS = np.polynomial.chebyshev.chebder(np.eye(ORDER), 2)


class PanelRule(NamedTuple):
    """A quadrature rule of a law of D^2."""

    values: np.ndarray
    """The values of D^2 at the nodes."""
    weights: np.ndarray
    """Their weights, which add up to 1."""
    panels: np.ndarray
    """The rows of `rmtjac.kernels.limit.poles`."""
    intervals: np.ndarray
    """Shape (k, 2): the range of log D^2, in descending intervals."""


def panel_rule(derivative: Derivative, variance: float, breakpoints: tuple[float, ...]) -> PanelRule:
    """Return the rule for D = derivative(h), h ~ N(0, variance); its arrays are empty if D = 0.

    Raises
    ------
    ValueError
        If the derivative returns NaN, infinite values or another shape.
    """

    def checked(h: np.ndarray) -> np.ndarray:
        """Return the derivative at h, or raise a ValueError if it is not an array of finite numbers of that shape."""
        with np.errstate(all="ignore"):  # at large h cosh(h) overflows although 1/cosh(h) tends to 0
            d = np.asarray(derivative(h), dtype=float)
        if d.shape != h.shape:
            raise ValueError(
                f"the derivative of the activation must return the shape it gets, {h.shape}, not {d.shape}"
            )
        if not (finite := np.isfinite(d)).all():
            h0, d0 = h[~finite][0], d[~finite][0]
            raise ValueError(f"the derivative of the activation must be finite; it returns {d0} at h={h0:.6g}")
        return d

    scale = math.sqrt(variance)
    if not checked(scale * np.linspace(-_REACH, _REACH, 2001)).any():
        return PanelRule(np.empty(0), np.empty(0), np.empty((0, ROW_LENGTH)), np.empty((0, 2)))
    values, weights, panels = _panels(checked, scale, breakpoints)
    return PanelRule(values, weights, panels, _intervals(checked, scale, breakpoints, values))


def _intervals(derivative: Derivative, scale: float, breakpoints: tuple[float, ...], values: np.ndarray) -> np.ndarray:
    """Return intervals that hold log D^2 over all h; they give the cut, with parts of almost no mass (softplus)."""
    from scipy.optimize import minimize_scalar

    reach = _REACH * max(scale, 1.0)
    far = reach * np.geomspace(1.0, 1e150, 60)
    near = np.geomspace(1e-2, reach, 20 + 20 * math.ceil(math.log10(reach)))[:-1]
    grid = np.unique(np.concatenate([-far, -near, np.linspace(-reach, reach, 2001)[1:-1], near, far]))
    ranges = []
    for a, b in itertools.pairwise([-np.inf, *breakpoints, np.inf]):
        inside = grid[(grid > a) & (grid < b)]
        ends = [np.nextafter(x, y) for x, y in ((a, b), (b, a)) if np.isfinite(x)]
        points = np.sort(np.concatenate([inside, ends]))
        logs = 2.0 * np.log(np.maximum(np.abs(derivative(points)), FLOOR**0.5))
        ends_of_range = []
        for sign in (-1.0, 1.0):
            best = int((sign * logs).argmax())
            around = points[max(best - 1, 0)], points[min(best + 1, points.size - 1)]
            polished = minimize_scalar(
                lambda h, sign=sign: -sign * 2.0 * math.log(max(abs(float(derivative(np.array([h]))[0])), FLOOR**0.5)),
                bounds=around, method="bounded", options={"xatol": 1e-12},
            )  # fmt: skip
            ends_of_range.append(sign * max(sign * logs[best], -float(polished.fun)))
        ranges.append(ends_of_range)
    merged: list[list[float]] = []
    for low, high in sorted(ranges, reverse=True, key=lambda ends: ends[1]):
        if merged and high >= merged[-1][0]:
            merged[-1][0] = min(low, merged[-1][0])
        else:
            merged.append([low, high])
    merged[0][1] = max(merged[0][1], math.log(values.max()))
    return np.array(merged)


def _even(derivative: Derivative, scale: float, breakpoints: tuple[float, ...]) -> bool:
    """Return whether D^2 is even in h, to rounding at 61 points."""
    h = scale * np.linspace(0.01, _REACH, 61)
    ahead, back = derivative(h) ** 2, derivative(-h) ** 2
    symmetric = sorted(-b for b in breakpoints) == sorted(breakpoints)
    return symmetric and bool(np.all(np.abs(ahead - back) <= 4.0 * _EPS * ahead))


def _panels(
    derivative: Derivative, scale: float, breakpoints: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of D^2, their weights and the rows of the panels."""
    inner = [b / scale for b in breakpoints if abs(b) < _REACH * scale]
    even = _even(derivative, scale, breakpoints)
    # The grid is off centre unless half of the line is enough: an extremum of D^2 at 0 must not be an end of panels.
    grid = np.linspace(0.0, _REACH, 14) if even else np.linspace(-_REACH - 0.1, _REACH, 29)
    # If h has a large standard deviation, phi' may vary near h = 0 only, between two points of the first grid.
    near = 10.0 * 4.0 ** np.arange(max(0.0, math.log(scale, 4.0))) / scale
    edges = np.unique([*grid, *near, *([] if even else -near), *(b for b in inner if not even or b > 0.0)])
    low, high = edges[:-1], edges[1:]
    kept = []
    for _ in range(60):
        middle, half = 0.5 * (low + high), 0.5 * (high - low)
        z = middle[:, None] + half[:, None] * _POINTS
        d = derivative(scale * z)
        mass = half[:, None] * _RULE * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        rows, fine = _classify(d, mass.sum(axis=1), middle, half)
        # Fine panels are kept before the others are halved: no point is evaluated twice, and the halving ends.
        kept.append((_square(d, rows)[fine].ravel(), mass[fine].ravel(), rows[fine]))
        low, high, middle = low[~fine], high[~fine], middle[~fine]
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        if not low.size:
            break
    values, weights, panels = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    total = weights.sum()
    panels[:, Column.PEAK] = 1.0 / (math.sqrt(2.0 * math.pi) * total)
    return values, weights / total, panels


def _square(d: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return D^2 at the nodes, from the polynomial where log D^2 is one: it is free of the noise of phi' at large h.

    The compiled functions use the difference between a pole and a node, in which noise of D^2 would be amplified.
    """
    smooth = np.isin(rows[:, Column.KIND], (PanelKind.LOG, PanelKind.EXTREMUM))
    logs = rows[:, Column.COEFFICIENTS :] @ np.polynomial.chebyshev.chebvander(_POINTS, ORDER - 1).T
    with np.errstate(over="ignore"):  # rows of another kind may overflow; they are not used
        return np.where(smooth[:, None], rows[:, Column.REFERENCE, None] * np.exp(logs), np.maximum(d * d, FLOOR))


def _classify(d: np.ndarray, mass: np.ndarray, middle: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a row for each panel, and whether it is fine enough."""
    square = np.maximum(d * d, FLOOR)
    reference = square[:, ORDER // 2]
    logs = np.log(square)
    span, size = np.ptp(logs, axis=1), np.abs(d).max(axis=1)
    # The rounding error of phi' is relative at best and absolute at worst; then log D^2 is noise where D is small.
    fine_noise = _EPS * (4.0 + np.abs(logs).max(axis=1))
    noise = fine_noise + 4.0 * _EPS / np.maximum(np.abs(d).min(axis=1), FLOOR**0.5)
    # Logarithms of ratios are small and have more digits.
    near = np.log(square / reference[:, None])
    l_poly, precise = _resolve(near, fine_noise)
    rough_poly, l_done = _resolve(near, noise)
    l_poly[~precise] = rough_poly[~precise]
    crossing = np.sign(d[:, 0]) * np.sign(d[:, -1]) < 0.0  # a D that underflows to 0 does not cross it
    d_poly, d_done = _resolve(d, _EPS * np.where(crossing, max(float(size.max()), 1.0), size))
    l_slope, d_slope = l_poly @ _values(_SLOPES).T, d_poly @ _values(_SLOPES).T
    l_bend = l_poly @ _values(_BENDS).T
    all_noise = fine_noise + 4.0 * _EPS / np.maximum(size, FLOOR**0.5)  # of log D^2 where D is largest
    zigzag = (np.diff(np.sign(np.diff(logs, axis=1)), axis=1) != 0.0).sum(axis=1) > 2
    flat = ((span <= 1e-9) | (zigzag & ~precise & (span <= 200.0 * all_noise))) & ~crossing
    # A far panel of mass 1e-38 matters for no u; a panel around a zero of phi' matters for |u| > 1 / mass^2 only.
    plain = flat | (mass < 1e-38) | (half < 1e-17) | (logs.max(axis=1) < math.log(FLOOR) + 10.0)
    log = l_done & (span <= _SPAN) & _steady(l_slope, _BEND)
    extremum = l_done & (span <= _SPAN_EXTREMUM) & _steady(l_bend, 0.8)
    # As a polynomial D has the rounding error of its largest value, small enough next to a zero or if D varies little.
    signed = d_done & _steady(d_slope, _BEND) & (crossing | (size < 30.0 * np.abs(d).min(axis=1)))
    kinds = [PanelKind.PLAIN, PanelKind.LOG, PanelKind.EXTREMUM, PanelKind.SIGNED]
    kind = np.select([plain, log, extremum, signed], kinds, PanelKind.UNRESOLVED)
    in_d = kind == PanelKind.SIGNED
    rows = np.zeros((d.shape[0], ROW_LENGTH))
    rows[:, Column.KIND] = kind
    rows[:, Column.LOW] = np.where(in_d, d.min(axis=1), near.min(axis=1))
    rows[:, Column.HIGH] = np.where(in_d, d.max(axis=1), near.max(axis=1))
    rows[:, Column.MIDDLE], rows[:, Column.HALF_WIDTH], rows[:, Column.REFERENCE] = middle, half, reference
    rows[:, Column.COEFFICIENTS :] = np.where(in_d[:, None], d_poly, l_poly)
    good = kind != PanelKind.UNRESOLVED
    for i in np.flatnonzero(kind == PanelKind.EXTREMUM):
        series = np.polynomial.Chebyshev(l_poly[i])
        slope, bend = series.deriv(), series.deriv(2)
        t = 0.0
        for _ in range(30):
            t -= slope(t) / bend(t)
        # An extremum far from the panel would not be a pair of nearby poles.
        good[i] = abs(t) < 1.5  # `poles` searches up to 2.5 off the panel, within 4 of the extremum
        rows[i, Column.EXTREMUM_PLACE] = t
        rows[i, Column.EXTREMUM_VALUE] = series(t)
        rows[i, Column.EXTREMUM_CURVATURE] = bend(t)
    return rows, good


def _values(derivative: np.ndarray) -> np.ndarray:
    """Return the matrix that maps coefficients to the values of a derivative at the points and at both ends."""
    return np.polynomial.chebyshev.chebvander([-1.0, *_POINTS, 1.0], derivative.shape[0] - 1) @ derivative


def _resolve(f: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Chebyshev coefficients, those at the level of noise set to zero, and whether the last two are noise."""
    coefficients = f @ _TO_CHEBYSHEV
    # If coefficients of noise stayed, the polynomial would lead to spurious poles off the panel.
    small = np.abs(coefficients) < 4.0 * noise[:, None]
    coefficients[small] = 0.0
    return coefficients, small[:, -2:].all(axis=1)


def _steady(slope: np.ndarray, bend: float) -> np.ndarray:
    """Return whether the slope keeps its sign and its logarithm varies by at most `bend`."""
    steepness = np.log(np.maximum(np.abs(slope), 1e-300))
    return (np.ptp(np.sign(slope), axis=1) == 0.0) & (np.ptp(steepness, axis=1) <= bend)

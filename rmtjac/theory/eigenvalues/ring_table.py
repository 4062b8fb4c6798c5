"""The radial cdf of a ring and its inverse as splines, built once from the explicit equation.

The splines have degree 7 in logarithmic coordinates, X = log((r^2 - r_in^2) / r_out^2) and y = log(F - atom), both of
which are smooth up to the outer circle and linear towards the inner end. Below the last knot they go on as straight
lines: there F - atom is a power of r^2 - r_in^2. The knots become denser until the law at the middle of every interval
is met; the largest difference that remains is the error of the table.
"""

from __future__ import annotations

import math

import numpy as np

from rmtjac.theory.eigenvalues.ring_equation import RingEquation

__all__ = ["RingTable"]

_DEGREE = 7
_GOAL = 2e-14  # of the cdf, and of log r^2 where F is not tiny
_BAD, _USELESS = 1e-9, 1e-4
_MOST = 20_000
_DEEP, _SHALLOW = -60.0, -28.0  # the lowest log(F - atom) of the table, with one law of several values or with more
_FAR = 599.0


class RingTable:
    """The radial cdf and its inverse in the coordinates X and y.

    Parameters
    ----------
    equation : RingEquation
        The equation; its ring is not a circle.

    Attributes
    ----------
    error : float
        The largest error of the cdf that was seen between the knots, and that of log r^2 times F - atom.
    first, lowest : float
        X and y of the last knot.
    knots : ndarray of float
        The y of all knots, ascending.
    top, highest : float
        X and y at the outer circle.
    """

    def __init__(self, equation: RingEquation) -> None:
        self.equation = equation
        self.hole = equation.log_hole
        self.error = math.inf
        # Each knot costs an inversion of the moment transform for each law.
        self._most = max(1500, min(_MOST, 60_000 // max(1, len(equation.smooth))))
        w = self._knots(0.15)
        points = self._coordinates(w)
        while True:
            self._build(*points)
            middle = self._coordinates(0.5 * (w[1:] + w[:-1]))
            before, self.error = self.error, self._worst(*middle)
            # Splines gain a factor 2^8 a halving until rounding stops them.
            if self.error <= _GOAL or not self.error <= 0.25 * before or 2 * w.size > self._most:
                break
            merged = np.empty(2 * w.size - 1)
            merged[::2], merged[1::2] = w, 0.5 * (w[1:] + w[:-1])
            joined = [np.empty(merged.size), np.empty(merged.size)]
            for new, old, inner in zip(joined, points, middle, strict=True):
                new[::2], new[1::2] = old, inner
            w, points = merged, (joined[0], joined[1])
        if not self.error <= _BAD:
            self._build(*points, robust=True)
            self.error = self._worst(*middle)
        if not self.error <= _USELESS:
            raise ArithmeticError(
                f"the radial cdf is resolved to {self.error:.1g} only: too many layers have values of D^2 near 0"
            )

    def _knots(self, step: float) -> np.ndarray:
        """Return coordinates w from the outer circle to where F - atom is negligible."""
        many = len(self.equation.smooth) > 1 or (self.equation.smooth and self.equation.mass < 1.0)
        goal = math.log(self.equation.mass) + (_SHALLOW if many else _DEEP)
        grid = np.linspace(0.0, _FAR, 1281)[1:]
        self.goal = goal
        fine = np.log(np.maximum(self.equation.mass_at(grid), 1e-300)) > goal
        last = grid[fine][-1] if fine.any() else grid[0]
        count = min(self._most // 3, max(4 * _DEGREE, math.ceil(last / step)))
        return np.linspace(0.0, last, count + 1)

    def _coordinates(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return X and y at the coordinates `w`."""
        e, t = self.equation.points(w)
        return self.place(t), np.log(e)

    def place(self, t: np.ndarray) -> np.ndarray:
        """Return X of t = log(r^2 / r_out^2)."""
        if self.hole == -math.inf:
            return t
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(t > self.hole, np.log(np.expm1(np.maximum(t - self.hole, 0.0))) + self.hole, -math.inf)

    def radius(self, place: np.ndarray) -> np.ndarray:
        """Return t = log(r^2 / r_out^2) of X."""
        return place if self.hole == -math.inf else np.logaddexp(place, self.hole)

    def _build(self, place: np.ndarray, y: np.ndarray, robust: bool = False) -> None:
        """Make the splines from knots in ascending w, along which X and y fall; points in disorder are left out."""
        from scipy.interpolate import PchipInterpolator, make_interp_spline

        unknown = np.flatnonzero(~(np.isfinite(place) & np.isfinite(y)))
        if unknown.size:
            place, y = place[: unknown[0]], y[: unknown[0]]
        top_place, top_y = place[0], y[0]
        # Rounding of log r^2, which the logarithm of the distance from an inner circle enlarges.
        noise = 1e-15 * (1.0 + np.exp(self.hole - place))
        steps = -np.diff(place, append=place[-1] - 1.0)
        bad = np.flatnonzero((noise > 1e-4 * steps) | (-np.diff(y, append=y[-1] - 1.0) < 1e-14))
        if bad.size and bad[0] >= 2 * _DEGREE:  # below, only rounding is left
            place, y = place[: bad[0]], y[: bad[0]]
        keep = np.ones(place.size, dtype=bool)
        keep[1:] = (place[1:] < np.minimum.accumulate(place)[:-1]) & (y[1:] < np.minimum.accumulate(y)[:-1])
        place, y = place[keep][::-1], y[keep][::-1]
        if robust:  # monotone cubics, where rounding would make a spline of high degree oscillate
            self._forward, self._back = PchipInterpolator(place, y), PchipInterpolator(y, place)
        else:
            degree = max(1, min(_DEGREE, 2 * (place.size // 2) - 1))
            self._forward = make_interp_spline(place, y, k=degree)
            self._back = make_interp_spline(y, place, k=degree)
        self._forward_slope = self._forward.derivative()
        self.knots = y
        self.first, self.lowest = float(place[0]), float(y[0])
        self.top, self.highest = float(top_place), float(top_y)
        self._slope = float(self._forward_slope(self.first))

    @property
    def limited(self) -> bool:
        """Whether values of D^2 that floats do not resolve hide a part of the law next to 0."""
        return self.hole == -math.inf and self.lowest > self.goal + 1.0

    def _worst(self, place: np.ndarray, y: np.ndarray) -> float:
        """Return the largest error at exact points."""
        used = np.isfinite(place) & (place > self.first) & (y > self.lowest)
        if not used.any():
            return 0.0
        size = np.exp(y[used])
        one = np.abs(np.exp(self.log_share(place[used])) - size)
        other = np.abs(self.log_radius(y[used]) - place[used]) * np.minimum(size, 1.0)
        return float(max(one.max(), other.max()))

    def log_share(self, place: np.ndarray) -> np.ndarray:
        """Return y at X, X at most that of the outer circle."""
        inside = np.clip(place, self.first, self.top)
        with np.errstate(invalid="ignore"):
            y = self._forward(inside) + np.where(place < self.first, (place - self.first) * self._slope, 0.0)
        if self.equation.closed:
            for _ in range(2):  # Newton's method on the sum of logarithms
                value, slope = self._closed(y)
                with np.errstate(invalid="ignore"):
                    y = np.where(np.isfinite(value), y + (place - value) / slope, y)
        return np.minimum(y, self.highest)

    def slope(self, place: np.ndarray) -> np.ndarray:
        """Return dy / dX."""
        if self.equation.closed:
            return 1.0 / self._closed(self.log_share(place))[1]
        return self._forward_slope(np.clip(place, self.first, self.top))

    def log_radius(self, y: np.ndarray) -> np.ndarray:
        """Return X at y."""
        if self.equation.closed:
            return self._closed(y)[0]
        inside = np.clip(y, self.lowest, self.highest)
        with np.errstate(invalid="ignore"):
            return self._back(inside) + np.where(y < self.lowest, (y - self.lowest) / self._slope, 0.0)

    def _closed(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return X and dX/dy at y by the sum of logarithms."""
        value, slope = self.equation.factors(y.ravel())
        return value.reshape(y.shape), slope.reshape(y.shape)

r"""The density next to a square-root edge, in the variable in which it is analytic.

Near an edge lambda_e two roots meet, and a relative error eps of lambda or of the equation becomes an error
eps / (2 gap) of the density, gap = |log lambda - log lambda_e|. So within `WITHIN` of an edge the unknown is
x = v - v_e, v = log u of the leading law:

.. math:: H(v_e + x) - H(v_e) = \sum_{n\ge2} h_n x^n = \log(\lambda/\lambda_e), \qquad \mathrm{Im}\,m = \mathrm{Im}
\sum_{n\ge1} m_n x^n,

with lambda_e known to more digits than a float has, so that lambda - lambda_e is right for every float lambda. The
Taylor coefficients come from the trapezoid rule on a circle. Of the two roots x, the one with Im u < 0 is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.derivative_laws.multiprecision import digits_known
from rmtjac.theory.equation.edge import Edge
from rmtjac.theory.equation.layers import Layers

__all__ = ["WITHIN", "Expansion", "expand"]

WITHIN = 2e-3  # distance in log lambda
_POINTS, _TERMS = 64, 28  # the number of points on the circle, and of terms of the series
_USED = 0.25  # the series is used up to this share of the radius of the circle: 0.25^28 = 1e-17
_EPS = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Expansion:
    """The expansion of H and m at one edge.

    Attributes
    ----------
    high, low : float
        lambda_e as the sum of two floats.
    uncertainty : float
        Relative error of lambda_e.
    side : float
        The sign of Im x where Im u < 0.
    h, m : ndarray of float, shape (28,)
        Coefficients of H(v_e + x) - H(v_e), which starts at x^2, and of m - m_e, which starts at x.
    radius : float
        The largest |x| at which the expansion is used.
    """

    high: float
    low: float
    uncertainty: float
    side: float
    h: np.ndarray
    m: np.ndarray
    radius: float

    def imag_m(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return Im m, its error, and for which `lam` they hold: those inside the support and near enough."""
        away = np.log1p(((lam - self.high) - self.low) / self.high)
        square = away / self.h[2]
        with np.errstate(invalid="ignore"):
            x = 1j * self.side * np.sqrt(-square)
            size = np.abs(x)
            near = (square < 0.0) & (size < self.radius)
        x = np.where(near, x, 1.0)
        slope = np.polynomial.polynomial.polyder(self.h)
        for _ in range(4):  # quadratic convergence from a small relative error
            x = x - (np.polynomial.polynomial.polyval(x, self.h) - away) / np.polynomial.polynomial.polyval(x, slope)
        value = np.polynomial.polynomial.polyval(x, self.m).imag
        with np.errstate(divide="ignore", invalid="ignore"):  # division by 0 at the edge itself, which is not `near`
            error = np.abs(value) * (4.0 * _EPS + 1e-13 + 0.5 * self.uncertainty / np.abs(away))
        return value, error, near & (np.sign(x.imag) == self.side)


def expand(layers: Layers, edge: Edge) -> Expansion | None:
    """Return the expansion at a square-root edge, or None if lambda_e leaves the range of a float or a pole is near.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> from rmtjac.theory.equation.support import support
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> expansion = expand(layers, support(layers).intervals[0][1])
    >>> expansion.high, abs(expansion.low) < 1e-20
    (4.0, True)
    """
    if abs(edge.log_lam) > 600.0:
        return None
    signs = np.where(edge.log_u.imag < -1.0, -1.0, 1.0)
    side = -signs[0]
    angles = 2.0 * math.pi * (np.arange(_POINTS) + 0.5) / _POINTS
    lower = np.sin(angles) * side > 0.0  # the half of the circle with Im u < 0; the other is its mirror image
    circle = np.exp(1j * angles)
    radius = _distance(layers, edge, signs)
    for _ in range(20):
        values = np.empty((2, _POINTS), dtype=complex)
        with np.errstate(all="ignore"):  # on a circle that is too wide the values may overflow
            values[:, lower] = _on_circle(layers, edge.log_u, radius * circle[lower])
        values[:, ~lower] = values[:, lower][:, ::-1].conj()
        if not np.isfinite(values).all():
            radius *= 0.5
            continue
        series = np.fft.fft(values, axis=1) / _POINTS * np.exp(-1j * np.pi * np.arange(_POINTS) / _POINTS)
        sizes = np.abs(series)
        # If H and m are analytic beyond the circle the coefficients fall to rounding; else a singularity is too close.
        if (sizes[:, 24:40].max(axis=1) < 1e-9 * sizes[:, 1:3].max(axis=1)).all():
            break
        radius *= 0.5
    else:
        return None
    coefficients = series.real[:, :_TERMS] / radius ** np.arange(_TERMS)
    h, m = coefficients
    h[:2] = 0.0
    m[0] = 0.0
    high, low, uncertainty = _position(layers, edge, signs)
    return Expansion(high, low, uncertainty, float(side), h, m, _USED * radius)


def _distance(layers: Layers, edge: Edge, signs: np.ndarray) -> float:
    """Return half the distance of v_e to the nearest cut."""
    out = math.pi
    for law, v, sign in zip(layers.groups, edge.log_u.real, signs, strict=True):
        if sign > 0.0:
            out = min(out, float(np.abs(-law.spectrum - v).min()))
    return 0.5 * out


def _on_circle(layers: Layers, base: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return H and m at v_0 = base_0 + x, x off the real axis."""
    from rmtjac.kernels.limit.moment_transform import log_moment_transform_array

    lead, r0 = layers.groups[0], layers.ratios[0]
    c, _, c1, s, _ = log_moment_transform_array(*lead.kernel, base[0] + x)
    log_m = s + base[0] + x - math.log(r0)
    m = lead.mass * (c - 1.0) / r0
    value = -log_m + layers.counts[0] * s
    c, _, c1, *_ = log_moment_transform_array(*lead.kernel, np.array([base[0]]))
    pace = (lead.mass * c * c1).real[0] / r0  # dm/dv_0 at the edge
    for law, r, k, v in zip(layers.groups[1:], layers.ratios[1:], layers.counts[1:], base[1:], strict=True):
        c, _, c1, *_ = log_moment_transform_array(*law.kernel, np.array([v]))
        w = v + x * pace * r / (law.mass * c * c1).real[0]
        for _ in range(12):
            c, _, c1, s, _ = log_moment_transform_array(*law.kernel, w)
            w = w - (law.mass * (c - 1.0) - r * m) / (law.mass * c * c1)
            w = w.real + 1j * np.clip(w.imag, -math.pi, 0.0)
        _, _, _, s, _ = log_moment_transform_array(*law.kernel, w)
        value += k * s
    for k, r in zip(layers.free_counts, layers.free_ratios, strict=True):
        value += k * np.log(1.0 + r * m)
    return np.array([value, m])


def _position(layers: Layers, edge: Edge, signs: np.ndarray) -> tuple[float, float, float]:
    """Return lambda_e as a sum of two floats, and its relative error.

    H is stationary at the edge, so its value at a distance of 1e-12 has an error of 1e-24. One evaluation in 32 digits
    is enough.
    """
    import mpmath as mp

    from rmtjac.kernels.limit.moment_transform import log_moment_transform_array

    with mp.workdps(32):
        us = [int(sign) * mp.exp(mp.mpf(v)) for v, sign in zip(edge.log_u.real, signs, strict=True)]
        ratios = [layers.ratio_mp(r) for r in layers.ratios]
        try:
            m = layers.groups[0].moment_transform_mp(us[0]) / ratios[0]
            for g in range(1, len(us)):
                law = layers.groups[g]
                c, _, c1, *_ = log_moment_transform_array(*law.kernel, edge.log_u[g : g + 1])
                us[g] *= mp.exp((ratios[g] * m - law.moment_transform_mp(us[g])) / float((law.mass * c * c1).real[0]))
        except ArithmeticError:
            return math.exp(edge.log_lam), 0.0, 4.0 * _EPS
        lam = layers.scale_mp() / m
        for u, r, k in zip(us, ratios, layers.counts, strict=True):
            lam *= (r * m / u) ** int(k)
        for r, k in zip(layers.free_ratios, layers.free_counts, strict=True):
            lam *= (1 + layers.ratio_mp(r) * m) ** int(k)
        lam = abs(lam)
        high = float(lam)
        exact = all(
            law.source is None or isinstance(law, DiscreteLaw) or digits_known(law.source[0]) > 16
            for law in layers.groups
        )
        return high, float(lam - high), 1e-23 if exact else 4.0 * _EPS

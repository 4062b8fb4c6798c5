r"""Means of an activation phi and its slope phi' over one or two Gaussian variables.

The rules are fixed: the trapezoidal rule where phi is analytic on a wide enough strip, Gauss-Legendre panels between
kinks otherwise. Differences from correlation 1 are computed as :math:`E(\varphi(h_1) - \varphi(h_2))^2/2`, which keeps
its digits near correlation 1.

For a continuous, piecewise affine phi with slopes that jump by :math:`j_k` at :math:`b_k`, Price's theorem (Price 1958,
docs/references.md),
:math:`dE f(h_1) f(h_2)/dc = q\,E f'(h_1) f'(h_2)`, leaves one integral. With :math:`c = \cos\theta`

.. math:: E\varphi'^2 - E\varphi'(h_1)\varphi'(h_2) = \int_0^\theta K(t)\,dt, \qquad
          E\varphi^2 - E\varphi(h_1)\varphi(h_2)
          = q\Big((1 - c)\,E\varphi'^2 - \int_0^\theta (\cos t - c) K(t)\,dt\Big),

.. math:: K(t) = \sum_{k,l} \frac{j_k j_l}{2\pi}
          \exp\Big(-\frac{b_k^2 - 2 b_k b_l \cos t + b_l^2}{2 q \sin^2 t}\Big).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation

__all__ = ["gap", "line", "overlap", "slope_moments", "split_line", "square", "stretch"]

_REACH = 9.0  # in standard deviations; the Gaussian mass beyond is 2e-19
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_WIDEST = 0.6  # a step that suffices for the Gaussian weight itself: error exp(-2 pi^2 / step^2)
_MOST = 400  # the largest number of points of a trapezoidal rule; beyond it panels are cheaper
_CANCELLED = 1e-3  # Price's theorem gives a difference with an error of 1e-12 if at least this share of it remains
NEAR_ZERO = 1e-36  # a variance that stands for q -> 0+, where phi' takes both of its one-sided values


def _normal(z: np.ndarray) -> np.ndarray:
    """Return the density of N(0, 1)."""
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _panels(cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Gauss-Legendre nodes and weights of N(0, 1) between sorted `cuts` (last axis)."""
    half = 0.5 * np.diff(cuts, axis=-1)[..., None]
    z = 0.5 * (cuts[..., 1:] + cuts[..., :-1])[..., None] + half * _NODES
    shape = (*cuts.shape[:-1], -1)
    return z.reshape(shape), (half * _WEIGHTS * _normal(z)).reshape(shape)


def _trapezoid(step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes and weights of the trapezoidal rule of N(0, 1)."""
    z = step * np.arange(-math.ceil(_REACH / step), math.ceil(_REACH / step) + 1)
    return z, step * _normal(z)


@lru_cache(maxsize=64)
def _step(phi: Activation) -> float:
    """Return the step in h at which the trapezoidal rule has converged, 0 if phi is not analytic.

    The rule converges like exp(-2 pi d / step), d the distance of the singularities of phi from the real axis. The
    error of E phi(h_1) phi(h_2) is no larger, because a shift of h_1 by i d shifts h_2 by less.
    """
    if phi.breakpoints:
        return 0.0

    def moments(step: float, scale: float) -> np.ndarray:
        """Return E phi^2, E phi'^2 and E phi phi' Z by the rule with this step."""
        z, w = _trapezoid(step)
        value, slope = phi(scale * z), phi.derivative(scale * z)
        return np.array([w @ value**2, w @ slope**2, w @ (value * slope * z)])

    def converged(step: float, scale: float) -> bool:
        """Return whether halving the step changes nothing."""
        fine = moments(0.5 * step, scale)
        return bool(np.all(np.abs(moments(step, scale) - fine) <= 1e-13 * np.abs(fine)[:2].max()))

    for step in 0.5 * 2.0 ** (-0.5 * np.arange(9)):
        if all(converged(min(_WIDEST, float(step) / scale), scale) for scale in (0.3, 0.6, 1.0, 2.0, 4.0)):
            return float(step)
    return 0.0


def _features(phi: Activation, scale: float) -> np.ndarray:
    """Return points in h between which panels resolve phi: kinks, and for a curved phi powers of 2."""
    if phi.piecewise_affine:
        return np.array(phi.breakpoints)
    # A phi without kinks needs panels too, if it is steep or if the scale is large.
    powers = 2.0 ** np.arange(0 if phi.breakpoints else -4, math.ceil(math.log2(max(2.0, _REACH * scale))))
    return np.sort(np.concatenate([phi.breakpoints, -powers, [0.0], powers]))


def _cuts(points: np.ndarray) -> np.ndarray:
    """Return the ends of panels: the points, and others that are close enough for the weight of N(0, 1)."""
    bound = np.broadcast_to([-_REACH, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, _REACH], (*points.shape[:-1], 9))
    return np.sort(np.concatenate([bound, np.clip(points, -_REACH, _REACH)], axis=-1), axis=-1)


def line(phi: Activation, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points h and weights of N(0, variance) for a product of two factors phi or phi'."""
    scale = math.sqrt(max(variance, NEAR_ZERO))
    step = min(_WIDEST, _step(phi) / scale)
    if step * _MOST <= 2.0 * _REACH:
        return split_line(phi, variance)
    z, w = _trapezoid(step)
    return scale * z, w


def split_line(phi: Activation, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points h and weights of N(0, variance) for any function of phi and phi'."""
    scale = math.sqrt(max(variance, NEAR_ZERO))
    z, w = _panels(_cuts(_features(phi, scale) / scale))
    return scale * z, w


def _plane(phi: Activation, variance: float, delta: float) -> tuple[np.ndarray, ...]:
    """Return h_1 (n,), h_2 (n, m) and their weights (n,), and (m,) or (n, m), for correlation 1 - delta."""
    c, scale = 1.0 - delta, math.sqrt(max(variance, NEAR_ZERO))
    rest = scale * math.sqrt(max(delta * (2.0 - delta), NEAR_ZERO))
    if _step(phi) * _MOST > 2.0 * _REACH * scale:
        h, w = line(phi, variance)
        y, v = line(phi, rest**2)
        return h, c * h[:, None] + y, w, v
    points = features = _features(phi, scale)
    if abs(c) > 0.3 and phi.breakpoints:
        # In h_1 a kink of phi(h_2) is smoothed over the width rest / c, which may be small.
        smoothed = np.add.outer(np.array(phi.breakpoints), rest * np.arange(-8.0, 9.0, 2.0)).ravel() / c
        points = np.concatenate([features, smoothed])
    z, w = _panels(_cuts(points / scale))
    h = scale * z
    y, v = _panels(_cuts((features - c * h[:, None]) / rest))
    return h, c * h[:, None] + rest * y, w, v


def _pair_mean(w: np.ndarray, v: np.ndarray, values: np.ndarray) -> float:
    """Return the mean of the values of shape (n, m) with the weights of `_plane`."""
    return float(w @ (values @ v if v.ndim == 1 else (values * v).sum(axis=1)))


@lru_cache(maxsize=64)
def _jumps(phi: Activation) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the kinks of phi and the jumps of its slope, None if it is not piecewise affine and continuous."""
    if phi.slopes is None or not phi.breakpoints:
        return None
    kinks, jumps = np.array(phi.breakpoints), np.diff(phi.slopes)
    below, above = phi(np.nextafter(kinks, -np.inf)), phi(np.nextafter(kinks, np.inf))
    return (kinks, jumps) if np.all(np.abs(above - below) <= 1e-12 * (1.0 + np.abs(below))) else None


class _Price(NamedTuple):
    """The numbers of Price's theorem at correlation c = 1 - delta."""

    square: float
    """E phi'^2."""
    kernel: float
    """The integral of K."""
    chord: float
    """The integral of (cos t - c) K / (1 - c)."""


def _price(phi: Activation, variance: float, delta: float) -> _Price | None:
    """Return the integrals of Price's theorem, None if phi has no kinks or jumps."""
    found = _jumps(phi)
    if found is None:
        return None
    kinks, jumps = found
    q = max(variance, NEAR_ZERO)
    end = 2.0 * math.asin(math.sqrt(min(1.0, 0.5 * delta)))
    # K varies like exp(-a / t^2) and like exp(-a / (pi - t)^2): panels whose widths halve towards both ends resolve it
    # until it is below exp(-40), or constant.
    sizes = np.abs(np.concatenate([np.subtract.outer(kinks, kinks).ravel(), np.add.outer(kinks, kinks).ravel()]))
    small = math.sqrt(np.min(sizes[sizes > 0.0], initial=math.inf) ** 2 / (80.0 * q))
    half = min(end, 0.5 * math.pi)
    panels = 1 + (math.ceil(math.log2(half / small)) if half > small else 0)
    doubling = half * 0.5 ** np.arange(panels + 1)
    cuts = np.concatenate([[0.0], doubling[::-1]])
    if end > half:
        mirrored = math.pi - cuts[::-1]
        cuts = np.concatenate([cuts, mirrored[(mirrored > half) & (mirrored < end)], [end]])
    width = 0.5 * np.diff(cuts)[:, None]
    t = (0.5 * (cuts[1:] + cuts[:-1])[:, None] + width * _NODES).ravel()
    w = (width * _WEIGHTS).ravel()
    # With the sign of cos t the exponent does not cancel.
    sign = np.where(t <= 0.5 * math.pi, 1.0, -1.0)[:, None, None]
    first, second = kinks[:, None], kinks[None, :]
    power = (first - sign * second) ** 2 / (2.0 * np.sin(t) ** 2)[:, None, None]
    power = (power + sign * first * second / (1.0 + np.abs(np.cos(t)))[:, None, None]) / q
    kernel = np.einsum("tkl,k,l->t", np.exp(-power), jumps, jumps) / (2.0 * math.pi)
    chord = 2.0 * np.sin(0.5 * (end + t)) * np.sin(0.5 * (end - t)) / delta  # (cos t - cos end) / delta
    return _Price(slope_moments(phi, variance).mean, float(w @ kernel), float(w @ (chord * kernel)))


def gap(phi: Activation, variance: float, delta: float) -> float:
    """Return E phi^2 - E phi(h_1) phi(h_2) at correlation 1 - delta, 0 < delta <= 2; relative error about 1e-12."""
    known = _price(phi, variance, delta) if delta > 0.0 else None
    # If the two terms cancel (kinks much closer together than the spread of h), the quadrature keeps its digits.
    if known is not None and known.square - known.chord >= _CANCELLED * known.square:
        return max(variance, NEAR_ZERO) * delta * (known.square - known.chord)
    h, other, w, v = _plane(phi, variance, delta)
    return _pair_mean(w, v, 0.5 * (phi(h)[:, None] - phi(other)) ** 2)


def overlap(phi: Activation, variance: float, delta: float) -> float:
    """Return E phi'(h_1) phi'(h_2) at correlation 1 - delta; the error is about 1e-12 of E phi'^2."""
    known = _price(phi, variance, delta) if delta > 0.0 else None
    if known is not None:
        return known.square - known.kernel
    h, other, w, v = _plane(phi, variance, delta)
    return _pair_mean(w, v, phi.derivative(h)[:, None] * phi.derivative(other))


def square(phi: Activation, variance: float) -> float:
    """Return E phi^2, infinite if it leaves the range of a float."""
    h, w = line(phi, variance)
    with np.errstate(over="ignore"):  # an infinite square exceeds every bound
        return float(w @ phi(h) ** 2)


class SlopeMoments(NamedTuple):
    """The first two moments of phi'^2."""

    mean: float
    """E phi'^2."""
    spread: float
    """The variance of phi'^2 divided by the square of its mean; infinite where the mean is 0."""


def slope_moments(phi: Activation, variance: float) -> SlopeMoments:
    """Return the mean and the relative variance of phi'^2."""
    h, w = split_line(phi, variance)
    slope = phi.derivative(h) ** 2
    mean = float(w @ slope)
    return SlopeMoments(mean, float(w @ (slope - mean) ** 2) / mean**2 if mean > 0.0 else math.inf)


def stretch(phi: Activation, variance: float) -> float:
    """Return the derivative of E phi^2 in the variance, E phi(h) phi'(h) h / variance."""
    variance = max(variance, NEAR_ZERO)
    h, w = line(phi, variance)
    return float(w @ (phi(h) * phi.derivative(h) * h)) / variance

"""The law of D^2 = phi'(h)^2 for a stable preactivation h, as values and masses."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation, activation
from rmtjac.propagation.stable_law import stable_law
from rmtjac.validate import finite

__all__ = ["MaskLaw", "mask_law"]

_DEEPEST = -1380.0  # log D^2; a smaller value acts like this one for every eigenvalue that a float can hold
_NODES, _STEP = 12, 4.0


class MaskLaw(NamedTuple):
    """The law of D^2 of a layer, D = 0 left out."""

    log_squares: tuple[float, ...]
    """The values of log D^2, ascending."""
    masses: tuple[float, ...]
    """Their masses, which add up to P(D != 0)."""

    @property
    def mass(self) -> float:
        """P(D != 0)."""
        return min(math.fsum(self.masses), 1.0)

    @staticmethod
    def from_points(squares: np.ndarray, masses: np.ndarray) -> MaskLaw:
        """Return the law with the given values of D^2 >= 0 and masses; equal values are joined."""
        joined: dict[float, float] = {}
        for square, mass in zip(np.asarray(squares, float), np.asarray(masses, float), strict=True):
            if not (0.0 <= square < math.inf and 0.0 <= mass <= 1.0 + 1e-12):
                raise ValueError(f"D^2={square!r} of mass {mass!r} must be finite, >= 0, with a mass in [0, 1]")
            if square > 0.0 and mass > 0.0:
                joined[math.log(square)] = joined.get(math.log(square), 0.0) + float(mass)
        if not joined or math.fsum(joined.values()) > 1.0 + 1e-9:
            raise ValueError(f"masses={masses!r} of D^2 > 0 must add up to more than 0 and at most 1")
        keys = sorted(joined)
        return MaskLaw(tuple(keys), tuple(joined[key] for key in keys))

    @staticmethod
    def one() -> MaskLaw:
        """Return the law of D = 1."""
        return MaskLaw((0.0,), (1.0,))


def mask_law(phi: str | Activation, alpha: float, scale: float) -> MaskLaw:
    """Return the law of phi'(h)^2, h symmetric stable of index alpha, with E exp(ith) = exp(-|scale t|^alpha).

    For alpha = 2 the scale is the standard deviation, as in `rmtjac.mean_field`. Piecewise affine activations give
    exact masses; for others, Gauss's rule on panels in which log D^2 changes little.

    Raises
    ------
    TypeError, ValueError
        If alpha lies outside (0, 2], the scale is negative or not finite, or phi' is 0 almost surely.
    ArithmeticError
        If the rule doesn't resolve the law of h.
    """
    phi = activation(phi)
    law = stable_law(alpha)
    scale = finite("scale", scale, least=0.0)
    if scale == 0.0:
        return MaskLaw.from_points(np.square(phi.derivative(np.zeros(1))), np.ones(1))
    if alpha == 2.0:
        scale *= math.sqrt(0.5)
    if phi.slopes is not None:
        cuts = np.array(phi.breakpoints) / scale
        below = np.concatenate([[0.0], law.cdf(cuts), [1.0]])
        above = np.concatenate([[1.0], law.cdf(-cuts), [0.0]])
        # A piece in the upper tail keeps its digits if it is measured from above.
        mass = np.where(below[:-1] > 0.5, above[:-1] - above[1:], below[1:] - below[:-1])
        return MaskLaw.from_points(np.square(phi.slopes), np.maximum(mass, 0.0))
    logs, masses = [], []
    kinks = sorted({0.0, *phi.breakpoints})
    for sign in (-1.0, 1.0):
        ends = [k * sign for k in kinks if k * sign > 0.0]
        panels, end = _panels(phi, sign, sorted({*ends, *_zeros(phi, sign)}), scale, alpha)
        for h, width in panels:
            with np.errstate(under="ignore", divide="ignore", over="ignore"):
                log = 2.0 * np.log(np.abs(phi.derivative(sign * h)))
            logs.append(np.maximum(log, _DEEPEST))
            masses.append(width * law.density(h / scale) / scale)
        # What lies beyond the last panel has about the last D^2.
        logs.append(np.maximum(log[-1:], _DEEPEST))
        masses.append(0.5 * law.masses(np.array([math.log(end) - math.log(scale)]))[1])
    log, mass = np.concatenate(logs), np.concatenate(masses)
    keep = mass > 0.0
    log, mass = log[keep], mass[keep]
    log, place = np.unique(log, return_inverse=True)  # an even phi' has every value twice
    mass = np.bincount(place, mass).astype(float)
    total = float(mass.sum())
    if not abs(total - 1.0) < 1e-8:
        raise ArithmeticError(f"the law of phi'(h)^2 of {phi.name!r} was not resolved: its mass is {total!r}")
    return MaskLaw(tuple(log.tolist()), tuple((mass / total).tolist()))


def _zeros(phi: Activation, sign: float) -> list[float]:
    """Return the |h| <= 40 of the given sign at which phi' changes its sign."""
    from scipy.optimize import brentq

    def slope(h: float) -> float:
        return float(phi.derivative(np.array([sign * h]))[0])

    grid = np.linspace(0.0, 40.0, 4001)
    with np.errstate(under="ignore"):
        values = phi.derivative(sign * grid)
        at = np.flatnonzero(values[:-1] * values[1:] < 0.0)
        return [float(brentq(slope, grid[i], grid[i + 1], xtol=1e-15, rtol=1e-15)) for i in at]


def _panels(
    phi: Activation, sign: float, kinks: list[float], scale: float, alpha: float
) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """Return nodes and weights of Gauss's rule on panels of h > 0, for h of the given sign, and their end."""
    x, w = np.polynomial.legendre.leggauss(_NODES)

    def log_square(h: float) -> float:
        with np.errstate(all="ignore"):
            value = float(np.abs(phi.derivative(np.array([sign * h]))[0]))
        return max(2.0 * math.log(value), _DEEPEST) if value > 0.0 else _DEEPEST

    out = []
    low = 0.0
    targets = [*kinks, math.inf]
    # For a small alpha the density has a narrow peak at 0.
    finest = 0.25 * min(scale, 1.0) * min(alpha, 1.0) ** (2.0 / alpha)
    step = finest
    while low < 1e140:
        end = targets[0]
        start = log_square(low)
        step = min(2.0 * step, max(low, finest), 0.5 if low < 8.0 else math.inf, end - low)
        allowed = _STEP if start > -60.0 else 3.0 * _STEP
        least = 2e-15 * max(low, 1e-3 * min(scale, 1.0))
        # Next to a zero of phi' the panels shrink down to rounding.
        while step > least and not abs(log_square(low + step) - start) <= allowed:
            step *= 0.5
        if step <= least or end - low <= 2.0 * least:
            low = min(low + 2.0 * least, end)
            if low == end:
                low += least
                targets.pop(0)
            step = least
            continue
        out.append((0.5 * step * (x + 1.0) + low, 0.5 * step * w))
        low += step
        if low >= end:
            targets.pop(0)
        if log_square(low) <= _DEEPEST and log_square(2.0 * low) <= _DEEPEST:
            break
    return out, low

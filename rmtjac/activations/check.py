"""Search for counterexamples to the facts of an activation, on a grid and in ball arithmetic.

Ball arithmetic needs formulas of NumPy functions and arithmetic (`rmtjac.activations.ball_series`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from rmtjac.activations.ball_series import BallSeries
from rmtjac.activations.facts import Facts

__all__ = ["check"]

_EPS = 2.0**-52
_SLACK = 64.0 * _EPS  # relative error that values of a library function may have
_POINTS, _CELLS = 8001, 2000
_NO_CLAIM = {"lower": -math.inf, "upper": math.inf, "steepest": math.inf}


class Function(Protocol):
    """What the search reads of an activation. The class `Activation` itself imports this file."""

    @property
    def name(self) -> str: ...
    @property
    def function(self) -> Callable[..., Any]: ...
    @property
    def derivative(self) -> Callable[..., Any]: ...
    @property
    def breakpoints(self) -> tuple[float, ...]: ...
    @property
    def facts(self) -> Facts: ...
    def __call__(self, h: np.ndarray) -> np.ndarray: ...


def check(phi: Function, reach: float) -> dict[str, str]:
    """Return what was found for each fact of phi; `rmtjac.activations.Activation.check` describes it."""
    if not (math.isfinite(reach) and reach > 0.0):
        raise ValueError(f"reach={reach!r} must be a finite number above 0")
    grid = _Grid(phi, reach)
    known = phi.facts
    balls = _balls(phi, reach)
    out = {"derivative": grid.derivative()}
    looks: list[tuple[str, object, Callable[[], str], str]] = [
        ("concave", known.concave, grid.concave, "concave"),
        ("ratio", known.ratio, grid.ratio, "ratio"),
        ("slope_at_infinity", known.slope, grid.slope, ""),
        ("monotone_from", known.monotone_from, grid.monotone, "monotone"),
        ("lower", known.lower, grid.lower, "lower"),
        ("upper", known.upper, grid.upper, "upper"),
        ("steepest", known.steepest, grid.steepest, "steepest"),
        ("identity_up_to", known.identity_up_to, grid.identity, ""),
    ]
    for name, value, look, proof in looks:
        if value is None or value is False or value == "no" or value == _NO_CLAIM.get(name):
            continue
        out[name] = look()
        if proof in balls:
            out[name] += f"; proved on {balls[proof]:.0%} of [{-reach:g}, {reach:g}]"
    return out


class _Grid:
    """Values of phi and phi' on a symmetric grid, and the test of each fact there."""

    def __init__(self, phi: Function, reach: float) -> None:
        self.phi, self.known = phi, phi.facts
        far = reach * np.geomspace(1.0, 1e6, 60)
        near = np.geomspace(1e-6, reach, 400)
        h = np.concatenate([-far, -near, np.linspace(-reach, reach, _POINTS), near, far, phi.breakpoints])
        self.h = np.unique(h)
        with np.errstate(all="ignore"):
            self.y, self.d = phi(self.h), np.asarray(phi.derivative(self.h), dtype=float)
        for name, values in (("value", self.y), ("derivative", self.d)):
            if values.shape != self.h.shape or not np.isfinite(values).all():
                raise ValueError(f"activation {phi.name!r}: its {name} must be finite, one number for each h")

    def _fail(self, claim: str, found: str) -> None:
        """Raise the error that phi is not what is claimed."""
        raise ValueError(f"activation {self.phi.name!r} is not {claim}: {found}")

    def _agree(self, points: int) -> str:
        """Return the text for a fact that no point contradicts."""
        return f"agrees at {points} points"

    def derivative(self) -> str:
        """Check that the slope of each chord lies between the values of phi' at its ends, with a margin."""
        h, y, d = self.h, self.y, self.d
        chords = np.diff(y) / np.diff(h)
        noise = 4.0 * _EPS * np.maximum(np.abs(y[1:]), np.abs(y[:-1])) / np.diff(h)
        # The margin allows for phi' between the ends and for rounding.
        low, high = np.minimum(d[1:], d[:-1]), np.maximum(d[1:], d[:-1])
        room = (high - low) + 1e-6 * (1.0 + np.abs(high)) + noise + 0.1 * np.diff(h)
        touched = np.zeros(chords.size, dtype=bool)
        for kink in self.phi.breakpoints:
            touched |= (h[:-1] <= kink) & (h[1:] >= kink)
        wrong = ~touched & (np.abs(h[:-1]) < 1e3) & ~((chords >= low - room) & (chords <= high + room))
        if wrong.any():
            i = int(np.argmax(wrong))
            self._fail(
                "the integral of its derivative",
                f"between h={h[i]:.6g} and {h[i + 1]:.6g} phi has the slope {chords[i]:.6g}, phi' is {d[i]:.6g}",
            )
        return self._agree(chords.size)

    def concave(self) -> str:
        """Check that phi' does not rise and chords do not grow steeper on t >= 0."""
        on = self.h >= 0.0
        t, y, d = self.h[on], self.y[on], self.d[on]
        smooth = ~np.isin(t, self.phi.breakpoints)
        s, slope = t[smooth], d[smooth]
        rise = slope[1:] - np.minimum.accumulate(slope)[:-1]
        bad = rise > _SLACK * np.abs(slope).max()
        if bad.any():
            i = int(np.argmax(rise))
            first = int(np.argmin(slope[: i + 1]))
            self._fail(
                "concave on t >= 0",
                f"phi' rises from {slope[first]:.6g} at t={s[first]:.6g} to {slope[i + 1]:.6g} at t={s[i + 1]:.6g}",
            )
        chords, size = np.diff(y) / np.diff(t), np.maximum(np.abs(y[1:]), np.abs(y[:-1]))
        noise = _SLACK * size / np.diff(t)
        bad = np.diff(chords) > noise[1:] + noise[:-1]
        if bad.any():
            i = int(np.argmax(bad))
            self._fail("concave on t >= 0", f"its chords grow steeper at t={t[i + 1]:.6g}")
        return self._agree(t.size)

    def ratio(self) -> str:
        """Check that phi(t)/t does not rise on t > 0, and falls where that is claimed."""
        on = self.h > 0.0
        t, ratio = self.h[on], self.y[on] / self.h[on]
        bad = np.diff(ratio) > _SLACK * (np.abs(ratio[1:]) + np.abs(ratio[:-1]))
        if bad.any():
            i = int(np.argmax(bad))
            self._fail(
                "of nonincreasing ratio phi(t)/t",
                f"it is {ratio[i]:.9g} at t={t[i]:.6g} and {ratio[i + 1]:.9g} at t={t[i + 1]:.6g}",
            )
        wide = t[1:] > 1.5 * t[:-1]  # far out a strict decrease shows between points far apart
        flat = (np.diff(ratio) == 0.0) & wide if self.known.ratio == "strictly" else np.zeros(bad.size, dtype=bool)
        coarse = np.interp(np.geomspace(1e-3, 1e3, 25), t, ratio)
        if self.known.ratio == "strictly" and (flat.any() or (np.diff(coarse[12:]) == 0.0).all()):
            self._fail("of strictly decreasing ratio phi(t)/t", "it is constant far out")
        return self._agree(t.size)

    def slope(self) -> str:
        """Check that phi(t)/t reaches the slope at infinity at the end of the grid, or approaches it (as for log1p)."""
        t, ratio = self.h[-20:], self.y[-20:] / self.h[-20:]
        gap = np.abs(ratio - float(self.known.slope or 0.0))
        if not (gap[-1] <= 1e-6 or gap[-1] < gap[0]):
            self._fail(f"of slope {self.known.slope:g} at infinity", f"phi(t)/t = {ratio[-1]:.9g} at t={t[-1]:.6g}")
        return self._agree(t.size)

    def monotone(self) -> str:
        """Check that phi does not fall from `monotone_from` on."""
        on = self.h >= float(self.known.monotone_from)  # type: ignore[arg-type]
        h, y, d = self.h[on], self.y[on], self.d[on]
        fall = y[:-1] - y[1:] > _SLACK * np.maximum(np.abs(y[1:]), np.abs(y[:-1]))
        kink = np.isin(h[:-1], self.phi.breakpoints)  # there phi' is the slope of one side only
        down = (d[:-1] < -_SLACK * np.abs(self.d).max()) & ~kink
        if (fall | down).any():
            i = int(np.argmax(fall | down))
            self._fail(f"nondecreasing from {self.known.monotone_from:g} on", f"phi' = {d[i]:.6g} at h={h[i]:.6g}")
        return self._agree(h.size)

    def _far(self) -> tuple[np.ndarray, np.ndarray]:
        """Return points up to the end of the range of floats, and phi there, where it is finite."""
        h = np.geomspace(self.h[-1], 1e300, 30)
        h = np.concatenate([self.h, -h, h])
        with np.errstate(all="ignore"):
            y = np.asarray(self.phi(h), dtype=float)
        return h[np.isfinite(y)], y[np.isfinite(y)]

    def _below(self, h: np.ndarray, values: np.ndarray, bound: float, claim: str, what: str) -> str:
        """Check that values at h are at most a bound."""
        bad = values > bound + _SLACK * max(abs(bound), np.finfo(float).tiny)
        if bad.any():
            i = int(np.argmax(values))
            self._fail(claim, f"{what} = {values[i]:.17g} at h={h[i]:.6g}")
        return self._agree(values.size)

    def lower(self) -> str:
        """Check that phi is at least `lower`."""
        (h, y), bound = self._far(), float(self.known.lower or 0.0)
        return self._below(h, -y, -bound, f"bounded below by {bound:.12g}", "-phi")

    def upper(self) -> str:
        """Check that phi is at most `upper`."""
        (h, y), bound = self._far(), float(self.known.upper or 0.0)
        return self._below(h, y, bound, f"bounded above by {bound:.12g}", "phi")

    def steepest(self) -> str:
        """Check that the absolute value of phi' is at most `steepest`."""
        bound = float(self.known.steepest or 0.0)
        return self._below(self.h, np.abs(self.d), bound, f"of slopes up to {bound:.12g}", "|phi'|")

    def identity(self) -> str:
        """Check that phi(t) = t up to `identity_up_to`, and phi(t) < t beyond."""
        c = float(self.known.identity_up_to or 0.0)
        on = self.h > 0.0
        t, y = self.h[on], self.y[on]
        near = (t > c + 0.1 * (1.0 + c)) & (t <= c + 5.0)  # elsewhere rounding may hide that phi(t) < t
        bad = (t <= c) & (np.abs(y - t) > _SLACK * t) | (y > t * (1.0 + _SLACK)) | near & ~(y < t)
        if bad.any():
            i = int(np.argmax(bad))
            self._fail(f"the identity up to {c:g} and below it beyond", f"phi(t) = {y[i]:.17g} at t={t[i]:.17g}")
        return self._agree(t.size)


def _balls(phi: Function, reach: float) -> dict[str, float]:
    """Return the share of [-reach, reach] (or of its right half) on which each fact is proved; {} if balls fail."""
    try:
        import flint
    except ImportError:
        return {}
    cuts = np.linspace(-reach, reach, _CELLS + 1)
    proved: dict[str, list[bool]] = {}
    known = phi.facts
    for low, high in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        cell = flint.arb(low).union(flint.arb(high))
        argument = np.array([BallSeries(flint.arb_series([cell, 1], 2))], dtype=object)
        try:
            y, d = (np.asarray(f(argument), dtype=object).item().series for f in (phi.function, phi.derivative))
            value, slope, bend = y[0], d[0], d[1]
        except Exception:  # whatever a formula that is not made for balls may raise
            return {}
        for name, holds in {
            "lower": known.lower is not None and value >= known.lower,
            "upper": known.upper is not None and value <= known.upper,
            "steepest": known.steepest is not None and abs(slope) <= known.steepest,
            "monotone": None if not known.nondecreasing_from(low) else slope >= 0,
            "concave": None if low < 0.0 else bend <= 0,
            "ratio": None if low < 0.0 else value - cell * slope >= 0,
        }.items():
            if holds is not None:
                proved.setdefault(name, []).append(bool(holds))
    return {name: float(np.mean(those)) for name, those in proved.items()}

r"""The two intervals of real m on which log lambda is followed to an end of the support, in ball arithmetic.

Above the support m > 0, below it m < -mu, mu the rank. `rmtjac.theory.proof.edges` describes the proof that uses these
intervals, and the parts P, N and Q of the slope of log lambda, which bound the slope between two points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rmtjac.theory.proof.arb import exact, flint_module
from rmtjac.theory.proof.exact_equation import Equation, Term
from rmtjac.theory.proof.verdict import Unproved

__all__ = ["Curve", "Place", "Stretch", "least_slope", "most_slope", "stretch_above", "stretch_below"]


class SeveralValues(NamedTuple):
    """A term of more than one value of D^2 at a point of the stretch."""

    multiplicity: int
    """k_g."""
    ratio: Any
    """e_g = m_{K_g}(u_g) / u_g."""
    slope: Any
    """m_{K_g}'(u_g)."""


class Inverse(NamedTuple):
    """Balls around the real u with a given m_K(u)."""

    u: Any
    ratio: Any
    """e = m_K(u) / u."""
    slope: Any
    """m_K'(u)."""


@dataclass(frozen=True, eq=False)
class Place:
    """A point of a stretch, in balls.

    Attributes
    ----------
    y : arb
        log m above the support, x = -m below it.
    rising, falling : arb
        The parts P and N of the slope.
    value : arb
        log lambda above the support, -log lambda below it, both without the constant of the equation.
    laws : tuple of SeveralValues
        The terms that make up the part Q of the slope.
    """

    y: Any
    rising: Any
    falling: Any
    value: Any
    laws: tuple[SeveralValues, ...] = ()

    @property
    def slope(self) -> Any:
        """The slope P - N + Q at the point."""
        return most_slope(self, self)


def most_slope(low: Place, high: Place) -> Any:
    """Return an upper bound of the slope between two points."""
    out = high.rising - low.falling
    for first, last in zip(low.laws, high.laws, strict=True):
        out += first.multiplicity * (first.ratio / last.slope - 1) / low.y
    return out


def least_slope(low: Place, high: Place) -> Any:
    """Return a lower bound of the slope between two points; Q >= 0 because e >= m'."""
    out = low.rising - high.falling
    for first, last in zip(low.laws, high.laws, strict=True):
        out += first.multiplicity * (last.ratio / first.slope - 1).max(0 * last.ratio) / high.y
    return out


Curve = Callable[[float], "Place | None"]


class Stretch(NamedTuple):
    """An interval of real m on which log lambda is followed."""

    curve: Curve
    """The point at the parameter v, None where it is not enclosed."""
    bottom: Place
    """The point at which the stretch begins."""
    low: float
    """The least v to try."""
    high: float
    """The largest v to try."""


def stretch_above(eq: Equation) -> Stretch:
    """Return the stretch m > 0; v is log u of the first term with several values, or log m if there is none."""
    flint = flint_module()
    arb = flint.arb
    several = [t for t in eq.terms if not t.single]
    singles = [t for t in eq.terms if t.single]
    guide = several[0] if several else None

    def tip(t: Term) -> float:
        """Return log u at the tip of the cut."""
        return -math.log(t.law.float_law.supremum)

    def curve(v: float) -> Place | None:
        """Return the point with log m or log u equal to v."""
        u = arb(v).exp().mid()
        parts = []
        if guide is None:
            m = u
        else:
            at = _at(guide, u)
            if at is None:
                return None
            m = u * at.ratio / exact(guide.ratio)
            parts.append((guide, at))
        for term in several[1:]:
            found = _invert(term, m * exact(term.ratio))
            if found is None:
                return None
            parts.append((term, found))
        y = m.log()
        rising, falling, value = arb(-1), arb(0), -y
        for t, at in parts:
            rising += t.count * (1 - at.ratio / at.slope)
            value += t.count * at.ratio.log()
        for t in singles:
            rm = m * exact(t.ratio)
            value += t.count * (t.law.mass + rm).log()
            share = rm / (t.law.mass + rm)
            if t.count > 0:
                rising += t.count * share
            else:
                falling -= t.count * share
        return Place(y, rising, falling, value)

    bottom = Place(arb.neg_inf(), arb(-1), arb(0), arb.pos_inf())
    if guide is not None:
        return Stretch(curve, bottom, tip(guide) - 60.0, tip(guide))
    start = math.log(min(t.rank for t in singles))
    return Stretch(curve, bottom, start - 60.0, start + 60.0)


def _at(term: Term, u: Any) -> Inverse | None:
    """Return e and m' at the real u, or None if u b < 1 is not proved."""
    if not term.law.below_tip(u):
        return None
    acb = flint_module().acb
    e, slope = acb(term.law.rest_and_ratio(u).ratio).real, acb(term.law.slope(u)).real
    return Inverse(u, e, slope) if e > 0 and slope > 0 else None


def _invert(term: Term, m: Any) -> Inverse | None:
    """Return balls of u, e, m' at the real u with m_K(u) = m, or None.

    m_K increases, so two points with values below and above m enclose u.
    """
    from scipy.optimize import brentq

    flint = flint_module()
    arb, sign = flint.arb, 1 if m > 0 else -1
    tip = -math.log(term.law.float_law.supremum)
    goal = math.log(abs(float(m.mid())))

    def excess(v: float) -> float:
        """Return log |m_K| - log |m| at u = sign e^v, in floats."""
        log_e = term.law.float_law.log_moment_transform(np.array([complex(v, 0.0 if sign > 0 else -math.pi)]))[1]
        return v + float(log_e.real[0]) - goal

    ends = [tip - g for g in (1e-1, 1e-3, 1e-6, 1e-9, 1e-12)] if sign > 0 else [tip + g for g in (5.0, 20.0, 80.0)]
    high = next((v for v in ends if excess(v) > 0.0), None)
    low = min(goal, tip) - 5.0
    while high is not None and excess(low) > 0.0:
        low -= 20.0
    if high is None:
        return None
    u = (sign * arb(brentq(excess, low, high, xtol=1e-9)).exp()).mid()
    for _ in range(4):
        at = _at(term, u)
        if at is None:
            return None
        step = (m - u * at.ratio) / at.slope
        u = (u + step).mid()
        if abs(step) < abs(u) * arb(2) ** (20 - flint.ctx.prec):
            break
    # An interval around the approximate root; the signs at its ends prove that it holds the root.
    width = arb(2) * abs(step).upper() + abs(u) * arb(2) ** (8 - flint.ctx.prec)
    left, right = (u - width).mid(), (u + width).mid()
    first, last = _at(term, left), _at(term, right)
    if first is None or last is None or not left * first.ratio < m or not right * last.ratio > m:
        return None
    # e and m' increase with u.
    return Inverse(left.union(right), first.ratio.union(last.ratio), first.slope.union(last.slope))


def stretch_below(eq: Equation) -> Stretch:
    """Return the stretch m < -mu; x = -m = mu + (a - mu)/(1 + e^-v), a the next rank.

    Raises
    ------
    Unproved
        If the support has no gap above 0, or the proof does not cover it.
    """
    flint = flint_module()
    arb = flint.arb
    if not eq.lead.single:
        raise Unproved(
            "the lower end is proved only where the smallest rank is that of a law with a single value of D^2 beside 0"
        )
    if eq.lead.count != 1:
        raise Unproved("the support has no gap above 0: several factors share the smallest rank")
    mu = arb(eq.lead.law.mass) / exact(eq.lead.ratio)
    ranks = [arb(t.law.mass) / exact(t.ratio) for t in (*eq.others, *eq.factors)]
    if not ranks or not all(rank > mu for rank in ranks):
        raise Unproved("the support has no gap above 0 that could be proved: the smallest rank is shared")
    top = ranks[0]
    for rank in ranks[1:]:
        top = top.min(rank)

    def laws(x: Any) -> tuple[SeveralValues, ...] | None:
        """Return the terms of several values at m = -x, None where one is not enclosed."""
        out = []
        for term in eq.others:
            found = _invert(term, -x * exact(term.ratio))
            if found is None:
                return None
            out.append(SeveralValues(term.count, found.ratio, found.slope))
        return tuple(out)

    def curve(v: float) -> Place | None:
        """Return the point with the parameter v."""
        share = 1 / (1 + (-arb(v)).exp())
        over = (top - mu) * share  # x - mu without cancellation
        x = mu + over
        parts = laws(x)
        if parts is None:
            return None
        rising, falling = -mu / (x * over), arb(0)
        value = (
            x.log() - (over * exact(eq.lead.ratio)).log() - sum(part.multiplicity * part.ratio.log() for part in parts)
        )
        for t, rank in zip(eq.factors, ranks[len(eq.others) :], strict=True):
            left = rank - x
            if not left > 0:
                return None
            value -= t.count * (exact(t.ratio) * left).log()
            if t.count > 0:
                rising += t.count / left
            else:
                falling -= t.count / left
        return Place(x, rising, falling, value, parts)

    start = laws(mu)
    if start is None:
        raise Unproved("m = -mu is not reached by all laws")
    # These ends are far enough for single values; a law of several values makes the curve steeper towards its rank.
    bottom = Place(mu, arb.neg_inf(), arb(0), arb.pos_inf(), start)
    return Stretch(curve, bottom, -30.0, 2.0 if eq.others else 30.0)

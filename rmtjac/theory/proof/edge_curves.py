r"""The two stretches of real m on which log lambda is followed to an end of the support, in ball arithmetic.

Above the support m > 0, below it m < -mu (`rmtjac.theory.proof.edges` says what for). A point of a stretch knows
the parts P, N, Q of the slope of log lambda, from which the slope between two points is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.theory.proof.ball_laws import exact, flint_module
from rmtjac.theory.proof.exact_equation import Equation, Term

__all__ = ["Curve", "Place", "least_slope", "most_slope", "stretch_above", "stretch_below"]


@dataclass(frozen=True, eq=False)
class Place:
    """A point of a stretch: y (or x), P, N, the (k_g, e_g, m_g') of Q; log lambda (or minus it) without constant."""

    y: Any
    rising: Any
    falling: Any
    value: Any
    laws: tuple[tuple[int, Any, Any], ...] = ()

    @property
    def slope(self) -> Any:
        """P - N + Q."""
        return most_slope(self, self)


def most_slope(low: Place, high: Place) -> Any:
    """An upper bound of the slope between two places."""
    out = high.rising - low.falling
    for (k, e, _), (_, _, slope) in zip(low.laws, high.laws, strict=True):
        out += k * (e / slope - 1) / low.y
    return out


def least_slope(low: Place, high: Place) -> Any:
    """A lower bound of the slope between two places; e >= m' makes Q >= 0."""
    out = low.rising - high.falling
    for (k, _, slope), (_, e, _) in zip(low.laws, high.laws, strict=True):
        out += k * (e / slope - 1).max(0 * e) / high.y
    return out


Curve = Callable[[float], "Place | None"]


def stretch_above(eq: Equation) -> tuple[Curve, Place, float, float]:
    """The stretch m > 0: the curve over v, its start, and where v may lie.

    v is log u of the first term with several values, or log m where there is none.
    """
    flint = flint_module()
    arb = flint.arb
    several = [t for t in eq.terms if not t.single]
    singles = [t for t in eq.terms if t.single]
    guide = several[0] if several else None

    def tip(t: Term) -> float:
        return -math.log(t.law.float_law.supremum)

    def curve(v: float) -> Place | None:
        u = arb(v).exp().mid()
        parts = []
        if guide is None:
            m = u
        else:
            at = _at(guide, u)
            if at is None:
                return None
            m = u * at[0] / exact(guide.ratio)
            parts.append((guide, u, *at))
        for term in several[1:]:
            pair = _invert(term, m * exact(term.ratio))
            if pair is None:
                return None
            parts.append((term, *pair))
        y = m.log()
        rising, falling, value = arb(-1), arb(0), -y
        for t, _, e, slope in parts:
            rising += t.count * (1 - e / slope)
            value += t.count * e.log()
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
        return curve, bottom, tip(guide) - 60.0, tip(guide)
    start = math.log(min(t.rank for t in singles))
    return curve, bottom, start - 60.0, start + 60.0


def _at(term: Term, u: Any) -> tuple[Any, Any] | None:
    """Return e and m' at real u, if u b < 1 is proved."""
    if not term.law.below_tip(u):
        return None
    e, slope = (
        x.real for x in (flint_module().acb(term.law.rest_and_ratio(u)[1]), flint_module().acb(term.law.slope(u)))
    )
    return (e, slope) if e > 0 and slope > 0 else None


def _invert(term: Term, m: Any) -> tuple[Any, Any, Any] | None:
    """Balls of u, e, m' with m_K(u) = m, real: m_K increases, so two points with values around m enclose u."""
    from scipy.optimize import brentq

    flint = flint_module()
    arb, sign = flint.arb, 1 if m > 0 else -1
    tip = -math.log(term.law.float_law.supremum)
    goal = math.log(abs(float(m.mid())))

    def excess(v: float) -> float:
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
        step = (m - u * at[0]) / at[1]
        u = (u + step).mid()
        if abs(step) < abs(u) * arb(2) ** (20 - flint.ctx.prec):
            break
    # An interval around the root of the floats of this precision; whether it holds the root the signs at its ends say.
    width = arb(2) * abs(step).upper() + abs(u) * arb(2) ** (8 - flint.ctx.prec)
    left, right = (u - width).mid(), (u + width).mid()
    first, last = _at(term, left), _at(term, right)
    if first is None or last is None or not left * first[0] < m or not right * last[0] > m:
        return None
    # e and m' increase with u.
    return left.union(right), first[0].union(last[0]), first[1].union(last[1])


def stretch_below(eq: Equation) -> tuple[Curve, Place, float, float] | str:
    """The stretch m < -mu, x = -m = mu + (a - mu)/(1 + e^-v), a the next rank."""
    flint = flint_module()
    arb = flint.arb
    if not eq.lead.single:
        return (
            "the lower end is proved only where the smallest rank is that of a law with a single value of D^2 beside 0"
        )
    if eq.lead.count != 1:
        return "the support has no gap above 0: several factors share the smallest rank"
    mu = arb(eq.lead.law.mass) / exact(eq.lead.ratio)
    ranks = [arb(t.law.mass) / exact(t.ratio) for t in (*eq.others, *eq.factors)]
    if not ranks or not all(rank > mu for rank in ranks):
        return "the support has no gap above 0 that could be proved: the smallest rank is shared"
    top = ranks[0]
    for rank in ranks[1:]:
        top = top.min(rank)

    def laws(x: Any) -> tuple[tuple[int, Any, Any], ...] | None:
        out = []
        for term in eq.others:
            pair = _invert(term, -x * exact(term.ratio))
            if pair is None:
                return None
            out.append((term.count, *pair[1:]))
        return tuple(out)

    def curve(v: float) -> Place | None:
        share = 1 / (1 + (-arb(v)).exp())
        over = (top - mu) * share  # x - mu without cancellation
        x = mu + over
        parts = laws(x)
        if parts is None:
            return None
        rising, falling = -mu / (x * over), arb(0)
        value = x.log() - (over * exact(eq.lead.ratio)).log() - sum(k * e.log() for k, e, _ in parts)
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
        return "m = -mu is not reached by all laws"
    # The ends are far enough for single values; a law of many values bends more and more towards its own rank.
    return curve, Place(mu, arb.neg_inf(), arb(0), arb.pos_inf(), start), -30.0, 2.0 if eq.others else 30.0

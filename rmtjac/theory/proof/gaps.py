r"""A proof that a point lies outside the support, where D^2 of the leading term has finitely many values.

By `rmtjac.theory.proof.edges` it is enough to find a real m = m_{K_0}(u)/r_0, u outside the cut (here: at no pole),
with log lambda(m) = log lambda, Im H = 0 and d log lambda/dm < 0. The numbers m, e and p_j + r_j m increase with u, so
at u - i0 those that are negative have the argument -pi, and

.. math:: \mathrm{Im}\,H / \pi = 1_{m < 0} - k_0 1_{e < 0} - \sum_j k_j 1_{p_j + r_j m < 0} .

The proof needs points a < b without a pole between them, with log\|lambda(u)\| above log lambda at u = a and below it
at u = b. Over the ball [a, b] the signs must give Im H = 0, and the derivative must be < 0. The proof works in all
gaps: between the atom at 0 and the support, between parts of the support, and above the support.

docs/theory/proved_limits.md gives the proof at length.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from rmtjac.theory.proof.arb import exact, flint_module
from rmtjac.theory.proof.ball_laws import PointBalls
from rmtjac.theory.proof.exact_equation import Equation
from rmtjac.theory.proof.verdict import Verdict

__all__ = ["prove_outside"]


class Factor(NamedTuple):
    """A factor (p + r m)^k of the equation, in floats or in balls."""

    multiplicity: int
    """k."""
    mass: Any
    """p."""
    ratio: Any
    """r."""


def prove_outside(eq: Equation, lam: float, bits: int = 64) -> Verdict:
    """Return whether the density is proved to vanish at `lam`.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.theory.proof.exact_equation import equation
    >>> leaky = rj.theory.derivative_law(rj.activations.activation("leaky_relu:0.2"), 1.0)
    >>> eq = equation(rj.theory.Layers([leaky], [1.0]))
    >>> prove_outside(eq, 0.09)
    Verdict(proved=True, reason='')
    >>> prove_outside(eq, 0.5)
    Verdict(proved=False, reason='no real root outside the support was found')
    """
    if not isinstance(eq.lead.law, PointBalls) or eq.others:
        return Verdict(False, "gaps are looked for with one law of finitely many values only")
    with flint_module().ctx.workprec(bits):
        for low, high in _brackets(eq, lam):
            if _holds(eq, lam, low, high):
                return Verdict(True)
    return Verdict(False, "no real root outside the support was found")


def _brackets(eq: Equation, lam: float) -> list[tuple[float, float]]:
    """Return pairs of floats a < b between which log|lambda(u)| falls through log lam."""
    from scipy.optimize import brentq

    arb = flint_module().arb
    assert isinstance(eq.lead.law, PointBalls)
    points = [(float(arb(w)), float(arb(x))) for w, x in eq.lead.law.points]
    r0 = float(eq.lead.ratio)
    factors = [Factor(t.count, float(arb(t.law.mass)), float(t.ratio)) for t in eq.factors]
    constant = float(eq.log_constant()) - math.log(lam)

    def excess(u: Any) -> Any:
        """Return log |lambda(u)| - log lam in floats."""
        e = sum(w * x / (1.0 - u * x) for w, x in points)
        m = u * e / r0
        total = constant - np.log(np.abs(m)) + eq.lead.count * np.log(np.abs(e))
        return total + sum(k * np.log(np.abs(p + r * m)) for k, p, r in factors)

    poles = sorted(1.0 / x for _, x in points)
    t = np.linspace(-60.0, 60.0, 2401)
    share = 1.0 / (1.0 + np.exp(-t))
    pieces = [-poles[0] * np.exp(-t), poles[0] * share, poles[-1] * (1.0 + np.exp(t))]
    pieces += [a + (b - a) * share for a, b in itertools.pairwise(poles)]
    out = []
    for u in pieces:
        with np.errstate(all="ignore"):
            value = excess(u)
            falls = np.flatnonzero((value[:-1] > 0.0) & (value[1:] < 0.0) & np.isfinite(value[:-1] - value[1:]))
            for i in falls:
                root = float(brentq(excess, u[i], u[i + 1], xtol=1e-300, rtol=1e-15))
                for wide in (1e-14, 1e-11, 1e-8):
                    gap = wide * abs(root)
                    out.append((max(root - gap, float(u[i])), min(root + gap, float(u[i + 1]))))
    return out


def _holds(eq: Equation, lam: float, low: float, high: float) -> bool:
    """Return whether the conditions of the proof hold on [low, high]."""
    arb = flint_module().arb
    law, r0, k0 = eq.lead.law, arb(exact(eq.lead.ratio)), eq.lead.count
    constant = eq.log_constant() - arb(lam).log()
    factors = [Factor(t.count, arb(t.law.mass), exact(t.ratio)) for t in eq.factors]

    def parts(u: Any) -> tuple[Any, Any, list[Any]]:
        """Return e, m and the factors p_j + r_j m."""
        e = law.rest_and_ratio(u).ratio
        m = u * e / r0
        return e, m, [f.mass + f.ratio * m for f in factors]

    def excess(u: Any) -> Any:
        """Return log |lambda(u)| - log lam in balls."""
        e, m, rest = parts(u)
        total = constant - abs(m).log() + k0 * abs(e).log()
        return total + sum(f.multiplicity * abs(value).log() for f, value in zip(factors, rest, strict=True))

    if not (excess(arb(low)) > 0 and excess(arb(high)) < 0):
        return False
    u = arb(low).union(arb(high))
    e, m, rest = parts(u)
    # A pole in [a, b] makes e and all that depends on it infinite; then no sign is known.
    turns = 0
    for k, x in ((1, m), (-k0, e), *((-f.multiplicity, value) for f, value in zip(factors, rest, strict=True))):
        if not (x > 0 or x < 0):
            return False
        turns += k if x < 0 else 0
    slope = law.slope(u)  # dm/du, times r_0
    rate = -slope / (m * r0) + k0 * (slope / e - 1) / u
    rate += sum(f.multiplicity * f.ratio * slope / (r0 * value) for f, value in zip(factors, rest, strict=True))
    return turns == 0 and bool(rate < 0)

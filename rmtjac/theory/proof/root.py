r"""A ball that is proved to hold the root of the limit equation, and the density that follows from it.

The equation is that of `rmtjac.theory.equation.roots`. The unknowns are u_0 of the leading term, the term of smallest
rank, which gives m = m_{K_0}(u_0)/r_0, and u_1, u_2, ... of the other terms with more than one value of D^2. The
remaining terms are functions of m, because e^{s_j} = x_j (p_j + r_j m) for a law of the single value x_j with
probability p_j. With e_g = m_{K_g}(u_g)/u_g

.. math:: F_0 = -\mathrm{Log}\,m + \sum_g k_g\,\mathrm{Log}\,e_g + \sum_j k_j\,\mathrm{Log}(p_j + r_j m) - \zeta,
          \qquad F_g = u_g e_g / r_g - m,

zeta = log lambda minus the constants, with principal logarithms and without reduction mod 2 pi.

The proof
---------
*Hypotheses.* K_g are laws on [0, b_g], not delta_0. lambda > 0 is the exact value of the float, and so are the
variances, the widths and q (`rmtjac.theory.proof.ball_laws`). u is the float root; the proof holds for any point u.
F is written as a function of delta, with u_g (1 + delta_g) in place of u_g.

1. C is an inverse of F' at delta = 0, rounded, and used as an exact matrix. T(delta) = delta - C F(delta).
2. eta >= \|C F(0)\|, R = 4 eta, and B = {\|delta\| <= R} in the maximum norm of C^n. All Im u_g < 0 on B. There all
   u_g, m, e_g and p_j + r_j m lie in the open lower half-plane, so F is analytic on B, and F' is enclosed on B.
3. kappa >= \|1 - C F'(B)\| < 1 and eta + kappa R <= R: T maps B to itself and contracts, so it has one fixed point
   there; C is invertible because kappa < 1, so the fixed point is a zero of F. Then
   \|delta + C F\| = \|T(delta) - T(0)\| <= kappa eta / (1 - kappa).
4. At the zero all Im u_g < 0, all m_{K_g}(u_g)/r_g agree, H = log lambda. By the theorem on branches
   (`rmtjac.theory.equation.roots`) there is one such point and it is the limit lambda + i0: the zero is the physical
   one.
5. rho = -Im m / (pi lambda), where Im m = Im t_0 / r_0 and t_0 = E[1/(1 - u_0 D^2)] over D != 0; the mean value theorem
   encloses t_0 on the ball.

A point that solves the equation only modulo 2 pi i has \|F\| near 2 pi, and its proof fails.

docs/theory/proved_limits.md gives the proof at length, docs/theory/branch_theorem.md that of the theorem on branches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rmtjac.theory.proof.arb import exact, flint_module, upper_float
from rmtjac.theory.proof.exact_equation import Equation
from rmtjac.theory.proof.smooth_balls import Enclosure

__all__ = ["GOAL", "MOST_BITS", "Proof", "prove_root"]

GOAL = 1e-12  # relative radius; a wider ball leads to another attempt with more bits
MOST_BITS = 512


@dataclass(frozen=True, eq=False)
class Proof:
    """The outcome of one attempt.

    Attributes
    ----------
    density : arb or None
        The density; None if it is not proved.
    reason : str
        Why the density is not proved; empty if it is.
    better : list of acb, or None
        A better point to start from, if there is one.
    """

    density: Any = None
    reason: str = ""
    better: list[Any] | None = None

    @property
    def relative_radius(self) -> float:
        """The radius of the density over its midpoint."""
        return float(self.density.rad()) / max(float(abs(self.density.mid())), 5e-324)


def _contraction(eta: float, kappa: float) -> float | None:
    """Return a bound of the distance to the zero after the step, or None if T is not proved to contract."""
    if not kappa < 0.5 or not 0.0 <= eta < math.inf:
        return None  # kappa <= 3/4 would do for eta + kappa 4 eta <= 4 eta
    # The factor 1 + 1e-12 covers the rounding errors of this line, the next float its underflow.
    return math.nextafter(kappa * eta / (1.0 - kappa) * (1.0 + 1e-12), math.inf)


Attempt = Callable[[float, list[Any]], Proof]


def _rational(eq: Equation) -> Attempt:
    """Return the proof for a lead with a single value of D^2 and no other unknowns.

    With u in units of 1/x, m = (p/r) u/(1 - u) and p_j + r_j m = p_j (1 - c_j u)/(1 - u), c_j = 1 - r_j p/(r p_j); the
    logarithms split in the same way, by continuity from u = 0.
    """
    flint = flint_module()
    acb, arb = flint.acb, flint.arb
    lead = eq.lead
    share = arb(lead.law.mass) / arb(exact(lead.ratio))
    constant = eq.log_constant() - share.log() + sum(t.count * arb(t.law.mass).log() for t in (lead, *eq.factors))
    zero = exact(0.0)
    power = 1 - lead.count - sum(t.count for t in eq.factors)
    parts = [
        (t.count, c)
        for t, c in zip(eq.factors, eq.offsets(), strict=True)
        if not (isinstance(c, type(zero)) and c == zero)
    ]
    over_pi = share / arb.pi()

    def attempt(lam: float, start: list[Any]) -> Proof:
        """Return the outcome of the proof at lam from one start."""
        u = start[0]
        beyond = 1 - u
        value = constant - u.log() + power * beyond.log() - arb(lam).log()
        slope = -1 - power * u / beyond
        for k, c in parts:
            cu = c * u
            rest = 1 - cu
            value += k * rest.log()
            slope -= k * cu / rest
        inverse = acb(1.0 / (complex(slope) or 1e-300))
        step = inverse * value
        eta = upper_float(step.abs_upper())
        if not eta < 0.2:
            return Proof(reason=f"the start does not solve the equation: relative step {eta:.2g}")
        radius = 4.0 * eta
        ball = u * acb(arb(1.0, radius), arb(0.0, radius))
        better = [(u * (1 - step)).mid()]
        if not ball.imag < 0:
            return Proof(reason="Im u < 0 is not proved", better=better)
        slope = -1 - power * ball / (1 - ball)
        for k, c in parts:
            cu = c * ball
            slope -= k * cu / (1 - cu)
        spread = _contraction(eta, upper_float((1 - inverse * slope).abs_upper()))
        if spread is None:
            return Proof(reason="no contraction around the root", better=better)
        root = u * (1 - step + acb(arb(0.0, spread), arb(0.0, spread)))
        return Proof((1 / (1 - root)).imag * over_pi / -arb(lam), "", better)

    return attempt


class Factor(NamedTuple):
    """A factor p_j + r_j m of the equation, which is offset + ratio t_0 with t_0 = E[1/(1 - u_0 D^2)] over D != 0."""

    multiplicity: int
    """k_j."""
    offset: Any
    """p_j - r_j p_0 / r_0."""
    ratio: Any
    """r_j / r_0."""


def _general(eq: Equation) -> Attempt:
    """Return the proof for any laws."""
    flint = flint_module()
    acb, arb = flint.acb, flint.arb
    bits = flint.ctx.prec
    terms = (eq.lead, *eq.others)
    ratios = [arb(exact(t.ratio)) for t in terms]
    constant, pi = eq.log_constant(), arb.pi()
    factors = [
        Factor(t.count, arb(t.law.mass) * c, arb(exact(t.ratio / eq.lead.ratio)))
        for t, c in zip(eq.factors, eq.offsets(), strict=True)
    ]
    # Low precision is enough for F': kappa is as small as the errors of F', and it is multiplied by eta.
    slope_bits = max(36, bits // 2)

    def along(rest: Any) -> list[Any]:
        """Return p_j + r_j m from t_0, without cancellation where both ranks agree."""
        return [f.offset + f.ratio * rest for f in factors]

    def jacobian(u: list[Any], parts: list[Enclosure]) -> list[list[Any]]:
        """Return F' in delta."""
        rest, ratio, slope = parts[0]
        growth = u[0] * slope / ratios[0]
        first = [t.count * (part.slope / part.ratio - 1) for t, part in zip(terms, parts, strict=True)]
        first[0] += -slope / ratio + sum(
            f.multiplicity * f.ratio * u[0] * slope / value for f, value in zip(factors, along(rest), strict=True)
        )
        rows = [first]
        for g in range(1, len(terms)):
            row = [acb(0)] * len(terms)
            row[0], row[g] = -growth, u[g] * parts[g].slope / ratios[g]
            rows.append(row)
        return rows

    def attempt(lam: float, start: list[Any]) -> Proof:
        """Return the outcome of the proof at lam from one start."""
        here = [t.law.rest_and_ratio(u) for t, u in zip(terms, start, strict=True)]
        m = start[0] * here[0].ratio / ratios[0]
        value = constant - m.log() - arb(lam).log()
        value += sum(t.count * at.ratio.log() for t, at in zip(terms, here, strict=True))
        value += sum(f.multiplicity * along_m.log() for f, along_m in zip(factors, along(here[0].rest), strict=True))
        values = [value, *(u * at.ratio / r - m for u, at, r in zip(start[1:], here[1:], ratios[1:], strict=True))]
        with flint.ctx.workprec(slope_bits):
            around = [Enclosure(*at, t.law.slope(u)) for t, u, at in zip(terms, start, here, strict=True)]
            rough = np.array([[complex(x) for x in row] for row in jacobian(start, around)])
        try:
            inverse = [[acb(complex(x)) for x in row] for row in np.linalg.inv(rough)]
        except np.linalg.LinAlgError:
            return Proof(reason="the equation is singular at the start")
        step = [sum(c * f for c, f in zip(row, values, strict=True)) for row in inverse]
        eta = max(upper_float(s.abs_upper()) for s in step)
        if not eta < 0.2:
            return Proof(reason=f"the start does not solve the equation: relative step {eta:.2g}")
        radius = 4.0 * eta
        better = [(u * (1 - s)).mid() for u, s in zip(start, step, strict=True)]
        disc = acb(arb(1.0, radius), arb(0.0, radius))
        balls = [u * disc for u in start]
        if not all(b.imag < 0 for b in balls):
            return Proof(reason="Im u < 0 is not proved", better=better)
        with flint.ctx.workprec(slope_bits):
            around = [t.law.widen(u, b, at) for t, u, b, at in zip(terms, start, balls, around, strict=True)]
            rows = jacobian(balls, around)
            kappa = 0.0
            for i, c in enumerate(inverse):
                product = [sum(c[k] * rows[k][j] for k in range(len(rows))) for j in range(len(rows))]
                kappa = max(
                    kappa, sum(upper_float(((i == j) - x).abs_upper()) for j, x in enumerate(product)) * (1.0 + 1e-12)
                )
        spread = _contraction(eta, kappa)
        if spread is None:
            return Proof(reason="no contraction around the root", better=better)
        delta = -step[0] + acb(arb(0.0, spread), arb(0.0, spread))
        rest = here[0].rest + around[0].slope * (start[0] * delta)
        return Proof(rest.imag / (ratios[0] * pi * -arb(lam)), "", better)

    return attempt


def prove_root(eq: Equation, lam: float, start: list[Any], bits: int = 64, most: int = MOST_BITS) -> Proof:
    """Prove a root near `start` and return the density that follows from it.

    Parameters
    ----------
    eq : Equation
        The equation.
    lam : float
        lambda > 0.
    start : list of acb
        Exact numbers u of the lead and of the other unknowns.
    bits, most : int
        Precision of the first attempt; it is doubled, up to `most`, while the relative radius exceeds `GOAL`.

    Returns
    -------
    Proof
        The best attempt.
    """
    flint = flint_module()
    best = Proof(reason="no attempt")
    while True:
        with flint.ctx.workprec(bits):
            attempt = eq.attempts.get(bits)
            if attempt is None:
                attempt = eq.attempts[bits] = (_rational if eq.is_rational else _general)(eq)
            proof = attempt(lam, start)
        if best.density is None or (proof.density is not None and proof.relative_radius < best.relative_radius):
            best = proof
        if best.density is not None and best.relative_radius < GOAL:
            return best
        bits *= 2
        if bits > most or proof.better is None:
            return best
        start = proof.better

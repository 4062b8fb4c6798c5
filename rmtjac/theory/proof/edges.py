r"""The ends of the support with a proof, where they are square-root edges.

What an edge is
---------------
Outside the support m = m_M(1/lambda) is real and decreases with lambda; above the support it runs from 0 up to m_+, and
where there is no spectrum between 0 and a lower edge lambda_- it runs from -mu, mu the rank, down to m_-.

Conversely, let m be real with all u_g real, outside their cuts, Im H = 0 and d log lambda/dm < 0. Then m - i eps gives
all Im u_g < 0 and Im log lambda > 0, so by the theorem on branches (`rmtjac.theory.equation.roots`) it is the physical
m: lambda(m) lies outside the support. Hence, on the stretch m > 0 from 0 up, or m < -mu from -mu down, the edge is
lambda at the *first* zero of d log lambda/dm: before it lambda(m) is outside the support, and at it m_M cannot be
continued analytically, because lambda(m_M(1/lambda)) = lambda excludes a vanishing derivative.

- **Upper edge.** In y = log m, m > 0, u_g in (0, 1/b_g): log m_{K_g} = log sum_k E D^{2k} e^{k v} is convex and
  increasing in v = log u_g, so v_g is concave in y, and s_g = y - v_g + const is convex; so is log(p + r m). Their
  slopes are s_g' = 1 - m_{K_g}/(u_g m_{K_g}') = 1 - e_g/m_{K_g}' and r m/(p + r m).
- **Lower edge**, for a lead of multiplicity 1 with a single value of D^2: x = -m between mu = p_0/r_0 and the next
  p_j/r_j, where all other u_g are negative, all factors real and just the lead's negative, so that
  Im H = pi - pi = 0. There
  -d log lambda/dx = sum_j k_j r_j/(p_j - r_j x) + sum_g k_g (e_g/m_{K_g}' - 1)/x - mu/(x (x - mu)),
  sums over factors j and laws g of several values. The first and the last part increase with x, e_g and m_{K_g}' fall.

Either way H or -H has the slope P - N + Q in y (or x): P and N increasing (N from factors with k_j < 0, orthogonal
weights), Q made of the e_g and m_{K_g}', zero at the upper edge. So the values at two points bound the slope between
them.

The proof
---------
1. Two points a < b with slope < 0 at a and > 0 at b.
2. The slope is < 0 on all of the stretch below a: in steps, each interval by its bound; the last step goes to the
   start of the stretch. (Where N = Q = 0 the slope increases, and the sign at a is enough.)
3. So the first zero lies in (a, b), and its value is that at a plus (b - a) times [lower bound of the slope, 0].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.proof.ball_laws import Ball, flint_module
from rmtjac.theory.proof.edge_curves import Curve, Place, least_slope, most_slope, stretch_above, stretch_below
from rmtjac.theory.proof.exact_equation import Equation, equation
from rmtjac.validate import positive_int

__all__ = ["CertifiedEdges", "certified_edges", "known_edges"]

# Every density that is 0 by proof asks for the edges again.
_KEPT: WeakKeyDictionary[Layers, dict[int, CertifiedEdges]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class CertifiedEdges:
    """The ends of the support (without the atom).

    Attributes
    ----------
    lower, upper
        Balls, or None where nothing is proved.
    reasons
        Why not, for the lower and the upper end; empty where it is proved.
    """

    lower: Ball | None
    upper: Ball | None
    reasons: tuple[str, str]

    def outside(self, lam: float) -> bool:
        """Whether `lam` is proved to lie beyond one of the ends."""
        return (self.upper is not None and lam >= self.upper.upper) or (
            self.lower is not None and lam <= self.lower.lower
        )

    def __repr__(self) -> str:
        ends = zip(("lower", "upper"), (self.lower, self.upper), self.reasons, strict=True)
        return f"CertifiedEdges({', '.join(f'{name} {ball or reason}' for name, ball, reason in ends)})"


def _first_zero(eq: Equation, curve: Curve, bottom: Place, low: float, high: float) -> Any | str:
    """Return a ball of the value at the first zero of the slope above `bottom`, or why there is none.

    Parameters between `low` and `high` are searched.
    """
    from scipy.optimize import brentq

    flint = flint_module()

    def slope(v: float) -> float:
        place = curve(v)
        return math.inf if place is None else float(place.slope.mid())

    # The sign from floats first; what is not finite counts as beyond the zero.
    with flint.ctx.workprec(48):
        if not slope(low) < 0.0:
            return "log lambda(m) does not decrease at the start of the stretch"
        if any(t.count < 0 for t in eq.terms):
            # The slope may fall again: take the first rise.
            steps = [low + (high - low) * i / 120 for i in range(1, 121)]
            high = next((v for v in steps if 0.0 < slope(v) < math.inf), high)
        if not 0.0 < slope(high) < math.inf:
            return "no zero of d log lambda/dm before the tip of the cut: not a square-root edge"
        zero = brentq(slope, low, high, xtol=1e-13, rtol=1e-13)
    wide = 1e-6
    sides = slope(zero - wide), slope(zero + wide)
    if sides[0] < 0.0 < sides[1] < math.inf:
        zero -= slope(zero) * 2.0 * wide / (sides[1] - sides[0])
    gap = 1e-11
    while gap < 1e-2:
        a, b = curve(zero - gap), curve(zero + gap)
        if a is None or b is None:
            return "the zero of d log lambda/dm is too close to the tip of a cut"
        if a.slope < 0 and b.slope > 0:
            break
        gap *= 8.0
    else:
        return "the sign of d log lambda/dm is not proved"
    if not _falls_below(curve, bottom, zero - gap, a):
        return "that log lambda(m) decreases up to its zero is not proved"
    change = ((b.y - a.y) * least_slope(a, b)).lower()
    return a.value.union(a.value + change)


def _falls_below(curve: Curve, bottom: Place, v: float, place: Place) -> bool:
    """Prove slope < 0 from `bottom` to the `place` with parameter v."""
    if place.falling == 0 and not place.laws:
        return True
    flint = flint_module()
    step, bits = 1e-10, flint.ctx.prec
    for _ in range(4000):  # some ten are usual; negative multiplicities take more
        if most_slope(bottom, place) < 0:
            return True
        with flint.ctx.workprec(40 if step > 1e-5 else bits):  # signs are all that matters, and clear away from a
            below = curve(v - step)
        if below is not None and most_slope(below, place) < 0:
            v, place, step = v - step, below, 2.0 * step
        else:
            step /= 4.0
            if step < 1e-14:
                return False
    return False


def certified_edges(layers: Layers, *, bits: int = 64) -> CertifiedEdges:
    """Return the lower and the upper end of the support, each in a proved ball where it is a square-root edge.

    Parameters
    ----------
    layers
        The limit, as for `rmtjac.theory.Layers`.
    bits
        Working precision.

    Notes
    -----
    Cost: 1-5 ms for single values of D^2, 20-200 ms for a smooth law, .1 s to minutes for several smooth laws (most
    where there are orthogonal weights). The result is kept for as long as `layers` lives.

    Examples
    --------
    >>> import rmtjac as rj
    >>> relu = rj.theory.derivative_law(rj.activations.activation("relu"), 1.0)
    >>> edges = certified_edges(rj.theory.Layers([relu], [1.0]))          # (1 -+ sqrt(1/2))^2
    >>> edges.lower, edges.upper
    (Ball(0.0857864376269... +- ...), Ball(2.914213562373... +- ...))
    """
    flint_module()
    bits = positive_int("bits", bits)
    kept = _KEPT.setdefault(layers, {})
    if bits not in kept:
        kept[bits] = _prove(layers, bits)
    return kept[bits]


def known_edges(layers: Layers, bits: int) -> CertifiedEdges | None:
    """Return what `certified_edges` has found before, without any work."""
    return _KEPT.get(layers, {}).get(bits)


def _prove(layers: Layers, bits: int) -> CertifiedEdges:
    flint = flint_module()
    eq = equation(layers)
    if isinstance(eq, str):
        return CertifiedEdges(None, None, (eq, eq))
    with flint.ctx.workprec(bits):
        upper: Any = "the end is not below the tips of the cuts"
        curve, bottom, low, tip = stretch_above(eq)
        for margin in (1e-2, 1e-4, 1e-6, 1e-8) if any(not t.single for t in eq.terms) else (0.0,):
            upper = _first_zero(eq, curve, bottom, low, tip - margin)
            if not isinstance(upper, str):
                break
        stretch = stretch_below(eq)
        lower = stretch if isinstance(stretch, str) else _first_zero(eq, *stretch)
        constant = eq.log_constant()
        balls: list[Ball | None] = []
        reasons = []
        for end, sign in ((lower, -1), (upper, 1)):
            known = not isinstance(end, str)
            ball = Ball.of((constant + sign * end).exp()) if known else None
            finite = ball is not None and 0.0 < ball.value < math.inf
            balls.append(ball if finite else None)
            reasons.append("" if finite else end if not known else "the edge leaves the range of a float")
    return CertifiedEdges(balls[0], balls[1], (reasons[0], reasons[1]))

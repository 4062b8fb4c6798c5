r"""The ends of the support, proved where they are square-root edges.

What an edge is
---------------
Outside the support m = m_M(1/lambda) is real and decreases with lambda. As lambda falls from infinity to the upper
edge, m rises from 0 to m_+. If there is no spectrum between 0 and a lower edge lambda_-, m falls from -mu, mu the rank,
to m_- as lambda rises from 0 to lambda_-.

Conversely, let m be real with all u_g real, outside their cuts, Im H = 0 and d log lambda/dm < 0. Then m - i eps gives
all Im u_g < 0 and Im log lambda > 0, so by the theorem on branches (`rmtjac.theory.equation.roots`) it is the physical
m: lambda(m) lies outside the support. Hence, on the stretch m > 0 from 0 up, or m < -mu from -mu down, the edge is
lambda at the *first* zero of d log lambda/dm: before it lambda(m) is outside the support, and at it m_M cannot be
continued analytically, because lambda(m_M(1/lambda)) = lambda excludes a vanishing derivative.

- **Upper edge.** In y = log m, m > 0, u_g in (0, 1/b_g): log m_{K_g} = log sum_k E D^{2k} e^{k v} is convex and
  increasing in v = log u_g, so v_g is concave in y, and s_g = y - v_g + const is convex; so is log(p + r m). Their
  slopes are s_g' = 1 - m_{K_g}/(u_g m_{K_g}') = 1 - e_g/m_{K_g}' and r m/(p + r m).
- **Lower edge**, if the leading term has multiplicity 1 and a single value of D^2: let x = -m lie between mu = p_0/r_0
  and the next p_j/r_j. There all other u_g are negative, all factors are real and only that of the leading term is
  negative, so that Im H = pi - pi = 0, and
  -d log lambda/dx = sum_j k_j r_j/(p_j - r_j x) + sum_g k_g (e_g/m_{K_g}' - 1)/x - mu/(x (x - mu)),
  where j runs over the factors and g over the laws of several values. The first sum and the last term increase with x;
  e_g and m_{K_g}' decrease.

In both cases H or -H has the slope P - N + Q in y (or x). P and N increase; N comes from the factors with k_j < 0, that
is, from orthogonal weights. Q is made of the e_g and m_{K_g}', and is zero at the upper edge. So the values at two
points bound the slope between them.

The proof
---------
1. There are two points a < b with slope < 0 at a and > 0 at b.
2. The slope is < 0 on the whole stretch below a. This is proved interval by interval from the bounds of the slope,
   down to the start of the stretch. (If N = Q = 0 the slope increases, and its sign at a is enough.)
3. So the first zero lies in (a, b), and log lambda there is its value at a plus (b - a) [lower bound of the slope, 0].

docs/theory/proved_limits.md gives the proof at length.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.proof.arb import Ball, flint_module
from rmtjac.theory.proof.edge_curves import (
    Curve,
    Place,
    Stretch,
    least_slope,
    most_slope,
    stretch_above,
    stretch_below,
)
from rmtjac.theory.proof.exact_equation import Equation, equation
from rmtjac.theory.proof.verdict import Unproved
from rmtjac.validate import positive_int

__all__ = ["CertifiedEdges", "certified_edges", "known_edges"]

# The edges are kept because every proof that a density is 0 uses them.
_KEPT: WeakKeyDictionary[Layers, dict[int, CertifiedEdges]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class CertifiedEdges:
    """Ends of the support of the limit, without the atom at 0, each in a proved ball.

    Made by `certified_edges`. A ball has the attributes `value`, `radius`, `lower` and `upper`.

    Attributes
    ----------
    lower, upper : Ball or None
        The lower and the upper end; None where it is not proved.
    reasons : tuple of (str, str)
        Why the lower and the upper end are not proved; empty where they are.

    See Also
    --------
    certified_edges : Prove the ends of a limit.

    References
    ----------
    docs/theory/proved_limits.md, docs/guarantees.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> linear = rj.theory.derivative_law(rj.activations.activation("linear"), 1.0)
    >>> edges = rj.theory.certified_edges(rj.theory.Layers([linear], [1.0]))
    >>> edges.upper, edges.reasons[0]
    (Ball(4 +- ...), 'the support has no gap above 0: several factors share the smallest rank')
    >>> edges.outside(4.1)
    True
    """

    lower: Ball | None
    upper: Ball | None
    reasons: tuple[str, str]

    def outside(self, lam: float) -> bool:
        """Return whether a point is proved to lie beyond one of the ends.

        Parameters
        ----------
        lam : float
            The point.

        Returns
        -------
        bool
            True if that is proved; False if `lam` lies inside, or nothing is proved.
        """
        return (self.upper is not None and lam >= self.upper.upper) or (
            self.lower is not None and lam <= self.lower.lower
        )

    def __repr__(self) -> str:
        ends = zip(("lower", "upper"), (self.lower, self.upper), self.reasons, strict=True)
        return f"CertifiedEdges({', '.join(f'{name} {ball or reason}' for name, ball, reason in ends)})"


def _first_zero(eq: Equation, stretch: Stretch) -> Any:
    """Return a ball that holds the value at the first zero of the slope on the stretch.

    Raises
    ------
    Unproved
        If there is no zero, or it is not proved to be the first.
    """
    from scipy.optimize import brentq

    flint = flint_module()
    curve, bottom, low, high = stretch

    def slope(v: float) -> float:
        """Return the midpoint of the slope, infinite where the point is not enclosed."""
        place = curve(v)
        return math.inf if place is None else float(place.slope.mid())

    # The first search uses rounded numbers; a slope that is not finite counts as beyond the zero.
    with flint.ctx.workprec(48):
        if not slope(low) < 0.0:
            raise Unproved("log lambda(m) does not decrease at the start of the stretch")
        if any(t.count < 0 for t in eq.terms):
            # The slope may become negative again, so the first positive one is taken.
            steps = [low + (high - low) * i / 120 for i in range(1, 121)]
            high = next((v for v in steps if 0.0 < slope(v) < math.inf), high)
        if not 0.0 < slope(high) < math.inf:
            raise Unproved("no zero of d log lambda/dm before the tip of the cut: not a square-root edge")
        zero = brentq(slope, low, high, xtol=1e-13, rtol=1e-13)
    wide = 1e-6
    sides = slope(zero - wide), slope(zero + wide)
    if sides[0] < 0.0 < sides[1] < math.inf:
        zero -= slope(zero) * 2.0 * wide / (sides[1] - sides[0])
    gap = 1e-11
    while gap < 1e-2:
        a, b = curve(zero - gap), curve(zero + gap)
        if a is None or b is None:
            raise Unproved("the zero of d log lambda/dm is too close to the tip of a cut")
        if a.slope < 0 and b.slope > 0:
            break
        gap *= 8.0
    else:
        raise Unproved("the sign of d log lambda/dm is not proved")
    if not _falls_below(curve, bottom, zero - gap, a):
        raise Unproved("log lambda(m) is not proved to decrease up to the zero of its slope")
    change = ((b.y - a.y) * least_slope(a, b)).lower()
    return a.value.union(a.value + change)


def _falls_below(curve: Curve, bottom: Place, v: float, place: Place) -> bool:
    """Return whether the slope is proved to be < 0 from `bottom` to the `place` with parameter v."""
    if place.falling == 0 and not place.laws:
        return True
    flint = flint_module()
    step, bits = 1e-10, flint.ctx.prec
    for _ in range(4000):  # about ten steps are usual; negative multiplicities need more
        if most_slope(bottom, place) < 0:
            return True
        with flint.ctx.workprec(40 if step > 1e-5 else bits):  # only the sign matters, and it is clear far from a
            below = curve(v - step)
        if below is not None and most_slope(below, place) < 0:
            v, place, step = v - step, below, 2.0 * step
        else:
            step /= 4.0
            if step < 1e-14:
                return False
    return False


def certified_edges(layers: Layers, *, bits: int = 64) -> CertifiedEdges:
    r"""Prove the lower and the upper end of the support of the limit.

    An end is proved where it is a square-root edge: lambda at the first zero of :math:`d\log\lambda/dm` on the
    interval of real m that belongs to one side of the support, for

    .. math:: \lambda(m) = \frac{1 + r_0 m}{r_0 m} \prod_l \frac{\sigma_l^2 r_l m}{\chi_{K_l}(r_{l+1} m)} .

    Parameters
    ----------
    layers : Layers
        The limit; variances and widths count as the exact values of their floats.
    bits : int, optional
        Working precision in bits, > 0.

    Returns
    -------
    CertifiedEdges
        Each end in a proved ball, or the reason why it is not proved.

    Raises
    ------
    ImportError
        If python-flint is not installed (``pip install 'rmtjac[certify]'``).
    TypeError, ValueError
        If `bits` is not a positive whole number.

    See Also
    --------
    rmtjac.theory.LimitSpectrum.certified_edges : The method of a limit that calls this function.
    certified_density : The density with proved error bounds.

    Notes
    -----
    Cost: 1-5 ms for single values of D^2, 20-200 ms for a smooth law, .1 s to minutes for several smooth laws (most
    with orthogonal weights). The result is kept as long as the object `layers` exists.

    References
    ----------
    docs/theory/proved_limits.md.

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
    """Return the edges that `certified_edges` has found before, or None; nothing is computed."""
    return _KEPT.get(layers, {}).get(bits)


def _upper(eq: Equation) -> Any:
    """Return a ball that holds log lambda at the upper end, without the constant of the equation."""
    stretch = stretch_above(eq)
    if all(t.single for t in eq.terms):
        return _first_zero(eq, stretch)
    why = Unproved("the end is not below the tips of the cuts")
    for margin in (1e-2, 1e-4, 1e-6, 1e-8):
        try:
            return _first_zero(eq, stretch._replace(high=stretch.high - margin))
        except Unproved as reason:
            why = reason
    raise why


def _lower(eq: Equation) -> Any:
    """Return a ball that holds log lambda at the lower end, without the constant of the equation."""
    return -_first_zero(eq, stretch_below(eq))


def _end(eq: Equation, find: Callable[[Equation], Any]) -> tuple[Ball | None, str]:
    """Return the end of the support that `find` finds, or None and the reason why it is not proved."""
    try:
        ball = Ball.of((eq.log_constant() + find(eq)).exp())
    except Unproved as reason:
        return None, str(reason)
    if not (0.0 < ball.value < math.inf and math.isfinite(ball.radius)):
        return None, "the edge leaves the range of a float"
    return ball, ""


def _prove(layers: Layers, bits: int) -> CertifiedEdges:
    """Return the edges, computed with `bits` bits of precision."""
    try:
        eq = equation(layers)
    except Unproved as reason:
        return CertifiedEdges(None, None, (str(reason), str(reason)))
    with flint_module().ctx.workprec(bits):
        (upper, why_upper), (lower, why_lower) = _end(eq, _upper), _end(eq, _lower)
    return CertifiedEdges(lower, upper, (why_lower, why_upper))

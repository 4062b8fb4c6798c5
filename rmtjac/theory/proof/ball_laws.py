r"""The laws of D^2 in ball arithmetic (Arb, through python-flint): every number comes with a proved radius.

The proofs need four functions of u, for X = D^2 with P(X != 0) = p:

.. math:: t = E\,\frac{1_{X \neq 0}}{1 - uX}, \quad e = E\,\frac{X}{1 - uX} = \frac{m_K(u)}{u}, \quad
          m_K = t - p = u e, \quad m_K' = E\,\frac{X}{(1 - uX)^2}.

t keeps its digits where u is large, e where u is small. There are two kinds of law:

- `PointBalls`: finitely many values; closed forms, in which u may be a ball.
- `rmtjac.theory.proof.smooth_balls.SmoothBalls`: phi' analytic; integrals, in which u is an exact point.

A law with a source is the law of phi'(h)^2, h ~ N(0, q), where q is the exact value of the float, and so are the slopes
and breakpoints of a piecewise affine phi. In a law made from points the probabilities are the floats, divided by their
exact sum if there is no atom at 0 or the sum exceeds 1; else the atom has the probability 1 minus their sum.

All functions work at the current precision `flint.ctx.prec`. docs/theory/proved_limits.md describes the proofs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations.analytic import ANALYTIC
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.proof.arb import exact, flint_module
from rmtjac.theory.proof.smooth_balls import Enclosure, RestAndRatio, SmoothBalls
from rmtjac.theory.proof.verdict import Unproved

__all__ = ["Point", "PointBalls", "ball_law"]


class Point(NamedTuple):
    """A value > 0 of X = D^2 and its probability, each an `fmpq`, or an `arb` at the current precision."""

    probability: Any
    value: Any


@dataclass(frozen=True, eq=False)
class PointBalls:
    """A law of finitely many values > 0, and possibly 0.

    Attributes
    ----------
    make : callable
        Returns the points > 0 at the current precision.
    rational : bool
        Whether all probabilities and values are `fmpq`.
    float_law : DerivativeLaw
        The law in floats, from which starts are computed.
    known : dict
        The points that have been made, per precision.
    """

    make: Callable[[], list[Point]]
    rational: bool
    float_law: DerivativeLaw
    known: dict[int, list[Point]] = field(default_factory=dict)

    @property
    def points(self) -> list[Point]:
        """The points > 0 at the current precision."""
        bits = flint_module().ctx.prec
        if bits not in self.known:
            self.known[bits] = self.make()
        return self.known[bits]

    @property
    def mass(self) -> Any:
        """P(X != 0)."""
        return sum((w for w, _ in self.points[1:]), self.points[0].probability)

    def rest_and_ratio(self, u: Any) -> RestAndRatio:
        """Return t and e at the point or over the ball u."""
        parts = [(w, x, 1 / (1 - u * x)) for w, x in self.points]
        return RestAndRatio(sum(f * w for w, _, f in parts), sum(f * (w * x) for w, x, f in parts))

    def slope(self, u: Any) -> Any:
        """Return m_K' at the point or over the ball u."""
        return sum((w * x) / (1 - u * x) ** 2 for w, x in self.points)

    def widen(self, u: Any, ball: Any, at: Enclosure) -> Enclosure:
        """Return t, e and m_K' over the `ball`; the point `u` and the values `at` it are not used."""
        return Enclosure(*self.rest_and_ratio(ball), self.slope(ball))

    def below_tip(self, u: Any) -> bool:
        """Return whether u b < 1 is proved for a real u, b = sup X."""
        return all(bool(u * x < 1) for _, x in self.points)

    def moment(self, k: int) -> Any:
        """Return E X^k, an `fmpq` if the law is rational."""
        return sum((w * x**k for w, x in self.points[1:]), self.points[0].probability * self.points[0].value ** k)


def _piece(low: float, high: float, variance: float) -> Any:
    """Return P(low < h < high), h ~ N(0, variance): an `fmpq` where the ends are 0 or infinite, else an `arb`."""
    arb = flint_module().arb
    if {low, high} <= {-math.inf, 0.0, math.inf}:
        return exact(1.0 if low == -high else 0.5)
    if low >= 0.0:  # the difference of two upper tails keeps the digits of a rare piece
        a, b = (arb(0) if x == math.inf else (x / (2 * arb(variance)).sqrt()).erfc() for x in (low, high))
        return (a - b) / 2
    if high <= 0.0:
        return _piece(-high, -low, variance)
    a, b = (arb(1) if x == math.inf else (x / (2 * arb(variance)).sqrt()).erf() for x in (-low, high))
    return (a + b) / 2


def _pieces(phi: Activation, variance: float) -> list[Point]:
    """Return the points of the law of a piecewise affine activation; equal squares of slopes are one point."""
    assert phi.slopes is not None
    cuts = [-math.inf, *phi.breakpoints, math.inf]
    mass: dict[Fraction, Any] = {}
    for low, high, slope in zip(cuts[:-1], cuts[1:], phi.slopes, strict=True):
        if slope != 0.0:
            value = Fraction(slope) ** 2
            share = _piece(low, high, variance)
            mass[value] = mass[value] + share if value in mass else share
    return [Point(w, exact(x)) for x, w in mass.items()]


def ball_law(law: DerivativeLaw) -> PointBalls | SmoothBalls:
    """Return `law` in balls.

    Raises
    ------
    Unproved
        If the activation has no analytic derivative that ball arithmetic could evaluate.

    Examples
    --------
    >>> import rmtjac as rj
    >>> relu = ball_law(rj.theory.derivative_law(rj.activations.activation("relu"), 0.7))
    >>> relu.mass, relu.moment(3)
    (1/2, 1/2)
    """
    if law.source is None:
        weights = [Fraction(float(w)) for w in law.weights]
        total = sum(weights) if law.atom == 0.0 or sum(weights) > 1 else Fraction(1)
        fixed = [Point(exact(w / total), exact(float(x))) for w, x in zip(weights, law.values, strict=True)]
        return PointBalls(lambda: fixed, True, law)
    phi, variance = law.source
    if phi.slopes is not None:
        if variance == 0.0:
            slope = Fraction(float(phi.derivative(np.zeros(1))[0]))
            at_zero = [Point(exact(1.0), exact(slope**2))]
            return PointBalls(lambda: at_zero, True, law)
        rational = all(b == 0.0 for b in phi.breakpoints)
        return PointBalls(lambda: _pieces(phi, variance), rational, law)
    if phi.code is None or phi.name not in ANALYTIC:
        raise Unproved(f"activation {phi.spec!r} has no analytic derivative that a proof could use")
    analytic = ANALYTIC[phi.name]
    if variance == 0.0:
        acb = flint_module().acb
        return PointBalls(lambda: [Point(exact(1.0), analytic.formula(acb, acb(0)).real ** 2)], False, law)
    return SmoothBalls(analytic, variance, law)

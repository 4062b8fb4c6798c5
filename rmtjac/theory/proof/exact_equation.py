r"""The limit equation of given layers in exact arithmetic, for the proofs.

.. math:: \log\lambda = c - \mathrm{Log}\,m + \sum_g k_g s_g + \sum_f k_f\,\mathrm{Log}(1 + r_f m)

with rational r, whole k, and e^c a rational number times powers of values of D^2. It is built from the laws, variances,
widths and kinds of weights, not from the floats that `rmtjac.theory.equation.layers` computes from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.proof.arb import exact, flint_module
from rmtjac.theory.proof.ball_laws import Point, PointBalls, ball_law
from rmtjac.theory.proof.smooth_balls import SmoothBalls

__all__ = ["Equation", "Power", "Term", "equation"]


@dataclass(frozen=True, eq=False)
class Term:
    """k copies of a law K with ratio r: m_K(u) = r m, s = Log(m_K(u)/u).

    The law of a single value x beside 0 (`single`) is written in units of x: e^s = p + r m, and x is a constant.

    Attributes
    ----------
    law : PointBalls or SmoothBalls
        The law K.
    ratio : Fraction
        r.
    count : int
        k.
    single : bool
        Whether the law has a single value beside 0.
    """

    law: PointBalls | SmoothBalls
    ratio: Fraction
    count: int
    single: bool

    @property
    def rank(self) -> float:
        """P(D != 0) / r in floats; it affects the order of the terms, not the proof."""
        return float(flint_module().arb(self.law.mass)) / float(self.ratio)


class Power(NamedTuple):
    """A power of the single value > 0 of a law."""

    law: PointBalls
    exponent: int


@dataclass(frozen=True, eq=False)
class Equation:
    """The terms of the equation, sorted by how the proofs use them.

    Attributes
    ----------
    lead : Term
        The term of smallest rank P(D != 0) / r.
    others : tuple of Term
        The other terms with more than one value of D^2.
    factors : tuple of Term
        The other terms of a single value, p_j + r_j m. Those of the weights have p_j = 1 and k_j of any sign.
    scale : Fraction
        The rational part of e^c.
    values : tuple of Power
        e^c is `scale` times the product of these powers.
    attempts : dict
        The functions that `rmtjac.theory.proof.root` has prepared, per precision.
    """

    lead: Term
    others: tuple[Term, ...]
    factors: tuple[Term, ...]
    scale: Fraction
    values: tuple[Power, ...]
    attempts: dict[int, Callable[[float, list[Any]], Any]] = field(default_factory=dict)

    @property
    def is_rational(self) -> bool:
        """Whether u of the lead is the only unknown and lambda is a rational function of it."""
        return self.lead.single and not self.others

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms, the lead first."""
        return (self.lead, *self.others, *self.factors)

    def log_constant(self) -> Any:
        """Return c."""
        arb = flint_module().arb
        start = arb(exact(self.scale)).log()
        return sum((k * arb(law.points[0].value).log() for law, k in self.values), start)

    def offsets(self) -> list[Any]:
        """Return 1 - r_j p_0 / (r_0 p_j) for each factor, exact where both masses are rational or the same."""
        out = []
        for term in self.factors:
            ratio = exact(term.ratio / self.lead.ratio)
            same = term.law.float_law is self.lead.law.float_law
            out.append(1 - ratio if same else 1 - ratio * self.lead.law.mass / term.law.mass)
        return out


def equation(layers: Layers) -> Equation:
    """Return the equation of `layers`.

    Raises
    ------
    Unproved
        If a law cannot be written in balls, see `rmtjac.theory.proof.ball_laws.ball_law`.

    Examples
    --------
    >>> import rmtjac as rj
    >>> relu = rj.theory.derivative_law(rj.activations.activation("relu"), 1.0)
    >>> eq = equation(rj.theory.Layers([relu, relu], [2.0, 2.0], widths=[400, 300, 100]))
    >>> eq.lead.ratio, [str(term.ratio) for term in eq.factors], eq.scale
    (Fraction(1, 1), ['1/4', '1/3'], Fraction(4, 1))
    """
    widths = [Fraction(float(n)) for n in layers.widths or [1.0] * (len(layers.laws) + 1)]
    orthogonal = layers.orthogonal or [False] * len(layers.laws)
    ratio = [widths[-1] / n for n in widths]
    known: dict[int, PointBalls | SmoothBalls] = {}
    for law in layers.laws:
        if id(law) not in known:
            same = (its for its in known.values() if _same(its.float_law, law))
            known[id(law)] = next(same, None) or ball_law(law)

    linear = PointBalls(lambda: [Point(exact(1.0), exact(1.0))], True, DiscreteLaw.from_points([1.0], [1.0]))
    counts: dict[tuple[Any, Fraction], int] = {}
    laws: dict[Any, PointBalls | SmoothBalls] = {}
    powers: dict[int, int] = {}

    def add(law: PointBalls | SmoothBalls, r: Fraction, k: int) -> None:
        """Add k copies of the law with ratio r to the terms."""
        # Single values of the same rational probability give the same factor; factors of weights have p = 1.
        key: Any = id(law)
        if isinstance(law, PointBalls) and _single(law):
            powers[id(law)] = powers.get(id(law), 0) + k
            if isinstance(law.mass, type(exact(1.0))):
                key = ("single", str(law.mass))
        laws.setdefault(key, law)
        counts[key, r] = counts.get((key, r), 0) + k

    scale = 1 / ratio[0]
    add(linear, ratio[0], 1)
    for l, (law, variance) in enumerate(zip(layers.laws, layers.variances, strict=True)):
        place = l + 1 if orthogonal[l] and widths[l + 1] > widths[l] else l
        scale *= Fraction(float(variance)) * ratio[place] / ratio[l + 1]
        add(known[id(law)], ratio[l + 1], 1)
        if orthogonal[l]:
            add(linear, ratio[place], -1)
    terms = [_term(laws[key], r, k) for (key, r), k in counts.items() if k]
    # Among terms of equal rank one with several values is the lead, because its u is an unknown in any case.
    lead = min((t for t in terms if t.count > 0), key=lambda t: t.rank * (1.0 + 1e-14 * t.single))
    rest = [t for t in terms if t is not lead]
    singles = {id(law): law for law in known.values() if isinstance(law, PointBalls) and _single(law)}
    values = tuple(Power(law, powers[place]) for place, law in singles.items())
    return Equation(lead, tuple(t for t in rest if not t.single), tuple(t for t in rest if t.single), scale, values)


def _same(one: DerivativeLaw, other: DerivativeLaw) -> bool:
    """Return whether a proof may treat the two laws as the same; equal floats alone do not make them so."""
    if one.source is None or other.source is None:
        return one.source is other.source and one.equals(other)
    return one.source[0] is other.source[0] and one.source[1] == other.source[1]


def _single(law: PointBalls | SmoothBalls) -> bool:
    """Return whether the law has a single value beside 0."""
    return isinstance(law, PointBalls) and len(law.points) == 1


def _term(law: PointBalls | SmoothBalls, r: Fraction, k: int) -> Term:
    """Return the term, in units of the value of D^2 if there is a single one beside 0."""
    if isinstance(law, PointBalls) and len(law.points) == 1:
        point = PointBalls(lambda: [Point(law.mass, exact(1.0))], law.rational, law.float_law)
        return Term(point, r, k, True)
    return Term(law, r, k, False)

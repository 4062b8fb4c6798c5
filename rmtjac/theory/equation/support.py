r"""The support of the limit, found as the complement of its gaps, which are images of intervals of real m.

Off the support m_M(1/lambda) is real, and every u_g is real and off the cut of its law. Conversely, take a real m and
real u_g with m_{K_g}(u_g) = r_g m, each in an interval off its cut (a stretch), on which m_{K_g} increases with u. If
Im H = 0 there (with the limits of the logarithms from below) and log lambda falls as m grows, then lambda lies off the
support: if m moves by -i eps, all u_g move into the open lower half-plane and Im H becomes positive, and by the theorem
of `rmtjac.theory.equation.roots` there is no other solution. So the gaps are the images of the intervals of m on which
log lambda falls, over all choices of a stretch for each u_g. Im H is 0 for m > 0 with all u_g > 0, and for m < 0 where
the multiplicities of the terms with u_g > 0 and of the factors 1 + r_f m < 0 add up to one.

At an end where d log lambda / dm = 0 the density starts like a square root. Where a stretch ends because some u_g
reaches the tip of its cut (D^2 does not attain its supremum, and has too little mass near it), the density vanishes
faster: such an edge is called "tip". At a "hard" edge, at lambda = 0, the density diverges like lambda^(1/n - 1), where
lambda ~ (1 + m/mu)^n.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rmtjac.theory.derivative_laws.real_line import FreeInterval, invert_m
from rmtjac.theory.equation.atoms import atoms
from rmtjac.theory.equation.edge import Edge, EdgeKind
from rmtjac.theory.equation.gaps import CriticalPoint, Gap, gaps
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.slopes import Factors, log_lambda, term_parts
from rmtjac.theory.equation.stretches import Branch, branches

__all__ = ["Support", "support"]

_NARROW = 1e-12  # in log lambda: a narrower gap is noise


@dataclass(frozen=True, eq=False)
class Support:
    """The intervals of the support without the atom at 0, and the atoms off 0.

    Attributes
    ----------
    intervals : list of (Edge, Edge)
        Lower and upper end of each interval, ascending.
    log_atoms, masses : ndarray of float, shape (k,)
        Log lambda, ascending, and mass of the atoms off 0.
    floors : ndarray of float, shape (intervals,)
        F in the gap below each interval, computed as a sum of probabilities; NaN if it cannot be computed so.
    hidden : float
        A width in log lambda: no wider gap has been missed, up to rounding.
    """

    intervals: list[tuple[Edge, Edge]]
    log_atoms: np.ndarray
    masses: np.ndarray
    floors: np.ndarray
    hidden: float = 0.0

    @property
    def log_ends(self) -> np.ndarray:
        """The intervals in log lambda, shape (k, 2)."""
        return np.array([[low.log_lam, high.log_lam] for low, high in self.intervals]).reshape(-1, 2)


def support(layers: Layers) -> Support:
    """Return the intervals of the support, the kinds of their ends, and the atoms off 0.

    Raises
    ------
    ArithmeticError
        If no edge is resolved, because D^2 is next to 0 with too high a probability.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> law = DiscreteLaw.from_points([0.01, 1.0], [0.5, 0.5])
    >>> np.exp(support(Layers([law], [1.0])).log_ends).round(4)
    array([[0.    , 0.0198],
           [0.091 , 2.9192]])
    """
    log_atoms, masses = atoms(layers)
    if layers.explicit:
        ends = layers.groups[0].spectrum[::-1] + layers.log_scale
        intervals = [(Edge(a, EdgeKind.ATOM, math.nan), Edge(b, EdgeKind.ATOM, math.nan)) for a, b in ends if a < b]
        return Support(intervals, log_atoms, masses, np.full(len(intervals), math.nan))
    weights = Factors.of(layers)
    found, complete = branches(layers, weights)
    pieces: list[_Piece] = []
    hidden = 0.0 if complete else math.inf
    for branch in found:
        on_branch, missed = gaps(layers, weights, branch)
        hidden = max(hidden, missed)
        pieces += [_piece(layers, gap) for gap in on_branch]
    free = _joined(pieces)
    if not free:
        raise ArithmeticError(
            f"no edge of the support is resolved: D^2 is next to 0 with too high a probability in {layers.laws[0]}; "
            "a smaller input variance or smaller weights are needed"
        )
    # An interval lies between two gaps. Another lies below the lowest gap unless that gap extends down to 0. The
    # highest gap extends up to infinity.
    if free[0].low.log_lam > -math.inf:
        hard = _hard_edge(layers)
        free = [_Piece(hard, hard, None, None, math.nan), *free]
    intervals = [(one.high, other.low) for one, other in itertools.pairwise(free)]
    floors = 1.0 - np.array([one.tail for one in free[:-1]])
    return Support(intervals, log_atoms, masses, floors, hidden)


# The name of a point at which a curve continues from one branch to another: m, and the stretch of each u, or
# `_AT_LIMIT` if u tends to 0 or infinity. Two ends with the same name are the same point.
Join = tuple[float, ...]
_AT_LIMIT = -1


class _End(NamedTuple):
    """An end of a gap on one branch, and the point at which the gap continues on another; None if it ends there."""

    edge: Edge
    join: Join | None


@dataclass(frozen=True, eq=False)
class _Piece:
    """A gap, or a part of a gap that continues beyond one end of its branch or both.

    Attributes
    ----------
    low, high : Edge
        The ends.
    below, above : tuple, optional
        Names of the points at which the gap continues below and above; None where it ends.
    tail : float
        1 - F in the gap.
    """

    low: Edge
    high: Edge
    below: Join | None
    above: Join | None
    tail: float


def _piece(layers: Layers, gap: Gap) -> _Piece:
    """Return the gap in lambda; lambda falls as m grows, so the end at high m is the lower end."""
    low, below = _end_at(gap.high) if gap.high is not None else _end(layers, gap.branch, upper=True)
    high, above = _end_at(gap.low) if gap.low is not None else _end(layers, gap.branch, upper=False)
    return _Piece(low, high, below, above, _tail(layers, gap.branch))


def _end_at(critical: CriticalPoint) -> _End:
    """Return the square-root edge at a critical point."""
    return _End(Edge(critical.log_lam, EdgeKind.SQUARE_ROOT, 0.5, critical.log_u), None)


def _tail(layers: Layers, branch: Branch) -> float:
    """Return 1 - F in the gaps of a branch.

    It is Im A / pi of `rmtjac.theory.equation.roots`. Where all u are real, Im A / pi is a sum over the poles that each
    u has passed.
    """
    m = branch.segment.m[branch.segment.m.size // 2]
    parts = [k / r for k, r in zip(layers.free_counts, layers.free_ratios, strict=True) if 1.0 + r * m < 0.0]
    for one, k, r in zip(branch.stretches, layers.counts, layers.ratios, strict=True):
        if one.sign > 0 and one.low > -math.inf:
            passed = np.log(one.law.values) + one.low > -1e-9 * max(1.0, abs(one.low))
            parts.append(k / r * float(one.law.weights[passed].sum()))
    return math.fsum(parts)


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Return the gaps, ascending; parts of one gap, which was cut where m or a u is 0 or infinite, are joined."""
    over = {piece.below: piece for piece in pieces if piece.below is not None}
    under = {piece.above for piece in pieces if piece.above is not None}
    whole = []
    for lowest in pieces:
        if lowest.below in under:
            continue
        highest = lowest
        while highest.above in over:
            highest = over[highest.above]
        whole.append(replace(highest, low=lowest.low))
    out: list[_Piece] = []
    for one in sorted(whole, key=lambda piece: piece.low.log_lam):
        if not one.high.log_lam > one.low.log_lam + _NARROW:
            continue
        if out and one.low.log_lam <= out[-1].high.log_lam + _NARROW:
            if one.high.log_lam > out[-1].high.log_lam:
                out[-1] = replace(one, low=out[-1].low)
        else:
            out.append(one)
    return out


def _end(layers: Layers, branch: Branch, *, upper: bool) -> _End:
    """Return the limit of lambda at the lower or upper end of m of a branch.

    Near that end lambda behaves like a power of m, of 1/m or of the distance to a zero of factors 1 + r m. If the
    exponent is 0 the curve continues on another branch whose end has the same name.
    """
    m = branch.segment.high if upper else branch.segment.low
    none = _End(Edge(-math.inf if upper else math.inf, EdgeKind.NONE, math.nan), None)
    terms = list(zip(branch.stretches, branch.choice, layers.counts, layers.ratios, strict=True))
    if math.isinf(m):
        if layers.gaussian:
            return none
        # Every u is at a pole. If log lambda stops falling exactly there, lambda - lambda_e ~ 1/m^2.
        value = sum(k * (math.log(r) - _pole(one, m)) for one, _, k, r in terms)
        value += float(layers.free_counts @ np.log(layers.free_ratios))
        name = (math.inf, *(i if m > 0.0 else i - 1 for _, i, _, _ in terms))
        return _End(Edge(value + layers.log_scale, EdgeKind.HARD, -0.5), name)
    if m == 0.0:
        vanish = [one.sign < 0 or one.low == -math.inf for one, *_ in terms]  # u -> 0, else to a zero of m_K
        if sum(k for (_, _, k, _), zero in zip(terms, vanish, strict=True) if not zero) != 1.0:
            return none
        value = 0.0
        for (one, _, k, r), zero in zip(terms, vanish, strict=True):
            value += k * math.log(one.law.mean) if zero else math.log(r) - float(invert_m(one, np.zeros(1))[0])
        limits = vanish
    else:
        ranks = [one.law.mass / r for one, _, _, r in terms]
        gone = [
            (one.sign < 0 or one.high == math.inf) and _same(-m, rank)
            for (one, *_), rank in zip(terms, ranks, strict=True)
        ]
        factors = [_same(-m, 1.0 / r) for r in layers.free_ratios]
        tips = [
            not far and (_same(r * m, one.m_low) or _same(r * m, one.m_high))
            for (one, _, _, r), far in zip(terms, gone, strict=True)
        ]
        if any(tips):
            value = layers.log_scale + _value(layers, branch, m, gone, factors)
            return _End(Edge(value, EdgeKind.TIP, math.nan), None)
        power = float(layers.free_counts[factors].sum())
        power += sum(k / one.law.decay for (one, _, k, _), far in zip(terms, gone, strict=True) if far)
        if power and not _flat(layers, branch, m, upper=upper):
            return none
        value = _value(layers, branch, m, gone, factors)
        if power:  # D^2 has almost no mass at 0, and lambda has its extremum closer to the cut than floats of m resolve
            return _End(Edge(layers.log_scale + value, EdgeKind.TIP, math.nan), None)
        limits = gone
    name = (m, *(_AT_LIMIT if far else i for (_, i, _, _), far in zip(terms, limits, strict=True)))
    return _End(Edge(value + layers.log_scale, EdgeKind.SQUARE_ROOT, 0.5), name)


def _same(a: float, b: float) -> bool:
    """Return whether a and b are finite and equal up to rounding."""
    return math.isfinite(b) and bool(abs(a - b) <= 1e-12 * abs(b))


def _pole(one: FreeInterval, m: float) -> float:
    """Return log u at the pole where m_K tends to m = +-infinity."""
    poles = -one.law.spectrum.ravel()
    return float(poles[np.abs(poles - (one.high if m > 0.0 else one.low)).argmin()])


def _flat(layers: Layers, branch: Branch, end: float, *, upper: bool) -> bool:
    """Return whether log lambda is constant in log|m - end| on the last cell of the grid: it is no power of m - end."""
    m = branch.segment.m[[-1, -2] if upper else [0, 1]]
    terms = [term_parts(one, invert_m(one, r * m)) for one, r in zip(branch.stretches, layers.ratios, strict=True)]
    moved = np.diff(log_lambda(layers, m, branch.stretches, terms))[0]
    return bool(abs(moved) < 1e-3 * abs(math.log(abs((m[1] - end) / (m[0] - end)))))


def _value(layers: Layers, branch: Branch, m: float, gone: list[bool], factors: list[bool]) -> float:
    """Return log lambda - log_scale at an m at which factors 1 + r m = 0 cancel.

    `gone` marks the u that tend to infinity, where r m / u = p (p + r m) / E D^-2; `factors` marks the 1 + r_f m = 0.
    """
    value = -math.log(abs(m))
    for one, k, r, far in zip(branch.stretches, layers.counts, layers.ratios, gone, strict=True):
        law = one.law
        if far:
            value += k * math.log(law.mass**2 / float(law.weights @ (1.0 / law.values)))
        else:
            value += k * (math.log(abs(r * m)) - float(invert_m(one, np.array([r * m]))[0]))
    for k, r, zero in zip(layers.free_counts, layers.free_ratios, factors, strict=True):
        value += 0.0 if zero else k * math.log(abs(1.0 + r * m))
    return value


def _hard_edge(layers: Layers) -> Edge:
    """Return the end at lambda = 0, where lambda ~ (1 + m/mu)^n.

    If 1 + r m / p of a leading term falls like |u|^-a, the term adds k_g / a to n.
    """
    n = float(sum(layers.counts[g] / layers.groups[g].decay for g in np.flatnonzero(layers.shares == 1.0)))
    n += float(layers.free_counts[layers.free_shares == 1.0].sum())
    # Without Gaussian weights n may be 1 or less, and the law of D^2 next to 0 decides how the density behaves.
    return Edge(-math.inf, EdgeKind.HARD, 1.0 / n - 1.0) if n > 1.0 else Edge(-math.inf, EdgeKind.TIP, math.nan)

r"""The support of the limit: the gaps that the real branches of lambda(m) leave.

Off the support m_M(1/lambda) is real and so is every u_g, off the cut of its law. Conversely, take a real m and real
u_g with m_{K_g}(u_g) = r_g m, each in a stretch of the line that its cut leaves free, where m_{K_g} grows with u. If
Im H = 0 there (logarithms of the lower half-plane) and log lambda falls as m grows, then lambda lies off the
support: with m moved by -i eps all u_g move into the open lower half-plane and Im H becomes positive, and the theorem
of `rmtjac.theory.equation.roots` leaves no other solution. So the gaps are the images of the stretches of m on which
log lambda falls, over all choices of a free stretch for each u_g. Im H is 0 for m > 0 with all u_g > 0, and for m < 0
where the multiplicities of the terms with u_g > 0 and of the factors 1 + r_f m < 0 add up to one.

At an end where d log lambda / dm = 0 the density starts like a square root. Where a stretch ends because some u_g
reaches the tip of its cut (sup D^2 is not attained, and has too little mass near it), it vanishes faster: such an
edge is called "tip". At lambda = 0 the density diverges like lambda^(1/n - 1), the "hard" edge: there lambda ~
(1 + m/mu)^n.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rmtjac.theory.derivative_laws.real_line import FreeInterval, invert_m
from rmtjac.theory.equation.atoms import atoms
from rmtjac.theory.equation.edge import Edge, EdgeKind
from rmtjac.theory.equation.gaps import Gap, gaps
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.slopes import Factors, log_lambda, term_parts
from rmtjac.theory.equation.stretches import Branch, branches

__all__ = ["Support", "support"]

_NARROW = 1e-12  # in log lambda: a narrower gap is noise


@dataclass(frozen=True, eq=False)
class Support:
    """Ends of the intervals of the support without the atom at 0, ascending, and atoms off 0.

    Attributes
    ----------
    intervals
        Pairs of ends.
    log_atoms, masses
        The atoms off 0.
    floors
        F just below each interval, NaN at 0: in a gap it is a sum of probabilities.
    hidden
        No gap wider than this, in log lambda, has been missed, up to rounding.
    """

    intervals: list[tuple[Edge, Edge]]
    log_atoms: np.ndarray
    masses: np.ndarray
    floors: np.ndarray
    hidden: float = 0.0

    @property
    def log_ends(self) -> np.ndarray:
        """Shape (k, 2), in log lambda."""
        return np.array([[low.log_lam, high.log_lam] for low, high in self.intervals]).reshape(-1, 2)


def support(layers: Layers) -> Support:
    """Return the intervals of the support, the kind of their ends, and the atoms off 0."""
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
    # Between two gaps, and below the lowest unless it goes down to 0, lies an interval; the highest has none above it.
    if free[0].low.log_lam > -math.inf:
        hard = _hard_edge(layers)
        free = [_Piece(hard, hard, None, None, math.nan), *free]
    intervals = [(one.high, other.low) for one, other in itertools.pairwise(free)]
    floors = 1.0 - np.array([one.tail for one in free[:-1]])
    return Support(intervals, log_atoms, masses, floors, hidden)


@dataclass(frozen=True, eq=False)
class _Piece:
    """A gap, or a part of one between two joins; `below` and `above` say which join, None where it ends.

    `tail` is 1 - F there, at its upper end.
    """

    low: Edge
    high: Edge
    below: Any
    above: Any
    tail: float


def _piece(layers: Layers, gap: Gap) -> _Piece:
    """Lambda falls as m grows: the end at high m is the lower one."""
    ends = []
    for place, at in ((1, gap.high), (0, gap.low)):
        if at is None:
            ends.append(_end(layers, gap.branch, place))
        else:
            ends.append((Edge(at[1], EdgeKind.SQUARE_ROOT, 0.5, at[2]), None))
    (low, below), (high, above) = ends
    return _Piece(low, high, below, above, _tail(layers, gap.branch))


def _tail(layers: Layers, branch: Branch) -> float:
    """Return 1 - F = Im A / pi (`rmtjac.theory.equation.roots`) where all u are real: the poles that each has passed
    count.
    """
    m = branch.segment.m[branch.segment.m.size // 2]
    parts = [k / r for k, r in zip(layers.free_counts, layers.free_ratios, strict=True) if 1.0 + r * m < 0.0]
    for one, k, r in zip(branch.stretches, layers.counts, layers.ratios, strict=True):
        if one.sign > 0 and one.low > -math.inf:
            passed = np.log(one.law.values) + one.low > -1e-9 * max(1.0, abs(one.low))
            parts.append(k / r * float(one.law.weights[passed].sum()))
    return math.fsum(parts)


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Return the gaps, ascending, those cut in two where m or a u is 0 or infinite made one."""
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


def _end(layers: Layers, branch: Branch, place: int) -> tuple[Edge, Any]:
    """Return what lambda tends to at the lower (0) or upper (1) end of m, and the name of the join if it is one.

    Lambda is like a power of the distance in m from 0, from infinity or from a zero of factors 1 + r m. Where that
    power is 0 the curve goes on beyond, on another branch whose end has the same name.
    """
    m = (branch.segment.low, branch.segment.high)[place]
    none = Edge(-math.inf if place else math.inf, EdgeKind.NONE, math.nan), None
    terms = list(zip(branch.stretches, branch.choice, layers.counts, layers.ratios, strict=True))
    if math.isinf(m):
        if layers.gaussian:
            return none
        # Every u is at a pole. Where log lambda stops to fall just there, lambda ~ 1/m^2 off the edge.
        value = sum(k * (math.log(r) - _pole(one, m)) for one, _, k, r in terms)
        value += float(layers.free_counts @ np.log(layers.free_ratios))
        name = (math.inf, *(i if m > 0.0 else i - 1 for _, i, _, _ in terms))
        return Edge(value + layers.log_scale, EdgeKind.HARD, -0.5), name
    if m == 0.0:
        gone = [one.sign < 0 or one.low == -math.inf for one, *_ in terms]  # u -> 0, else to a zero of m_K
        if sum(k for (_, _, k, _), far in zip(terms, gone, strict=True) if not far) != 1.0:
            return none
        value = 0.0
        for (one, _, k, r), far in zip(terms, gone, strict=True):
            value += k * math.log(one.law.mean) if far else math.log(r) - float(invert_m(one, np.zeros(1))[0])
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
            return Edge(layers.log_scale + _value(layers, branch, m, gone, factors), EdgeKind.TIP, math.nan), None
        power = float(layers.free_counts[factors].sum())
        power += sum(k / one.law.decay for (one, _, k, _), far in zip(terms, gone, strict=True) if far)
        if power and not _flat(layers, branch, place, m):
            return none
        value = _value(layers, branch, m, gone, factors)
        if power:  # D^2 has next to no mass at 0: where lambda turns is nearer to the cut than floats of m resolve
            return Edge(layers.log_scale + value, EdgeKind.TIP, math.nan), None
    name = (m, *(-1 if far else i for (_, i, _, _), far in zip(terms, gone, strict=True)))
    return Edge(value + layers.log_scale, EdgeKind.SQUARE_ROOT, 0.5), name


def _same(a: float, b: float) -> bool:
    return math.isfinite(b) and bool(abs(a - b) <= 1e-12 * abs(b))


def _pole(one: FreeInterval, m: float) -> float:
    """Return log u at the pole where m_K tends to m = +-infinity."""
    poles = -one.law.spectrum.ravel()
    return float(poles[np.abs(poles - (one.high if m > 0.0 else one.low)).argmin()])


def _flat(layers: Layers, branch: Branch, place: int, end: float) -> bool:
    """Whether log lambda does not move with log|m - end| on the last cell of the grid, as it would along a power."""
    m = branch.segment.m[[0, 1] if place == 0 else [-1, -2]]
    terms = [term_parts(one, invert_m(one, r * m)) for one, r in zip(branch.stretches, layers.ratios, strict=True)]
    moved = np.diff(log_lambda(layers, m, branch.stretches, terms))[0]
    return bool(abs(moved) < 1e-3 * abs(math.log(abs((m[1] - end) / (m[0] - end)))))


def _value(layers: Layers, branch: Branch, m: float, gone: list[bool], factors: list[bool]) -> float:
    """Return log lambda - log_scale where some 1 + r m = 0 cancel: r m / u = p (p + r m) / E D^-2 as u grows."""
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
    """The end at 0: lambda ~ (1 + m/mu)^n, to which each leading term adds k_g over the exponent of its c in 1/u."""
    n = float(sum(layers.counts[g] / layers.groups[g].decay for g in np.flatnonzero(layers.shares == 1.0)))
    n += float(layers.free_counts[layers.free_shares == 1.0].sum())
    # Without Gaussian weights the values of D^2 next to 0 decide, not their number.
    return Edge(-math.inf, EdgeKind.HARD, 1.0 / n - 1.0) if n > 1.0 else Edge(-math.inf, EdgeKind.TIP, math.nan)

r"""The support of the limit: the gaps that the real branches of lambda(m) leave.

Off the support m_M(1/lambda) is real and so is every u_g, off the cut of its law. Conversely, take a real m and real
u_g with m_{K_g}(u_g) = r_g m, each in a stretch of the line that its cut leaves free, where m_{K_g} grows with u. If
Im H = 0 there (logarithms of the lower half-plane) and log lambda falls as m grows, then lambda lies off the
support: with m moved by -i eps all u_g move into the open lower half-plane and Im H becomes positive, and the theorem
of `rmtjac.theory.inverse` leaves no other solution. So the gaps are the images of the stretches of m on which log
lambda falls, over all choices of a free stretch for each u_g. Im H is 0 for m > 0 with all u_g > 0, and for m < 0
where the multiplicities of the terms with u_g > 0 and of the factors 1 + r_f m < 0 add up to one.

At an end where d log lambda / dm = 0 the density starts like a square root. Where a stretch ends because some u_g
reaches the tip of its cut (sup D^2 is not attained, and has too little mass near it), it vanishes faster: such an
edge is called "tip". At lambda = 0 the density diverges like lambda^(1/n - 1), the "hard" edge: there lambda ~
(1 + m/mu)^n.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from rmtjac.theory.free_intervals import FreeInterval, discrete, evaluate, free_intervals, invert_m
from rmtjac.theory.layers import Layers

__all__ = ["Edge", "Support", "support"]

_NARROW = 1e-12  # in log lambda: a narrower gap is noise
_ROUNDS = 8  # each divides the bracket of an extremum by _GRID / 2
_GRID = 48


@dataclass(frozen=True, eq=False)
class Edge:
    """One end of an interval of the support.

    Attributes
    ----------
    log_lam
        log lambda, -inf for 0.
    kind
        ``"square-root"``, ``"tip"``, ``"hard"``; ``"atom"`` where D^2 itself is the spectrum.
    exponent
        The density is like |lambda - edge| to this power: 1/2, or for a hard edge the negative power of lambda; NaN
        at a tip.
    log_u
        Shape (terms,): log u_g - i pi (u_g < 0) at a square-root edge.
    """

    log_lam: float
    kind: str
    exponent: float
    log_u: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=complex))

    def __repr__(self) -> str:
        return f"Edge({math.exp(min(self.log_lam, 700.0)):.6g}, {self.kind}, exponent {self.exponent:.4g})"


@dataclass(frozen=True, eq=False)
class Support:
    """Ends of the intervals of the support without the atom at 0, ascending, and atoms off 0."""

    intervals: list[tuple[Edge, Edge]]
    log_atoms: np.ndarray
    masses: np.ndarray

    @property
    def log_ends(self) -> np.ndarray:
        """Shape (k, 2), in log lambda."""
        return np.array([[low.log_lam, high.log_lam] for low, high in self.intervals]).reshape(-1, 2)


def support(layers: Layers) -> Support:
    """Return the intervals of the support, the kind of their ends, and the atoms off 0.

    Gaps are looked for on a grid of some 400 points a stretch, with the near misses followed up; one narrower than
    about 1e-4 of the stretch between two poles may stay hidden.
    """
    log_atoms, masses = _atoms(layers)
    if layers.explicit:
        ends = layers.groups[0].spectrum[::-1] + layers.log_scale
        intervals = [(Edge(a, "atom", math.nan), Edge(b, "atom", math.nan)) for a, b in ends if a < b]
        return Support(intervals, log_atoms, masses)
    cuts = [edge for gap in _merged(_stretches(layers)) for edge in gap]
    if not cuts:
        raise ArithmeticError(
            f"no edge of the support is resolved: D^2 is next to 0 with too high a probability in {layers.laws[0]}; "
            "a smaller input variance or smaller weights are needed"
        )
    cuts = [_hard_edge(layers), *cuts] if cuts[0].log_lam > -math.inf else cuts[1:]
    cuts = cuts[:-1]  # what the highest gap leaves below itself is the upper edge
    return Support(list(zip(cuts[::2], cuts[1::2], strict=True)), log_atoms, masses)


def _merged(stretches: list[_Stretch]) -> list[tuple[Edge, Edge]]:
    """Return the gaps, ascending, those cut in two at m = 0 or infinity made one."""
    gaps = sorted((gap for stretch in stretches for gap in stretch.gaps()), key=lambda ends: ends[0].log_lam)
    out: list[tuple[Edge, Edge]] = []
    for low, high in gaps:
        if not high.log_lam > low.log_lam + _NARROW:
            continue
        near = 1e-5 if out and out[-1][1].kind == low.kind == "join" else _NARROW
        if out and low.log_lam <= out[-1][1].log_lam + near:
            if high.log_lam > out[-1][1].log_lam:
                out[-1] = out[-1][0], high
        else:
            out.append((low, high))
    # Where log lambda stops to fall just at m = infinity, lambda ~ 1/m^2 off the edge.
    return [tuple(replace(e, kind="hard", exponent=-0.5) if e.kind == "join" else e for e in gap) for gap in out]  # type: ignore[misc]


def _hard_edge(layers: Layers) -> Edge:
    """The end at 0: lambda ~ (1 + m/mu)^n, to which each leading term adds k_g over the exponent of its c in 1/u."""
    n = float(sum(layers.counts[g] / layers.groups[g].decay for g in np.flatnonzero(layers.shares == 1.0)))
    n += float(layers.free_counts[layers.free_shares == 1.0].sum())
    # Without Gaussian weights the values of D^2 next to 0 decide, not their number.
    return Edge(-math.inf, "hard", 1.0 / n - 1.0) if n > 1.0 else Edge(-math.inf, "tip", math.nan)


def _atoms(layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """Atoms off 0. Without Gaussian weights eigenspaces of D_l^2 may meet all the way through (Belinschi 2003)."""
    if layers.gaussian:
        return np.empty(0), np.empty(0)
    widths = np.array(layers.widths)
    found: dict[float, float] = {}
    choices = [list(zip(np.log(law.values), law.weights, strict=True)) if discrete(law) else [] for law in layers.laws]
    lost = float(np.maximum(widths[:-1] - widths[1:], 0.0).sum())
    for combination in itertools.product(*choices):
        kept = widths[0] - lost - sum((1.0 - w) * n for (_, w), n in zip(combination, widths[1:], strict=True))
        if kept > 1e-14 * widths[0]:
            place = round(sum(x for x, _ in combination) + float(np.sum(np.log(layers.variances))), 14)
            found[place] = found.get(place, 0.0) + kept / widths[-1]
    order = sorted(found)
    return np.array(order), np.array([found[x] for x in order])


def _stretches(layers: Layers) -> list[_Stretch]:
    """Return all choices of intervals, cut where a factor 1 + r_f m changes sign, on which Im H = 0."""
    options = [free_intervals(law) for law in layers.groups]
    out = []
    for choice, low, high in _choices(layers, options, (), 0.0, math.inf):
        out.append(_Stretch(layers, choice, low, high))
    for choice, low, high in _choices(layers, options, (), -math.inf, 0.0):
        cuts = [low, *sorted(x for x in -1.0 / layers.free_ratios if low < x < high), high]
        turns = _turns(layers, choice)
        for a, b in itertools.pairwise(cuts):
            factors = sum(k for k, r in zip(layers.free_counts, layers.free_ratios, strict=True) if b <= -1.0 / r)
            if turns + factors == 1.0:
                out.append(_Stretch(layers, choice, a, b))
    return out


def _turns(layers: Layers, choice: tuple[FreeInterval, ...]) -> float:
    """Multiplicity of the terms with u > 0."""
    return sum(k for one, k in zip(choice, layers.counts, strict=False) if one.sign > 0)


def _choices(
    layers: Layers, options: list[list[FreeInterval]], chosen: tuple[FreeInterval, ...], low: float, high: float
) -> Iterator[tuple[tuple[FreeInterval, ...], float, float]]:
    """Extend `chosen`, term by term, as long as the ranges of m meet and the multiplicities may still add up to one."""
    place = len(chosen)
    if high <= 0.0 and _turns(layers, chosen) > 1.0 - np.minimum(layers.free_counts, 0.0).sum():
        return
    if place == len(options):
        yield chosen, low, high
        return
    for one in options[place]:
        r = layers.ratios[place]
        a, b = max(low, one.m_low / r), min(high, one.m_high / r)
        if b - a > 1e-13 * min(abs(a), abs(b)):
            yield from _choices(layers, options, (*chosen, one), a, b)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """An interval of m on which all u_g and log lambda are real."""

    layers: Layers
    choice: tuple[FreeInterval, ...]
    low: float
    high: float

    def _place(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Return m, d log|m| / dt and the log|u_g| for t in (0, 1), dense at both ends, m growing.

        With one law v = log|u| takes the place of log|m|: it is as good a parameter, and needs no inversion.
        """
        if len(self.choice) > 1:
            # Without Gaussian weights log lambda tends to a constant like 1/m, and its slope drowns in noise.
            reach = 28.0 if self.layers.gaussian else 11.0
            first = 23.0
            if self.low == 0.0:  # small m count from the smallest 1 / r on
                first += math.log(max(self.layers.ratios.max(), 1.0) * (self.high if math.isfinite(self.high) else 1.0))
            m, rate = _spread(t, self.low, self.high, reach, max(first, 23.0), 23.0)
            return m, rate / m, [invert_m(one, r * m) for one, r in zip(self.choice, self.layers.ratios, strict=True)]
        one, r = self.choice[0], float(self.layers.ratios[0])
        low, high = self._ends_of_u
        v, rate = _spread(t, low, high, 5.0) if one.sign > 0 else _spread(1.0 - t, high, low, 5.0)
        c, _, s, _ = evaluate(one.law, v, one.sign)
        m = np.where(np.abs(c - 1.0) < 0.5, np.sign(c - 1.0) * np.exp(s + v), one.law.mass * (c - 1.0)) / r
        return m, one.sign * rate, [v]

    @cached_property
    def _ends_of_u(self) -> tuple[float, float]:
        return self._end_of_u(self.low, 0), self._end_of_u(self.high, 1)

    def _end_of_u(self, m: float, place: int) -> float:
        one, r = self.choice[0], float(self.layers.ratios[0])
        if r * m == (one.m_low, one.m_high)[place]:
            return (one.low, one.high)[place if one.sign > 0 else 1 - place]
        return float(invert_m(one, np.array([r * m]))[0])

    def curve(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Return H, dH/dt and the log|u_g|."""
        layers = self.layers
        m, rate, vs = self._place(t)
        single = len(vs) == 1
        value, slope = -np.log(np.abs(m)), np.full_like(m, layers.counts.sum() - 1.0)
        for one, v, k, r in zip(self.choice, vs, layers.counts, layers.ratios, strict=True):
            _, steep, s, growth = evaluate(one.law, v, one.sign)
            value += k * s
            # d log|m/u| = (1 - 1/growth) d log|m|, written so that no poles cancel.
            if single:
                slope = (k - 1.0) * growth - k if k != 1.0 else np.full_like(m, -1.0)
                steep = steep / r
            else:
                slope -= k / growth
                steep = m
        for k, r in zip(layers.free_counts, layers.free_ratios, strict=True):
            value += k * np.log(np.abs(1.0 + r * m))
            slope += k * r * steep / (1.0 + r * m)
        return value, slope * rate, vs

    def gaps(self) -> list[tuple[Edge, Edge]]:
        """Return the images of the parts on which log lambda falls."""
        t = np.linspace(0.0, 1.0, 402)[1:-1]
        with np.errstate(all="ignore"):
            _, slope, _ = self.curve(t)
            # A dip of the slope between two points of the grid.
            dips = 1 + np.flatnonzero((slope[1:-1] > 0.0) & (slope[1:-1] < np.minimum(slope[:-2], slope[2:])))
            for i in dips:
                low = self._lowest(t[i - 1], t[i + 1])
                t, slope = np.append(t, low[0]), np.append(slope, low[1])
            order = np.argsort(t)
            t, slope = t[order], slope[order]
            falling = np.flatnonzero(slope < 0.0)
            if not falling.size:
                return []
            runs = np.split(falling, 1 + np.flatnonzero(np.diff(falling) > 1))
            return [(self._edge(t, run[-1], 1), self._edge(t, run[0], -1)) for run in runs]

    def _lowest(self, a: float, b: float) -> tuple[float, float]:
        for _ in range(3):
            t = np.linspace(a, b, _GRID)
            slope = self.curve(t)[1]
            i = int(slope.argmin())
            a, b = t[max(i - 1, 0)], t[min(i + 1, t.size - 1)]
        return float(t[i]), float(slope[i])

    def _edge(self, t: np.ndarray, i: int, step: int) -> Edge:
        """Return the edge where log lambda, which falls at t[i], stops to fall in the direction `step`."""
        if not 0 <= i + step < t.size:
            return self._end(step)
        inside, outside = t[i], t[i + step]
        for _ in range(_ROUNDS):
            fine = np.linspace(inside, outside, _GRID)
            turn = int(np.argmax(self.curve(fine)[1] >= 0.0))
            inside, outside = fine[max(turn - 1, 0)], fine[turn]
        value, _, vs = self.curve(np.array([inside]))
        log_u = [v[0] - (0j if one.sign > 0 else 1j * math.pi) for v, one in zip(vs, self.choice, strict=True)]
        return Edge(float(value[0]) + self.layers.log_scale, "square-root", 0.5, np.array(log_u))

    def _end(self, step: int) -> Edge:
        """Return what lambda tends to at the upper (+1) or lower (-1) end of m."""
        layers, m = self.layers, self.high if step > 0 else self.low
        # lambda is like |m| to this power where m tends to infinity, or to 0: there log|m/u| counts where u stays
        # off 0.
        power = float(layers.gaussian)
        if m == 0.0:
            terms = zip(self.choice, layers.counts, strict=True)
            power = sum(k for one, k in terms if one.sign > 0 and one.low > -math.inf) - 1.0
        if m == 0.0 or math.isinf(m):
            limit = power if math.isinf(m) else -power
            if limit:
                return Edge(math.copysign(math.inf, limit), "none", math.nan)
            if math.isinf(m):  # every u_g is at a pole
                tips = zip(self.choice, layers.counts, layers.ratios, strict=True)
                value = sum(k * (math.log(r) - (one.high if m > 0.0 else one.low)) for one, k, r in tips)
                value += float(layers.free_counts @ np.log(layers.free_ratios))
                return Edge(value + layers.log_scale, "join", math.nan)
            # Not too close, where the zero of m takes the digits.
            t = np.linspace(0.0, 1.0, 402)[1:-1]
            best = t[np.abs(np.log(np.abs(self._place(t)[0])) + 16.0).argmin()]
            return Edge(float(self.curve(np.array([best]))[0][0]) + layers.log_scale, "join", math.nan)
        ranks = [one.law.mass / r for one, r in zip(self.choice, layers.ratios, strict=True) if one.high == math.inf]
        if np.isclose(-m, [*ranks, *(1.0 / layers.free_ratios)], rtol=1e-12, atol=0.0).any():
            return Edge(-math.inf, "none", math.nan)
        value = float(self.curve(np.array([1.0 if step > 0 else 0.0]))[0][0])
        return Edge(value + layers.log_scale, "tip", math.nan)


def _spread(
    t: np.ndarray, low: float, high: float, reach: float, first: float = 29.0, last: float = 29.0
) -> tuple[np.ndarray, np.ndarray]:
    """Map (0, 1) onto (low, high), up to e^-first and e^-last at finite ends, e^reach at infinite ones; and the slope.

    Closer to the ends the slopes are noise: u is known to 1e-16, and with several laws m comes from an inversion.
    """
    if math.isinf(low) or math.isinf(high):
        upward = math.isinf(high)
        close = first if upward else last
        x = np.exp((close + reach) * (t if upward else 1.0 - t) - close)
        return (low + x if upward else high - x), (close + reach) * x
    place = (first + last) * t - first
    up, down = 1.0 / (1.0 + np.exp(-place)), 1.0 / (1.0 + np.exp(place))
    rate = (first + last) * (high - low) * up * down
    return np.where(place < 0.0, low + (high - low) * up, high - (high - low) * down), rate

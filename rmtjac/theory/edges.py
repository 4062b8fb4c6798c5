r"""The support of the limit: real critical points of lambda(m).

Outside the support m_M(1/lambda) is real and decreases with lambda, so the edges are the ends of the
stretches of real m on which log lambda(m) is real (Im H = 0 in the notation of `rmtjac.theory.inverse`) and decreases.
Three such stretches occur for square layers:

- above the support: m > 0, all u_l in (0, 1/b_l). log lambda is convex in log u there; its minimum is the upper edge,
  a square-root edge. Where it has none (sup D^2 not attained, light mass near it) the support ends at the u = 1/b_l.
- below it: one layer alone has the smallest p = P(D != 0); m in (-p', -p), p' the next one (1 where L = 1). Its u is
  positive beyond the cut, those of the others are negative. The maximum of lambda is the lower edge, and
  between it and the atom at 0 there is a gap.
- between: equal layers with finitely many values of D^2, u between two poles. Each stretch on which lambda decreases is
  a gap (leaky ReLU of small slope, L = 1).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from rmtjac.theory.derivative_law import DerivativeLaw, DiscreteLaw
from rmtjac.theory.inverse import Layers

__all__ = ["support"]

_FAR = 140.0  # in log u: 1e60, as far as a law given by nodes is resolved


def support(layers: Layers) -> np.ndarray:
    """Return the intervals of the support without the atom, shape (k, 2), ascending, in log lambda.

    The lowest end is -inf where the support reaches down to 0. Where layers differ and have more than two
    values of D^2 each, gaps inside the support are not looked for.
    """
    top = _upper_edge(layers) + layers.log_variance
    bottom = _lower_edge(layers)
    cuts = [-math.inf if bottom is None else bottom + layers.log_variance]
    for low, high in _inner_gaps(layers):
        cuts += [low + layers.log_variance, high + layers.log_variance]
    return np.array([*cuts, top]).reshape(-1, 2)


def _kernel(law: DerivativeLaw) -> Callable[..., tuple[float, float, float, float]]:
    """Return v -> (log|1+m|, its derivative, log|m/u|, its derivative) at real u = e^v, or -e^v."""
    from rmtjac.kernels.mgf import log_mgf

    def at(v: float, negative: bool = False) -> tuple[float, float, float, float]:
        a, a1, s, s1, _ = log_mgf(*law.kernel, complex(v, -math.pi if negative else 0.0))
        return a.real, a1.real, s.real, s1.real

    return at


def _invert(law: DerivativeLaw, log_m: float, low: float, high: float, negative: bool = False) -> float | None:
    """Return v with log|m_K(+-e^v)| = log_m, or None if there is none between low and high."""
    from scipy.optimize import brentq

    at = _kernel(law)

    def excess(v: float) -> float:
        return at(v, negative)[2] + v - log_m

    if excess(high) < 0.0 or excess(low) > 0.0:
        return None
    return float(brentq(excess, low, high, xtol=1e-15, rtol=1e-15))


def _upper_edge(layers: Layers) -> float:
    """Minimum of log lambda over m > 0, with all sigma_l = 1."""
    from scipy.optimize import brentq

    # The slope grows towards the tip; closer to it than the first positive one there is nothing to look for, only
    # noise.
    for margin in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8):
        curve, end = _above(layers, margin)
        if curve(end)[0] > 0.0:
            best = brentq(lambda v: curve(v)[0], end - 80.0, end, xtol=1e-15, rtol=1e-15)  # noqa: B023 (used at once)
            return curve(float(best))[1]
    # No minimum inside: the edge is where the u of one layer reaches the tip of its cut.
    curve, end = _above(layers, 1e-14)
    return curve(end)[1]


def _above(layers: Layers, margin: float) -> tuple[Callable[[float], tuple[float, float]], float]:
    """Return v -> (slope, value) of log lambda at m > 0, v = log u of the first group, and the largest v.

    No u comes closer to the tip 1/b of its cut than the relative `margin`.
    """
    lead, at = layers.groups[0], _kernel(layers.groups[0])
    ends = [-math.log(law.supremum) - margin for law in layers.groups]

    def curve(v: float) -> tuple[float, float]:
        a, a1, s, s1 = at(v)
        log_m, growth = s + v, s1 + 1.0  # growth = d log m / d log u_0
        value, slope = a - log_m, a1 - growth
        for k, law, end in zip(layers.counts, layers.groups, ends, strict=True):
            other, rate = s, s1
            if law is not lead:
                place = _invert(law, log_m, min(log_m - math.log(law.mean), end) - 80.0, end)
                _, _, other, own = _kernel(law)(end if place is None else place)
                rate = own * growth / (1.0 + own)
            value += k * other
            slope += k * rate
        return slope, value

    if len(layers.groups) == 1:
        return curve, ends[0]
    # The layer whose m is smallest at the end of its interval bounds m.
    log_m_end = min(_kernel(law)(end)[2] + end for law, end in zip(layers.groups, ends, strict=True))
    reached = _invert(lead, log_m_end, ends[0] - 80.0, ends[0])
    return curve, ends[0] if reached is None else reached


def _lower_edge(layers: Layers) -> float | None:
    """Maximum of log lambda over the stretch of m below -p, all sigma_l = 1; None where there is no gap above 0."""
    from scipy.optimize import minimize_scalar

    lead = layers.groups[0]
    p = 1.0 - lead.atom
    others = [1.0 - law.atom for law in layers.groups[1:]]
    nearest = min(others, default=1.0)
    if layers.counts[0] != 1 or nearest - p < 1e-12 * p or (layers.depth > 1 and not others):
        return None
    pole = -math.log(lead.values[0])

    def minus_log_lam(x: float) -> float:
        # m = -(p + x (p' - p)): u of the lead from the stretch beyond its last pole, where m grows to -p
        m = p + x * (nearest - p)
        if isinstance(lead, DiscreteLaw) and lead.values.size == 1:
            v: float | None = math.log(m / (x * (nearest - p))) + pole
        else:
            at = _kernel(lead)
            v = _root(lambda v: math.log(m) - at(v)[2] - v, pole + 1e-12, pole + _FAR)
        if v is None:
            return math.inf
        value = math.log1p(-m) - math.log(m) + math.log(m) - v
        for law in layers.groups[1:]:
            place = _invert(law, math.log(m), math.log(m / law.mean) - 1.0, _FAR, negative=True)
            if place is None:
                return math.inf
            value += layers.counts[layers.groups.index(law)] * (math.log(m) - place)
        return -value

    best = minimize_scalar(minus_log_lam, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    return -float(best.fun)


def _root(f: Callable[[float], float], low: float, high: float) -> float | None:
    from scipy.optimize import brentq

    return float(brentq(f, low, high, xtol=1e-15, rtol=1e-15)) if f(low) * f(high) < 0.0 else None


def _inner_gaps(layers: Layers) -> list[tuple[float, float]]:
    """Return gaps between poles for equal layers with several values of D^2, ascending, with all sigma_l = 1."""
    law = layers.groups[0]
    if len(layers.groups) > 1 or not isinstance(law, DiscreteLaw) or law.values.size == 1:
        return []
    from rmtjac.kernels.mgf import log_mgf_array

    depth, at = layers.depth, _kernel(law)

    def slope(v: float) -> float:
        _, a1, _, s1 = at(v)
        return a1 + (depth - 1) * s1 - 1.0

    def value(v: float) -> float:
        a, _, s, _ = at(v)
        return a + (depth - 1) * s - v

    gaps = []
    poles = -np.log(law.values)  # descending values: ascending poles
    for right, left in itertools.pairwise(poles):
        # Dense at both ends, where the poles are.
        t = 0.5 * (1.0 - np.cos(np.linspace(0.0, math.pi, 4001)[1:-1]))
        v = left + (right - left) * t
        one_plus, ratio = log_mgf_array(*law.kernel, v.astype(complex))
        # Im H = 0 on the stretch where 1 + m > 0 (L = 1) or m > 0 (L >= 2).
        real = np.abs((one_plus if depth == 1 else ratio).imag) < 1e-9
        slopes = np.where(real, [slope(x) for x in v], np.inf)
        falling = np.flatnonzero(slopes < 0.0)
        if falling.size:
            first, last = falling[0], falling[-1]
            start = _root(slope, v[first - 1], v[first]) if np.isfinite(slopes[first - 1]) else v[first]
            stop = _root(slope, v[last], v[last + 1])
            if start is not None and stop is not None:
                gaps.append((value(stop), value(start)))
    return sorted(gaps)

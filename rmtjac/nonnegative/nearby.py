"""Find vectors u with T(u) <= u and l with T(l) >= l: if l <= u, a monotone T has a fixed point between them.

Candidates lie in directions in which T contracts. They are tried in floats with outward rounding, and in rational
arithmetic for networks that are piecewise affine. Rational arithmetic also finds fixed points that rounding would move
(of permutations, averages and clips).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.asymptotic import asymptotic_factors
from rmtjac.nonnegative.newton import enclose_near, resolved
from rmtjac.nonnegative.outward_rounding import ETA, UNIT, Bounds, above, below
from rmtjac.nonnegative.predicates.scaling import weakly_scalable

__all__ = ["exact_image", "exact_near", "lower_near", "upper_near", "upper_solution"]

_HUGE = 1e300
_TRIES = 60  # largest number of sizes tried in one direction
_MAX_TERMS = 20_000  # largest number of products of rationals
_REFINE = 12  # largest number of steps in rational arithmetic


def exact_image(network: Network, x: Sequence[Fraction | float]) -> list[Fraction] | None:
    """Return T(x) in rational arithmetic; None if a layer is not piecewise affine, or the network is large."""
    if any(phi.slopes is None or phi.code is None for phi in network.activations):
        return None
    if sum(np.count_nonzero(matrix) for matrix in network.weights) > _MAX_TERMS:
        return None
    values = [Fraction(v) for v in x]
    for matrix, bias, phi in zip(network.weights, network.biases, network.activations, strict=True):
        ends = [Fraction(end) for end in phi.breakpoints]
        slopes = [Fraction(slope) for slope in phi.slopes or ()]
        anchor = Fraction(float(phi(np.array(phi.breakpoints[:1] or (0.0,)))[0]))  # phi at its first breakpoint, exact
        sums = []
        for row, b in zip(matrix, bias.tolist(), strict=True):
            places = np.flatnonzero(row)
            sums.append(sum((Fraction(float(row[j])) * values[j] for j in places if values[j]), Fraction(b)))
        values = [_piecewise(h, ends, slopes, anchor) for h in sums]
    return values


def _piecewise(h: Fraction, ends: list[Fraction], slopes: list[Fraction], anchor: Fraction) -> Fraction:
    """Return phi(h) for phi with these slopes between these ends, and value `anchor` at the first (at 0 if none)."""
    if not ends:
        return anchor + slopes[0] * h
    if h <= ends[0]:
        return anchor + slopes[0] * (h - ends[0])
    value = anchor
    for start, stop, slope in zip(ends, [*ends[1:], None], slopes[1:], strict=True):
        if stop is None or h <= stop:
            return value + slope * (h - start)
        value += slope * (stop - start)
    raise AssertionError("the last piece has no end")


def exact_near(network: Network, x: np.ndarray, w: np.ndarray) -> Bounds | None:
    """Return l <= u around x with T(l) >= l and T(u) <= u by rational arithmetic, in the direction of w, or None.

    w must satisfy w - J w = 1, as the w that `newton` returns does. The function works where `enclosed` fails because
    the rate of contraction is 1 up to rounding.
    """
    with np.errstate(all="ignore"):
        jacobian = network.jacobian(x)
    point = [Fraction(v) for v in x.tolist()]
    least = np.inf
    for _ in range(_REFINE):
        image = exact_image(network, point)
        if image is None:
            return None
        miss = [a - b for a, b in zip(image, point, strict=True)]
        size = float(max(map(abs, miss), default=Fraction(0)))
        if not size < 0.25 * least or size <= UNIT * UNIT * x.max(initial=0.0):
            break
        least = size
        step = resolved(jacobian, np.array([float(v) for v in miss]))
        if step is None:
            return None
        point = [max(a + Fraction(b), Fraction(0)) for a, b in zip(point, step.tolist(), strict=True)]
    room = 4 * max(map(abs, miss), default=Fraction(0)) + Fraction(ETA)
    low = [max(a - room * Fraction(b), Fraction(0)) for a, b in zip(point, w.tolist(), strict=True)]
    high = [a + room * Fraction(b) for a, b in zip(point, w.tolist(), strict=True)]
    climbs, falls = exact_image(network, low), exact_image(network, high)
    assert climbs is not None
    assert falls is not None
    if any(a < b for a, b in zip(climbs, low, strict=True)) or any(a > b for a, b in zip(falls, high, strict=True)):
        return None
    return Bounds(np.array([_rounded(v, 0.0) for v in low]), np.array([_rounded(v, np.inf) for v in high]))


def _rounded(value: Fraction, toward: float) -> float:
    """Return a fraction as a float, rounded toward 0 or toward infinity."""
    try:
        found = float(value)
    except OverflowError:
        return float(min(toward, np.finfo(float).max))
    wrong = found > value if toward == 0.0 else found < value
    return float(np.nextafter(found, toward)) if wrong else found


def _direction(network: Network, x: np.ndarray) -> list[np.ndarray]:
    """Return positive vectors w with J w < w, J the Jacobian at x, if its spectral radius is below 1; and ones."""
    with np.errstate(all="ignore"):
        return _positive_first(network.jacobian(x))


def _positive_first(matrix: np.ndarray) -> list[np.ndarray]:
    """Return (I - A)^-1 1, scaled, if it is positive; and ones."""
    ones = np.ones(len(matrix))
    w = resolved(matrix, ones)
    return [ones] if w is None or not w.min(initial=1.0) > 0.0 else [w / w.max(initial=1e-290), ones]


def upper_near(network: Network, x: np.ndarray) -> np.ndarray | None:
    """Return u >= x with T(u) <= u, close to x, or None."""
    image = above(network, x)
    if (image <= x).all():
        return x
    exact = exact_image(network, x.tolist())
    if exact is not None and all(a <= b for a, b in zip(exact, x.tolist(), strict=True)):
        return x
    near = enclose_near(network, x)
    if near is not None and (near.upper >= x).all():
        return near.upper
    size = max(float(np.abs(image - x).max()), ETA)
    for w in _direction(network, x):
        room = size
        for _ in range(_TRIES):
            u = x + room * w
            if not (u < _HUGE).all():
                break
            if (above(network, u) <= u).all():
                return u
            room *= 2.0
    return None


def lower_near(network: Network, u: np.ndarray) -> np.ndarray:
    """Return l <= u with T(l) >= l, close to u, so that a fixed point lies between; 0 if no other is found."""
    exact = exact_image(network, u.tolist())
    if exact is not None and all(a >= b for a, b in zip(exact, u.tolist(), strict=True)):
        return u
    near = enclose_near(network, u)
    if near is not None and (near.lower <= u).all():
        return near.lower
    size = max(float(np.abs(u - below(network, u)).max()), ETA)
    for w in _direction(network, u):
        room = size
        for _ in range(_TRIES):
            low = np.maximum(u - room * w, 0.0)
            if (below(network, low) >= low).all():
                return low
            if not low.any():
                break
            room *= 2.0
    return np.zeros(u.size)


def upper_solution(network: Network) -> tuple[np.ndarray | None, bool]:
    """Return u with T(u) <= u (None if none is found), and whether all fixed points lie below it.

    A bounded last layer gives its bound. Otherwise u = p w with w > T_inf(w), for growing p.
    """
    top = network.activations[-1].facts.upper
    n = network.widths[0]
    if top is not None and np.isfinite(top):
        return np.full(n, top + 2.0**-50 * abs(top)), True
    try:
        factors = asymptotic_factors(network)
    except ValueError:
        factors = []
    product = np.eye(n)
    with np.errstate(all="ignore"):
        for one in factors:
            product = one @ product
    for w in _positive_first(product):
        size = 1.0
        while size < _HUGE:
            u = size * w
            if (above(network, u) < u).all():
                return u, bool(weakly_scalable(network))
            size *= 4.0
    return None, False

r"""A box that contains all fixed points of a network, from the ranges and the growth of its layers.

Ranges: with :math:`X_0 = R^n` and a box :math:`X_{k+1}` that contains :math:`F(X_k)`, infinite sides allowed, every
fixed point lies in every :math:`X_k`. A bounded hidden layer makes :math:`X_1` bounded, the signs of weights often a
later one.

Growth: far from 0 a layer is nearly linear, so that on X, with absolute values by coordinate,

.. math:: F(x) = A x + a + r(x), \qquad |r(x)| \le M|x| + c.

Theorem (proof in docs/theory/fixed_points.md): let B be a matrix near :math:`(I - A)^{-1}`, :math:`R = I - B(I - A)`,
:math:`P = |R| + |B|M` and :math:`q = P|Ba| + |B|c`. Every fixed point satisfies :math:`|x - Ba| \le P|x - Ba| + q`. If
some v > 0 satisfies Pv + q <= v and Pv < v, then :math:`\rho(P) < 1` and :math:`|x - Ba| \le v`. The same holds in the
Euclidean norm, where P and q are numbers.

A, a, B and v are found in floats and need no proof, because the theorem allows any of them. M, c, P and q are rounded
up. The inequalities for v are checked with their rounding errors; a NaN or infinity fails them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.fixed_points.certified.definite import norm_bound
from rmtjac.fixed_points.layers import TINY, UNIT, activated, affine, asymptotes
from rmtjac.network import Network

__all__ = ["Held", "fixed_point_box"]

_ROUNDS = 30  # the largest number of rounds of ranges; each takes one product with every weight matrix
_GAIN = 0.9  # another round follows if this one made some side shorter than this part
_ROOM = (1e-12, 1e-9, 1e-6)  # v is made larger by these relative amounts, to cover its rounding errors
_LEAST = 1e-200


class Held(NamedTuple):
    """A box that contains every fixed point."""

    box: np.ndarray  # (2, n), corners
    degree: int | None  # the sum of the indices of all fixed points, if it is known


class _Form(NamedTuple):
    """The layer x^l = A x + a + r with |r| <= M |x| + c, by coordinate or in the Euclidean norm."""

    linear: np.ndarray  # A
    shift: np.ndarray  # a
    slope: Any  # M, a matrix by coordinate, a number in the Euclidean norm
    rest: Any  # c, a vector or a number


def fixed_point_box(net: Network) -> Held | None:
    """Return a box that contains every fixed point; None if none is found or the network does not map R^n to itself.

    Cost: some products with each weight matrix; if ranges do not bound F, also some products of n x n matrices.
    """
    n = net.widths[0]
    if net.widths[-1] != n:
        return None
    with np.errstate(all="ignore"):
        low, high, ranges = _shrunk(net, np.full(n, -np.inf), np.full(n, np.inf))
        if _bounded(low, high):
            return Held(np.array([low, high]), 1)
        everywhere = bool((np.isinf(low) & np.isinf(high)).all())
        for euclidean in (False, True):
            for middle in (False, True):
                form = _far_away(net, ranges, euclidean, middle)
                found = None if form is None else _solved(form, euclidean)
                if form is None or found is None:
                    continue
                centre, reach, degree = found
                low, high = np.maximum(low, centre - reach), np.minimum(high, centre + reach)
                if not (low <= high).all():  # there is no fixed point, so any box will do
                    return Held(np.array([-np.ones(n), np.ones(n)]), 0)
                low, high, _ = _shrunk(net, low, high)
                if not _bounded(low, high):
                    return None
                # If the ranges left only a part of R^n, the degree is known only for a constant linear part.
                known = everywhere or not form.linear.any()
                return Held(np.array([low, high]), degree if known else None)
    return None


def _bounded(low: np.ndarray, high: np.ndarray) -> bool:
    """Return whether a box has finite sides and is not empty."""
    return bool(np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all())


def _shrunk(net: Network, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return a smaller box by ranges, as its corners, and bounds (2, neurons) of the preactivations of each layer."""
    for _ in range(_ROUNDS):
        bottom, top, ranges = low, high, []
        for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
            bottom, top = affine(matrix, bias, bottom, top)
            ranges.append(np.array([bottom, top]))
            bottom, top = activated(phi, bottom, top)
        bottom, top = np.maximum(low, bottom), np.minimum(high, top)
        better = (np.isinf(low) & np.isfinite(bottom)) | (np.isinf(high) & np.isfinite(top))
        better |= top - bottom < _GAIN * (high - low)
        low, high = bottom, top
        if not better.any():
            break
    return low, high, ranges


def _along(phi: Activation, low: np.ndarray, high: np.ndarray, middle: bool) -> tuple[np.ndarray, ...] | None:
    """Return m, o, r, c with |phi(h) - m h - o| <= r |h| + c for low <= h <= high.

    If phi has two different asymptotes there, m is 0, or with `middle` the mean of their slopes.
    """
    far = asymptotes(phi)
    if far is None:
        return None
    left, right, bend = far
    bottom, top = activated(phi, low, high)
    flat = np.isfinite(bottom) & np.isfinite(top)
    before, after = np.where(np.isneginf(low), left, right), np.where(np.isposinf(high), right, left)
    straight = before == after
    m = np.where(straight, before, 0.5 * (before + after) if middle else 0.0)
    r = np.where(straight, 0.0, np.maximum(np.abs(before - m), np.abs(after - m)) * (1.0 + 4.0 * UNIT))
    # If h is bounded on one side, the asymptote of the other side is used on both.
    ends = np.maximum(np.where(np.isneginf(low), 0.0, -low), np.where(np.isposinf(high), 0.0, high))
    c = bend + np.where(straight, abs(left - right) * np.maximum(ends, 0.0), 0.0) * (1.0 + 4.0 * UNIT)
    o = np.where(flat, 0.5 * bottom + 0.5 * top, 0.0)
    half = np.maximum(top - o, o - bottom) * (1.0 + 4.0 * UNIT) + TINY
    return np.where(flat, 0.0, m), o, np.where(flat, 0.0, r), np.where(flat, half, c)


def _far_away(net: Network, ranges: list[np.ndarray], euclidean: bool, middle: bool) -> _Form | None:
    """Return F as a linear map with a rest; None if it is not known for an activation, or overflows."""
    n = net.widths[0]
    form = _Form(np.eye(n), np.zeros(n), *((0.0, 0.0) if euclidean else (np.zeros((n, n)), np.zeros(n))))
    for matrix, bias, phi, (low, high) in zip(net.weights, net.biases, net.activations, ranges, strict=True):
        bent = _along(phi, low, high, middle)
        if bent is None:
            return None
        linear, shift = matrix @ form.linear, matrix @ form.shift + bias
        unit = 4.0 * (matrix.shape[1] + 4) * UNIT
        sizes = np.abs(matrix)
        off = unit * (sizes @ np.abs(form.linear)), unit * (sizes @ np.abs(form.shift) + np.abs(bias))
        m, o, r, c = bent
        least = _Form(m[:, None] * linear, m * shift + o, 0.0, 0.0)
        rounding = unit * np.abs(least.linear), unit * (np.abs(least.shift) + np.abs(o)) + c
        if euclidean:
            norm = norm_bound(matrix)
            slope, rest = norm * form.slope + np.linalg.norm(off[0]), norm * form.rest + np.linalg.norm(off[1])
            steep, bend = np.abs(m).max(), r.max()
            slope = steep * slope + bend * (norm_bound(linear) + slope) + np.linalg.norm(rounding[0])
            rest = steep * rest + bend * (np.linalg.norm(shift) + rest) + np.linalg.norm(rounding[1])
        else:
            slope, rest = sizes @ form.slope + off[0], sizes @ form.rest + off[1]
            slope = np.abs(m)[:, None] * slope + r[:, None] * (np.abs(linear) + slope) + rounding[0]
            rest = np.abs(m) * rest + r * (np.abs(shift) + rest) + rounding[1]
        form = least._replace(slope=slope * (1.0 + unit) + TINY, rest=rest * (1.0 + unit) + TINY)
        if not (np.isfinite(form.slope).all() and np.isfinite(form.rest).all() and np.isfinite(form.linear).all()):
            return None
    return form


def _solved(form: _Form, euclidean: bool) -> tuple[np.ndarray, Any, int | None] | None:
    """Return a centre, a bound of the distance of every fixed point from it, and the sum of the indices or None."""
    n = form.shift.size
    unit = 4.0 * (n + 8) * UNIT
    system = np.eye(n) - form.linear
    try:
        inverse = np.linalg.inv(system)
    except np.linalg.LinAlgError:
        return None
    sizes = np.abs(inverse)
    off = np.abs(np.eye(n) - inverse @ system) + unit * (sizes @ np.abs(system) + np.eye(n))
    centre = inverse @ form.shift
    if not (np.isfinite(off).all() and np.isfinite(centre).all()):
        return None
    error = unit * (sizes @ np.abs(form.shift))
    if euclidean:
        norm = norm_bound(inverse)
        p = (np.linalg.norm(off) + norm * form.slope) * (1.0 + unit)
        q = (p * np.linalg.norm(centre) + norm * form.rest + np.linalg.norm(error)) * (1.0 + unit) + TINY
        if not p < 1.0 - unit:
            return None
        reach = q / (1.0 - p) * (1.0 + 2.0 * unit)
    else:
        matrix = (off + sizes @ form.slope) * (1.0 + unit)
        right = (matrix @ np.abs(centre) + sizes @ form.rest + error) * (1.0 + unit) + TINY
        found = _dominating(matrix, right)
        if found is None:
            return None
        reach = found
    reach = (reach + 4.0 * UNIT * np.abs(centre)) * (1.0 + 4.0 * UNIT) + TINY
    # While the system is far from singular, its LU factors give the right sign of the determinant.
    well = np.abs(system).sum(axis=1).max() * sizes.sum(axis=1).max() * n * n < 2.0**40
    return (centre, reach, int(np.linalg.slogdet(system)[0]) if well else None) if np.isfinite(reach).all() else None


def _dominating(matrix: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    """Return v > 0 with P v + q <= v and P v < v, for P, q >= 0; None if none is found."""
    n = right.size
    up = 1.0 + 4.0 * (n + 8) * UNIT
    guess = right
    for room in (0.0, *_ROOM):
        target = right + room * guess.max() + _LEAST
        try:
            v = np.linalg.solve(np.eye(n) - matrix, target)
        except np.linalg.LinAlgError:
            return None
        if not ((v > 0.0).all() and np.isfinite(v).all()):
            return None
        product = (matrix @ v) * up + TINY
        if (product < v).all() and ((product + right) * (1.0 + 4.0 * UNIT) <= v).all():
            return v
        guess = v
    return None

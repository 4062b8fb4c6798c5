r"""A proved bound of the number of fixed points in an interval, with multiplicity, for networks with one input.

Theorem (Rolle): if the m-th derivative of x - F(x) does not vanish on an interval, then x - F(x) has at most m zeros
there, each counted with its multiplicity. The derivatives over the interval are the coefficients of power series in
interval arithmetic, which rounds outward; a coefficient that may be 0 proves nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import iv

from rmtjac.activations import Activation, activation
from rmtjac.fixed_points.layers import activated
from rmtjac.network import Network

__all__ = ["most_fixed_points"]

_ORDER = 6  # the highest derivative
_MOST_WORK = 20_000  # the largest number of weights for which the bound is computed

Series = list[Any]


def most_fixed_points(net: Network, low: float, high: float) -> int | None:
    """Return a bound of the number of fixed points in low <= x <= high, with multiplicity; None if none is found.

    Cost: about 30 products of intervals for each weight.
    """
    if net.widths[0] != 1 or sum(matrix.size for matrix in net.weights) > _MOST_WORK:
        return None
    x: list[Series] = [[iv.mpf([low, high]), iv.mpf(1), *[iv.mpf(0)] * (_ORDER - 1)]]
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        values = []
        for row, shift in zip(matrix.tolist(), bias.tolist(), strict=True):
            h = [sum((w * one[k] for w, one in zip(row, x, strict=True) if w), iv.mpf(0)) for k in range(_ORDER + 1)]
            h[0] += shift
            y = _activated(phi, h)
            if y is None:
                return None
            values.append(y)
        x = values
    for k in range(1, _ORDER + 1):
        slope = x[0][k] - (1 if k == 1 else 0)
        if slope.a > 0 or slope.b < 0:
            return k
    return None


def _activated(phi: Activation, h: Series) -> Series | None:
    """Return the series of phi(h); None if a kink lies in the range of h or phi is not known."""
    if phi.code is None:
        return None
    if phi.slopes is not None:
        piece = sum(bool(h[0].a >= kink) for kink in phi.breakpoints)
        if any(h[0].a < kink < h[0].b or kink == h[0].a == h[0].b for kink in phi.breakpoints):
            return None
        return [_bounds(phi, h), *(phi.slopes[piece] * one for one in h[1:])]
    one = [iv.mpf(1), *[iv.mpf(0)] * _ORDER]
    if phi.name == "softsign":
        sign = 1 if h[0].a >= 0 else -1 if h[0].b <= 0 else 0
        return _times(h, _inverse(_plus(one, h, sign))) if sign else None
    if phi.name == "arctan":
        return _integral(phi, h, _inverse(_plus(one, _times(h, h))))
    if phi.name == "erf":
        return _integral(phi, h, _exp([-iv.pi / 4 * c for c in _times(h, h)]))
    if phi.name == "gelu":
        bell = _exp([-c / 2 for c in _times(h, h)])
        scaled = [c * iv.sqrt(2 / iv.pi) for c in h]  # gelu is h (1 + erf) / 2
        gate = _integral(activation("erf"), scaled, bell)
        return [c / 2 for c in _times(h, _plus(one, gate))]
    grown = _exp(h)
    if phi.name == "tanh":
        return _plus(one, _inverse(_plus(one, _times(grown, grown))), -2)
    if phi.name == "softplus":
        return _log(_plus(one, grown))
    if phi.name in ("sigmoid", "silu"):
        gate = _plus(one, _inverse(_plus(one, grown)), -1)
        return gate if phi.name == "sigmoid" else _times(h, gate)
    if phi.name == "mish":
        square = _plus(one, grown)
        return _times(h, _plus(one, _inverse(_plus(one, _times(square, square))), -2))
    return None


def _bounds(phi: Activation, h: Series) -> Any:
    """Return the range of phi over the range of h, as an interval."""
    low, high = (np.array([float(end)]) for end in (h[0].a, h[0].b))
    least, most = activated(phi, np.nextafter(low, -np.inf), np.nextafter(high, np.inf))
    return iv.mpf([float(least[0]), float(most[0])])


def _plus(a: Series, b: Series, factor: int = 1) -> Series:
    """Return the series a + factor b."""
    return [x + factor * y for x, y in zip(a, b, strict=True)]


def _times(a: Series, b: Series) -> Series:
    """Return the product of two series."""
    return [sum((a[i] * b[k - i] for i in range(k + 1)), iv.mpf(0)) for k in range(len(a))]


def _inverse(a: Series) -> Series:
    """Return the series 1 / a."""
    out = [1 / a[0]]
    for k in range(1, len(a)):
        out.append(-sum((a[i] * out[k - i] for i in range(1, k + 1)), iv.mpf(0)) / a[0])
    return out


def _exp(a: Series) -> Series:
    """Return the series exp(a)."""
    out = [iv.exp(a[0])]
    for k in range(1, len(a)):
        out.append(sum((i * a[i] * out[k - i] for i in range(1, k + 1)), iv.mpf(0)) / k)
    return out


def _log(a: Series) -> Series:
    """Return the series log(a)."""
    out = [iv.log(a[0])]
    for k in range(1, len(a)):
        rest = sum((i * out[i] * a[k - i] for i in range(1, k)), iv.mpf(0)) / k
        out.append((a[k] - rest) / a[0])
    return out


def _integral(phi: Activation, h: Series, slope: Series) -> Series:
    """Return the series of phi(h) from that of phi'(h)."""
    out = [_bounds(phi, h)]
    for k in range(1, len(h)):
        out.append(sum((i * h[i] * slope[k - i] for i in range(1, k + 1)), iv.mpf(0)) / k)
    return out

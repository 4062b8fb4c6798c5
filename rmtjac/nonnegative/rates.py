r"""Proved rates of contraction of concave networks on x >= 0.

For concave T the slopes fall as x grows, so that on {x >= z}, in the maximum norm weighted by v > 0,
:math:`\|T(x) - T(y)\|_v \le c \|x - y\|_v` with :math:`c = \max_i (T'(z)v)_i / v_i` (DEQ: z an iterate from 0, v the
Perron vector there). In Thompson's metric :math:`d(x, y) = \max_i |\log x_i/y_i|`, T contracts {x <= u} by
:math:`1 - \min_i T_i(0)/T_i(u)`: concavity gives :math:`T'(x)x \le T(x) - T(0)`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network
from rmtjac.nonnegative.predicates import concave
from rmtjac.nonnegative.rounding import TINY, UNIT, above, below, preactivations, product_bounds

__all__ = ["Rate", "contraction_rate", "largest_slope", "slopes_between", "thompson_rate"]

_STEPS = 200  # of the power method for v; any v > 0 gives a bound


class Rate(NamedTuple):
    """A rate, and the weights of the norm in which it holds."""

    value: float
    weights: np.ndarray


def _checked(net: Network, name: str, x: object) -> np.ndarray:
    if net.widths[0] != net.widths[-1]:
        raise ValueError(f"network maps R^{net.widths[0]} to R^{net.widths[-1]}; a rate needs n_0 = n_L")
    answer = concave(net)
    if not answer:
        raise ValueError(f"network: not known to be concave on x >= 0: {answer.evidence}")
    point = np.zeros(net.widths[0]) if x is None else np.asarray(x, dtype=float)
    if point.shape != (net.widths[0],) or not (point >= 0.0).all() or not np.isfinite(point).all():
        raise ValueError(f"{name}={x!r} must hold {net.widths[0]} finite numbers >= 0")
    return point


@np.errstate(all="ignore")
def slopes_between(net: Network, z: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return bounds of the slopes phi' at z, for concave phi: the larger ones hold for all x >= z."""
    small, large = [], []
    lows, highs = preactivations(net, z, -1.0), preactivations(net, z, 1.0)
    for phi, low, high in zip(net.activations, lows, highs, strict=True):
        if phi.slopes is not None:
            slopes = np.array(phi.slopes)
            large.append(slopes[np.searchsorted(phi.breakpoints, low, side="right")])
            small.append(slopes[np.searchsorted(phi.breakpoints, high, side="right")])
        else:
            large.append(largest_slope(phi, low))
            small.append(np.maximum(phi.derivative(high) * (1.0 - _slope_room(phi)) - TINY, 0.0))
    return small, large


def largest_slope(phi: Activation, h: np.ndarray) -> np.ndarray:
    """Return a bound of phi' on [h, infinity), h >= 0, for smooth phi that is concave there."""
    return phi.derivative(h) * (1.0 + _slope_room(phi)) + TINY


def _slope_room(phi: Activation) -> float:
    return (4096.0 if phi.name == "erf" else 64.0) * UNIT  # exp(-h^2) loses as many units as h^2 has


@np.errstate(all="ignore")
def contraction_rate(net: Network, z: object = None) -> Rate:
    """Return c and v: T contracts {x >= z} by c in the maximum norm weighted by 1/v.

    Parameters
    ----------
    net
        Concave on x >= 0: weights and biases >= 0, concave activations.
    z
        Shape (n,); default 0. The rate falls as z grows: take an iterate of T from 0.

    Returns
    -------
    Rate
        Its value may be 1 or more: then it says nothing.

    Raises
    ------
    ValueError
        If the network is not known to be concave, or z is not in x >= 0.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[0.5, 0.25], [0.25, 0.5]]], [[1.0, 1.0]], "tanh")
    >>> c = rj.nonnegative.contraction_rate(net)
    >>> bool(0.31 < c.value < 0.32)  # 0.75 tanh'(1)
    True
    """
    point = _checked(net, "z", z)
    _, slopes = slopes_between(net, point)

    v = np.ones(point.size)
    best = Rate(np.inf, v)
    factors = list(net.weights)
    for _ in range(_STEPS):
        image = product_bounds(factors, v, slopes)[1]
        value = float((image / v).max(initial=0.0)) * (1.0 + 4.0 * UNIT)
        if value < best.value:  # not so if it is NaN
            best = Rate(value, v)
        if not 0.0 < image.max(initial=0.0) < np.inf:
            break
        v = image / image.max() + 0.1 * v  # stays positive, and settles for periodic matrices too
        v = np.maximum(v / v.max(), 1e-12)
    best.weights.flags.writeable = False
    return best


@np.errstate(all="ignore")
def thompson_rate(net: Network, u: object) -> float:
    """Return a rate below which T contracts {0 < x <= u} in Thompson's metric; 1 if T(0) has a zero entry.

    Parameters and errors as in `contraction_rate`; u of shape (n,), for example with T(u) <= u.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.nonnegative.thompson_rate(rj.Network([[[0.5]]], [[1.0]], "relu"), [2.0])
    0.500000000000...
    """
    point = _checked(net, "u", u)
    least, most = below(net, np.zeros(point.size)), above(net, point)
    shares = np.where((most > 0.0) & np.isfinite(most), np.maximum(least, 0.0) / most, 0.0)
    rate = (1.0 - shares.min(initial=1.0)) * (1.0 + 8.0 * UNIT) + 8.0 * UNIT
    return float(rate) if rate < 1.0 else 1.0

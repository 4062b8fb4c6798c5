r"""Proved rates of contraction of concave networks on x >= 0.

For concave T the slopes fall as x grows, so that on {x >= z}, in the maximum norm weighted by v > 0, :math:`\|T(x) -
T(y)\|_v \le c \|x - y\|_v` with :math:`c = \max_i (T'(z)v)_i / v_i`. Any v gives a bound; the best is the Perron vector
of T'(z). For :math:`v = (sI - T'(z))^{-1} 1`, s above the spectral radius, c is less than s, for reducible T'(z) too.
In Thompson's metric :math:`d(x, y) = \max_i |\log x_i/y_i|`, T contracts {x <= u} by :math:`1 - \min_i T_i(0)/T_i(u)`,
because concavity gives :math:`T'(x)x \le T(x) - T(0)`.

DEQ states that the iteration of a positive concave layer converges geometrically, without a rate.

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network
from rmtjac.nonnegative.matrices.perron import radius
from rmtjac.nonnegative.matrices.resolvent import positive_solution
from rmtjac.nonnegative.outward_rounding import DOWN, TINY, UNIT, UP, above, below, preactivations
from rmtjac.nonnegative.predicates.scaling import concave
from rmtjac.validate import real_array

__all__ = ["Rate", "contraction_rate", "contracts", "largest_slope", "slopes_between", "thompson_rate"]

_POWER = 20  # power steps for v; every v > 0 gives a bound
_BEYOND = (1e-13, 1e-10, 1e-7, 1e-4, 0.1)  # relative distances of s from the spectral radius
_NILPOTENT = 1e-6  # relative size of s for a nilpotent matrix
_TOLERANCE = 1e-12
_TINY = 2.0**-1074


class Rate(NamedTuple):
    """A rate of contraction, and the norm in which it holds.

    Attributes
    ----------
    value : float
        The rate c. A value of 1 or more proves nothing.
    weights : ndarray of float, shape (n,)
        The v > 0 of the norm max_i abs(x_i)/v_i.

    See Also
    --------
    contraction_rate : Computes it.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rate = rj.nonnegative.contraction_rate(rj.Network([[[0.5]]], [[1.0]], "relu"))
    >>> round(rate.value, 6), rate.weights
    (0.5, array([0.5]))
    """

    value: float
    weights: np.ndarray


def _checked(network: Network, name: str, x: object) -> np.ndarray:
    """Return the point as an array, after checking it and that the network is concave."""
    if network.widths[0] != network.widths[-1]:
        raise ValueError(f"network maps R^{network.widths[0]} to R^{network.widths[-1]}; a rate needs n_0 = n_L")
    answer = concave(network)
    if not answer:
        raise ValueError(f"network: not known to be concave on x >= 0: {answer.evidence}")
    point = np.zeros(network.widths[0]) if x is None else real_array(name, x)
    if point.shape != (network.widths[0],) or not (point >= 0.0).all() or not np.isfinite(point).all():
        raise ValueError(f"{name}={x!r} must hold {network.widths[0]} finite numbers >= 0")
    return point


@np.errstate(all="ignore")
def slopes_between(network: Network, z: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return lower and upper bounds of the slopes phi' at z; for concave phi the upper ones hold for all x >= z."""
    small, large = [], []
    lows, highs = preactivations(network, z, DOWN), preactivations(network, z, UP)
    for phi, low, high in zip(network.activations, lows, highs, strict=True):
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
    """Return the relative error of phi'."""
    return (4096.0 if phi.name == "erf" else 64.0) * UNIT  # the relative error of exp(-h^2) grows with h^2


@np.errstate(all="ignore")
def contraction_rate(network: Network, z: object = None) -> Rate:
    r"""Return a rate by which a concave T contracts {x >= z} in a weighted maximum norm.

    .. math:: \|T(x) - T(y)\|_v \le c\, \|x - y\|_v, \quad \|x\|_v = \max_i |x_i|/v_i, \quad
        c = \max_i (T'(z) v)_i / v_i.

    Parameters
    ----------
    network : Network
        A network that is concave on x >= 0: weights and biases >= 0, concave activations (`concave`).
    z : array_like of float, shape (n,), optional
        The lower end of the set {x >= z}; default 0. The rate falls as z grows; iterates of T from 0 are good choices.

    Returns
    -------
    Rate
        The proved c, rounded up, and v. A value of 1 or more proves nothing.

    Raises
    ------
    ValueError
        If the network is not known to be concave, or z is not in x >= 0.

    See Also
    --------
    thompson_rate : A rate in another metric.

    Notes
    -----
    Cost: some twenty products with each weight matrix and up to five dense linear systems of size n.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[0.5, 0.25], [0.25, 0.5]]], [[1.0, 1.0]], "tanh")
    >>> c = rj.nonnegative.contraction_rate(net)
    >>> bool(0.31 < c.value < 0.32)  # 0.75 tanh'(1)
    True
    """
    point = _checked(network, "z", z)
    return _Slopes(network, point).rate()


def contracts(network: Network, z: np.ndarray) -> bool:
    """Return whether T contracts {x >= z}, at the cost of one linear system.

    If v = (I - A)^-1 1 is positive, A v = v - 1 < v.
    """
    slopes = _Slopes(network, z)
    v = slopes.resolvent(1.0)
    return v is not None and slopes.bound(v) < 1.0


def _reduced(matrix: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the matrix divided by a power of 2, with greatest entry below 1, and the exponent."""
    power = math.frexp(float(matrix.max(initial=0.0)))[1]
    return np.ldexp(matrix, -power), power


class _Slopes:
    """The product A of slopes and weights that bounds the Jacobian on {x >= z}.

    A is 2^power times the product of `factors`.
    """

    def __init__(self, network: Network, z: np.ndarray) -> None:
        self.size, self.power, self.factors = network.widths[0], 0, []
        with np.errstate(over="ignore", invalid="ignore"):
            _, slopes = slopes_between(network, z)
        self.known = all(np.isfinite(one).all() for one in slopes)
        if self.known:
            for slope, matrix in zip(slopes, network.weights, strict=True):
                (slope, slope_power), (matrix, matrix_power) = _reduced(slope[:, None]), _reduced(matrix)
                self.factors.append(slope * matrix)
                self.power += slope_power + matrix_power

    def resolvent(self, s: float) -> np.ndarray | None:
        """Return (sI - A)^-1 1 if it is positive, else None."""
        try:
            return positive_solution(self.factors, math.ldexp(s, -self.power)) if self.known else None
        except OverflowError:
            return None

    def bound(self, v: np.ndarray) -> float:
        """Return a proved bound of max_i (A v)_i / v_i; infinity where nothing is known."""
        wide: Any = np.longdouble
        unit, least = np.finfo(wide).eps, wide(_TINY)
        if not self.known:
            return np.inf
        y = v.astype(wide)
        with np.errstate(all="ignore"):
            for one in self.factors:
                # entries were rounded once, and lost at most ETA each time they underflowed
                room = (one.shape[1] + 4) * unit + 2.0 * UNIT
                y = (one.astype(wide) @ y) * (1 + room) + (one.shape[1] + 4) * least * (1 + y.max(initial=0))
            value = float(((y / v) * (1 + 8 * unit)).max(initial=0.0)) * (1.0 + 2.0 * UNIT)
        try:
            value = math.ldexp(value, self.power) * (1.0 + 2.0 * UNIT) + _TINY
        except OverflowError:
            return np.inf
        return value if value >= 0.0 else np.inf

    def rate(self) -> Rate:
        """Return the least bound over the vectors tried."""
        best = Rate(np.inf, np.ones(self.size))
        for v in self._vectors():
            v = np.ldexp(v, -math.frexp(float(v.max(initial=0.0)))[1])
            value = self.bound(v)
            if value < best.value:
                best = Rate(value, v)
        best.weights.flags.writeable = False
        return best

    def _vectors(self) -> Iterator[np.ndarray]:
        """Yield positive vectors v with A v close to, or less than, rho(A) v."""
        v = np.ones(self.size)
        yield v
        if not self.known or not v.size:
            return
        image = v
        for _ in range(_POWER):
            image = v
            for one in self.factors:
                image = one @ image
            if not image.max() > 0.0:
                return
            v = np.maximum(image / image.max() + 0.1 * v, 1e-12)  # converges for periodic matrices too
            v /= v.max()
        yield v
        _, top = radius(self.factors, _TOLERANCE)
        top = top or _NILPOTENT * image.max()
        for beyond in _BEYOND:
            s = top * (1.0 + beyond)
            solution = positive_solution(self.factors, s)
            if solution is not None:
                yield solution
                with np.errstate(over="ignore"):
                    least = float(np.ldexp(s, self.power))
                if self.bound(solution) <= least * (1.0 + _TOLERANCE):
                    return  # larger s give larger bounds


@np.errstate(all="ignore")
def thompson_rate(network: Network, u: object) -> float:
    r"""Return a rate by which a concave T contracts {0 < x <= u} in Thompson's metric.

    .. math:: d(T(x), T(y)) \le c\, d(x, y), \quad d(x, y) = \max_i |\log (x_i/y_i)|, \quad
        c = 1 - \min_i T_i(0)/T_i(u).

    Parameters
    ----------
    network : Network
        A network that is concave on x >= 0: weights and biases >= 0, concave activations (`concave`).
    u : array_like of float, shape (n,)
        The upper end of the set {0 < x <= u}, for example a u with T(u) <= u.

    Returns
    -------
    float
        The proved c, rounded up; 1 if T(0) has an entry 0.

    Raises
    ------
    ValueError
        If the network is not known to be concave, or u is not in x >= 0.

    See Also
    --------
    contraction_rate : A rate in a weighted maximum norm.

    Notes
    -----
    Cost: four products with each weight matrix.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.nonnegative.thompson_rate(rj.Network([[[0.5]]], [[1.0]], "relu"), [2.0])
    0.500000000000...
    """
    point = _checked(network, "u", u)
    least, most = below(network, np.zeros(point.size)), above(network, point)
    shares = np.where((most > 0.0) & np.isfinite(most), np.maximum(least, 0.0) / most, 0.0)
    rate = (1.0 - shares.min(initial=1.0)) * (1.0 + 8.0 * UNIT) + 8.0 * UNIT
    return float(rate) if rate < 1.0 else 1.0

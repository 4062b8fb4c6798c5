"""Expectations of functions of one Gaussian, Cauchy or stable variable."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable

import numpy as np

from rmtjac.propagation.stable_law import stable_law
from rmtjac.validate import finite

__all__ = ["Function", "gaussian_expectation", "normal_expectation", "stable_expectation"]

Function = Callable[[np.ndarray], np.ndarray]
Weight = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PRECISION = 1e-13
_HALVINGS = 60
_LONGEST = 2.0
_DIGITS = 38.0  # e^-38 is below rounding
_MOST = 2**16  # pieces: some thousand oscillations
_END = math.log(sys.float_info.max)


def _expectation(
    f: Function, weighted: Weight, scale: float, low: float, high: float, breakpoints: tuple[float, ...]
) -> float:
    """Return the sum over both signs of the integral of f(+-e^y) times the density of y = log|h| from `low` to `high`.

    `weighted` takes values of f, h, and log|h| - log(scale), and returns the values times the density. The function
    changes at |h| about 1, the density at |h| about `scale`. In y = log|h| both change over lengths of about 1, however
    far apart the two scales are. A Gauss-Legendre rule is used on pieces that are halved until the two halves add up to
    the whole.
    """
    centre = math.log(scale)

    def integrals(sign: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the integrals over y from a to b, h having the given signs."""
        half = 0.5 * (b - a)
        y = (0.5 * (a + b))[:, None] + half[:, None] * _NODES
        h = np.exp(np.minimum(y, _END))
        with np.errstate(over="ignore", under="ignore"):  # a bounded f may overflow inside, as exp(-h^2) does
            value = np.asarray(f((sign[:, None] * h).ravel()), dtype=float).reshape(h.shape)
        return half * (weighted(value, h, y - centre) @ _WEIGHTS)

    pieces = []
    for side in (-1.0, 1.0):
        own = [math.log(b * side) for b in breakpoints if b * side > 0.0]
        cuts = {centre - 2.0, centre, centre + 1.0, -2.0, 0.0, 1.0, *own}
        points = [low, *sorted(cut for cut in cuts if low < cut < high), high]
        for start, end in itertools.pairwise(points):
            # No piece is so long that a change at its end lies between two nodes.
            inner = np.linspace(start, end, 1 + math.ceil((end - start) / _LONGEST))
            pieces += [(side, *ends) for ends in itertools.pairwise(inner)]
    sign, a, b = (np.array(column) for column in zip(*pieces, strict=True))
    whole = integrals(sign, a, b)
    total = 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (a + b)
        sign = np.repeat(sign, 2)
        a, b = np.column_stack([a, middle]).ravel(), np.column_stack([middle, b]).ravel()
        halves = integrals(sign, a, b)
        sums = halves[::2] + halves[1::2]
        with np.errstate(invalid="ignore"):  # an infinite integral is returned as infinite
            rough = np.abs(sums - whole) > _PRECISION * (abs(total) + float(np.abs(sums).sum()))
        total += float(sums[~rough].sum())
        again = np.repeat(rough, 2)
        sign, a, b, whole = sign[again], a[again], b[again], halves[again]
        if not whole.size:
            break
        if whole.size > _MOST:
            raise ValueError("the function oscillates too often for a quadrature over the tail of the variable")
    return total + float(whole.sum())


def gaussian_expectation(f: Function, variance: float, breakpoints: tuple[float, ...] = ()) -> float:
    r"""Return :math:`E f(\sqrt{v} Z)`, Z ~ N(0, 1), v the `variance`, for an f that grows at most like a power.

    The rule is adaptive in log|h| and split at the `breakpoints` of f. The relative error is about 1e-13.

    Examples
    --------
    >>> round(gaussian_expectation(lambda h: h**4, 2.0), 10)
    12.0
    """
    return normal_expectation(f, math.sqrt(variance), breakpoints)


def normal_expectation(f: Function, scale: float, breakpoints: tuple[float, ...]) -> float:
    """Return E f(scale Z), Z ~ N(0, 1)."""
    if scale == 0.0:
        return float(f(np.zeros(1))[0])

    def weighted(value: np.ndarray, h: np.ndarray, _: np.ndarray) -> np.ndarray:
        """Return the values times the density z exp(-z^2/2) / sqrt(2 pi) of log|z| on each side."""
        z = h / scale
        return value * (np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)) * z

    # Beyond e^3.65 = 38 standard deviations the weight underflows.
    centre = math.log(scale)
    return _expectation(f, weighted, scale, min(0.0, centre) - _DIGITS, centre + 3.65, breakpoints)


def stable_expectation(
    f: Function,
    alpha: float,
    scale: float,
    breakpoints: tuple[float, ...] = (),
    *,
    growth: float | None = 0.0,
    end: float | None = None,
    tilt: float = 0.0,
) -> float:
    r"""Return :math:`E f(s X)`, X symmetric stable, :math:`E\,e^{itX} = e^{-|t|^\alpha}`, s the `scale`.

    f grows at most like \|h\|^`growth`, growth < alpha; 0 stands for a bounded f. With None the growth is not known:
    the integral goes to the end of the floats, and an error is raised if the rest may count. With `end` it is over
    log\|h\| < end only. With `tilt` t and alpha < 2 the result is :math:`E f(sX) |X|^t`. The rule is adaptive in
    log\|h\| and split at the `breakpoints` of f. The relative error is about 1e-13. For alpha = 2, Var X = 2.

    Raises
    ------
    TypeError
        If a number is no number.
    ValueError
        If alpha lies outside (0, 2], the scale is negative or not finite, the growth is not below alpha, or so close to
        it that values of h beyond the range of a float count, or if f oscillates too often.

    Notes
    -----
    Cost: about 10 ms; for a small alpha, whose tail is long, it grows like 1 / (alpha - growth).

    Examples
    --------
    >>> round(stable_expectation(lambda h: (abs(h) < 1) * 1.0, 1.0, 1.0, (-1.0, 1.0)), 12)
    0.5
    >>> round(stable_expectation(np.cos, 2.0, 0.5), 12) == round(math.exp(-0.25), 12)
    True
    """
    law, scale = stable_law(alpha), finite("scale", scale, least=0.0)
    if scale == 0.0:
        return float(f(np.zeros(1))[0])
    if alpha == 2.0:
        return normal_expectation(f, math.sqrt(2.0) * scale, breakpoints)
    if growth is not None and not growth < alpha:
        raise ValueError(f"growth={growth!r} must be below alpha={alpha!r}: else the expectation is infinite")

    def weighted(value: np.ndarray, _: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the values times |X|^tilt and the density of log|X| on each side."""
        return value * (0.5 * law.log_scale_density(y, tilt))

    # The mass of |X| below e^-y and beyond e^y is about Gamma(1 + 1/alpha) e^-y and e^(-alpha y).
    centre = math.log(scale)
    low = min(0.0, centre - math.lgamma(1.0 + 1.0 / alpha)) - _DIGITS
    if end is not None:
        return _expectation(f, weighted, scale, low, end, breakpoints)
    if growth is not None:
        # A bounded f rises up to |h| about 1, and counts there if the scale is small.
        high = max(0.0, centre) + _DIGITS / (alpha - growth)
        if growth > 0.0 and high > _END:
            raise ValueError(f"growth={growth!r} is so near alpha={alpha!r} that h beyond the range of a float counts")
        return _expectation(f, weighted, scale, low, high, breakpoints)
    total = _expectation(f, weighted, scale, low, _END, breakpoints)
    y = np.array([_END - 20.0, _END])
    ends = np.abs(f(np.exp(y))) + np.abs(f(-np.exp(y)))
    before, last = weighted(ends, y, y - centre)
    # Beyond the end the integrand falls at least as it did before, if f grows like a power.
    rest = 0.0 if last == 0.0 else 20.0 * last / math.log(before / last) if last < before else math.inf
    if not rest <= 10.0 * _PRECISION * abs(total):
        raise ValueError(f"the function grows so fast for alpha={alpha!r} that h beyond the range of a float counts")
    return total

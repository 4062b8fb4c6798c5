r"""The derivative of log lambda by log|m| on the real line, term by term, with bounds between two points.

For a term let p be P(D^2 != 0), E the mean over D^2 != 0, t = 1 / (1 - u D^2) and c = E t = 1 + r m / p. With
q = d log|u| / d log|m|

.. math:: \frac{d \log(m/u)}{d \log|m|} = 1 - q = d + \frac{r m / p}{1 + r m / p}, \qquad
          d = \frac{\mathrm{Var}\,t}{u\,c\,E[D^2 t^2]}.

Where u tends to infinity both summands on the right are large, and the second cancels against others. If D^2 takes a
single value, d is 0. Between two poles c passes through 0 and only 1 - q is regular. So the slope is the sum of d or
1 - q for each term, and of quotients. Their numbers rho are the r_f of the weights, and r_g / p_g for each term that
contributes d:

.. math:: \frac{d\log\lambda}{d\log|m|} = -1 + \sum_g k_g (d_g\ \mathrm{or}\ 1 - q_g)
          + \sum_\rho \kappa_\rho \frac{\rho m}{1 + \rho m}.

A "split" number is stored as a whole number and a rest, shape (2, n): the whole numbers may cancel where m tends to 0
or infinity, and then the rests decide.

The bounds between two values of u use that c is linear in m. Let t_j be 1 / (1 - u x_j) for the value x_j of D^2; its
pole 1 / x_j is ahead of u if u < 1 / x_j, and passed otherwise.

- E[D^2 t^2] is a sum of terms that grow with u at poles ahead (and for u < 0) and fall at poles passed.
- |t_j - t_k| grows with u where both poles are ahead, and falls where both are passed; for u < 0 its logarithm changes
  by at most the change of log|u|. This bounds the variance.
- m / u grows with u. Together with the bounds of E[D^2 t^2] this bounds q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.derivative_laws.real_line import FreeInterval
from rmtjac.theory.equation.layers import Layers

__all__ = [
    "Factors", "Moments", "Parts", "between", "beyond_a_pole", "log_lambda", "slope", "slope_bounds", "term_bounds",
    "term_parts", "weight_bounds"
]  # fmt: skip


class Moments(IntEnum):
    """Rows of `Parts.moments`: means over the poles ahead of u, and over those passed."""

    VARIANCE_AHEAD = 0  # Var t, times the probability of these poles
    VARIANCE_PASSED = 1
    MEAN_AHEAD = 2  # E |t|
    MEAN_PASSED = 3
    BOTH = 4  # the product of the probabilities of the two kinds


@dataclass(frozen=True, eq=False)
class Parts:
    """A term of the equation at points in ascending order of m.

    Attributes
    ----------
    v, log_ratio, c, q, d : ndarray of float, shape (n,)
        log|u|, log|m_K / u|, 1 + r m / p, d log|u| / d log|m|, and d as in the docstring of this module.
    log_steep : ndarray of float, shape (n,)
        log E[D^2 t^2].
    passed : ndarray of float, shape (n,)
        The share of the passed poles in E[D^2 t^2].
    moments : ndarray of float, shape (5, n)
        Moments of t over the poles ahead and over the poles passed; `Moments` names the rows.
    """

    v: np.ndarray
    log_ratio: np.ndarray
    c: np.ndarray
    q: np.ndarray
    d: np.ndarray
    log_steep: np.ndarray
    passed: np.ndarray
    moments: np.ndarray

    def __getitem__(self, index: slice | np.ndarray) -> Parts:
        """Return the term at some of the points."""
        return Parts(*(getattr(self, name)[..., index] for name in self.__dataclass_fields__))

    def followed_by(self, inner: Parts, last: Parts) -> Parts:
        """Return the term at these points, then at those of `inner`, then at those of `last`."""
        parts = ([getattr(x, name) for x in (self, inner, last)] for name in self.__dataclass_fields__)
        return Parts(*(np.concatenate(three, axis=-1) for three in parts))


def term_parts(one: FreeInterval, v: np.ndarray) -> Parts:
    """Return the term at u = sign e^v on a stretch of the real line.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> from rmtjac.theory.derivative_laws.real_line import free_intervals
    >>> negative, below, beyond = free_intervals(DiscreteLaw.from_points([1.0], [1.0]))
    >>> term_parts(below, np.log([0.5])).c.round(9), term_parts(beyond, np.log([2.0])).c.round(9)   # 1 / (1 - u)
    (array([2.]), array([-1.]))
    """
    from rmtjac.kernels.limit.moment_transform import log_moment_transform_array

    law = one.law
    c, _, c1, s, s1 = (
        x.real for x in log_moment_transform_array(*law.kernel, v + (0j if one.sign > 0 else -1j * math.pi))
    )
    dc = c * c1  # over v
    growth = np.where(np.abs(c) < 0.5, dc / (c - 1.0), s1 + 1.0)
    passed, moments = np.zeros_like(v), np.zeros((len(Moments), v.size))
    if isinstance(law, DiscreteLaw) or beyond_a_pole(one):
        passed, moments = _sums(one, v)
        variance = _variance(*moments)
    else:  # nodes are not values of D^2; next to the tip of a cut the compiled functions correct sums over nodes
        variance = dc - c * (c - 1.0)
        moments[Moments.VARIANCE_AHEAD] = variance
    return Parts(v, s, c, 1.0 / growth, variance / (c * dc), np.log(np.abs(dc)) - v, passed, moments)


def _sums(one: FreeInterval, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `passed` and `moments` of `Parts` by sums over the values of D^2."""
    x, w = np.log(one.law.values)[:, None], one.law.weights[:, None] / one.law.mass
    if x.size == 1:
        return np.full_like(v, float(beyond_a_pole(one))), np.zeros((len(Moments), v.size))
    place = x + v
    if one.sign > 0:
        t, beyond = -1.0 / np.expm1(place), place > 0.0
        ahead = np.exp(place) * t  # t - 1 = u D^2 t keeps its digits where u is small
    else:
        t, beyond = 1.0 / (1.0 + np.exp(place)), np.zeros(place.shape, dtype=bool)
        ahead = np.where(v < -math.log(one.law.mean), -np.exp(place) * t, t)
    out = np.zeros((len(Moments), v.size))
    share_ahead, mean_ahead, out[Moments.VARIANCE_AHEAD] = _mean_and_variance(~beyond, w, ahead)
    share_passed, mean_passed, out[Moments.VARIANCE_PASSED] = _mean_and_variance(beyond, w, t)
    out[Moments.MEAN_AHEAD], out[Moments.MEAN_PASSED] = 1.0 + mean_ahead, -mean_passed
    out[Moments.BOTH] = share_ahead * share_passed
    steep = w * np.exp(x) * t**2
    return np.where(beyond, steep, 0.0).sum(axis=0) / steep.sum(axis=0), out


def _mean_and_variance(
    there: np.ndarray, w: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the probability of the poles `there`, the mean of `value` over them, and probability times variance."""
    weight = np.where(there, w, 0.0)
    share = weight.sum(axis=0)
    mean = np.where(there, weight * value, 0.0).sum(axis=0) / np.where(share > 0.0, share, 1.0)
    return share, mean, np.where(there, weight * (value - mean) ** 2, 0.0).sum(axis=0)


def _split(x: np.ndarray, less: np.ndarray) -> np.ndarray:
    """Return x, split into a whole number and the rest; `less` is x - 1 without cancellation."""
    whole = np.abs(less) < 0.5
    return np.array([whole * 1.0, np.where(whole, less, x)])


def beyond_a_pole(one: FreeInterval) -> bool:
    """Return whether u has passed a pole on the stretch."""
    return one.sign > 0 and one.low > -math.inf


def between(one: FreeInterval) -> bool:
    """Return whether the stretch lies between two poles."""
    return beyond_a_pole(one) and one.high < math.inf


def _rest_of_quotient(parts: Parts) -> np.ndarray:
    """Return (r m / p) / (1 + r m / p), which is the rest of this number when split, with the whole number 0."""
    return (parts.c - 1.0) / parts.c


def term_slope(one: FreeInterval, parts: Parts) -> np.ndarray:
    """Return what the term adds to the slope, split: 1 - q between two poles, else d."""
    if between(one):
        return _split(1.0 - parts.q, -parts.q)
    less = np.where(np.abs(parts.q) < 0.5, -(parts.q + _rest_of_quotient(parts)), parts.d - 1.0)
    return _split(parts.d, less)


def term_bounds(one: FreeInterval, left: Parts, right: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of `term_slope`, split, on the cells between the points `left` and `right`."""
    if one.law.values.size == 1:
        zero = np.zeros((2, left.v.size))
        return zero, zero
    grow = np.exp(right.log_steep - left.log_steep)
    if one.sign < 0:
        steep = [np.minimum(1.0, grow), np.maximum(1.0, grow)]
        shift = np.exp(2.0 * np.abs(right.v - left.v))
        variances = _variance(*left.moments), _variance(*right.moments)
        variance = [np.maximum(*variances) / shift, np.minimum(*variances) * shift]
    else:
        steep = [right.passed * grow + (1.0 - left.passed), left.passed + (1.0 - right.passed) * grow]
        variance = [_mixed_variance(left, right), _mixed_variance(right, left)]
    # q = (m / u) / m'
    most = right.q * grow / np.where(right.q > 0.0, steep[0], steep[1])
    least = left.q / np.where(left.q > 0.0, steep[1], steep[0])
    if between(one):
        return _split(1.0 - most, -most), _split(1.0 - least, -least)
    # |d| = Var t / (|u| |c| E[D^2 t^2]), with E[D^2 t^2] in units of its value on the left.
    scale = np.exp(left.log_steep)
    u = np.exp(left.v), np.exp(right.v)
    c = np.abs(left.c), np.abs(right.c)
    small = variance[0] / (np.maximum(*u) * np.maximum(*c) * steep[1] * scale)
    large = variance[1] / (np.minimum(*u) * np.minimum(*c) * steep[0] * scale)
    positive = (left.c > 0.0) == (one.sign > 0)
    low, high = np.where(positive, small, -large), np.where(positive, large, -small)
    less = -(most + _rest_of_quotient(right)), -(least + _rest_of_quotient(left))
    return (
        _split(np.fmax(low, 1.0 + less[0]), np.fmax(low - 1.0, less[0])),
        _split(np.fmin(high, 1.0 + less[1]), np.fmin(high - 1.0, less[1])),
    )


def _variance(
    ahead: np.ndarray, passed: np.ndarray, mean_ahead: np.ndarray, mean_passed: np.ndarray, both: np.ndarray
) -> np.ndarray:
    """Return Var t from the rows of `Moments`: t is positive at poles ahead, negative at those passed."""
    return ahead + passed + both * (mean_ahead + mean_passed) ** 2


def _mixed_variance(ahead: Parts, passed: Parts) -> np.ndarray:
    """Return Var t, with the moments over poles ahead from one point and those over passed poles from another."""
    a, b = ahead.moments, passed.moments
    means = a[Moments.MEAN_AHEAD], b[Moments.MEAN_PASSED]
    return _variance(a[Moments.VARIANCE_AHEAD], b[Moments.VARIANCE_PASSED], *means, a[Moments.BOTH])


@dataclass(frozen=True, eq=False)
class Factors:
    """The quotients kappa rho m / (1 + rho m) of the slope, which are functions of m alone.

    Attributes
    ----------
    ratios, counts : ndarray of float, shape (k,)
        rho and kappa where no u lies between two poles; ratios that are equal up to rounding are merged.
    place : list of int
        The index of the rho of each term.
    """

    ratios: np.ndarray
    counts: np.ndarray
    place: list[int]

    @classmethod
    def of(cls, layers: Layers) -> Factors:
        """Return the factors of the layers."""
        own = [float(r) / law.mass for law, r in zip(layers.groups, layers.ratios, strict=True)]
        ratios: list[float] = []
        for r in sorted([*own, *layers.free_ratios.tolist()]):
            if not ratios or r - ratios[-1] > 1e-12 * r:
                ratios.append(r)
        array = np.array(ratios)
        place = [int(np.abs(array - r).argmin()) for r in own]
        counts = np.zeros(array.size)
        np.add.at(counts, place, layers.counts)
        np.add.at(counts, [int(np.abs(array - r).argmin()) for r in layers.free_ratios], layers.free_counts)
        return cls(array, counts, place)

    def on(self, layers: Layers, stretches: tuple[FreeInterval, ...]) -> np.ndarray:
        """Return kappa where the u of each term lies on its entry of `stretches`."""
        counts = self.counts.copy()
        for place, k, one in zip(self.place, layers.counts, stretches, strict=True):
            counts[place] -= k * between(one)
        return counts

    def quotients(self, m: np.ndarray) -> np.ndarray:
        """Return rho m / (1 + rho m), which grows with m, split, shape (k, 2, n)."""
        below = 1.0 + self.ratios[:, None] * m
        return np.swapaxes(_split((self.ratios[:, None] * m) / below, -1.0 / below), 0, 1)


def slope(
    layers: Layers, counts: np.ndarray, quotients: np.ndarray, stretches: tuple[FreeInterval, ...], terms: list[Parts]
) -> np.ndarray:
    """Return d log lambda / d log|m|; `counts` and `quotients` are those of `Factors.on` and `Factors.quotients`."""
    total = _weighted(counts, quotients)
    for k, one, parts in zip(layers.counts, stretches, terms, strict=True):
        total += k * term_slope(one, parts)
    return (total[0] - 1.0) + total[1]


def slope_bounds(
    layers: Layers,
    counts: np.ndarray,
    quotients: tuple[np.ndarray, np.ndarray],
    stretches: tuple[FreeInterval, ...],
    left: list[Parts],
    right: list[Parts],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the slope on cells, from the `quotients` and the terms at both ends."""
    low, high = weight_bounds(counts, *quotients)
    for k, one, start, end in zip(layers.counts, stretches, left, right, strict=True):
        least, most = term_bounds(one, start, end)
        low += k * least
        high += k * most
    return (low[0] - 1.0) + low[1], (high[0] - 1.0) + high[1]


def weight_bounds(counts: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of sum_rho kappa_rho rho m / (1 + rho m), split, from the quotients at both ends of cells."""
    up, down = np.maximum(counts, 0.0), np.minimum(counts, 0.0)
    return _weighted(up, left) + _weighted(down, right), _weighted(up, right) + _weighted(down, left)


def _weighted(counts: np.ndarray, quotients: np.ndarray) -> np.ndarray:
    """Return the sum of `counts` times `quotients`."""
    used = counts != 0.0  # a quotient whose count is 0 may be infinite
    return np.tensordot(counts[used], quotients[used], axes=1) if used.any() else np.zeros(quotients.shape[1:])


def log_lambda(layers: Layers, m: np.ndarray, stretches: tuple[FreeInterval, ...], terms: list[Parts]) -> np.ndarray:
    """Return log lambda at `m`, from the terms there."""
    value = layers.log_scale - np.log(np.abs(m))
    for one, k, r, parts in zip(stretches, layers.counts, layers.ratios, terms, strict=True):
        # Between two poles m_K passes through 0.
        value += k * (np.log(np.abs(r * m)) - parts.v if between(one) else parts.log_ratio)
    for k, r in zip(layers.free_counts, layers.free_ratios, strict=True):
        value += k * np.log(np.abs(1.0 + r * m))
    return value

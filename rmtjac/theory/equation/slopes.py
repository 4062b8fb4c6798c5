r"""The slope of log lambda over log|m| on the real line, term by term, with bounds between two points.

Of a term let p be the mass of D^2 off 0, E the mean there, t = 1 / (1 - u D^2) and c = E t = 1 + r m / p. With
q = d log|u| / d log|m|

.. math:: \frac{d \log(m/u)}{d \log|m|} = 1 - q = d + \frac{r m / p}{1 + r m / p}, \qquad
          d = \frac{\mathrm{Var}\,t}{u\,c\,E[D^2 t^2]}.

Where u tends to infinity both parts of the sum on the right are large, and the second cancels against others; for a
single value of D^2 d is 0. Between two poles c passes through 0 and only 1 - q is regular. So with some of the rho from
the r_g / p_g, and the r_f of the weights,

.. math:: \frac{d\log\lambda}{d\log|m|} = -1 + \sum_g k_g (d_g\ \mathrm{or}\ 1 - q_g)
          + \sum_\rho \kappa_\rho \frac{\rho m}{1 + \rho m}.

What is near a whole number is kept as that number and the rest: the whole numbers may cancel where m tends to 0 or
infinity, and the rest decides.

Bounds between two values of u: c is linear in m. Let t_j be 1 / (1 - u x_j).

- E[D^2 t^2] is a sum of terms that grow with u at poles ahead (and for u < 0) and fall at poles that u has passed.
- |t_j - t_k| grows with u where both poles are ahead, falls where both are passed; for u < 0 its logarithm changes by
  at most that of u. That bounds the variance.
- m / u grows with u: with E[D^2 t^2] that bounds q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.derivative_laws.real_line import FreeInterval
from rmtjac.theory.equation.layers import Layers

__all__ = [
    "Factors", "Parts", "between", "log_lambda", "slope", "slope_bounds", "term_bounds", "term_parts", "weight_bounds"
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Parts:
    """A term at points in ascending order of m.

    Attributes
    ----------
    v, log_ratio, c, q, d
        log|u|, log|m_K / u|, 1 + r m / p, d log|u| / d log|m|, and d of the module's docstring.
    log_steep
        log E[D^2 t^2] over D != 0.
    passed
        The share of the passed poles in it.
    apart
        Shape (5, n), of the poles ahead (+) and those passed (-), P their probability: P Var t, P Var t, E t, E |t|,
        P P; Var t is the first two and the last times the square of the sum of the others.
    """

    v: np.ndarray
    log_ratio: np.ndarray
    c: np.ndarray
    q: np.ndarray
    d: np.ndarray
    log_steep: np.ndarray
    passed: np.ndarray
    apart: np.ndarray

    def __getitem__(self, index: slice | np.ndarray) -> Parts:
        return Parts(*(getattr(self, name)[..., index] for name in self.__dataclass_fields__))

    def woven(self, inner: Parts, last: Parts) -> Parts:
        """Return these points, then those of `inner`, then those of `last`."""
        parts = ([getattr(x, name) for x in (self, inner, last)] for name in self.__dataclass_fields__)
        return Parts(*(np.concatenate(three, axis=-1) for three in parts))


def term_parts(one: FreeInterval, v: np.ndarray) -> Parts:
    """Return the term at u = sign e^v."""
    from rmtjac.kernels.limit.moment_transform import log_moment_transform_array

    law = one.law
    c, _, c1, s, s1 = (
        x.real for x in log_moment_transform_array(*law.kernel, v + (0j if one.sign > 0 else -1j * math.pi))
    )
    dc = c * c1  # over v
    growth = np.where(np.abs(c) < 0.5, dc / (c - 1.0), s1 + 1.0)
    passed, apart = np.zeros_like(v), np.zeros((5, v.size))
    if isinstance(law, DiscreteLaw) or (one.sign > 0 and one.low > -math.inf):
        passed, apart = _sums(one, v)
        variance = _variance(*apart)
    else:  # nodes are no values: next to the tip of a cut the kernel corrects their sums
        variance = dc - c * (c - 1.0)
        apart[0] = variance
    return Parts(v, s, c, 1.0 / growth, variance / (c * dc), np.log(np.abs(dc)) - v, passed, apart)


def _sums(one: FreeInterval, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `passed` and `apart` of `Parts` by sums over the values of D^2."""
    x, w = np.log(one.law.values)[:, None], one.law.weights[:, None] / one.law.mass
    if x.size == 1:
        return np.full_like(v, float(one.sign > 0 and one.low > -math.inf)), np.zeros((5, v.size))
    place = x + v
    if one.sign > 0:
        t, beyond = -1.0 / np.expm1(place), place > 0.0
        ahead = np.exp(place) * t  # t - 1 = u D^2 t keeps its digits where u is small
    else:
        t, beyond = 1.0 / (1.0 + np.exp(place)), np.zeros(place.shape, dtype=bool)
        ahead = np.where(v < -math.log(one.law.mean), -np.exp(place) * t, t)
    out = np.zeros((5, v.size))
    shares = []
    for row, (there, value) in enumerate(((~beyond, ahead), (beyond, t))):
        weight = np.where(there, w, 0.0)
        share = weight.sum(axis=0)
        mean = np.where(there, weight * value, 0.0).sum(axis=0) / np.where(share > 0.0, share, 1.0)
        out[row] = np.where(there, weight * (value - mean) ** 2, 0.0).sum(axis=0)
        out[2 + row] = -mean if row else 1.0 + mean
        shares.append(share)
    out[4] = shares[0] * shares[1]
    steep = w * np.exp(x) * t**2
    return np.where(beyond, steep, 0.0).sum(axis=0) / steep.sum(axis=0), out


def _split(rest: np.ndarray, less: np.ndarray) -> np.ndarray:
    """Return x, given as `rest` or as 1 + `less`, as a whole number and a rest, shape (2, n)."""
    whole = np.abs(less) < 0.5
    return np.array([whole * 1.0, np.where(whole, less, rest)])


def between(one: FreeInterval) -> bool:
    """Whether the stretch lies between two poles."""
    return one.sign > 0 and one.low > -math.inf and one.high < math.inf


def _rest_of_quotient(parts: Parts) -> np.ndarray:
    return (parts.c - 1.0) / parts.c


def term_slope(one: FreeInterval, parts: Parts) -> np.ndarray:
    """Return 1 - q between two poles, else d, split."""
    if between(one):
        return _split(1.0 - parts.q, -parts.q)
    less = np.where(np.abs(parts.q) < 0.5, -(parts.q + _rest_of_quotient(parts)), parts.d - 1.0)
    return _split(parts.d, less)


def term_bounds(one: FreeInterval, left: Parts, right: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of `term_slope` between points `left` and `right`, split."""
    if one.law.values.size == 1:
        zero = np.zeros((2, left.v.size))
        return zero, zero
    grow = np.exp(right.log_steep - left.log_steep)
    if one.sign < 0:
        steep = [np.minimum(1.0, grow), np.maximum(1.0, grow)]
        shift = np.exp(2.0 * np.abs(right.v - left.v))
        variances = _variance(*left.apart), _variance(*right.apart)
        apart = [np.maximum(*variances) / shift, np.minimum(*variances) * shift]
    else:
        steep = [right.passed * grow + (1.0 - left.passed), left.passed + (1.0 - right.passed) * grow]
        ahead, passed = (left.apart, right.apart), (right.apart, left.apart)
        apart = [_variance(a[0], b[1], a[2], b[3], a[4]) for a, b in zip(ahead, passed, strict=True)]
    # q = (m / u) / m'
    most = right.q * grow / np.where(right.q > 0.0, steep[0], steep[1])
    least = left.q / np.where(left.q > 0.0, steep[1], steep[0])
    if between(one):
        return _split(1.0 - most, -most), _split(1.0 - least, -least)
    # |d| = Var / (|u| |c| E[D^2 t^2]), the last in units of its value on the left.
    scale = np.exp(left.log_steep)
    u = np.exp(left.v), np.exp(right.v)
    c = np.abs(left.c), np.abs(right.c)
    small = apart[0] / (np.maximum(*u) * np.maximum(*c) * steep[1] * scale)
    large = apart[1] / (np.minimum(*u) * np.minimum(*c) * steep[0] * scale)
    positive = (left.c > 0.0) == (one.sign > 0)
    low, high = np.where(positive, small, -large), np.where(positive, large, -small)
    less = -(most + _rest_of_quotient(right)), -(least + _rest_of_quotient(left))
    return (
        _split(np.fmax(low, 1.0 + less[0]), np.fmax(low - 1.0, less[0])),
        _split(np.fmin(high, 1.0 + less[1]), np.fmin(high - 1.0, less[1])),
    )


def _variance(ahead: np.ndarray, passed: np.ndarray, up: np.ndarray, down: np.ndarray, both: np.ndarray) -> np.ndarray:
    return ahead + passed + both * (up + down) ** 2


@dataclass(frozen=True, eq=False)
class Factors:
    """The part of the slope that is a function of m alone.

    Attributes
    ----------
    ratios, counts
        rho and kappa, if no u lies between two poles; ratios that are equal to rounding are one.
    place
        Which rho is that of each term.
    """

    ratios: np.ndarray
    counts: np.ndarray
    place: list[int]

    @classmethod
    def of(cls, layers: Layers) -> Factors:
        """Return those of the layers."""
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
        """Return kappa where each u lies on its own of `stretches`."""
        counts = self.counts.copy()
        for place, k, one in zip(self.place, layers.counts, stretches, strict=True):
            counts[place] -= k * between(one)
        return counts

    def quotients(self, m: np.ndarray) -> np.ndarray:
        """Return rho m / (1 + rho m), which grow with m, split, shape (ratios, 2, n)."""
        below = 1.0 + self.ratios[:, None] * m
        return np.swapaxes(_split((self.ratios[:, None] * m) / below, -1.0 / below), 0, 1)


def slope(
    layers: Layers, counts: np.ndarray, quotients: np.ndarray, stretches: tuple[FreeInterval, ...], terms: list[Parts]
) -> np.ndarray:
    """Return d log lambda / d log|m|; `counts` and `quotients` as `Factors` has them."""
    total = _weighted(counts, quotients)
    for k, one, parts in zip(layers.counts, stretches, terms, strict=True):
        total += k * term_slope(one, parts)
    return (total[0] - 1.0) + total[1]


def slope_bounds(
    layers: Layers,
    counts: np.ndarray,
    quotients: tuple[np.ndarray, np.ndarray],
    stretches: tuple[FreeInterval, ...],
    sides: tuple[list[Parts], list[Parts]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of the slope between points, from the `quotients` and terms at both."""
    low, high = weight_bounds(counts, *quotients)
    for k, one, left, right in zip(layers.counts, stretches, *sides, strict=True):
        least, most = term_bounds(one, left, right)
        low += k * least
        high += k * most
    return (low[0] - 1.0) + low[1], (high[0] - 1.0) + high[1]


def weight_bounds(counts: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of sum_rho kappa_rho rho m / (1 + rho m), split."""
    up, down = np.maximum(counts, 0.0), np.minimum(counts, 0.0)
    return _weighted(up, left) + _weighted(down, right), _weighted(up, right) + _weighted(down, left)


def _weighted(counts: np.ndarray, quotients: np.ndarray) -> np.ndarray:
    used = counts != 0.0  # what cancels may be infinite
    return np.tensordot(counts[used], quotients[used], axes=1) if used.any() else np.zeros(quotients.shape[1:])


def log_lambda(layers: Layers, m: np.ndarray, stretches: tuple[FreeInterval, ...], terms: list[Parts]) -> np.ndarray:
    """Return log lambda."""
    value = layers.log_scale - np.log(np.abs(m))
    for one, k, r, parts in zip(stretches, layers.counts, layers.ratios, terms, strict=True):
        # Between two poles m_K passes through 0.
        value += k * (np.log(np.abs(r * m)) - parts.v if between(one) else parts.log_ratio)
    for k, r in zip(layers.free_counts, layers.free_ratios, strict=True):
        value += k * np.log(np.abs(1.0 + r * m))
    return value

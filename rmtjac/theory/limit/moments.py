r"""Moments of the limit by Lagrange inversion, as floats or as fractions, and the mean of log lambda.

m_M is the functional inverse of z(m) = 1/lambda(m), so (docs/theory/support_and_moments.md; for the terms see
`rmtjac.theory.equation.roots`)

.. math:: m_k = \frac1k [m^{k-1}] \bigl(m\,\lambda(m)\bigr)^k, \qquad
          m\,\lambda(m) = e^c \prod_g \Bigl(\frac{r_g m}{\chi_g(r_g m)}\Bigr)^{k_g} \prod_f (1 + r_f m)^{k_f},

where chi_g is the functional inverse of m_{K_g}. The series of m/chi_g have coefficients of both signs, so they are
computed with 30 digits more than a float has. The moments of D^2 enter with positive weights, and only their error
remains.

For the mean of log lambda: on (-mu, 0) lambda(m) is negative, and int log lambda dF = int log|lambda(m)| dm. With the
antiderivative A of `rmtjac.theory.equation.roots` this is the limit of Re A + mu log|lambda| as lambda -> 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from rmtjac.theory.derivative_laws.chi import inverse_at
from rmtjac.theory.equation.layers import Layers

__all__ = ["exact_moments", "log_moment", "moments"]


def moments(layers: Layers, order: int) -> np.ndarray:
    """Return the moments 1 ... `order` of the limit; the cost is O(order^3) multiprecision operations per term.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> moments(Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0]), 4)   # the Catalan numbers
    array([ 1.,  2.,  5., 14.])
    """
    import mpmath as mp

    with mp.workdps(46 + order):
        d_moments = [[mp.mpf(law.moment(k)) for k in range(1, order + 1)] for law in layers.groups]
        return np.array([float(x) for x in _lagrange(layers, d_moments, layers.scale_mp(), layers.ratio_mp, order)])


def exact_moments(layers: Layers, order: int) -> tuple[Fraction, ...]:
    """Return the moments 1 ... `order` as fractions.

    Raises
    ------
    ValueError
        If a law of D^2 has no rational moments.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> exact_moments(Layers([DiscreteLaw.from_points([0.0, 1.0], [0.75, 0.25])], [1.0]), 3)
    (Fraction(1, 4), Fraction(5, 16), Fraction(29, 64))
    """
    points = [law.rational_points for law in layers.groups]
    for law, found in zip(layers.groups, points, strict=True):
        if found is None:
            raise ValueError(f"layers hold {law!r}, whose moments are not rational; use moments instead")
    d_moments = [
        [sum((w * x**k for x, w in found), Fraction(0)) for k in range(1, order + 1)] for found in points if found
    ]
    return tuple(_lagrange(layers, d_moments, layers.scale_fraction(), layers.ratio_fraction, order))


def _lagrange(
    layers: Layers, d_moments: list[list[Any]], scale: Any, ratio: Callable[[float], Any], order: int
) -> list[Any]:
    """Return the moments 1 ... `order`, in the arithmetic of `d_moments`, the moments of D^2 of each term."""
    one = d_moments[0][0] * 0 + 1
    base = _truncate([one], order)
    for count, r, series in zip(layers.counts, layers.ratios, d_moments, strict=True):
        term = [x * ratio(r) ** k for k, x in enumerate(_over_inverse(series))]
        for _ in range(int(count)):
            base = _product(base, term)
    for count, r in zip(layers.free_counts, layers.free_ratios, strict=True):
        linear = _truncate([one, one * ratio(r)], order)
        for _ in range(abs(int(count))):
            base = _product(base, linear if count > 0 else _reciprocal(linear))
    out, power = [], _truncate([one], order)
    for k in range(1, order + 1):
        power = _product(power, base)
        out.append(scale**k * power[k - 1] / k)
    return out


def _truncate(series: list[Any], order: int) -> list[Any]:
    """Return the first `order` coefficients, with zeros appended where there are fewer."""
    return series + [series[0] * 0] * (order - len(series)) if len(series) < order else series[:order]


def _product(a: list[Any], b: list[Any]) -> list[Any]:
    """Return the product of two power series of the same number of coefficients, to that number."""
    return [sum(a[i] * b[k - i] for i in range(k + 1)) for k in range(len(a))]


def _reciprocal(a: list[Any]) -> list[Any]:
    """Return the power series of 1/a."""
    out = [1 / a[0]]
    for k in range(1, len(a)):
        out.append(-sum(a[i] * out[k - i] for i in range(1, k + 1)) / a[0])
    return out


def _over_inverse(moment_transform: list[Any]) -> list[Any]:
    """Return the power series of m / chi(m), chi the inverse of u -> sum_k moment_transform[k-1] u^k.

    With m = u g(u) the ratio m / chi(m) is g(chi(m)), and by Lagrange its coefficient of m^k is
    [u^k] (g(u)^(1-k)) / (1 - k), except for k = 1, where it is [u^1] log g.
    """
    inverse = _reciprocal(moment_transform)
    out = [moment_transform[0]]
    if len(moment_transform) > 1:
        out.append(moment_transform[1] / moment_transform[0])
    power = inverse
    for k in range(2, len(moment_transform)):
        out.append(power[k] / (1 - k))
        power = _product(power, inverse)
    return out


def log_moment(layers: Layers) -> float:
    """Return the mean of log lambda over lambda > 0: the integral divided by the mass mu there.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> print(log_moment(Layers([DiscreteLaw.from_points([1.0], [1.0])] * 3, [1.0] * 3)))   # -1 per linear layer
    -3.0
    """
    if layers.explicit:
        law = layers.groups[0]
        return layers.log_scale + law.mean_log / law.mass
    mu = layers.rank
    total = layers.log_scale - math.log(mu) - layers.gaussian
    for law, r, k, share in zip(layers.groups, layers.ratios, layers.counts, layers.shares, strict=True):
        if share == 1.0:  # E log(1 - u D^2) and the logarithm of u cancel as u -> -inf
            total += k * (law.mean_log / law.mass + math.log(law.mass))
            continue
        u = inverse_at(law, complex(-r * mu)).real
        potential = float(law.log_potential(np.array([complex(math.log(-u), -math.pi)])).real[0])
        total += k * (potential / (r * mu) + math.log(r * mu / -u))
    for r, k, share in zip(layers.free_ratios, layers.free_counts, layers.free_shares, strict=True):
        if share != 1.0:
            total += k * (1.0 - 1.0 / share) * math.log1p(-r * mu)
    return total

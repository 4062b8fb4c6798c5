r"""Moments of the limit by Lagrange inversion.

m_M is the functional inverse of z(m) = 1/lambda(m), so (EQUATIONS of the limit)

.. math:: m_k = \frac1k [m^{k-1}] \bigl(m\,\lambda(m)\bigr)^k
             = \frac1k [m^{k-1}] \Bigl((1+m) \prod_l \sigma_l^2 \frac{m}{\chi_l(m)}\Bigr)^k ,

chi_l the inverse of m_{K_l}. The series of m/chi_l have coefficients of both signs, so they are carried with 30
digits more than a float; what remains is the error of the moments of D^2 that go in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.theory.inverse import Layers

__all__ = ["moments"]


def moments(layers: Layers, most: int) -> np.ndarray:
    """Return the moments 1 ... `most` of the limiting spectrum; O(most^3) multiprecision operations a group."""
    import mpmath as mp

    with mp.workdps(46 + most):
        base = _truncate([mp.mpf(1), mp.mpf(1)], most)
        for count, law in zip(layers.counts, layers.groups, strict=True):
            ratio = _over_inverse(mp, [mp.mpf(law.moment(k)) for k in range(1, most + 1)])
            for _ in range(int(count)):
                base = _product(base, ratio)
        scale = mp.exp(mp.mpf(layers.log_variance))
        out, power = [], _truncate([mp.mpf(1)], most)
        for k in range(1, most + 1):
            power = _product(power, base)
            out.append(float(scale**k * power[k - 1] / k))
    return np.array(out)


def _truncate(series: list[Any], most: int) -> list[Any]:
    return series + [series[0] * 0] * (most - len(series)) if len(series) < most else series[:most]


def _product(a: list[Any], b: list[Any]) -> list[Any]:
    """Product of two power series to the common number of terms."""
    return [sum(a[i] * b[k - i] for i in range(k + 1)) for k in range(len(a))]


def _over_inverse(mp: Any, mgf: list[Any]) -> list[Any]:
    """Series of m / chi(m), chi the inverse of u -> sum_k mgf[k-1] u^k.

    With m = u g(u) the ratio m / chi(m) is g(chi(m)), and by Lagrange its coefficient of m^k is
    [u^k] (g(u)^(1-k)) / (1 - k), save for k = 1, where it is [u^1] log g.
    """
    most = len(mgf)
    g = mgf
    inverse = [1 / g[0]]
    for k in range(1, most):
        inverse.append(-sum(g[i] * inverse[k - i] for i in range(1, k + 1)) / g[0])
    out = [g[0]]
    if most > 1:
        out.append(g[1] / g[0])
    power = inverse
    for k in range(2, most):
        out.append(power[k] / (1 - k))
        power = _product(power, inverse)
    return out

r"""E 1/(1 - u D^2) where \|u\| is so large that only the far tail of phi' decides, D^2 being no float there.

For h = -x, x large, log D^2 = l = 2 (c_0 - c_1 x - c_2 x^2 + log f(x)), f = 1, x - 1, or x less Mills' ratio. With
G(l) = P(log D^2 < l) and u = e^v, mu = -v - i pi,

.. math:: E\,\frac{1}{1 - u D^2} = E\,\frac{1}{1 + e^{\log D^2 - \mu}} = E\,G(\mu + T), \qquad
          E \log(1 - u D^2) = E \log D^2 - \mu + E\,\int_{-\infty}^{\mu + T} G, \qquad T\ \text{logistic}.

G changes over a length of 10 or more in l, and is analytic: Gauss's rule for the logistic law (its polynomials are
continuous Hahn polynomials) is exact to rounding.

A tail is a row of `rmtjac.kernels.limit.poles`, the first of its law: TAIL, c_0, c_1, c_2, the form of f, the number of
tails (1 or 2), q, E log D^2.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

from rmtjac.kernels.limit.poles import TAIL

__all__ = ["DEEP", "MILLS", "MINUS_ONE", "ONE", "has_tail", "tail_area", "tail_moment_transform", "tail_potential"]

DEEP = 560.0  # from this log |u| on; the nodes of a rule, down to D^2 = 1e-280, serve below it
ONE, MINUS_ONE, MILLS = 0, 1, 2

_k = np.arange(1, 20.0)
_T, _vectors = np.linalg.eigh(np.diag(_k**2 / (2.0 * np.sqrt(4.0 * _k**2 - 1.0)), 1), UPLO="U")
_T, _W = 2.0 * math.pi * _T, _vectors[0] ** 2
_POINTS, _RULE = np.polynomial.legendre.leggauss(16)


@njit(cache=True, nogil=True, error_model="numpy")
def has_tail(panels):
    """Return whether the rule comes with a tail."""
    return panels.shape[0] > 0 and panels[0, 0] == TAIL


@njit(cache=True, nogil=True, error_model="numpy")
def _log_square(row, x):
    """Return l(x) and dl/dx."""
    log_f, slope = 0.0j, 0.0j
    if row[4] == MINUS_ONE:
        log_f, slope = cmath.log(x - 1.0), 1.0 / (x - 1.0)
    elif row[4] == MILLS:  # asymptotic: the smallest term is below rounding from x = 12 on
        term = mills = 1.0 / x
        for n in range(1, 12):
            term *= -(2.0 * n - 1.0) / (x * x)
            mills += term
        log_f, slope = cmath.log(x - mills), (2.0 - x * mills) / (x - mills)
    return 2.0 * (row[1] - row[2] * x - row[3] * x * x + log_f), 2.0 * (slope - row[2] - 2.0 * row[3] * x)


@njit(cache=True, nogil=True, error_model="numpy")
def _place(row, l):
    """Return x with l(x) = l, and dl/dx there."""
    depth = row[1] - 0.5 * l
    x = cmath.sqrt(depth / row[3]) if row[3] > 0.0 else depth / row[2]
    slope = 1.0 + 0.0j
    for _ in range(12):
        value, slope = _log_square(row, x)
        step = (value - l) / slope
        x -= step
        if not abs(step) > 1e-9 * abs(x):  # the next would be below rounding
            value, slope = _log_square(row, x)
            x -= (value - l) / slope
            break
    return x, slope


@njit(cache=True, nogil=True, error_model="numpy")
def _below(row, l):
    """Return G(l) and dG/dl, Im l small against q."""
    x, slope = _place(row, l)
    scale = math.sqrt(2.0 * row[6])
    a, aside = x.real / scale, x.imag / scale
    # erfc(a + i b) in powers of i b: its derivatives are Hermite functions.
    factor = -2.0 / math.sqrt(math.pi) * math.exp(-a * a)
    total = complex(math.erfc(a), 0.0)
    power = 1j * aside
    before, now = 0.0, 1.0
    for n in range(1, 60):
        term = factor * now * power
        total += term
        if not abs(term) > 1e-18 * abs(total):
            break
        power *= -1j * aside / (n + 1.0)
        before, now = now, 2.0 * a * now - 2.0 * (n - 1.0) * before
    density = -cmath.exp(-x * x / (2.0 * row[6])) / math.sqrt(2.0 * math.pi * row[6]) / slope
    return 0.5 * row[5] * total, row[5] * density


@njit(cache=True, nogil=True, error_model="numpy")
def _smoothed(row, mu):
    total = slope = 0.0j
    for k in range(_T.size):
        value, first = _below(row, mu + _T[k])
        total += _W[k] * value
        slope += _W[k] * first
    return total, slope


@njit(cache=True, nogil=True, error_model="numpy")
def tail_moment_transform(row, v):
    """Return c = 1 + m, Log c, its derivative in v, Log(m/u), its derivative in v, and Im m, at u = e^v."""
    c, slope = _smoothed(row, -v - 1j * math.pi)
    if c == 0.0:
        return c, complex(-math.inf), complex(math.nan), complex(math.nan), complex(math.nan), 0.0
    m = c - 1.0
    log_m = complex(0.5 * math.log1p(c.real * (c.real - 2.0) + c.imag * c.imag), math.atan2(m.imag, m.real))
    if log_m.imag > 0.0:  # m tends to -1, and its argument to -pi
        log_m = complex(log_m.real, -math.pi)
    return c, cmath.log(c), -slope / c, log_m - v, -slope / m - 1.0, c.imag


@njit(cache=True, nogil=True, error_model="numpy")
def tail_area(row, l):
    """Return E_T int_{-inf}^{l + T} G, l real."""
    out = 0.0
    scale = math.sqrt(row[6])
    for k in range(_T.size):
        at = l + _T[k]
        first = _place(row, complex(at))[0].real / scale
        for panel in range(24):
            for j in range(16):
                z = first + 0.25 * (2.0 * panel + 1.0 + _POINTS[j])
                weight = 0.25 * _RULE[j] * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
                out += _W[k] * row[5] * weight * (at - _log_square(row, complex(z * scale))[0].real)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def tail_potential(row, v):
    """Return E Log(1 - u D^2) at u = e^v."""
    mu = -v - 1j * math.pi
    along = 0.0j  # the integral of G up from the real line to mu
    for j in range(16):
        along += 0.5 * _RULE[j] * _smoothed(row, complex(mu.real, mu.imag * 0.5 * (1.0 + _POINTS[j])))[0]
    return row[7] - mu + tail_area(row, mu.real) + 1j * mu.imag * along

r"""E 1/(1 - u D^2) where \|u\| is so large that only the far tail of phi' decides, where D^2 underflows.

For h = -x, x large, log D^2 = l = 2 (c_0 - c_1 x - c_2 x^2 + log f(x)), f = 1, x - 1, or x less Mills' ratio. With
G(l) = P(log D^2 < l) and u = e^v, mu = -v - i pi,

.. math:: E\,\frac{1}{1 - u D^2} = E\,\frac{1}{1 + e^{\log D^2 - \mu}} = E\,G(\mu + T), \qquad
          E \log(1 - u D^2) = E \log D^2 - \mu + E\,\int_{-\infty}^{\mu + T} G, \qquad T\ \text{logistic}.

G changes over a length of 10 or more in l, and is analytic: Gauss's rule for the logistic law (its polynomials are
continuous Hahn polynomials) is exact to rounding.

A tail is the first of the rows that describe a law (`rmtjac.kernels.limit.poles`); `TailColumn` names its entries.
"""

from __future__ import annotations

import cmath
import math
from enum import IntEnum

import numpy as np
from numba import njit

from rmtjac.kernels.limit.poles import Column, PanelKind
from rmtjac.kernels.limit.records import MomentTransform

__all__ = ["DEEP", "TailColumn", "TailForm", "has_tail", "tail_area", "tail_moment_transform", "tail_potential"]

DEEP = 560.0  # the tail is used for larger log |u|; below, the nodes suffice, which extend down to D^2 = 1e-280


class TailForm(IntEnum):
    """The factor f(x) of a tail."""

    ONE = 0
    """f(x) = 1."""
    MINUS_ONE = 1
    """f(x) = x - 1."""
    MILLS = 2
    """f(x) = x - Mills' ratio of x."""


class TailColumn(IntEnum):
    """The entries of the row of a tail."""

    KIND = Column.KIND
    """`PanelKind.TAIL`."""
    CONSTANT = 1
    """c_0."""
    LINEAR = 2
    """c_1."""
    SQUARE = 3
    """c_2."""
    FORM = 4
    """A `TailForm`."""
    SIDES = 5
    """1, or 2 where phi' is even."""
    VARIANCE = 6
    """q."""
    MEAN_LOG = 7
    """E log D^2."""


_k = np.arange(1, 20.0)
_T, _vectors = np.linalg.eigh(np.diag(_k**2 / (2.0 * np.sqrt(4.0 * _k**2 - 1.0)), 1), UPLO="U")
_T, _W = 2.0 * math.pi * _T, _vectors[0] ** 2
_POINTS, _RULE = np.polynomial.legendre.leggauss(16)


@njit(cache=True, nogil=True, error_model="numpy")
def has_tail(panels):
    """Return whether the first row of `panels` describes a tail."""
    return panels.shape[0] > 0 and int(panels[0, Column.KIND]) == PanelKind.TAIL


@njit(cache=True, nogil=True, error_model="numpy")
def _log_square(row, x):
    """Return l(x) and dl/dx."""
    log_f, slope = 0.0j, 0.0j
    form = int(row[TailColumn.FORM])
    if form == TailForm.MINUS_ONE:
        log_f, slope = cmath.log(x - 1.0), 1.0 / (x - 1.0)
    elif form == TailForm.MILLS:  # asymptotic: the smallest term is below rounding from x = 12 on
        term = mills = 1.0 / x
        for n in range(1, 12):
            term *= -(2.0 * n - 1.0) / (x * x)
            mills += term
        log_f, slope = cmath.log(x - mills), (2.0 - x * mills) / (x - mills)
    linear, square = row[TailColumn.LINEAR], row[TailColumn.SQUARE]
    value = row[TailColumn.CONSTANT] - linear * x - square * x * x + log_f
    return 2.0 * value, 2.0 * (slope - linear - 2.0 * square * x)


@njit(cache=True, nogil=True, error_model="numpy")
def _place(row, l):
    """Return x with l(x) = l, and dl/dx there."""
    depth = row[TailColumn.CONSTANT] - 0.5 * l
    square = row[TailColumn.SQUARE]
    x = cmath.sqrt(depth / square) if square > 0.0 else depth / row[TailColumn.LINEAR]
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
    """Return G(l) and dG/dl for an Im l that is small against q."""
    x, slope = _place(row, l)
    q = row[TailColumn.VARIANCE]
    scale = math.sqrt(2.0 * q)
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
    density = -cmath.exp(-x * x / (2.0 * q)) / math.sqrt(2.0 * math.pi * q) / slope
    return 0.5 * row[TailColumn.SIDES] * total, row[TailColumn.SIDES] * density


@njit(cache=True, nogil=True, error_model="numpy")
def _smoothed(row, mu):
    """Return E G(mu + T), T logistic, and its derivative in mu."""
    total = slope = 0.0j
    for k in range(_T.size):
        value, first = _below(row, mu + _T[k])
        total += _W[k] * value
        slope += _W[k] * first
    return total, slope


@njit(cache=True, nogil=True, error_model="numpy")
def tail_moment_transform(row, v):
    """Return the `MomentTransform` at u = e^v, p = 1."""
    c, slope = _smoothed(row, -v - 1j * math.pi)
    if c == 0.0:
        return MomentTransform(c, complex(-math.inf), complex(math.nan), complex(math.nan), complex(math.nan), 0.0)
    m = c - 1.0
    log_m = complex(0.5 * math.log1p(c.real * (c.real - 2.0) + c.imag * c.imag), math.atan2(m.imag, m.real))
    if log_m.imag > 0.0:  # m tends to -1, and its argument to -pi
        log_m = complex(log_m.real, -math.pi)
    return MomentTransform(c, cmath.log(c), -slope / c, log_m - v, -slope / m - 1.0, c.imag)


@njit(cache=True, nogil=True, error_model="numpy")
def tail_area(row, l):
    """Return the mean over T of the integral of G from -inf to l + T, for a real l."""
    out = 0.0
    scale = math.sqrt(row[TailColumn.VARIANCE])
    for k in range(_T.size):
        at = l + _T[k]
        first = _place(row, complex(at))[0].real / scale
        for panel in range(24):
            for j in range(16):
                z = first + 0.25 * (2.0 * panel + 1.0 + _POINTS[j])
                weight = 0.25 * _RULE[j] * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
                out += _W[k] * row[TailColumn.SIDES] * weight * (at - _log_square(row, complex(z * scale))[0].real)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def tail_potential(row, v):
    """Return E Log(1 - u D^2) at u = e^v."""
    mu = -v - 1j * math.pi
    along = 0.0j  # the integral of G up from the real line to mu
    for j in range(16):
        along += 0.5 * _RULE[j] * _smoothed(row, complex(mu.real, mu.imag * 0.5 * (1.0 + _POINTS[j])))[0]
    return row[TailColumn.MEAN_LOG] - mu + tail_area(row, mu.real) + 1j * mu.imag * along

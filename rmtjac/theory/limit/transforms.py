r"""The transforms of the limit at complex arguments: Stieltjes transform, moment function, S and R transform.

With lambda(m) the functional inverse of m_M(1/lambda) (`rmtjac.theory.equation.roots`),

.. math:: f(z) = E\frac{1}{\lambda - z} = -\frac{1 + m_M(1/z)}{z}, \qquad
          S(m) = \frac{1 + m}{m\,\lambda(m)}, \qquad R(w) = \lambda - \frac1w,
          \quad w = -f(\lambda) = \frac{1 + m}{\lambda}.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rmtjac.theory.derivative_laws.chi import inverse_at
from rmtjac.theory.equation import roots
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.limit.solution import Solution
from rmtjac.validate import complex_numbers

__all__ = ["moment_function", "r_transform", "s_transform", "stieltjes"]

_ASIDE = 1e-9  # an angle: a real m is taken from a point at this angle above the axis; the error is its square


def _upper(solution: Solution, z: np.ndarray, value: Callable[[Layers, np.ndarray], np.ndarray]) -> np.ndarray:
    """Return m_M(1/z) or 1 + m_M(1/z) for z != 0 in the closed upper half-plane; on the support the value at z + i0.

    `value` is `roots.moment_transform` or `roots.one_plus_moment_transform` and chooses between the two. Each keeps its
    digits where it is small.
    """
    layers = solution.layers
    log_z = np.log(z)
    log_z = log_z.real + 1j * np.abs(log_z.imag)
    positive = log_z.imag == 0.0
    bulk = positive & solution.inside(log_z.real)
    out = np.empty(z.size, dtype=complex)
    if bulk.any():
        out[bulk] = value(layers, solution.solve(log_z.real[bulk]).log_u)
    if layers.explicit:
        log_u = layers.log_scale - log_z[~bulk]
        out[~bulk] = value(layers, (log_u.real - 1j * np.abs(log_u.imag))[:, None])
        return out
    rest = np.flatnonzero(~bulk)
    x, right = log_z.real[rest], z[rest].real > 0.0
    off = np.arctan2(np.abs(z[rest].imag), np.abs(z[rest].real))  # the angle with the nearer half of the real axis
    # Off the support m is real on the axis: its real part at the angle `aside` is right to the square of that angle,
    # and its imaginary part is proportional to the angle. The edges are branch points: the angle stays a small part of
    # the distance to them.
    edges = solution.log_support[np.isfinite(solution.log_support)]
    gaps = np.abs(x[:, None] - edges).min(axis=1, initial=1.0)
    aside = np.where(right, np.clip(1e-7 * gaps, 1e-15, _ASIDE), _ASIDE)
    inside = right & solution.inside(x)
    aside[inside] = 0.0
    used = np.maximum(off, aside)
    found, log_u = roots.solve_plane(layers, x + 1j * np.where(right, used, math.pi - used))
    if not found.all():
        raise ArithmeticError(f"no root found at z={complex(z[rest][~found][0])!r}; please report this")
    m = value(layers, log_u)
    out[rest] = np.where(off < aside, m.real + 1j * m.imag * (off / used), m)
    return out


def stieltjes(solution: Solution, z: Any) -> np.ndarray:
    """Return f(z), the mean of 1/(lambda - z), shaped like `z`; on the support the value at z + i0.

    Raises
    ------
    ValueError
        If `z` holds 0 or NaN.
    ArithmeticError
        If no root is found.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> stieltjes(Solution(Layers([linear], [1.0])), [-0.5]).round(9)   # (sqrt(1 - 4/z) - 1) / 2
    array([1.+0.j])
    """
    z = complex_numbers("z", z)
    if (z == 0.0).any():
        raise ValueError("z=0 is the edge or the atom at 0, where f is infinite or has no single value")
    flat = z.ravel()
    upper = np.where(flat.imag < 0.0, flat.conj(), flat)
    f = -_upper(solution, upper, roots.one_plus_moment_transform) / upper
    return np.where(flat.imag < 0.0, f.conj(), f).reshape(z.shape)


def moment_function(solution: Solution, z: Any) -> np.ndarray:
    """Return m_M(z), shaped like `z`; on the cut, where 1/z lies in the support, the value at z - i0.

    Raises
    ------
    ValueError
        If `z` holds NaN.
    ArithmeticError
        If no root is found.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> moment_function(Solution(Layers([linear], [1.0])), [0.0, -2.0]).round(9)
    array([ 0. +0.j, -0.5+0.j])
    """
    z = complex_numbers("z", z)
    flat = z.ravel()
    out = np.zeros(flat.size, dtype=complex)
    some = flat != 0.0
    w = 1.0 / flat[some]
    m = _upper(solution, np.where(w.imag < 0.0, w.conj(), w), roots.moment_transform)
    out[some] = np.where(w.imag < 0.0, m.conj(), m)
    return out.reshape(z.shape)


def _log_lam(layers: Layers, m: complex) -> complex:
    """Return log lambda(m), up to multiples of 2 pi i."""
    total = layers.log_scale - np.log(complex(m))
    for law, r, k in zip(layers.groups, layers.ratios, layers.counts, strict=True):
        total += k * np.log(r * m / inverse_at(law, complex(r * m)))
    for r, k in zip(layers.free_ratios, layers.free_counts, strict=True):
        total += k * np.log(1.0 + r * complex(m))
    return complex(total)


def s_transform(layers: Layers, m: Any) -> np.ndarray:
    """Return S(m) = (1 + m) / (m lambda(m)), shaped like `m`; at m = 0 its limit 1 / m_1.

    Raises
    ------
    ValueError
        If `m` holds NaN, or a real number at which lambda(m) is not defined (m <= -rank).

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> s_transform(Layers([linear], [1.0]), [0.0, 1.0]).round(9)   # 1 / (1 + m)
    array([1. +0.j, 0.5+0.j])
    """
    m = complex_numbers("m", m)

    def one(x: complex) -> complex:
        if x == 0.0:
            return complex(math.exp(-layers.log_mean))
        return (1.0 + x) / x * complex(np.exp(-_log_lam(layers, x)))

    return np.array([one(complex(x)) for x in m.ravel()]).reshape(m.shape)


def r_transform(layers: Layers, w: Any) -> np.ndarray:
    """Return R(w) = m / w, where m S(m) = w, shaped like `w`; m is followed along the straight line from w = 0.

    Raises
    ------
    ValueError
        If `w` holds NaN.
    ArithmeticError
        If m cannot be followed along that line up to w.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> r_transform(Layers([linear], [1.0]), [0.0, 0.5]).round(9)   # 1 / (1 - w)
    array([1.+0.j, 2.+0.j])
    """
    w = complex_numbers("w", w)

    def one(goal: complex) -> complex:
        mean = math.exp(layers.log_mean)
        if goal == 0.0:
            return complex(mean)

        def excess(m: complex, aim: complex) -> complex:
            return (1.0 + m) * complex(np.exp(-_log_lam(layers, m))) - aim

        t, step = 0.0, 0.125
        m, slope = 0.0j, complex(1.0 / mean)
        while t < 1.0:
            ahead = min(1.0, t + step)
            trial = m + (ahead - t) * goal / slope
            try:
                with np.errstate(all="ignore"):  # a step that is too long may overflow
                    found = _secant(excess, trial, ahead * goal)
            except (ValueError, ArithmeticError):
                found = None
            if found is not None:
                m, t, slope, step = found.m, ahead, found.slope, 2.0 * step
            else:
                step *= 0.5
                if step < 1e-6:
                    raise ArithmeticError(f"no R found at w={goal!r}: it cannot be continued from 0 in a straight line")
        return m / goal

    return np.array([one(complex(x)) for x in w.ravel()]).reshape(w.shape)


class _Zero(NamedTuple):
    """A zero in m, and the slope of the function there."""

    m: complex
    slope: complex


def _secant(excess: Callable[[complex, complex], complex], m: complex, aim: complex) -> _Zero | None:
    """Return the zero of `excess` that the secant method finds from `m`, or None if it does not settle."""
    other = m * (1.0 + 1e-6)
    f, g = excess(m, aim), excess(other, aim)
    slope = (g - f) / (other - m)
    for _ in range(30):
        other, f_other = m, f
        m = m - f / slope
        f = excess(m, aim)
        if abs(m - other) <= 1e-14 * abs(m):
            return _Zero(m, slope)
        slope = (f - f_other) / (m - other)
    return None

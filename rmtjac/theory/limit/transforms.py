r"""The transforms of the limit at complex arguments: Stieltjes, moment function, S and R.

With lambda(m) the functional inverse of m_M(1/lambda) (`rmtjac.theory.equation.roots`),

.. math:: f(z) = E\frac{1}{\lambda - z} = -\frac{1 + m_M(1/z)}{z}, \qquad
          S(m) = \frac{1 + m}{m\,\lambda(m)}, \qquad R(w) = \lambda - \frac1w,
          \quad w = -f(\lambda) = \frac{1 + m}{\lambda}.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.theory.derivative_laws.chi import inverse_at
from rmtjac.theory.equation import roots as inverse
from rmtjac.theory.equation.layers import Layers
from rmtjac.validate import complex_numbers

if TYPE_CHECKING:
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["moment_function", "r_transform", "s_transform", "stieltjes"]

_ASIDE = 1e-9  # where m is real it is read off this far into the half-plane: the real part is wrong by its square


def _upper(lim: LimitSpectrum, z: np.ndarray, value: Callable[[Layers, np.ndarray], np.ndarray]) -> np.ndarray:
    """m_M(1/z), or 1 plus it, for z in the closed upper half-plane, 0 excluded; on the support z + i0.

    `value` says which: `inverse.moment_transform` or `inverse.one_plus_moment_transform`, each with its digits where it
    is small.
    """
    log_z = np.log(z)
    log_z = log_z.real + 1j * np.abs(log_z.imag)
    positive = log_z.imag == 0.0
    bulk = positive & lim.inside(log_z.real)
    out = np.empty(z.size, dtype=complex)
    if bulk.any():
        out[bulk] = value(lim.layers, lim.solve(log_z.real[bulk]).log_u)
    if lim.layers.explicit:
        log_u = lim.layers.log_scale - log_z[~bulk]
        out[~bulk] = value(lim.layers, (log_u.real - 1j * np.abs(log_u.imag))[:, None])
        return out
    rest = np.flatnonzero(~bulk)
    x, right = log_z.real[rest], z[rest].real > 0.0
    off = np.arctan2(np.abs(z[rest].imag), np.abs(z[rest].real))  # the angle with the half of the axis that is near
    # Off the support m is real on the axis: its real part at angle `aside` is right to the square of that, and its
    # imaginary part grows with the angle. The edges are branch points: no farther than a small part of the distance
    # to them.
    edges = lim._log_support[np.isfinite(lim._log_support)]
    gaps = np.abs(x[:, None] - edges).min(axis=1, initial=1.0)
    aside = np.where(right, np.clip(1e-7 * gaps, 1e-15, _ASIDE), _ASIDE)
    inside = right & lim.inside(x)
    aside[inside] = 0.0
    used = np.maximum(off, aside)
    found, log_u = inverse.solve_plane(lim.layers, x + 1j * np.where(right, used, math.pi - used))
    if not found.all():
        raise ArithmeticError(f"no root found at z={complex(z[rest][~found][0])!r}; please report this")
    m = value(lim.layers, log_u)
    out[rest] = np.where(off < aside, m.real + 1j * m.imag * (off / used), m)
    return out


def stieltjes(lim: LimitSpectrum, z: Any) -> np.ndarray:
    """Return f(z), the mean of 1/(lambda - z)."""
    z = complex_numbers("z", z)
    if (z == 0.0).any():
        raise ValueError("z=0 is the edge or the atom at 0, where f is infinite or has no single value")
    flat = z.ravel()
    upper = np.where(flat.imag < 0.0, flat.conj(), flat)
    f = -_upper(lim, upper, inverse.one_plus_moment_transform) / upper
    return np.where(flat.imag < 0.0, f.conj(), f).reshape(z.shape)


def moment_function(lim: LimitSpectrum, z: Any) -> np.ndarray:
    """Return m_M(z); on the cut, 1/z in the support, the value from below."""
    z = complex_numbers("z", z)
    flat = z.ravel()
    out = np.zeros(flat.size, dtype=complex)
    some = flat != 0.0
    w = 1.0 / flat[some]
    m = _upper(lim, np.where(w.imag < 0.0, w.conj(), w), inverse.moment_transform)
    out[some] = np.where(w.imag < 0.0, m.conj(), m)
    return out.reshape(z.shape)


def _log_lam(layers: Layers, m: complex) -> complex:
    """Log lambda(m) up to multiples of 2 pi i."""
    total = layers.log_scale - np.log(complex(m))
    for law, r, k in zip(layers.groups, layers.ratios, layers.counts, strict=True):
        total += k * np.log(r * m / inverse_at(law, complex(r * m)))
    for r, k in zip(layers.free_ratios, layers.free_counts, strict=True):
        total += k * np.log(1.0 + r * complex(m))
    return complex(total)


def s_transform(layers: Layers, m: Any) -> np.ndarray:
    """Return S(m) = (1 + m) / (m lambda(m)); at m = 0 its limit 1 / m_1."""
    m = complex_numbers("m", m)

    def one(x: complex) -> complex:
        if x == 0.0:
            return complex(math.exp(-layers.log_mean))
        return (1.0 + x) / x * complex(np.exp(-_log_lam(layers, x)))

    return np.array([one(complex(x)) for x in m.ravel()]).reshape(m.shape)


def r_transform(layers: Layers, w: Any) -> np.ndarray:
    """Return R(w) = m / w, where m S(m) = w, followed from w = 0."""
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
                with np.errstate(all="ignore"):  # a step too long may lead anywhere
                    done, trial, bend = _secant(excess, trial, ahead * goal)
            except (ValueError, ArithmeticError):
                done = False
            if done:
                m, t, slope, step = trial, ahead, bend, 2.0 * step
            else:
                step *= 0.5
                if step < 1e-6:
                    raise ArithmeticError(f"no R found at w={goal!r}: it lies beyond the reach of 0")
        return m / goal

    return np.array([one(complex(x)) for x in w.ravel()]).reshape(w.shape)


def _secant(excess: Any, m: complex, aim: complex) -> tuple[bool, complex, complex]:
    other = m * (1.0 + 1e-6)
    f, g = excess(m, aim), excess(other, aim)
    slope = (g - f) / (other - m)
    for _ in range(30):
        other, f_other = m, f
        m = m - f / slope
        f = excess(m, aim)
        if abs(m - other) <= 1e-14 * abs(m):
            return True, m, slope
        slope = (f - f_other) / (m - other)
    return False, m, slope

r"""The function m_K(u) = E[u D^2 / (1 - u D^2)] of one layer, in logarithms, for u in the closed lower half-plane.

With p = P(D != 0), the solver needs c = 1 + m / p and Log(m / u). Each keeps its digits where the other loses them:
c = E[1 / (1 - u D^2) | D != 0] is small where u is large, and m / u = E[D^2 / (1 - u D^2)] stays near E D^2 where u is
small. Im m is returned as well: the density is proportional to it, and arg(m) loses it where m is almost real.

`rmtjac.kernels.limit.records` describes the laws (`LawKind`, `CompiledLaw`) and the result (`MomentTransform`).
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

from rmtjac.kernels.limit.lerch import lerch_half
from rmtjac.kernels.limit.poles import pole_correction, potential_correction
from rmtjac.kernels.limit.quotient import over
from rmtjac.kernels.limit.records import LawKind, MomentTransform
from rmtjac.kernels.limit.tails import DEEP, has_tail, tail_moment_transform, tail_potential

__all__ = ["log_moment_transform", "log_moment_transform_array", "log_potential"]


@njit(cache=True, nogil=True, error_model="numpy")
def log1p(x):
    """Return log(1 + x) for complex x, accurate where x is small as well."""
    if abs(x.real) + abs(x.imag) > 0.5:
        return cmath.log(1.0 + x)
    return complex(0.5 * math.log1p(x.real * (2.0 + x.real) + x.imag * x.imag), math.atan2(x.imag, 1.0 + x.real))


@njit(cache=True, nogil=True, error_model="numpy")
def _two_point(p, b, v):
    """Return the `MomentTransform` of the law with P(D^2 = b) = p and P(D = 0) = 1 - p."""
    u = cmath.exp(v) * b
    rest = over(1.0 + 0.0j, 1.0 - u)
    log_rest = -log1p(-u)
    pull = u * rest
    return MomentTransform(
        rest,
        log_rest,
        pull,
        math.log(p * b) + log_rest,
        pull,
        p * (u.imag * rest.real * rest.real + u.imag * rest.imag * rest.imag),
    )


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _sums(values, weights, ur, ui):
    """Return E 1/(1-uD^2), E D^2/(1-uD^2), E D^2/(1-uD^2)^2, E D^4/(1-uD^2)^2 and E D^2/|1-uD^2|^2."""
    s0r = s0i = s1r = s1i = s2r = s2i = s3r = s3i = s4 = 0.0
    for j in range(values.size):
        x = values[j]
        w = weights[j]
        cr = 1.0 - ur * x
        ci = ui * x  # 1/(1 - u x) = (cr + i ci) / |1 - u x|^2
        scale = 1.0 / (cr * cr + ci * ci)
        ir = cr * scale
        ii = ci * scale
        s0r += w * ir
        s0i += w * ii
        wx = w * x
        s1r += wx * ir
        s1i += wx * ii
        s4 += wx * scale
        qr = wx * (ir * ir - ii * ii)
        qi = wx * (2.0 * ir * ii)
        s2r += qr
        s2i += qi
        s3r += qr * x
        s3i += qi * x
    return complex(s0r, s0i), complex(s1r, s1i), complex(s2r, s2i), complex(s3r, s3i), s4


@njit(cache=True, nogil=True, error_model="numpy")
def _far(values, weights, panels, mass, v):
    """Return the `MomentTransform` where |1 - u D^2|^2 overflows or (m/u)^2 underflows, from sums in y = u D^2."""
    u = cmath.exp(v)
    rest = m = first = second = 0.0j
    for j in range(values.size):
        y = u * values[j]
        inverse = over(1.0 + 0.0j, 1.0 - y)
        w = weights[j] * inverse
        rest += w
        m += w * y
        first += w * y * inverse
        second += (w * y) * (y * inverse)
    missed, slope = pole_correction(panels, v)
    rest += missed
    m += missed
    first += slope
    second += slope - missed
    c = rest / mass
    log_m = cmath.log(m)
    if log_m.imag > 0.0:  # m tends to -p, and its argument to -pi; rounding must not change it to +pi
        log_m = complex(log_m.real, -math.pi if m.real < 0.0 else 0.0)
    return MomentTransform(c, cmath.log(c), over(first, rest), log_m - v, over(second, m), rest.imag)


@njit(cache=True, nogil=True, error_model="numpy")
def log_moment_transform(kind, number, values, weights, panels, v):
    """Return the `MomentTransform` of a `CompiledLaw` at u = e^v, -pi <= Im v <= 0."""
    if kind == LawKind.TWO_POINT:
        return _two_point(number, values[0], v)
    if v.real > DEEP and has_tail(panels):
        return tail_moment_transform(panels[0], v)
    u = cmath.exp(v)
    if kind == LawKind.NODES:
        if v.real > 320.0:
            return _far(values, weights, panels, number, v)
        rest, ratio, square, fourth, size = _sums(values, weights, u.real, u.imag)
        missed, slope = pole_correction(panels, v)
        # p + m = p + u (m / u): the rule misses missed / u of m / u, with derivative (slope - missed) / u.
        rest += missed
        bend = u * fourth
        if missed != 0.0:  # then u has not underflowed
            ratio += missed / u
            bend += (slope - missed) / u
        if rest == 0.0 or ratio == 0.0:  # a zero on the real axis; complex division would raise an error
            return MomentTransform(rest, -math.inf + 0j, math.inf + 0j, cmath.log(ratio), math.inf + 0j, 0.0)
        c = rest / number
        slope_of_log = (u * square + slope) / rest
        return MomentTransform(
            c, cmath.log(c), slope_of_log, cmath.log(ratio), bend / ratio, u.imag * size + missed.imag
        )
    # E (u D^2)^k = u^k / sqrt(1 + pi q k): 1 + m and m / u are Lerch functions with a = number and number + 1.
    root = math.sqrt(number)
    phi, slope = lerch_half(u, number)
    ratio, ratio_slope = lerch_half(u, number + 1.0)
    c = root * phi
    return MomentTransform(c, cmath.log(c), over(slope, phi), cmath.log(root * ratio), over(ratio_slope, ratio), c.imag)


@njit(cache=True, nogil=True, error_model="numpy")
def log_potential(values, weights, panels, v):
    """Return E Log(1 - u D^2), u = e^v, for a one-dimensional array v and the law of the nodes."""
    out = np.empty(v.size, dtype=np.complex128)
    for i in range(v.size):
        if v[i].real > DEEP and has_tail(panels):
            out[i] = tail_potential(panels[0], v[i])
            continue
        minus_u = -cmath.exp(v[i])
        total = potential_correction(panels, v[i])
        size = abs(minus_u)
        for j in range(values.size):
            if size * values[j] > 1e-18:  # the other terms add up to less than that
                total += weights[j] * log1p(minus_u * values[j])
        out[i] = total
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def log_moment_transform_array(kind, number, values, weights, panels, v):
    """Return the first five entries of `MomentTransform` as rows of shape (5, v.size), for a one-dimensional v."""
    out = np.empty((5, v.size), dtype=np.complex128)
    for i in range(v.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], _ = log_moment_transform(
            kind, number, values, weights, panels, v[i]
        )
    return out

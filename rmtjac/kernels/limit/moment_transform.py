r"""The function m_K(u) = E[u D^2 / (1 - u D^2)] of one layer, in logarithms, for u in the closed lower half-plane.

With p = P(D != 0), what the solver needs is c = 1 + m / p and Log(m / u), each computed without the cancellation that
the other would suffer: c = E[1 / (1 - u D^2) | D != 0] is small where u is large, and m / u =
E[D^2 / (1 - u D^2)] stays near E D^2 where u is small. Im m is returned beside them because the density
is proportional to it, and arg(m) loses it where m is almost real.

Kinds of laws of D^2: 0 two points {0, b} with P(b) = p (`number`) and b = values[0]; 1 a sum over `values` with
`weights`, which add up to p (`number`), corrected next to the poles where `panels` say that it is a quadrature rule;
2 D = exp(-pi h^2 / 4), h ~ N(0, q), `number` = 1 / (pi q), through the Lerch transcendent.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

from rmtjac.kernels.limit.lerch import lerch_half
from rmtjac.kernels.limit.poles import pole_correction, potential_correction
from rmtjac.kernels.limit.quotient import over
from rmtjac.kernels.limit.tails import DEEP, has_tail, tail_moment_transform, tail_potential

__all__ = ["ERF", "NODES", "TWO_POINT", "log_moment_transform", "log_moment_transform_array", "log_potential"]

TWO_POINT, NODES, ERF = 0, 1, 2


@njit(cache=True, nogil=True, error_model="numpy")
def log1p(x):
    """Return log(1 + x) for complex x, accurate where x is small as well."""
    if abs(x.real) + abs(x.imag) > 0.5:
        return cmath.log(1.0 + x)
    return complex(0.5 * math.log1p(x.real * (2.0 + x.real) + x.imag * x.imag), math.atan2(x.imag, 1.0 + x.real))


@njit(cache=True, nogil=True, error_model="numpy")
def _two_point(p, b, v):
    u = cmath.exp(v) * b
    rest = over(1.0 + 0.0j, 1.0 - u)
    log_rest = -log1p(-u)
    pull = u * rest
    return (
        rest,
        log_rest,
        pull,
        math.log(p * b) + log_rest,
        pull,
        p * (u.imag * rest.real * rest.real + u.imag * rest.imag * rest.imag),
    )


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _sums(values, weights, ur, ui):
    """E 1/(1-uD^2), E D^2/(1-uD^2), E D^2/(1-uD^2)^2, E D^4/(1-uD^2)^2 and E D^2/|1-uD^2|^2."""
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
    """What log_moment_transform returns, for |u| so large that |1 - u x|^2 overflows or (m/u)^2 underflows: in y = u
    D^2.
    """
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
    if log_m.imag > 0.0:  # m tends to -p, and its argument to -pi: rounding must not take it to the other side
        log_m = complex(log_m.real, -math.pi if m.real < 0.0 else 0.0)
    return c, cmath.log(c), over(first, rest), log_m - v, over(second, m), rest.imag


@njit(cache=True, nogil=True, error_model="numpy")
def log_moment_transform(kind, number, values, weights, panels, v):
    """Return c = 1 + m/p, Log c, its derivative in v, Log(m/u), its derivative in v, and Im m, at u = e^v."""
    if kind == TWO_POINT:
        return _two_point(number, values[0], v)
    if v.real > DEEP and has_tail(panels):
        return tail_moment_transform(panels[0], v)
    u = cmath.exp(v)
    if kind == NODES:
        if v.real > 320.0:
            return _far(values, weights, panels, number, v)
        rest, ratio, square, fourth, size = _sums(values, weights, u.real, u.imag)
        missed, slope = pole_correction(panels, v)
        # p + m = p + u (m / u): what is missed of m / u is missed / u, with derivative (slope - missed) / u.
        rest += missed
        bend = u * fourth
        if missed != 0.0:  # then u is no underflowed zero
            ratio += missed / u
            bend += (slope - missed) / u
        if rest == 0.0 or ratio == 0.0:  # at a zero on the real axis; else complex division would raise
            return rest, -math.inf + 0j, math.inf + 0j, cmath.log(ratio), math.inf + 0j, 0.0
        c = rest / number
        return c, cmath.log(c), (u * square + slope) / rest, cmath.log(ratio), bend / ratio, u.imag * size + missed.imag
    # E (u D^2)^k = u^k / sqrt(1 + pi q k): 1 + m and m / u are Lerch functions with a = number and number + 1.
    root = math.sqrt(number)
    phi, slope = lerch_half(u, number)
    ratio, ratio_slope = lerch_half(u, number + 1.0)
    c = root * phi
    return c, cmath.log(c), over(slope, phi), cmath.log(root * ratio), over(ratio_slope, ratio), c.imag


@njit(cache=True, nogil=True, error_model="numpy")
def log_potential(values, weights, panels, v):
    """Return E Log(1 - u D^2), u = e^v, for arrays v."""
    out = np.empty(v.size, dtype=np.complex128)
    for i in range(v.size):
        if v[i].real > DEEP and has_tail(panels):
            out[i] = tail_potential(panels[0], v[i])
            continue
        minus_u = -cmath.exp(v[i])
        total = potential_correction(panels, v[i])
        size = abs(minus_u)
        for j in range(values.size):
            if size * values[j] > 1e-18:  # the rest adds up to less than that
                total += weights[j] * log1p(minus_u * values[j])
        out[i] = total
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def log_moment_transform_array(kind, number, values, weights, panels, v):
    """c, Log c, its derivative, Log(m/u), its derivative, of a one-dimensional array."""
    out = np.empty((5, v.size), dtype=np.complex128)
    for i in range(v.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], _ = log_moment_transform(
            kind, number, values, weights, panels, v[i]
        )
    return out

r"""A composite Gauss-Legendre rule for E f(D^2), made exact next to the poles of f(x) = 1/(1 - u x).

On a panel z = c + a t, |t| <= 1, of the normal variable z, either l = log D^2 or D itself is a polynomial in t to
rounding. The poles s of 1/(1 - u D^2) near the panel solve l(s) = -log u, or D(s) = +-u^(-1/2). There the
integrand a w(z(t)) / (1 - u D^2) has the residue r = -a w(z(s)) / l'(s), w the Gaussian weight. The only error of the
rule is that of integrating r/(t - s), which is known:

.. math:: Q(s) = \log\frac{s - 1}{s + 1} - \sum_j \frac{w_j}{t_j - s},

The kernel adds r Q for each s that is near. The value is then right to rounding at any distance of u from the cut,
except if s is close to a node; then digits are lost, more the smaller the distance of s from the node. For
E log(1 - u D^2) the kernel does the same with the branch point log(t - s).

A panel is a row of floats: `Column` names its entries, `PanelKind` the values of the first one. The first row of a law
may describe the tail that the rule leaves out below D^2 = 1e-280 (`rmtjac.kernels.limit.tails`).
"""

from __future__ import annotations

import cmath
import math
from enum import IntEnum

import numpy as np
from numba import njit

from rmtjac.kernels.limit.quotient import over

__all__ = ["ORDER", "ROW_LENGTH", "Column", "PanelKind", "pole_correction", "potential_correction"]

ORDER = 16


class PanelKind(IntEnum):
    """How the kernel finds the poles near a panel."""

    UNRESOLVED = -1
    """Not yet fine enough: the panel is halved."""
    PLAIN = 0
    """No pole near the panel matters."""
    LOG = 1
    """l = log D^2 is a monotone polynomial: one pole."""
    EXTREMUM = 2
    """l is a polynomial that is nearly quadratic: a pair of poles."""
    SIGNED = 3
    """D is a monotone polynomial: one pole for each sign of u^(-1/2)."""
    TAIL = 4
    """No panel: the row describes a tail (`rmtjac.kernels.limit.tails.TailColumn`)."""


class Column(IntEnum):
    """The entries of a row that describes a panel z = middle + half_width t."""

    KIND = 0
    """A `PanelKind`."""
    LOW = 1
    """Lowest value of the polynomial at the nodes."""
    HIGH = 2
    """Highest value of the polynomial at the nodes."""
    MIDDLE = 3
    HALF_WIDTH = 4
    EXTREMUM_PLACE = 5
    """For EXTREMUM: the place t0 of the extremum."""
    EXTREMUM_VALUE = 6
    """For EXTREMUM: l(t0)."""
    EXTREMUM_CURVATURE = 7
    """For EXTREMUM: the second derivative of l at t0."""
    PEAK = 8
    """The Gaussian weight at z = 0."""
    REFERENCE = 9
    """A value of D^2 on the panel; l is relative to it, so that nodes and poles agree to rounding for any log D^2."""
    COEFFICIENTS = 10
    """The first of the `ORDER` Chebyshev coefficients of the polynomial, which end the row."""


ROW_LENGTH = Column.COEFFICIENTS + ORDER
_POINTS, _RULE = np.polynomial.legendre.leggauss(ORDER)
# A pole farther off than this, in half-widths of the panel, has rho > 3.3, and the rule errs by 3.3^-32 = 3e-17 only.
_NEAR = 2.5


@njit(cache=True, nogil=True, error_model="numpy")
def _polynomial(panel, t):
    """Return the polynomial of the panel and its first derivative at t, by Clenshaw's recurrence."""
    b = b_after = d = d_after = 0.0j
    twice = 2.0 * t
    for k in range(ORDER - 1, 0, -1):
        d, d_after = 2.0 * b + twice * d - d_after, d
        b, b_after = panel[Column.COEFFICIENTS + k] + twice * b - b_after, b
    return panel[Column.COEFFICIENTS] + t * b - b_after, b + t * d - d_after


@njit(cache=True, nogil=True, error_model="numpy")
def _second(panel, t):
    """Return the second derivative of the polynomial of the panel at t."""
    before, now = 1.0 + 0.0j, t
    before1, now1 = 0.0j, 1.0 + 0.0j
    before2 = now2 = second = 0.0j
    for k in range(2, ORDER):
        before2, now2 = now2, 4.0 * now1 + 2.0 * t * now2 - before2
        before1, now1 = now1, 2.0 * now + 2.0 * t * now1 - before1
        before, now = now, 2.0 * t * now - before
        second += panel[Column.COEFFICIENTS + k] * now2
    return second


@njit(cache=True, nogil=True, error_model="numpy")
def _root(panel, target, s):
    """Solve polynomial = target by Newton's method from `s`: return whether that succeeds near the panel, and where."""
    for _ in range(25):
        value, first = _polynomial(panel, s)
        if first == 0.0:
            break
        step = (value - target) / first
        s -= step
        if not abs(s) < 4.0:
            break
        if abs(step) < 1e-9:  # then the next step is below rounding
            value, first = _polynomial(panel, s)
            return True, s - over(value - target, first)
    return False, s


@njit(cache=True, nogil=True, error_model="numpy")
def _poles(panel, v, root_target, found, aims):
    """Write the poles near the panel to `found`, the values of the polynomial there to `aims`; return their number."""
    kind = int(panel[Column.KIND])
    if kind in (PanelKind.PLAIN, PanelKind.TAIL):
        return 0
    low, high = panel[Column.LOW], panel[Column.HIGH]
    half, middle = 0.5 * (high - low), 0.5 * (high + low)
    count = 0
    target = -root_target
    if kind != PanelKind.SIGNED:
        rough = v.real + math.log(panel[Column.REFERENCE])
        if abs(rough) > 100.0:
            return 0
        # Near 0 the target needs the rounding that the product u D^2 has in the sum over the nodes.
        y = cmath.exp(v) * panel[Column.REFERENCE]
        target = complex(-0.5 * math.log(y.real * y.real + y.imag * y.imag), max(-v.imag, 1e-200))
    aims[0] = aims[1] = target
    if kind == PanelKind.LOG:
        gap = max(low - target.real, target.real - high)
        if gap > _NEAR * half or abs(target.imag) > _NEAR * half:
            return 0
        done, s = _root(panel, target, (target - middle) / (half if panel[Column.COEFFICIENTS + 1] > 0.0 else -half))
        if done:
            found[0] = s
            count = 1
    elif kind == PanelKind.EXTREMUM:
        aside = 2.0 * (target - panel[Column.EXTREMUM_VALUE]) / panel[Column.EXTREMUM_CURVATURE]
        if abs(aside) > 16.0:
            return 0
        aside = cmath.sqrt(aside)
        for sign in (1.0, -1.0):
            done, s = _root(panel, target, panel[Column.EXTREMUM_PLACE] + sign * aside)
            if done and not (count == 1 and abs(s - found[0]) < 1e-12):
                found[count] = s
                count += 1
    else:
        for sign in (1.0, -1.0):
            aim = sign * root_target
            gap = max(low - aim.real, aim.real - high)
            if gap > _NEAR * half or abs(aim.imag) > _NEAR * half:
                continue
            done, s = _root(panel, aim, (aim - middle) / (half if panel[Column.COEFFICIENTS + 1] > 0.0 else -half))
            if done:
                found[count] = s
                aims[count] = aim
                count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _root_target(v):
    """Return the square root of exp(-v); on the cut the limit from u - i0."""
    return cmath.exp(0.5 * complex(-v.real, max(-v.imag, 1e-200)))


@njit(cache=True, nogil=True, error_model="numpy")
def pole_correction(panels, v):
    """Return what has to be added to the rule for E 1/(1 - u D^2), u = e^v, and the derivative of this in v."""
    root_target = _root_target(v)
    found, aims = np.empty(2, dtype=np.complex128), np.empty(2, dtype=np.complex128)
    total, slope = 0.0j, 0.0j
    for p in range(panels.shape[0]):
        panel = panels[p]
        for i in range(_poles(panel, v, root_target, found, aims)):
            s = found[i]
            _, first = _polynomial(panel, s)
            second = _second(panel, s)
            if int(panel[Column.KIND]) == PanelKind.SIGNED:  # l = 2 log D; D from its target, exact next to a zero
                first = over(first, aims[i])
                second = 2.0 * (over(second, aims[i]) - first * first)
                first *= 2.0
            a = panel[Column.HALF_WIDTH]
            z = panel[Column.MIDDLE] + a * s
            q = cmath.log(over(s - 1.0, s + 1.0))
            q1 = over(2.0 + 0.0j, s * s - 1.0)
            for j in range(ORDER):
                inverse = over(1.0 + 0.0j, _POINTS[j] - s)
                q -= _RULE[j] * inverse
                q1 -= _RULE[j] * inverse * inverse
            residue = over(-a * panel[Column.PEAK] * cmath.exp(-0.5 * z * z), first)
            total += residue * q
            # ds/dv = -1/l'
            slope -= over(residue * (q1 - (a * z + over(second, first)) * q), first)
    return total, slope


@njit(cache=True, nogil=True, error_model="numpy")
def potential_correction(panels, v):
    """Return what has to be added to the rule for E log(1 - u D^2), u = e^v."""
    root_target = _root_target(v)
    found, aims = np.empty(2, dtype=np.complex128), np.empty(2, dtype=np.complex128)
    total = 0.0j
    for p in range(panels.shape[0]):
        panel = panels[p]
        for i in range(_poles(panel, v, root_target, found, aims)):
            s, a = found[i], panel[Column.HALF_WIDTH]
            z = panel[Column.MIDDLE] + a * s
            # The weight a w(z(t)) in powers of t - s, and for each the error of the rule on (t - s)^k log(t - s).
            before, now = 0.0j, a * panel[Column.PEAK] * cmath.exp(-0.5 * z * z)
            for k in range(24):
                error = 0.0j
                for end in (1.0, -1.0):
                    x = end - s
                    error += end * x ** (k + 1) / (k + 1) * (cmath.log(x) - 1.0 / (k + 1))
                for j in range(ORDER):
                    x = _POINTS[j] - s
                    error -= _RULE[j] * x**k * cmath.log(x)
                total += now * error
                before, now = now, -a * (z * now + a * before) / (k + 1)
    return total

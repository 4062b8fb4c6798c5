"""The Lerch transcendent Phi(z, 1/2, a) as a public function, compiled or to any number of digits.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from rmtjac.kernels.limit.lerch import lerch_half_array
from rmtjac.validate import positive_int

__all__ = ["lerch_mp", "lerch_phi"]

_DEEPEST = -10_000  # for a below this, too many terms of the series have n + a < 0 and would be added one by one


def lerch_phi(z: Any, s: float, a: Any, digits: int | None = None) -> np.ndarray:
    r"""Return the Lerch transcendent :math:`\Phi(z, s, a)` for s = 1/2.

    .. math:: \Phi(z, s, a) = \sum_{n\ge0} \frac{z^n}{(n+a)^s}, \qquad |z| < 1,

    continued analytically to all z off the cut :math:`(1, \infty)`. The moment transform of erf is of this form.

    Parameters
    ----------
    z : array_like of complex, any shape
        The argument, broadcast against `a`. On the cut (1, inf) the value is the one from below, z - i0.
    s : float
        The exponent; must be 1/2, the case that the erf activation leads to.
    a : array_like of float, any shape
        The offset. Where n + a < 0 the term has :math:`(n+a)^{-1/2} = -i|n+a|^{-1/2}`.
    digits : int, optional
        Number of decimal digits; then the values are of type `mpmath.mpc`. By default they are complex floats.

    Returns
    -------
    ndarray of complex, broadcast shape of `z` and `a`
        The values. inf + 0j where the function is infinite: at z = 1, and at a = 0, -1, -2, ... (with z = 0 only at
        a = 0). 0, the limit, where z or a > 0 is infinite. NaN where z or a is NaN, where a < 0 and z is infinite, and
        where a < -10,000, which is not computed.

    Raises
    ------
    ValueError
        If s is not 1/2, or digits < 1.

    See Also
    --------
    ErfLaw : The law whose moment transform is of this form.

    Notes
    -----
    Relative error at most 2e-14, next to z = 1 at most 1e-15, for a in [0.05, 40] and \|z\| <= 1e6 (against Arb), at
    most 4e-13 for other a > 0 and \|z\| up to 1e278. Cost: about 1 us a value, with `digits` or a < 0 some 3 ms.

    ``mpmath.lerchphi`` takes 20-170 ms and is silently wrong for large \|z\|: at z = -1e12, a = 0.7 and 15 digits
    mpmath 1.4.1 returns about -9.8 + 7.2i, but the value is 1.75e-9. For another s python-flint has
    ``acb.lerch_phi``, whose error bounds are proved.

    References
    ----------
    BS Section III defines it for erf. See docs/references.md.
    The algorithm: docs/theory/lerch.md.

    Examples
    --------
    >>> lerch_phi(0.0, 0.5, 4.0)
    array(0.5+0.j)
    >>> lerch_phi([0.0, 1.0], 0.5, 1.0)
    array([ 1.+0.j, inf+0.j])
    """
    if s != 0.5:
        raise ValueError(
            f"s={s!r} must be 0.5; for other s python-flint's acb.lerch_phi proves its error "
            "(mpmath.lerchphi is silently wrong for large |z|)"
        )
    z, a = np.broadcast_arrays(np.asarray(z, dtype=complex), np.asarray(a, dtype=float))
    if digits is not None:
        digits = positive_int("digits", digits)
        out = np.empty(z.shape, dtype=object)
        for i in np.ndindex(z.shape):
            out[i] = _in_digits(complex(z[i]), float(a[i]), digits)
        return out
    plain = np.isfinite(z) & np.isfinite(a) & (a > 0.0) & (z != 1.0)
    result = np.empty(z.shape, dtype=complex)
    result[plain] = lerch_half_array(z[plain], a[plain])
    for i in map(tuple, np.argwhere(~plain)):
        result[i] = complex(_in_digits(complex(z[i]), float(a[i]), 17))
    return result


def _in_digits(z: complex, a: float, digits: int) -> Any:
    """Return Phi(z, 1/2, a) at any z and a, as an `mpmath.mpc` of the given number of digits."""
    import mpmath as mp

    finite = math.isfinite(z.real) and math.isfinite(z.imag)
    if z != z or math.isnan(a) or a < _DEEPEST or (a < 0.0 and not finite):
        return mp.mpc(mp.nan, mp.nan)
    if z == 1.0 or a == 0.0 or (a < 0.0 and a == math.floor(a) and z != 0.0):
        return mp.mpc(mp.inf)
    if not finite or math.isinf(a):
        return mp.mpc(0)
    if z == 0.0:
        return 1 / mp.sqrt(mp.mpc(a))
    steps = max(math.ceil(-a), 0)
    # Terms of size up to |z|^(steps-1) cancel in a sum of size |z|^-a: few digits are lost.
    with mp.workdps(digits + (15 if steps else 0)):
        x = mp.mpc(z)
        total = mp.mpc(0)
        for n in range(steps):
            total += x**n / mp.sqrt(mp.mpc(n + mp.mpf(a)))
        total += x**steps * lerch_mp(x, mp.mpf(a) + steps)
    with mp.workdps(digits):
        return +mp.mpc(total)


def lerch_mp(z: Any, a: Any) -> Any:
    """Return Phi(z, 1/2, a), a > 0, in the working precision of mpmath; on the cut the value from below.

    The value is real for real z < 1. It comes from the trapezoid rule with the residues of near poles added, as in
    `rmtjac.kernels.limit.lerch`; the step and the number of poles depend on the precision.
    """
    import mpmath as mp

    if z == 0:
        return 1 / mp.sqrt(a)
    if z == 1:
        return mp.inf
    if a < 1e-4 and a * abs(mp.log(z)) < 0.1:  # the grid would grow like a^(-1/2)
        with mp.workprec(mp.mp.prec + 30):
            total = 1 / mp.sqrt(a) + z * lerch_mp(z, 1 + a)
        return +total
    goal = mp.mp.prec * mp.ln2 + mp.log1p(abs(z))  # Phi falls like 1/z
    with mp.workprec(mp.mp.prec + 30):
        log_z = mp.log(z)
        if log_z.imag == mp.pi:
            log_z = mp.conj(log_z)
        goal += 12
        h = min(mp.pi / mp.sqrt(a * goal), mp.mpf("0.28"))
        nearest = mp.sqrt(log_z)
        offset = h / 2 if mp.exp(2j * mp.pi * nearest / h).real > 0 else mp.mpf(0)
        last = max(log_z.real, 0) + goal / a
        last = mp.sqrt(min(last, 2 * goal / (a - 1)) if a > 2 else last)
        total = mp.mpc(0)
        for j in range(int(last / h) + 2):
            square = (j * h + offset) ** 2
            total += (1 if square == 0 else 2) * h * mp.exp(-a * square) / (1 - z * mp.exp(-square))
        # The line Im t = pi / (a h) bounds the error of the grid by exp(-pi^2 / (a h^2)) <= exp(-goal).
        turn, top = 2j * mp.pi / h, mp.pi / (a * h)
        for sign in (1, -1):
            for k in itertools.count(0 if sign == 1 else 1):
                w = log_z + 2j * mp.pi * sign * k
                t = mp.sqrt(w)
                t = -t if t.imag <= 0 else t
                if t.imag <= top and (turn * t).real - a * w.real >= -goal:
                    e = mp.exp(turn * (t - offset))
                    total -= 2j * mp.pi * mp.exp(-a * w) / t * e / (1 - e)
                elif k > 1:  # from here on Im t grows
                    break
        total /= mp.sqrt(mp.pi)
    return +total.real if isinstance(z, mp.mpf) and z < 1 else +total

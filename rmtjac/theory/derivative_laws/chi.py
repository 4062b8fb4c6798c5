r"""chi_K, the functional inverse of the moment transform m_K of a law K of D^2."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.validate import complex_numbers

__all__ = ["inverse_at", "inverse_moment_transform"]


def inverse_moment_transform(law: DerivativeLaw, m: Any) -> np.ndarray:
    r"""Return :math:`\chi_K(m)`, the functional inverse of the moment transform :math:`m_K`.

    :math:`\chi_K` is the solution of :math:`m_K(\chi_K(m)) = m` that continues :math:`\chi_K(0) = 0`. In the limit
    equation each layer contributes :math:`\sigma_l^2 r_l m / \chi_{K_l}(r_{l+1} m)`.

    Parameters
    ----------
    law : DerivativeLaw
        The law K.
    m : array_like of complex, any shape
        Real m must lie above -P(D != 0) and below the value of m_K at the tip 1/b of its cut. A complex m is
        reached along a straight line from Re m if that is in this range, else from the middle of (-P(D != 0), 0).

    Returns
    -------
    ndarray of complex, shape of `m`
        The values u with m_K(u) = m.

    Raises
    ------
    ValueError
        If a real m has no inverse.
    ArithmeticError
        If the path to a complex m meets a branch point of the inverse.

    See Also
    --------
    DerivativeLaw.moment_transform : The function that is inverted.

    Notes
    -----
    Cost: a closed form for a law of a single value beside 0. Otherwise Newton's method: the time grows with the number
    of entries of `m`, with the number of values of D^2, and for a complex m with the number of steps along the line.

    References
    ----------
    docs/theory/limit_equation.md.

    Examples
    --------
    With P(D^2 = 1) = p the inverse is m / (m + p):

    >>> from rmtjac.theory import DiscreteLaw, inverse_moment_transform
    >>> complex(inverse_moment_transform(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5]), 0.5 + 0.5j))
    (0.6+0.2j)
    """
    m = complex_numbers("m", m)
    return np.array([inverse_at(law, complex(one)) for one in m.ravel()]).reshape(m.shape)


def inverse_at(law: DerivativeLaw, m: complex) -> complex:
    """Return chi_K(m) for one number m; see `inverse_moment_transform`."""
    p = law.mass
    if m == 0.0:
        return 0.0j
    if law.values.size == 1:
        if m == -p:
            raise ValueError(f"m={m!r} must not be -P(D != 0), where chi is infinite")
        return m / (law.supremum * (m + p))
    here = complex(m.real)
    if m.imag or not _in_range(law, m.real):
        if m.imag == 0.0:
            raise ValueError(f"m={m.real!r} must lie above -P(D != 0) = {-p:g} and below m_K at the tip of its cut")
        here = complex(m.real) if _in_range(law, m.real) else complex(-0.5 * p)
    u = complex(_real_chi(law, here.real))
    if m.imag == 0.0:
        return u
    flip = m.imag > 0.0  # m_K(conj u) = conj m_K(u), and the kernel evaluates the lower half-plane only
    goal, step, t = (m.conjugate() if flip else m), 0.25, 0.0
    while t < 1.0:
        ahead = min(1.0, t + step)
        tried = _chi_newton(law, here + ahead * (goal - here), u)
        if tried is None:
            step *= 0.5
            if step < 1e-6:
                raise ArithmeticError(f"no chi found at m={m!r}: it lies beyond a branch point of chi")
        else:
            u, t, step = tried, ahead, 2.0 * step
    return u.conjugate() if flip else u


def _chi_newton(law: DerivativeLaw, m: complex, u: complex) -> complex | None:
    """Return the solution of m_K = m by Newton's method from `u`, or None if a step is too long."""
    from rmtjac.kernels.limit.moment_transform import log_moment_transform

    v = np.log(complex(u.real, -abs(u.imag)))
    v = complex(v.real, -abs(v.imag))
    for _ in range(30):
        at = log_moment_transform(*law.kernel, v)
        value = np.exp(at.log_ratio + v)
        step = (m - value) / (law.mass * at.rest * at.log_rest_slope)
        if not abs(step) < 1.0:
            return None
        v += step
        if not -math.pi <= v.imag <= 0.0:
            return None
        if abs(step) < 1e-14:
            return complex(np.exp(v))
    return None


def _in_range(law: DerivativeLaw, m: float) -> bool:
    """Return whether the real m has an inverse."""
    return -law.mass < m < _tip(law)


def _tip(law: DerivativeLaw) -> float:
    """Return m_K next to the tip 1/b of its cut."""
    return float(law.moment_transform((1.0 - 1e-13) / law.supremum).real)


def _real_chi(law: DerivativeLaw, m: float) -> float:
    """Return chi_K(m) for a real m in range."""
    from rmtjac.kernels.limit.real_line import Interval, invert

    if m == 0.0:
        return 0.0
    target = np.array([m])
    if m < 0.0:
        low = np.log(-target / law.mean) - 1e-9
        return -math.exp(invert(*law.kernel, law.mass, Interval.NEGATIVE, low, np.array([600.0]), target)[0])
    low = np.log(target / (law.mean + law.supremum * target)) - 1e-9
    high = np.minimum(np.log(target / law.mean) + 1e-9, -math.log(law.supremum))
    return math.exp(invert(*law.kernel, law.mass, Interval.BELOW, low, high, target)[0])

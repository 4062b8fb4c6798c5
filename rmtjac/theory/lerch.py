"""The Lerch transcendent Phi(z, 1/2, a) as a public function."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.kernels.lerch import lerch_half_array

__all__ = ["lerch_phi"]


def lerch_phi(z: Any, s: float, a: Any) -> np.ndarray:
    r"""Return :math:`\Phi(z, s, a) = \sum_{n\ge0} z^n (n+a)^{-s}`, continued analytically, for s = 1/2.

    Parameters
    ----------
    z
        Complex, broadcast against `a`. On the cut [1, inf) the value is the one from below, z - i0; at z = 1
        the function is infinite.
    s
        Must be 1/2, the case that the erf activation leads to.
    a
        Positive.

    Raises
    ------
    ValueError
        If s is not 1/2, or an a is not positive and finite.

    Notes
    -----
    Relative error about 1e-14 for a in [0.05, 40] and |z| <= 1e6; about 1 us a value. mpmath's ``lerchphi`` takes
    20-45 ms and is wrong for a < 1 and |z| large.

    Examples
    --------
    >>> lerch_phi(0.0, 0.5, 4.0)
    array(0.5+0.j)
    """
    if s != 0.5:
        raise ValueError(f"s={s!r} must be 0.5; for other s use mpmath.lerchphi")
    z, a = np.broadcast_arrays(np.asarray(z, dtype=complex), np.asarray(a, dtype=float))
    if not np.all((a > 0.0) & np.isfinite(a)):
        raise ValueError(f"a={a!r} must be positive and finite")
    return lerch_half_array(z.ravel(), a.ravel()).reshape(z.shape)

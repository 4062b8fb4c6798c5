r"""What is known exactly of a square product of finite width, W Gaussian and D independent of it.

Beside a sample these have no bias at all, unlike the limit, from which they differ by a term of order 1/N (the atom of
equally wide layers by one of order 1/sqrt(N)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rmtjac.validate import finite, positive_int

__all__ = ["finite_atom", "finite_moments", "linear_log_moment"]


def finite_moments(width: int, moments: Sequence[tuple[float, float]]) -> tuple[float, float]:
    r"""Return :math:`E\,\mathrm{tr} M / N` and :math:`E\,\mathrm{tr} M^2 / N` of :math:`D W \cdots D W`.

    Parameters
    ----------
    width
        N. All W are square, with independent N(0, 1/N) entries.
    moments
        Per layer E D^2 and E D^4 of the independent, equally distributed entries of D.

    Notes
    -----
    With P, Q for E tr(M_ii ...) and E tr M^2 / N, per layer d = P + 2 Q/N, P' = mu_1^2 (P + 2 Q/N^2) + (mu_2 - mu_1^2)
    d/N and Q' = mu_1^2 (Q (1 + 1/N) + P) + (mu_2 - mu_1^2) d, from P = Q = 1.

    Examples
    --------
    >>> finite_moments(1, [(1.0, 1.0)])     # one squared standard normal variable
    (1.0, 3.0)
    """
    n = positive_int("width", width)
    first, p, q = 1.0, 1.0, 1.0
    for l, (mu1, mu2) in enumerate(moments):
        mu1 = finite(f"moments[{l}][0]", mu1, least=0.0)
        spread = finite(f"moments[{l}][1]", mu2, least=0.0) - mu1 * mu1
        if spread < -1e-12 * mu1 * mu1:
            raise ValueError(f"moments[{l}]={mu1, mu2!r}: E D^4 must be at least (E D^2)^2")
        d = p + 2.0 * q / n
        p, q = mu1**2 * (p + 2.0 * q / n**2) + spread * d / n, mu1**2 * (q * (1.0 + 1.0 / n) + p) + spread * d
        first *= mu1
    return first, q


def linear_log_moment(width: int, depth: int) -> float:
    """Return E log lambda of the product of `depth` square Gaussian matrices with N(0, 1/N) entries.

    Examples
    --------
    >>> round(linear_log_moment(1000, 2), 4)     # -2 in the limit
    -2.0072
    """
    from scipy.special import digamma

    n = positive_int("width", width)
    return float(positive_int("depth", depth) * np.mean(digamma(0.5 * np.arange(1, n + 1)) + math.log(2.0 / n)))


def finite_atom(widths: Sequence[int], masses: Sequence[float]) -> float:
    """Return the expected fraction of exact zeros among the n_L eigenvalues of M, D independent of W.

    The rank is the least of n_0 and the numbers of nonzero D_l, which are binomial. Where several layers share the
    least expectation their minimum falls short of it by a term of order 1/sqrt(N), which no ladder in 1/N removes.

    Parameters
    ----------
    widths
        n_0 ... n_L.
    masses
        P(D_l != 0) per layer.

    Examples
    --------
    >>> finite_atom([1, 1, 1], [0.5, 0.5]), finite_atom([2, 4], [1.0])
    (0.75, 0.5)
    """
    from scipy.special import bdtr

    widths = [positive_int(f"widths[{l}]", n) for l, n in enumerate(widths)]
    if len(widths) != len(masses) + 1:
        raise ValueError(f"masses={masses!r} must hold one probability per layer ({len(widths) - 1})")
    least = np.arange(1, min(widths) + 1)
    chance = np.ones(least.size)  # that the rank is at least so much; their sum is the expected rank
    for l, (n, p) in enumerate(zip(widths[1:], masses, strict=True)):
        if not 0.0 <= finite(f"masses[{l}]", p) <= 1.0:
            raise ValueError(f"masses[{l}]={p!r} must lie in [0, 1]")
        chance *= 1.0 - bdtr(least - 1, n, p)
    return 1.0 - float(chance.sum()) / widths[-1]

r"""Exact moments and atoms of products of finite width, for Gaussian W and D that is independent of W.

They are the exact expectations of a sample of finite width. The limit differs from them by a term of order 1/N; for the
atom of several layers of equal width the term is of order 1/sqrt(N).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rmtjac.validate import finite, positive_int

__all__ = ["finite_atom", "finite_moments", "linear_log_moment"]


def finite_moments(width: int, moments: Sequence[tuple[float, float]]) -> tuple[float, float]:
    r"""Return :math:`E\,\mathrm{tr} M / N` and :math:`E\,\mathrm{tr} M^2 / N` of a square product of finite width.

    M = J J^T with :math:`J = D W \cdots D W`, where the entries of W are independent and N(0, 1/N), and the entries of
    D are independent and equally distributed in each layer. From P = Q = 1, each layer with :math:`\mu_k = E D^{2k}`
    gives :math:`d = P + 2 Q/N`, :math:`P' = \mu_1^2 (P + 2 Q/N^2) + (\mu_2 - \mu_1^2) d/N` and
    :math:`Q' = \mu_1^2 (Q (1 + 1/N) + P) + (\mu_2 - \mu_1^2) d`. The results are :math:`\prod \mu_1` and Q.

    Parameters
    ----------
    width : int
        The width N of all layers.
    moments : sequence of (float, float)
        E D^2 and E D^4 of each layer.

    Returns
    -------
    first : float
        E tr M / N.
    second : float
        E tr M^2 / N.

    Raises
    ------
    ValueError
        If a number is out of range, or E D^4 is smaller than (E D^2)^2.
    TypeError
        If `width` is not a whole number.

    See Also
    --------
    finite_atom : The expected fraction of zeros.
    linear_log_moment : The mean of log lambda without activations.

    Notes
    -----
    Cost: a few operations for each layer.

    References
    ----------
    docs/theory/goodness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.spectra.finite_moments(1, [(1.0, 1.0)])  # the square of a standard normal variable
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
    r"""Return E log lambda of the product of square Gaussian matrices with N(0, 1/N) entries.

    It is :math:`\frac{L}{N} \sum_{i=1}^N (\psi(i/2) + \log(2/N))` with the digamma function :math:`\psi`.

    Parameters
    ----------
    width : int
        The width N of all layers.
    depth : int
        The number L of matrices.

    Returns
    -------
    float
        The mean of log lambda over the eigenvalues of M = J J^T.

    Raises
    ------
    ValueError, TypeError
        If `width` or `depth` is not a positive whole number.

    See Also
    --------
    rmtjac.EmpiricalSpectrum.log_moment : The same mean of a sample.

    References
    ----------
    docs/theory/goodness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> round(rj.spectra.linear_log_moment(1000, 2), 4)  # -2 in the limit
    -2.0072
    """
    from scipy.special import digamma

    n = positive_int("width", width)
    return float(positive_int("depth", depth) * np.mean(digamma(0.5 * np.arange(1, n + 1)) + math.log(2.0 / n)))


def finite_atom(widths: Sequence[int], masses: Sequence[float]) -> float:
    """Return the expected fraction of zeros among the n_L eigenvalues of M, if D is independent of W.

    The rank of J is the least of n_0 and the numbers of nonzero entries of D in the layers, which are binomial. If
    several layers have the same least expectation, the expected minimum is smaller by a term of order 1/sqrt(N).

    Parameters
    ----------
    widths : sequence of int
        The widths n_0 ... n_L.
    masses : sequence of float
        The probability P(D != 0) of each layer.

    Returns
    -------
    float
        The expected fraction.

    Raises
    ------
    ValueError
        If the numbers of widths and masses do not match, or a number is out of range.
    TypeError
        If a width is not a whole number.

    See Also
    --------
    finite_moments : The first two moments.

    Notes
    -----
    Cost: L min(widths) values of the binomial distribution function.

    References
    ----------
    docs/theory/goodness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.spectra.finite_atom([1, 1, 1], [0.5, 0.5]), rj.spectra.finite_atom([2, 4], [1.0])
    (0.75, 0.5)
    """
    from scipy.special import bdtr

    widths = [positive_int(f"widths[{l}]", n) for l, n in enumerate(widths)]
    if len(widths) != len(masses) + 1:
        raise ValueError(f"masses={masses!r} must hold one probability per layer ({len(widths) - 1})")
    least = np.arange(1, min(widths) + 1)
    chance = np.ones(least.size)  # of a rank of at least 1, 2, ...; their sum is the expected rank
    for l, (n, p) in enumerate(zip(widths[1:], masses, strict=True)):
        if not 0.0 <= finite(f"masses[{l}]", p) <= 1.0:
            raise ValueError(f"masses[{l}]={p!r} must lie in [0, 1]")
        chance *= 1.0 - bdtr(least - 1, n, p)
    return 1.0 - float(chance.sum()) / widths[-1]

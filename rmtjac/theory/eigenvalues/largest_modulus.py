r"""The largest modulus of the eigenvalues at finite width.

Near a smooth outer circle the eigenvalues of all these matrices look like those of a Ginibre matrix with the same
planar density, so that their number there enters through one effective size, with F' the radial density at the outer
circle

.. math:: n = N\,\frac{r_{out} F'(r_{out})}{2}, \qquad |z|_{max} = r_{out}\Bigl(1 + \frac{t}{2\sqrt n}\Bigr).

Real matrices have conjugate pairs and real eigenvalues. With Q the upper tail of the normal law, n complex moduli would
be independent with Gaussian logarithms spaced by 1/sqrt(n) standard deviations (Rider 2003); half as many are pairs,
and the real ones beyond the edge have the density of Forrester and Nagao (2007),

.. math:: P(t_{max} < t) = \exp\Bigl(\frac{\sqrt n}{2} \int_t^\infty \log(1 - Q(s))\,ds
          - 2 \int_{t/2}^\infty \rho(x)\,dx\Bigr), \qquad
          \rho(x) = \frac{1}{\sqrt{2\pi}} \Bigl(\frac{\mathrm{erfc}(\sqrt2 x)}{2}
          + \frac{e^{-x^2}}{2\sqrt2} (1 + \mathrm{erf}\,x)\Bigr).

For large n the first term wins, and the law is the Gumbel law that Rider and Sinclair (2014) prove for real Ginibre
matrices. At N = 100 the second one moves the mean of the excess by a third.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.theory.equation.layers import Layers

__all__ = ["LargestModulus", "largest_modulus", "mask_variance", "stable_probability"]


class LargestModulus(NamedTuple):
    """Mean and standard deviation of the largest modulus of the eigenvalues at a finite width.

    Attributes
    ----------
    mean : float
        The mean, to the leading order: it exceeds the spectral radius of the limit by O(sqrt(log N / N)).
    std : float
        The standard deviation over networks: the two parts below, added in quadrature. A forward pass makes it larger:
        for GELU by about 40 %.
    std_edge : float
        The part of the repelling eigenvalues, given D.
    std_masks : float
        The part of the random D, whose mean square differs from network to network by O(1 / sqrt(N)).

    See Also
    --------
    RingLaw.largest : Compute it.

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.limit_eigenvalues(rj.Ensemble.square(100, 1, "linear")).largest(100)
    >>> round(found.mean, 3), round(found.std, 3), found.std_masks
    (1.054, 0.038, 0.0)
    """

    mean: float
    std: float
    std_edge: float
    std_masks: float


def largest_modulus(layers: Layers, width: float, outer: float, slope: float) -> LargestModulus:
    """Return the largest modulus at width N; `slope` is r F'(r) at the outer circle, infinite for a circle.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> one = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> largest_modulus(one, 1e6, 1.0, 2.0).mean < 1.003
    True
    """
    masks = 0.5 * math.sqrt(mask_variance(layers, width))
    if slope == math.inf:
        return LargestModulus(outer, outer * masks, 0.0, outer * masks)
    t, cdf, unit = _edge_law(width, slope)
    chance, middle = np.diff(cdf), np.maximum(0.5 * (t[1:] + t[:-1]), -1.0 / unit)
    mean = float(chance @ middle) / float(chance.sum())
    sd = unit * math.sqrt(float(chance @ (middle - mean) ** 2) / float(chance.sum()))
    return LargestModulus(outer * (1.0 + unit * mean), outer * math.hypot(sd, masks), outer * sd, outer * masks)


def stable_probability(layers: Layers, width: float, log_outer: float, slope: float) -> float:
    """Return the probability that all moduli are below 1 at width N, from log r_out and r F'(r) there.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> relu = DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5])
    >>> stable_probability(Layers([relu], [1.6]), 100, 0.5 * math.log(0.8), 1.0)
    0.7...
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    place = -(log_outer + 0.5 * math.sqrt(mask_variance(layers, width)) * nodes)
    if slope == math.inf:
        inside = (place > 0.0).astype(float)
    else:
        t, cdf, unit = _edge_law(width, slope)
        with np.errstate(over="ignore"):
            # Far inside of the circle the logarithm of the modulus is the better coordinate.
            inside = np.interp(np.where(place < 0.0, place, np.expm1(place)) / unit, t, cdf, left=0.0, right=1.0)
    return min(1.0, float(weights @ inside / weights.sum()))


def _edge_law(width: float, slope: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return t, its cdf, and the unit of |z| / r_out - 1 = unit t."""
    from scipy.special import erf, erfc, log_ndtr

    n = max(0.5 * width * slope, 1e-12)
    t = np.linspace(-14.0, 14.0, 5601)
    x = 0.5 * t
    real = (0.5 * erfc(math.sqrt(2.0) * x) + np.exp(-(x**2)) * (1.0 + erf(x)) / (2.0 * math.sqrt(2.0))) / math.sqrt(
        2.0 * math.pi
    )
    rate = 0.5 * math.sqrt(n) * log_ndtr(t) - real  # 2 dx = dt
    steps = 0.5 * (rate[1:] + rate[:-1]) * (t[1] - t[0])
    cdf = np.exp(np.append(np.cumsum(steps[::-1])[::-1], 0.0))
    return t, cdf, 0.5 / math.sqrt(n)


def mask_variance(layers: Layers, width: float) -> float:
    """Return the variance of log r_out^2 that independent masks bring: sum over layers of Var D^2 / (n (E D^2)^2).

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> relu = DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5])
    >>> mask_variance(Layers([relu], [2.0]), 100)
    0.01
    """
    assert layers.widths is not None
    total = 0.0
    for law, n in zip(layers.laws, layers.widths[1:], strict=True):
        total += max(0.0, law.moment(2) / law.mean**2 - 1.0) * layers.widths[-1] / n
    return total / width

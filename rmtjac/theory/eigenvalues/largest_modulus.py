r"""The largest modulus of the eigenvalues at finite width.

Near a smooth outer circle the eigenvalues of all these matrices look like those of a Ginibre matrix with the same planar
density, so that their number there enters through one effective size, with F' the radial density at the outer circle

.. math:: n = N\,\frac{r_{out} F'(r_{out})}{2}, \qquad |z|_{max} = r_{out}\Bigl(1 + \frac{t}{2\sqrt n}\Bigr).

For n complex Ginibre moduli, which are independent with Gaussian log-moduli spaced by 1/sqrt(n) standard deviations,
:math:`P(t_{max} < t) = \exp(\sqrt n \int_t^\infty \log(1 - Q(s))\,ds)`, Q the upper tail of the normal law; its limit is
the Gumbel law of Rider (2003). Real matrices have conjugate pairs, half as many independent events, and the square root
of that law, as Rider and Sinclair (2014) prove for the real Ginibre ensemble.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.theory.equation.layers import Layers

__all__ = ["LargestModulus", "largest_modulus"]


class LargestModulus(NamedTuple):
    """The predicted largest modulus at a finite width.

    Attributes
    ----------
    mean : float
        The mean, to the leading order: it exceeds the spectral radius of the limit by O(sqrt(log N / N)).
    sd : float
        The standard deviation over networks: the two parts below, added in quadrature.
    sd_edge : float
        The part of the repelling eigenvalues, given D.
    sd_masks : float
        The part of the random D, whose mean square differs from network to network by O(1 / sqrt(N)).

    See Also
    --------
    RingLaw.largest : Compute it.

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.limit_eigenvalues(rj.Ensemble.square(100, 1, "linear")).largest(100)
    >>> round(found.mean, 3), round(found.sd, 3), found.sd_masks
    (1.067, 0.036, 0.0)
    """

    mean: float
    sd: float
    sd_edge: float
    sd_masks: float


def largest_modulus(layers: Layers, width: float, outer: float, slope: float) -> LargestModulus:
    """Return the largest modulus at width N; `slope` is r F'(r) at the outer circle, infinite for a circle.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> one = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> largest_modulus(one, 1e6, 1.0, 2.0).mean < 1.003
    True
    """
    from scipy.special import log_ndtr

    masks = 0.5 * math.sqrt(mask_variance(layers, width))
    if slope == math.inf:
        return LargestModulus(outer, outer * masks, 0.0, outer * masks)
    n = max(0.5 * width * slope, 1e-12)
    t = np.linspace(-12.0, 12.0, 4801)
    step = t[1] - t[0]
    logs = log_ndtr(t)
    tail = np.concatenate([np.cumsum((0.5 * (logs[1:] + logs[:-1]) * step)[::-1])[::-1], [0.0]])
    cdf = np.exp(0.5 * math.sqrt(n) * tail)
    chance, middle = np.diff(cdf), 0.5 * (t[1:] + t[:-1])
    mean = float(chance @ middle) / float(chance.sum())
    sd = math.sqrt(float(chance @ (middle - mean) ** 2) / float(chance.sum()))
    unit = outer / (2.0 * math.sqrt(n))
    return LargestModulus(outer + unit * mean, math.hypot(unit * sd, outer * masks), unit * sd, outer * masks)


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
        total += (law.moment(2) / law.mean**2 - 1.0) * layers.widths[-1] / n
    return total / width

r"""How far the radial cdf of a finite network may lie from its limit, in three parts.

- The outer circle is smooth at width N: the moduli next to it scatter by the relative amount
  :math:`s = \sqrt{1/(4n) + v/4}`, where n is the effective size of `rmtjac.theory.eigenvalues.largest_modulus`, and v
  is the variance of log r_out^2 that random masks bring. So the mean share beyond it is
  :math:`r F'(r_{out})\, s / \sqrt{2\pi}`, of order N^{-1/2}. An inner circle is smooth in the same way.
- Away from the circles the mean of the cdf differs by O(1/N); the bound takes 2/N.
- The sampled cdf scatters around its mean: three standard errors, taken from the spread between samples. Where there is
  one sample only, its scatter is that of the masks and that of repelling eigenvalues, N^{-3/4}.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.theory.eigenvalues.largest_modulus import mask_variance
from rmtjac.theory.eigenvalues.ring_law import RingLaw

__all__ = ["Bounds", "bounds"]


class Bounds(NamedTuple):
    """The bound of the Kolmogorov distance, that of the part away from the circles, and what they are made of.

    `reach` is the distance from a circle, in log r, up to which its smoothness counts.
    """

    everywhere: float
    inside: float
    edge: float
    reach: float


def bounds(law: RingLaw, width: int, error: float) -> Bounds:
    """Return the bounds at width N for a cdf with the largest standard error `error`, NaN for one sample.

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = bounds(rj.limit_eigenvalues(rj.Ensemble.square(1000, 1, "linear")), 1000, 0.0)
    >>> round(found.edge, 4), round(found.inside, 4)
    (0.0126, 0.002)
    """
    if law.circle:
        return Bounds(1.0, 1.0, 1.0, math.inf)
    masks = 0.5 * math.sqrt(mask_variance(law.layers, width))
    edge, reach, steepest = 0.0, 0.0, law.edge_slope
    for slope in (law.edge_slope, law.inner_slope):
        if slope > 0.0:
            spread = math.hypot(0.5 / math.sqrt(max(0.5 * width * slope, 0.25)), masks)
            edge, reach = max(edge, slope * spread / math.sqrt(2.0 * math.pi)), max(reach, 3.0 * spread)
            steepest = max(steepest, slope)
    one = steepest * masks + width**-0.75
    scatter = 3.0 * (error if np.isfinite(error) else one)
    return Bounds(min(1.0, edge + 2.0 / width + scatter), min(1.0, 2.0 / width + scatter), edge, reach)

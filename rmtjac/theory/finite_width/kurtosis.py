r"""What the fourth cumulant of the weights adds to an edge at finite width; Gaussian weights have none.

Weights of variance sigma^2/n and excess kurtosis kappa change E log det(z - M) by an amount of order 1,

.. math:: C_\kappa(m) = -\frac12 \sum_l \kappa_l \frac{n_{l+1}}{n_l}
          \frac{E g_l^2\, E g_{l-1}^2}{(r_l m)^2}, \qquad g_{-1} = r_0 m,

the fourth derivative of log det by one entry, summed over all entries. log lambda at the edge moves by
:math:`-C_\kappa'(m)/N`. The preactivations of a forward pass have the excess kurtosis
:math:`\kappa_l E (x^l)^4 / (n_l (E (x^l)^2)^2)`, which `rmtjac.theory.finite_width.signal_fluctuations` takes into
account.
"""

from __future__ import annotations

import math

from rmtjac.laws import Law, Rademacher, StudentT, Uniform
from rmtjac.theory.finite_width.edge_scale import EdgePoint, LayerAtEdge, powers_of_g

__all__ = ["excess_kurtosis", "kurtosis_shift"]


def excess_kurtosis(law: Law) -> float:
    """Return the fourth cumulant of the entries over the square of their variance; infinite if there is none.

    Examples
    --------
    >>> import rmtjac as rj
    >>> excess_kurtosis(rj.laws.law("rademacher")), excess_kurtosis(rj.laws.law("student_t:10"))
    (-2.0, 1.0)
    """
    if isinstance(law, Uniform):
        return -1.2
    if isinstance(law, Rademacher):
        return -2.0
    if isinstance(law, StudentT):
        return 6.0 / (law.df - 4.0) if law.df > 4.0 else math.inf
    return 0.0 if law.finite_variance else math.inf


def kurtosis_shift(point: EdgePoint, kurtoses: list[float], input_ratio: float) -> float:
    """Return N times the shift of log lambda; `input_ratio` is n_L / n_0.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.theory.finite_width.edge_scale import edge_point
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(100, 1, "linear", "rademacher"))
    >>> kurtosis_shift(edge_point(lim.layers, lim.edges[-1]), [-2.0], 1.0)
    -2.0
    """
    m, total = point.m, 0.0
    ratio = input_ratio
    below, below_slope = (ratio * m) ** 2, 2.0 * ratio**2 * m  # of E g^2 in the layer below
    for one, kurtosis in zip(point.layers, kurtoses, strict=True):
        square, slope = _square(one)
        unit = (ratio * m) ** 2
        change = (slope * below + square * below_slope) / unit - 2.0 * square * below / (unit * m)
        total += 0.5 * kurtosis * one.size * ratio * change
        ratio, below, below_slope = one.ratio, square, slope
    return float(total)


def _square(one: LayerAtEdge) -> tuple[float, float]:
    """Return E g^2 of a layer, and its derivative by m."""
    g, moved = powers_of_g(one.law, one.u)
    return float(one.law.weights @ (g * g)), float(2.0 * one.pace * (one.law.weights @ (g * moved)))

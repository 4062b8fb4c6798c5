r"""What random masks D, independent of the weights, add to an edge of the spectrum at finite width.

The edge is a function of the laws of the D_l^2, and a layer has only n_{l+1} samples of its own. With
:math:`g = u D^2 / (1 - u D^2)`, e_l the mean of g over the neurons of layer l less its expectation, and
:math:`M' = u m_K'(u)` (all derivatives by log u), the envelope theorem gives

.. math:: \delta\log\lambda_\pm = \sum_l \frac{e_l}{M_l'}, \qquad
          \mathrm{Var} \log\lambda_\pm = \sum_l \frac{\mathrm{Var}\,g_l}{n_{l+1} (M_l')^2}.

The mean changes in second order, by terms of order 1/N:

.. math:: E\,\delta\log\lambda_\pm = \sum_l \frac{1}{n_{l+1}}
          \Big(\frac{M''\,\mathrm{Var}\,g}{2 M'^3} - \frac{\mathrm{Cov}(g, \dot g)}{M'^2}\Big)_l
          - \frac{1}{2\ell''} \mathrm{Var} \sum_l \frac{r_{l+1}}{M_l'}
            \Big(\frac{\dot e_l}{M_l'} - \frac{M_l'' e_l}{M_l'^2}\Big).

At a square-root edge 1 - u D^2 has no zero, so that g is bounded and all these moments exist.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.theory.finite_width.edge_scale import EdgePoint, LayerAtEdge, powers_of_g

__all__ = ["Fluctuation", "mask_fluctuation", "second_order"]


class Fluctuation(NamedTuple):
    """N times the variance and N times the mean of what random masks add to log lambda at an edge."""

    variance: float
    mean: float


def second_order(one: LayerAtEdge, variance: float, covariance: float) -> float:
    """Return the second-order part of the mean of a layer, from Var e and Cov(e, de/d log u)."""
    first, second, _ = one.slopes
    return 0.5 * second * variance / first**3 - covariance / first**2


def mask_fluctuation(point: EdgePoint) -> Fluctuation:
    """Return the fluctuation of an edge if all D are drawn from their laws, independent of the weights.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.theory.finite_width.edge_scale import edge_point
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh"))
    >>> round(mask_fluctuation(edge_point(lim.layers, lim.edges[-1])).variance, 4)
    0.4379
    """
    variance = mean = slope = 0.0
    for one in point.layers:
        first, second, _ = one.slopes
        g, moved = powers_of_g(one.law, one.u)
        tilt = one.pace * (moved / first - g * second / first**2)
        w = one.law.weights
        columns = np.array([g, moved, tilt])
        # D = 0 has g = 0: its probability is not among the weights, and does not change these sums.
        means = columns @ w
        covariances = (columns * w) @ columns.T - np.outer(means, means)
        variance += covariances[0, 0] / first**2 / one.size
        mean += second_order(one, covariances[0, 0], covariances[0, 1]) / one.size
        slope += covariances[2, 2] / one.size
    return Fluctuation(float(variance), float(mean - slope / (2.0 * point.bend)))

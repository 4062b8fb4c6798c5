r"""What the masks of a real forward pass add to an edge of the spectrum at finite width.

In a forward pass the preactivations of layer l are, given the layer before, independent normal variables of one random
variance q_l, and all D_l depend on it. q_0 follows from the input, whose norm is given. The fluctuations go down the
layers (delta method),

.. math:: \delta q_{l+1} = \sigma_{l+1}^2 \big[\partial_q E\varphi^2\,\delta q_l + n_{l+1}^{-1/2} \xi_l\big], \qquad
          e_l = \partial_q E g_l\,\delta q_l + n_{l+1}^{-1/2} \eta_l,

where xi_l and eta_l, the fluctuations of the means of phi(h)^2 and of g_l over the same neurons, are correlated. One
recursion from the last layer up collects the weight of each xi_l in the sum of
`rmtjac.theory.finite_width.mask_fluctuations`, and gives the variance; one recursion down gives the mean and the
variance of each q_l in second order, which the mean of order 1/N needs.

Weights with an excess kurtosis give the preactivations one, of order 1/N.

Orthogonal weights fix the norm of W x: of the variance of a mean over neurons the part goes away that the norm
explains, :math:`2 (q^w \partial_q E f)^2` times the share of the rows, q^w the part of q that comes from W x.

The weights are not independent of the masks: W^l sends x^l to h^l - b^l. This changes W^l by a matrix of rank one, and
E log det(z - M) by an amount of order 1: log det(1 - the 2L x 2L matrix of the responses along x^l and D h^l), the log
of the product of 1 - q_l X_l with

.. math:: X_l = \frac{E\zeta^2 g_l}{r_{l+1} m} - 1 + \frac{u_l (E\,\zeta\varphi D / (1 - u_l D^2))^2}
          {r_{l+1} m\,E\varphi^2} \frac{X_{l+1}}{1 - q_{l+1} X_{l+1}}, \quad X_L = 0, \quad
          q_0 = r_0 m, \quad q_{l+1} = \frac{E \varphi^2 g_l}{E\varphi^2},

where zeta is the normalised W x. It shifts log lambda by -1/N times its derivative by m. A factor that reaches 0
outside the support is an eigenvalue outside the limit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.propagation.layer_scales import LayerScale
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.finite_width.edge_scale import EdgePoint
from rmtjac.theory.finite_width.mask_fluctuations import Fluctuation, second_order
from rmtjac.theory.finite_width.neuron_means import NeuronMeans, neuron_means

__all__ = ["Alignment", "alignment", "signal_fluctuation"]


class _Sphere(NamedTuple):
    """What orthogonal weights do to means over the neurons of a layer: all 0 for others.

    `rows` is the number of neurons over the dimension of the sphere on which W x lies, `dimension` the inverse of that
    dimension times N, and `share` the part of q that comes from W x.
    """

    rows: float
    dimension: float
    share: float


class Alignment(NamedTuple):
    """N times the shift of log lambda from the rank-one changes, and whether an eigenvalue leaves the support."""

    shift: float
    outlier: bool


def _neurons(point: EdgePoint) -> list[NeuronMeans]:
    """Return the means of all layers."""
    out = []
    for one in point.layers:
        assert one.law.source is not None
        out.append(neuron_means(*one.law.source, one.u))
    return out


def _spheres(layers: Layers, signal: list[LayerScale], variances: np.ndarray) -> list[_Sphere]:
    """Return what orthogonal weights do, for each layer."""
    assert layers.widths is not None
    assert layers.orthogonal is not None
    n, out = layers.widths, []
    for l, orthogonal in enumerate(layers.orthogonal):
        wide = max(n[l], n[l + 1])
        share = 1.0 - signal[l].bias / variances[l] if variances[l] > 0.0 else 0.0
        out.append(_Sphere(n[l + 1] / wide, n[-1] / wide, share) if orthogonal else _Sphere(0.0, 0.0, share))
    return out


def signal_fluctuation(
    layers: Layers, point: EdgePoint, signal: list[LayerScale], variances: np.ndarray, kurtoses: list[float]
) -> Fluctuation:
    """Return the fluctuation of an edge if D comes from a forward pass.

    `variances` are the q_l of the mean field, `kurtoses` the excess kurtosis of the weights of each layer.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.propagation.layer_scales import layer_scales
    >>> from rmtjac.theory.finite_width.edge_scale import edge_point
    >>> ens = rj.Ensemble.square(100, 2, "tanh")
    >>> lim, field = rj.limit_spectrum(ens), rj.mean_field(ens)
    >>> point = edge_point(lim.layers, lim.edges[-1])
    >>> signal, q = layer_scales(ens), field.preactivation_variances
    >>> round(signal_fluctuation(lim.layers, point, signal, q, [0.0, 0.0]).variance, 4)
    0.6384
    """
    neurons, spheres = _neurons(point), _spheres(layers, signal, variances)
    depth = layers.depth
    # Weights of (g, g') in the two sums: log lambda itself, and its derivative by m.
    weights = []
    for one in point.layers:
        first, second, _ = one.slopes
        weights.append(np.array([[1.0 / first, 0.0], [-one.pace * second / first**2, one.pace / first]]))
    # From the last layer up: how the two sums depend on q_{l+1}, in units of q_{l+1}.
    below = np.zeros(2)
    totals = np.zeros(2)
    for l in range(depth - 1, -1, -1):
        one, mean, sphere = point.layers[l], neurons[l], spheres[l]
        on_s = below * _gain(signal, variances, mean, l)
        columns = np.column_stack([weights[l], on_s])
        spread = np.einsum("ij,jk,ik->i", columns, mean.covariance, columns)
        moved = columns @ mean.once
        totals += (spread - 2.0 * sphere.rows * (sphere.share * moved) ** 2) / one.size
        below = moved
    # From the first layer down: N times the mean and the variance of delta q_l / q_l.
    assert layers.widths is not None
    shift = spread_q = mean_sum = 0.0
    fourth = 3.0  # E x^4 / (E x^2)^2 of the input of a layer
    for l in range(depth):
        one, mean, sphere = point.layers[l], neurons[l], spheres[l]
        first = one.slopes[0]
        own = (mean.covariance - 2.0 * sphere.rows * sphere.share**2 * np.outer(mean.once, mean.once)) / one.size
        own = own + np.outer(mean.once, mean.once) * spread_q
        # The law of h is not normal in order 1/N: its fourth cumulant adds E f H_4 / 24 times itself.
        cumulant = kurtoses[l] * fourth * layers.widths[-1] / layers.widths[l] / 6.0 - sphere.dimension
        moved = mean.once * shift + mean.twice * (0.5 * spread_q + cumulant * sphere.share**2)
        fourth = 1.0 + mean.covariance[2, 2]
        mean_sum += moved[0] / first + second_order(one, own[0, 0], own[0, 1])
        gain = _gain(signal, variances, mean, l)
        shift, spread_q = gain * moved[2], gain**2 * own[2, 2]
    return Fluctuation(float(totals[0]), float(mean_sum - totals[1] / (2.0 * point.bend)))


def _gain(signal: list[LayerScale], variances: np.ndarray, mean: NeuronMeans, l: int) -> float:
    """Return the share of q_{l+1} that comes from phi(h_l)^2: how it follows s."""
    if l + 1 >= len(signal) or variances[l + 1] == 0.0:
        return 0.0
    return signal[l + 1].weight * mean.size / float(variances[l + 1])


def alignment(point: EdgePoint, signal: list[LayerScale], variances: np.ndarray, input_ratio: float) -> Alignment:
    """Return what the rank-one changes of Gaussian weights do; `input_ratio` is n_L / n_0."""
    neurons, m = _neurons(point), point.m
    x = dx = shift = 0.0
    outlier = False
    for l in range(len(neurons) - 1, -1, -1):
        one, mean = point.layers[l], neurons[l]
        share = 1.0 - signal[l].bias / variances[l] if variances[l] > 0.0 else 0.0
        rm, pace = one.ratio * m, one.pace
        g, moved = mean.along
        # zeta^2 has the share `share` of z^2.
        ratio = (1.0 - share) + share * g[0] / rm
        slope = (1.0 - share) / m + share * pace * moved[0] / rm - ratio / m
        overlap = share * one.u * g[2] ** 2 / rm
        overlap_slope = overlap * (pace - 1.0 / m) + 2.0 * share * one.u * g[2] * moved[2] * pace / rm
        # The factor of the layer above, whose x is phi(h) of this one.
        q, dq = g[1], moved[1] * pace
        rest = 1.0 - q * x
        outlier |= not rest > 0.0
        if x != 0.0 or dx != 0.0:
            drest = -(dq * x + q * dx)
            shift -= drest / rest
            follow, dfollow = x / rest, dx / rest - x * drest / rest**2
        else:
            follow = dfollow = 0.0
        x, dx = ratio - 1.0 + overlap * follow, slope + overlap_slope * follow + overlap * dfollow
    rest = 1.0 - input_ratio * m * x
    outlier |= not rest > 0.0
    shift += input_ratio * (x + m * dx) / rest
    return Alignment(float(shift), bool(outlier))

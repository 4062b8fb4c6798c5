"""Edges of small chains, and edges moved by hand."""

import numpy as np

import rmtjac as rj
from rmtjac.propagation.layer_scales import layer_scales
from rmtjac.theory import inverse_moment_transform
from rmtjac.theory.equation.support import support
from rmtjac.theory.finite_width.edge_scale import EdgePoint, LayerAtEdge, edge_point, powers_of_g


def point_of(ensemble, upper=True, **options):
    """The limit and its uppermost or lowest edge."""
    lim = rj.limit_spectrum(ensemble, **options)
    intervals = support(lim.layers).intervals
    return lim, edge_point(lim.layers, intervals[-1][1] if upper else intervals[0][0])


def signal_of(ensemble, **options):
    """What the fluctuations of a forward pass need."""
    return layer_scales(ensemble), rj.mean_field(ensemble, **options).preactivation_variances


def point_at(layers, m):
    """The numbers of `EdgePoint` at any m > 0, where lambda(m) is not stationary."""
    top, found = layers.widths[-1], []
    for law, n in zip(layers.laws, layers.widths[1:], strict=True):
        ratio = top / n
        u = float(np.real(inverse_moment_transform(law, ratio * m)))
        g, first = powers_of_g(law, u)
        slopes = [float(law.weights @ x) for x in (first, first * (1 + 2 * g), first * (1 + 6 * g * (1 + g)))]
        found.append(LayerAtEdge(law, u, ratio, 1.0 / ratio, tuple(slopes)))
    log_lam = np.log1p(top / layers.widths[0] * m) - np.log(top / layers.widths[0] * m)
    for one, variance, n in zip(found, layers.variances, layers.widths[:-1], strict=True):
        log_lam += np.log(variance * top / n * m / one.u)
    return EdgePoint(float(log_lam), m, np.nan, np.nan, np.nan, tuple(found))

r"""The maps of variance and correlation of one layer of a wide network, and their fixed points.

One layer maps the variance q of the preactivations h and the correlation c of two inputs (Poole et al. 2016; Schoenholz
et al. 2017, docs/references.md) to

.. math:: q' = \sigma_w^2 E\,\varphi(\sqrt q Z)^2 + \sigma_b^2, \qquad
          c' = \frac{\sigma_w^2 E\,\varphi(h_1)\varphi(h_2) + \sigma_b^2}{q^*},

where q* is the fixed point of the first map. `rmtjac.propagation.gaussian_pairs` computes the expectations. For weights
of stable index alpha < 2 the scale of h takes the place of the standard deviation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations import activation as resolve
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Law
from rmtjac.propagation.fixed_scale import fixed_scale
from rmtjac.propagation.gaussian_pairs import gap, square
from rmtjac.propagation.layer_scales import layer_scales
from rmtjac.propagation.mean_field import reached_variance
from rmtjac.validate import finite

__all__ = [
    "checked_layer",
    "correlation_map",
    "fixed_correlation",
    "fixed_variance",
    "reached",
    "stationary_scale",
    "variances",
]


def checked_layer(activation: str | Activation, weight: object, bias: object) -> tuple[Activation, float, float]:
    """Return the activation and both variances, or raise an error if one is not allowed."""
    numbers = finite("weight_variance", weight, least=0.0), finite("bias_variance", bias, least=0.0)
    return (resolve(activation), *numbers)


def variances(name: str, values: Any) -> np.ndarray:
    """Return `values` as an array of finite numbers >= 0."""
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name}={values!r} must be finite numbers >= 0") from None
    for value in array.ravel():
        finite(name, float(value), least=0.0)
    return array


def fixed_variance(activation: str | Activation, weight_variance: float, bias_variance: float) -> float:
    r"""Return the fixed point q* of the variance of the preactivations.

    It is the stable solution of

    .. math:: q = \sigma_w^2 E\,\varphi(\sqrt q Z)^2 + \sigma_b^2, \qquad Z \sim N(0, 1),

    that the iteration reaches from q = 1.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weight_variance : float
        :math:`\sigma_w^2 = n\,\mathrm{Var}\,W_{ij} \ge 0`.
    bias_variance : float
        :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    float
        The variance q*: 0 if the variance tends to 0, inf if it grows without bound (past 1e12), and 1 if 1 is a fixed
        point, as for ReLU with :math:`\sigma_w^2 = 2` and no bias, where every q is a fixed point. The relative error
        is about 1e-13 divided by :math:`1 - \chi_q`, with :math:`\chi_q` the slope of the map at q*.

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a variance is negative or not finite, or the activation is not known.

    See Also
    --------
    rmtjac.mean_field : Follow the variance layer by layer; ``"stationary"`` stands for this fixed point.
    stationary_scale : The same for weights of any law, also without variance.
    signal_phase : Order and chaos at this variance.

    Notes
    -----
    The search proceeds by factors of 2, and may miss a pair of fixed points that are closer than that. Cost: ten to a
    hundred integrals over one variable.

    References
    ----------
    Poole et al. 2016. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> q = fixed_variance("tanh", 1.5, 0.1)
    >>> round(q, 6)
    0.520216
    """
    return reached(*checked_layer(activation, weight_variance, bias_variance))


def reached(phi: Activation, weight: float, bias: float) -> float:
    """Return q* for checked arguments."""
    return reached_variance(lambda q: weight * square(phi, q) + bias, weight * phi.at_zero**2 + bias)


def stationary_scale(activation: str | Activation, weights: str | Law, biases: str | Law | None = None) -> float:
    r"""Return the scale of the preactivations that equal layers leave unchanged, for weights of any stable index.

    For weights whose sums are stable of index alpha < 2, with scales gamma of weights and biases, it is the solution

    .. math:: s^\alpha = \gamma^\alpha E|\varphi(s X)|^\alpha + \gamma_b^\alpha, \qquad E\,e^{itX} = e^{-|t|^\alpha},

    that the iteration reaches from s = 1. For weights of finite variance it is :math:`\sqrt{q^*}` with the q* of
    `fixed_variance`.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weights : str or Law
        The law of the weights, as in `rmtjac.Ensemble`, with its default power: ``"cauchy:1.0"``,
        ``rj.Stable(alpha=1.5)``.
    biases : str or Law, optional
        The law of the biases: of the same stable law as the preactivations, or with a variance if the weights have one.
        Default: no biases.

    Returns
    -------
    float
        The scale s*; 0 if the scale tends to 0 (below 1e-300), inf if it grows without bound (past 1e300). The relative
        error is about 1e-13 divided by 1 minus the slope of the map in log s.

    Raises
    ------
    TypeError
        If an argument has a wrong type.
    ValueError
        If a law or an activation is not known; the weights have a power other than the default one, so that the scale
        depends on the width; or no mean field is known, as for an unbounded activation where
        :math:`E|\varphi(sX)|^\alpha` is infinite.

    See Also
    --------
    rmtjac.mean_field : Follow the scale layer by layer; ``"stationary"`` stands for this fixed point.
    fixed_variance : The fixed point for weights of finite variance.

    Notes
    -----
    If phi is bounded and :math:`\varphi'(0) \ne 0`, then s* > 0 for every gamma > 0 and every alpha < 2: at s = 0 the
    slope of the map is infinite, like :math:`\log(1/s)`. The search proceeds by factors of 2, beyond 2^20 by larger
    ones, and may miss a pair of fixed points that are closer. Cost: ten to a hundred integrals over one variable.

    References
    ----------
    docs/theory/conventions.md.

    Examples
    --------
    >>> round(stationary_scale("hardtanh", "cauchy:1.0"), 6)
    0.59633
    >>> import rmtjac as rj
    >>> round(stationary_scale("tanh", rj.Stable(alpha=1.5), rj.Stable(0.1, alpha=1.5)), 6)
    0.593813
    """
    one = Ensemble.square(1, 1, activation, weights, biases)
    for name, law, default in (
        ("weights", one.weights[0], one.weights[0].default_power),
        *((("biases", one.biases[0], 0.0),) if one.biases else ()),
    ):
        if law.power not in (None, default):
            raise ValueError(
                f"{name}={law!r}: with power={law.power!r} instead of {default:g} the scale depends on the width; use "
                "rmtjac.mean_field"
            )
    (phi,), (layer,) = one.activations, layer_scales(one)
    if layer.alpha == 2.0:
        return math.sqrt(reached(phi, layer.weight, layer.bias))
    return fixed_scale(phi, layer)


def fixed_correlation(phi: Activation, weight: float, q: float) -> float:
    """Return 1 - c* in the chaotic phase: the chord of the correlation map from c* to c = 1 has slope 1."""
    from scipy.optimize import brentq

    def excess(log_delta: float) -> float:
        """Return the slope of the chord minus 1."""
        delta = math.exp(log_delta)
        return weight * gap(phi, q, delta) / (q * delta) - 1.0

    # All derivatives of the map are >= 0 on [0, 1], so that the slope of the chord falls from chi_1 > 1 at delta = 0.
    high = 0.0
    if excess(high) >= -1e-13:
        return 1.0
    low = high - 1.0
    while excess(low) <= 0.0 and low > -60.0:
        low, high = low - 2.0, low
    return math.exp(low if low <= -60.0 else brentq(excess, low, high, xtol=1e-12, rtol=1e-14))


def correlation_map(
    activation: str | Activation, weight_variance: float, bias_variance: float, correlation: Any
) -> np.ndarray:
    r"""Return the correlation of two inputs after one layer, at the fixed point q*.

    .. math:: c' = \frac{\sigma_w^2 E\,\varphi(h_1)\varphi(h_2) + \sigma_b^2}{q^*},

    :math:`h_1, h_2` Gaussian of variance q* and correlation c.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weight_variance : float
        :math:`\sigma_w^2 = n\,\mathrm{Var}\,W_{ij} \ge 0`.
    bias_variance : float
        :math:`\sigma_b^2 \ge 0`.
    correlation : array_like of float, any shape
        Correlations c in [-1, 1] before the layer.

    Returns
    -------
    ndarray of float, shape of `correlation`
        The correlations c' after the layer. The absolute error is about 1e-12, with kinks too, for an activation that
        varies over lengths of .1 and more.

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a correlation is outside [-1, 1]; or if q* is 0 or infinite, where no correlation is defined.

    See Also
    --------
    signal_phase : The fixed point of this map and the slope there.

    Notes
    -----
    Cost of a value: about .1 ms, for a curved activation with kinks 2 ms.

    References
    ----------
    Poole et al. 2016. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> correlation_map("tanh", 1.5, 0.1, [0.0, 0.5, 1.0]).round(6)
    array([0.192228, 0.584332, 1.      ])
    """
    phi, weight, bias = checked_layer(activation, weight_variance, bias_variance)
    c = np.array(correlation, dtype=float)
    if not np.all(np.abs(c) <= 1.0):
        raise ValueError(f"correlation={correlation!r} must be in [-1, 1]")
    q = reached(phi, weight, bias)
    if not 0.0 < q < math.inf:
        raise ValueError(
            f"weight_variance={weight_variance!r}, bias_variance={bias_variance!r}: the variance tends to {q}, "
            "where no correlation is defined"
        )
    values = [(weight * (square(phi, q) - gap(phi, q, 1.0 - float(one))) + bias) / q for one in c.ravel()]
    result = np.array(values).reshape(c.shape)
    result.flags.writeable = False
    return result

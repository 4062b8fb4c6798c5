r"""The scale of the preactivations that a layer with heavy tails leaves unchanged.

Near s = 0 the map of the scale is steeper than any line. With P(\|X\| > x) ~ c x^-alpha and a slope phi'(0),

.. math:: E|\varphi(sX)|^\alpha = \alpha c\, |\varphi'(0)|^\alpha s^\alpha \log(1/s)\, (1 + o(1)), \qquad
          \alpha c = \frac2\pi \Gamma(\alpha + 1) \sin \frac{\pi\alpha}2 ,

for every alpha < 2, because :math:`E|X|^\alpha` diverges. So a bounded activation with phi'(0) != 0 has a stationary
scale s* > 0 for every gamma > 0; without biases it is of order :math:`\exp(-1/(\alpha c\,|\gamma \varphi'(0)|^\alpha))`
for small gamma.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rmtjac.activations import Activation
from rmtjac.propagation.layer_scales import LayerScale, activation_size

__all__ = ["fixed_scale", "reached_scale"]

_REACH = math.log(1e300)


def reached_scale(step: Callable[[float], float]) -> float:
    """Return the fixed point of ``s -> step(s)`` that is reached from s = 1.

    Parameters
    ----------
    step : callable
        The scale in one layer as an increasing function of that in the layer before.

    Returns
    -------
    float
        The fixed point: 0 if it is below 1e-300, inf if it is above 1e300, 1 if 1 is fixed. The search proceeds by
        factors of 2, and from 2^20 on by factors that grow; it may miss a pair of fixed points that are closer.

    Examples
    --------
    >>> round(reached_scale(lambda s: 1e-100 * s**0.5) / 1e-200, 10)
    1.0
    """
    from scipy.optimize import brentq

    def growth(t: float) -> float:
        """Return the logarithm of step(s) / s at s = e^t."""
        value = step(math.exp(t))
        return math.log(value) - t if 0.0 < value < math.inf else -math.inf if value == 0.0 else math.inf

    start = growth(0.0)
    if abs(start) <= 1e-13:
        return 1.0
    way = 1.0 if start > 0.0 else -1.0
    near, stride = 0.0, math.log(2.0)
    while True:
        far = max(-_REACH, min(_REACH, near + way * stride))
        if growth(far) * way < 0.0:
            break
        if abs(far) == _REACH:
            return math.inf if way > 0.0 else 0.0
        near = far
        if abs(far) > 20.0 * math.log(2.0):
            stride *= 1.5
    bounded = lambda t: max(-1e3, min(1e3, growth(t)))  # noqa: E731  (brentq needs finite values)
    return math.exp(brentq(bounded, *sorted((near, far)), xtol=1e-15, rtol=1e-15))


def fixed_scale(phi: Activation, layer: LayerScale) -> float:
    """Return the stationary scale s* of the preactivations, alpha < 2, with a relative error of about 1e-12."""
    return reached_scale(lambda s: layer.preactivation(activation_size(phi, layer.alpha, s, layer.alpha)))

r"""The tail of the singular values of one HardTanh layer with Cauchy weights, from one or two large weights in a row.

A row with a large weight w stays active only if something cancels w x:

- nothing has to cancel it if x = 0, or if x is of order 1/w: :math:`P(s > R) \sim 2 \gamma P(x=0) P(D=1) / (\pi R)`,
  and :math:`\gamma f / (\pi R^2)` for a density f of |x| at 0;
- else a second large weight w' with w' x' = -w x, so that s^2 = w^2 + w'^2, or a large bias:

.. math:: P(s > R) \sim \Bigl\{\frac{2 \gamma^2}{3 \pi^2} E \frac{(x^2 + x'^2)^{3/2}}{x^2 x'^2}
          + \frac{4 \gamma \gamma_b}{3 \pi^2} E \frac{1}{x^2}\Bigr\} R^{-3} ,

where gamma_b is the scale of the Cauchy biases.
"""

from __future__ import annotations

import math

import numpy as np

from rmtjac.theory.heavy_tails.coupled.equation import Layer
from rmtjac.theory.heavy_tails.solver import Tail

__all__ = ["tail_of"]


def tail_of(layer: Layer) -> Tail:
    """Return the tail P(lambda > x) ~ constant x^-exponent of the law itself."""
    gamma, inputs = layer.gamma, layer.inputs
    if inputs.zero:
        return Tail(0.5, 2.0 / math.pi * gamma * inputs.zero * layer.active)
    if inputs.normal:
        return Tail(1.0, gamma * inputs.density_at_zero / math.pi)
    square = inputs.nodes**2
    # (x^2 + x'^2)^(3/2) / (x x')^2 = (1/x^2 + 1/x'^2) (x^2 + x'^2)^(1/2)
    pairs = np.add.outer(1.0 / square, 1.0 / square) * np.sqrt(np.add.outer(square, square))
    two = float(inputs.weights @ pairs @ inputs.weights)
    one = float(inputs.weights @ (1.0 / square))
    return Tail(1.5, 2.0 * gamma / (3.0 * math.pi**2) * (gamma * two + 2.0 * layer.bias * one))

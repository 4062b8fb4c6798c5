"""How phi' of the registered activations falls off, in logarithms: what is left of D^2 where D is no float any more."""

from __future__ import annotations

import math

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.limit.poles import ROW, TAIL
from rmtjac.kernels.limit.tails import MILLS, MINUS_ONE, ONE
from rmtjac.theory.derivative_laws.panel_rule import FLOOR

__all__ = ["tail_row"]

# c_0, c_1, c_2, form of f, number of tails: log|phi'(-x)| = c_0 - c_1 x - c_2 x^2 + log f(x) for large x.
_TAILS = {
    "tanh": (math.log(4.0), 2.0, 0.0, ONE, 2),
    "sigmoid": (0.0, 1.0, 0.0, ONE, 2),
    "softplus": (0.0, 1.0, 0.0, ONE, 1),
    "silu": (0.0, 1.0, 0.0, MINUS_ONE, 1),
    "mish": (0.0, 1.0, 0.0, MINUS_ONE, 1),
    "gelu": (-0.5 * math.log(2.0 * math.pi), 0.0, 0.5, MILLS, 1),
    "erf": (0.0, 0.0, 0.25 * math.pi, ONE, 2),
}
_RARE = 1e-17


def tail_row(phi: Activation, variance: float) -> np.ndarray:
    """Return the row that describes P(D^2 < 1e-280) to the kernels, E log D^2 left open; none if that is negligible.

    Shape (1, ROW) or (0, ROW).
    """
    from scipy.special import erfc

    if phi.code is None or phi.name not in _TAILS:
        return np.empty((0, ROW))
    first, linear, square, form, sides = _TAILS[phi.name]
    depth = first - 0.5 * math.log(FLOOR)
    x = math.sqrt(depth / square) if square else depth / linear
    if not 0.5 * sides * erfc(x / math.sqrt(2.0 * variance)) > _RARE:
        return np.empty((0, ROW))
    row = np.zeros((1, ROW))
    row[0, :8] = TAIL, first, linear, square, form, sides, variance, math.nan
    return row

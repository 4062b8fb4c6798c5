"""The tails of phi' of the registered activations, in logarithms: they describe D^2 where it underflows."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.limit.poles import ROW_LENGTH, PanelKind
from rmtjac.kernels.limit.tails import TailColumn, TailForm
from rmtjac.theory.derivative_laws.panel_rule import FLOOR

__all__ = ["tail_row"]


class Tail(NamedTuple):
    """log|phi'(-x)| = constant - linear x - square x^2 + log f(x) for large x, f given by `form`."""

    constant: float
    linear: float
    square: float
    form: TailForm
    sides: int
    """2 where phi' is even, so that phi'(x) falls off in the same way."""


_TAILS = {
    "tanh": Tail(math.log(4.0), 2.0, 0.0, TailForm.ONE, 2),
    "sigmoid": Tail(0.0, 1.0, 0.0, TailForm.ONE, 2),
    "softplus": Tail(0.0, 1.0, 0.0, TailForm.ONE, 1),
    "silu": Tail(0.0, 1.0, 0.0, TailForm.MINUS_ONE, 1),
    "mish": Tail(0.0, 1.0, 0.0, TailForm.MINUS_ONE, 1),
    "gelu": Tail(-0.5 * math.log(2.0 * math.pi), 0.0, 0.5, TailForm.MILLS, 1),
    "erf": Tail(0.0, 0.0, 0.25 * math.pi, TailForm.ONE, 2),
}
_RARE = 1e-17  # a probability below the rounding of 1


def tail_row(phi: Activation, variance: float) -> np.ndarray:
    """Return the row that describes the tail of D^2 to the kernels; its entry for E log D^2 is NaN.

    The shape is (1, ROW_LENGTH), and (0, ROW_LENGTH) where P(D^2 < 1e-280) is negligible or no tail is known.
    """
    from scipy.special import erfc

    if phi.code is None or phi.name not in _TAILS:
        return np.empty((0, ROW_LENGTH))
    tail = _TAILS[phi.name]
    depth = tail.constant - 0.5 * math.log(FLOOR)
    x = math.sqrt(depth / tail.square) if tail.square else depth / tail.linear
    if not 0.5 * tail.sides * erfc(x / math.sqrt(2.0 * variance)) > _RARE:
        return np.empty((0, ROW_LENGTH))
    row = np.zeros((1, ROW_LENGTH))
    entries = {
        TailColumn.KIND: PanelKind.TAIL,
        TailColumn.CONSTANT: tail.constant,
        TailColumn.LINEAR: tail.linear,
        TailColumn.SQUARE: tail.square,
        TailColumn.FORM: tail.form,
        TailColumn.SIDES: tail.sides,
        TailColumn.VARIANCE: variance,
        TailColumn.MEAN_LOG: math.nan,
    }
    row[0, list(entries)] = list(entries.values())
    return row

"""Activations for training: computed in place, in the precision of the input, with slopes from the values.

`rmtjac.activations.registry` has the same functions in double precision; the tests compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["POINTWISE", "Pointwise"]

_ERF = 0.5 * math.sqrt(math.pi)
_NORMAL = 1.0 / math.sqrt(2.0 * math.pi)
_LEAK = 0.01  # the default slope of the registered leaky ReLU


class Pointwise(NamedTuple):
    """The two functions that training needs of an activation phi.

    `value(h, out)` writes phi(h) to `out`, an array other than h; `slope(h, y)` returns phi'(h), given y = phi(h).
    """

    value: Callable[[np.ndarray, np.ndarray], object]
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]


def _sigmoid(h: np.ndarray, out: np.ndarray) -> None:
    # By way of the hyperbolic tangent, which does not overflow.
    np.multiply(h, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5


def _softsign(h: np.ndarray, out: np.ndarray) -> None:
    np.abs(h, out=out)
    out += 1.0
    np.divide(h, out, out=out)


def _softsign_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    slope = 1.0 - np.abs(y)
    slope *= slope
    return slope


def _arctan_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    slope = h * h
    slope += 1.0
    return np.divide(1.0, slope, out=slope)


def _erf(h: np.ndarray, out: np.ndarray) -> None:
    from scipy.special import erf

    np.multiply(h, _ERF, out=out)
    erf(out, out=out)


def _erf_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    slope = h * h
    slope *= -(_ERF**2)
    return np.exp(slope, out=slope)


def _silu(h: np.ndarray, out: np.ndarray) -> None:
    _sigmoid(h, out)
    out *= h


def _silu_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    s = np.empty_like(h)
    _sigmoid(h, s)
    return s + y * (1.0 - s)


def _softplus(h: np.ndarray, out: np.ndarray) -> None:
    np.abs(h, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    out += np.maximum(h, 0.0)


def _softplus_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    s = np.empty_like(h)
    _sigmoid(h, s)
    return s


def _gelu(h: np.ndarray, out: np.ndarray) -> None:
    from scipy.special import ndtr

    ndtr(h, out=out)
    out *= h


def _gelu_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    slope = h * h
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= h
    slope *= _NORMAL
    slope += ndtr(h)
    return slope


def _mish_gate(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return tanh(softplus h), and 1 minus it."""
    e = np.exp(-np.abs(h))
    positive = h >= 0.0
    gate = np.where(positive, 1.0 + 2.0 * e, e * (e + 2.0))
    rest = np.where(positive, 2.0 * e * e, 2.0).astype(h.dtype)
    whole = gate + rest
    return gate / whole, rest / whole


def _mish(h: np.ndarray, out: np.ndarray) -> None:
    np.multiply(h, _mish_gate(h)[0], out=out)


def _mish_slope(h: np.ndarray, y: np.ndarray) -> np.ndarray:
    gate, rest = _mish_gate(h)
    s = np.empty_like(h)
    _sigmoid(h, s)
    return gate + h * rest * (1.0 + gate) * s


POINTWISE = {
    "linear": Pointwise(lambda h, out: np.copyto(out, h), lambda h, y: np.ones_like(h)),
    "leaky_relu": Pointwise(
        lambda h, out: np.copyto(out, np.where(h > 0.0, h, _LEAK * h)),
        lambda h, y: np.where(h > 0.0, 1.0, _LEAK).astype(h.dtype),
    ),
    "gelu": Pointwise(_gelu, _gelu_slope),
    "mish": Pointwise(_mish, _mish_slope),
    "arctan": Pointwise(np.arctan, _arctan_slope),
    "erf": Pointwise(_erf, _erf_slope),
    "hardtanh": Pointwise(
        lambda h, out: np.clip(h, -1.0, 1.0, out=out), lambda h, y: ((h > -1.0) & (h < 1.0)).astype(h.dtype)
    ),
    "tanh": Pointwise(np.tanh, lambda h, y: 1.0 - y * y),
    "sigmoid": Pointwise(_sigmoid, lambda h, y: y * (1.0 - y)),
    "softsign": Pointwise(_softsign, _softsign_slope),
    "relu": Pointwise(lambda h, out: np.maximum(h, 0.0, out=out), lambda h, y: (h > 0.0).astype(h.dtype)),
    "relu6": Pointwise(
        lambda h, out: np.clip(h, 0.0, 6.0, out=out), lambda h, y: ((h > 0.0) & (h < 6.0)).astype(h.dtype)
    ),
    "silu": Pointwise(_silu, _silu_slope),
    "softplus": Pointwise(_softplus, _softplus_slope),
}

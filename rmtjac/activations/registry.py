"""The registered activations, under the names that files and the command line use."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from rmtjac.activations import formulas
from rmtjac.activations.function import Activation, Vectorised
from rmtjac.activations.facts import DECLARABLE, TABLE, Facts, leaky_relu_facts
from rmtjac.validate import finite

__all__ = ["activation", "names", "register", "registered"]


def _row(name: str, code: int, function: Vectorised, derivative: Vectorised, known: Facts, **more: Any) -> Activation:
    stated = {("slope_at_infinity" if one == "slope" else one): getattr(known, one) for one in DECLARABLE}
    return Activation(name, function, derivative, **more, **stated, code=code)


def _leaky_relu(slope: float) -> Activation:
    slope = finite("slope", slope)
    return _row(
        "leaky_relu",
        2,
        lambda h: np.where(h > 0, h, slope * h),
        lambda h: np.where(h > 0, 1.0, slope),
        leaky_relu_facts(slope),
        breakpoints=(0.0,),
        slopes=(slope, 1.0),
        parameter=slope,
    )


# Code in the kernels, phi, phi', breakpoints, slopes.
_ROWS: dict[str, tuple[int, Vectorised, Vectorised, tuple[float, ...], tuple[float, ...] | None]] = {
    "linear": (0, lambda h: 1.0 * h, np.ones_like, (), (1.0,)),
    "relu": (1, lambda h: np.maximum(h, 0.0), lambda h: (h > 0) * 1.0, (0.0,), (0.0, 1.0)),
    "hardtanh": (
        3, lambda h: np.clip(h, -1.0, 1.0), lambda h: (np.abs(h) < 1) * 1.0, (-1.0, 1.0), (0.0, 1.0, 0.0),
    ),
    "relu6": (
        4, lambda h: np.clip(h, 0.0, 6.0), lambda h: ((h > 0) & (h < 6)) * 1.0, (0.0, 6.0), (0.0, 1.0, 0.0),
    ),
    "tanh": (5, np.tanh, formulas.tanh_prime, (), None),
    "erf": (6, formulas.erf, lambda h: np.exp(-0.25 * math.pi * h * h), (), None),
    "sigmoid": (7, formulas.sigmoid, formulas.sigmoid_prime, (), None),
    "softsign": (8, lambda h: h / (1.0 + np.abs(h)), lambda h: (1.0 + np.abs(h)) ** -2.0, (0.0,), None),
    "arctan": (9, np.arctan, lambda h: 1.0 / (1.0 + h * h), (), None),
    "softplus": (10, lambda h: np.maximum(h, 0.0) + np.log1p(formulas.decay(h)), formulas.sigmoid, (), None),
    "silu": (11, lambda h: h * formulas.sigmoid(h), formulas.silu_prime, (), None),
    "gelu": (
        12, lambda h: h * formulas.normal_cdf(h), lambda h: formulas.normal_cdf(h) + h * formulas.normal_pdf(h), (),
        None,
    ),
    "mish": (13, lambda h: h * formulas.mish_gate(h)[0], formulas.mish_prime, (), None),
}  # fmt: skip


def _table() -> dict[str, Activation]:
    rows = {}
    for name, (code, function, derivative, breakpoints, slopes) in _ROWS.items():
        rows[name] = _row(name, code, function, derivative, TABLE[name], breakpoints=breakpoints, slopes=slopes)
        if name == "relu":
            rows["leaky_relu"] = _leaky_relu(0.01)
    return rows


_REGISTRY = _table()


def names() -> tuple[str, ...]:
    """Names of all registered activations."""
    return tuple(_REGISTRY)


def registered(name: str) -> Activation | None:
    """Return the activation that is registered under a name; None if there is none."""
    return _REGISTRY.get(name)


def register(new: Activation) -> Activation:
    """Make `new` known under its name, so that files and the command line can name it too.

    It stays on the NumPy path: a code belongs to the kernels and is dropped.
    """
    if new.name in _REGISTRY:
        raise ValueError(f"name={new.name!r} is taken; registered activations: {', '.join(names())}")
    _REGISTRY[new.name] = replace(new, code=None)
    return _REGISTRY[new.name]


def activation(spec: str | Activation) -> Activation:
    """Return the activation that `spec` names; an `Activation` is passed through.

    Parameters
    ----------
    spec
        A registered name; ``"leaky_relu:0.2"`` sets the slope below zero (default 0.01).

    Raises
    ------
    ValueError
        If no such activation is registered; the message lists those that are.

    Examples
    --------
    >>> activation("leaky_relu:0.2").slopes
    (0.2, 1.0)
    """
    if isinstance(spec, Activation):
        return spec
    if not isinstance(spec, str):
        raise TypeError(f"activation={spec!r} must be a name or an Activation")
    name, _, parameter = spec.partition(":")
    if name not in _REGISTRY or (parameter and name != "leaky_relu"):
        raise ValueError(f"activation={spec!r} is not known; known: {', '.join(names())}, leaky_relu:SLOPE")
    if parameter:
        try:
            return _leaky_relu(float(parameter))
        except ValueError:
            raise ValueError(f"activation={spec!r}: the slope must be a finite number") from None
    return _REGISTRY[name]

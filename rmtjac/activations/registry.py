"""The registered activations, under the names that files and the command line use."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np

from rmtjac.activations import formulas
from rmtjac.activations.facts import TABLE, Facts, leaky_relu_facts
from rmtjac.activations.function import Activation, Vectorised
from rmtjac.activations.lookup import FAMILIES, REGISTERED, resolve
from rmtjac.validate import finite

__all__ = ["activation", "names", "register"]


class _Row(NamedTuple):
    """The code in the kernels, phi, phi', the breakpoints, and the slopes of a piecewise affine function."""

    code: int
    function: Vectorised
    derivative: Vectorised
    breakpoints: tuple[float, ...] = ()
    slopes: tuple[float, ...] | None = None


def _made(name: str, row: _Row, known: Facts, parameter: float = 0.0) -> Activation:
    """Return the activation of a row, with its facts from the table."""
    return Activation(name, **row._asdict(), parameter=parameter, stated=known)


def _leaky_relu(slope: float) -> Activation:
    """Return the leaky ReLU with this slope below zero."""
    slope = finite("slope", slope)
    row = _Row(2, lambda h: np.where(h > 0, h, slope * h), lambda h: np.where(h > 0, 1.0, slope), (0.0,), (slope, 1.0))
    return _made("leaky_relu", row, leaky_relu_facts(slope), slope)


_ROWS: dict[str, _Row] = {
    "linear": _Row(0, lambda h: 1.0 * h, np.ones_like, (), (1.0,)),
    "relu": _Row(1, lambda h: np.maximum(h, 0.0), lambda h: (h > 0) * 1.0, (0.0,), (0.0, 1.0)),
    "hardtanh": _Row(
        3, lambda h: np.clip(h, -1.0, 1.0), lambda h: (np.abs(h) < 1) * 1.0, (-1.0, 1.0), (0.0, 1.0, 0.0),
    ),
    "relu6": _Row(
        4, lambda h: np.clip(h, 0.0, 6.0), lambda h: ((h > 0) & (h < 6)) * 1.0, (0.0, 6.0), (0.0, 1.0, 0.0),
    ),
    "tanh": _Row(5, np.tanh, formulas.tanh_prime),
    "erf": _Row(6, formulas.erf, lambda h: np.exp(-0.25 * math.pi * h * h)),
    "sigmoid": _Row(7, formulas.sigmoid, formulas.sigmoid_prime),
    "softsign": _Row(8, lambda h: h / (1.0 + np.abs(h)), lambda h: (1.0 + np.abs(h)) ** -2.0, (0.0,), None),
    "arctan": _Row(9, np.arctan, lambda h: 1.0 / (1.0 + h * h)),
    "softplus": _Row(10, lambda h: np.maximum(h, 0.0) + np.log1p(formulas.decay(h)), formulas.sigmoid),
    "silu": _Row(11, lambda h: h * formulas.sigmoid(h), formulas.silu_prime),
    "gelu": _Row(
        12, lambda h: h * formulas.normal_cdf(h), lambda h: formulas.normal_cdf(h) + h * formulas.normal_pdf(h),
    ),
    "mish": _Row(13, lambda h: h * formulas.mish_gate(h)[0], formulas.mish_prime),
}  # fmt: skip


def _fill() -> None:
    """Register the activations of the table, in the order of their codes."""
    FAMILIES["leaky_relu"] = _leaky_relu
    for name, row in _ROWS.items():
        REGISTERED[name] = _made(name, row, TABLE[name])
        if name == "relu":
            REGISTERED["leaky_relu"] = _leaky_relu(0.01)


_fill()


def names() -> tuple[str, ...]:
    """List the names of all registered activations.

    Returns
    -------
    tuple of str
        In the order of their codes; activations of the user come last.

    See Also
    --------
    activation : Look up an activation by name.

    References
    ----------
    docs/theory/conventions.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.activations.names()[:3]
    ('linear', 'relu', 'leaky_relu')
    """
    return tuple(REGISTERED)


def register(new: Activation) -> Activation:
    """Make an activation known under its name, so that files and the command line can name it too.

    NumPy computes it: only the kernels use codes, so a code of `new` is dropped.

    Parameters
    ----------
    new : Activation
        The activation; its attribute ``name`` is the name.

    Returns
    -------
    Activation
        The registered function, without a code.

    Raises
    ------
    ValueError
        If the name is taken.

    See Also
    --------
    activation : Look up an activation by name.

    References
    ----------
    docs/theory/conventions.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> rj.activations.register(rj.Activation("tanh", np.tanh, lambda h: np.cosh(h) ** -2.0))
    Traceback (most recent call last):
        ...
    ValueError: name='tanh' is taken; registered activations: linear, relu, ...
    """
    if new.name in REGISTERED:
        raise ValueError(f"name={new.name!r} is taken; registered activations: {', '.join(names())}")
    REGISTERED[new.name] = replace(new, code=None)
    return cast(Activation, REGISTERED[new.name])


def activation(spec: str | Activation) -> Activation:
    """Return the activation that a text names; an `Activation` is returned as it is.

    Parameters
    ----------
    spec : str or Activation
        A registered name; ``"leaky_relu:0.2"`` sets the slope below zero (default 0.01).

    Returns
    -------
    Activation
        The function with its derivative and its facts.

    Raises
    ------
    TypeError
        If `spec` is neither a text nor an `Activation`.
    ValueError
        If no such activation is registered; the message lists those that are.

    See Also
    --------
    names : List the registered names.
    register : Make an activation known under its name.

    References
    ----------
    docs/theory/conventions.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.activations.activation("leaky_relu:0.2").slopes
    (0.2, 1.0)
    """
    if isinstance(spec, Activation):
        return spec
    if not isinstance(spec, str):
        raise TypeError(f"activation={spec!r} must be a name or an Activation")
    found: Activation = resolve(spec)
    return found

"""Activation functions: phi, its derivative, and the facts that theorems ask for.

The registered activations also have an integer code under which the compiled kernels know them
(`rmtjac.kernels.activations`); an `Activation` made from a pair of Python callables has none and
runs on the NumPy path. Formulas are written so that they neither overflow nor cancel: ``tanh'`` is
computed from ``exp(-2|h|)``, not as ``1 - tanh(h)**2``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rmtjac.validate import finite

__all__ = ["Activation", "activation", "names", "register"]

Vectorised = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Activation:
    r"""A scalar function :math:`\varphi` applied to every neuron, with its derivative.

    Parameters
    ----------
    name
        What it is called in tables and files.
    function, derivative
        Vectorised :math:`\varphi` and :math:`\varphi'`, float64 arrays in and out. At a kink the derivative
        is taken from the saturated side: ``relu'(0) = 0``, ``hardtanh'(1) = 0``.
    breakpoints
        Where :math:`\varphi'` is not smooth, ascending; quadrature splits there.
    slopes
        For a piecewise affine :math:`\varphi`, its slope on each of the ``len(breakpoints) + 1`` pieces.
    concave, ratio
        On the half-line :math:`t \ge 0`: is :math:`\varphi` concave there; is :math:`\varphi(t)/t`
        nonincreasing (``"strictly"``, ``"weakly"``) or not (``"no"``). ``None``: not known.
    slope_at_infinity
        :math:`\lim_{t\to\infty} \varphi(t)/t`, 0 for a bounded function; ``None``: not known.
    code, parameter
        Integer code in the kernels (``None``: NumPy path only) and the parameter that goes with it.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> sine = rj.Activation("sine", np.sin, np.cos)
    >>> float(sine(0.0)), sine.at_zero, sine.piecewise_affine
    (0.0, 0.0, False)
    """

    name: str
    function: Vectorised
    derivative: Vectorised
    breakpoints: tuple[float, ...] = ()
    slopes: tuple[float, ...] | None = None
    concave: bool | None = None
    ratio: str | None = None
    slope_at_infinity: float | None = None
    code: int | None = None
    parameter: float = 0.0

    def __post_init__(self) -> None:
        if not callable(self.function) or not callable(self.derivative):
            raise TypeError(f"function and derivative of activation {self.name!r} must be vectorised callables")
        if list(self.breakpoints) != sorted(self.breakpoints):
            raise ValueError(f"breakpoints={self.breakpoints} of activation {self.name!r} must be ascending")
        if self.slopes is not None and len(self.slopes) != len(self.breakpoints) + 1:
            raise ValueError(f"slopes={self.slopes} of activation {self.name!r} must be one more than breakpoints")

    def __call__(self, h: np.ndarray) -> np.ndarray:
        """Return phi(h), elementwise."""
        return self.function(np.asarray(h, dtype=float))

    @property
    def piecewise_affine(self) -> bool:
        """Whether the function is affine between its breakpoints."""
        return self.slopes is not None

    @property
    def at_zero(self) -> float:
        """The value at 0."""
        return float(self(np.zeros(1))[0])

    @property
    def saturates(self) -> bool:
        """Whether the derivative is exactly zero on a whole interval (which makes exact zeros in D)."""
        return self.slopes is not None and 0.0 in self.slopes

    @property
    def spec(self) -> str:
        """The text from which `activation` makes this function again."""
        return f"{self.name}:{self.parameter!r}" if self.name == "leaky_relu" else self.name

    def __repr__(self) -> str:
        return f"Activation({self.spec!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The functions of registered ones cannot be pickled (processes, joblib); their names can.
        return (activation, (self.spec,)) if self.code is not None else super().__reduce__()  # type: ignore[return-value]


def _decay(h: np.ndarray, rate: float = 1.0) -> np.ndarray:
    return np.exp(-rate * np.abs(h))


def _sigmoid(h: np.ndarray) -> np.ndarray:
    e = _decay(h)
    return np.where(h >= 0, 1.0, e) / (1.0 + e)


def _sigmoid_prime(h: np.ndarray) -> np.ndarray:
    e = _decay(h)
    return e / (1.0 + e) ** 2


def _tanh_prime(h: np.ndarray) -> np.ndarray:
    return 4.0 * _sigmoid_prime(2.0 * h)


def _erf(h: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return erf(0.5 * math.sqrt(math.pi) * h)


def _normal_cdf(h: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(h)


def _normal_pdf(h: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * h * h) / math.sqrt(2.0 * math.pi)


def _silu_prime(h: np.ndarray) -> np.ndarray:
    return _sigmoid(h) + h * _sigmoid_prime(h)


def _mish_gate(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # tanh(softplus h) = n / (n + 2) with n = e^h (e^h + 2), and 1 minus it, both without overflow.
    e = _decay(h)
    positive = h >= 0
    n = np.where(positive, 1.0 + 2.0 * e, e * (e + 2.0))
    rest = np.where(positive, 2.0 * e * e, 2.0)
    return n / (n + rest), rest / (n + rest)


def _mish_prime(h: np.ndarray) -> np.ndarray:
    gate, rest = _mish_gate(h)
    return gate + h * rest * (1.0 + gate) * _sigmoid(h)


def _leaky_relu(slope: float) -> Activation:
    slope = finite("slope", slope)
    return Activation(
        "leaky_relu",
        lambda h: np.where(h > 0, h, slope * h),
        lambda h: np.where(h > 0, 1.0, slope),
        breakpoints=(0.0,),
        slopes=(slope, 1.0),
        concave=True,
        ratio="weakly",
        slope_at_infinity=1.0,
        code=2,
        parameter=slope,
    )


def _table() -> dict[str, Activation]:
    rows = [
        Activation("linear", lambda h: 1.0 * h, np.ones_like, (), (1.0,), True, "weakly", 1.0, 0),
        Activation(
            "relu", lambda h: np.maximum(h, 0.0), lambda h: (h > 0) * 1.0,
            (0.0,), (0.0, 1.0), True, "weakly", 1.0, 1,
        ),
        _leaky_relu(0.01),
        Activation(
            "hardtanh", lambda h: np.clip(h, -1.0, 1.0), lambda h: (np.abs(h) < 1) * 1.0,
            (-1.0, 1.0), (0.0, 1.0, 0.0), True, "weakly", 0.0, 3,
        ),
        Activation(
            "relu6", lambda h: np.clip(h, 0.0, 6.0), lambda h: ((h > 0) & (h < 6)) * 1.0,
            (0.0, 6.0), (0.0, 1.0, 0.0), True, "weakly", 0.0, 4,
        ),
        Activation("tanh", np.tanh, _tanh_prime, (), None, True, "strictly", 0.0, 5),
        Activation("erf", _erf, lambda h: np.exp(-0.25 * math.pi * h * h), (), None, True, "strictly", 0.0, 6),
        Activation("sigmoid", _sigmoid, _sigmoid_prime, (), None, True, "strictly", 0.0, 7),
        Activation(
            "softsign", lambda h: h / (1.0 + np.abs(h)), lambda h: (1.0 + np.abs(h)) ** -2.0,
            (0.0,), None, True, "strictly", 0.0, 8,
        ),
        Activation("arctan", np.arctan, lambda h: 1.0 / (1.0 + h * h), (), None, True, "strictly", 0.0, 9),
        Activation(
            "softplus", lambda h: np.maximum(h, 0.0) + np.log1p(_decay(h)), _sigmoid,
            (), None, False, "strictly", 1.0, 10,
        ),
        Activation("silu", lambda h: h * _sigmoid(h), _silu_prime, (), None, False, "no", 1.0, 11),
        Activation(
            "gelu", lambda h: h * _normal_cdf(h), lambda h: _normal_cdf(h) + h * _normal_pdf(h),
            (), None, False, "no", 1.0, 12,
        ),
        Activation("mish", lambda h: h * _mish_gate(h)[0], _mish_prime, (), None, False, "no", 1.0, 13),
    ]  # fmt: skip
    return {row.name: row for row in rows}


_REGISTRY = _table()


def names() -> tuple[str, ...]:
    """Names of all registered activations."""
    return tuple(_REGISTRY)


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

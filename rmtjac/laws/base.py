"""The base class of all laws of weights and biases: the scale convention, and the description of a law."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, fields
from typing import Any, ClassVar

from rmtjac.codes import LawCode
from rmtjac.validate import choice, finite

__all__ = ["Law", "LawCode", "kind"]

_FANS = ("in", "out", "width")


class Law:
    """Hold a law of the entries of a matrix or a vector; use one of the subclasses."""

    power: float | None
    fan: str
    code: ClassVar[int]  # a `LawCode` as a plain number, which kernels take without a further compilation
    scale_name: ClassVar[str] = "scale"  # the field that holds s

    def __post_init__(self) -> None:
        finite(self.scale_name, self.amplitude, least=0.0)
        if self.power is not None:
            finite("power", self.power)
        choice("fan", self.fan, _FANS)

    @property
    def amplitude(self) -> float:
        """The factor s; the name of its field depends on the law."""
        raise NotImplementedError

    @property
    def standard_variance(self) -> float:
        """The variance of X; infinite for heavy tails."""
        return 1.0

    @property
    def finite_variance(self) -> bool:
        """Whether X has a variance."""
        return math.isfinite(self.standard_variance)

    @property
    def default_power(self) -> float:
        """The power of a law of weights if none is given."""
        return 0.5

    @property
    def parameter(self) -> float:
        """The shape parameter that the compiled functions need besides the scale; 0 if there is none."""
        return 0.0

    def entry_scale(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return s n^(-a), the factor in front of the standard variable X in a layer.

        Parameters
        ----------
        fan_in : int
            The number of inputs of the layer.
        fan_out : int
            The number of its outputs.
        width : int
            The largest width of the network.
        bias : bool, default False
            Whether the law draws biases; the default power is then 0.

        Returns
        -------
        float
            The factor.
        """
        n = {"in": fan_in, "out": fan_out, "width": width}[self.fan]
        default = 0.0 if bias else self.default_power
        return self.amplitude * float(n) ** -(default if self.power is None else self.power)

    def entry_variance(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return the variance of an entry of a layer; infinite for heavy tails.

        Parameters
        ----------
        fan_in : int
            The number of inputs of the layer.
        fan_out : int
            The number of its outputs.
        width : int
            The largest width of the network.
        bias : bool, default False
            Whether the law draws biases; the default power is then 0.

        Returns
        -------
        float
            The variance.
        """
        scale = self.entry_scale(fan_in, fan_out, width, bias=bias)
        return scale * scale * self.standard_variance if self.finite_variance else math.inf

    def row_variance(self, fan_in: int, fan_out: int, width: int) -> float:
        """Return sigma_w^2 = n Var W_ij with n the fan-in; the usual convention gives s^2 Var X without rounding.

        Parameters
        ----------
        fan_in : int
            The number of inputs of the layer.
        fan_out : int
            The number of its outputs.
        width : int
            The largest width of the network.

        Returns
        -------
        float
            The variance of the entries times the number of inputs; infinite for heavy tails.
        """
        if not self.finite_variance:
            return math.inf
        n = {"in": fan_in, "out": fan_out, "width": width}[self.fan]
        power = self.default_power if self.power is None else self.power
        shrink = fan_in / n if power == 0.5 else fan_in * float(n) ** (-2.0 * power)
        return self.amplitude * self.amplitude * shrink * self.standard_variance

    def to_dict(self) -> dict[str, Any]:
        """Return a description that JSON can hold; `law` reads it back."""
        return {"law": kind(type(self)), **asdict(self)}  # type: ignore[call-overload]

    def __repr__(self) -> str:
        own = [f for f in fields(self) if getattr(self, f.name) != f.default]  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in own)})"


def kind(cls: type[Law]) -> str:
    """Return the name of a law in texts: ``student_t`` for StudentT."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

r"""Laws of weights and biases, with the scale convention spelled out.

An entry of the layer from :math:`n_l` to :math:`n_{l+1}` neurons is

.. math:: W_{ij} = s\, n^{-a} X, \qquad X \text{ standard},

with :math:`s` the scale, :math:`a` the `power` and :math:`n` the `fan`: ``"in"`` is :math:`n_l`, ``"out"`` is
:math:`n_{l+1}`, ``"width"`` the largest width of the network. When the law draws weights, :math:`a` is by default
1/2 if it has a variance, and :math:`1/\alpha` if its tail is :math:`P(|X| > x) \sim x^{-\alpha}`, :math:`\alpha < 2`.
When it draws biases, :math:`a` is 0 by default, so that ``Gaussian(0.1)`` biases have variance 0.01 in every layer.
"""

from __future__ import annotations

import math
import re
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar

from rmtjac.validate import choice, finite

__all__ = ["Cauchy", "Gaussian", "Law", "Orthogonal", "Rademacher", "Stable", "StudentT", "Uniform", "law"]

_FANS = ("in", "out", "width")


class Law:
    """What all laws share; use one of the subclasses."""

    power: float | None
    fan: str
    code: ClassVar[int]  # of rmtjac.kernels.samples.draw.fill
    scale_name: ClassVar[str] = "scale"  # of the field that holds s

    def __post_init__(self) -> None:
        finite(self.scale_name, self.amplitude, least=0.0)
        if self.power is not None:
            finite("power", self.power)
        choice("fan", self.fan, _FANS)

    @property
    def amplitude(self) -> float:
        """The factor s, whatever the field is called."""
        raise NotImplementedError

    @property
    def standard_variance(self) -> float:
        """Var X: 1 for the standardised laws, infinite for heavy tails."""
        return 1.0

    @property
    def finite_variance(self) -> bool:
        """Whether X has a variance."""
        return math.isfinite(self.standard_variance)

    @property
    def default_power(self) -> float:
        """The power of a law of weights where none is given."""
        return 0.5

    @property
    def parameter(self) -> float:
        """The shape parameter that the kernel needs beside the scale (0 where there is none)."""
        return 0.0

    def entry_scale(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return s n^(-a) for a layer: the factor in front of the standard variable X."""
        n = {"in": fan_in, "out": fan_out, "width": width}[self.fan]
        default = 0.0 if bias else self.default_power
        return self.amplitude * float(n) ** -(default if self.power is None else self.power)

    def entry_variance(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return the variance of one entry of a layer (infinite for heavy tails)."""
        scale = self.entry_scale(fan_in, fan_out, width, bias=bias)
        return scale * scale * self.standard_variance if self.finite_variance else math.inf

    def row_variance(self, fan_in: int, fan_out: int, width: int) -> float:
        """Return sigma_w^2 = n Var W_ij, n the fan-in: the usual convention gives s^2 Var X without rounding."""
        if not self.finite_variance:
            return math.inf
        n = {"in": fan_in, "out": fan_out, "width": width}[self.fan]
        power = self.default_power if self.power is None else self.power
        shrink = fan_in / n if power == 0.5 else fan_in * float(n) ** (-2.0 * power)
        return self.amplitude * self.amplitude * shrink * self.standard_variance

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description; `law` reads it back."""
        return {"law": _kind(type(self)), **asdict(self)}  # type: ignore[call-overload]

    def __repr__(self) -> str:
        own = [f for f in fields(self) if getattr(self, f.name) != f.default]  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in own)})"


@dataclass(frozen=True, repr=False)
class _Standardised(Law):
    """A law whose standard variable X has mean 0 and variance 1."""

    std: float = 1.0
    power: float | None = None
    fan: str = "in"
    scale_name = "std"

    @property
    def amplitude(self) -> float:
        """The standard deviation before the division by a power of the fan."""
        return self.std


class Gaussian(_Standardised):
    """Normal entries: X ~ N(0, 1).

    Examples
    --------
    >>> Gaussian(2.0).entry_scale(fan_in=100, fan_out=50, width=100)
    0.2
    """

    code = 0


class Uniform(_Standardised):
    """Uniform entries: X on (-sqrt 3, sqrt 3)."""

    code = 1


class Rademacher(_Standardised):
    """Signs: X = +1 or -1 with equal chance."""

    code = 2


@dataclass(frozen=True, repr=False)
class Cauchy(Law):
    """Cauchy entries: X has density 1/(pi (1 + x^2)); the power is 1 by default for weights."""

    scale: float = 1.0
    power: float | None = None
    fan: str = "in"
    code = 3

    @property
    def amplitude(self) -> float:
        """The scale gamma before the division by a power of the fan."""
        return self.scale

    @property
    def standard_variance(self) -> float:
        """Infinite."""
        return math.inf

    @property
    def default_power(self) -> float:
        """One: the sum of n entries then has the scale of one."""
        return 1.0


@dataclass(frozen=True, repr=False)
class Stable(Law):
    """Symmetric alpha-stable entries, 0 < alpha < 2: E exp(itX) = exp(-|t|^alpha).

    The power is 1/alpha by default for weights. ``alpha=1`` is Cauchy; for ``alpha=2`` use `Gaussian`.
    """

    scale: float = 1.0
    alpha: float = 1.5
    power: float | None = None
    fan: str = "in"
    code = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < finite("alpha", self.alpha) < 2.0:
            raise ValueError(f"alpha={self.alpha!r} must lie strictly between 0 and 2; for 2 use Gaussian")

    @property
    def amplitude(self) -> float:
        """The scale before the division by a power of the fan."""
        return self.scale

    @property
    def standard_variance(self) -> float:
        """Infinite."""
        return math.inf

    @property
    def default_power(self) -> float:
        """1/alpha: the sum of n entries then has the scale of one."""
        return 1.0 / self.alpha

    @property
    def parameter(self) -> float:
        """The exponent alpha."""
        return self.alpha


@dataclass(frozen=True, repr=False)
class StudentT(Law):
    """Student-t entries with `df` degrees of freedom: X has density proportional to (1 + x^2/df)^(-(df+1)/2).

    X is not standardised: Var X = df/(df - 2) for df > 2, else infinite. The tail is P(|X| > x) ~ x^-df, so the
    power is 1/df by default for weights with df < 2, where sums tend to a stable law of exponent df, and 1/2 from
    df = 2 on. (At df = 2 itself sums are Gaussian in the limit, with a further factor sqrt(log n).)
    ``df=1`` is Cauchy.

    Examples
    --------
    >>> round(StudentT(3).row_variance(fan_in=100, fan_out=50, width=100), 12)
    3.0
    >>> law("student_t:1.5:2").default_power == 1 / 1.5
    True
    """

    df: float
    scale: float = 1.0
    power: float | None = None
    fan: str = "in"
    code = 6

    def __post_init__(self) -> None:
        finite("df", self.df, above=0.0)
        super().__post_init__()

    @property
    def amplitude(self) -> float:
        """The scale before the division by a power of the fan."""
        return self.scale

    @property
    def standard_variance(self) -> float:
        """df/(df - 2), infinite for df <= 2."""
        return self.df / (self.df - 2.0) if self.df > 2.0 else math.inf

    @property
    def default_power(self) -> float:
        """1/min(df, 2)."""
        return 1.0 / min(self.df, 2.0)

    @property
    def parameter(self) -> float:
        """The degrees of freedom."""
        return self.df


@dataclass(frozen=True, repr=False)
class Orthogonal(Law):
    """Haar-distributed orthogonal matrices times `gain`; rectangular ones have orthonormal rows or columns.

    All singular values of a layer equal `gain`, so no power of the fan enters.
    """

    gain: float = 1.0
    power = None
    fan = "in"
    code = 5
    scale_name = "gain"

    @property
    def amplitude(self) -> float:
        """The gain."""
        return self.gain

    def entry_scale(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return the gain, for every layer."""
        if bias:
            raise ValueError(f"biases={self!r}: an orthogonal law draws matrices; give the biases another law")
        return self.gain

    def entry_variance(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return gain^2 / (larger side): every row or column has length gain."""
        gain = self.entry_scale(fan_in, fan_out, width, bias=bias)
        return gain * gain / max(fan_in, fan_out)

    def row_variance(self, fan_in: int, fan_out: int, width: int) -> float:
        """Return gain^2 n / (larger side)."""
        return self.gain * self.gain * (fan_in / max(fan_in, fan_out))


def _kind(cls: type[Law]) -> str:
    """Return the name of a law in texts: StudentT is student_t."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


_LAWS: dict[str, type[Law]] = {
    _kind(cls): cls for cls in (Gaussian, Uniform, Rademacher, Cauchy, Stable, StudentT, Orthogonal)
}


def law(spec: str | dict[str, Any] | Law, name: str = "weights") -> Law:
    """Return the law that `spec` describes.

    Parameters
    ----------
    spec
        A `Law`; a text ``"gaussian:1.0"`` or ``"cauchy:1.0:0.5"`` (law, scale, power; both optional), for
        the stable law ``"stable:1.0:1.5"`` (law, scale, alpha, power), for Student's t ``"student_t:3:1.0"`` (law,
        df, scale, power; df is needed); or the dictionary of `Law.to_dict`.
    name
        What error messages call the argument.

    Examples
    --------
    >>> law("cauchy:2")
    Cauchy(scale=2.0)
    >>> law("gaussian:1:1")
    Gaussian(power=1.0)
    """
    if isinstance(spec, Law):
        return spec
    if isinstance(spec, dict):
        rest = dict(spec)
        kind = rest.pop("law", None)
        if kind in _LAWS:
            return _LAWS[kind](**rest)
    elif isinstance(spec, str):
        kind, *numbers = spec.split(":")
        if kind in _LAWS:
            cls = _LAWS[kind]
            order = [f.name for f in fields(cls) if f.name != "fan"]  # type: ignore[arg-type]
            needed = sum(f.default is MISSING for f in fields(cls))  # type: ignore[arg-type]
            try:
                values = [float(number) for number in numbers]
            except ValueError:
                raise ValueError(f"{name}={spec!r}: {kind} takes numbers, {':'.join([kind, *order])}") from None
            if not needed <= len(values) <= len(order):
                raise ValueError(f"{name}={spec!r}: {kind} takes {':'.join([kind, *order])}")
            return cls(**dict(zip(order, values, strict=False)))
    else:
        raise TypeError(f"{name}={spec!r} must be a Law or a text such as 'gaussian:1.0'")
    raise ValueError(
        f"{name}={spec!r} is not a known law; known: {', '.join(_LAWS)}, with a scale as in 'gaussian:1.0'"
    )

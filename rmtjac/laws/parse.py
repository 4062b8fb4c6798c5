"""Laws from texts and from dictionaries."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from rmtjac.laws.base import Law, kind
from rmtjac.laws.heavy_tails import Cauchy, Stable, StudentT
from rmtjac.laws.orthogonal import Orthogonal
from rmtjac.laws.standardised import Gaussian, Rademacher, Uniform

__all__ = ["LAWS", "law"]

# All laws by their names in texts and files.
LAWS: dict[str, type[Law]] = {
    kind(cls): cls for cls in (Gaussian, Uniform, Rademacher, Cauchy, Stable, StudentT, Orthogonal)
}


def law(spec: str | dict[str, Any] | Law, name: str = "weights") -> Law:
    """Return the law that `spec` describes.

    Parameters
    ----------
    spec : Law, str or dict
        A law; a text; or the dictionary of `Law.to_dict`. The texts are ``"gaussian:1.0"`` or ``"cauchy:1.0:0.5"``
        (law, scale, power; both numbers are optional), ``"stable:1.0:1.5"`` (law, scale, alpha, power) and
        ``"student_t:3:1.0"`` (law, df, scale, power; df is needed).
    name : str, default "weights"
        The name of the argument in error messages.

    Returns
    -------
    Law
        The law.

    Raises
    ------
    TypeError
        If `spec` is none of these.
    ValueError
        If the law is not known, or its numbers are not allowed.

    Examples
    --------
    >>> law("cauchy:2")
    Cauchy(scale=2.0)
    >>> law("gaussian:1:1")
    Gaussian(power=1.0)
    >>> law("student_t:1.5:2").default_power == 1 / 1.5
    True
    """
    if isinstance(spec, Law):
        return spec
    if isinstance(spec, dict):
        rest = dict(spec)
        found = rest.pop("law", None)
        if found in LAWS:
            return LAWS[found](**rest)
    elif isinstance(spec, str):
        found, *numbers = spec.split(":")
        if found in LAWS:
            return _from_numbers(name, spec, found, numbers)
    else:
        raise TypeError(f"{name}={spec!r} must be a Law or a text such as 'gaussian:1.0'")
    raise ValueError(f"{name}={spec!r} is not a known law; known: {', '.join(LAWS)}, with a scale as in 'gaussian:1.0'")


def _from_numbers(name: str, spec: str, found: str, numbers: list[str]) -> Law:
    """Return the law of a text that was split at its colons."""
    cls = LAWS[found]
    order = [f.name for f in fields(cls) if f.name != "fan"]  # type: ignore[arg-type]
    needed = sum(f.default is MISSING for f in fields(cls))  # type: ignore[arg-type]
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        raise ValueError(f"{name}={spec!r}: {found} takes numbers, {':'.join([found, *order])}") from None
    if not needed <= len(values) <= len(order):
        raise ValueError(f"{name}={spec!r}: {found} takes {':'.join([found, *order])}")
    return cls(**dict(zip(order, values, strict=False)))

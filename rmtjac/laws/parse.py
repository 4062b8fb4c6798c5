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
        ``"student_t:3:1.0"`` (law, df, scale, power; df is needed). Arguments may also have their names, after all
        numbers without one: ``"cauchy:1.0:power=1:fan=width"``.
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
    >>> law("cauchy:power=1:fan=width")
    Cauchy(power=1.0, fan='width')
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
        found = spec.split(":")[0]
        if found in LAWS:
            return LAWS[found](**_arguments(name, spec))
    else:
        raise TypeError(f"{name}={spec!r} must be a Law or a text such as 'gaussian:1.0'")
    raise ValueError(f"{name}={spec!r} is not a known law; known: {', '.join(LAWS)}, with a scale as in 'gaussian:1.0'")


def _arguments(name: str, spec: str) -> dict[str, Any]:
    """Return the arguments of a law given as a text: numbers in their order, then ``argument=value``."""
    found, *parts = spec.split(":")
    declared = [f for f in fields(LAWS[found]) if f.init]  # type: ignore[arg-type]
    allowed = [f.name for f in declared]
    order = [one for one in allowed if one != "fan"]
    form = ":".join([found, *order])
    if "fan" in allowed:
        form += f", or by name as in {found}:power=1:fan=width"
    arguments: dict[str, Any] = {}
    for i, part in enumerate(parts):
        argument, by_name, value = part.rpartition("=")
        if not by_name:
            if i >= len(order) or any("=" in before for before in parts[:i]):
                raise ValueError(f"{name}={spec!r}: {found} takes {form}")
            argument = order[i]
        if argument not in allowed or argument in arguments:
            raise ValueError(f"{name}={spec!r}: {found} takes {form}")
        try:
            arguments[argument] = value if argument == "fan" else float(value)
        except ValueError:
            raise ValueError(f"{name}={spec!r}: {found} takes numbers, {form}") from None
    if any(f.default is MISSING and f.name not in arguments for f in declared):
        raise ValueError(f"{name}={spec!r}: {found} takes {form}")
    return arguments

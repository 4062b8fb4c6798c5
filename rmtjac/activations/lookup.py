"""Names of activations and the functions they stand for.

`rmtjac.activations.registry` fills the two tables. This file imports no class, so that the class can look up its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["FAMILIES", "REGISTERED", "resolve"]

REGISTERED: dict[str, Any] = {}
FAMILIES: dict[str, Callable[[float], Any]] = {}  # activations with a parameter, as in "leaky_relu:0.2"


def resolve(spec: str) -> Any:
    """Return the activation that a text names, ``NAME`` or ``NAME:PARAMETER``.

    Raises
    ------
    ValueError
        If no such activation is registered, or the parameter is not a finite number.
    """
    name, _, parameter = spec.partition(":")
    if name not in REGISTERED or (parameter and name not in FAMILIES):
        raise ValueError(f"activation={spec!r} is not known; known: {', '.join(REGISTERED)}, leaky_relu:SLOPE")
    if not parameter:
        return REGISTERED[name]
    try:
        return FAMILIES[name](float(parameter))
    except ValueError:
        raise ValueError(f"activation={spec!r}: the slope must be a finite number") from None

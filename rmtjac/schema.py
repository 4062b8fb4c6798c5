"""What a file of a result must hold: names, types and shapes, declared once for each class.

Sizes are named, and a name is one number throughout the file:

    Schema(
        "Basins",
        arrays={"axis_{n}": "float _", "points": "float q n", "cycle_{cycles}": "float _ n", "labels": "int *"},
        facts={"cycles": "[float] cycles", "dimensions": "count n", "undecided": "finite"},
    )

An array is ``"type size size ..."``: a size is a number, a name, ``_`` (any) or ``*`` (any number of any sizes). A name
with braces stands for entries numbered from 0 (``axis_0``, ``axis_1``, ...), and how many there are. Facts are JSON:
``"[type] size"`` is a list, ``"count size"`` a number that is a size. What ends in ``?`` may be missing; facts named
``*`` are free.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Schema"]

# Kinds of dtype, as NumPy names them.
_ARRAYS = {"float": "f", "finite": "f", "int": "iu", "count": "iu", "bool": "b", "label": "biufUS"}
_FACTS: dict[str, Any] = {
    "float": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool),
    "finite": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x),
    "int": lambda x: isinstance(x, int) and not isinstance(x, bool),
    "count": lambda x: isinstance(x, int) and not isinstance(x, bool) and x >= 0,
    "bool": lambda x: isinstance(x, bool),
    "text": lambda x: isinstance(x, str),
    "object": lambda x: isinstance(x, dict),
    "any": lambda x: True,
}
_FAMILY = re.compile(r"(\w+_)\{(\w+)\}")


@dataclass(frozen=True)
class Schema:
    """Content of a file.

    Attributes
    ----------
    kind
        Name of what it holds.
    arrays, facts
        Declarations, by name.
    """

    kind: str
    arrays: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=lambda: {"*": "any"})

    def check(self, facts: dict[str, Any], arrays: Mapping[str, tuple[np.dtype, tuple[int, ...]]]) -> None:
        """Check facts, and dtypes and shapes of arrays, before the arrays are read.

        Raises
        ------
        ValueError
            If anything is missing, unknown, or not as declared.
        """
        sizes: dict[str, int] = {}
        given, wanted = set(facts), {name.rstrip("?"): spec for name, spec in self.facts.items() if name != "*"}
        _names("fact", given, self.facts, [] if "*" in self.facts else given - set(wanted))
        for name, spec in wanted.items():
            if name in given:
                _check_fact(name, facts[name], spec, sizes)
        left = dict(arrays)
        for name, spec in self.arrays.items():
            for one in self._entries(name, left, sizes):
                _check_array(one, *left.pop(one), spec, sizes)
        _names("entry", set(arrays), {name: "" for name in self.arrays if "{" not in name}, left)

    def check_values(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Check what the types of arrays promise of their values; ValueError if they do not hold."""
        for name, spec in self.arrays.items():
            kind = spec.split()[0]
            for one in self._entries(name, arrays, {}):
                if kind == "finite" and not np.isfinite(arrays[one]).all():
                    raise ValueError(f"entry {one!r} holds values that are not finite")
                if kind == "count" and (arrays[one] < 0).any():
                    raise ValueError(f"entry {one!r} holds negative numbers")

    @staticmethod
    def _entries(name: str, there: Mapping[str, Any], sizes: dict[str, int]) -> list[str]:
        """Names of the entries that a declaration stands for."""
        family = _FAMILY.fullmatch(name)
        if family is None:
            return [name.rstrip("?")] if name.rstrip("?") in there else []
        stem, size = family.groups()
        count = 0
        while f"{stem}{count}" in there:
            count += 1
        _bind(f"the number of entries {stem}0, {stem}1, ...", size, count, sizes)
        return [f"{stem}{i}" for i in range(count)]


def _names(what: str, given: set[str], declared: Iterable[str], unknown: Iterable[str]) -> None:
    missing = [name for name in declared if name != "*" and not name.endswith("?") and name not in given]
    if missing:
        raise ValueError(f"{what} {missing[0]!r} is missing")
    for name in sorted(unknown):
        raise ValueError(f"{what} {name!r} is not known")


def _check_fact(name: str, value: Any, spec: str, sizes: dict[str, int]) -> None:
    kind, *size = spec.split()
    if kind.startswith("["):
        if not isinstance(value, list) or not all(_FACTS[kind[1:-1]](one) for one in value):
            raise ValueError(f"fact {name!r} is no list of {kind[1:-1]}")
        value = len(value)
    elif not _FACTS[kind](value):
        raise ValueError(f"fact {name!r} is not of type {kind}")
    for one in size:
        _bind(f"fact {name!r}", one, value, sizes)


def _check_array(name: str, dtype: np.dtype, shape: tuple[int, ...], spec: str, sizes: dict[str, int]) -> None:
    kind, *size = spec.split()
    if dtype.kind not in _ARRAYS[kind] or (dtype.kind == "f" and dtype.itemsize not in (4, 8)):
        raise ValueError(f"entry {name!r} has dtype {dtype}; {kind} is needed")
    if size == ["*"]:
        return
    if len(shape) != len(size):
        raise ValueError(f"entry {name!r} has shape {shape}; ({', '.join(size)}) is needed")
    for one, length in zip(size, shape, strict=True):
        _bind(f"entry {name!r} of shape {shape}", one, length, sizes)


def _bind(what: str, size: str, value: int, sizes: dict[str, int]) -> None:
    expected = int(size) if size.isdigit() else sizes.setdefault(size, value)
    if size == "_":
        del sizes["_"]
    elif expected != value:
        raise ValueError(f"{what}: {'' if size.isdigit() else f'{size} is '}{expected} is needed, not {value}")

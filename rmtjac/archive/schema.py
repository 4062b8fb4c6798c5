"""Declarations of what a file of results must hold: names, types and shapes, once for each class.

A size has a name, and the name stands for the same number throughout the file:

    Schema(
        "Basins",
        arrays={"axis_{n}": "float _", "points": "float q n", "cycle_{cycles}": "float _ n", "labels": "int *"},
        facts={"cycles": "[float] cycles", "dimensions": "count n", "undecided": "finite"},
    )

An array is declared by ``"type size size ..."``. A size is a number, a name, ``_`` (any size) or ``*`` (any shape). A
name with braces, ``axis_{n}``, declares the entries ``axis_0``, ``axis_1``, ..., and n is how many there are. Facts are
JSON: ``"[type] size"`` declares a list, ``"count size"`` a number that is a size. An entry whose name ends in ``?`` may
be missing. The name ``*`` allows further facts of any kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Schema"]

# The kinds of dtype that each type allows, as NumPy names them.
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
    """Hold the declaration of the content of a file.

    Attributes
    ----------
    kind : str
        The name of the class that the file holds.
    arrays : mapping of str
        The declarations of the arrays, by name.
    facts : mapping of str
        The declarations of the facts, by name.
    """

    kind: str
    arrays: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=lambda: {"*": "any"})

    def check(self, facts: dict[str, Any], arrays: Mapping[str, tuple[np.dtype, tuple[int, ...]]]) -> None:
        """Check the facts, and the dtypes and shapes of the arrays; the values of the arrays are not needed.

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
        """Check the values of arrays of the types ``finite`` and ``count``.

        Raises
        ------
        ValueError
            If a value is not allowed.
        """
        for name, spec in self.arrays.items():
            kind = spec.split()[0]
            for one in self._entries(name, arrays, {}):
                if kind == "finite" and not np.isfinite(arrays[one]).all():
                    raise ValueError(f"entry {one!r} holds values that are not finite")
                if kind == "count" and (arrays[one] < 0).any():
                    raise ValueError(f"entry {one!r} holds negative numbers")

    @staticmethod
    def _entries(name: str, there: Mapping[str, Any], sizes: dict[str, int]) -> list[str]:
        """Return the names of the entries that a declaration stands for."""
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
    """Raise an error if a declared name is missing, or there is an unknown one."""
    missing = [name for name in declared if name != "*" and not name.endswith("?") and name not in given]
    if missing:
        raise ValueError(f"{what} {missing[0]!r} is missing")
    for name in sorted(unknown):
        raise ValueError(f"{what} {name!r} is not known")


def _check_fact(name: str, value: Any, spec: str, sizes: dict[str, int]) -> None:
    """Check one fact, and enter the sizes that it names."""
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
    """Check dtype and shape of one array, and enter the sizes that its shape names."""
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
    """Enter the value of a size; if the size has a value already, check that the two are equal."""
    expected = int(size) if size.isdigit() else sizes.setdefault(size, value)
    if size == "_":
        del sizes["_"]
    elif expected != value:
        raise ValueError(f"{what}: {'' if size.isdigit() else f'{size} is '}{expected} is needed, not {value}")

"""Packages whose names are loaded when they are first used.

The ``__init__.py`` of such a package imports its names under ``TYPE_CHECKING``, for type checkers only, and hands
`lazy_names` a table of the modules that define them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["did_you_mean", "lazy_names"]


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package whose names are loaded when they are first used.

    Parameters
    ----------
    package : str
        The ``__name__`` of the package.
    homes : dict of str to sequence of str
        Full name of a module, and the names that it defines. Submodules of the package need not be listed. No name may
        be that of a submodule as well: an import of the submodule would replace it.

    Returns
    -------
    load : callable
        Takes a name and returns the object. An unknown name raises an AttributeError that lists similar names.
    names : callable
        Returns the names in `homes` and in ``__all__``.
    """
    home_of = {name: home for home, members in homes.items() for name in members}

    def load(name: str) -> Any:
        if name in home_of:
            value = getattr(import_module(home_of[name]), name)
        elif name.isidentifier() and not name.startswith("_") and find_spec(f"{package}.{name}") is not None:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}{did_you_mean(name, names())}")
        setattr(sys.modules[package], name, value)  # so that the next use does not call this function
        return value

    def names() -> list[str]:
        return sorted({*home_of, *sys.modules[package].__all__})

    return load, names


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names up to three known words similar to `word`, or an empty text."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known))
    return f"; did you mean {' or '.join(near)}?" if near else ""

"""The sources of a measurement: the files that hold its code, so that an edit between two runs is noticed.

For a measurement ``"module:function"`` these are the file of its module, the files of all that it imports from the same
package or from other code of the user (which is neither in the standard library nor in an installed package), the files
of all that those import, and so on. Import statements name the modules, within functions too. Modules whose names are
computed while the code runs, and data that the code reads, are not noticed.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from rmtjac.sweep.measurements import is_known, resolve

__all__ = ["changes", "describe", "stale"]

_DIGITS = 16  # the number of digits of a hash
_loaded: dict[str, tuple[Any, str]] = {}  # by module: what this process loaded it from, and its hash when first seen


def describe(name: str) -> dict[str, Any]:
    """Return columns and sources of a measurement of the user's own, in a form that JSON has.

    Returns
    -------
    dict
        ``columns`` with their kinds, in order; ``modules`` with the hashes of their files; ``unseen``, which is None or
        a text that says why edits cannot be noticed. The dict is empty for a measurement of this package, because
        the version of the package covers it.
    """
    if is_known(name):
        return {}
    function = resolve(name)
    inner = inspect.unwrap(function)
    starts = dict.fromkeys([name.partition(":")[0], str(getattr(inner, "__module__", None) or type(inner).__module__)])
    modules, unseen = _modules(list(starts)), None
    if not any(start in modules for start in starts):
        code = getattr(inner, "__code__", None)
        unseen = "it has no file: edits of what it calls cannot be noticed"
        if code is None:
            unseen = "it has no source: edits cannot be noticed"
        else:
            modules[name] = _hash(repr(_key(code)).encode())
    return {
        "columns": [list(item) for item in function.columns.items()],  # type: ignore[attr-defined]
        "modules": dict(sorted(modules.items())),
        "unseen": unseen,
    }


def changes(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Return what differs between two descriptions, as text; the text is empty if they agree."""
    old, new = before.get("modules", {}), now["modules"]
    out = [f"{module} changed" for module in old if module in new and old[module] != new[module]]
    out += [f"{module} is new" for module in new if module not in old]
    out += [f"{module} is gone" for module in old if module not in new]
    if before.get("columns") != now["columns"]:
        was, are = (", ".join(map(":".join, one)) for one in (before.get("columns", []), now["columns"]))
        out.append(f"its columns were {was}, and are {are}")
    return "; ".join(out)


def stale(now: dict[str, Any]) -> str:
    """Return the module of a description that was edited after this process had loaded it, or an empty text."""
    for module, digest in now["modules"].items():
        loaded = sys.modules.get(module)
        if loaded is None:
            continue
        spec, first = _loaded.setdefault(module, (loaded.__spec__, digest))
        if spec is not loaded.__spec__:  # the module was loaded again
            _loaded[module] = loaded.__spec__, digest
        elif first != digest:  # more than functions may have changed
            return module
        if not _runs_what_stands_there(loaded):
            return module
    return ""


def _hash(content: bytes) -> str:
    """Return the first digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _modules(starts: list[str]) -> dict[str, str]:
    """Return the hashes of `starts` and of all modules of the user that they need, by name."""
    tops = {name.partition(".")[0] for name in starts}
    found: dict[str, str] = {}
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        parent = name.rpartition(".")[0]
        if name not in starts and name.partition(".")[0] not in tops and not _is_users_own(name.partition(".")[0]):
            continue
        if parent:
            todo.append(parent)  # a package is run before its modules
        path = _file(name)
        if path is None:
            continue
        content = path.read_bytes()
        found[name] = _hash(content)
        if path.suffix == ".py":
            package = name if path.name == "__init__.py" else parent
            todo += _imports(content, package)
    return found


def _file(name: str) -> Path | None:
    """Return the file of a module, or None if it has none."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if module is None:
        try:
            spec = find_spec(name)
        except Exception:  # finding it runs the packages above it, and those may raise anything
            return None
        file = spec.origin if spec is not None and spec.has_location else None
    return Path(file) if file and Path(file).is_file() else None


def _imports(content: bytes, package: str) -> Iterator[str]:
    """Yield the names that a source imports, within functions too; some name things within modules."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            try:
                base = resolve_name("." * node.level + (node.module or ""), package)
            except (ImportError, ValueError):
                continue
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, ...]:
    """Return the folders of the standard library and of installed packages."""
    paths = [sysconfig.get_paths()[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(Path(path).resolve() for path in [*paths, *site.getsitepackages(), site.getusersitepackages()])


def _is_users_own(top: str) -> bool:
    """Return whether a module or package is neither this package nor installed."""
    if top == "rmtjac" or top in sys.stdlib_module_names:
        return False
    path = _file(top)
    places: list[Any] = [path] if path else list(getattr(sys.modules.get(top), "__path__", []))
    if not places:
        try:
            spec = find_spec(top)
        except (ImportError, ValueError):
            return False
        places = list((spec and spec.submodule_search_locations) or [])  # a folder without __init__.py
    for place in places:
        full = Path(place).resolve()
        if not {"site-packages", "dist-packages"} & set(full.parts) and not any(
            full.is_relative_to(folder) for folder in _installed()
        ):
            return True
    return False


def _runs_what_stands_there(module: ModuleType) -> bool:
    """Return whether the functions of a loaded module are those of its file; True if that cannot be decided."""
    loader = getattr(module, "__loader__", None)
    if type(loader) is not SourceFileLoader:  # other loaders rewrite sources
        return True
    path = Path(loader.path)
    try:
        whole = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return False
    there = {_key(code) for code in _codes(whole)}
    functions = (one for one in vars(module).values() if isinstance(one, FunctionType))
    return all(_key(one.__code__) in there for one in functions if one.__code__.co_filename == str(path))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of all functions within a piece of code."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _key(value: Any) -> Any:
    """Return what a piece of compiled code does, without its place in the file; equal code has equal keys."""
    if isinstance(value, CodeType):
        names = (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        counts = (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags)
        return (value.co_name, value.co_code, *map(_key, value.co_consts), names, counts)
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    if isinstance(value, frozenset):
        return tuple(sorted((_key(one) for one in value), key=repr))
    return type(value).__name__, repr(value)

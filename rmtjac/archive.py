"""Files of results: written whole or not at all, read without trust.

A result is an ``.npz`` of plain arrays plus one JSON text that says what it is and how it came about.
No pickles are written or read, so loading a file from a stranger runs none of its code.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import zipfile
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import numpy as np

from rmtjac.validate import output_path

__all__ = ["cpu_class", "load", "provenance", "save", "versions", "write_atomically"]

_FORMAT = 1


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the libraries that decide its numbers."""
    return dict(_versions())


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    # Reading the metadata takes milliseconds, as long as a small sample.
    names = ("rmtjac", "numpy", "scipy", "numba", "mpmath", "matplotlib")
    return ("python", platform.python_version()), *((name, metadata.version(name)) for name in names)


def cpu_class() -> str:
    """Architecture and vector extensions that NumPy detects: what decides the last bits of a result."""
    from numpy._core._multiarray_umath import __cpu_features__ as features  # type: ignore[import-not-found]

    found = [name for name in ("AVX2", "FMA3", "AVX512F", "AVX512_SKX", "ASIMD", "SVE") if features.get(name)]
    return "+".join([platform.machine(), *found])


def provenance(**facts: Any) -> dict[str, Any]:
    """Record of how a result came about: `facts` of the call, versions, CPU class."""
    return {**facts, "versions": versions(), "cpu": cpu_class()}


def write_atomically(path: str | Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Call ``write(file)`` on a temporary file beside `path`, then rename it to `path`.

    Whatever interrupts the writing (an error, Ctrl-C, a kill), `path` holds either its old content or
    the whole new one.
    """
    path = output_path("path", path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes private files; a result is an ordinary one
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def save(path: str | Path, kind: str, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Path:
    """Write a result of the given `kind` as ``.npz`` (the name is used as it is given)."""
    header = np.array(json.dumps({"format": _FORMAT, "kind": kind, "facts": facts}, sort_keys=True, default=_plain))
    return write_atomically(path, lambda file: np.savez_compressed(file, rmtjac=header, **arrays))  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python number that it is."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be written to a file of results")


def load(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a result of the given `kind`; return its facts and its arrays.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a result of this package, or one of another kind.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file")
    try:
        # Opened here, because numpy leaves a torn zip file open.
        with open(path, "rb") as raw, zipfile.ZipFile(raw), np.load(raw, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
        header = json.loads(str(content.pop("rmtjac")))
        found, version, facts = header["kind"], header["format"], header["facts"]
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"path={str(path)!r} is not a file that rmtjac wrote, or it is damaged") from error
    if version != _FORMAT:
        raise ValueError(f"path={str(path)!r} has format {version}; this version of rmtjac reads format {_FORMAT}")
    if found != kind:
        raise ValueError(f"path={str(path)!r} holds a {found}; a {kind} is needed")
    return facts, content

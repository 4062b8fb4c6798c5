"""Files of results: written whole or not at all, and checked before they are used.

A result is an ``.npz`` file of plain arrays and one JSON text. The text says what the file holds, how it came about,
and the digest of all of it. No pickles are written or read, so loading a file from a stranger runs no code of that
file. What a file of each class must hold is declared (`rmtjac.archive.schema`); a file that holds anything else is
refused with an error of one line that names it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from rmtjac.archive import npz
from rmtjac.archive.schema import Schema
from rmtjac.validate import output_path

__all__ = ["load", "restore", "save", "write_atomically"]

T = TypeVar("T")
_FORMAT = 1
_HEADER = "rmtjac"
_KINDS = "biufUS"  # the kinds of dtypes that can be saved, as NumPy names them
_LONGEST = 300  # the largest number of characters of an error that is passed on


def write_atomically(path: str | Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Call ``write(file)`` on a temporary file beside `path`, then rename it to `path`, and return `path`.

    Whatever interrupts the writing (an error, Ctrl-C, a kill), `path` holds either its old content or the whole new
    content.

    Raises
    ------
    FileNotFoundError
        If the folder of `path` does not exist.
    IsADirectoryError
        If `path` is a folder.
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
    """Write a result as ``.npz``, with a digest of all that the file holds, and return `path`.

    `kind` is the name of its class. The file name is used as it is given.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        As `write_atomically`.
    TypeError
        If an array or a fact cannot be saved.
    """
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"{name} of dtype {array.dtype} cannot be saved; numbers, truth values or texts are needed")
    header = json.loads(json.dumps({"format": _FORMAT, "kind": kind, "facts": facts}, default=_json))
    header["digest"] = _digest(header, arrays)
    text = np.array(json.dumps(header, sort_keys=True))
    return write_atomically(path, lambda file: np.savez_compressed(file, rmtjac=text, **arrays))  # type: ignore[arg-type]


def load(path: str | Path, kind: str | Schema) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a result of the given `kind`, and return its facts and its arrays.

    With a `Schema`, names, types and shapes are checked before any array is read. Then the digest of the content is
    checked; a file of an early version, which wrote no digest, is read without that check.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a result of this package, is damaged, or holds another kind.
    """
    schema = Schema(kind) if isinstance(kind, str) else kind
    if not Path(path).is_file():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file")
    other = None
    try:
        with open(path, "rb") as raw, zipfile.ZipFile(raw) as file:
            entries = npz.entries(file)
            header = json.loads(npz.text(file, entries.pop(_HEADER)))
            if header["format"] != _FORMAT:
                other = f"has format {header['format']}; this version of rmtjac reads format {_FORMAT}"
            elif header["kind"] != schema.kind:
                other = f"holds a {header['kind']}; a {schema.kind} is needed"
            else:
                facts = header["facts"]
                if not isinstance(facts, dict):
                    raise ValueError("its facts are no JSON object")
                if isinstance(kind, Schema):
                    schema.check(facts, {name: (entry.dtype, entry.shape) for name, entry in entries.items()})
                npz.check_memory(entries.values())
                arrays = {name: npz.read(file, entry) for name, entry in entries.items()}
                if isinstance(kind, Schema):
                    schema.check_values(arrays)
                if "digest" in header and header.pop("digest") != _digest(header, arrays):
                    raise ValueError("its content is not what was saved")
    except Exception as error:  # zipfile, zlib, json and numpy raise many kinds of errors for damaged bytes
        raise ValueError(
            f"path={str(path)!r} is not a file that rmtjac wrote, or it is damaged: {_one_line(error)}"
        ) from error
    if other is not None:
        raise ValueError(f"path={str(path)!r} {other}")
    return facts, arrays


def restore(path: str | Path, schema: Schema, build: Callable[[dict[str, Any], dict[str, np.ndarray]], T]) -> T:
    """Read a result whose content is declared, and return what `build` makes of its facts and its arrays.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load`; also if the result cannot be built.
    """
    facts, arrays = load(path, schema)
    try:
        return build(facts, arrays)
    except Exception as error:  # facts and arrays of the right types may still make no sense
        raise ValueError(
            f"path={str(path)!r} holds no {schema.kind} that can be read back: {_one_line(error)}"
        ) from error


def _one_line(error: Exception) -> str:
    """Return what an error says, in one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = f"{text} is missing" if isinstance(error, KeyError) else text
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _json(value: Any) -> Any:
    """Return a number or an array of NumPy in a form that JSON has."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be written to a file of results")


def _digest(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Return a digest of all that a file holds; it does not depend on how the file is packed."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        plain: Any = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{name} {plain.dtype.str} {array.shape}".encode())
        digest.update(plain)
    return digest.hexdigest()

"""Files of results: written whole or not at all, read without trust.

A result is an ``.npz`` of plain arrays plus one JSON text that says what it is, how it came about, and the digest of
all of it. No pickles are written or read, so loading a file from a stranger runs none of its code; what a file of each
class must hold is declared (`rmtjac.schema`), and whatever else it holds ends in one line that names the file.
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

from rmtjac import npz
from rmtjac.schema import Schema
from rmtjac.validate import output_path

__all__ = ["load", "restore", "save", "write_atomically"]

T = TypeVar("T")
_FORMAT = 1
_HEADER = "rmtjac"
_KINDS = "biufUS"  # of dtypes
_LONGEST = 300


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
    """Write a result of the given `kind` as ``.npz`` (the name is used as it is given), with a digest of it all."""
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"{name} of dtype {array.dtype} cannot be saved; numbers, truth values or texts are needed")
    header = json.loads(json.dumps({"format": _FORMAT, "kind": kind, "facts": facts}, default=_json))
    header["digest"] = _digest(header, arrays)
    text = np.array(json.dumps(header, sort_keys=True))
    return write_atomically(path, lambda file: np.savez_compressed(file, rmtjac=text, **arrays))  # type: ignore[arg-type]


def load(path: str | Path, kind: str | Schema) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a result of the given `kind`; return its facts and its arrays.

    With a `Schema`, names, types and shapes are checked before arrays are read. Then the digest of the content is;
    files of versions that wrote none are taken as they are.

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
                    raise ValueError("its facts are none")
                if isinstance(kind, Schema):
                    schema.check(facts, {name: (entry.dtype, entry.shape) for name, entry in entries.items()})
                npz.check_memory(entries.values())
                arrays = {name: npz.read(file, entry) for name, entry in entries.items()}
                if isinstance(kind, Schema):
                    schema.check_values(arrays)
                if "digest" in header and header.pop("digest") != _digest(header, arrays):
                    raise ValueError("its content is not what was saved")
    except Exception as error:  # whatever zipfile, zlib, json and numpy make of other bytes
        raise ValueError(
            f"path={str(path)!r} is not a file that rmtjac wrote, or it is damaged: {_one_line(error)}"
        ) from error
    if other is not None:
        raise ValueError(f"path={str(path)!r} {other}")
    return facts, arrays


def restore(path: str | Path, schema: Schema, build: Callable[[dict[str, Any], dict[str, np.ndarray]], T]) -> T:
    """Read a result of a declared content, and build it from its facts and its arrays.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load`; also if the result cannot be built.
    """
    facts, arrays = load(path, schema)
    try:
        return build(facts, arrays)
    except Exception as error:  # facts and arrays may be right in type and still make no sense
        raise ValueError(
            f"path={str(path)!r} holds no {schema.kind} that can be read back: {_one_line(error)}"
        ) from error


def _one_line(error: Exception) -> str:
    """What an error says, in one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = f"{text} is missing" if isinstance(error, KeyError) else text
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _json(value: Any) -> Any:
    """NumPy's numbers and arrays, as JSON has them."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be written to a file of results")


def _digest(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Digest of all that a file holds, independent of how it is packed."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        plain: Any = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{name} {plain.dtype.str} {array.shape}".encode())
        digest.update(plain)
    return digest.hexdigest()

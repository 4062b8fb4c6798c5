"""Read arrays from an ``.npz`` file that may be damaged or hostile: an entry is checked before it is unpacked.

The reader of NumPy is made for trusted files. It returns bytes for entries that are no arrays, parses their headers as
Python, and unpacks entries of any size.
"""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
from collections.abc import Iterable
from typing import IO, NamedTuple

import numpy as np

__all__ = ["Entry", "check_memory", "entries", "read", "text"]

# The header of an array as NumPy writes it, for the dtypes that are read: no objects, no records.
_FACTS = re.compile(
    r"\{'descr': '([<>|][biufUS]\d{1,9})', 'fortran_order': (True|False), 'shape': \(((?:\d{1,18},? ?){0,32})\), \}"
)
_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # the longest header that is read, in bytes
_LONGEST_TEXT = 1 << 28  # the longest text that is read, in bytes
_MOST_DEFLATED = 1032  # the largest ratio of unpacked to packed bytes that deflate can reach
_CHUNK = 1 << 22  # bytes unpacked at a time


class Entry(NamedTuple):
    """Hold the place of an array in a file, the facts of its header, and the place of its values in the entry."""

    info: zipfile.ZipInfo
    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        """The size of the array in memory, in bytes."""
        return self.dtype.itemsize * math.prod(self.shape)


def entries(file: zipfile.ZipFile) -> dict[str, Entry]:
    """Return the arrays of a file by name.

    Raises
    ------
    ValueError
        If an entry is no array of numbers, truth values or texts, occurs twice, or claims a size that it cannot have.
    """
    out: dict[str, Entry] = {}
    infos = file.infolist()
    assert file.fp is not None
    if sum(info.compress_size for info in infos) > file.fp.seek(0, os.SEEK_END):
        raise ValueError("its entries are larger than the file")
    for info in infos:
        name = info.filename.removesuffix(".npy")
        packed = info.compress_type == zipfile.ZIP_DEFLATED
        if name == info.filename or name in out:
            raise ValueError(f"entry {info.filename!r} is no array, or occurs twice")
        if info.flag_bits & 1 or not (packed or info.compress_type == zipfile.ZIP_STORED):
            raise ValueError(f"entry {name!r} is encrypted, or packed in another way")
        if info.file_size > (_MOST_DEFLATED * info.compress_size if packed else info.compress_size):
            raise ValueError(f"entry {name!r} claims {info.file_size} bytes, more than it can unpack to")
        with file.open(info) as stream:
            try:
                entry = Entry(info, *_header(stream))
            except (struct.error, TypeError, ValueError) as error:
                raise ValueError(f"entry {name!r} is no array: {error}") from None
        if entry.start + entry.nbytes != info.file_size:
            raise ValueError(f"entry {name!r} has {info.file_size} bytes; {entry.start + entry.nbytes} are needed")
        out[name] = entry
    return out


def _header(stream: IO[bytes]) -> tuple[np.dtype, tuple[int, ...], bool, int]:
    """Return dtype, shape and order of an array, and the length of its header in bytes."""
    magic = stream.read(8)
    if magic[:6] != _MAGIC or magic[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError("it does not begin as one")
    size = 2 if magic[6] == 1 else 4
    (length,) = struct.unpack("<H" if size == 2 else "<I", stream.read(size))
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header is {length} bytes long")
    content = stream.read(length)
    if len(content) < length:
        raise ValueError("its header is cut off")
    facts = _FACTS.fullmatch(content.decode("latin1").strip())
    if facts is None:
        raise ValueError("its header does not describe numbers, truth values or texts")
    descr, fortran, sizes = facts.groups()
    shape = tuple(int(n) for n in sizes.split(",") if n.strip())
    return np.dtype(descr), shape, fortran == "True", 8 + size + length


def check_memory(found: Iterable[Entry]) -> None:
    """Check that arrays fit into the memory of this machine.

    Raises
    ------
    ValueError
        If they do not.
    """
    total = sum(entry.nbytes for entry in found)
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # the system does not report its memory
        return
    if total > memory:
        raise ValueError(f"its arrays take {total / 1e9:.3g} GB, more than the memory of this machine")


def read(file: zipfile.ZipFile, entry: Entry) -> np.ndarray:
    """Return the array of an entry, in the byte order of this machine.

    Raises
    ------
    ValueError, zipfile.BadZipFile, zlib.error
        If the entry is damaged.
    """
    flat = np.empty(entry.nbytes, dtype=np.uint8)
    done = 0
    with file.open(entry.info) as stream:
        stream.read(entry.start)
        while chunk := stream.read(_CHUNK):  # up to the end, where zipfile compares the checksum
            if done + len(chunk) > flat.size:
                break
            flat[done : done + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            done += len(chunk)
    if done != flat.size:
        raise ValueError(f"entry {entry.info.filename!r} is longer or shorter than its header says")
    array = flat.view(entry.dtype).reshape(entry.shape, order="F" if entry.fortran else "C")
    return array.astype(entry.dtype.newbyteorder("="), copy=False)


def text(file: zipfile.ZipFile, entry: Entry) -> str:
    """Return the single text of an entry.

    Raises
    ------
    ValueError
        If it holds no single text, or a very long one.
    """
    if entry.dtype.kind != "U" or entry.shape != () or entry.nbytes > _LONGEST_TEXT:
        raise ValueError("its description is missing or too long")
    return str(read(file, entry)[()])

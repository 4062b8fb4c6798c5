"""Reading arrays from an ``.npz`` that may be anything: what an entry claims is checked before it is unpacked.

NumPy's own reader is made for files that one trusts: it gives bytes for entries that are no arrays, runs a tokenizer
over their headers, and unpacks whatever is there.
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

# As NumPy writes it, of the dtypes that are read: no objects, no records.
_FACTS = re.compile(
    r"\{'descr': '([<>|][biufUS]\d{1,9})', 'fortran_order': (True|False), 'shape': \(((?:\d{1,18},? ?){0,32})\), \}"
)
_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
_LONGEST_TEXT = 1 << 28  # bytes
_MOST_DEFLATED = 1032  # bytes from one: more than that deflate cannot pack
_CHUNK = 1 << 22


class Entry(NamedTuple):
    """An array in a file: its place, what its header says, and the length of that."""

    info: zipfile.ZipInfo
    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        """Size of the array in memory."""
        return self.dtype.itemsize * math.prod(self.shape)


def entries(file: zipfile.ZipFile) -> dict[str, Entry]:
    """Return the arrays of a file by name.

    Raises
    ------
    ValueError
        If an entry is no array of numbers, truth values or texts, is there twice, or claims what it cannot hold.
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
            raise ValueError(f"entry {info.filename!r} is no array, or is there twice")
        if info.flag_bits & 1 or not (packed or info.compress_type == zipfile.ZIP_STORED):
            raise ValueError(f"entry {name!r} is encrypted, or packed in another way")
        if info.file_size > (_MOST_DEFLATED * info.compress_size if packed else info.compress_size):
            raise ValueError(f"entry {name!r} claims {info.file_size} bytes, more than it can hold")
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
    """What the header of an array says, and how long it is."""
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
        raise ValueError("its header is none of numbers, truth values or texts")
    descr, fortran, sizes = facts.groups()
    shape = tuple(int(n) for n in sizes.split(",") if n.strip())
    return np.dtype(descr), shape, fortran == "True", 8 + size + length


def check_memory(found: Iterable[Entry]) -> None:
    """Check that arrays fit in the memory of this machine; ValueError if they do not."""
    total = sum(entry.nbytes for entry in found)
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not told on this system
        return
    if total > memory:
        raise ValueError(f"its arrays take {total / 1e9:.3g} GB, more than the memory of this machine")


def read(file: zipfile.ZipFile, entry: Entry) -> np.ndarray:
    """Return an array, in the byte order of this machine.

    Raises
    ------
    ValueError, zipfile.BadZipFile, zlib.error
        If it is damaged.
    """
    flat = np.empty(entry.nbytes, dtype=np.uint8)
    done = 0
    with file.open(entry.info) as stream:
        stream.read(entry.start)
        while chunk := stream.read(_CHUNK):  # to the end, where the checksum is compared
            if done + len(chunk) > flat.size:
                break
            flat[done : done + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            done += len(chunk)
    if done != flat.size:
        raise ValueError(f"entry {entry.info.filename!r} has another length")
    array = flat.view(entry.dtype).reshape(entry.shape, order="F" if entry.fortran else "C")
    return array.astype(entry.dtype.newbyteorder("="), copy=False)


def text(file: zipfile.ZipFile, entry: Entry) -> str:
    """Return a single text.

    Raises
    ------
    ValueError
        If it is none, or is very long.
    """
    if entry.dtype.kind != "U" or entry.shape != () or entry.nbytes > _LONGEST_TEXT:
        raise ValueError("it does not say what it is")
    return str(read(file, entry)[()])

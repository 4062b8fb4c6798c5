"""The store of a sweep: files that only grow, one for each process that writes.

A file is opened exclusively and never again, and each record is one line with a checksum. So whatever kills a writer,
only its last line can be torn: that unit is done once more. A line is

    {"crc":"1c291ca3","unit":"<sha256>","at":<unix time>,"seconds":<time taken>,"rows":[[...],...]}

with the CRC-32 of all that follows the field; the field itself and the end of the line are checked as they stand, so
that no byte may change unseen. Damage costs the records that it lies in: after it, reading goes on at the next record.
The first line of a file says who wrote it: plan, CPU class, versions.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import provenance
from rmtjac.sweep.plans import Plan

__all__ = ["Contents", "Writer", "read_rows", "scan"]

_RECORDS = "records"
_START = b'{"crc":"'  # stands nowhere within a record: quotes within JSON texts are escaped
_HEAD = len('{"crc":"00000000",')
_KEY = slice(_HEAD + len('"unit":"'), _HEAD + len('"unit":"') + 64)
_ROWS = b',"rows":['
_SYNC_SECONDS = 5.0  # a crash of the whole machine costs at most the records of this time
_CHUNK = 1 << 24
_NAMED = 5  # places of damage that are named


class Writer:
    """Appends records to a file of its own.

    Parameters
    ----------
    folder
        Of the sweep.
    digest
        Of the plan.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        records = folder / _RECORDS
        name = f"{platform.node() or 'host'}-{os.getpid()}-{uuid.uuid4().hex[:12]}.jsonl"
        try:
            records.mkdir(exist_ok=True)
            self._file = os.open(records / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
        except OSError as error:
            raise OSError(error.errno, f"cannot write records to {str(records)!r}: {error.strerror}") from None
        self._synced = time.monotonic()
        facts = provenance(plan=digest, host=platform.node(), pid=os.getpid(), job=os.environ.get("SLURM_JOB_ID"))
        self._append(f'"writer":{json.dumps(facts, sort_keys=True)}}}')

    def _append(self, rest: str) -> None:
        body = rest.encode()
        line = b'{"crc":"%08x",%b\n' % (zlib.crc32(body), body)
        try:
            written = os.write(self._file, line)
        except OSError as error:
            self.close()
            raise OSError(
                error.errno, f"a record could not be written: {error.strerror}; what is done is safe"
            ) from None
        if written < len(line):
            self.close()
            raise OSError("a record was written in part (the disk is full?); what is done is safe")
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            os.fsync(self._file)
            self._synced = time.monotonic()

    def write(self, key: str, rows: list[list[Any]], seconds: float) -> None:
        """Append the record of a unit."""
        text = json.dumps(rows, separators=(",", ":"), allow_nan=False)
        self._append(f'"unit":"{key}","at":{time.time():.3f},"seconds":{seconds:.6f},"rows":{text}}}')

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        with contextlib.suppress(OSError):
            os.close(self._file)


@dataclass(eq=False)
class Contents:
    """What lies in a store.

    Attributes
    ----------
    files
        The files of records.
    place, offset, length
        Per unit of the plan: number of the file that holds its record (-1: not done), where, and how long the line is.
    at, seconds
        Per unit: unix time of the record, and the seconds it took (NaN: not done).
    torn
        Files that end in part of a line.
    damaged
        Lines with a wrong checksum, or that are no record: file name and number of the line.
    foreign
        Records of units that are not in the plan.
    duplicates
        Records of units that another record had done.
    differing
        Keys of units whose records disagree.
    writers
        What the first lines say.
    """

    files: list[Path]
    place: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    at: np.ndarray
    seconds: np.ndarray
    torn: list[str] = field(default_factory=list)
    damaged: list[tuple[str, int]] = field(default_factory=list)
    foreign: int = 0
    duplicates: int = 0
    differing: list[str] = field(default_factory=list)
    writers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> np.ndarray:
        """Shape (units,): whether there is a record."""
        return self.place >= 0

    @property
    def damage(self) -> list[str]:
        """What is damaged, a line each, with files and numbers of lines."""
        out = [f"{len(self.torn)} files end in part of a record (their writers were killed): {_first(self.torn)}"]
        lines = [f"{name} line {number}" for name, number in self.damaged]
        out.append(f"{len(lines)} damaged records, to be done again if no other has them: {_first(lines)}")
        return [text for text, items in zip(out, (self.torn, lines), strict=True) if items]

    def where(self, unit: int) -> str:
        """File and line of the record of a unit."""
        path = self.files[self.place[unit]]
        with open(path, "rb") as file:
            before = file.read(int(self.offset[unit])).count(b"\n")
        return f"{_RECORDS}/{path.name} line {before + 1}"

    @property
    def mixed(self) -> list[str]:
        """What differs between writers and can change last bits: CPU classes and versions, as text."""
        classes = sorted({str(writer.get("cpu")) for writer in self.writers})
        versions = sorted({json.dumps(writer.get("versions"), sort_keys=True) for writer in self.writers})
        out = [f"CPU classes {', '.join(classes)}"] if len(classes) > 1 else []
        return out + (["versions of libraries"] if len(versions) > 1 else [])


def _first(items: list[str]) -> str:
    """The first few, as text."""
    return ", ".join(items[:_NAMED]) + (", ..." if len(items) > _NAMED else "")


def _records(file: Any) -> Iterator[tuple[int, int, bytes, bool | None]]:
    """Lines of a file with their offsets and numbers, and whether each is whole (None: the file ends in it).

    Read in large chunks. A damaged line is cut where records begin, for it may have lost its end.
    """
    offset, number, rest = 0, 1, b""
    while chunk := file.read(_CHUNK):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if line[:_HEAD] == b'{"crc":"%08x",' % zlib.crc32(line[_HEAD:]):
                yield offset, number, line, True
            else:
                *lost, last = _pieces(offset, line)
                yield from ((at, number, piece, False) for at, piece in lost)
                yield last[0], number, last[1], _is_whole(last[1] + b"\n")
            offset += len(line) + 1
            number += 1
    if rest:
        *lost, last = _pieces(offset, rest)
        yield from ((at, number, piece, False) for at, piece in lost)
        yield last[0], number, last[1], None


def _pieces(offset: int, line: bytes) -> list[tuple[int, bytes]]:
    """A line, cut where records begin."""
    starts = [0]
    while (start := line.find(_START, starts[-1] + 1)) > 0:
        starts.append(start)
    return [(offset + at, line[at:end]) for at, end in zip(starts, [*starts[1:], len(line)], strict=True)]


def _is_whole(line: bytes) -> bool:
    return line.startswith(b'{"crc":"%08x",' % zlib.crc32(line[_HEAD:-1])) and line.endswith(b"\n")


def _writer(line: bytes) -> dict[str, Any]:
    """What a first line says; ValueError if it is none."""
    facts = json.loads(line).get("writer")
    if not isinstance(facts, dict):
        raise ValueError("no facts")
    return facts


def scan(plan: Plan) -> Contents:
    """Read all records of a sweep, and say which units are done.

    Raises
    ------
    ValueError
        If records were written under another plan in this folder.
    """
    keys = np.frombuffer(plan.keys.tobytes(), dtype=">u8").reshape(-1, 4)[:, 0].astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    n = len(plan)
    files = sorted((plan.folder / _RECORDS).glob("*.jsonl"))
    found = Contents(
        files, np.full(n, -1), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, np.nan),
        np.full(n, np.nan),
    )  # fmt: skip
    for number, path in enumerate(files):
        known = len(found.writers)
        batch: list[tuple[int, int, str, int, float, float]] = []  # offset, length, key, its first word, at, seconds
        with open(path, "rb") as file:
            for offset, row, line, whole in _records(file):
                if whole is None:
                    found.torn.append(path.name)
                    continue
                try:
                    if not whole:
                        raise ValueError("a wrong checksum")
                    if line.startswith(b'"writer":', _HEAD):
                        found.writers.append(_writer(line))
                    else:
                        batch.append((offset, len(line) + 1, *_parsed(line)))
                except (ValueError, RecursionError):  # or a right one, of what is no record
                    found.damaged.append((path.name, row))
        if any(facts.get("plan") != plan.digest for facts in found.writers[known:]):
            raise ValueError(
                f"folder={str(plan.folder)!r}: {path.name} was written under another plan; "
                "the plan was changed after the sweep had begun, put it back or use a new folder"
            )
        _enter(found, number, batch, order, ordered, plan)
    return found


def _parsed(line: bytes) -> tuple[str, int, float, float]:
    """Key, its first 64 bits, time and seconds of a record; ValueError if it is none."""
    key = line[_KEY].decode("ascii")
    start = _KEY.stop + len('","at":')
    comma = line.index(b",", start)
    second = comma + len(',"seconds":')
    end = line.index(b",", second)
    if line[_HEAD : _KEY.start] != b'"unit":"' or len(bytes.fromhex(key)) != 32 or not line.startswith(_ROWS, end):
        raise ValueError(key)
    return key, int(key[:16], 16), float(line[start:comma]), float(line[second:end])


def _enter(found: Contents, number: int, batch: list[Any], order: np.ndarray, ordered: np.ndarray, plan: Plan) -> None:
    """Enter the records of one file."""
    if not batch:
        return
    words = np.array([word for _, _, _, word, _, _ in batch], dtype=np.uint64)
    spots = np.minimum(np.searchsorted(ordered, words), len(ordered) - 1)
    known = ordered[spots] == words
    for (offset, length, key, _, at, seconds), spot, good in zip(batch, spots, known, strict=True):
        unit = order[spot]
        if not good or bytes(plan.keys[unit]).hex() != key:
            found.foreign += 1
        elif found.place[unit] < 0:
            found.place[unit], found.offset[unit], found.length[unit] = number, offset, length
            found.at[unit], found.seconds[unit] = at, seconds
        else:
            found.duplicates += 1
            first = _rows_text(found.files[found.place[unit]], int(found.offset[unit]), int(found.length[unit]))
            if first != _rows_text(found.files[number], offset, length):
                found.differing.append(key)


def _rows_text(path: Path, offset: int, length: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(offset)
        line = file.read(length)
    return line[line.index(_ROWS, _KEY.stop) :]


def read_rows(contents: Contents, units: np.ndarray) -> Iterator[tuple[int, list[list[Any]]]]:
    """Yield (unit, rows) in the order given, for units that are done."""
    opened: dict[int, Any] = {}
    try:
        for unit in units.tolist():
            number = int(contents.place[unit])
            if number not in opened:
                if len(opened) >= 64:  # of files open at a time
                    opened.pop(next(iter(opened))).close()
                opened[number] = open(contents.files[number], "rb")  # noqa: SIM115
            file = opened[number]
            file.seek(int(contents.offset[unit]))
            line = file.read(int(contents.length[unit]))
            try:
                rows = json.loads(line)["rows"]
            except (KeyError, RecursionError, TypeError, ValueError) as error:
                raise ValueError(f"{contents.where(unit)} is damaged ({error}); remove that line") from None
            yield unit, rows
    finally:
        for file in opened.values():
            file.close()

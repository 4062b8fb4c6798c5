"""The records of a sweep: one line each, with a checksum, in files that only grow.

Each process that writes opens its own new file and appends whole lines. So whatever kills the process, only the last
line can be torn, and only the unit of that line is done again. A line has the form

    {"crc":"1c291ca3","unit":"<sha256>","at":<unix time>,"seconds":<time taken>,"rows":[[...],...]}

where `crc` is the CRC-32 of all that follows that field. The field itself and the end of the line are compared byte by
byte, so that a change of any byte is seen. The first line of a file names its writer: plan, CPU class, versions.
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
from enum import Enum
from pathlib import Path
from typing import IO, Any, NamedTuple

from rmtjac.provenance import provenance

__all__ = ["FOLDER", "Line", "Record", "State", "Writer", "lines", "parse_record", "parse_writer", "rows_text"]

FOLDER = "records"
_START = b'{"crc":"'  # occurs nowhere else in a record: JSON escapes the quotes within texts
_HEAD = len('{"crc":"00000000",')
_KEY = slice(_HEAD + len('"unit":"'), _HEAD + len('"unit":"') + 64)
_ROWS = b',"rows":['
_SYNC_SECONDS = 5.0  # a crash of the whole machine loses at most the records of this time
_CHUNK = 1 << 24  # bytes read at a time


class Writer:
    """Append records to a new file in the folder of a sweep.

    Parameters
    ----------
    folder : Path
        The folder of the sweep.
    digest : str
        The digest of its plan.

    Raises
    ------
    OSError
        If the file cannot be made.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        records = folder / FOLDER
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
        """Write a line: its checksum and `rest`. After an error nothing more is written to the file."""
        body = rest.encode()
        line = b'{"crc":"%08x",%b\n' % (zlib.crc32(body), body)
        try:
            written = os.write(self._file, line)
        except OSError as error:
            self.close()
            raise OSError(
                error.errno, f"a record could not be written: {error.strerror}; the records before it are safe"
            ) from None
        if written < len(line):
            self.close()
            raise OSError("a record was written in part (is the disk full?); the records before it are safe")
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            os.fsync(self._file)
            self._synced = time.monotonic()

    def write(self, key: str, rows: list[list[Any]], seconds: float) -> None:
        """Append the record of the unit with this key.

        Raises
        ------
        OSError
            If it cannot be written whole.
        """
        text = json.dumps(rows, separators=(",", ":"), allow_nan=False)
        self._append(f'"unit":"{key}","at":{time.time():.3f},"seconds":{seconds:.6f},"rows":{text}}}')

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        with contextlib.suppress(OSError):
            os.close(self._file)


class State(Enum):
    """State of a line by its checksum."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    TORN = "torn"  # the file ends within it


class Line(NamedTuple):
    """A line of a file of records: where it begins, its number from 1, its bytes without the end, and its state."""

    offset: int
    number: int
    content: bytes
    state: State


class Record(NamedTuple):
    """The place of a record in its file, and the facts that it holds about its unit.

    `word` is the first 64 bits of the key, `at` the unix time, `seconds` the time that the unit took.
    """

    offset: int
    length: int
    key: str
    word: int
    at: float
    seconds: float


def lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield the lines of a file of records, read in large chunks.

    A damaged line may have lost its end and run into later records, so it is cut where records begin. So only the
    records that are damaged themselves are lost.
    """
    offset, number, rest = 0, 1, b""
    while chunk := file.read(_CHUNK):
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        for part in parts:
            if part[:_HEAD] == b'{"crc":"%08x",' % zlib.crc32(part[_HEAD:]):
                yield Line(offset, number, part, State.WHOLE)
            else:
                *lost, (at, last) = _pieces(offset, part)
                yield from (Line(place, number, piece, State.DAMAGED) for place, piece in lost)
                yield Line(at, number, last, State.WHOLE if _is_whole(last + b"\n") else State.DAMAGED)
            offset += len(part) + 1
            number += 1
    if rest:
        *lost, (at, last) = _pieces(offset, rest)
        yield from (Line(place, number, piece, State.DAMAGED) for place, piece in lost)
        yield Line(at, number, last, State.TORN)


def _pieces(offset: int, line: bytes) -> list[tuple[int, bytes]]:
    """Cut a line where records begin, and return each piece with its offset in the file."""
    starts = [0]
    while (start := line.find(_START, starts[-1] + 1)) > 0:
        starts.append(start)
    return [(offset + at, line[at:end]) for at, end in zip(starts, [*starts[1:], len(line)], strict=True)]


def _is_whole(line: bytes) -> bool:
    """Return whether a line with its end is as it was written."""
    return line.startswith(b'{"crc":"%08x",' % zlib.crc32(line[_HEAD:-1])) and line.endswith(b"\n")


def parse_writer(line: Line) -> dict[str, Any] | None:
    """Return the facts about the writer from the first line of a file; None for any other line.

    Raises
    ------
    ValueError
        If the line of a writer holds no facts.
    """
    if not line.content.startswith(b'"writer":', _HEAD):
        return None
    facts = json.loads(line.content).get("writer")
    if not isinstance(facts, dict):
        raise ValueError("the line of a writer holds no facts")
    return facts


def parse_record(line: Line) -> Record:
    """Return what a line says, without reading its rows.

    Raises
    ------
    ValueError
        If it is no record.
    """
    text = line.content
    key = text[_KEY].decode("ascii")
    start = _KEY.stop + len('","at":')
    comma = text.index(b",", start)
    second = comma + len(',"seconds":')
    end = text.index(b",", second)
    if text[_HEAD : _KEY.start] != b'"unit":"' or len(bytes.fromhex(key)) != 32 or not text.startswith(_ROWS, end):
        raise ValueError(key)
    length = len(text) + 1
    return Record(line.offset, length, key, int(key[:16], 16), float(text[start:comma]), float(text[second:end]))


def rows_text(line: bytes) -> bytes:
    """Return the part of a record that holds its rows, as it stands in the file."""
    return line[line.index(_ROWS, _KEY.stop) :]

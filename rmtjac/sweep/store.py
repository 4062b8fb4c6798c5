"""The store of a sweep: which units have a record, where the record is, and what is wrong with the files.

`rmtjac.sweep.records` defines the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.sweep.plans import Plan
from rmtjac.sweep.records import FOLDER, Record, State, lines, parse_record, parse_writer, rows_text

__all__ = ["Contents", "read_rows", "scan"]

_NOT_DONE = -1  # the value in `Contents.place` of a unit without a record
_NAMED = 5  # the largest number of places of damage that a message names
_OPEN_FILES = 64  # the largest number of files that are open at a time


@dataclass(eq=False)
class Contents:
    """Hold which units have a record in the store of a sweep, and where, and what is damaged.

    Attributes
    ----------
    files : list of Path
        The files of records.
    place : ndarray of int, shape (units,)
        The number of the file that holds the record of each unit of the plan; -1 if no file does.
    offset : ndarray of int, shape (units,)
        Where the record begins in its file, in bytes.
    length : ndarray of int, shape (units,)
        The length of the record, in bytes.
    at : ndarray of float, shape (units,)
        The unix time of the record; NaN if there is none.
    seconds : ndarray of float, shape (units,)
        The time that the unit took; NaN if there is no record.
    torn : list of str
        The names of files that end within a record.
    damaged : list of (str, int)
        File name and line number of each line with a wrong checksum, or that is no record.
    foreign : int
        The number of records of units that are not in the plan.
    duplicates : int
        The number of records of units that have an earlier record.
    differing : list of str
        The keys of units whose records disagree.
    writers : list of dict
        The facts about the writers, from the first lines of the files.
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

    @classmethod
    def empty(cls, files: list[Path], units: int) -> Contents:
        """Return the contents of a store in which no unit has a record."""
        offsets, times = np.zeros((2, units), dtype=np.int64), np.full((2, units), np.nan)
        return cls(files, np.full(units, _NOT_DONE), *offsets, *times)

    @property
    def done(self) -> np.ndarray:
        """Whether each unit has a record, shape (units,)."""
        return self.place != _NOT_DONE

    @property
    def damage(self) -> list[str]:
        """What is damaged, one text for each kind of damage, with file names and line numbers."""
        out = [f"{len(self.torn)} files end in part of a record (their writers were killed): {_first(self.torn)}"]
        bad = [f"{name} line {number}" for name, number in self.damaged]
        out.append(f"{len(bad)} damaged records, to be done again if no other file has them: {_first(bad)}")
        return [text for text, items in zip(out, (self.torn, bad), strict=True) if items]

    def where(self, unit: int) -> str:
        """Return the file and the line number of the record of a unit, as text."""
        path = self.files[self.place[unit]]
        with open(path, "rb") as file:
            before = file.read(int(self.offset[unit])).count(b"\n")
        return f"{FOLDER}/{path.name} line {before + 1}"

    @property
    def mixed(self) -> list[str]:
        """What differs between the writers and can change last bits: classes of CPUs, versions of libraries."""
        classes = sorted({str(writer.get("cpu")) for writer in self.writers})
        versions = sorted({json.dumps(writer.get("versions"), sort_keys=True) for writer in self.writers})
        out = [f"CPU classes {', '.join(classes)}"] if len(classes) > 1 else []
        return out + (["versions of libraries"] if len(versions) > 1 else [])


def _first(items: list[str]) -> str:
    """Return the first few items as text."""
    return ", ".join(items[:_NAMED]) + (", ..." if len(items) > _NAMED else "")


def scan(plan: Plan) -> Contents:
    """Read all records of a sweep, and return which units are done.

    Raises
    ------
    ValueError
        If records were written under another plan in this folder.
    """
    keys = np.frombuffer(plan.keys.tobytes(), dtype=">u8").reshape(-1, 4)[:, 0].astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    found = Contents.empty(sorted((plan.folder / FOLDER).glob("*.jsonl")), len(plan))
    for number, path in enumerate(found.files):
        known = len(found.writers)
        records = _read(path, found)
        if any(facts.get("plan") != plan.digest for facts in found.writers[known:]):
            raise ValueError(
                f"folder={str(plan.folder)!r}: {path.name} was written under another plan; "
                "the plan was changed after the sweep had begun; restore the old plan, or use a new folder"
            )
        _enter(found, number, records, order, ordered, plan)
    return found


def _read(path: Path, found: Contents) -> list[Record]:
    """Return the records of a file, and enter its writers and its damage in `found`."""
    records: list[Record] = []
    with open(path, "rb") as file:
        for line in lines(file):
            if line.state is State.TORN:
                found.torn.append(path.name)
                continue
            try:
                if line.state is State.DAMAGED:
                    raise ValueError("a wrong checksum")
                if (writer := parse_writer(line)) is not None:
                    found.writers.append(writer)
                else:
                    records.append(parse_record(line))
            except (ValueError, RecursionError):  # the checksum is right, but the line is no record
                found.damaged.append((path.name, line.number))
    return records


def _enter(
    found: Contents, number: int, records: list[Record], order: np.ndarray, ordered: np.ndarray, plan: Plan
) -> None:
    """Enter the records of one file: `ordered` are the first words of the keys of units `order`, ascending."""
    if not records:
        return
    words = np.array([record.word for record in records], dtype=np.uint64)
    spots = np.minimum(np.searchsorted(ordered, words), len(ordered) - 1)
    known = ordered[spots] == words
    for record, spot, good in zip(records, spots, known, strict=True):
        unit = order[spot]
        if not good or bytes(plan.keys[unit]).hex() != record.key:
            found.foreign += 1
        elif found.place[unit] == _NOT_DONE:
            found.place[unit], found.offset[unit], found.length[unit] = number, record.offset, record.length
            found.at[unit], found.seconds[unit] = record.at, record.seconds
        else:
            found.duplicates += 1
            first = _rows_at(found.files[found.place[unit]], int(found.offset[unit]), int(found.length[unit]))
            if first != _rows_at(found.files[number], record.offset, record.length):
                found.differing.append(record.key)


def _rows_at(path: Path, offset: int, length: int) -> bytes:
    """Return the rows of the record at a place of a file, as they stand there."""
    with open(path, "rb") as file:
        file.seek(offset)
        return rows_text(file.read(length))


def read_rows(contents: Contents, units: np.ndarray) -> Iterator[tuple[int, list[list[Any]]]]:
    """Yield number and rows of each of the units, all of which are done, in the order given.

    Raises
    ------
    ValueError
        If a record cannot be read.
    """
    opened: dict[int, Any] = {}
    try:
        for unit in units.tolist():
            number = int(contents.place[unit])
            if number not in opened:
                if len(opened) >= _OPEN_FILES:
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

"""Parquet files of the tables of sweeps, with a digest of all that they hold: Parquet itself has no checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rmtjac.sweep.table.sweep_table import CELL, SweepTable, column_array

__all__ = ["BATCH", "read_parquet", "write_parquet"]

BATCH = 20_000  # rows that are held in memory at a time
_FACTS = b"rmtjac"  # the key of the facts in the metadata of a file
_DIGEST = b"rmtjac digest"


def _pyarrow() -> tuple[Any, Any]:
    """Return the modules ``pyarrow`` and ``pyarrow.parquet``, or raise an error that says how to install them."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ValueError("a .parquet file needs pyarrow; install rmtjac[tables], or choose .csv") from None
    return pa, pq


class _Digest:
    """Digest facts and columns; the result does not depend on the batches in which the values come."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = json.dumps(facts, sort_keys=True)
        self._columns: dict[str, Any] = {}

    def add(self, name: str, values: list[Any]) -> None:
        """Take in further values of a column."""
        column = self._columns.setdefault(name, hashlib.sha256())
        column.update(json.dumps(values)[1:-1].encode() + b", ")

    def text(self) -> bytes:
        """Return the digest in hexadecimal digits."""
        columns = {name: one.hexdigest() for name, one in self._columns.items()}
        return hashlib.sha256(f"{self._facts} {json.dumps(columns, sort_keys=True)}".encode()).hexdigest().encode()


def write_parquet(
    file: Any, kinds: dict[str, str], facts: dict[str, Any], batches: Iterable[dict[str, list[Any]]]
) -> None:
    """Write a table to an open file, batch by batch.

    Raises
    ------
    ValueError
        If pyarrow is not installed.
    """
    pa, pq = _pyarrow()
    facts = {**facts, "kinds": kinds}
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "list": pa.list_(pa.float64())}
    fields = [("convention", pa.string()), ("width", pa.int64()), ("depth", pa.int64())]
    fields += [(name, types[kind]) for name, kind in kinds.items()]
    schema = pa.schema(fields, metadata={_FACTS: json.dumps(facts)})
    digest = _Digest(facts)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(pa.table(batch, schema=schema))
            for name, values in batch.items():
                digest.add(name, values)
        if hasattr(writer, "add_key_value_metadata"):  # older versions of pyarrow cannot add facts at the end
            writer.add_key_value_metadata({_DIGEST: digest.text()})


def read_parquet(path: Path) -> SweepTable:
    """Read a table that `write_parquet` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is another file, is damaged, or pyarrow is not installed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file")
    _, pq = _pyarrow()
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata.metadata
            found = file.read()
        facts = json.loads(found.schema.metadata[_FACTS])
        digest = _Digest(facts)
        kinds = facts.pop("kinds")
        columns = {}
        for name in (*CELL, *kinds):
            values = found.column(name).to_pylist()
            for start in range(0, len(values), BATCH):
                digest.add(name, values[start : start + BATCH])
            columns[name] = column_array(values, kinds.get(name))
        if metadata.get(_DIGEST, digest.text()) != digest.text():  # earlier versions wrote no digest
            raise ValueError("its content is not what was collected")
        return SweepTable(columns, kinds, facts)
    except Exception as error:  # pyarrow raises many kinds of errors for damaged bytes
        raise ValueError(f"path={str(path)!r} is not a file that `collect` wrote, or it is damaged") from error

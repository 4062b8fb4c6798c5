"""The result of a sweep: one row per network, written to one file, read back, and summed up per cell."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import write_atomically
from rmtjac.estimate import Estimate
from rmtjac.sweep.plans import Plan, read_plan
from rmtjac.sweep.store import Contents, read_rows, scan
from rmtjac.validate import output_path

__all__ = ["SweepTable", "collect", "load"]

_BATCH = 20_000  # rows held at a time while collecting
_DIGEST = b"rmtjac digest"  # of a .parquet file
_CELL = ("convention", "width", "depth")


@dataclass(frozen=True, eq=False)
class SweepTable:
    """One row per network.

    Attributes
    ----------
    columns
        By name, arrays of M values: ``convention``, ``width``, ``depth``, ``network``, and what was measured (of kind
        list: arrays of arrays).
    kinds
        Kinds of the measured columns.
    facts
        Plan, seed, code, and whether all units are done.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=20, block=10)
    >>> rj.sweep.run(folder, "serial").complete
    True
    >>> rj.sweep.load(folder)
    SweepTable(40 networks in 2 cells; network, stable, saddles, repellers, index_sum, complete, continua)
    """

    columns: dict[str, np.ndarray]
    kinds: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in self.columns.values():
            array.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of networks."""
        return len(self.columns["network"])

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a column."""
        if name not in self.columns:
            raise KeyError(f"{name!r} is not a column; there are {', '.join(self.columns)}")
        return self.columns[name]

    def cells(self) -> list[tuple[str, int, int]]:
        """Return (convention, N, L) of the cells, in order."""
        triples = zip(*(self.columns[name].tolist() for name in _CELL), strict=True)
        return list(dict.fromkeys(triples))

    def of(self, convention: str, width: int, depth: int) -> SweepTable:
        """Return the rows of one cell."""
        here = (self["convention"] == convention) & (self["width"] == width) & (self["depth"] == depth)
        return SweepTable({name: values[here] for name, values in self.columns.items()}, self.kinds, self.facts)

    def mean(self, name: str) -> Estimate:
        """Return mean and standard error of a column over all rows, those without a value left out."""
        if self.kinds.get(name) not in ("int", "float", "bool"):
            raise ValueError(f"name={name!r} is not a column of numbers")
        values = self[name].astype(float)
        return Estimate.of(values[~np.isnan(values)])

    def probabilities(self, name: str = "stable") -> tuple[np.ndarray, np.ndarray]:
        """Return P(Q = k), k = 0, 1, ..., of a column of whole numbers, and standard errors."""
        if self.kinds.get(name) != "int":
            raise ValueError(f"name={name!r} is not a column of whole numbers")
        share = np.bincount(self[name]) / max(len(self), 1)
        return share, np.sqrt(share * (1.0 - share) / max(len(self), 1))

    def summary(self, most: int = 3) -> dict[str, np.ndarray]:
        """Return, cell by cell, means of all columns of numbers with standard errors, and P(Q = k).

        Q is ``stable``, or without it ``attracting``; ``P(Q >= most)`` closes the list.
        """
        out: dict[str, list[Any]] = {}
        q = next((name for name in ("stable", "attracting") if name in self.kinds), None)
        for cell in self.cells():
            here = self.of(*cell)
            row: dict[str, Any] = dict(zip(_CELL, cell, strict=True)) | {"networks": len(here)}
            for name, kind in self.kinds.items():
                if kind != "list" and name != "network":
                    row[name], row[f"{name} error"] = here.mean(name)
            if q is not None:
                for k in range(most + 1):
                    share = float(((here[q] == k) if k < most else (here[q] >= k)).mean())
                    name = f"P(Q {'=' if k < most else '>='} {k})"
                    row[name], row[f"{name} error"] = share, math.sqrt(share * (1.0 - share) / len(here))
            for name, value in row.items():
                out.setdefault(name, []).append(value)
        return {name: np.array(values) for name, values in out.items()}

    def table(self) -> str:
        """Return the summary as text: value ± standard error."""
        summed = self.summary()
        names = [name for name in summed if f"{name} error" in summed and name not in ("index_sum", "continua")]
        lines = [f"{'convention':>28}{'N':>6}{'L':>5}{'nets':>7}" + "".join(f"{name:>17}" for name in names)]
        for i, cell in enumerate(self.cells()):
            values = (f"{summed[name][i]:.3f} ± {summed[f'{name} error'][i]:.3f}" for name in names)
            head = f"{cell[0]:>28}{cell[1]:6d}{cell[2]:5d}{summed['networks'][i]:7d}"
            lines.append(head + "".join(f"{value:>17}" for value in values))
        return "\n".join([*lines, *self.facts.get("damage", ())])

    def to_pandas(self) -> Any:
        """Return a DataFrame, one row per network."""
        import pandas as pd

        return pd.DataFrame({name: list(v) if v.dtype == object else v for name, v in self.columns.items()})

    def to_xarray(self) -> Any:
        """Return the summary as a Dataset over convention, width and depth."""
        import pandas as pd

        return pd.DataFrame(self.summary()).set_index(list(_CELL)).to_xarray()

    def __repr__(self) -> str:
        more = "" if self.facts.get("complete", True) else ", not complete"
        return f"SweepTable({len(self)} networks in {len(self.cells())} cells{more}; {', '.join(self.kinds)})"


def _checked(folder: str | Path) -> tuple[Plan, Contents]:
    plan = read_plan(folder)
    contents = scan(plan)
    if contents.differing:
        what = f"; there are {' and '.join(contents.mixed)}" if contents.mixed else ""
        raise ValueError(
            f"folder={str(folder)!r}: {len(contents.differing)} units were done twice with different results, first "
            f"{contents.differing[0]}{what}; remove the records of one kind"
        )
    return plan, contents


def _batches(plan: Plan, contents: Contents) -> Iterator[dict[str, list[Any]]]:
    """Columns of up to `_BATCH` rows at a time, in the order of the plan."""
    names = list(plan.columns)
    rows: list[list[Any]] = []
    units = np.flatnonzero(contents.done)
    places = np.searchsorted(plan.firsts, units, side="right") - 1
    blocks = units - plan.firsts[places]
    for (number, found), place, block in zip(read_rows(contents, units), places.tolist(), blocks.tolist(), strict=True):
        cell = plan.cells[place]
        start, stop = block * cell.block, min((block + 1) * cell.block, plan.seeds)
        if not _fits(found, start, stop, len(names)):
            raise ValueError(
                f"folder={str(plan.folder)!r}: {contents.where(number)} does not hold networks {start} to {stop - 1} "
                f"with {', '.join(names[1:])}; it was done by other code, remove the records of that and run again"
            )
        rows += [[cell.convention, cell.width, cell.depth, *row] for row in found]
        if len(rows) >= _BATCH:
            yield dict(zip((*_CELL, *names), map(list, zip(*rows, strict=True)), strict=True))
            rows = []
    if rows:
        yield dict(zip((*_CELL, *names), map(list, zip(*rows, strict=True)), strict=True))


def _fits(rows: Any, start: int, stop: int, width: int) -> bool:
    """Whether rows are those of networks `start` to `stop` (exclusive)."""
    try:
        if len(rows) != stop - start:
            return False
        for number, row in enumerate(rows, start):
            if len(row) != width or row[0] != number:
                return False
    except (KeyError, TypeError):
        return False
    return True


def load(folder: str | Path) -> SweepTable:
    """Read what a sweep has found so far, from its folder or from the ``.parquet`` file that `collect` wrote.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan, or there is no such file.
    ValueError
        If units were done twice with different results, or the file is not one of `collect`.
    """
    if Path(folder).suffix == ".parquet":
        return _load_parquet(Path(folder))
    plan, contents = _checked(folder)
    kinds = plan.columns
    columns: dict[str, list[Any]] = {name: [] for name in (*_CELL, *kinds)}
    for batch in _batches(plan, contents):
        for name, values in batch.items():
            columns[name] += values
    facts = _facts(plan, contents)
    arrays = {name: _array(values, kinds.get(name)) for name, values in columns.items()}
    return SweepTable(arrays, kinds, facts)


def _facts(plan: Plan, contents: Contents) -> dict[str, Any]:
    """What a table was made from: plan, whether it is whole, CPU classes and versions of those who wrote."""
    writers = {json.dumps({k: w.get(k) for k in ("cpu", "versions")}, sort_keys=True) for w in contents.writers}
    return {
        "plan": plan.to_dict(),
        "complete": bool(contents.done.all()),
        "mixed": contents.mixed,
        "damage": contents.damage,
        "writers": [json.loads(one) for one in sorted(writers)],
    }


def _array(values: list[Any], kind: str | None) -> np.ndarray:
    if kind == "list":
        out = np.empty(len(values), dtype=object)
        for i, one in enumerate(values):
            out[i] = np.array([math.nan if x is None else x for x in one])
        return out
    if kind == "float":
        return np.array([math.nan if x is None else x for x in values], dtype=float)
    if kind is None:
        return np.array(values) if values else np.empty(0, dtype=int)
    return np.array(values, dtype={"int": np.int64, "bool": bool}[kind])


def collect(folder: str | Path, out: str | Path) -> Path:
    """Write what a sweep has found to one table, ``.parquet`` (needs pyarrow) or ``.csv``.

    Rows stand in the order of the plan, whoever did them; memory does not grow with their number.

    Raises
    ------
    ValueError
        If units were done twice with different results, or the name ends in neither.
    """
    path = output_path("out", out)
    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"out={str(out)!r} must end in .parquet or .csv")
    plan, contents = _checked(folder)
    write = _write_csv if path.suffix == ".csv" else _write_parquet
    return write_atomically(path, lambda file: write(file, plan, contents))


def _write_csv(file: Any, plan: Plan, contents: Contents) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    kinds = plan.columns
    writer.writerow((*_CELL, *kinds))
    for batch in _batches(plan, contents):
        columns = [
            [json.dumps(one) for one in values] if kinds.get(name) == "list" else values
            for name, values in batch.items()
        ]
        writer.writerows(zip(*columns, strict=True))
    text.detach()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ValueError("a .parquet file needs pyarrow; install rmtjac[tables], or choose .csv") from None
    return pa, pq


def _load_parquet(path: Path) -> SweepTable:
    if not path.is_file():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file")
    _, pq = _pyarrow()
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata.metadata
            found = file.read()
        facts = json.loads(found.schema.metadata[b"rmtjac"])
        digest = _Digest(facts)
        kinds = facts.pop("kinds")
        columns = {}
        for name in (*_CELL, *kinds):
            values = found.column(name).to_pylist()
            for start in range(0, len(values), _BATCH):
                digest.add(name, values[start : start + _BATCH])
            columns[name] = _array(values, kinds.get(name))
        if metadata.get(_DIGEST, digest.text()) != digest.text():  # versions before wrote none
            raise ValueError("its content is not what was collected")
        return SweepTable(columns, kinds, facts)
    except Exception as error:  # whatever pyarrow makes of other bytes
        raise ValueError(f"path={str(path)!r} is not a file that `collect` wrote, or it is damaged") from error


class _Digest:
    """Of facts and columns, whatever the batches in which these come: Parquet has no checksum of its own."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = json.dumps(facts, sort_keys=True)
        self._columns: dict[str, Any] = {}

    def add(self, name: str, values: list[Any]) -> None:
        """Take in more values of a column."""
        column = self._columns.setdefault(name, hashlib.sha256())
        column.update(json.dumps(values)[1:-1].encode() + b", ")

    def text(self) -> bytes:
        """Return the digest."""
        columns = {name: one.hexdigest() for name, one in self._columns.items()}
        return hashlib.sha256(f"{self._facts} {json.dumps(columns, sort_keys=True)}".encode()).hexdigest().encode()


def _write_parquet(file: Any, plan: Plan, contents: Contents) -> None:
    pa, pq = _pyarrow()
    facts = {**_facts(plan, contents), "kinds": plan.columns}
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "list": pa.list_(pa.float64())}
    fields = [("convention", pa.string()), ("width", pa.int64()), ("depth", pa.int64())]
    fields += [(name, types[kind]) for name, kind in plan.columns.items()]
    schema = pa.schema(fields, metadata={"rmtjac": json.dumps(facts)})
    digest = _Digest(facts)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(plan, contents):
            writer.write_table(pa.table(batch, schema=schema))
            for name, values in batch.items():
                digest.add(name, values)
        if hasattr(writer, "add_key_value_metadata"):  # older versions of pyarrow cannot say more at the end
            writer.add_key_value_metadata({_DIGEST: digest.text()})

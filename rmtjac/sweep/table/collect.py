"""Make the table of a sweep from its records, in memory or in one file.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import write_atomically
from rmtjac.sweep.plans import Plan, read_plan
from rmtjac.sweep.store import Contents, read_rows, scan
from rmtjac.sweep.table.parquet import BATCH, read_parquet, write_parquet
from rmtjac.sweep.table.sweep_table import CELL, SweepTable, column_array
from rmtjac.validate import output_path

__all__ = ["collect", "load"]


def load(folder: str | Path) -> SweepTable:
    """Read what a sweep has found so far.

    Parameters
    ----------
    folder : str or Path
        The folder of the sweep, or the ``.parquet`` file that `collect` wrote.

    Returns
    -------
    SweepTable
        One row for each network that was measured, in the order of the plan.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan, or there is no such file.
    ValueError
        If units were done twice with different results, or the file is not one of `collect`.

    See Also
    --------
    collect : Write the table to one file.

    References
    ----------
    BS Section IV: the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=20, block=10)
    >>> _ = rj.sweep.run(folder, "serial", max_units=2)
    >>> rj.sweep.load(folder)["network"].size
    20
    """
    if Path(folder).suffix == ".parquet":
        return read_parquet(Path(folder))
    plan, contents = _checked(folder)
    kinds = plan.columns
    columns: dict[str, list[Any]] = {name: [] for name in (*CELL, *kinds)}
    for batch in _batches(plan, contents):
        for name, values in batch.items():
            columns[name] += values
    arrays = {name: column_array(values, kinds.get(name)) for name, values in columns.items()}
    return SweepTable(arrays, kinds, _facts(plan, contents))


def collect(folder: str | Path, out: str | Path) -> Path:
    """Write what a sweep has found so far to one file.

    The rows are in the order of the plan, not in that in which they were measured. Equal results give equal ``.csv``
    files.

    Parameters
    ----------
    folder : str or Path
        The folder of the sweep.
    out : str or Path
        The file to write: ``.parquet`` (needs pyarrow, extra ``tables``) or ``.csv``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan, or the folder of `out` does not exist.
    ValueError
        If units were done twice with different results, or `out` has another ending.

    See Also
    --------
    load : Read the table into memory.

    Notes
    -----
    The time is proportional to the number of networks. The memory is not: 20,000 rows are held at a time.

    References
    ----------
    BS Section IV: the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=20, block=10)
    >>> _ = rj.sweep.run(folder, "serial")
    >>> path = rj.sweep.collect(folder, folder + "/all.csv")
    >>> path.read_text().splitlines()[0]
    'convention,width,depth,network,stable,saddles,repellers,index_sum,complete,continua'
    """
    path = output_path("out", out)
    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"out={str(out)!r} must end in .parquet or .csv")
    plan, contents = _checked(folder)
    batches = _batches(plan, contents)
    if path.suffix == ".csv":
        return write_atomically(path, lambda file: _write_csv(file, plan.columns, batches))
    return write_atomically(path, lambda file: write_parquet(file, plan.columns, _facts(plan, contents), batches))


def _checked(folder: str | Path) -> tuple[Plan, Contents]:
    """Return plan and store of a sweep; raise a ValueError if records disagree."""
    plan = read_plan(folder)
    contents = scan(plan)
    if contents.differing:
        what = f"; there are {' and '.join(contents.mixed)}" if contents.mixed else ""
        raise ValueError(
            f"folder={str(folder)!r}: {len(contents.differing)} units were done twice with different results, first "
            f"{contents.differing[0]}{what}; remove one record of each of these units"
        )
    return plan, contents


def _batches(plan: Plan, contents: Contents) -> Iterator[dict[str, list[Any]]]:
    """Yield the columns of up to `BATCH` rows at a time, in the order of the plan."""
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
                f"with {', '.join(names[1:])}; other code wrote it; remove the records of that code and run again"
            )
        rows += [[cell.convention, cell.width, cell.depth, *row] for row in found]
        if len(rows) >= BATCH:
            yield dict(zip((*CELL, *names), map(list, zip(*rows, strict=True)), strict=True))
            rows = []
    if rows:
        yield dict(zip((*CELL, *names), map(list, zip(*rows, strict=True)), strict=True))


def _fits(rows: Any, start: int, stop: int, width: int) -> bool:
    """Return whether rows are those of networks `start` to `stop` (exclusive), with `width` columns."""
    try:
        if len(rows) != stop - start:
            return False
        return all(len(row) == width and row[0] == number for number, row in enumerate(rows, start))
    except (KeyError, TypeError):
        return False


def _facts(plan: Plan, contents: Contents) -> dict[str, Any]:
    """Return what a table was made from: the plan, whether it is complete, damage, and who wrote the records."""
    writers = {json.dumps({k: w.get(k) for k in ("cpu", "versions")}, sort_keys=True) for w in contents.writers}
    return {
        "plan": plan.to_dict(),
        "complete": bool(contents.done.all()),
        "mixed": contents.mixed,
        "damage": contents.damage,
        "writers": [json.loads(one) for one in sorted(writers)],
    }


def _write_csv(file: Any, kinds: dict[str, str], batches: Iterator[dict[str, list[Any]]]) -> None:
    """Write a table to an open file; lists are written as JSON."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*CELL, *kinds))
    for batch in batches:
        columns = [
            [json.dumps(one) for one in values] if kinds.get(name) == "list" else values
            for name, values in batch.items()
        ]
        writer.writerows(zip(*columns, strict=True))
    text.detach()

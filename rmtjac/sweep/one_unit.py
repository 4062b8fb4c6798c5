"""One unit of work: its networks are drawn and measured, and its record is written."""

from __future__ import annotations

import math
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.rng import stream
from rmtjac.sweep.measurements import resolve
from rmtjac.sweep.plans import Plan, Unit, read_plan
from rmtjac.sweep.records import Writer

__all__ = ["close", "do", "measure", "rows"]

_open: dict[str, tuple[Plan, Writer]] = {}  # plan and writer of this process, by folder
_lock = threading.Lock()


def measure(plan: Plan, ensemble: Ensemble, root: np.random.SeedSequence, network: int) -> list[Any]:
    """Return the row of one network: its number, then what is measured, in the order of `Plan.columns`.

    Raises
    ------
    ValueError
        If a measurement returns other columns than it declares, or a value that a record cannot hold.
    """
    net = ensemble.draw(stream(root, network))
    row: list[Any] = [network]
    for name, options in plan.measures.items():
        function = resolve(name)
        # Each measurement has its own stream, so its draws do not depend on the other measurements.
        found = function(net, stream(root, network, zlib.crc32(name.encode())), **options)
        columns = function.columns  # type: ignore[attr-defined]
        if set(found) != set(columns):
            raise ValueError(f"measure={name!r} returned {sorted(found)}; it declares {sorted(columns)}")
        row += [_plain(f"{name}: {column}", found[column], kind) for column, kind in columns.items()]
    return row


def _plain(name: str, value: Any, kind: str) -> Any:
    """Return a value in a form that JSON has; None stands for NaN."""
    if kind == "list":
        return [_plain(name, one, "float") for one in value]
    if kind == "bool":
        return bool(value)
    if kind == "int":
        if int(value) != value:
            raise ValueError(f"{name}={value!r} must be a whole number")
        return int(value)
    number = float(value)
    if math.isinf(number):
        raise ValueError(f"{name}={value!r} must be finite, or NaN")
    return None if math.isnan(number) else number


def rows(plan: Plan, unit: Unit) -> list[list[Any]]:
    """Return the rows of all networks of a unit."""
    ensemble, root = Ensemble.from_dict(unit.cell.ensemble), unit.cell.root(plan.seed)
    return [measure(plan, ensemble, root, i) for i in range(unit.start, unit.stop)]


def do(folder: str, number: int) -> float:
    """Do one unit, write its record, and return the seconds that it took. Workers call this.

    Raises
    ------
    ValueError
        If the code is not the code that the plan was made with (`Plan.check_code`).
    OSError
        If the record cannot be written.
    """
    with _lock:  # a worker of Dask may have several threads
        if folder not in _open:
            plan = read_plan(folder)
            plan.check_code(loaded=True)
            _open[folder] = plan, Writer(Path(folder), plan.digest)
        plan, writer = _open[folder]
    unit = plan.unit(number)
    start = time.perf_counter()
    found = rows(plan, unit)
    taken = time.perf_counter() - start
    try:
        writer.write(unit.key, found, taken)
    except OSError:
        _open.pop(folder, None)  # a torn record must stay the last of its file
        raise
    return taken


def close(folder: str) -> None:
    """Close the writer that this process has opened in a folder, if there is one."""
    if folder in _open:
        _open.pop(folder)[1].close()

"""The plan of a sweep: which networks, what is measured on each, and the units of work these are cut into.

A plan is one JSON file. A unit is a block of networks of one cell (an ensemble). Its key is the sha256 of the canonical
JSON of everything that decides its result: ensemble, seed, networks, measurements, and the code that measures. The
network i of a cell is drawn from a stream that only the seed, the ensemble and i decide, so it is the same in any plan,
order or number of workers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import versions
from rmtjac.sweep.measurements import resolve
from rmtjac.validate import positive_int

__all__ = ["PLAN", "Cell", "Plan", "Unit", "canonical", "code_version", "read_plan"]

PLAN = "plan.json"
_FORMAT = 1
# What draws and measures networks; not what hands out, stores or shows.
_DECIDING = (
    "activations/*.py", "ensemble.py", "laws.py", "network.py", "rng.py", "kernels/*.py", "fixed_points/*.py",
    "sweep/measurements.py", "sweep/work.py",
)  # fmt: skip


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the version of the package and a hash of the sources that decide results: others may give others."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    found = {pattern: list(root.glob(pattern)) for pattern in _DECIDING}
    for pattern, paths in found.items():
        if not paths:
            raise RuntimeError(f"no source of rmtjac matches {pattern!r}, which decides results")
    for path in sorted(path for paths in found.values() for path in paths):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{versions()['rmtjac']}+{digest.hexdigest()[:12]}"


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Cell:
    """One ensemble of a sweep.

    Attributes
    ----------
    convention
        Its name in tables and pictures.
    width, depth
        N and L in tables and pictures.
    ensemble
        As in `Ensemble.to_dict`.
    block
        Networks in a unit.
    """

    convention: str
    width: int
    depth: int
    ensemble: dict[str, Any]
    block: int

    def root(self, entropy: int) -> np.random.SeedSequence:
        """Return the root of its streams: pass it as `rng` to `rmtjac.count_fixed_points` to redraw the networks."""
        digest = hashlib.sha256(canonical(self.ensemble).encode()).digest()
        return np.random.SeedSequence(entropy, spawn_key=(int.from_bytes(digest[:8], "big"),))


@dataclass(frozen=True)
class Unit:
    """Networks ``start`` to ``stop`` (exclusive) of one cell."""

    key: str
    cell: Cell
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Plan:
    """What a sweep does; see `rmtjac.sweep.plan`.

    Attributes
    ----------
    folder
        Where it is stored.
    cells
        The ensembles.
    seeds
        Networks of each.
    entropy
        The seed of the whole sweep.
    measures
        Names of the measurements, each with its options.
    code
        Version of the code that made it, and that must do it.
    """

    folder: Path
    cells: tuple[Cell, ...]
    seeds: int
    entropy: int
    measures: dict[str, dict[str, Any]]
    code: str

    @cached_property
    def columns(self) -> dict[str, str]:
        """Columns of the result and their kinds, the number of the network first."""
        out = {"network": "int"}
        for name in self.measures:
            new = resolve(name).columns  # type: ignore[attr-defined]
            if set(new) & set(out):
                raise ValueError(f"measure={name!r} fills columns that exist: {', '.join(sorted(set(new) & set(out)))}")
            out |= new
        return out

    @cached_property
    def firsts(self) -> np.ndarray:
        """Number of the first unit of each cell, and at the end that of all units."""
        return np.concatenate([[0], np.cumsum([-(-self.seeds // cell.block) for cell in self.cells])]).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of units."""
        return int(self.firsts[-1])

    @cached_property
    def keys(self) -> np.ndarray:
        """Keys of all units: sha256 digests, dtype V32."""
        out = np.empty(len(self), dtype="V32")
        for c, cell in enumerate(self.cells):
            head = hashlib.sha256(self._head(cell).encode())
            for j, u in enumerate(range(self.firsts[c], self.firsts[c + 1])):
                out[u] = np.void(self._digest(head, cell, j).digest())
        return out

    def _head(self, cell: Cell) -> str:
        # The names too: two cells may have one ensemble (at L = 1 the width N plays no part).
        name = [cell.convention, cell.width, cell.depth]
        facts = {"cell": name, "code": self.code, "ensemble": cell.ensemble, "entropy": self.entropy}
        return canonical(facts | {"measures": self.measures})[:-1] + ',"networks":'  # the last key in order

    def _digest(self, head: Any, cell: Cell, block: int) -> Any:
        digest = head.copy()
        start = block * cell.block
        digest.update(f"[{start},{min(start + cell.block, self.seeds)}]}}".encode())
        return digest

    def spread(self, numbers: np.ndarray) -> np.ndarray:
        """Return units in the order in which they are best done: the first block of each cell, then the second."""
        places = np.searchsorted(self.firsts, numbers, side="right") - 1
        return numbers[np.lexsort((places, numbers - self.firsts[places]))]

    def cell(self, number: int) -> Cell:
        """Return the cell of the unit of this number."""
        return self.cells[self._place(number)]

    def _place(self, number: int) -> int:
        if not 0 <= number < len(self):
            raise ValueError(f"number={number} must be that of a unit, 0 to {len(self) - 1}")
        return int(np.searchsorted(self.firsts, number, side="right")) - 1

    def unit(self, number: int) -> Unit:
        """Return the unit of this number."""
        c = self._place(number)
        cell, block = self.cells[c], number - int(self.firsts[c])
        key = self._digest(hashlib.sha256(self._head(cell).encode()), cell, block).hexdigest()
        return Unit(key, cell, block * cell.block, min((block + 1) * cell.block, self.seeds))

    @cached_property
    def digest(self) -> str:
        """Return the sha256 of the plan."""
        return hashlib.sha256(canonical(self.to_dict()).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return {
            "format": _FORMAT,
            "cells": [asdict(cell) for cell in self.cells],
            "seeds": self.seeds,
            "entropy": self.entropy,
            "measures": self.measures,
            "code": self.code,
        }

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(cell.convention for cell in self.cells))
        return (
            f"Plan({len(self.cells)} cells ({names}) of {self.seeds} networks, {len(self)} units, "
            f"{' and '.join(self.measures)}, seed {self.entropy})"
        )


def read_plan(folder: str | Path) -> Plan:
    """Read the plan of a folder.

    Raises
    ------
    FileNotFoundError
        If the folder holds none.
    ValueError
        If the file is damaged, or not a plan.
    """
    path = Path(folder)
    if not (path / PLAN).is_file():
        raise FileNotFoundError(f"folder={str(path)!r} holds no {PLAN}; make a plan first (rmtjac sweep plan)")
    try:
        facts = json.loads((path / PLAN).read_text())
        if facts["format"] != _FORMAT:
            raise ValueError(
                f"folder={str(path)!r}: its plan has format {facts['format']}; this version reads {_FORMAT}"
            )
        cells = tuple(Cell(**cell) for cell in facts["cells"])
        for cell in cells:
            positive_int("block", cell.block)
        seeds, entropy = positive_int("seeds", facts["seeds"]), int(facts["entropy"])
        return Plan(path, cells, seeds, entropy, dict(facts["measures"]), str(facts["code"]))
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"folder={str(path)!r}: {PLAN} is damaged, or no plan: {error!r}") from None

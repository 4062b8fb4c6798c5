"""The plan of a sweep: which networks, what is measured on each, and the units of work these are cut into.

A plan is one JSON file. A unit is a block of networks of one cell (an ensemble). Its key is the sha256 of the canonical
JSON of everything that decides its result: ensemble, seed, networks, measurements, and the code that measures (this
package's, and the sources of measurements of the user's own). The
network i of a cell is drawn from a stream that only the seed, the ensemble and i decide, so it is the same in any plan,
order or number of workers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import versions
from rmtjac.rng import RngLike, as_seed_sequence, child, seed_from_facts
from rmtjac.sweep.measurements import KINDS, resolve
from rmtjac.sweep.sources import changes, describe, stale
from rmtjac.validate import positive_int

__all__ = ["PLAN", "Cell", "Plan", "Unit", "canonical", "code_version", "read_plan"]

PLAN = "plan.json"
_FORMAT = 1
# What draws and measures networks; not what hands out, stores or shows.
_DECIDING = (
    "activations/**/*.py", "ensemble.py", "laws.py", "network.py", "rng.py", "kernels/**/*.py",
    "fixed_points/**/*.py", "sweep/measurements.py", "sweep/one_unit.py",
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

    def root(self, seed: RngLike) -> np.random.SeedSequence:
        """Return the root of its streams: pass it as `rng` to `rmtjac.count_fixed_points` to redraw the networks.

        `seed` is that of the sweep (`Plan.seed`).
        """
        digest = hashlib.sha256(canonical(self.ensemble).encode()).digest()
        return child(as_seed_sequence(seed), int.from_bytes(digest[:8], "big"))


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
        The seed of the whole sweep, as JSON has it: a whole number, a list of them, or all that makes the seed
        (`rmtjac.rng.seed_facts`) if that is more than its entropy.
    measures
        Names of the measurements, each with its options.
    code
        Version of the code that made it, and that must do it.
    measured
        Of measurements of one's own: columns and sources, as `rmtjac.sweep.sources.describe` has them.
    """

    folder: Path
    cells: tuple[Cell, ...]
    seeds: int
    entropy: Any
    measures: dict[str, dict[str, Any]]
    code: str
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def seed(self) -> np.random.SeedSequence:
        """The seed of the whole sweep."""
        return seed_from_facts(self.entropy)

    @cached_property
    def columns(self) -> dict[str, str]:
        """Columns of the result and their kinds, the number of the network first."""
        out = {"network": "int"}
        for name in self.measures:
            known = self.measured.get(name)
            # As they were when the plan was made: what is done can be read without the measurement.
            new = resolve(name).columns if known is None else dict(known["columns"])  # type: ignore[attr-defined]
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
                start = j * cell.block
                out[u] = np.void(self._digest(head, start, min(start + cell.block, self.seeds)).digest())
        return out

    @cached_property
    def _heads(self) -> dict[int, Any]:
        """Of cells whose units were asked for: what the keys of all their units begin with, digested."""
        return {}

    def _head(self, cell: Cell) -> str:
        # The names too: two cells may have one ensemble (at L = 1 the width N plays no part).
        name = [cell.convention, cell.width, cell.depth]
        facts = {"cell": name, "code": self.code, "ensemble": cell.ensemble, "entropy": self.entropy}
        if self.measured:
            facts["measured"] = self.measured
        return canonical(facts | {"measures": self.measures})[:-1] + ',"networks":'  # the last key in order

    @staticmethod
    def _digest(head: Any, start: int, stop: int) -> Any:
        digest = head.copy()
        digest.update(f"[{start},{stop}]}}".encode())
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
        place = self._place(number)
        cell = self.cells[place]
        start = (number - int(self.firsts[place])) * cell.block
        stop = min(start + cell.block, self.seeds)
        if place not in self._heads:
            self._heads[place] = hashlib.sha256(self._head(cell).encode())
        key = self._digest(self._heads[place], start, stop).hexdigest()
        return Unit(key, cell, start, stop)

    @cached_property
    def digest(self) -> str:
        """Return the sha256 of the plan."""
        return hashlib.sha256(canonical(self.to_dict()).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        facts = {
            "format": _FORMAT,
            "cells": [asdict(cell) for cell in self.cells],
            "seeds": self.seeds,
            "entropy": self.entropy,
            "measures": self.measures,
            "code": self.code,
        }
        return {**facts, "measured": self.measured} if self.measured else facts

    def check_code(self, loaded: bool = False) -> None:
        """Check that the code here is the one that the plan was made with, and (`loaded`) that this process runs it.

        Raises
        ------
        ValueError
            If it is not.
        """
        folder = f"folder={str(self.folder)!r}"
        if self.code != code_version():
            raise ValueError(
                f"{folder}: its plan was made with rmtjac {self.code}, this is {code_version()}; "
                "results would not be comparable, make a new plan"
            )
        for name, before in self.measured.items():
            now = describe(name)
            if what := changes(before, now):
                raise ValueError(
                    f"{folder}: measure={name!r} was edited after the plan was made ({what}); rows of before and after "
                    "would be mixed: put it back as it was, or make a new plan in a new folder"
                )
            if loaded and (module := stale(now)):
                raise ValueError(
                    f"{folder}: measure={name!r}: {module} was edited after this process had loaded it; "
                    "start Python (or the workers) again"
                )

    @property
    def unseen(self) -> list[str]:
        """Measurements whose edits cannot be noticed, a line each."""
        return [f"measure={name!r}: {one['unseen']}" for name, one in self.measured.items() if one.get("unseen")]

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
            raise _OtherFormatError(facts["format"])
        cells = tuple(_cell(cell) for cell in facts["cells"])
        seeds, entropy = positive_int("seeds", facts["seeds"]), facts["entropy"]
        seed_from_facts(entropy)
        measures, measured = dict(facts["measures"]), dict(facts.get("measured", {}))
        for options in measures.values():
            dict(**options)
        for one in measured.values():
            if not all(isinstance(name, str) and kind in KINDS for name, kind in one["columns"]):
                raise ValueError("columns")
            dict(**one["modules"])
        return Plan(path, cells, seeds, entropy, measures, str(facts["code"]), measured)
    except _OtherFormatError as error:
        raise ValueError(f"folder={str(path)!r}: its plan has format {error}; this version reads {_FORMAT}") from None
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"folder={str(path)!r}: {PLAN} is damaged, or no plan: {error!r}") from None


class _OtherFormatError(Exception):
    pass


def _cell(facts: dict[str, Any]) -> Cell:
    """A cell, of facts that make sense."""
    cell = Cell(**facts)
    for name in ("width", "depth", "block"):
        positive_int(name, getattr(cell, name))
    if not isinstance(cell.convention, str) or not isinstance(cell.ensemble, dict):
        raise TypeError(f"cell={facts!r}")
    return cell

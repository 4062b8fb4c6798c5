"""The plan of a sweep: which networks, what is measured on each, and the units of work that these are cut into.

A unit is a block of networks of one cell. Its key is the SHA-256 of the canonical JSON of all that decides its result:
ensemble, seed, numbers of the networks, measurements, and the code that measures (the code of this package, and the
sources of the user's own measurements).
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.rng import seed_from_facts
from rmtjac.sweep.code_version import code_version
from rmtjac.sweep.measurements import resolve
from rmtjac.sweep.plans.cells import Cell, Unit, canonical
from rmtjac.sweep.sources import changes, describe, stale

__all__ = ["FORMAT", "Plan"]

FORMAT = 1  # the format of the file of a plan


@dataclass(frozen=True, eq=False)
class Plan:
    """Hold what a sweep does.

    Attributes
    ----------
    folder : Path
        The folder that the plan is stored in.
    cells : tuple of Cell
        The ensembles.
    seeds : int
        The number of networks of each cell.
    entropy : int, list or dict
        The seed of the whole sweep, in a form that JSON has: a whole number, a list of whole numbers, or the facts of
        `rmtjac.rng.seed_facts` if the seed is more than its entropy.
    measures : dict of dict
        The options of each measurement, by its name.
    code : str
        The version of the code that made the plan. The same version must do its units.
    measured : dict of dict
        Columns and sources of each measurement of the user's own, as `rmtjac.sweep.sources.describe` returns them.

    See Also
    --------
    plan : Write the plan of a sweep.
    read_plan : Read the plan of a sweep.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> plan = rj.sweep.plan(tempfile.mkdtemp(), widths=[10, 20], depths=2, seeds=50, block=25)
    >>> len(plan), plan.unit(1).start, plan.unit(1).stop
    (4, 25, 50)
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
        """The columns of the result and their kinds; the number of the network is the first."""
        out = {"network": "int"}
        for name in self.measures:
            known = self.measured.get(name)
            # The plan holds the columns, so that results can be read without the code of the measurement.
            new = resolve(name).columns if known is None else dict(known["columns"])  # type: ignore[attr-defined]
            if set(new) & set(out):
                raise ValueError(f"measure={name!r} fills columns that exist: {', '.join(sorted(set(new) & set(out)))}")
            out |= new
        return out

    @cached_property
    def firsts(self) -> np.ndarray:
        """The number of the first unit of each cell, then the number of all units; shape (cells + 1,)."""
        return np.concatenate([[0], np.cumsum([-(-self.seeds // cell.block) for cell in self.cells])]).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of units."""
        return int(self.firsts[-1])

    @cached_property
    def keys(self) -> np.ndarray:
        """The keys of all units as SHA-256 digests, shape (units,), dtype V32."""
        out = np.empty(len(self), dtype="V32")
        for c, cell in enumerate(self.cells):
            head = hashlib.sha256(self._head(cell).encode())
            for j, u in enumerate(range(self.firsts[c], self.firsts[c + 1])):
                start = j * cell.block
                out[u] = np.void(self._digest(head, start, min(start + cell.block, self.seeds)).digest())
        return out

    @cached_property
    def _heads(self) -> dict[int, Any]:
        """The digested beginning of the keys of each cell, by the place of the cell; each is computed when needed."""
        return {}

    def _head(self, cell: Cell) -> str:
        """Return the JSON that the keys of all units of a cell begin with."""
        # The names count too: two cells may have the same ensemble (at L = 1 the width N plays no part).
        name = [cell.convention, cell.width, cell.depth]
        facts = {"cell": name, "code": self.code, "ensemble": cell.ensemble, "entropy": self.entropy}
        if self.measured:
            facts["measured"] = self.measured
        return canonical(facts | {"measures": self.measures})[:-1] + ',"networks":'  # the last key in sorted order

    @staticmethod
    def _digest(head: Any, start: int, stop: int) -> Any:
        """Return the hash object of the key of a unit."""
        digest = head.copy()
        digest.update(f"[{start},{stop}]}}".encode())
        return digest

    def spread(self, numbers: np.ndarray) -> np.ndarray:
        """Return units in the order in which to do them: the first block of each cell, then the second, and so on.

        Parameters
        ----------
        numbers : ndarray of int, shape (k,)
            Numbers of units.

        Returns
        -------
        ndarray of int, shape (k,)
            The same numbers in that order.
        """
        places = np.searchsorted(self.firsts, numbers, side="right") - 1
        return numbers[np.lexsort((places, numbers - self.firsts[places]))]

    def cell(self, number: int) -> Cell:
        """Return the cell of a unit.

        Parameters
        ----------
        number : int
            The number of the unit, 0 to ``len(plan) - 1``.

        Returns
        -------
        Cell
            The cell.

        Raises
        ------
        ValueError
            If there is no such unit.
        """
        return self.cells[self._place(number)]

    def _place(self, number: int) -> int:
        """Return the place of the cell of a unit."""
        if not 0 <= number < len(self):
            raise ValueError(f"number={number} must be the number of a unit, 0 to {len(self) - 1}")
        return int(np.searchsorted(self.firsts, number, side="right")) - 1

    def unit(self, number: int) -> Unit:
        """Return a unit by its number.

        Parameters
        ----------
        number : int
            The number of the unit, 0 to ``len(plan) - 1``.

        Returns
        -------
        Unit
            Its networks and its key.

        Raises
        ------
        ValueError
            If there is no such unit.
        """
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
        """The SHA-256 of the plan, in hexadecimal digits."""
        return hashlib.sha256(canonical(self.to_dict()).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return a description that JSON can hold."""
        facts = {
            "format": FORMAT,
            "cells": [asdict(cell) for cell in self.cells],
            "seeds": self.seeds,
            "entropy": self.entropy,
            "measures": self.measures,
            "code": self.code,
        }
        return {**facts, "measured": self.measured} if self.measured else facts

    def check_code(self, loaded: bool = False) -> None:
        """Check that the code on the disk is the code that the plan was made with.

        Parameters
        ----------
        loaded : bool, default False
            Whether to check also that this process runs that code.

        Raises
        ------
        ValueError
            If the code differs.
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
                    f"{folder}: measure={name!r} was edited after the plan was made ({what}); rows of the old and the "
                    "new code would be mixed: undo the edit, or make a new plan in a new folder"
                )
            if loaded and (module := stale(now)):
                raise ValueError(
                    f"{folder}: measure={name!r}: {module} was edited after this process had loaded it; "
                    "start Python (or the workers) again"
                )

    @property
    def unseen(self) -> list[str]:
        """The measurements whose edits cannot be noticed, one text each."""
        return [f"measure={name!r}: {one['unseen']}" for name, one in self.measured.items() if one.get("unseen")]

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(cell.convention for cell in self.cells))
        return (
            f"Plan({len(self.cells)} cells ({names}) of {self.seeds} networks, {len(self)} units, "
            f"{' and '.join(self.measures)}, seed {self.entropy})"
        )

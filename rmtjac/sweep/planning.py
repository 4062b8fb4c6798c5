"""The plan of a sweep: which networks, what is measured on each, and the units of work these are cut into.

A plan is one JSON file. A unit is a block of networks of one cell (an ensemble). Its key is the sha256 of the canonical
JSON of everything that decides its result: ensemble, seed, networks, measurements, and the code that measures. The
network i of a cell is drawn from a stream that only the seed, the ensemble and i decide, so it is the same in any plan,
order or number of workers.
"""

from __future__ import annotations

import hashlib
import json
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import versions, write_atomically
from rmtjac.ensemble import Ensemble
from rmtjac.rng import as_seed_sequence
from rmtjac.sweep.measurements import resolve
from rmtjac.validate import positive_int

__all__ = ["PLAN", "Cell", "Plan", "Unit", "code_version", "plan", "plan_from_toml", "read_plan"]

PLAN = "plan.json"
_FORMAT = 1
_BLOCK_SECONDS = 2.0  # what a unit should take
_LARGEST_BLOCK = 1000


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the version of the package and a hash of its sources: other code may give other results."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        if not path.name.startswith("cli") and path.parent.name not in ("plotting", "theory"):
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


def _numbers(name: str, values: int | Iterable[int]) -> list[int]:
    listed = [values] if isinstance(values, int) else list(values)
    out = list(dict.fromkeys(positive_int(f"{name}[{i}]", value) for i, value in enumerate(listed)))
    if not out:
        raise ValueError(f"{name}={values!r} must list at least one positive whole number")
    return out


def _ensemble(name: str, facts: Mapping[str, Any], width: int, depth: int) -> Ensemble:
    """Widths [n, N, ..., N, n] by given laws, or a convention of BS."""
    rest = dict(facts)
    try:
        if "weights" not in rest:
            return Ensemble.berlyand_slavin(width, depth, **rest)
        n = positive_int(f"conventions[{name!r}]['inputs']", rest.pop("inputs", 2))
        widths = [n, *[width] * (depth - 1), n]
        return Ensemble(
            widths, rest.pop("activation", "hardtanh"), rest.pop("weights"), rest.pop("biases", None), **rest
        )
    except TypeError as error:
        raise ValueError(
            f"conventions[{name!r}]={dict(facts)!r} takes law, fan, biases, activation (as Ensemble.berlyand_slavin), "
            f"or weights, biases, activation, inputs: {error}"
        ) from None


def _cells(
    widths: list[int], depths: list[int], conventions: Mapping[str, Mapping[str, Any]], ensembles: Sequence[Ensemble]
) -> list[Cell]:
    cells = [
        Cell(name, width, depth, _ensemble(name, facts, width, depth).to_dict(), 1)
        for name, facts in conventions.items()
        for width, depth in product(widths, depths)
    ]
    cells += [Cell(f"ensemble {i}", max(one.widths), one.depth, one.to_dict(), 1) for i, one in enumerate(ensembles)]
    return cells


def plan(
    folder: str | Path,
    widths: int | Iterable[int] = (),
    depths: int | Iterable[int] = (),
    conventions: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    ensembles: Sequence[Ensemble] = (),
    seeds: int = 200,
    measures: str | Sequence[str] | Mapping[str, Mapping[str, Any]] = ("fixed_points",),
    rng: int = 0,
    block: int | None = None,
    progress: bool = False,
) -> Plan:
    """Write the plan of a sweep to a folder.

    Parameters
    ----------
    folder
        New or empty; or one that holds this very plan.
    widths, depths
        N and L; every pair is a cell of each convention.
    conventions
        By name: the arguments ``law``, ``fan``, ``biases``, ``activation`` of `Ensemble.berlyand_slavin`; or
        ``weights`` and ``biases`` (laws as text), ``activation``, ``inputs`` (n, default 2) for widths
        [n, N, ..., N, n]. Default: the literal reading of BS, ``{"cauchy, fan-in": {}}``.
    ensembles
        Further cells, as they are.
    seeds
        Networks per cell.
    measures
        What to measure on each: names (``"fixed_points"``, ``"grid"``, ``"lyapunov"``, ``"singular_values"``, or
        ``"module:function"``), or names with options.
    rng
        Seed of the whole sweep.
    block
        Networks in a unit. Default: as many as take about two seconds, by the time of two networks of each cell here.
    progress
        Whether to show a bar while these are timed.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If the folder holds another plan, or an argument makes no sense.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> rj.sweep.plan(folder, widths=[10, 20], depths=[1, 2], seeds=50, block=25)
    Plan(4 cells (cauchy, fan-in) of 50 networks, 8 units, fixed_points, seed 0)
    """
    path = Path(folder)
    if conventions is None:
        conventions = {} if ensembles else {"cauchy, fan-in": {}}
    if not isinstance(conventions, Mapping):
        raise TypeError(f"conventions={conventions!r} must map names to settings")
    wanted = measures if isinstance(measures, Mapping) else {name: {} for name in _listed(measures)}
    entropy = as_seed_sequence(rng).entropy
    if not isinstance(entropy, int):
        raise TypeError(f"rng={rng!r} must be a whole number: it is written down in the plan")
    sizes = (_numbers("widths", widths), _numbers("depths", depths)) if conventions else ([], [])
    cells = _cells(*sizes, conventions, ensembles)
    if not cells:
        raise ValueError("conventions={} and ensembles=(): there is nothing to do")
    new = Plan(
        path,
        tuple(cells),
        positive_int("seeds", seeds),
        entropy,
        {k: dict(v) for k, v in wanted.items()},
        code_version(),
    )
    if not new.measures:
        raise ValueError("measures=() must name at least one measurement")
    canonical(new.measures)
    _ = new.columns
    if block is not None:
        blocks = [positive_int("block", block)] * len(cells)
    elif (path / PLAN).is_file():
        blocks = [cell.block for cell in read_plan(path).cells]  # timed then
        blocks = blocks if len(blocks) == len(cells) else [1] * len(cells)
    else:
        blocks = _timed_blocks(new, progress)
    cells = [Cell(**{**asdict(cell), "block": min(one, seeds)}) for cell, one in zip(cells, blocks, strict=True)]
    new = Plan(path, tuple(cells), new.seeds, entropy, new.measures, new.code)
    _write(new)
    return new


def _listed(measures: str | Sequence[str]) -> list[str]:
    return [measures] if isinstance(measures, str) else list(measures)


def _write(new: Plan) -> None:
    if (new.folder / PLAN).exists():
        if read_plan(new.folder).digest != new.digest:
            raise ValueError(f"folder={str(new.folder)!r} holds another plan; choose a new folder")
        return
    if new.folder.exists() and (not new.folder.is_dir() or any(new.folder.iterdir())):
        raise ValueError(f"folder={str(new.folder)!r} is not empty, and holds no plan; choose a new folder")
    new.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(new.to_dict(), indent=1, sort_keys=True)
    write_atomically(new.folder / PLAN, lambda file: file.write(text.encode()))


def _timed_blocks(new: Plan, progress: bool) -> list[int]:
    from tqdm import tqdm

    from rmtjac.sweep.work import measure

    blocks = []
    for cell in tqdm(new.cells, desc="timing", disable=None if progress else True, unit="cell"):
        ensemble, root = Ensemble.from_dict(cell.ensemble), cell.root(new.entropy)
        measure(new, ensemble, root, 0)  # compiles
        start = time.perf_counter()
        for i in (0, 1):
            measure(new, ensemble, root, i)
        taken = 0.5 * (time.perf_counter() - start)
        blocks.append(max(1, min(_LARGEST_BLOCK, round(_BLOCK_SECONDS / taken))))
    return blocks


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
        return Plan(path, cells, facts["seeds"], facts["entropy"], facts["measures"], facts["code"])
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"folder={str(path)!r}: {PLAN} is damaged, or no plan: {error!r}") from None


_TOML = ("widths", "depths", "conventions", "seeds", "measures", "rng", "block")
_SHORT = ("law", "fan", "biases", "activation", "weights", "inputs")


def plan_from_toml(folder: str | Path, path: str | Path, *, progress: bool = False) -> Plan:
    """Write the plan that a TOML file describes.

    Its keys are the arguments of `plan`, with a table ``[conventions.NAME]`` each; or, instead of conventions, the
    settings of one (``activation``, ``weights``, ``biases``, ...) at the top, each a value or a list: all
    combinations.

    Raises
    ------
    ValueError
        If a key is unknown, or the file is no TOML.
    """
    try:
        facts = tomllib.loads(Path(path).read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"path={str(path)!r} is not TOML: {error}") from None
    short = {name: facts.pop(name) for name in _SHORT if name in facts}
    unknown = sorted(set(facts) - set(_TOML))
    if unknown:
        raise ValueError(f"path={str(path)!r}: unknown keys {unknown}; known: {', '.join((*_TOML, *_SHORT))}")
    if short and "conventions" in facts:
        raise ValueError(f"path={str(path)!r}: {sorted(short)} at the top and conventions exclude each other")
    if short:
        choices = [value if isinstance(value, list) else [value] for value in short.values()]
        combinations = [dict(zip(short, values, strict=True)) for values in product(*choices)]
        facts["conventions"] = {", ".join(map(str, one.values())): one for one in combinations}
    return plan(folder, progress=progress, **facts)

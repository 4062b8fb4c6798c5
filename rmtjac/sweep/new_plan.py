"""Making the plan of a sweep, from arguments or from a TOML file.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from rmtjac.ensemble import Ensemble
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.sweep.code_version import code_version
from rmtjac.sweep.one_unit import measure
from rmtjac.sweep.plans import PLAN, Cell, Plan, canonical, read_plan, write_plan
from rmtjac.sweep.sources import describe
from rmtjac.validate import positive_int

__all__ = ["plan", "plan_from_toml"]

_BLOCK_SECONDS = 2.0  # the time that a unit should take
_LARGEST_BLOCK = 1000  # the largest number of networks in a unit
_TIMED = 2  # the number of networks of each cell that are timed


def _numbers(name: str, values: int | Iterable[int]) -> list[int]:
    """Return the distinct positive whole numbers that an argument lists."""
    listed = [values] if isinstance(values, int) else list(values)
    out = list(dict.fromkeys(positive_int(f"{name}[{i}]", value) for i, value in enumerate(listed)))
    if not out:
        raise ValueError(f"{name}={values!r} must list at least one positive whole number")
    return out


def _ensemble(name: str, facts: Mapping[str, Any], width: int, depth: int) -> Ensemble:
    """Return the ensemble of a convention: widths [n, N, ..., N, n] with given laws, or a reading of BS Section IV."""
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
    """Return the cells of all conventions and ensembles, with blocks of one network."""
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
    rng: RngLike = 0,
    block: int | None = None,
    progress: bool = False,
) -> Plan:
    """Write the plan of a sweep to a folder.

    Parameters
    ----------
    folder : str or Path
        A folder that is new or empty, or holds this very plan.
    widths : int or iterable of int, default ()
        The widths N. Every pair of a width and a depth is a cell of each convention.
    depths : int or iterable of int, default ()
        The depths L.
    conventions : mapping of mappings, optional
        Settings by the name of the convention: either ``law``, ``fan``, ``biases`` and ``activation``, the arguments of
        `Ensemble.berlyand_slavin`; or ``weights`` and ``biases`` (laws as text), ``activation`` and ``inputs`` (n,
        default 2) for the widths [n, N, ..., N, n]. Default: BS Section IV read literally, ``{"cauchy, fan-in": {}}``;
        none if `ensembles` are given.
    ensembles : sequence of Ensemble, default ()
        Further cells, one for each ensemble.
    seeds : int, default 200
        The number of networks of each cell.
    measures : str, sequence of str, or mapping, default ("fixed_points",)
        What to measure on each network: names (``"fixed_points"``, ``"grid"``, ``"lyapunov"``, ``"singular_values"``,
        or ``"module:function"``), or options by name.
    rng : int, SeedSequence or Generator, default 0
        The seed of the whole sweep. Children of one seed (``SeedSequence(5).spawn(2)``) make independent sweeps. A
        Generator is advanced, so that each plan gets another seed.
    block : int, optional
        The number of networks in a unit. Default: as many as take about two seconds; two networks of each cell are
        timed here.
    progress : bool, default False
        Whether to show a progress bar while networks are timed.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    TypeError
        If `conventions` is no mapping, or an argument has a wrong type.
    ValueError
        If the folder holds another plan or other files, or the value of an argument is not allowed.

    See Also
    --------
    plan_from_toml : Write the plan that a TOML file describes.
    run : Do the units of a plan.

    Notes
    -----
    Cost: without `block`, the time of about three networks of each cell, to choose the size of the units. With `block`
    the plan is written at once.

    References
    ----------
    BS Section IV: the ensemble and the number of stable fixed points Q. See docs/references.md.

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
    seed = seed_facts(as_seed_sequence(rng))
    entropy = seed if len(seed) > 2 or seed["spawn_key"] else seed["entropy"]  # a bare number if that is the whole seed
    sizes = (_numbers("widths", widths), _numbers("depths", depths)) if conventions else ([], [])
    cells = _cells(*sizes, conventions, ensembles)
    if not cells:
        raise ValueError("conventions={} and ensembles=(): there is nothing to do")
    new = Plan(
        path,
        tuple(cells),
        positive_int("seeds", seeds),
        entropy,
        {name: dict(options) for name, options in sorted(wanted.items())},  # as the file has them
        code_version(),
        {name: found for name in wanted if (found := describe(name))},
    )
    if not new.measures:
        raise ValueError("measures=() must name at least one measurement")
    canonical(new.measures)
    _ = new.columns
    if block is not None:
        blocks = [positive_int("block", block)] * len(cells)
    elif (path / PLAN).is_file():
        blocks = [cell.block for cell in read_plan(path).cells]  # timed when that plan was made
        blocks = blocks if len(blocks) == len(cells) else [1] * len(cells)
    else:
        blocks = _timed_blocks(new, progress)
    sized = (replace(cell, block=min(one, seeds)) for cell, one in zip(cells, blocks, strict=True))
    new = replace(new, cells=tuple(sized))
    write_plan(new)
    return new


def _listed(measures: str | Sequence[str]) -> list[str]:
    """Return names of measurements as a list."""
    return [measures] if isinstance(measures, str) else list(measures)


def _timed_blocks(new: Plan, progress: bool) -> list[int]:
    """Return for each cell the number of networks that take about two seconds."""
    from tqdm import tqdm

    blocks = []
    for cell in tqdm(new.cells, desc="timing", disable=None if progress else True, unit="cell"):
        ensemble, root = Ensemble.from_dict(cell.ensemble), cell.root(new.seed)
        measure(new, ensemble, root, 0)  # the first call may compile
        start = time.perf_counter()
        for i in range(_TIMED):
            measure(new, ensemble, root, i)
        taken = (time.perf_counter() - start) / _TIMED
        blocks.append(max(1, min(_LARGEST_BLOCK, round(_BLOCK_SECONDS / taken))))
    return blocks


# The keys of a TOML file: arguments of `plan`, and settings of one convention.
_TOML = ("widths", "depths", "conventions", "seeds", "measures", "rng", "block")
_SHORT = ("law", "fan", "biases", "activation", "weights", "inputs")


def plan_from_toml(folder: str | Path, path: str | Path, *, progress: bool = False) -> Plan:
    r"""Write the plan that a TOML file describes.

    The keys of the file are arguments of `plan`, with a table ``[conventions.NAME]`` for each convention. In place of
    conventions the file may set ``law``, ``fan``, ``biases``, ``activation``, ``weights`` and ``inputs`` at the top.
    Each is a value or a list of values, and each combination of values is a convention.

    Parameters
    ----------
    folder : str or Path
        A folder that is new or empty, or holds this very plan.
    path : str or Path
        The TOML file.
    progress : bool, default False
        Whether to show a progress bar while networks are timed.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If an argument has a wrong type.
    ValueError
        If a key is unknown, the file is no TOML, or `plan` refuses an argument.

    See Also
    --------
    plan : Write the plan of a sweep.

    References
    ----------
    BS Section IV: the ensemble and the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> text = "widths = [10, 20]\ndepths = 2\nseeds = 50\nblock = 25\nlaw = ['cauchy', 'gaussian']"
    >>> _ = (folder / "sweep.toml").write_text(text)
    >>> rj.sweep.plan_from_toml(folder / "sweep", folder / "sweep.toml")
    Plan(4 cells (cauchy, gaussian) of 50 networks, 8 units, fixed_points, seed 0)
    """
    try:
        facts = tomllib.loads(Path(path).read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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

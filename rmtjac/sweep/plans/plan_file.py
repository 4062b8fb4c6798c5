"""The file of a plan: written once, read by all that work on the sweep.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rmtjac.archive.results import write_atomically
from rmtjac.rng import seed_from_facts
from rmtjac.sweep.measurements import KINDS
from rmtjac.sweep.plans.cells import Cell
from rmtjac.sweep.plans.plan import FORMAT, Plan
from rmtjac.sweep.sources import changes
from rmtjac.validate import positive_int

__all__ = ["PLAN", "read_plan", "write_plan"]

PLAN = "plan.json"


def read_plan(folder: str | Path) -> Plan:
    """Read the plan of a sweep.

    Parameters
    ----------
    folder : str or Path
        The folder of the sweep.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    FileNotFoundError
        If the folder holds no plan.
    ValueError
        If the file is damaged, holds no plan, or was written in another format.

    See Also
    --------
    plan : Write the plan of a sweep.

    References
    ----------
    BS Section IV: the law of the number of stable fixed points Q. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = rj.sweep.plan(folder, widths=10, depths=[1, 2], seeds=50, block=25)
    >>> rj.sweep.read_plan(folder)
    Plan(2 cells (cauchy, fan-in) of 50 networks, 4 units, fixed_points, seed 0)
    """
    path = Path(folder)
    if not (path / PLAN).is_file():
        raise FileNotFoundError(f"folder={str(path)!r} holds no {PLAN}; make a plan first (rmtjac sweep plan)")
    try:
        facts = json.loads((path / PLAN).read_text())
        if facts["format"] == FORMAT:
            return _plan(path, facts)
        other = facts["format"]
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"folder={str(path)!r}: {PLAN} is damaged, or no plan: {error!r}") from None
    raise ValueError(f"folder={str(path)!r}: its plan has format {other}; this version reads {FORMAT}")


def _plan(folder: Path, facts: dict[str, Any]) -> Plan:
    """Return the plan that a file describes, or raise what is wrong with the description."""
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
    return Plan(folder, cells, seeds, entropy, measures, str(facts["code"]), measured)


def _cell(facts: dict[str, Any]) -> Cell:
    """Return the cell that a file describes, or raise what is wrong with the description."""
    cell = Cell(**facts)
    for name in ("width", "depth", "block"):
        positive_int(name, getattr(cell, name))
    if not isinstance(cell.convention, str) or not isinstance(cell.ensemble, dict):
        raise TypeError(f"cell={facts!r}")
    return cell


def write_plan(new: Plan) -> None:
    """Write a plan to its folder, which is new or empty, or holds this plan already.

    Raises
    ------
    ValueError
        If the folder holds another plan, or other files.
    """
    folder = new.folder
    if (folder / PLAN).exists():
        there = read_plan(folder)
        if there.digest != new.digest:
            raise ValueError(
                f"folder={str(folder)!r} holds another plan; choose a new folder (different: "
                f"{', '.join(_differences(there, new))})"
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"folder={str(folder)!r} is not empty, and holds no plan; choose a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(new.to_dict(), indent=1, sort_keys=True)
    write_atomically(folder / PLAN, lambda file: file.write(text.encode()))


def _differences(there: Plan, new: Plan) -> list[str]:
    """Return what differs between two plans: names of facts, and measurements whose source was edited."""
    old, now = there.to_dict(), new.to_dict()
    out = [name for name in now if name != "measured" and old.get(name) != now[name]]
    for name, one in new.measured.items():
        if name in there.measured and (edits := changes(there.measured[name], one)):
            out.append(f"measure={name!r}, which was edited since: {edits}")
    return out

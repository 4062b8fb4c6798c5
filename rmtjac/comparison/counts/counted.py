"""Counts of fixed points from a sweep or from single calls, as cells of one form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.fixed_points.count import FixedPointCounts
from rmtjac.fixed_points.expected.identity import ensemble_of, hidden_std
from rmtjac.network import short_widths
from rmtjac.sweep.table import SweepTable

__all__ = ["Cell", "counted_cells"]

_KINDS = ("saddles", "repellers")
_STABLE = ("stable", "attracting")  # columns of a sweep that can hold the number of stable points


@dataclass(frozen=True, eq=False)
class Cell:
    """Hold the counts of the networks of one ensemble.

    `numbers` has total, stable, saddles and repellers, shape (4, M), and NaN for what was not counted. `width` is N, or
    the largest width if no sweep names N. `seed` names the random stream, if it is known: cells with the same ensemble
    and the same seed hold the same networks.
    """

    name: str
    convention: str
    width: int
    ensemble: Ensemble
    numbers: np.ndarray
    complete: np.ndarray
    seed: str | None


def counted_cells(counted: Any) -> list[Cell]:
    """Return the cells of a table of a sweep, of counts, or of a list or dict of them.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If it is empty, or does not say which ensembles were counted.
    """
    cells = list(_cells(counted, ""))
    if not cells:
        raise ValueError("sample holds no networks")
    return cells


def _cells(counted: Any, name: str) -> Iterator[Cell]:
    """Return cells one by one; `name` is the key under which they stand."""
    if isinstance(counted, FixedPointCounts):
        yield _of_counts(counted, name)
    elif isinstance(counted, SweepTable):
        yield from _of_table(counted, name)
    elif isinstance(counted, Mapping):
        for key, one in counted.items():
            yield from _cells(one, f"{name} {key}".strip())
    elif isinstance(counted, Sequence) and not isinstance(counted, str):
        for one in counted:
            yield from _cells(one, name)
    else:
        raise TypeError(f"sample={counted!r} must be a SweepTable, FixedPointCounts, or a list or dict of them")


def _of_counts(counts: FixedPointCounts, name: str) -> Cell:
    """Return the cell of one result of `count_fixed_points`."""
    ensemble = ensemble_of(counts.facts)
    if ensemble is None:
        raise ValueError(f"{name or repr(counts)}: the counts do not say of which ensemble they are")
    numbers = np.array([counts.total, counts.stable, counts.saddles, counts.repellers], dtype=float)
    seed = json.dumps(counts.facts["seed"], sort_keys=True) if "seed" in counts.facts else None
    return Cell(name or _short(ensemble), "", max(ensemble.widths), ensemble, numbers, counts.complete, seed)


def _short(ensemble: Ensemble) -> str:
    """Return a short name of an ensemble: its widths, and the scales if all layers share them."""
    names = zip(("sigma_w", "sigma_b"), hidden_std(ensemble), strict=True)
    return ", ".join([short_widths(ensemble.widths), *(f"{name}={std:.6g}" for name, std in names if np.isfinite(std))])


def _of_table(table: SweepTable, name: str) -> Iterator[Cell]:
    """Return the cells of a sweep; without a column of all fixed points only the stable ones are known."""
    stable = next((column for column in _STABLE if column in table.kinds), None)
    if stable is None:
        raise ValueError(f"the sweep counted no fixed points; it has the columns {', '.join(table.kinds)}")
    entropy = table.facts.get("plan", {}).get("entropy")
    seed = None if entropy is None else json.dumps(entropy)
    for cell, ensemble in table.ensembles().items():
        here = table.of(*cell)
        numbers = np.full((4, len(here)), np.nan)
        numbers[1] = here[stable]
        if stable == "stable" and all(one in table.kinds for one in _KINDS):
            numbers[2:] = here["saddles"], here["repellers"]
            numbers[0] = numbers[1:].sum(axis=0)
        complete = here["complete"] if "complete" in table.kinds else np.zeros(len(here), dtype=bool)
        convention = f"{name} {cell.convention}".strip()
        label = f"{convention}, N={cell.width}, L={cell.depth}"
        yield Cell(label, convention, cell.width, ensemble, numbers, complete, seed)

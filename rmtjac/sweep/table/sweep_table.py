"""The result of a sweep: one row for each network, and what follows from the rows of each cell.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate

__all__ = ["CELL", "CellName", "SweepTable", "column_array"]


class CellName(NamedTuple):
    """The convention, N and L of a cell; the columns that name the cell of a network have these names."""

    convention: str
    width: int
    depth: int


CELL = CellName._fields
_DTYPES = {"int": np.int64, "float": np.float64, "bool": np.bool_}
_Q = ("stable", "attracting")  # columns that can hold Q; the first that exists is taken
_NOT_SHOWN = ("index_sum", "continua")  # in the printed table


@dataclass(frozen=True, eq=False)
class SweepTable:
    """Hold what a sweep measured, one row for each network.

    Attributes
    ----------
    columns : dict of ndarray, shape (M,)
        The columns by name: ``convention``, ``width``, ``depth``, ``network``, and what was measured. A column of kind
        ``"list"`` is an array of arrays.
    kinds : dict of str
        The kind of each measured column: ``"int"``, ``"float"``, ``"bool"`` or ``"list"``.
    facts : dict
        The plan, whether all units are done, and the writers of the records.

    See Also
    --------
    load : Read the table of a sweep.

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
        """Return the number of networks M."""
        return len(self.columns["network"])

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a column by its name."""
        if name not in self.columns:
            raise KeyError(f"{name!r} is not a column; there are {', '.join(self.columns)}")
        return self.columns[name]

    def cells(self) -> list[CellName]:
        """Return (convention, N, L) of each cell, in the order of the plan."""
        names = map(CellName, *(self.columns[name].tolist() for name in CELL))
        return list(dict.fromkeys(names))

    def of(self, convention: str, width: int, depth: int) -> SweepTable:
        """Return the rows of one cell.

        Parameters
        ----------
        convention : str
            The name of its convention.
        width : int
            The width N.
        depth : int
            The depth L.

        Returns
        -------
        SweepTable
            Its rows; none if there is no such cell.
        """
        here = (self["convention"] == convention) & (self["width"] == width) & (self["depth"] == depth)
        return SweepTable({name: values[here] for name, values in self.columns.items()}, self.kinds, self.facts)

    def select(
        self,
        convention: str | Iterable[str] | None = None,
        width: int | Iterable[int] | None = None,
        depth: int | Iterable[int] | None = None,
    ) -> SweepTable:
        """Return the rows of the cells with the given names and sizes.

        Parameters
        ----------
        convention : str or iterable of str, optional
            The conventions. Default: all.
        width : int or iterable of int, optional
            The widths N. Default: all.
        depth : int or iterable of int, optional
            The depths L. Default: all.

        Returns
        -------
        SweepTable
            Their rows.

        Raises
        ------
        ValueError
            If there is no such cell.
        """
        here = np.ones(len(self), dtype=bool)
        for name, wanted in zip(CELL, (convention, width, depth), strict=True):
            if wanted is not None:
                listed: Any = [wanted] if isinstance(wanted, (str, int, np.integer)) else list(wanted)
                here &= np.isin(self[name], listed)
                if not here.any():
                    known = list(dict.fromkeys(self[name].tolist()))
                    raise ValueError(f"{name}={wanted!r}: no cell has it; the table has {known}")
        return SweepTable({name: values[here] for name, values in self.columns.items()}, self.kinds, self.facts)

    def ensembles(self) -> dict[CellName, Ensemble]:
        """Return the ensemble of each cell, as the plan describes it.

        Returns
        -------
        dict of CellName to Ensemble
            The ensembles, in the order of the cells.

        Raises
        ------
        ValueError
            If the table holds no plan, or its plan has no such cell.
        """
        planned = {
            CellName(one["convention"], one["width"], one["depth"]): one["ensemble"]
            for one in self.facts.get("plan", {}).get("cells", ())
        }
        missing = [cell for cell in self.cells() if cell not in planned]
        if missing:
            raise ValueError(f"the plan of this table does not say which ensemble the cell {tuple(missing[0])} is")
        return {cell: Ensemble.from_dict(planned[cell]) for cell in self.cells()}

    def mean(self, name: str) -> Estimate:
        """Return the mean of a column over all rows that have a value, and its standard error.

        Parameters
        ----------
        name : str
            A column of kind ``"int"``, ``"float"`` or ``"bool"``.

        Returns
        -------
        Estimate
            The mean, NaN if no row has a value, and its standard error, NaN for fewer than two values.

        Raises
        ------
        ValueError
            If it is no column of numbers.
        """
        if self.kinds.get(name) not in _DTYPES:
            raise ValueError(f"name={name!r} is not a column of numbers")
        values = self[name].astype(float)
        return Estimate.of(values[~np.isnan(values)])

    def probabilities(self, name: str = "stable") -> tuple[np.ndarray, np.ndarray]:
        """Return P(Q = k), k = 0, 1, ..., for a column of whole numbers Q.

        Parameters
        ----------
        name : str, default "stable"
            A column of kind ``"int"``.

        Returns
        -------
        share : ndarray of float, shape (largest Q + 1,)
            The share of the networks with Q = k.
        error : ndarray of float, shape (largest Q + 1,)
            Its standard error.

        Raises
        ------
        ValueError
            If it is no column of whole numbers.
        """
        if self.kinds.get(name) != "int":
            raise ValueError(f"name={name!r} is not a column of whole numbers")
        share = np.bincount(self[name]) / max(len(self), 1)
        return share, np.sqrt(share * (1.0 - share) / max(len(self), 1))

    def summary(self, max_count: int = 3) -> dict[str, np.ndarray]:
        """Return the means of all columns of numbers and P(Q = k), with standard errors, for each cell.

        Q is the column ``stable``, or ``attracting`` if there is no such column.

        Parameters
        ----------
        max_count : int, default 3
            P(Q = k) is given for k below it; the last probability is P(Q >= max_count).

        Returns
        -------
        dict of ndarray, shape (cells,)
            The columns of the summary by name; the standard error of ``name`` is ``name error``.
        """
        out: dict[str, list[Any]] = {}
        q = next((name for name in _Q if name in self.kinds), None)
        for cell in self.cells():
            here = self.of(*cell)
            row: dict[str, Any] = dict(zip(CELL, cell, strict=True)) | {"networks": len(here)}
            for name, kind in self.kinds.items():
                if kind != "list" and name != "network":
                    row[name], row[f"{name} error"] = here.mean(name)
            if q is not None:
                for k in range(max_count + 1):
                    share = float(((here[q] == k) if k < max_count else (here[q] >= k)).mean())
                    name = f"P(Q {'=' if k < max_count else '>='} {k})"
                    row[name], row[f"{name} error"] = share, math.sqrt(share * (1.0 - share) / len(here))
            for name, value in row.items():
                out.setdefault(name, []).append(value)
        return {name: np.array(values) for name, values in out.items()}

    def table(self) -> str:
        """Return the summary as text, each value with its standard error."""
        summed = self.summary()
        names = [name for name in summed if f"{name} error" in summed and name not in _NOT_SHOWN]
        lines = [f"{'convention':>28}{'N':>6}{'L':>5}{'nets':>7}" + "".join(f"{name:>17}" for name in names)]
        for i, cell in enumerate(self.cells()):
            values = (f"{summed[name][i]:.3f} ± {summed[f'{name} error'][i]:.3f}" for name in names)
            head = f"{cell.convention:>28}{cell.width:6d}{cell.depth:5d}{summed['networks'][i]:7d}"
            lines.append(head + "".join(f"{value:>17}" for value in values))
        return "\n".join([*lines, *self.facts.get("damage", ())])

    def to_pandas(self) -> Any:
        """Return a DataFrame with one row for each network."""
        import pandas as pd

        return pd.DataFrame({name: list(v) if v.dtype == object else v for name, v in self.columns.items()})

    def to_xarray(self) -> Any:
        """Return the summary as a Dataset over convention, width and depth."""
        import pandas as pd

        return pd.DataFrame(self.summary()).set_index(list(CELL)).to_xarray()

    def __repr__(self) -> str:
        more = "" if self.facts.get("complete", True) else ", not complete"
        return f"SweepTable({len(self)} networks in {len(self.cells())} cells{more}; {', '.join(self.kinds)})"


def column_array(values: list[Any], kind: str | None) -> np.ndarray:
    """Return the values of a column, as records hold them, as an array; None becomes NaN."""
    if kind is None:  # a name or a size of a cell
        return np.array(values) if values else np.empty(0, dtype=int)
    if kind == "list":
        out = np.empty(len(values), dtype=object)
        for i, one in enumerate(values):
            out[i] = np.array(_without_none(one))
        return out
    return np.array(_without_none(values) if kind == "float" else values, dtype=_DTYPES[kind])


def _without_none(values: Iterable[float | None]) -> list[float]:
    """Return numbers with NaN in place of None."""
    return [math.nan if x is None else x for x in values]

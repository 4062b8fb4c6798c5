"""The result of a comparison of counted fixed points with their expected numbers.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.comparison.spectra.bins import pulls, verdict
from rmtjac.ensemble import Ensemble
from rmtjac.fixed_points.expected.identity import hidden_std
from rmtjac.validate import choice

__all__ = ["QUANTITIES", "ChiSquare", "CountsComparison"]

QUANTITIES = ("total", "stable", "saddles", "repellers")
_ARRAYS = {
    "counted": "float k 4 2",
    "expected": "float k 4 2",
    "errors": "float k 4",
    "more_than_one": "float k 2",
    "bound": "float k",
    "networks": "count k",
    "unproved": "count k",
    "widths": "count k",
    "repeated": "bool k",
}
_TEXTS = ("names", "conventions", "methods")
_SCHEMA = Schema(
    "CountsComparison", arrays=_ARRAYS, facts={**dict.fromkeys(_TEXTS, "[text] k"), "ensembles": "[object] k"}
)


class ChiSquare(NamedTuple):
    """A sum of squared pulls over independent cells.

    Attributes
    ----------
    value : float
        The sum.
    degrees : int
        The number of cells.
    p_value : float
        The probability of a larger sum if the expected numbers are right; NaN without cells.

    See Also
    --------
    CountsComparison.chi_square : Compute it.
    """

    value: float
    degrees: int
    p_value: float

    def __str__(self) -> str:
        if not self.degrees:
            return "no cell with proved counts that can differ"
        return f"chi^2 = {self.value:.1f} in {self.degrees} cells, {verdict(self.p_value)}"


@dataclass(frozen=True, eq=False)
class CountsComparison:
    """Counted fixed points beside their expected numbers: all numbers of the table and of the picture.

    There are K cells, one for each ensemble that was counted. The four numbers are, in this order, all fixed points,
    stable ones, saddles and repellers.

    Attributes
    ----------
    names : tuple of str
        The name of each cell.
    conventions : tuple of str
        The name of its convention in the sweep; empty for other counts.
    ensembles : tuple of dict
        Its ensemble, as `Ensemble.to_dict` describes it.
    methods : tuple of str
        The method of its expected numbers: ``"limit"`` or ``"conditional"``.
    counted : ndarray of float, shape (K, 4, 2)
        The mean numbers over networks, each with its standard error. What a sweep did not count is NaN.
    expected : ndarray of float, shape (K, 4, 2)
        The expected numbers, each with its error.
    errors : ndarray of float, shape (K, 4)
        The errors that the pulls are measured in. They hold the errors of both numbers. The variance of a count is
        taken at least as large as that of any whole number with the expected mean (an odd one, for all fixed points),
        because the sampled variance is 0 if no network differs.
    more_than_one : ndarray of float, shape (K, 2)
        The share of networks with more than one fixed point, with its standard error.
    bound : ndarray of float, shape (K,)
        The bound of that probability: (E[total] - 1) / 2 for a bounded last activation, E[total] / 2 for others.
    networks : ndarray of int, shape (K,)
        The number of networks.
    unproved : ndarray of int, shape (K,)
        The number of networks whose fixed points are not proved to be all. If it is not 0, the counts are lower bounds.
    widths : ndarray of int, shape (K,)
        The width N of the sweep, or the largest width.
    repeated : ndarray of bool, shape (K,)
        Whether the cell holds the same networks as an earlier one (at L = 1 the width N plays no part).

    See Also
    --------
    compare : Compare counts with expected numbers and return this result.
    rmtjac.plotting.plot_counts : Draw it.

    References
    ----------
    BS Proposition 1. See docs/references.md.
    docs/theory/uniqueness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble([2, 2], "tanh", rj.Gaussian(1.0), rj.Gaussian(0.1))
    >>> counts = rj.count_fixed_points(ens, 100, rng=0)
    >>> rj.compare(counts, rj.expected_fixed_points(ens))
    CountsComparison(1 cell, total: chi^2 = ... in 1 cells, agree at 5% (p = ...))
    """

    names: tuple[str, ...]
    conventions: tuple[str, ...]
    ensembles: tuple[dict[str, Any], ...]
    methods: tuple[str, ...]
    counted: np.ndarray
    expected: np.ndarray
    errors: np.ndarray
    more_than_one: np.ndarray
    bound: np.ndarray
    networks: np.ndarray
    unproved: np.ndarray
    widths: np.ndarray
    repeated: np.ndarray

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        """Return the number of cells K."""
        return len(self.names)

    @property
    def complete(self) -> np.ndarray:
        """Whether all fixed points of all networks of a cell are proved to be found, shape (K,)."""
        return self.unproved == 0

    @property
    def pulls(self) -> np.ndarray:
        """(counted - expected) / error of the four numbers of each cell, shape (K, 4); NaN where one is not known."""
        return pulls(self.counted[..., 0], self.errors, self.expected[..., 0])

    @cached_property
    def coordinates(self) -> dict[str, np.ndarray]:
        """Depth, width, sigma_w and sigma_b of each cell, shape (K,); a scale is NaN where layers differ."""
        ensembles = [Ensemble.from_dict(one) for one in self.ensembles]
        stds = np.array([hidden_std(one) for one in ensembles]).reshape(-1, 2)
        depths = np.array([one.depth for one in ensembles], dtype=int)
        return {"depth": depths, "width": self.widths, "sigma_w": stds[:, 0], "sigma_b": stds[:, 1]}

    def chi_square(self, quantity: str = "total") -> ChiSquare:
        """Return the sum of squared pulls over all cells whose counts are proved; each set of networks counts once.

        Cells that leave no room for a difference are left out: no network differs from the others, and theory expects
        less than one that does.

        Parameters
        ----------
        quantity : {"total", "stable", "saddles", "repellers"}, default "total"
            The number that is compared.

        Returns
        -------
        ChiSquare
            The sum, the number of cells and the p-value.

        Raises
        ------
        ValueError
            If there is no such number.
        """
        from scipy.special import chdtrc

        place = QUANTITIES.index(choice("quantity", quantity, QUANTITIES))
        column, expected = self.pulls[:, place], self.expected[:, place, 0]
        others = np.abs(expected - np.rint(expected)) * self.networks  # networks that are expected to differ
        room = (self.counted[:, place, 1] > 0.0) | (others >= 1.0)
        used = column[self.complete & ~self.repeated & ~np.isnan(column) & room]
        value = float(np.sum(used**2))
        return ChiSquare(value, used.size, float(chdtrc(used.size, value)) if used.size else math.nan)

    def table(self, quantities: Sequence[str] = ("total", "stable")) -> str:
        """Return one line for each cell as text.

        Parameters
        ----------
        quantities : sequence of str, default ("total", "stable")
            Which of total, stable, saddles and repellers to show.

        Returns
        -------
        str
            The table, with the shares of networks with more than one fixed point beside their bound. Counts that are
            lower bounds are marked with ``>=``.

        Raises
        ------
        ValueError
            If there is no such number.
        """
        chosen = [QUANTITIES.index(choice("quantities", one, QUANTITIES)) for one in quantities]
        size = max(12, *(len(name) for name in self.names))
        head = "".join(f"{QUANTITIES[q]:>20}{'expected':>19}{'pull':>7}" for q in chosen)
        lines = [f"{'cell':{size}}{'networks':>9}{head}{'P(Q > 1)':>16}{'bound':>8}"]
        for k, name in enumerate(self.names):
            sign = " " if self.complete[k] else ">= "
            line = f"{name:{size}}{self.networks[k]:9d}"
            for q in chosen:
                counted, expected = _pair(self.counted[k, q], 3), _pair(self.expected[k, q], 4)
                line += f"{sign + counted:>20}{expected:>19}{self.pulls[k, q]:7.1f}"
            lines.append(line + f"{_pair(self.more_than_one[k], 3):>16}{self.bound[k]:8.4f}")
        lines += [f"{QUANTITIES[q]}: {self.chi_square(QUANTITIES[q])}" for q in chosen]
        if self.unproved.any():
            lines.append(">=: not all fixed points are proved to be found; the cell is not part of chi^2")
        if self.repeated.any():
            lines.append(f"{int(self.repeated.sum())} cells hold networks of earlier cells, which count once in chi^2")
        return "\n".join(lines)

    def to_pandas(self) -> Any:
        """Return a DataFrame with one row for each cell."""
        import pandas as pd

        columns: dict[str, Any] = {"cell": self.names, "convention": self.conventions, **self.coordinates}
        columns |= {"method": self.methods, "networks": self.networks, "unproved": self.unproved}
        for q, name in enumerate(QUANTITIES):
            columns[name], columns[f"{name} error"] = self.counted[:, q].T
            columns[f"{name} expected"], columns[f"{name} expected error"] = self.expected[:, q].T
            columns[f"{name} pull"] = self.pulls[:, q]
        columns["P(Q > 1)"], columns["P(Q > 1) error"] = self.more_than_one.T
        return pd.DataFrame({**columns, "bound": self.bound, "repeated": self.repeated})

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the table as a dict that JSON can hold; None stands for NaN."""
        rows = self.to_pandas().to_dict("records")
        cells = [
            {name: None if isinstance(x, float) and not math.isfinite(x) else x for name, x in row.items()}
            for row in rows
        ]
        sums = {}
        for name in QUANTITIES:
            value, degrees, p_value = self.chi_square(name)
            sums[name] = {"value": value, "degrees": degrees, "p_value": None if math.isnan(p_value) else p_value}
        return {"cells": cells, "chi_square": sums}

    def save(self, path: str | Path) -> Path:
        """Write the result to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
        facts = {name: list(getattr(self, name)) for name in (*_TEXTS, "ensembles")}
        return save(path, "CountsComparison", facts, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: str | Path) -> CountsComparison:
        """Read a result that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        CountsComparison
            The result, equal bit for bit.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> CountsComparison:
            texts: dict[str, Any] = {name: tuple(one) for name, one in facts.items()}
            return cls(**texts, **arrays)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        cells = f"{len(self)} cell{'s' if len(self) > 1 else ''}"
        return f"CountsComparison({cells}, total: {self.chi_square('total')})"


def _pair(pair: np.ndarray, digits: int) -> str:
    """Return a number with its error as text; a dash stands for an unknown one."""
    value, error = map(float, pair)
    if math.isnan(value):
        return "-"
    if math.isnan(error):
        return f"{value:.{digits}f}"
    small = 0.0 < error < 0.5 * 10.0**-digits
    return f"{value:.{digits}f} ± {f'{error:.0e}' if small else f'{error:.{digits}f}'}"

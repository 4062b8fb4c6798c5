"""Expected numbers of fixed points of many ensembles, over depths, widths and scales.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.result import COUNTS, ExpectedFixedPoints
from rmtjac.validate import choice

__all__ = ["ExpectedGrid"]

_SCHEMA = Schema(
    "ExpectedGrid",
    arrays={"axis_{k}": "label *", "values": "float *", "growth": "float *", "degree": "float *"},
    facts={"axes": "[text] k", "method": "text", "cells": "any"},
)


@dataclass(frozen=True, eq=False)
class ExpectedGrid:
    """Hold the expected numbers of fixed points of many ensembles.

    Attributes
    ----------
    axes : dict of str to ndarray
        The axes of the grid in order, each with its values: ``"depth"``, ``"width"``, ``"sigma_w"``, ``"sigma_b"`` for
        a grid of such numbers, or one axis ``"cell"`` with the names of given ensembles. Below, ``...`` stands for the
        shape of the grid.
    values : ndarray of float, shape (..., 5, 2)
        Total, stable, saddles, repellers and index, each with its error.
    growth : ndarray of float, shape (...)
        The chi of E[Q] ~ A chi^L; NaN where it is not defined.
    degree : ndarray of float, shape (...)
        What the index must be if nothing is missing: 1 for a bounded last activation, NaN (not known) for others.
    method : {"limit", "conditional"}
        Hidden layers of infinite width, or sampled hidden layers of finite width.
    facts : list of dict
        The facts of each cell (ensemble, settings, seed), in the order of the flattened grid.

    See Also
    --------
    expected_over : Compute such a grid.
    rmtjac.plotting.plot_expected_map : Draw it over two of its axes.

    References
    ----------
    docs/theory/expected_fixed_points.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> grid = rj.fixed_points.expected_over(depths=[1, 2], sigma_w=[1.0, 2.0], sigma_b=0.1)
    >>> grid
    ExpectedGrid(depth 2 x width 1 x sigma_w 2 x sigma_b 1; limit; E[total] 1.15 to 2.05)
    >>> grid.total[:, 0, :, 0].round(2)
    array([[1.23, 1.77],
           [1.15, 2.05]])
    """

    axes: dict[str, np.ndarray]
    values: np.ndarray
    growth: np.ndarray
    degree: np.ndarray
    method: str
    facts: list[dict[str, Any]]

    def __post_init__(self) -> None:
        shape = tuple(len(axis) for axis in self.axes.values())
        if self.values.shape != (*shape, len(COUNTS), 2) or {self.growth.shape, self.degree.shape} != {shape}:
            raise ValueError(f"values of shape {self.values.shape} do not belong to axes of lengths {shape}")
        if len(self.facts) != self.growth.size:
            raise ValueError(f"{len(self.facts)} facts do not belong to {self.growth.size} cells")
        for array in (*self.axes.values(), self.values, self.growth, self.degree):
            array.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.growth.size

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values on each axis."""
        return self.growth.shape

    def _of(self, quantity: str, place: int) -> np.ndarray:
        """Return the values (0) or the errors (1) of a quantity."""
        return self.values[..., COUNTS.index(choice("quantity", quantity, COUNTS)), place]

    @property
    def total(self) -> np.ndarray:
        """The expected number of all fixed points, shape (...)."""
        return self._of("total", 0)

    @property
    def stable(self) -> np.ndarray:
        """The expected number of stable fixed points, shape (...)."""
        return self._of("stable", 0)

    @property
    def saddles(self) -> np.ndarray:
        """The expected number of saddles, shape (...)."""
        return self._of("saddles", 0)

    @property
    def repellers(self) -> np.ndarray:
        """The expected number of repellers, shape (...)."""
        return self._of("repellers", 0)

    @property
    def index_residual(self) -> np.ndarray:
        """The distance of the expected index from `degree` in each cell, shape (...)."""
        return np.abs(self._of("index", 0) - self.degree)

    @property
    def converged(self) -> np.ndarray:
        """Whether the numbers of each cell are trusted, as `ExpectedFixedPoints.converged`, shape (...)."""
        return np.array([one.converged for one in self.cells()]).reshape(self.shape)

    def error(self, quantity: str = "total") -> np.ndarray:
        """Return the errors of a quantity.

        Parameters
        ----------
        quantity : {"total", "stable", "saddles", "repellers", "index"}, default "total"
            The quantity.

        Returns
        -------
        ndarray of float, shape (...)
            The error in each cell.

        Raises
        ------
        ValueError
            If there is no such quantity.
        """
        return self._of(quantity, 1)

    def cells(self) -> list[ExpectedFixedPoints]:
        """Return the result of each cell, in the order of the flattened grid, without the numbers of each network."""
        rows = zip(
            self.values.reshape(-1, len(COUNTS), 2), self.growth.ravel(), self.degree.ravel(), self.facts, strict=True
        )
        out = []
        for row, growth, degree, facts in rows:
            total, stable, saddles, repellers, index = (Estimate(*map(float, one)) for one in row)
            one = ExpectedFixedPoints(
                total, stable, saddles, repellers, index, float(growth), self.method, facts=facts, degree=float(degree)
            )
            out.append(one)
        return out

    def at(self, **coordinates: Any) -> ExpectedFixedPoints:
        """Return the result of one cell.

        Parameters
        ----------
        **coordinates : object
            A value of each axis that has more than one; numbers must agree to 1e-9.

        Returns
        -------
        ExpectedFixedPoints
            The expected numbers there.

        Raises
        ------
        ValueError
            If an axis is unknown or missing, or it has no such value.
        """
        unknown = set(coordinates) - set(self.axes)
        if unknown:
            raise ValueError(f"{sorted(unknown)[0]!r} is not an axis; there are {', '.join(self.axes)}")
        place = []
        for name, axis in self.axes.items():
            if name not in coordinates and len(axis) > 1:
                raise ValueError(f"{name} is missing; it is one of {axis.tolist()}")
            place.append(_place(name, axis, coordinates[name]) if name in coordinates else 0)
        return self.cells()[int(np.ravel_multi_index(place, self.shape))]

    def to_pandas(self) -> Any:
        """Return a DataFrame with one row for each cell."""
        import pandas as pd

        points = np.meshgrid(*self.axes.values(), indexing="ij")
        columns: dict[str, Any] = {name: grid.ravel() for name, grid in zip(self.axes, points, strict=True)}
        for name in COUNTS:
            columns[name], columns[f"{name} error"] = self._of(name, 0).ravel(), self._of(name, 1).ravel()
        return pd.DataFrame({**columns, "growth": self.growth.ravel()})

    def to_xarray(self) -> Any:
        """Return a Dataset over the axes."""
        import xarray as xr

        data = {name: (tuple(self.axes), self._of(name, 0)) for name in COUNTS}
        data |= {f"{name} error": (tuple(self.axes), self._of(name, 1)) for name in COUNTS}
        return xr.Dataset({**data, "growth": (tuple(self.axes), self.growth)}, coords=dict(self.axes))

    def to_dict(self) -> dict[str, Any]:
        """Return axes and numbers as a dict that JSON can hold; None stands for NaN."""
        numbers = {name: {"value": _plain(self._of(name, 0)), "error": _plain(self._of(name, 1))} for name in COUNTS}
        axes = {name: axis.tolist() for name, axis in self.axes.items()}
        return {
            "method": self.method,
            "axes": axes,
            **numbers,
            "growth": _plain(self.growth),
            "converged": self.converged.tolist(),
        }

    def table(self) -> str:
        """Return one line for each cell as text; axes of one value are left out."""
        shown = [name for name, axis in self.axes.items() if len(axis) > 1] or list(self.axes)[:1]
        points = dict(zip(self.axes, np.meshgrid(*self.axes.values(), indexing="ij"), strict=True))
        sizes = {name: max(10, *(len(_word(x)) + 2 for x in self.axes[name])) for name in shown}
        head = "".join(f"{name:>{sizes[name]}}" for name in shown) + "".join(f"{name:>20}" for name in COUNTS[:4])
        lines = [f"{head}{'index off by':>13}{'chi':>10}"]
        for i, cell in enumerate(self.cells()):
            line = "".join(f"{_word(points[name].ravel()[i]):>{sizes[name]}}" for name in shown)
            line += "".join(f"{_pair(one):>20}" for one in _numbers(cell))
            doubt = "" if cell.converged else "  not converged"
            lines.append(line + f"{cell.index_residual:13.1e}{cell.growth:10.4f}{doubt}")
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write the grid to a file, completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file, an npz archive without pickles; its folder must exist.

        Returns
        -------
        Path
            The same path.
        """
        arrays = {f"axis_{k}": axis for k, axis in enumerate(self.axes.values())}
        arrays |= {"values": self.values, "growth": self.growth, "degree": self.degree}
        facts = {"axes": list(self.axes), "method": self.method, "cells": self.facts}
        return save(path, "ExpectedGrid", facts, arrays)

    @classmethod
    def load(cls, path: str | Path) -> ExpectedGrid:
        """Read a grid that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        ExpectedGrid
            The grid, equal bit for bit.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> ExpectedGrid:
            axes = {name: arrays[f"axis_{k}"] for k, name in enumerate(facts["axes"])}
            if not isinstance(facts["cells"], list) or not all(isinstance(one, dict) for one in facts["cells"]):
                raise ValueError("the facts of the cells are no list of objects")
            return cls(axes, arrays["values"], arrays["growth"], arrays["degree"], facts["method"], facts["cells"])

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        sides = " x ".join(f"{name} {len(axis)}" for name, axis in self.axes.items())
        low, high = np.nanmin(self.total, initial=math.inf), np.nanmax(self.total, initial=-math.inf)
        return f"ExpectedGrid({sides}; {self.method}; E[total] {low:.3g} to {high:.3g})"


def _place(name: str, axis: np.ndarray, value: Any) -> int:
    """Return the place of a value on an axis."""
    if axis.dtype.kind == "U" or isinstance(value, str):
        here = axis == str(value)
    else:
        here = np.abs(axis - value) <= 1e-9 * np.maximum(1.0, np.abs(axis))
    if not here.any():
        raise ValueError(f"{name}={value!r} must be one of {axis.tolist()}")
    return int(here.argmax())


def _numbers(cell: ExpectedFixedPoints) -> tuple[Estimate, ...]:
    """Return total, stable, saddles and repellers."""
    return cell.total, cell.stable, cell.saddles, cell.repellers


def _pair(one: Estimate) -> str:
    """Return a number with its error as text."""
    return f"{one.value:.4f} ± {one.error:.1g}" if abs(one.value) < 1e6 else f"{one.value:.5g} ± {one.error:.1g}"


def _word(value: Any) -> str:
    """Return a value of an axis as text."""
    return str(value) if isinstance(value, str) else f"{value:g}"


def _plain(values: np.ndarray) -> Any:
    """Return numbers as nested lists, None in place of NaN and infinity."""
    out = values.astype(object)
    out[~np.isfinite(values)] = None
    return out.tolist()

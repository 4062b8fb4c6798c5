"""The result of a search for basins: the end of every grid point, the attractors, and their shares of the volume.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.fixed_points.ends import Cycle, Label, pack_cycles, unpack_cycles
from rmtjac.status import Status

__all__ = ["Basins"]

_ARRAYS = (
    "labels", "points", "spectral_radius", "unstable_points", "fractions", "fraction_errors", "proved", "cells",
    "domain",
)  # fmt: skip


_SCHEMA = Schema(
    "Basins",
    arrays={
        "axis_{n}": "float _",
        "labels": "int *",
        "points": "float q n",
        "spectral_radius": "float q",
        "unstable_points": "float u n",
        "fractions": "float a",
        "fraction_errors": "float a",
        "proved": "float a",
        "cells": "int *",
        "domain": "float 2 n",
        "cycle_{cycles}": "float _ n",
    },
    facts={"undecided": "finite", "cycles": "[float] cycles", "dimensions": "count n", "facts": "object"},
)


@dataclass(frozen=True, eq=False)
class Basins:
    """Hold the basins of the attractors of a network from R^n to R^n, n <= 3.

    There are Q fixed points that attract and A attractors in all, the cycles included.

    Attributes
    ----------
    axes : tuple of ndarray of float
        The coordinates of the grid along each dimension.
    labels : ndarray of int, shape of the grid
        The end of each grid point: i < Q for ``points[i]``, Q + j for ``cycles[j]``, or a negative
        `rmtjac.fixed_points.Label`: `APERIODIC`, `DIVERGED` or `UNSTABLE`.
    points : ndarray of float, shape (Q, n)
        The fixed points that attract.
    spectral_radius : ndarray of float, shape (Q,)
        The spectral radius of the Jacobian at each of them.
    cycles : tuple of Cycle
        The periodic orbits that attract.
    unstable_points : ndarray of float, shape (U, n)
        Other fixed points in which grid points end. They attract no volume.
    fractions : ndarray of float, shape (A,)
        Estimated share of each basin in the volume of the domain: the proved share, plus an estimate from random points
        in the rest of the domain. If nothing can be proved, cells of the grid whose corners have the same end take the
        place of proved cells. Orbits without an end after `follow` steps count for no basin.
    fraction_errors : ndarray of float, shape (A,)
        Standard errors of `fractions`. If nothing can be proved, they include the error of a random grid of this size.
    proved : ndarray of float, shape (A,)
        The share of the volume that is proved to belong to each basin.
    undecided : float
        The share of the volume that is not proved to belong to any basin.
    cells : ndarray of int, n dimensions
        Labels of equal cells of the domain, as in `labels`, or `Label.OPEN` where nothing is proved.
    domain : ndarray of float, shape (2, n)
        The corners of the box.
    facts : dict
        The settings.

    See Also
    --------
    find_basins : Compute such a result.
    rmtjac.fixed_points.Label : The negative labels.

    References
    ----------
    BS (7)-(9)
    docs/theory/fixed_points.md
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="tanh")
    >>> basins = rj.find_basins(net, step=0.25)
    >>> basins
    Basins(9 x 9 grid: 2 points 0.500, 0.500; 0.008 not proved)
    """

    axes: tuple[np.ndarray, ...]
    labels: np.ndarray
    points: np.ndarray
    spectral_radius: np.ndarray
    cycles: tuple[Cycle, ...]
    unstable_points: np.ndarray
    fractions: np.ndarray
    fraction_errors: np.ndarray
    proved: np.ndarray
    undecided: float
    cells: np.ndarray
    domain: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (*self.axes, *(getattr(self, name) for name in _ARRAYS)):
            array.flags.writeable = False

    @property
    def stable(self) -> np.ndarray:
        """Whether the spectral radius at each point is below 1, shape (Q,)."""
        return self.spectral_radius < 1.0

    @property
    def brackets(self) -> np.ndarray:
        """Proved lower and upper bounds of the share of each basin in the volume, shape (A, 2)."""
        return np.column_stack([self.proved, np.minimum(1.0, self.proved + self.undecided)])

    @property
    def outcomes(self) -> Mapping[Status, int]:
        """The number of grid points with each end."""
        count = len(self.points)
        shares = {
            Status.CONVERGED: (self.labels >= 0) & (self.labels < count),
            Status.CYCLE: self.labels >= count,
            Status.APERIODIC: self.labels == Label.APERIODIC,
            Status.DIVERGED: self.labels == Label.DIVERGED,
            Status.UNSTABLE: self.labels == Label.UNSTABLE,
        }
        return {status: int(those.sum()) for status, those in shares.items()}

    def save(self, path: str | Path) -> Path:
        """Write the result to a file (npz, without pickled objects).

        Parameters
        ----------
        path : str or Path
            The file to write.

        Returns
        -------
        Path
            The file that was written.
        """
        radii, rings = pack_cycles(self.cycles)
        facts = {
            "undecided": self.undecided,
            "cycles": radii,
            "dimensions": len(self.axes),
            "facts": self.facts,
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {f"axis_{i}": axis for i, axis in enumerate(self.axes)}
        return save(path, "Basins", facts, arrays | rings)

    @classmethod
    def load(cls, path: str | Path) -> Basins:
        """Read basins from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file to read.

        Returns
        -------
        Basins
            The result.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> Basins:
            axes = tuple(arrays.pop(f"axis_{i}") for i in range(facts.pop("dimensions")))
            cycles = unpack_cycles(facts.pop("cycles"), arrays)
            new = cls(axes=axes, cycles=cycles, **facts, **arrays)
            count = len(new.points) + len(cycles)
            if new.labels.shape != tuple(len(axis) for axis in axes) or new.cells.ndim not in (0, 1, len(axes)):
                raise ValueError(f"labels of shape {new.labels.shape} do not belong to its axes")
            if len(new.proved) != count or max(new.labels.max(), new.cells.max(initial=-3)) >= count:
                raise ValueError(f"labels and proved shares do not belong to {count} attractors")
            return new

        return restore(path, _SCHEMA, build)

    def table(self) -> str:
        """Return a table of the attractors with their shares, as text."""
        lines = [f"{'attractor':>36}{'radius':>10}{'share':>9}{'error':>9}{'proved bracket':>20}"]
        names = ["(" + ", ".join(f"{x:.6f}" for x in point) + ")" for point in self.points]
        names += [f"cycle of period {cycle.period}" for cycle in self.cycles]
        radii = [*self.spectral_radius, *(cycle.spectral_radius for cycle in self.cycles)]
        rows = zip(names, radii, self.fractions, self.fraction_errors, self.brackets, strict=True)
        for name, radius, part, error, (low, high) in rows:
            lines.append(f"{name:>36}{radius:10.4g}{part:9.4f}{error:9.4f}{f'[{low:.4f}, {high:.4f}]':>20}")
        total = self.labels.size
        rest = [f"{status}: {n / total:.2%}" for status, n in self.outcomes.items() if n]
        return "\n".join([*lines, f"{total} grid points; " + "; ".join(rest)])

    def __repr__(self) -> str:
        sides = " x ".join(str(len(axis)) for axis in self.axes)
        shares = self.fractions
        count = len(self.points)
        parts = []
        for name, values in (("points", shares[:count]), ("cycles", shares[count:])):
            if values.size:
                parts.append(f"{values.size} {name} {', '.join(f'{value:.3f}' for value in values)}")
        return f"Basins({sides} grid: {'; '.join(parts) or 'no attractor'}; {self.undecided:.3f} not proved)"

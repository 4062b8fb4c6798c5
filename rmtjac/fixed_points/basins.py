"""Basins of attraction: the end of every grid point, and boxes that are proved to lie in one basin."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.fixed_points.attractors import Attractors
from rmtjac.fixed_points.cover import OPEN, proved_cells
from rmtjac.fixed_points.domain import checked_network
from rmtjac.fixed_points.find import STEP, grid_domain
from rmtjac.fixed_points.grid import APERIODIC, DIVERGED, destinations, numbered
from rmtjac.fixed_points.orbits import grid_starts
from rmtjac.fixed_points.result import Cycle, pack_cycles, spectral_radii, unpack_cycles
from rmtjac.network import Network
from rmtjac.schema import Schema
from rmtjac.status import Status
from rmtjac.validate import finite, positive_int

__all__ = ["Basins", "find_basins"]

_TOLERANCE, _FOLLOW = 1e-5, 2000


_SCHEMA = Schema(
    "Basins",
    arrays={
        "axis_{n}": "float _",
        "labels": "int *",
        "points": "float q n",
        "spectral_radius": "float q",
        "proved": "float _",
        "cells": "int *",
        "domain": "float 2 n",
        "cycle_{cycles}": "float _ n",
    },
    facts={"undecided": "finite", "cycles": "[float] cycles", "dimensions": "count n", "facts": "object"},
)


@dataclass(frozen=True, eq=False)
class Basins:
    """Basins of the attractors of a network from R^n to R^n, n <= 3.

    Attributes
    ----------
    axes
        The coordinates of the grid, one array per dimension.
    labels
        Where each grid point ends, shape of the grid: i < Q: ``points[i]``; Q + j: ``cycles[j]``; -1: bounded, no cycle
        found; -2: diverged.
    points
        Shape (Q, n): fixed points that grid points end in; ``stable`` says which attract.
    spectral_radius
        Shape (Q,).
    cycles
        Periodic orbits that grid points end in.
    proved
        Shape (A,), A = Q + number of cycles: part of the domain's volume that is proved to belong to each basin.
    undecided
        Part of the volume that is not proved to belong to any.
    cells
        Labels of equal cells of the domain, an array of n dimensions: as in `labels`, or -3 where nothing is proved.
    domain
        Shape (2, n).
    facts
        How the result came about.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="tanh")
    >>> basins = rj.find_basins(net, step=0.25)
    >>> basins
    Basins(9 x 9 grid: 3 points 0.444, 0.111, 0.444; 0.008 not proved)
    """

    axes: tuple[np.ndarray, ...]
    labels: np.ndarray
    points: np.ndarray
    spectral_radius: np.ndarray
    cycles: tuple[Cycle, ...]
    proved: np.ndarray
    undecided: float
    cells: np.ndarray
    domain: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (*self.axes, self.labels, self.points, self.spectral_radius, self.proved, self.cells, self.domain):
            array.flags.writeable = False

    @property
    def stable(self) -> np.ndarray:
        """Shape (Q,): whether the spectral radius is below 1."""
        return self.spectral_radius < 1.0

    @property
    def fractions(self) -> np.ndarray:
        """Shape (A,): shares of the grid points that end in each attractor."""
        count = len(self.points) + len(self.cycles)
        return np.array([(self.labels == k).mean() for k in range(count)])

    @property
    def fraction_errors(self) -> np.ndarray:
        """Standard errors of `fractions` as shares of the volume, if the grid points were drawn at random.

        A grid does better where basins have smooth boundaries.
        """
        share = self.fractions
        return np.sqrt(share * (1.0 - share) / self.labels.size)

    @property
    def brackets(self) -> np.ndarray:
        """Shape (A, 2): proved bounds of each basin's share of the volume."""
        return np.column_stack([self.proved, np.minimum(1.0, self.proved + self.undecided)])

    @property
    def outcomes(self) -> Mapping[Status, int]:
        """How grid points end, as numbers of them."""
        count = len(self.points)
        shares = {
            Status.CONVERGED: (self.labels >= 0) & (self.labels < count),
            Status.CYCLE: self.labels >= count,
            Status.APERIODIC: self.labels == APERIODIC,
            Status.DIVERGED: self.labels == DIVERGED,
        }
        return {status: int(those.sum()) for status, those in shares.items()}

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles)."""
        radii, rings = pack_cycles(self.cycles)
        facts = {
            "undecided": self.undecided,
            "cycles": radii,
            "dimensions": len(self.axes),
            "facts": self.facts,
        }
        names = ("labels", "points", "spectral_radius", "proved", "cells", "domain")
        arrays = {name: getattr(self, name) for name in names}
        arrays |= {f"axis_{i}": axis for i, axis in enumerate(self.axes)}
        return save(path, "Basins", facts, arrays | rings)

    @classmethod
    def load(cls, path: str | Path) -> Basins:
        """Read what `save` wrote."""

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
        """Return the shares of the basins as text."""
        lines = [f"{'attractor':>36}{'radius':>10}{'share':>9}{'error':>9}{'proved bracket':>20}"]
        names = ["(" + ", ".join(f"{x:.6f}" for x in point) + ")" for point in self.points]
        names += [f"cycle of period {cycle.period}" for cycle in self.cycles]
        radii = [*self.spectral_radius, *(cycle.spectral_radius for cycle in self.cycles)]
        rows = zip(names, radii, self.fractions, self.fraction_errors, self.brackets, strict=True)
        for name, radius, share, error, (low, high) in rows:
            lines.append(f"{name:>36}{radius:10.4g}{share:9.4f}{error:9.4f}{f'[{low:.4f}, {high:.4f}]':>20}")
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


def find_basins(
    network: Network,
    *,
    step: float = STEP,
    domain: object = None,
    refine: int = 0,
    prove: int = 3,
    follow: int = _FOLLOW,
) -> Basins:
    r"""Find where the points of a grid end, and which parts of the plane provably end there.

    Parameters
    ----------
    network
        A `Network` with n_0 = n_L = n <= 3.
    step
        Of the grid.
    domain
        ``(low, high)`` or two corners; default [-1, 1]^n.
    refine
        How often the step is halved where neighbours end differently.
    prove
        Finest cells of the proof: ``32 * 2**prove`` along each axis; -1 for no proof. Around every stable fixed point
        and cycle affine forms certify a core that is mapped into itself and contracted; a cell belongs to its basin
        if it lies in the core, or if a box around its image is covered by cells that do.
    follow
        Steps that a grid point is followed.

    Returns
    -------
    Basins

    Raises
    ------
    ValueError
        If the network is not of that kind, or a setting makes no sense.

    Notes
    -----
    Cost: of the grid, that of up to `follow` steps for points that do not settle; of the proof, one affine form per
    cell and refinement, (n + 2) products with each weight matrix.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="hardtanh")
    >>> print(rj.find_basins(net, step=0.5).table())
                               attractor    radius    share    error      proved bracket
                   (-1.000000, 0.000000)       0.5   0.4000   0.0980    [0.4961, 0.5039]
                    (0.000000, 0.000000)         2   0.2000   0.0800    [0.0000, 0.0078]
                    (1.000000, 0.000000)       0.5   0.4000   0.0980    [0.4961, 0.5039]
    25 grid points; converged: 100.00%
    """
    net = checked_network(network)
    n = net.widths[0]
    if n > 3:
        raise ValueError(f"network maps R^{n} to itself; basins are drawn for n <= 3")
    box = grid_domain(net, domain)
    step = finite("step", step, above=0.0)
    if step > float((box[1] - box[0]).min()):
        raise ValueError(f"step={step!r} is larger than the domain {box.tolist()}; one that fits in it is needed")
    refine = positive_int("refine", refine) if refine else 0
    starts, shape = grid_starts(box, step)
    ends = destinations(net, starts, _TOLERANCE, 1, positive_int("follow", follow))
    labels = ends.labels.reshape(shape)
    for _ in range(refine):
        step *= 0.5
        labels = _refined(net, ends.found, labels, box, step, follow)
    found = ends.found
    labels = numbered(labels, found)
    cores = [*found.point_cores, *found.cycle_cores]
    if prove < 0 or any(phi.code is None for phi in net.activations):
        cells = np.full((1,) * n, OPEN)
    else:
        cells = proved_cells(net, box, cores, int(prove))
    cycles = found.found_cycles()
    radii = spectral_radii(np.array(found.jacobians).reshape(-1, n, n))
    proved = np.array([(cells == k).mean() for k in range(len(cores))])
    axes = tuple(low + step * np.arange(size) for low, size in zip(box[0], labels.shape, strict=True))
    facts = {"step": step, "refine": refine, "follow": follow}
    points = np.array(found.points).reshape(-1, n)
    undecided = float((cells == OPEN).mean())
    return Basins(axes, labels, points, radii, cycles, proved, undecided, cells, box, facts)


def _refined(
    net: Network, found: Attractors, labels: np.ndarray, box: np.ndarray, step: float, follow: int
) -> np.ndarray:
    """Labels on the grid of half the step: those of the old neighbours where they agree, else found by iteration."""
    starts, shape = grid_starts(box, step)
    index = np.stack(np.unravel_index(np.arange(len(starts)), shape), axis=1)
    last = np.array(labels.shape) - 1
    first = labels[tuple((index // 2).T)]
    alike = (((index + 1) // 2) <= last).all(axis=1)
    for corner in itertools.product((0, 1), repeat=len(shape)):
        neighbour = np.minimum((index + np.array(corner)) // 2, last)
        alike &= labels[tuple(neighbour.T)] == first
    new = first.copy()
    new[~alike] = destinations(net, starts[~alike], _TOLERANCE, 1, follow, found).labels
    return new.reshape(shape)

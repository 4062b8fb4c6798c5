"""Basins of attraction: the end of every grid point, boxes that are proved to lie in one basin, and shares."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.fixed_points.cover import proved_cells
from rmtjac.fixed_points.domain import checked_network
from rmtjac.fixed_points.ends import FIRST_CYCLE, Cycle, Label, pack_cycles, renumbered, unpack_cycles
from rmtjac.fixed_points.find import STEP, grid_domain
from rmtjac.fixed_points.iterated.attractors import Attractors
from rmtjac.fixed_points.iterated.destinations import ends_of
from rmtjac.fixed_points.iterated.orbits import grid_starts
from rmtjac.fixed_points.points import spectral_radii
from rmtjac.fixed_points.shares import in_cells, parts_of_cells, parts_of_grid, random_points, share
from rmtjac.network import Network
from rmtjac.schema import Schema
from rmtjac.status import Status
from rmtjac.validate import finite, positive_int

__all__ = ["Basins", "find_basins"]

_TOLERANCE, _FOLLOW = 1e-5, 2000
_PROOFS = 2
_SAMPLES = 2048  # random points where nothing is proved
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
    """Basins of the attractors of a network from R^n to R^n, n <= 3.

    Attributes
    ----------
    axes
        The coordinates of the grid, one array per dimension.
    labels
        Where each grid point ends, shape of the grid: i < Q: ``points[i]``; Q + j: ``cycles[j]``; -1: bounded, no cycle
        found; -2: diverged; -4: on the stable set of an unstable fixed point or cycle, as on an axis of symmetry.
    points
        Shape (Q, n): the fixed points that attract.
    spectral_radius
        Shape (Q,).
    cycles
        Periodic orbits that attract.
    unstable_points
        Shape (U, n): other fixed points that grid points end in. They attract no volume.
    fractions, fraction_errors
        Shape (A,), A = Q + number of cycles: estimated shares of the volume of the domain, and standard errors: what is
        proved, and of the rest the part of random points that end there. Without a proof, cells of the grid whose
        corners end alike take the place of proved ones, and the error is at least that of a random grid. Orbits that
        `follow` steps leave without an end count for none.
    proved
        Shape (A,): part of the domain's volume that is proved to belong to each basin.
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
        """Shape (Q,): whether the spectral radius is below 1."""
        return self.spectral_radius < 1.0

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
            Status.APERIODIC: self.labels == Label.APERIODIC,
            Status.DIVERGED: self.labels == Label.DIVERGED,
            Status.UNSTABLE: self.labels == Label.UNSTABLE,
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
        arrays = {name: getattr(self, name) for name in _ARRAYS}
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
    cell and refinement, (n + 2) products with each weight matrix; of the shares, 2048 more orbits, from random points
    (of a fixed seed) where nothing is proved.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="hardtanh")
    >>> print(rj.find_basins(net, step=0.5).table())
                               attractor    radius    share    error      proved bracket
                   (-1.000000, 0.000000)       0.5   0.5000   0.0001    [0.4961, 0.5039]
                    (1.000000, 0.000000)       0.5   0.5000   0.0001    [0.4961, 0.5039]
    25 grid points; converged: 80.00%; on the stable set of an unstable point or cycle: 20.00%
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
    follow = positive_int("follow", follow)
    starts, shape = grid_starts(box, step)
    raw, found = ends_of(net, starts, follow)
    labels = raw.reshape(shape)
    for _ in range(refine):
        step *= 0.5
        labels = _refined(net, found, labels, box, step, follow)
    axes = tuple(low + step * np.arange(size) for low, size in zip(box[0], labels.shape, strict=True))
    provable = prove >= 0 and all(phi.code is not None for phi in net.activations)
    for _ in range(_PROOFS):  # again if random points have found more that attracts
        count, known = len(found.points), len(found.points) + len(found.cycles)
        cells = np.full((1,) * n, Label.OPEN)
        if provable:
            cells = proved_cells(net, box, [*found.point_cores, *found.cycle_cores], int(prove))
            cells = np.where(cells >= count, FIRST_CYCLE - (cells - count), cells)
        parts = parts_of_cells(box, cells) if provable else parts_of_grid(box, axes, labels)
        samples = random_points(parts, _SAMPLES, np.random.default_rng(0))
        ends = in_cells(net, parts, samples) if provable else np.full(len(samples), Label.OPEN)
        ends[ends == Label.OPEN], _ = ends_of(net, samples[ends == Label.OPEN], follow, found)
        if not provable or known == len(found.points) + len(found.cycles):
            break
    # The points are put in order, and those that attract no volume apart.
    attract = found.attract(np.concatenate([np.ravel(parts.labels), ends]))
    new = found.sort()
    attract[new] = attract.copy()
    place = np.where(attract, np.cumsum(attract) - 1, Label.UNSTABLE)
    first = int(attract.sum())

    places = place[new]

    def numbered(raw: np.ndarray) -> np.ndarray:
        return renumbered(raw, places, first)

    labels, cells, ends = numbered(labels), numbered(cells), numbered(ends)
    cycles = found.found_cycles()
    volumes, held = parts.volumes, numbered(parts.labels)
    left = float(volumes[held == Label.OPEN].sum())
    shares = [share(volumes[held == k], ends, k, left) for k in range(first + len(cycles))]
    fractions, errors = np.array(shares).reshape(-1, 2).T
    if not provable:
        errors = np.hypot(errors, np.sqrt(fractions * (1.0 - fractions) / labels.size))
    proved = np.array([float((cells == k).mean()) for k in range(len(fractions))])
    undecided = float((cells == Label.OPEN).mean())
    points = np.array(found.points).reshape(-1, n)
    radii = spectral_radii(np.array(found.jacobians).reshape(-1, n, n))
    facts = {"step": step, "refine": refine, "follow": follow}
    return Basins(
        axes, labels, points[attract], radii[attract], cycles, points[~attract], fractions, errors, proved, undecided,
        cells, box, facts,
    )  # fmt: skip


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
    new[~alike], _ = ends_of(net, starts[~alike], follow, found)
    return new.reshape(shape)

"""Shares of basins in the volume of a box: cells of a known label, and random points in the other cells."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from rmtjac.fixed_points.ends import Label
from rmtjac.network import Network

__all__ = ["Parts", "in_cells", "parts_of_cells", "parts_of_grid", "random_points", "share"]

_LOOKS = 64  # steps in which a random point may enter a cell of a known label


class Parts(NamedTuple):
    """A box cut into cells: the edges along each axis, and the label of each cell, or `Label.OPEN`."""

    edges: list[np.ndarray]
    labels: np.ndarray

    @property
    def volumes(self) -> np.ndarray:
        """The volume of each cell, as a share of the volume of the box."""
        out: np.ndarray = np.ones(())
        for edge in self.edges:
            out = np.multiply.outer(out, np.diff(edge) / (edge[-1] - edge[0]))
        return out


def parts_of_cells(box: np.ndarray, cells: np.ndarray) -> Parts:
    """Return the parts for an array of labels of equal cells."""
    return Parts([np.linspace(low, high, size + 1) for low, high, size in zip(*box, cells.shape, strict=True)], cells)


def parts_of_grid(box: np.ndarray, axes: tuple[np.ndarray, ...], labels: np.ndarray) -> Parts:
    """Return the cells between grid points; a cell has the label of its corners if they agree, which is no proof.

    If the step does not divide the side of the box, the cells beyond the last grid point are `Label.OPEN`.
    """
    edges, inner = [], []
    for axis, high in zip(axes, box[1], strict=True):
        short = axis[-1] < high - 1e-9 * (high - axis[0])
        edges.append(np.append(axis, high) if short else np.append(axis[:-1], high))
        inner.append(slice(0, len(axis) - 1))
    out = np.full([len(edge) - 1 for edge in edges], Label.OPEN)
    first = labels[tuple(inner)]
    alike = np.ones(first.shape, dtype=bool)
    for corner in itertools.product((0, 1), repeat=len(axes)):
        moved = labels[tuple(slice(c, c + size) for c, size in zip(corner, first.shape, strict=True))]
        alike &= moved == first
    out[tuple(inner)] = np.where(alike, first, Label.OPEN)
    return Parts(edges, out)


def random_points(parts: Parts, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` random points in the open cells: one in each of `count` strata of equal volume, in order."""
    cells = np.argwhere(parts.labels == Label.OPEN)
    if not len(cells):
        return np.empty((0, parts.labels.ndim))
    heap = np.cumsum(parts.volumes[tuple(cells.T)])
    at = (np.arange(count) + rng.random(count)) / count * heap[-1]
    chosen = cells[np.minimum(np.searchsorted(heap, at), len(cells) - 1)]
    low = np.stack([edge[chosen[:, i]] for i, edge in enumerate(parts.edges)], axis=1)
    high = np.stack([edge[chosen[:, i] + 1] for i, edge in enumerate(parts.edges)], axis=1)
    return low + (high - low) * rng.random(low.shape)


def in_cells(net: Network, parts: Parts, x: np.ndarray) -> np.ndarray:
    """Return the label of the first labelled cell that the orbit of each point enters, or `Label.OPEN`."""
    found = np.full(len(x), Label.OPEN)
    low, high = np.array([[edge[0], edge[-1]] for edge in parts.edges]).T
    for _ in range(_LOOKS):
        left = np.flatnonzero(found == Label.OPEN)
        if not left.size:
            break
        inside = ((x >= low) & (x <= high)).all(axis=1)
        index = tuple(
            np.clip(np.searchsorted(edge, x[inside, i], side="right") - 1, 0, len(edge) - 2)
            for i, edge in enumerate(parts.edges)
        )
        found[left[inside]] = parts.labels[index]
        with np.errstate(over="ignore", invalid="ignore"):
            x = net(x[found[left] == Label.OPEN])
    return found


def share(known: np.ndarray, ends: np.ndarray, label: int, left: float) -> tuple[float, float]:
    """Return the share of a label and its standard error.

    Parameters
    ----------
    known
        Volumes of the cells that have the label.
    ends
        Labels of the ends of the random points in the open cells.
    label
        The label.
    left
        The volume of the open cells.

    Notes
    -----
    The error is that of independent points, which is larger than that of one point in each stratum. Two hits and two
    misses are added (Agresti and Coull, The American Statistician 52, 1998), so that the error is not 0 if none of a
    few points is a hit.
    """
    if not ends.size:
        return float(known.sum()), 0.0
    hits, count = int((ends == label).sum()), ends.size
    p = (hits + 2.0) / (count + 4.0)
    return float(known.sum() + left * (hits / count)), left * float(np.sqrt(p * (1.0 - p) / (count + 4.0)))

r"""Cells of a box that provably lie in one basin of attraction.

A cell belongs to the basin of an attractor if it lies in a certified core of it (`rmtjac.fixed_points.iterated.cores`),
or if a box that contains :math:`F^t` of the cell, t = 1 or 2, is covered by cells of that basin: an orbit from the cell
then enters the basin. The boxes come from affine forms that are rounded outward, and a comparison with NaN or infinity
proves nothing, so that rounding cannot add a cell.
"""

from __future__ import annotations

import itertools

import numpy as np

from rmtjac.fixed_points.domain import image_box
from rmtjac.fixed_points.ends import Label
from rmtjac.fixed_points.iterated.cores import Core
from rmtjac.network import Network

__all__ = ["proved_cells"]

_COARSEST = {1: 32, 2: 32, 3: 8}  # number of cells along each axis at first, by dimension
_IMAGES = 2  # the number of images of a cell that are bounded: F and F^2


def proved_cells(net: Network, box: np.ndarray, cores: list[Core | None], halvings: int) -> np.ndarray:
    """Return labels of equal cells of the box, an array of n dimensions: the number of a core, or `Label.OPEN`.

    A cell whose image lies in a core, or in cells of one label, gets that label; this is repeated until nothing
    changes. Then the cells without a label are halved in every direction, `halvings` times in all.
    """
    from rmtjac.kernels.boxes.orbit import hulls

    n = box.shape[1]
    side = _COARSEST[n] << halvings
    edges = [np.linspace(low, high, side + 1) for low, high in box.T]
    labels = np.full((side,) * n, Label.OPEN, dtype=np.int32)
    if all(core is None for core in cores):
        return labels
    held = image_box(net)
    block = 1 << halvings
    cells = np.stack(np.meshgrid(*[np.arange(_COARSEST[n])] * n, indexing="ij"), axis=-1).reshape(-1, n)
    while True:
        low = np.stack([edge[cells[:, i] * block] for i, edge in enumerate(edges)], axis=1)
        high = np.stack([edge[(cells[:, i] + 1) * block] for i, edge in enumerate(edges)], axis=1)
        images = hulls(net.arrays, low, high, _IMAGES)
        if held is not None:  # images lie in the range of the last activation; their rounded bounds may leave it
            images = np.clip(images, held[0], held[1])
        found = np.full(len(cells), Label.OPEN)
        for k, core in enumerate(cores):
            if core is not None:
                inside = core.holds_boxes(low, high)
                for t in range(_IMAGES):
                    inside |= core.holds_boxes(images[:, t, 0], images[:, t, 1])
                found[inside] = k
        ranges = _ranges(edges, images)
        _paint(labels, cells, found, block)
        while True:
            new = _covered(labels, ranges, len(cores))
            new[found != Label.OPEN] = Label.OPEN
            if (new == Label.OPEN).all():
                break
            found = np.where(new != Label.OPEN, new, found)
            _paint(labels, cells, new, block)
        cells = cells[found == Label.OPEN]
        if block == 1 or not len(cells):
            return labels
        block //= 2
        corners = np.array(list(itertools.product((0, 1), repeat=n)))
        cells = (2 * cells[:, None, :] + corners).reshape(-1, n)


def _paint(labels: np.ndarray, cells: np.ndarray, found: np.ndarray, block: int) -> None:
    """Write the labels of cells, each a block of finest cells, into the array of the finest cells."""
    done = found != Label.OPEN
    for offset in itertools.product(range(block), repeat=labels.ndim):
        labels[tuple((cells[done] * block + np.array(offset)).T)] = found[done]


def _ranges(edges: list[np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the range of finest cells that covers each image, shape (cells, images, 2, n); -1 if it leaves the box."""
    out = np.empty(images.shape, dtype=np.int64)
    for i, edge in enumerate(edges):
        low, high = images[:, :, 0, i], images[:, :, 1, i]
        out[:, :, 0, i] = np.clip(np.searchsorted(edge, low, side="right") - 1, 0, len(edge) - 2)
        out[:, :, 1, i] = np.maximum(np.searchsorted(edge, high, side="left"), out[:, :, 0, i] + 1)
        outside = ~((low >= edge[0]) & (high <= edge[-1]))
        out[outside] = -1
    return out


def _covered(labels: np.ndarray, ranges: np.ndarray, count: int) -> np.ndarray:
    """Return for each cell the label that all finest cells in one of its ranges share, or `Label.OPEN`."""
    n = labels.ndim
    found = np.full(len(ranges), Label.OPEN)
    inside = (ranges >= 0).all(axis=(2, 3))
    sizes = (ranges[:, :, 1] - ranges[:, :, 0]).prod(axis=2)
    for k in range(count):
        sums = np.zeros(tuple(s + 1 for s in labels.shape), dtype=np.int64)
        inner = labels == k
        if not inner.any():
            continue
        total = inner.astype(np.int64)
        for axis in range(n):
            total = total.cumsum(axis=axis)
        sums[(slice(1, None),) * n] = total
        held = np.zeros(sizes.shape, dtype=np.int64)
        for corner in itertools.product((0, 1), repeat=n):
            index = tuple(np.maximum(ranges[:, :, corner[i], i], 0) for i in range(n))
            held += (-1) ** (n - sum(corner)) * sums[index]
        found[(inside & (held == sizes)).any(axis=1)] = k
    return found

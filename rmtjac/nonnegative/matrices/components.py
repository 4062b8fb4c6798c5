"""A product of nonnegative factors, split into the strongly connected components of the cycle of its layers.

Neuron j of layer l leads to neuron i of the next if the entry (i, j) of factor l is positive; the last factor leads
back to the first layer. Every cycle passes through all layers, and the spectral radius of the product is the largest of
those of its components. Cost: linear in the positive entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["Group", "components", "edges_and_labels"]

_ALONE = 64  # components of that many neurons or more form a group alone
_FULL = 0.1  # groups with a larger share of positive entries are stored densely


@dataclass(frozen=True, eq=False)
class Group:
    """Components side by side, without entries between them.

    Attributes
    ----------
    factors : list of ndarray or sparse array
        The factors, CSR or dense.
    owners : list of ndarray of int
        The component of each neuron of each layer, ascending from 0; each component has a neuron in every layer.
    first : int
        The place, among these layers, of the first layer of the given product.
    """

    factors: list[Any]
    owners: list[np.ndarray]
    first: int = 0

    @property
    def count(self) -> int:
        """The number of components."""
        return int(self.owners[0][-1]) + 1

    @cached_property
    def logs(self) -> list[np.ndarray]:
        """Logarithms (base 2) of the entries, in the shape in which they are stored."""
        with np.errstate(divide="ignore"):
            return [np.log2(one if isinstance(one, np.ndarray) else one.data) for one in self.factors]

    @property
    def reach(self) -> float:
        """The range of the logarithms of the positive entries."""
        finite = [one[np.isfinite(one)] for one in self.logs]
        return max(float(one.max()) for one in finite) - min(float(one.min()) for one in finite)

    @cached_property
    def starts(self) -> np.ndarray:
        """The first neuron of each component in the first layer."""
        return np.flatnonzero(np.diff(self.owners[0], prepend=-1))

    def only(self, kept: np.ndarray) -> Group:
        """Return the components of a mask."""
        if self.count == 1 or kept.all():
            return self
        new = np.cumsum(kept) - 1
        chosen = [np.flatnonzero(kept[one]) for one in self.owners]
        depth = len(self.factors)
        factors = [one[chosen[(l + 1) % depth]][:, chosen[l]] for l, one in enumerate(self.factors)]
        return Group(factors, [new[one[nodes]] for one, nodes in zip(self.owners, chosen, strict=True)], self.first)


def components(factors: list[Any]) -> list[Group]:
    """Return the components that have a cycle: large ones each in a group, the small ones together in one."""
    from scipy.sparse import issparse

    sizes = [one.shape[1] for one in factors]
    if min(sizes) == 0:
        return []
    if all(not issparse(one) and one.min() > 0.0 for one in factors):
        return [_from_the_narrowest(factors, [np.zeros(n, dtype=np.int64) for n in sizes])]
    edges, label = edges_and_labels(factors, sizes)
    depth, total = len(factors), len(label)
    ends = np.cumsum([0, *sizes])
    layer = np.repeat(np.arange(depth), sizes)
    size = np.bincount(label)
    alive = size > 1
    if depth == 1:
        rows, columns, _ = edges[0]
        alive[label[rows[rows == columns]]] = True
    # Large components first, so that each is a slice of the neurons in this order, layer by layer.
    large = np.flatnonzero(alive & (size >= _ALONE))
    rank = np.full(size.size, -1)
    rank[large] = np.arange(large.size)
    small = np.flatnonzero(alive & (size < _ALONE))
    rank[small] = large.size
    inner = np.full(size.size, 0)
    inner[small] = np.arange(small.size)
    group_of = rank[label]
    order = np.lexsort((inner[label], layer, group_of))
    order = order[np.searchsorted(group_of[order], 0) :]
    groups = large.size + bool(small.size)
    # Place of each neuron in its layer of its group.
    keys = group_of[order] * depth + layer[order]
    first = np.searchsorted(keys, np.arange(groups * depth + 1))
    place = np.zeros(total, dtype=np.int64)
    place[order] = np.arange(len(order)) - first[keys]
    found: list[list[Any]] = [[] for _ in range(groups)]
    for l, (rows, columns, values) in enumerate(edges):
        here, there = columns + ends[l], rows + ends[(l + 1) % depth]
        kept = (label[here] == label[there]) & (group_of[here] >= 0)
        here, there, values = here[kept], there[kept], values[kept]
        by_group = np.argsort(group_of[here], kind="stable")
        cuts = np.searchsorted(group_of[here][by_group], np.arange(groups + 1))
        for b in range(groups):
            part = by_group[cuts[b] : cuts[b + 1]]
            after = b * depth + (l + 1) % depth
            shape = (first[after + 1] - first[after], first[b * depth + l + 1] - first[b * depth + l])
            found[b].append(_stored(values[part], place[there[part]], place[here[part]], shape, b < large.size))
    out = []
    for b, one in enumerate(found):
        owners = [inner[label[order[first[k] : first[k + 1]]]] for k in range(b * depth, (b + 1) * depth)]
        out.append(_from_the_narrowest(one, owners))
    return out


def _from_the_narrowest(factors: list[Any], owners: list[np.ndarray]) -> Group:
    """Return the cycle of factors from its narrowest layer on; all these products have one spectral radius."""
    k = int(np.argmin([len(one) for one in owners]))
    return Group([*factors[k:], *factors[:k]], [*owners[k:], *owners[:k]], -k % len(factors))


def edges_and_labels(
    factors: list[Any], sizes: list[int]
) -> tuple[list[tuple[np.ndarray, np.ndarray, np.ndarray]], np.ndarray]:
    """Return rows, columns and values of the positive entries, and the component of each neuron."""
    from scipy.sparse import coo_array, issparse
    from scipy.sparse.csgraph import connected_components

    ends = np.cumsum([0, *sizes])
    edges = []
    for one in factors:
        if issparse(one):
            entries = one.tocoo()
            entries.sum_duplicates()
            rows, columns, values = entries.coords[0], entries.coords[1], entries.data
            kept = values > 0.0
            edges.append((rows[kept].astype(np.int64), columns[kept].astype(np.int64), values[kept]))
        else:
            rows, columns = np.nonzero(one > 0.0)
            edges.append((rows, columns, one[rows, columns]))
    here = np.concatenate([columns + ends[l] for l, (_, columns, _) in enumerate(edges)])
    there = np.concatenate([rows + ends[(l + 1) % len(factors)] for l, (rows, _, _) in enumerate(edges)])
    graph = coo_array((np.ones(len(here), dtype=np.int8), (here, there)), shape=(ends[-1], ends[-1])).tocsr()
    _, label = connected_components(graph, directed=True, connection="strong")
    return edges, label


def _stored(values: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: Any, alone: bool) -> Any:
    """Return the entries as a matrix, dense if the component is large and full."""
    from scipy.sparse import coo_array

    shape = (int(shape[0]), int(shape[1]))
    full = alone and len(values) > _FULL * shape[0] * shape[1]
    matrix = coo_array((values, (rows, columns)), shape=shape)
    return matrix.toarray() if full else matrix.tocsr()

"""The blocks of a network: neurons that act on each other in a cycle. Blocks act on later blocks only.

The blocks are the strongly connected components of the graph of all layers, in which outputs are the next inputs.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import NamedTuple

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.matrices.components import edges_and_labels
from rmtjac.nonnegative.outward_rounding import affine

__all__ = ["Block", "acting", "blocks", "irreducible", "restricted"]


class Block(NamedTuple):
    """Inputs that act on each other in a cycle, or one input that does not act on itself.

    Attributes
    ----------
    neurons : ndarray of int
        The inputs, ascending.
    recurrent : bool
        Whether the inputs act on each other, or the single input on itself.
    """

    neurons: np.ndarray
    recurrent: bool


def _components(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels of all neurons, inputs first, and the edges between different labels, shape (K, 2)."""
    edges, label = edges_and_labels(list(network.weights), list(network.widths[:-1]))
    ends = np.cumsum([0, *network.widths[:-1]])
    start = np.concatenate([columns + ends[l] for l, (_, columns, _) in enumerate(edges)])
    stop = np.concatenate([rows + ends[(l + 1) % network.depth] for l, (rows, _, _) in enumerate(edges)])
    pairs = np.unique(np.stack([label[start], label[stop]], axis=1), axis=0)
    return label, pairs


def blocks(network: Network) -> list[Block]:
    """Return the blocks of inputs, each after those that act on it.

    Cost: linear in the number of positive weights.
    """
    n = network.widths[0]
    if all((matrix > 0.0).all() for matrix in network.weights):
        return [Block(np.arange(n), True)]
    label, pairs = _components(network)
    circle = np.bincount(label) > 1
    if network.depth == 1:
        circle[label[np.diagonal(network.weights[0]) > 0.0]] = True
    before: dict[int, list[int]] = {one: [] for one in range(len(circle))}
    for start, stop in pairs.tolist():
        if start != stop:
            before[stop].append(start)
    order = np.argsort(label[:n], kind="stable")
    cuts = np.searchsorted(label[:n][order], np.arange(len(circle) + 1))
    found = []
    for one in TopologicalSorter(before).static_order():
        neurons = np.sort(order[cuts[one] : cuts[one + 1]])
        if neurons.size:
            found.append(Block(neurons, bool(circle[one])))
    return found


def irreducible(network: Network) -> bool:
    """Return whether all inputs are one block, in which each acts on all others."""
    found = blocks(network)
    return len(found) == 1 and found[0].recurrent


def _kept(network: Network, neurons: np.ndarray) -> list[np.ndarray]:
    """Return the neurons of each layer that act on the given outputs; the last are the outputs."""
    kept = [neurons]
    for matrix in network.weights[:0:-1]:
        kept.insert(0, np.flatnonzero((matrix[kept[0]] > 0.0).any(axis=0)))
    return kept


def acting(network: Network, neurons: np.ndarray) -> np.ndarray:
    """Return which inputs act on the given outputs, bool (n,)."""
    return (network.weights[0][_kept(network, neurons)[0]] > 0.0).any(axis=0)


def restricted(network: Network, neurons: np.ndarray, x: np.ndarray, sign: float) -> Network | None:
    """Return the network of a block with the other inputs held at x; biases rounded down (sign DOWN) or up (sign UP).

    None if the biases overflow. Inputs that do not act on the block are ignored.
    """
    kept = _kept(network, neurons)
    others = np.ones(network.widths[0], dtype=bool)
    others[neurons] = False
    first = network.weights[0][kept[0]]
    bias = affine(first[:, others], network.biases[0][kept[0]], x[others], sign)
    if not np.isfinite(bias).all():
        return None
    weights = [first[:, neurons]]
    weights += [
        matrix[rows][:, columns] for matrix, columns, rows in zip(network.weights[1:], kept, kept[1:], strict=False)
    ]
    biases = [bias, *(one[rows] for one, rows in zip(network.biases[1:], kept[1:], strict=True))]
    return Network(weights, biases, network.activations)

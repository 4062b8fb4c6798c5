"""Predicates of the order: nonnegative entries, monotone networks, self-maps of x >= 0.

A layer is examined on [h, infinity), where h is a lower bound of its preactivations over x >= 0. So a negative bias is
allowed if the inputs of the layer outweigh it.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import DOWN, below, preactivations
from rmtjac.nonnegative.predicates.answer import Answer

__all__ = ["checked", "monotone", "nonnegative_biases", "nonnegative_weights", "on_half_line", "self_map"]


def checked(network: Network) -> Network:
    """Return the argument if it is a network, else raise TypeError."""
    if not isinstance(network, Network):
        raise TypeError(f"network={network!r} must be a Network")
    return network


def _least(name: str, arrays: tuple[np.ndarray, ...]) -> Answer:
    """Return whether all entries of arrays are nonnegative, or the first array with a negative entry."""
    for l, array in enumerate(arrays):
        place = np.unravel_index(int(np.argmin(array)), array.shape)
        if array[place] < 0.0:
            index = ", ".join(map(str, place))
            return Answer(False, f"{name}[{l}][{index}] = {array[place]:.6g} is negative")
    return Answer(True, f"all {name} are nonnegative")


def nonnegative_weights(network: Network) -> Answer:
    """Decide whether all weights are nonnegative.

    The theorems of NN require this of every network.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True or False; the evidence names the negative weight.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    nonnegative_biases : The same question about biases.

    Notes
    -----
    Cost: linear in the number of weights.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> bool(rj.nonnegative.nonnegative_weights(rj.Network([[[0.5]]], activation="relu")))
    True
    """
    return _least("weights", checked(network).weights)


def nonnegative_biases(network: Network) -> Answer:
    """Decide whether all biases are nonnegative.

    Biases that a network does not have count as zero.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True or False; the evidence names the negative bias.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    nonnegative_weights : The same question about weights.

    Notes
    -----
    Cost: linear in the number of weights.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.nonnegative.nonnegative_biases(rj.Network([[[0.5]]], [[-1.0]], "relu")).evidence
    'biases[0][0] = -1 is negative'
    """
    return _least("biases", checked(network).biases)


def monotone(network: Network) -> Answer:
    """Decide whether x <= y implies T(x) <= T(y) for x, y >= 0.

    It suffices that all weights are nonnegative, and that each activation is nondecreasing on the preactivations that
    x >= 0 gives.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True, or None with the hypothesis that is missing; never False.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    self_map : Whether T also maps x >= 0 to itself.

    Notes
    -----
    Cost: linear in the number of weights.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> bool(rj.nonnegative.monotone(rj.Network([[[0.5]]], [[-1.0]], "relu")))
    True
    >>> rj.nonnegative.monotone(rj.Network([[[0.5]]], [[-1.0]], "silu")).evidence
    'silu of layer 0 is nondecreasing from 0 on; neuron 0 may be at -1 (biases[0][0] = -1)'
    """
    signs = nonnegative_weights(network)
    if not signs:
        return Answer(None, signs.evidence)
    lowest = preactivations(network, np.zeros(network.widths[0]), DOWN)
    for l, (phi, low) in enumerate(zip(network.activations, lowest, strict=True)):
        known = phi.facts
        if known.monotone_from is None:
            return Answer(None, _unknown(phi, l, "monotone_from"))
        if not known.nondecreasing_from(low.min(initial=np.inf)):
            i = int(np.argmin(low))
            return Answer(
                None,
                f"{phi.spec} of layer {l} is nondecreasing from {known.monotone_from:g} on; neuron {i} may be at "
                f"{low[i]:.6g} (biases[{l}][{i}] = {network.biases[l][i]:.6g})",
            )
    return Answer(True, "weights >= 0, and every activation is nondecreasing on its preactivations")


def self_map(network: Network) -> Answer:
    """Decide whether a monotone T maps the nonnegative orthant to itself.

    It does if T(0) >= 0 and T has as many outputs as inputs.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True; False if the numbers of inputs and outputs differ; None if T is not known to be monotone or T(0) may be
        negative.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    monotone : Whether T keeps the order of its arguments.

    Notes
    -----
    Cost: linear in the number of weights.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> bool(rj.nonnegative.self_map(rj.Network([[[0.5]]], [[-1.0]], "relu")))
    True
    """
    if checked(network).widths[0] != network.widths[-1]:
        return Answer(False, f"the network maps R^{network.widths[0]} to R^{network.widths[-1]}")
    order = monotone(network)
    if not order:
        return Answer(None, order.evidence)
    kept = nonnegative_biases(network) and all(phi.facts.half_line for phi in network.activations)
    if network.activations[-1].facts.nonnegative or kept:
        return Answer(True, "T(0) >= 0: nonnegative biases, or a last activation that is nowhere negative")
    at_zero = below(network, np.zeros(network.widths[0]))
    i = int(np.argmin(at_zero))
    if not at_zero[i] >= 0.0:
        return Answer(None, f"T(0) may be negative: its entry {i} is about {at_zero[i]:.6g}")
    return Answer(True, "T(0) >= 0")


def on_half_line(network: Network) -> Answer:
    """Return whether each layer maps t >= 0 to itself: weights and biases >= 0, nondecreasing activations."""
    for answer in (nonnegative_weights(network), nonnegative_biases(network)):
        if not answer:
            return Answer(None, answer.evidence)
    for l, phi in enumerate(network.activations):
        known = phi.facts
        if known.monotone_from is None:
            return Answer(None, _unknown(phi, l, "monotone_from"))
        if not known.half_line:
            return Answer(None, f"activation {phi.spec!r} of layer {l} does not map t >= 0 to itself, nondecreasing")
    return Answer(True, "weights and biases >= 0")


def _unknown(phi: Activation, layer: int, fact: str) -> str:
    """Return the evidence that a fact about an activation is missing."""
    return f"nothing is known of activation {phi.spec!r} of layer {layer}: {fact} is not declared"

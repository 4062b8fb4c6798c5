"""Properties of a network on the nonnegative orthant, each with the evidence that decides.

A layer is looked at where it works: on [h, infinity), h a lower bound of its preactivations over x >= 0. So a negative
bias does no harm where what comes in makes up for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rmtjac.activations import Activation, Facts
from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import at_least, below, preactivations

__all__ = [
    "Answer",
    "concave",
    "eventually_scalable",
    "monotone",
    "nonnegative_biases",
    "nonnegative_weights",
    "positive",
    "scalable",
    "self_map",
    "weakly_scalable",
]


@dataclass(frozen=True)
class Answer:
    """Whether something holds (True, False, or None: not decided), and what decides it.

    Examples
    --------
    >>> import rmtjac as rj
    >>> network = rj.Network([[[1.0, -0.5], [0.0, 1.0]]], activation="relu")
    >>> rj.nonnegative.nonnegative_weights(network)
    Answer(value=False, evidence='weights[0][0, 1] = -0.5 is negative')
    """

    value: bool | None
    evidence: str

    def __bool__(self) -> bool:
        """Whether it is proved."""
        return self.value is True


def _least(name: str, arrays: tuple[np.ndarray, ...]) -> Answer:
    for l, array in enumerate(arrays):
        place = np.unravel_index(int(np.argmin(array)), array.shape)
        if array[place] < 0.0:
            index = ", ".join(map(str, place))
            return Answer(False, f"{name}[{l}][{index}] = {array[place]:.6g} is negative")
    return Answer(True, f"all {name} are nonnegative")


def nonnegative_weights(network: Network) -> Answer:
    """Whether all weights are nonnegative."""
    return _least("weights", network.weights)


def nonnegative_biases(network: Network) -> Answer:
    """Whether all biases are nonnegative."""
    return _least("biases", network.biases)


def monotone(network: Network) -> Answer:
    """Whether x <= y implies T(x) <= T(y) for x, y >= 0: weights >= 0, each phi nondecreasing where it works."""
    signs = nonnegative_weights(network)
    if not signs:
        return Answer(None, signs.evidence)
    lowest = preactivations(network, np.zeros(network.widths[0]), -1.0)
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
    return Answer(True, "weights >= 0, and every activation is nondecreasing where it works")


def self_map(network: Network) -> Answer:
    """Whether a monotone T maps the nonnegative orthant to itself: T(0) >= 0, and as many outputs as inputs."""
    if network.widths[0] != network.widths[-1]:
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


def _on_half_line(network: Network) -> Answer:
    """Whether all layers work on t >= 0 and keep to it: weights and biases >= 0, monotone activations."""
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
    return f"nothing is known of activation {phi.spec!r} of layer {layer}: {fact} is not declared"


def _every_layer(network: Network, holds: Callable[[Facts], bool | None], missing: str, claim: str) -> Answer:
    """Whether all layers work on the half-line, and every activation has a property there."""
    base = _on_half_line(network)
    if not base:
        return base
    for l, phi in enumerate(network.activations):
        answer = holds(phi.facts)
        if not answer:
            why = missing if answer is False else f"whether {claim} is not declared"
            return Answer(None, f"activation {phi.spec!r} of layer {l}: {why}")
    return Answer(True, f"weights and biases >= 0, {claim} in every layer")


def concave(network: Network) -> Answer:
    """Whether every output is concave on x >= 0: weights, biases >= 0, phi concave and nondecreasing on t >= 0."""
    return _every_layer(network, lambda phi: phi.concave, "not concave on t >= 0", "phi concave")


def weakly_scalable(network: Network) -> Answer:
    """Whether T(r x) <= r T(x) for x >= 0, r >= 1: weights and biases >= 0, phi(t)/t nonincreasing."""

    def holds(known: Facts) -> bool | None:
        return None if known.ratio is None else known.falling_ratio

    return _every_layer(network, holds, "phi(t)/t is not nonincreasing", "phi(t)/t nonincreasing")


def scalable(network: Network) -> Answer:
    r"""Whether T(r x) < r T(x) in every coordinate for x >= 0, r > 1.

    A neuron is strict if phi(0) > 0 and phi(t)/t decreases, or if its bias is positive or a strict neuron acts on it,
    and phi(t) > 0 for t > 0. At x = 0 the definition asks for T(0) > 0, so no other neuron is.
    """
    weak = weakly_scalable(network)
    if not weak:
        return weak
    strict = _strict(network, np.zeros(network.widths[0], dtype=bool))
    if not strict.all():
        i = int(np.argmin(strict))
        return Answer(False, f"T(0) is 0 in entry {i}: no positive bias reaches it")
    return Answer(True, f"{weak.evidence}, and a positive bias or phi(0) > 0 reaches every output")


def eventually_scalable(network: Network) -> Answer:
    """Whether a power of T is scalable; its fixed points are then those of T: there is one if rho < 1, else none.

    For T takes the only fixed point of T^m to a fixed point of T^m, which is itself.
    """
    weak = weakly_scalable(network)
    if not weak or network.widths[0] != network.widths[-1]:
        return weak if not weak else Answer(False, f"the network maps R^{network.widths[0]} to R^{network.widths[-1]}")
    strict = np.zeros(network.widths[0], dtype=bool)
    for power in range(1, len(strict) + 1):  # each power adds an entry, or none ever does
        new = _strict(network, strict)
        if new.all():
            times = "" if power == 1 else f" within {power} steps of T"
            return Answer(True, f"{weak.evidence}, and a positive bias or phi(0) > 0 reaches every output{times}")
        if (new == strict).all():
            break
        strict = new
    i = int(np.argmin(strict))
    return Answer(False, f"T^k(0) is 0 in entry {i} for all k: no positive bias reaches it")


def _strict(network: Network, strict: np.ndarray) -> np.ndarray:
    """Which outputs are strict, given which inputs are."""
    for matrix, bias, phi in zip(network.weights, network.biases, network.activations, strict=True):
        known = phi.facts
        if known.at_zero is not None and known.at_zero > 0.0 and known.ratio == "strictly":
            strict = np.ones(len(bias), dtype=bool)
        else:
            strict = (bias > 0.0) | ((matrix > 0.0) & strict).any(axis=1)
    return strict


def positive(network: Network) -> Answer:
    """Whether T(x) > 0 in every coordinate for all x >= 0: by monotonicity, whether T(0) > 0."""
    order = monotone(network)
    if not order:
        return order
    strict = scalable(network)
    if strict:
        return Answer(True, "T(0) > 0: a positive bias or phi(0) > 0 reaches every output")
    at_zero = below(network, np.zeros(network.widths[0]))
    i = int(np.argmin(at_zero))
    if at_zero[i] > 0.0:
        return Answer(True, f"T(0) >= {at_least(at_zero[i], 0.0)} > 0")
    return Answer(None if strict.value is None else False, f"T(0) may be 0 in entry {i}")

"""Predicates of scaling: concave, weakly scalable, scalable and positive networks.

All but `positive` require nonnegative weights and biases.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rmtjac.activations import Facts
from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import at_least, below
from rmtjac.nonnegative.predicates.answer import Answer
from rmtjac.nonnegative.predicates.order import monotone, on_half_line

__all__ = ["concave", "eventually_scalable", "positive", "scalable", "weakly_scalable"]


def _every_layer(network: Network, holds: Callable[[Facts], bool | None], missing: str, claim: str) -> Answer:
    """Return whether each layer maps t >= 0 to itself and each activation has a property there."""
    base = on_half_line(network)
    if not base:
        return base
    for l, phi in enumerate(network.activations):
        answer = holds(phi.facts)
        if not answer:
            why = missing if answer is False else f"whether {claim} is not declared"
            return Answer(None, f"activation {phi.spec!r} of layer {l}: {why}")
    return Answer(True, f"weights and biases >= 0, {claim} in every layer")


def concave(network: Network) -> Answer:
    """Decide whether every output is a concave function of x >= 0.

    It suffices that weights and biases are nonnegative and each activation is concave and nondecreasing on t >= 0.

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
    contraction_rate : A rate of contraction of concave networks.

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
    >>> bool(rj.nonnegative.concave(rj.Network([[[0.5]]], [[1.0]], "tanh")))
    True
    """
    return _every_layer(network, lambda phi: phi.concave, "not concave on t >= 0", "phi concave")


def weakly_scalable(network: Network) -> Answer:
    """Decide whether T(r x) <= r T(x) for all x >= 0 and r >= 1.

    It suffices that weights and biases are nonnegative, and that each activation is nondecreasing with phi(t)/t
    nonincreasing.

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
    scalable : The strict inequality.

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
    >>> bool(rj.nonnegative.weakly_scalable(rj.Network([[[2.0]]], activation="relu")))
    True
    """

    def holds(known: Facts) -> bool | None:
        return None if known.ratio is None else known.falling_ratio

    return _every_layer(network, holds, "phi(t)/t is not nonincreasing", "phi(t)/t nonincreasing")


def scalable(network: Network) -> Answer:
    """Decide whether T(r x) < r T(x) in every coordinate for all x >= 0 and r > 1.

    A neuron satisfies the strict inequality if phi(0) > 0 and phi(t)/t decreases strictly; or if phi(t) > 0 for t > 0
    and either its bias is positive or a neuron that satisfies the strict inequality acts on it. No other neuron does,
    because at x = 0 the definition requires T(0) > 0.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True; False if T is weakly scalable and T(0) = 0 in some coordinate; else None with the hypothesis that is
        missing.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    eventually_scalable : The same question about powers of T.

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
    >>> rj.nonnegative.scalable(rj.Network([[[2.0]]], activation="relu")).value
    False
    >>> rj.nonnegative.scalable(rj.Network([[[2.0]]], [[0.1]], "relu")).value
    True
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
    """Decide whether a power of T is scalable.

    If a power T^m is scalable, it has at most one fixed point. T maps that point to a fixed point of T^m, hence to
    itself, so T and T^m have the same fixed points: one if rho(T_inf) < 1, none otherwise.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True with the power; False if no power is scalable; None with the hypothesis that is missing.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    scalable : The same question about T itself.

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
    >>> net = rj.Network([[[0.0, 1.0], [1.0, 0.0]]], [[0.1, 0.0]], "relu")
    >>> rj.nonnegative.scalable(net).value, rj.nonnegative.eventually_scalable(net).value
    (False, True)
    """
    weak = weakly_scalable(network)
    if not weak or network.widths[0] != network.widths[-1]:
        return weak if not weak else Answer(False, f"the network maps R^{network.widths[0]} to R^{network.widths[-1]}")
    strict = np.zeros(network.widths[0], dtype=bool)
    for power in range(1, len(strict) + 1):  # if a power adds no output, no later one does
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
    """Return which outputs satisfy the strict inequality, given which inputs do."""
    for matrix, bias, phi in zip(network.weights, network.biases, network.activations, strict=True):
        known = phi.facts
        if known.at_zero is not None and known.at_zero > 0.0 and known.ratio == "strictly":
            strict = np.ones(len(bias), dtype=bool)
        else:
            strict = (bias > 0.0) | ((matrix > 0.0) & strict).any(axis=1)
    return strict


def positive(network: Network) -> Answer:
    """Decide whether T(x) > 0 in every coordinate for all x >= 0.

    For a monotone T this holds if and only if T(0) > 0.

    Parameters
    ----------
    network : Network
        Network with n_0 inputs and n_L outputs.

    Returns
    -------
    Answer
        True; False if T(0) is 0 in some coordinate; None if that is not decided, with the reason.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.

    See Also
    --------
    scalable : A property that implies it.

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
    >>> rj.nonnegative.positive(rj.Network([[[2.0]]], activation="sigmoid")).value
    True
    """
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

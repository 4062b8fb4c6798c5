r"""Primitive matrices, and networks that are upper- or lower-primitive at a fixed point (NN).

T is lower-primitive at a fixed point x if each y <= x, y != x, near x is taken by a power of T to T^k(y) << x (less in
every coordinate); upper-primitive likewise from above. A neuron answers to a change of its preactivation h from below
if phi is strictly increasing just left of h, from above if just right of it. Through neurons that answer a change goes
on along positive weights, so that T is primitive at x if the graph of these paths is primitive as a matrix; where other
neurons are constant nearby, only then.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import above, below, preactivations
from rmtjac.nonnegative.predicates import Answer, nonnegative_weights, self_map
from rmtjac.validate import real_array

__all__ = ["lower_primitive", "pattern", "primitive", "upper_primitive"]

_NEAR = 1e-6  # of what is taken for a fixed point: T(x) within this of x, relative to 1 + |x|


def primitive(of: Any, x: object = None) -> Answer:
    """Whether a power of a nonnegative matrix is positive: its graph is strongly connected and has period 1.

    Parameters
    ----------
    of
        A square matrix, dense or sparse. Or a network with nonnegative weights: of the product of its weights.
    x
        Of a network: of the Jacobian at this point, shape (n,), instead; entries that are 0 by rounding count as 0.

    Raises
    ------
    ValueError
        If the matrix is not square, or an entry is negative.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> rj.nonnegative.primitive(np.array([[0, 1], [1, 0]]))
    Answer(value=False, evidence='strongly connected with period 2')
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = coo_array(_square(of, x))
    if graph.shape[0] != graph.shape[1]:
        raise ValueError(f"matrix has shape {graph.shape}; a square one is needed")
    values = real_array("matrix", graph.data, "a matrix")
    if np.isnan(values).any():
        raise ValueError("matrix holds NaN entries; primitivity is a property of nonnegative ones")
    keep = values > 0.0
    if (values < 0.0).any():
        raise ValueError("matrix holds negative entries; primitivity is a property of nonnegative ones")
    graph = coo_array((graph.data[keep], (graph.coords[0][keep], graph.coords[1][keep])), shape=graph.shape)
    count, label = connected_components(graph.tocsr(), directed=True, connection="strong")
    if count > 1:
        return Answer(
            False, f"reducible: {count} strongly connected components, sizes {np.bincount(label)[:6].tolist()}"
        )
    if graph.shape[0] == 1:
        return Answer(bool(keep.any()), "one entry" + ("" if keep.any() else ", zero"))
    order, before = breadth_first_order(graph.tocsr(), 0, directed=True)
    level = np.zeros(graph.shape[0], dtype=np.int64)
    for node in order[1:]:
        level[node] = level[before[node]] + 1
    period = int(np.gcd.reduce(np.abs(level[graph.coords[0]] + 1 - level[graph.coords[1]])))
    if period == 1:
        return Answer(True, "strongly connected and aperiodic")
    return Answer(False, f"strongly connected with period {period}")


def _square(of: Any, x: object) -> Any:
    if not isinstance(of, Network):
        if x is not None:
            raise ValueError("x is a point of a network; a matrix has none")
        return of
    signs = nonnegative_weights(of)
    if not signs:
        raise ValueError(f"network: {signs.evidence}; primitivity is a property of nonnegative matrices")
    if x is None:
        return pattern(of)
    with np.errstate(all="ignore"):
        slopes = [phi.derivative(h) for phi, h in zip(of.activations, of.preactivations(x), strict=True)]
        if all((slope >= 0.0).all() for slope in slopes):  # layer by layer: their product may underflow
            return pattern(of, [slope > 0.0 for slope in slopes])
        return np.maximum(of.jacobian(x), 0.0)


def pattern(network: Network, answering: list[np.ndarray] | None = None) -> Any:
    """Return a sparse matrix that is positive where a path of positive weights leads from an input to an output.

    `answering`, one bool array per layer, leaves out the paths through other neurons.
    """
    from scipy.sparse import csr_array

    product: Any = None
    for l, matrix in enumerate(network.weights):
        step = matrix > 0.0
        if answering is not None:
            step = step & answering[l][:, None]
        factor = csr_array(step.astype(float))
        product = factor if product is None else factor @ product
        product.data = np.minimum(product.data, 1.0)  # counts of paths would overflow
    return product


def lower_primitive(network: Network, x: object, upper: object = None) -> Answer:
    """Whether T is lower-primitive at a fixed point x, or at all fixed points between x and `upper`.

    Parameters
    ----------
    network
        A monotone map of the nonnegative orthant to itself.
    x, upper
        Shape (n,): the fixed point, or bounds of it; `upper` is x by default.

    Returns
    -------
    Answer
        Not decided if rounding, or the width of the bounds, hides which neurons answer.

    Raises
    ------
    ValueError
        If x is no fixed point, or the network is not known to be monotone.

    Examples
    --------
    >>> import rmtjac as rj
    >>> network = rj.Network([[[2.0]]], activation="relu6")  # 6 is fixed, and saturated
    >>> rj.nonnegative.lower_primitive(network, [6.0]).value, rj.nonnegative.upper_primitive(network, [6.0]).value
    (False, False)
    """
    return _primitive_at(network, x, upper, "left")


def upper_primitive(network: Network, x: object, upper: object = None) -> Answer:
    """Whether T is upper-primitive at a fixed point; parameters and errors as in `lower_primitive`."""
    return _primitive_at(network, x, upper, "right")


def _primitive_at(network: Network, x: object, upper: object, side: Literal["left", "right"]) -> Answer:
    order = self_map(network)
    if not order:
        raise ValueError(f"network: not known to be a monotone map of x >= 0 to itself: {order.evidence}")
    n = network.widths[0]
    low = real_array("x", x)
    high = low if upper is None else real_array("upper", upper)
    for name, one in (("x", low), ("upper", high)):
        if one.shape != (n,) or not np.isfinite(one).all() or one.min(initial=0.0) < 0.0:
            raise ValueError(f"{name} has shape {one.shape}; {n} finite numbers >= 0 are needed")
    if not (low <= high).all():
        raise ValueError("upper is less than x in some coordinate")
    room = _NEAR * (1.0 + high)
    if (above(network, high) < low - room).any() or (below(network, low) > high + room).any():
        raise ValueError(f"x={x!r} is not a fixed point, nor does one lie between x and upper")
    surely, possibly = [], []
    lows, highs = preactivations(network, low, -1.0), preactivations(network, high, 1.0)
    for phi, a, b in zip(network.activations, lows, highs, strict=True):
        yes, maybe = _answers(phi, a, b, side)
        surely.append(yes)
        possibly.append(maybe)
    found = primitive(pattern(network, surely))
    if found:
        return Answer(True, f"paths through neurons that answer: {found.evidence}")
    most = primitive(pattern(network, possibly))
    silent = sum(int((~one).sum()) for one in possibly)
    if not most:
        return Answer(False, f"{silent} neurons do not answer; paths through the others: {most.evidence}")
    return Answer(None, f"whether some neurons answer is not decided; without them: {found.evidence}")


def _answers(
    phi: Activation, low: np.ndarray, high: np.ndarray, side: Literal["left", "right"]
) -> tuple[np.ndarray, np.ndarray]:
    """Whether phi strictly increases just left (right) of all h in [low, high], and of some h."""
    if phi.slopes is not None:
        rising = np.array(phi.slopes) > 0.0
        first, last = (np.searchsorted(phi.breakpoints, h, side=side) for h in (low, high))
        counts = np.concatenate(([0], np.cumsum(rising)))
        number = counts[last + 1] - counts[first]
        return number == last - first + 1, number > 0
    start = phi.facts.monotone_from
    if phi.facts.declared or start is None:  # nondecreasing is not strictly increasing
        return np.zeros(len(low), dtype=bool), np.ones(len(low), dtype=bool)
    # Those of the table without slopes all increase strictly where they increase at all.
    return low > start if side == "left" else low >= start, np.ones(len(low), dtype=bool)

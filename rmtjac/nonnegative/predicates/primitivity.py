"""Primitive matrices, and networks that are upper- or lower-primitive at a fixed point.

T is lower-primitive at a fixed point x if for each y <= x near x, y != x, a power of T has T^k(y) < x in every
coordinate; T is upper-primitive if the same holds with the inequalities reversed (NN). A neuron responds from below at
a preactivation h if phi is strictly increasing on an interval that ends at h, and from above if phi is strictly
increasing on an interval that begins at h. Changes spread along positive weights through neurons that respond. So T is
primitive at x if the matrix of these paths is primitive. The converse holds if all other neurons are constant near h.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import DOWN, UP, above, below, preactivations
from rmtjac.nonnegative.predicates.answer import Answer
from rmtjac.nonnegative.predicates.order import nonnegative_weights, self_map
from rmtjac.validate import real_array

__all__ = ["lower_primitive", "pattern", "primitive", "upper_primitive"]

_NEAR = 1e-6  # largest |T(x) - x| of what counts as a fixed point, relative to 1 + |x|


def primitive(matrix_or_network: Any, x: object = None) -> Answer:
    """Decide whether a power of a nonnegative matrix is positive.

    This holds if and only if the graph of the matrix is strongly connected and has period 1.

    Parameters
    ----------
    matrix_or_network : array_like, sparse array or Network
        A square nonnegative matrix; or a network with nonnegative weights, which stands for the product of its weights.
    x : array_like of float, shape (n,), optional
        For a network: take the Jacobian at this point in place of the product. Entries that round to 0 count as 0.

    Returns
    -------
    Answer
        True or False; the evidence is the number of components or the period.

    Raises
    ------
    ValueError
        If the matrix is not square, or an entry is negative or NaN, or `x` is given with a matrix.

    See Also
    --------
    lower_primitive, upper_primitive : The property of a network at a fixed point.

    Notes
    -----
    Cost: linear in the number of positive entries.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> rj.nonnegative.primitive(np.array([[0, 1], [1, 0]]))
    Answer(value=False, evidence='strongly connected with period 2')
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = coo_array(_square(matrix_or_network, x))
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


def _square(matrix_or_network: Any, x: object) -> Any:
    """Return a given matrix, or the matrix of a given network."""
    if not isinstance(matrix_or_network, Network):
        if x is not None:
            raise ValueError("x is given with a matrix; it is a point of a network, and must be left out")
        return matrix_or_network
    network = matrix_or_network
    signs = nonnegative_weights(network)
    if not signs:
        raise ValueError(f"network: {signs.evidence}; primitivity is a property of nonnegative matrices")
    if x is None:
        return pattern(network)
    with np.errstate(all="ignore"):
        slopes = [phi.derivative(h) for phi, h in zip(network.activations, network.preactivations(x), strict=True)]
        if all((slope >= 0.0).all() for slope in slopes):  # layer by layer, as the product may underflow
            return pattern(network, [slope > 0.0 for slope in slopes])
        return np.maximum(network.jacobian(x), 0.0)


def pattern(network: Network, responding: list[np.ndarray] | None = None) -> Any:
    """Return a sparse matrix that is positive where a path of positive weights leads from an input to an output.

    `responding`, one bool array per layer, keeps only paths through these neurons.
    """
    from scipy.sparse import csr_array

    product: Any = None
    for l, matrix in enumerate(network.weights):
        step = matrix > 0.0
        if responding is not None:
            step = step & responding[l][:, None]
        factor = csr_array(step.astype(float))
        product = factor if product is None else factor @ product
        product.data = np.minimum(product.data, 1.0)  # counts of paths would overflow
    return product


def lower_primitive(network: Network, x: object, upper: object = None) -> Answer:
    """Decide whether T is lower-primitive at a fixed point, or at all fixed points between two bounds.

    For each y <= x near x, y != x, a power of T has T^k(y) < x in every coordinate.

    Parameters
    ----------
    network : Network
        A monotone map of the nonnegative orthant to itself (`self_map`).
    x : array_like of float, shape (n,)
        The fixed point, or a lower bound of it.
    upper : array_like of float, shape (n,), optional
        An upper bound of the fixed point; default x.

    Returns
    -------
    Answer
        True or False; None if rounding, or the distance of the bounds, hides which neurons respond.

    Raises
    ------
    ValueError
        If no fixed point is near x, or the network is not known to be monotone.

    See Also
    --------
    upper_primitive : The same from above.

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
    >>> net = rj.Network([[[2.0]]], activation="relu6")  # 6 is fixed, and saturated
    >>> rj.nonnegative.lower_primitive(net, [6.0]).value, rj.nonnegative.upper_primitive(net, [6.0]).value
    (False, False)
    """
    return _primitive_at(network, x, upper, "left")


def upper_primitive(network: Network, x: object, upper: object = None) -> Answer:
    """Decide whether T is upper-primitive at a fixed point, or at all fixed points between two bounds.

    For each y >= x near x, y != x, a power of T has T^k(y) > x in every coordinate.

    Parameters
    ----------
    network : Network
        A monotone map of the nonnegative orthant to itself (`self_map`).
    x : array_like of float, shape (n,)
        The fixed point, or a lower bound of it.
    upper : array_like of float, shape (n,), optional
        An upper bound of the fixed point; default x.

    Returns
    -------
    Answer
        True or False; None if rounding, or the distance of the bounds, hides which neurons respond.

    Raises
    ------
    ValueError
        If no fixed point is near x, or the network is not known to be monotone.

    See Also
    --------
    lower_primitive : The same from below.

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
    >>> net = rj.Network([[[0.5]]], [[1.0]], "relu")  # 2 is fixed
    >>> rj.nonnegative.upper_primitive(net, [2.0])
    Answer(value=True, evidence='paths through neurons that respond: one entry')
    """
    return _primitive_at(network, x, upper, "right")


def _primitive_at(network: Network, x: object, upper: object, side: Literal["left", "right"]) -> Answer:
    """Return the answer for one side."""
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
    lows, highs = preactivations(network, low, DOWN), preactivations(network, high, UP)
    for phi, a, b in zip(network.activations, lows, highs, strict=True):
        yes, maybe = _responds(phi, a, b, side)
        surely.append(yes)
        possibly.append(maybe)
    found = primitive(pattern(network, surely))
    if found:
        return Answer(True, f"paths through neurons that respond: {found.evidence}")
    most = primitive(pattern(network, possibly))
    silent = sum(int((~one).sum()) for one in possibly)
    if not most:
        return Answer(False, f"{silent} neurons do not respond; paths through the others: {most.evidence}")
    return Answer(None, f"whether some neurons respond is not decided; without them: {found.evidence}")


def _responds(
    phi: Activation, low: np.ndarray, high: np.ndarray, side: Literal["left", "right"]
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether phi strictly increases on the given side of all h in [low, high], and of some h."""
    if phi.slopes is not None:
        rising = np.array(phi.slopes) > 0.0
        first, last = (np.searchsorted(phi.breakpoints, h, side=side) for h in (low, high))
        counts = np.concatenate(([0], np.cumsum(rising)))
        number = counts[last + 1] - counts[first]
        return number == last - first + 1, number > 0
    start = phi.facts.monotone_from
    if phi.facts.declared or start is None:  # nondecreasing is not strictly increasing
        return np.zeros(len(low), dtype=bool), np.ones(len(low), dtype=bool)
    # The smooth functions of the table increase strictly where they increase.
    return low > start if side == "left" else low >= start, np.ones(len(low), dtype=bool)

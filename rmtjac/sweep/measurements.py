"""Measurements: the functions that a sweep calls for each network, with the columns that they fill.

A measurement is a function ``(network, rng, **options) -> dict``. Those of this file are known by their names. Any
other is named by ``"module:function"``, must be importable on every worker, and declares its columns with
`measurement`.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from rmtjac.network import Network
from rmtjac.status import Status

__all__ = ["KINDS", "Measurement", "is_known", "measurement", "resolve"]

Measurement = Callable[..., dict[str, Any]]
# The kinds of columns: whole numbers, numbers, truth values, lists of numbers.
KINDS = ("int", "float", "bool", "list")

_KNOWN: dict[str, Measurement] = {}
_SMALLEST_LOG = -1e308  # stands for log 0: JSON has no infinity
_OUTCOMES = (Status.CONVERGED, Status.LATE, Status.CYCLE, Status.APERIODIC, Status.DIVERGED)


def measurement(**columns: str) -> Callable[[Measurement], Measurement]:
    """Declare the columns that a measurement fills, and their kinds.

    A measurement is a function ``(network, rng, **options)`` that returns a dict with a value for each column. The
    generator `rng` is for this measurement alone, so its draws do not change those of other measurements.

    Parameters
    ----------
    **columns : {"int", "float", "bool", "list"}
        The kind of each column, by its name; a list holds floats.

    Returns
    -------
    callable
        The decorator of the function.

    Raises
    ------
    ValueError
        If a kind is unknown, or a name is no identifier.

    See Also
    --------
    plan : Write the plan of a sweep with measurements.

    References
    ----------
    BS Section IV: what is measured there is the measurement ``"grid"``. See docs/references.md.

    Examples
    --------
    >>> @measurement(largest="float")
    ... def norm(network, rng):
    ...     return {"largest": max(abs(w).max() for w in network.weights)}
    >>> norm.columns
    {'largest': 'float'}
    """
    for name, kind in columns.items():
        if kind not in KINDS or not name.isidentifier():
            raise ValueError(f"{name}={kind!r}: a column has a plain name and one of the kinds {', '.join(KINDS)}")

    def declare(function: Measurement) -> Measurement:
        """Return the function with its columns."""
        function.columns = dict(columns)  # type: ignore[attr-defined]
        return function

    return declare


def is_known(name: str) -> bool:
    """Return whether a measurement is one of this package."""
    return name in _KNOWN


def resolve(name: str) -> Measurement:
    """Return the measurement with this name, or with this text ``"module:function"``.

    Raises
    ------
    ValueError
        If there is none, or it declares no columns.
    """
    if name in _KNOWN:
        return _KNOWN[name]
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ValueError(f"measure={name!r} must be one of {', '.join(_KNOWN)}, or 'module:function'")
    try:
        function = getattr(import_module(module), attribute)
    except Exception as error:  # an imported module may raise anything
        what = str(error) if isinstance(error, (ImportError, AttributeError)) else repr(error)
        raise ValueError(f"measure={name!r} cannot be imported: {what}") from None
    if not isinstance(getattr(function, "columns", None), dict):
        raise ValueError(
            f"measure={name!r} declares no columns; decorate it with rmtjac.sweep.measurement(name='kind')"
        )
    return function


def _named(function: Measurement) -> Measurement:
    """Make a measurement of this file known under the name of its function."""
    _KNOWN[function.__name__] = function
    return function


@_named
@measurement(stable="int", saddles="int", repellers="int", index_sum="int", complete="bool", continua="int")
def fixed_points(net: Network, rng: np.random.Generator, method: str = "auto", **options: Any) -> dict[str, Any]:
    """Count all fixed points by kind, report whether the count is proved complete, and add up their indices.

    The options are those of `rmtjac.find_fixed_points`.
    """
    from rmtjac.fixed_points.find import find_fixed_points

    found = find_fixed_points(net, method, **options)
    kinds = list(found.kinds)
    return {
        "stable": kinds.count("stable"),
        "saddles": kinds.count("saddle"),
        "repellers": kinds.count("repeller"),
        "index_sum": found.index_sum,
        "complete": found.complete,
        "continua": len(found.continua),
    }


@_named
@measurement(
    limits="int", attracting="int", cycles="int", converged="float", late="float", cycle="float", aperiodic="float",
    diverged="float", fractions="list",
)  # fmt: skip
def grid(net: Network, rng: np.random.Generator, **options: Any) -> dict[str, Any]:
    """Follow a grid of starts (BS Section IV): count their limits and the stable ones, and report how the starts end.

    `fractions` are the shares of the starts that end in each stable fixed point, within the limit of iterations or
    later, the largest first. The options are those of `rmtjac.find_fixed_points`.
    """
    from rmtjac.fixed_points.find import find_fixed_points

    found = find_fixed_points(net, "grid", **options)
    labels, settled = found.labels, found.settled
    assert labels is not None
    assert settled is not None
    counts = np.bincount(labels[(labels >= 0) & (labels < len(found))], minlength=len(found))
    shares = {status.name.lower(): count / len(labels) for status, count in found.outcomes.items()}
    return {
        "limits": len(np.unique(labels[settled])),
        "attracting": int(found.stable.sum()),
        "cycles": len(found.cycles),
        **{status.name.lower(): shares[status.name.lower()] for status in _OUTCOMES},
        "fractions": sorted((counts[found.stable] / len(labels)).tolist(), reverse=True),
    }


@_named
@measurement(lyapunov="float", collapsed="float")
def lyapunov(net: Network, rng: np.random.Generator, starts: int = 32) -> dict[str, Any]:
    r"""Measure the growth of a tangent vector in the hidden layers, :math:`\log|D^l W^l \cdots v| / l`.

    `lyapunov` is the mean over random inputs. `collapsed` is the share of the inputs at which the vector vanishes (all
    neurons are saturated); the mean leaves them out. Both are NaN if the vector passes no hidden layer (L < 3).
    """
    x = rng.uniform(-1.0, 1.0, (starts, net.widths[0]))
    hidden = range(1, net.depth - 1)
    tangent = rng.standard_normal((starts, net.widths[1]))
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    growth, alive = np.zeros(starts), np.ones(starts, dtype=bool)
    for l, (weights, biases, phi) in enumerate(zip(net.weights, net.biases, net.activations, strict=True)):
        h = x @ weights.T + biases
        x = phi(h)
        if l in hidden:
            tangent = phi.derivative(h) * (tangent @ weights.T)
            size = np.linalg.norm(tangent, axis=1)
            alive &= size > 0.0
            size[~alive] = 1.0
            growth += np.log(size)
            tangent /= size[:, None]
    if not len(hidden):
        return {"lyapunov": math.nan, "collapsed": math.nan}
    mean = float((growth[alive] / len(hidden)).mean()) if alive.any() else math.nan
    return {"lyapunov": mean, "collapsed": float(1.0 - alive.mean())}


@_named
@measurement(log_singular_values="list")
def singular_values(net: Network, rng: np.random.Generator, method: str = "auto", **options: Any) -> dict[str, Any]:
    """Return the natural logarithms of the singular values of J at each fixed point; -1e308 stands for log 0."""
    from rmtjac.fixed_points.find import find_fixed_points

    found = find_fixed_points(net, method, **options)
    values = np.linalg.svd(found.jacobians, compute_uv=False).ravel() if len(found) else np.empty(0)
    with np.errstate(divide="ignore"):
        return {"log_singular_values": np.maximum(np.log(values), _SMALLEST_LOG).tolist()}

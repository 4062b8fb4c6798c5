"""What a sweep measures on each network: functions by name, with the columns they fill.

A measurement is a function ``(net, rng, **options) -> dict``. Those of this file have names; any other is named by
``"module:function"``, where it can be imported on every worker, and carries its columns by `measurement`.
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
# Of a column: whole number, number, truth value, list of numbers.
KINDS = ("int", "float", "bool", "list")

_KNOWN: dict[str, Measurement] = {}
_OUTCOMES = (Status.CONVERGED, Status.LATE, Status.CYCLE, Status.APERIODIC, Status.DIVERGED)


def measurement(**columns: str) -> Callable[[Measurement], Measurement]:
    """Declare the columns of a measurement and their kinds: int, float, bool, or list (of floats).

    Examples
    --------
    >>> @measurement(largest="float")
    ... def norm(net, rng):
    ...     return {"largest": max(abs(w).max() for w in net.weights)}
    >>> norm.columns
    {'largest': 'float'}
    """
    for name, kind in columns.items():
        if kind not in KINDS or not name.isidentifier():
            raise ValueError(f"{name}={kind!r}: a column has a plain name and one of the kinds {', '.join(KINDS)}")

    def declare(function: Measurement) -> Measurement:
        function.columns = dict(columns)  # type: ignore[attr-defined]
        return function

    return declare


def is_known(name: str) -> bool:
    """Whether a measurement is one of this package."""
    return name in _KNOWN


def resolve(name: str) -> Measurement:
    """Return the measurement of a name, or of a text ``"module:function"``.

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
    except Exception as error:  # whatever an imported module does
        what = str(error) if isinstance(error, (ImportError, AttributeError)) else repr(error)
        raise ValueError(f"measure={name!r} cannot be imported: {what}") from None
    if not isinstance(getattr(function, "columns", None), dict):
        raise ValueError(
            f"measure={name!r} declares no columns; decorate it with rmtjac.sweep.measurement(name='kind')"
        )
    return function


def _named(function: Measurement) -> Measurement:
    _KNOWN[function.__name__] = function
    return function


@_named
@measurement(stable="int", saddles="int", repellers="int", index_sum="int", complete="bool", continua="int")
def fixed_points(net: Network, rng: np.random.Generator, method: str = "auto", **options: Any) -> dict[str, Any]:
    """All fixed points by kind, whether they are proved to be all, and the sum of their indices.

    Options as in `rmtjac.find_fixed_points`.
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
    """The protocol of BS: the number of limits of the grid, stable or not; those that attract; how all starts end.

    `fractions`: shares of the starts that end in each stable fixed point, in time or later, largest first. Options as
    in `rmtjac.find_fixed_points`.
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
    r"""Growth of a tangent vector in the hidden layers, :math:`\log|D^l W^l \cdots v| / l`, mean over random inputs.

    `collapsed`: the share of inputs at which it vanishes (all neurons saturated), left out of the mean. NaN without
    hidden layers to pass (L < 3).
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
    """Natural logarithms of the singular values of J at each fixed point, point by point; -1e308 for 0."""
    from rmtjac.fixed_points.find import find_fixed_points

    found = find_fixed_points(net, method, **options)
    values = np.linalg.svd(found.jacobians, compute_uv=False).ravel() if len(found) else np.empty(0)
    with np.errstate(divide="ignore"):
        return {"log_singular_values": np.maximum(np.log(values), -1e308).tolist()}

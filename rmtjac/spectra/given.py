"""Singular values of given matrices and networks, for example trained or measured ones.

Entries of a given matrix may be rounded. Then the true value of a small singular value may be 0. The number of such
undecided values is part of the result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain as joined
from typing import Any, NamedTuple

import numpy as np

from rmtjac.codes import MaskMoment, Precision, Route
from rmtjac.network import Network
from rmtjac.provenance import provenance
from rmtjac.spectra.chain_error import UNIT
from rmtjac.spectra.rank import entry_rounding, without_copies
from rmtjac.spectra.settle import product_noise, settle
from rmtjac.validate import array_as_given, choice, finite, real_array

__all__ = ["Given", "each_matrix", "of_matrices", "of_network"]

_CLEAR = 64.0  # a value above this multiple of the rounding of all entries is certainly not 0


class Given(NamedTuple):
    """Singular values of given matrices: the fields of `rmtjac.EmpiricalSpectrum`, under the same names."""

    log_singular_values: np.ndarray
    log_error: np.ndarray
    underflows: np.ndarray
    facts: dict[str, Any]
    routes: np.ndarray
    mask_moments: np.ndarray | None
    undecided: np.ndarray


def of_matrices(matrices: Any, precision: str, entry_error: float | None) -> Given:
    """Return the singular values of matrices; `rmtjac.EmpiricalSpectrum.from_matrices` describes the arguments."""
    entry_error = _entry_error(entry_error)
    return _collect(([matrix] for matrix in each_matrix(matrices)), precision, {"source": "matrices"}, entry_error)


def of_network(network: Network, inputs: Any, precision: str, entry_error: float | None) -> Given:
    """Return the singular values of Jacobians; `rmtjac.EmpiricalSpectrum.from_network` describes the arguments."""
    from rmtjac.kernels.samples.jacobian import mask_moments

    entry_error = _entry_error(entry_error)
    inputs = real_array("inputs", inputs)
    inputs = inputs.reshape(-1, inputs.shape[-1]) if inputs.ndim else inputs
    if not np.isfinite(inputs).all():
        raise ValueError("inputs holds NaN or infinite entries; finite numbers are needed")
    preactivations = network.preactivations(inputs)
    if any(np.isnan(h).any() for h in preactivations):
        raise OverflowError("preactivations of the network leave the range of a float")
    masks = [phi.derivative(h) for phi, h in zip(network.activations, preactivations, strict=True)]
    if entry_error is None:
        # D is computed and therefore rounded, unless it is 0 or 1; the last D only scales rows.
        inner = [0.0 if np.array_equal(d, np.rint(d)) else UNIT for d in masks[:-1]]
        entry_error = max(*(entry_rounding(w) for w in network.weights), *inner, 0.0)
    # Copied neurons are factored out of the weights, where they are exact, before D rounds them.
    parts = [without_copies([w]) for w in network.weights]
    layers = (
        [f for d, (*before, last) in zip(masks, parts, strict=True) for f in (*before, d[i][:, None] * last)]
        for i in range(len(inputs))
    )
    found = _collect(layers, precision, {"source": "network", "network": repr(network)}, entry_error)
    moments = np.full((len(inputs), network.depth, len(MaskMoment)), np.nan)
    for l, d in enumerate(masks):
        for i, row in enumerate(np.ascontiguousarray(d, dtype=float)):
            mask_moments(row, moments[i, l])
    return found._replace(mask_moments=moments, undecided=_with_underflows(network, masks, found))


def _with_underflows(network: Network, masks: list[np.ndarray], found: Given) -> np.ndarray:
    """Return how many values are undecided if a phi' that is 0 by underflow counts as positive."""
    samples = len(found.undecided)
    lost = np.zeros(samples, dtype=bool)
    highest = np.full(samples, min(network.widths))  # rank that the certain zeros of D allow
    for phi, d in zip(network.activations, masks, strict=True):
        if phi.piecewise_affine:
            highest = np.minimum(highest, (d != 0.0).sum(axis=1))
        else:
            lost |= (d == 0.0).any(axis=1)
    low = np.isfinite(found.log_singular_values).sum(axis=1)
    if not lost.any():
        return found.undecided
    undecided: np.ndarray = np.where(lost, np.maximum(highest - low, 0), found.undecided)
    return undecided


def _entry_error(value: float | None) -> float | None:
    """Return the relative error of the entries as a float below 0.1, or None if it is not given."""
    if value is None:
        return None
    number = finite("entry_error", value, least=0.0)
    if number >= 0.1:
        raise ValueError(f"entry_error={value!r} must be below 0.1: nothing is known of entries with such an error")
    return number


def each_matrix(matrices: Any) -> Iterator[np.ndarray]:
    """Yield the matrices of `matrices`: one matrix, a stack of matrices, or an iterable of matrices."""
    whole = any(hasattr(matrices, name) for name in ("__array__", "toarray", "detach"))
    if not whole:
        if isinstance(matrices, (str, bytes, dict)) or not isinstance(matrices, Iterable):
            raise TypeError(f"matrices={matrices!r} must be a matrix, a stack of them, or an iterable of matrices")
        rest = iter(matrices)
        first = next(rest, None)
        if first is None:
            raise ValueError("matrices=[] must hold at least one matrix")
        try:
            rows = np.ndim(first) < 2
        except ValueError:  # rows of unequal length, for which an error is raised below
            rows = False
        if not rows:
            for number, matrix in enumerate(joined([first], rest)):
                yield array_as_given(f"matrices[{number}]", matrix, "a matrix")
            return
        matrices = [first, *rest]
    array = array_as_given("matrices", matrices, "a matrix, or a stack of them,")
    if array.ndim not in (2, 3) or not len(array):
        raise ValueError(
            f"matrices of shape {array.shape} must be one matrix (rows, columns) or a stack (n, rows, columns)"
        )
    yield from [array] if array.ndim == 2 else array


def _collect(
    products: Iterable[list[np.ndarray]], precision: str, facts: dict[str, Any], entry_error: float | None
) -> Given:
    """Return the singular values of products; each is a list of factors, of which the first acts first."""
    code = Precision[choice("precision", precision, ("auto", "accurate", "fast")).upper()]
    rows_of_logs: list[np.ndarray] = []
    errors: list[float] = []
    routes: list[int] = []
    undecided: list[int] = []
    shape: tuple[int, int] | None = None
    for number, factors in enumerate(products):
        for matrix in factors:
            if matrix.ndim != 2 or not matrix.size:
                raise ValueError(f"matrices[{number}] has shape {matrix.shape}; rows x columns, at least 1 x 1, needed")
            if not np.isfinite(matrix).all():
                raise ValueError(f"matrices[{number}] holds NaN or infinite entries")
        here = (factors[-1].shape[0], factors[0].shape[1])
        shape = shape or here
        if here != shape:
            raise ValueError(f"matrices[{number}] has shape {here}, the first {shape}: one shape is needed")
        rounding = max(entry_rounding(matrix) for matrix in factors) if entry_error is None else entry_error
        matrices = [np.ascontiguousarray(w, dtype=float) for w in factors]
        logs, error, route, hidden = _one(matrices, code, rounding, number)
        rows_of_logs.append(logs)
        errors.append(error)
        routes.append(route)
        undecided.append(hidden)
    if not rows_of_logs:
        raise ValueError("matrices=[] must hold at least one matrix")
    return Given(
        np.stack(rows_of_logs),
        np.array(errors),
        np.zeros(len(errors), dtype=np.int64),
        provenance(precision=precision, **facts),
        np.array(routes, dtype=np.uint8),
        None,
        np.array(undecided, dtype=np.int64),
    )


def _one(
    matrices: list[np.ndarray], precision: Precision, rounding: float, number: int
) -> tuple[np.ndarray, float, int, int]:
    """Return the ascending logarithms of the singular values of one product, error, route, and undecided values.

    `rounding` is the relative error of the entries, and `number` names the product in error messages.
    """
    from rmtjac.kernels.samples.factor import TOLERANCE, factor
    from rmtjac.kernels.samples.jacobian import OVERFLOW, compress, multiply

    n_0, size = matrices[0].shape[1], matrices[-1].shape[0]
    flat = np.empty(sum(matrix.size for matrix in matrices))
    used = 0
    rows, rank, product, exponent = np.arange(n_0), n_0, np.empty((0, 0)), 0
    for matrix in matrices:
        alive = matrix.any(axis=1).astype(float)
        block, rows = compress(rows, matrix, alive, flat[used:])
        used += block.size
        rank = min(rank, rows.size)
        if not rank:
            continue
        product, taken = multiply(block, product)
        if taken == OVERFLOW:
            raise OverflowError(f"the product of matrices[{number}] leaves the range of a float")
        exponent += taken
    logs = np.empty(size)
    error, route = factor(product, exponent, rank, len(matrices), precision.value, False, logs)
    lowest = float(logs[size - rank]) if rank else math.inf
    noise = -math.inf if route == Route.CHAIN else product_noise(matrices, math.log(TOLERANCE) + lowest)
    cancelled = route == Route.NONE and rank > 0  # the product is 0 in floats
    if route == Route.CHAIN or cancelled or (route == Route.SVD and noise > math.log(TOLERANCE) + lowest):
        found = settle(matrices, size, rounding)
        return found.logs, found.log_error, Route.CHAIN, found.undecided
    # If the smallest value is above its own error and that of the entries, no value can be 0.
    limit = max(0.5 * error + 1e-9, noise) if route == Route.GRAM else -math.inf
    if rounding > 0.0:
        limit = max(limit, logs[-1] + math.log(_CLEAR * max(n_0, size) * rounding))
    if route == Route.NONE or lowest > limit:
        return logs, max(error, noise) if route == Route.SVD else error, route, 0
    found = settle(matrices, size, rounding)
    kept = int(np.isfinite(found.logs).sum())
    logs[: size - kept] = -math.inf
    return logs, error, route, found.undecided

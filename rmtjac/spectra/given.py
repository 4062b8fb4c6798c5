"""Spectra of matrices that are given: trained, measured, or one's own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain as joined
from typing import Any

import numpy as np

from rmtjac.network import Network
from rmtjac.provenance import provenance
from rmtjac.spectra.chain_error import UNIT
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.rank import entry_rounding, without_copies
from rmtjac.spectra.settle import product_noise, settle
from rmtjac.validate import array_as_given, choice, finite, real_array

__all__ = ["spectrum_of_jacobians", "spectrum_of_matrices", "weight_spectra"]

_CODES = ("auto", "accurate", "fast")
_CLEAR = 64.0  # values above so many roundings of all entries are clear of zero


def spectrum_of_matrices(matrices: Any, precision: str = "auto", entry_error: float | None = None) -> EmpiricalSpectrum:
    """Return the spectrum of J J^T over given matrices J of equal shape.

    Parameters
    ----------
    matrices
        One matrix (a 2-D array or list, tensor, table, or sparse matrix), a stack of shape (n, rows, columns), or an
        iterable of matrices.
    precision
        As in `rmtjac.sample_spectrum`. ``"accurate"`` gives the small singular values of graded matrices (rows or
        columns of very different size) their digits, but cannot give back what forming a product has lost: for
        products see `rmtjac.spectra.product_singular_values`.
    entry_error
        The relative error of the entries, 0 for none. Default: 0 for whole numbers, and for small ones times a number
        that a row or column shares; else the rounding of the type of the entries, single precision where all fit
        into it.

    Returns
    -------
    EmpiricalSpectrum
        With ``undecided`` the number of values that the error of the entries hides, and which are written as zeros:
        `EmpiricalSpectrum.rank_bounds` and `EmpiricalSpectrum.atom_bounds` rest on it. Zeros are certain where the
        matrix as given has them: rank by elimination modulo primes.

    Notes
    -----
    Where an SVD would not do, the chained QR runs five times: once, and four times on entries moved by rounding.

    Raises
    ------
    ValueError
        If shapes differ, or an entry is not finite.
    TypeError
        If entries are complex, or no numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> rj.EmpiricalSpectrum.from_matrices([[3.0, 0.0], [0.0, 4.0]]).eigenvalues.round(12)
    array([[ 9., 16.]])
    >>> rj.EmpiricalSpectrum.from_matrices(np.ones((4, 4))).atom  # of rank 1
    0.75
    >>> rng = np.random.default_rng(0)
    >>> low_rank = rng.standard_normal((9, 3)) @ rng.standard_normal((3, 9))  # but for its rounding
    >>> rj.EmpiricalSpectrum.from_matrices(low_rank).rank_bounds
    array([[3, 9]])
    """
    entry_error = _entry_error(entry_error)
    return _collect(([matrix] for matrix in _each(matrices)), precision, {"source": "matrices"}, entry_error)


def spectrum_of_jacobians(
    net: Network, inputs: Any, precision: str = "auto", entry_error: float | None = None
) -> EmpiricalSpectrum:
    """Return the spectrum of the input-output Jacobian of `net` at each of the inputs.

    Parameters
    ----------
    net
        Any `Network`, trained or not.
    inputs
        Shape (..., n_0): one Jacobian each. The "samples" of the result are these inputs: of one network they are not
        independent, and standard errors are those of a mean over the data.
    precision
        As in `rmtjac.sample_spectrum`; the layers are known here, so ``"accurate"`` reaches the last singular value.
    entry_error
        The relative error of the weights, as in `spectrum_of_matrices`.

    Returns
    -------
    EmpiricalSpectrum
        Where phi' of a smooth activation underflows to 0, zeros are not certain: they count as undecided.

    Raises
    ------
    ValueError
        If an input is not finite.
    OverflowError
        If preactivations leave the range of a float.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.1]]], activation="hardtanh")
    >>> rj.EmpiricalSpectrum.from_network(net, [[0.1, 1.0], [1.0, 1.0]]).atoms
    array([0. , 0.5])
    """
    from rmtjac.kernels.samples.jacobian import mask_moments

    entry_error = _entry_error(entry_error)
    inputs = real_array("inputs", inputs)
    inputs = inputs.reshape(-1, inputs.shape[-1]) if inputs.ndim else inputs
    if not np.isfinite(inputs).all():
        raise ValueError("inputs holds NaN or infinite entries; finite numbers are needed")
    preactivations = net.preactivations(inputs)
    if any(np.isnan(h).any() for h in preactivations):
        raise OverflowError("preactivations of the network leave the range of a float")
    masks = [phi.derivative(h) for phi, h in zip(net.activations, preactivations, strict=True)]
    if entry_error is None:
        # D is computed, and rounded; 0 and 1 are exact, and the last D only scales rows.
        inner = [0.0 if np.array_equal(d, np.rint(d)) else UNIT for d in masks[:-1]]
        entry_error = max(*(entry_rounding(w) for w in net.weights), *inner, 0.0)
    # Copies of neurons are set apart from the weights, where they are exact.
    parts = [without_copies([w]) for w in net.weights]
    layers = (
        [f for d, (*before, last) in zip(masks, parts, strict=True) for f in (*before, d[i][:, None] * last)]
        for i in range(len(inputs))
    )
    found = _collect(layers, precision, {"source": "network", "network": repr(net)}, entry_error)
    moments = np.full((len(inputs), net.depth, 3), np.nan)
    for l, d in enumerate(masks):
        for i, row in enumerate(np.ascontiguousarray(d, dtype=float)):
            mask_moments(row, moments[i, l])
    arrays = (found.log_singular_values, found.log_error, found.underflows)
    undecided = _with_underflows(net, masks, found)
    return EmpiricalSpectrum(*arrays, found.facts, found.routes, moments, undecided)


def _with_underflows(net: Network, masks: list[np.ndarray], found: EmpiricalSpectrum) -> np.ndarray | None:
    """Return how many values are undecided, a phi' that is 0 by underflow counted as positive."""
    lost = np.zeros(found.samples, dtype=bool)
    most = np.full(found.samples, min(net.widths))
    for phi, d in zip(net.activations, masks, strict=True):
        if phi.piecewise_affine:
            most = np.minimum(most, (d != 0.0).sum(axis=1))
        else:
            lost |= (d == 0.0).any(axis=1)
    low = np.isfinite(found.log_singular_values).sum(axis=1)
    if found.undecided is None or not lost.any():
        return found.undecided
    undecided: np.ndarray = np.where(lost, np.maximum(most - low, 0), found.undecided)
    return undecided


def weight_spectra(
    net: Network, precision: str = "auto", entry_error: float | None = None
) -> tuple[EmpiricalSpectrum, ...]:
    """Return the spectrum of W W^T for the weight matrix W of each layer; arguments as in `spectrum_of_matrices`.

    Examples
    --------
    >>> import rmtjac as rj
    >>> [s.size for s in weight_spectra(rj.Ensemble([2, 5, 3], "tanh").draw(rng=0))]
    [5, 3]
    """
    return tuple(spectrum_of_matrices(matrix, precision, entry_error) for matrix in net.weights)


def _entry_error(value: float | None) -> float | None:
    if value is None:
        return None
    number = finite("entry_error", value, least=0.0)
    if number >= 0.1:
        raise ValueError(f"entry_error={value!r} must be below 0.1: nothing is known of entries with such an error")
    return number


def _each(matrices: Any) -> Iterator[np.ndarray]:
    """Yield the matrices, one after the other: of one, of a stack, or of an iterable."""
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
        except ValueError:  # ragged: said below
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
) -> EmpiricalSpectrum:
    """Spectra of products, each given by its factors, the first acting first."""
    code = _CODES.index(choice("precision", precision, _CODES))
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
    return EmpiricalSpectrum(
        np.stack(rows_of_logs),
        np.array(errors),
        np.zeros(len(errors), dtype=np.int64),
        provenance(precision=precision, **facts),
        np.array(routes, dtype=np.uint8),
        undecided=np.array(undecided, dtype=np.int64),
    )


def _one(matrices: list[np.ndarray], code: int, rounding: float, number: int) -> tuple[np.ndarray, float, int, int]:
    """Return the logarithms of the singular values of one product, ascending, their error, the route, the undecided."""
    from rmtjac.kernels.samples.factor import CHAIN, GRAM, NONE, SVD, TOLERANCE, factor
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
    error, route = factor(product, exponent, rank, len(matrices), code, False, logs)
    lowest = float(logs[size - rank]) if rank else math.inf
    noise = -math.inf if route == CHAIN else product_noise(matrices, math.log(TOLERANCE) + lowest)
    cancelled = route == NONE and rank > 0  # a product of zeros in floats
    if route == CHAIN or cancelled or (route == SVD and noise > math.log(TOLERANCE) + lowest):
        found = settle(matrices, size, rounding)
        return found.logs, found.log_error, CHAIN, found.undecided
    # What cannot be 0 by its own error, and by that of the entries, is not asked any more.
    limit = max(0.5 * error + 1e-9, noise) if route == GRAM else -math.inf
    if rounding > 0.0:
        limit = max(limit, logs[-1] + math.log(_CLEAR * max(n_0, size) * rounding))
    if route == NONE or lowest > limit:
        return logs, max(error, noise) if route == SVD else error, route, 0
    found = settle(matrices, size, rounding)
    kept = int(np.isfinite(found.logs).sum())
    logs[: size - kept] = -math.inf
    return logs, error, route, found.undecided

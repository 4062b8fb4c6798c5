"""Spectra of matrices that are given: trained, measured, or one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rmtjac.archive import provenance
from rmtjac.network import Network
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.units import finish
from rmtjac.validate import choice

__all__ = ["spectrum_of_jacobians", "spectrum_of_matrices", "weight_spectra"]

_CODES = ("auto", "accurate", "fast")


def spectrum_of_matrices(matrices: Any, precision: str = "auto") -> EmpiricalSpectrum:
    """Return the spectrum of J J^T over given matrices J of equal shape.

    Parameters
    ----------
    matrices
        Shape (n, rows, columns), (rows, columns), or an iterable of matrices.
    precision
        As in `rmtjac.sample_spectrum`. ``"accurate"`` gives the small singular values of graded matrices (rows or
        columns of very different size) their digits, but cannot give back what forming a product has lost: for
        products see `rmtjac.spectra.product_singular_values`.

    Raises
    ------
    ValueError
        If shapes differ, or an entry is not finite.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.EmpiricalSpectrum.from_matrices([[[3.0, 0.0], [0.0, 4.0]]]).eigenvalues.round(12)
    array([[ 9., 16.]])
    """
    if isinstance(matrices, np.ndarray) and matrices.ndim == 2:
        matrices = matrices[None]
    layers = ([matrix] for matrix in matrices)
    return _collect(layers, precision, {"source": "matrices"})


def spectrum_of_jacobians(net: Network, inputs: Any, precision: str = "auto") -> EmpiricalSpectrum:
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

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.1]]], activation="hardtanh")
    >>> rj.EmpiricalSpectrum.from_network(net, [[0.1, 1.0], [1.0, 1.0]]).atoms
    array([0. , 0.5])
    """
    inputs = np.asarray(inputs, dtype=float)
    inputs = inputs.reshape(-1, inputs.shape[-1]) if inputs.ndim else inputs
    masks = [phi.derivative(h) for phi, h in zip(net.activations, net.preactivations(inputs), strict=True)]
    layers = ([d[i][:, None] * w for d, w in zip(masks, net.weights, strict=True)] for i in range(len(inputs)))
    found = _collect(layers, precision, {"source": "network", "network": repr(net)})
    moments = np.full((len(inputs), net.depth, 3), np.nan)
    from rmtjac.kernels.jacobian import mask_moments

    for l, d in enumerate(masks):
        for i, row in enumerate(np.ascontiguousarray(d, dtype=float)):
            mask_moments(row, moments[i, l])
    arrays = (found.log_singular_values, found.log_error, found.underflows)
    return EmpiricalSpectrum(*arrays, found.facts, found.routes, moments)


def weight_spectra(net: Network, precision: str = "auto") -> tuple[EmpiricalSpectrum, ...]:
    """Return the spectrum of W W^T for the weight matrix W of each layer.

    Examples
    --------
    >>> import rmtjac as rj
    >>> [s.size for s in weight_spectra(rj.Ensemble([2, 5, 3], "tanh").draw(rng=0))]
    [5, 3]
    """
    return tuple(spectrum_of_matrices([matrix], precision) for matrix in net.weights)


def _collect(products: Iterable[list[Any]], precision: str, facts: dict[str, Any]) -> EmpiricalSpectrum:
    """Spectra of products, each given by its factors, the first acting first."""
    from rmtjac.kernels.factor import factor
    from rmtjac.kernels.jacobian import OVERFLOW, compress, multiply

    code = _CODES.index(choice("precision", precision, _CODES))
    rows_of_logs: list[np.ndarray] = []
    errors, routes = [], []
    for number, factors in enumerate(products):
        matrices = [np.ascontiguousarray(matrix, dtype=float) for matrix in factors]
        for matrix in matrices:
            if matrix.ndim != 2 or not matrix.size:
                raise ValueError(f"matrices[{number}] has shape {matrix.shape}; rows x columns, at least 1 x 1, needed")
            if not np.isfinite(matrix).all():
                raise ValueError(f"matrices[{number}] holds NaN or infinite entries")
        n_0, size = matrices[0].shape[1], matrices[-1].shape[0]
        if rows_of_logs and size != rows_of_logs[0].size:
            raise ValueError(
                f"matrices[{number}] has {size} rows, the first {rows_of_logs[0].size}: one size is needed"
            )
        flat = np.empty(sum(matrix.size for matrix in matrices))
        shapes, used = np.zeros((len(matrices), 2), dtype=np.int64), 0
        rows, rank, product, exponent = np.arange(n_0), n_0, np.empty((0, 0)), 0
        for l, matrix in enumerate(matrices):
            alive = matrix.any(axis=1).astype(float)
            block, rows = compress(rows, matrix, alive, flat[used:])
            shapes[l] = block.shape
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
        finish(route, flat[:used], shapes, logs)
        rows_of_logs.append(logs)
        errors.append(error)
        routes.append(route)
    if not rows_of_logs:
        raise ValueError("matrices=[] must hold at least one matrix")
    return EmpiricalSpectrum(
        np.stack(rows_of_logs),
        np.array(errors),
        np.zeros(len(errors), dtype=np.int64),
        provenance(precision=precision, **facts),
        np.array(routes, dtype=np.uint8),
    )

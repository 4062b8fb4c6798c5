"""Eigenvalues of given square matrices and networks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from rmtjac.network import Network
from rmtjac.provenance import provenance
from rmtjac.spectra.eigenvalues.blocks import Blocks, blocks_of_masks
from rmtjac.spectra.eigenvalues.cyclic import product_eigenvalues
from rmtjac.spectra.given import each_matrix
from rmtjac.spectra.given import of_matrices as singular_values
from rmtjac.validate import real_array

__all__ = ["GivenEigenvalues", "collect", "of_matrices", "of_network"]


class GivenEigenvalues(NamedTuple):
    """The fields of `rmtjac.EmpiricalEigenvalues`, under the same names."""

    log_moduli: np.ndarray
    angles: np.ndarray
    log_floors: np.ndarray
    underflows: np.ndarray
    facts: dict[str, Any]


def of_matrices(matrices: Any) -> GivenEigenvalues:
    """Return the eigenvalues of matrices; `rmtjac.EmpiricalEigenvalues.from_matrices` describes the argument."""
    given = [np.asarray(matrix, dtype=float) for matrix in each_matrix(matrices)]
    size = given[0].shape[0] if given[0].ndim else 0
    for number, matrix in enumerate(given):
        if matrix.ndim != 2 or not matrix.size or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"matrices[{number}] has shape {matrix.shape}; eigenvalues need a square matrix")
        if matrix.shape[0] != size:
            raise ValueError(f"matrices[{number}] has shape {matrix.shape}, matrices[0] {given[0].shape}")
        if not np.isfinite(matrix).all():
            raise ValueError(f"matrices[{number}] holds NaN or infinite entries")
    out = collect((Blocks([m], np.arange(size), 0) for m in given), size, {"source": "matrices"})
    logs = out.log_moduli.copy()
    for matrix, row, floor in zip(given, logs, out.log_floors, strict=True):
        if row[0] <= floor:
            row[: _nullity(matrix)] = -np.inf
    return out._replace(log_moduli=logs)


def _nullity(matrix: np.ndarray) -> int:
    """Return the certain nullity of a matrix, a lower bound of the multiplicity of the eigenvalue 0."""
    try:
        found = singular_values([matrix], "auto", None)
    except ValueError:  # rows that differ by more than 300 decades have no accurate singular values
        return int((~matrix.any(axis=1)).sum())
    return int(np.isneginf(found.log_singular_values).sum() - found.undecided.sum())


def of_network(network: Network, inputs: Any) -> GivenEigenvalues:
    """Return the eigenvalues of Jacobians; `rmtjac.EmpiricalEigenvalues.from_network` describes the arguments."""
    if network.widths[0] != network.widths[-1]:
        raise ValueError(
            f"{network!r}: J is {network.widths[-1]} x {network.widths[0]}; eigenvalues need a square Jacobian"
        )
    inputs = real_array("inputs", inputs)
    inputs = inputs.reshape(-1, inputs.shape[-1]) if inputs.ndim else inputs
    if not np.isfinite(inputs).all():
        raise ValueError("inputs holds NaN or infinite entries; finite numbers are needed")
    preactivations = network.preactivations(inputs)
    if any(np.isnan(h).any() for h in preactivations):
        raise OverflowError("preactivations of the network leave the range of a float")
    masks = [phi.derivative(h) for phi, h in zip(network.activations, preactivations, strict=True)]
    blocks = (blocks_of_masks(network, [np.asarray(d[i], dtype=float) for d in masks]) for i in range(len(inputs)))
    return collect(blocks, network.widths[0], {"source": "network", "network": repr(network)})


def collect(blocks: Iterable[Blocks], size: int, facts: dict[str, Any]) -> GivenEigenvalues:
    """Return the eigenvalues of products of layers.

    Examples
    --------
    >>> collect([Blocks([np.eye(2)], np.arange(2), 0)], 2, {}).log_moduli
    array([[0., 0.]])
    """
    logs, angles, floors, underflows = [], [], [], []
    for one in blocks:
        found = product_eigenvalues(one.factors, one.kept, size)
        logs.append(found.log_moduli)
        angles.append(found.angles)
        floors.append(found.log_floor)
        underflows.append(one.underflows)
    if not logs:
        raise ValueError("inputs=[] must hold at least one input")
    return GivenEigenvalues(
        np.array(logs), np.array(angles), np.array(floors), np.array(underflows, dtype=np.int64), provenance(**facts)
    )

"""One sample of the largest eigenvalue of J J^T, from products with the layers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.rng import stream
from rmtjac.spectra.draws import Stream, sample_input
from rmtjac.spectra.largest.hidden_matrix import GivenMatrix, HiddenGaussian, Matrix
from rmtjac.spectra.largest.top_eigenvalue import TopEigenvalue, top_eigenvalue
from rmtjac.spectra.one_sample import overflow

__all__ = ["ExtremeTask", "log_largest"]


@dataclass(frozen=True)
class ExtremeTask:
    """The settings that all samples have in common.

    `variance` is q_0 of the input. `mask_laws` are those of independent masks, or None if D comes from the forward
    pass. `hidden` says whether Gaussian weights are drawn only as far as the products need them.
    """

    ensemble: Ensemble
    variance: float
    mask_laws: np.ndarray | None
    hidden: bool


def log_largest(task: ExtremeTask, root: np.random.SeedSequence, sample: int) -> tuple[float, float]:
    """Return log lambda of the largest eigenvalue and an estimate of its absolute error; -inf and 0 if J = 0.

    Raises
    ------
    OverflowError
        If the forward pass or the Jacobian leaves the range of a float.
    """
    layers, log_scale = _layers(task, root, sample)
    if log_scale == -math.inf:
        return -math.inf, 0.0

    def apply(v: np.ndarray) -> np.ndarray:
        """Return J^T J v, up to a factor."""
        for d, matrix in layers:
            v = d * matrix.times(v)
        for d, matrix in reversed(layers):
            v = matrix.transposed_times(d * v)
        return v

    start = stream(root, sample, Stream.PROBES).standard_normal(task.ensemble.widths[0])
    found: TopEigenvalue = top_eigenvalue(apply, start)
    return (math.log(found.value) + log_scale if found.value > 0.0 else -math.inf), found.error


@np.errstate(over="ignore", invalid="ignore")  # numbers beyond the range raise an error below
def _layers(
    task: ExtremeTask, root: np.random.SeedSequence, sample: int
) -> tuple[list[tuple[np.ndarray, Matrix]], float]:
    """Return D and W of each layer, D divided by a factor, and the logarithm of the square of all factors."""
    from rmtjac.kernels.samples.draw import draw_matrix, draw_vector, fill_stable

    ensemble = task.ensemble
    rng = stream(root, sample, Stream.INVARIANT if task.hidden else Stream.NETWORK)
    mask_rng = stream(root, sample, Stream.MASKS)
    x = sample_input(ensemble, root, sample, task.variance)
    linear = all(phi.identity for phi in ensemble.activations)
    layers: list[tuple[np.ndarray, Matrix]] = []
    log_scale = 0.0
    for l, (codes, numbers) in enumerate(zip(*ensemble.kernel_arrays(), strict=True)):
        rows, columns = ensemble.widths[l + 1], ensemble.widths[l]
        if task.hidden:
            matrix: Matrix = HiddenGaussian(rng, rows, columns, numbers[1])
            size = numbers[1] * math.sqrt(max(rows, columns))
        else:
            entries = draw_matrix(rng, codes[0], numbers[0], numbers[1], rows, columns)
            matrix = GivenMatrix(entries)
            largest = float(np.abs(entries).max())
            size = largest * float(np.linalg.norm(entries / largest)) / math.sqrt(rows) if largest > 0.0 else 0.0
        bias = draw_vector(rng, codes[1], numbers[2], numbers[3], rows)
        if linear:
            d = np.ones(rows)
        else:
            if task.mask_laws is None:
                h = matrix.times(x) + bias
            else:
                h = np.empty(rows)
                fill_stable(mask_rng, task.mask_laws[l, 0], task.mask_laws[l, 1], h)
            phi = ensemble.activations[l]
            x, d = phi(h), np.asarray(phi.derivative(h), dtype=float)
            if x.shape != h.shape or d.shape != h.shape or not np.isfinite(d).all():
                raise ValueError(
                    f"activation {phi.name!r}: function and derivative must return finite arrays of the shape they get"
                )
        if not (np.isfinite(x).all() and math.isfinite(size)):
            raise overflow(ensemble, l, sample)
        factor = size * float(np.abs(d).max())
        if factor == 0.0:
            return [], -math.inf
        layers.append((d / factor, matrix))
        log_scale += 2.0 * math.log(factor)
    return layers, log_scale

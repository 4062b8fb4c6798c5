"""One sample: the singular values of the Jacobian of its network.

A *unit* is a function that computes one sample. `compiled_unit` makes one for activations with compiled code,
`numpy_unit` for other activations, and `invariant_unit` for products of Gaussian matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rmtjac.codes import MaskMoment, MaskSource, Precision, Route
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Gaussian, Rademacher
from rmtjac.rng import stream
from rmtjac.spectra.draws import Stream, sample_input, sample_network
from rmtjac.spectra.settle import product_noise, settle_exact, unflattened

__all__ = [
    "Outcome",
    "Task",
    "Unit",
    "compiled_unit",
    "finish",
    "invariant_unit",
    "numpy_unit",
    "overflow",
    "takes_few_values",
]

TOLERANCE = 1e-6  # as in `rmtjac.kernels.samples.factor`, which is not imported here because it is compiled code


class Outcome(NamedTuple):
    """The return value of a unit, which also fills arrays.

    `error` is the logarithm of the absolute error as in `rmtjac.EmpiricalSpectrum.log_error`; `underflows` and
    `undecided` are counts as in `rmtjac.EmpiricalSpectrum`.
    """

    error: float
    route: int
    underflows: int
    undecided: int


# unit(root, sample, logs, moments) fills the last two arguments.
Unit = Callable[[np.random.SeedSequence, int, np.ndarray, np.ndarray], Outcome]


@dataclass(frozen=True)
class Task:
    """The settings that all samples have in common.

    `variance` is q_0 of the input. `mask_laws` are those of independent masks, or None if D comes from the forward
    pass. `single` says whether the route GRAM computes in single precision.
    """

    ensemble: Ensemble
    variance: float
    mask_laws: np.ndarray | None
    precision: Precision
    single: bool


def takes_few_values(ensemble: Ensemble) -> bool:
    """Return whether a law of weights is discrete, so that a layer is singular with a positive probability."""
    return any(isinstance(law, Rademacher) for law in ensemble.weights)


def overflow(ensemble: Ensemble, layer: int, sample: int) -> OverflowError:
    """Return an OverflowError that names the layer in which a sample left the range of a float."""
    return OverflowError(
        f"sample {sample}: the signal or the Jacobian leaves the range of a float in layer {layer} of {ensemble!r}; "
        "smaller scales or fewer layers are needed"
    )


def finish(route: int, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` by the chain of QR factorisations if `route` is `Route.CHAIN`."""
    if route == Route.CHAIN and shapes.size:
        from rmtjac.kernels.samples.chain import chain

        out[:] = chain(flat, shapes, out.size)[::-1]


def finish_discrete(
    error: float, route: int, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray
) -> tuple[float, int, int]:
    """Fill `out` where the rank may be less than the shapes allow; return error, route, and the undecided values."""
    if route == Route.NONE and not shapes.all():
        return error, route, 0
    lowest = out[np.isfinite(out)].min(initial=np.inf)
    enough = math.log(TOLERANCE) + lowest
    noise = -math.inf if route == Route.CHAIN else product_noise(unflattened(flat, shapes), enough)
    if route == Route.GRAM and lowest > max(0.5 * error + 1e-9, noise):
        return error, route, 0
    if route == Route.SVD and noise <= enough:
        return error, route, 0
    exact = np.empty_like(out)
    undecided = settle_exact(flat, shapes, exact)
    if route == Route.GRAM:
        out[np.isneginf(exact)] = -math.inf
        return error, route, undecided
    out[:] = exact
    return -math.inf, Route.CHAIN, undecided


def compiled_unit(task: Task) -> Unit:
    """Return the unit that computes a sample in one call of compiled code."""
    from rmtjac.kernels.samples.jacobian import NOWHERE, network_spectrum

    ensemble, independent = task.ensemble, task.mask_laws is not None
    widths = np.array(ensemble.widths, dtype=np.int64)
    codes, numbers = ensemble.kernel_arrays()
    activations = np.array([phi.code for phi in ensemble.activations], dtype=np.int64)
    parameters = np.array([phi.parameter for phi in ensemble.activations])
    source = (MaskSource.INDEPENDENT if independent else MaskSource.NETWORK).value
    precision = task.precision.value
    mask_laws = np.zeros((ensemble.depth, 2)) if task.mask_laws is None else task.mask_laws
    linear = all(phi.identity for phi in ensemble.activations)  # D = 1 for any input
    zeros, discrete = np.zeros(ensemble.widths[0]), takes_few_values(task.ensemble)

    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray, moments: np.ndarray) -> Outcome:
        x = zeros if linear else sample_input(ensemble, root, i, task.variance)
        rng = stream(root, i, Stream.NETWORK)
        mask_rng = stream(root, i, Stream.MASKS) if independent else rng  # unused if the network decides D
        failed, error, route, underflows, flat, shapes = network_spectrum(
            rng, mask_rng, widths, codes, numbers, activations, parameters,
            x, source, mask_laws, precision, task.single, out, moments,
        )  # fmt: skip
        if failed != NOWHERE:
            raise overflow(ensemble, failed, i)
        if discrete:
            error, route, undecided = finish_discrete(error, route, flat, shapes, out)
            return Outcome(error, route, underflows, undecided)
        finish(route, flat, shapes, out)
        return Outcome(error, route, underflows, 0)

    return unit


def numpy_unit(task: Task) -> Unit:
    """Return the unit for activations without compiled code; compiled functions do its linear algebra."""
    from rmtjac.kernels.samples.draw import fill_stable
    from rmtjac.kernels.samples.factor import factor
    from rmtjac.kernels.samples.jacobian import OVERFLOW, compress, mask_moments, multiply

    ensemble, mask_laws, discrete = task.ensemble, task.mask_laws, takes_few_values(task.ensemble)

    @np.errstate(over="ignore", invalid="ignore")  # numbers beyond the range raise an error below
    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray, moments: np.ndarray) -> Outcome:
        net = sample_network(ensemble, root, i)
        mask_rng = stream(root, i, Stream.MASKS)
        x = sample_input(ensemble, root, i, task.variance)
        product, rows, exponent, rank, underflows = np.empty((0, 0)), np.arange(x.size), 0, x.size, 0
        flat = np.empty(sum(matrix.size for matrix in net.weights))
        shapes, used = np.zeros((net.depth, 2), dtype=np.int64), 0
        for l, (matrix, vector, phi) in enumerate(zip(net.weights, net.biases, net.activations, strict=True)):
            if mask_laws is None:
                h = matrix @ x + vector
            else:
                h = np.empty(matrix.shape[0])
                fill_stable(mask_rng, mask_laws[l, 0], mask_laws[l, 1], h)
            x, d = phi(h), np.asarray(phi.derivative(h), dtype=float)
            if x.shape != h.shape or d.shape != h.shape or not np.isfinite(d).all():
                raise ValueError(
                    f"activation {phi.name!r}: function and derivative must return finite arrays of the shape they get"
                )
            mask_moments(d, moments[l])
            block, rows = compress(rows, matrix, d, flat[used:])
            underflows += 0 if phi.saturates else h.size - rows.size
            shapes[l] = block.shape
            used += block.size
            rank = min(rank, rows.size)
            taken = 0
            if rank:
                if task.precision != Precision.ACCURATE:
                    product, taken = multiply(block, product)
                elif not np.isfinite(block).all():
                    taken = OVERFLOW
            if taken == OVERFLOW or not np.isfinite(x).all():
                raise overflow(ensemble, l, i)
            exponent += taken
        error, route = factor(product, exponent, rank, net.depth, task.precision.value, task.single, out)
        if discrete:
            error, route, undecided = finish_discrete(error, route, flat[:used], shapes, out)
            return Outcome(error, route, underflows, undecided)
        finish(route, flat[:used], shapes, out)
        return Outcome(error, route, underflows, 0)

    return unit


def invariant_unit(task: Task) -> Unit:
    """Return the unit for products of Gaussian matrices, whose law does not change under rotations."""
    from rmtjac.kernels.samples.invariant import invariant_spectrum

    ensemble = task.ensemble
    if not all(phi.identity for phi in ensemble.activations) or not all(
        isinstance(law, Gaussian) for law in ensemble.weights
    ):
        raise ValueError(f"invariance=True needs linear layers with Gaussian weights, not {ensemble!r}")
    widths = np.array(ensemble.widths, dtype=np.int64)
    scales = ensemble.kernel_arrays()[1][:, 1].copy()

    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray, moments: np.ndarray) -> Outcome:
        moments[:] = 1.0  # D = 1
        moments[:, MaskMoment.LOG] = 0.0
        rng = stream(root, i, Stream.INVARIANT)
        error, route, flat, shapes = invariant_spectrum(rng, widths, scales, task.precision.value, task.single, out)
        finish(route, flat, shapes, out)
        return Outcome(error, route, 0, 0)

    return unit

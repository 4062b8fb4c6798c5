"""One sample: what is drawn from its streams, and the singular values of its Jacobian."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Gaussian
from rmtjac.network import Network
from rmtjac.propagation.mean_field import resolve_input_variance
from rmtjac.rng import RngLike, as_seed_sequence, stream
from rmtjac.spectra.settle import product_noise, settle_exact, unflattened

__all__ = [
    "Task",
    "Unit",
    "compiled_unit",
    "finish",
    "invariant_unit",
    "numpy_unit",
    "overflow",
    "sample_input",
    "sample_network",
    "takes_few_values",
]

# Names of the streams below a sample; the numbers are part of what a seed means.
_NETWORK, _INPUT, _MASKS, _INVARIANT = range(4)

_SIGNS = 2  # code of the only law with discrete values
NONE, SVD, CHAIN, GRAM = range(4)  # the routes; `rmtjac.kernels.samples.factor` leaves CHAIN to `finish`
TOLERANCE = 1e-6  # of an SVD, as there

# (root, sample, logs out, moments out) -> error, route, underflows, undecided
Unit = Callable[[np.random.SeedSequence, int, np.ndarray, np.ndarray], tuple[float, int, int, int]]


@dataclass(frozen=True)
class Task:
    """What all samples share: the ensemble, q_0, the scales of independent masks (None: from the network), how."""

    ensemble: Ensemble
    variance: float
    scales: np.ndarray | None
    precision: int
    single: bool


def takes_few_values(ensemble: Ensemble) -> bool:
    """Return whether weights are discrete: then a layer is singular with a positive probability."""
    return any(law.code == _SIGNS for law in ensemble.weights)


def overflow(ensemble: Ensemble, layer: int, sample: int) -> OverflowError:
    """Return the error to raise."""
    return OverflowError(
        f"sample {sample}: the signal or the Jacobian leaves the range of a float in layer {layer} of {ensemble!r}; "
        "smaller scales or fewer layers are needed"
    )


def finish(route: int, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` where the cheap routes of `rmtjac.kernels.samples.factor` would not do."""
    if route == CHAIN and shapes.size:
        from rmtjac.kernels.samples.chain import chain

        out[:] = chain(flat, shapes, out.size)[::-1]


def finish_discrete(
    error: float, route: int, flat: np.ndarray, shapes: np.ndarray, out: np.ndarray
) -> tuple[float, int, int]:
    """Do the same where the rank may be less than the shapes allow; return error, route, and how many are undecided."""
    if route == NONE and not shapes.all():
        return error, route, 0
    lowest = out[np.isfinite(out)].min(initial=np.inf)
    noise = -math.inf if route == CHAIN else product_noise(unflattened(flat, shapes), math.log(TOLERANCE) + lowest)
    if route == GRAM and lowest > max(0.5 * error + 1e-9, noise):
        return error, route, 0
    if route == SVD and noise <= math.log(TOLERANCE) + lowest:
        return error, route, 0
    exact = np.empty_like(out)
    undecided = settle_exact(flat, shapes, exact)
    if route == GRAM:
        out[np.isneginf(exact)] = -math.inf
        return error, route, undecided
    out[:] = exact
    return -math.inf, CHAIN, undecided


def sample_network(ensemble: Ensemble, rng: RngLike, sample: int) -> Network:
    """Return the network of one sample of ``sample_spectrum(ensemble, rng=rng)``, to look at it alone."""
    return ensemble.draw(stream(as_seed_sequence(rng), sample, _NETWORK))


def sample_input(ensemble: Ensemble, rng: RngLike, sample: int, input_variance: float | str = 1.0) -> np.ndarray:
    """Return the input of one sample: a uniform direction with ``|x|^2 / n_0 = input_variance`` exactly."""
    q = resolve_input_variance(ensemble, input_variance)
    x = stream(as_seed_sequence(rng), sample, _INPUT).standard_normal(ensemble.widths[0])
    return x * math.sqrt(q * x.size / float(x @ x))


def compiled_unit(task: Task) -> Unit:
    """All in one kernel call."""
    from rmtjac.kernels.samples.jacobian import INDEPENDENT, NETWORK, network_spectrum

    ensemble, scales = task.ensemble, task.scales
    widths = np.array(ensemble.widths, dtype=np.int64)
    codes, numbers = ensemble.kernel_arrays()
    activations = np.array([phi.code for phi in ensemble.activations], dtype=np.int64)
    parameters = np.array([phi.parameter for phi in ensemble.activations])
    mode = NETWORK if scales is None else INDEPENDENT
    mask_scales = np.zeros(ensemble.depth) if scales is None else np.array(scales)
    # D = 1 whatever the input.
    blind = all(phi.identity for phi in ensemble.activations)
    nothing, discrete = np.zeros(ensemble.widths[0]), takes_few_values(task.ensemble)

    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray, moments: np.ndarray) -> tuple[float, int, int, int]:
        x = nothing if blind else sample_input(ensemble, root, i, task.variance)
        rng = stream(root, i, _NETWORK)
        mask_rng = rng if scales is None else stream(root, i, _MASKS)  # not drawn from in the former case
        trouble, error, route, underflows, flat, shapes = network_spectrum(
            rng, mask_rng, widths, codes, numbers, activations, parameters,
            x, mode, mask_scales, task.precision, task.single, out, moments,
        )  # fmt: skip
        if trouble:
            raise overflow(ensemble, trouble - 1, i)
        if discrete:
            error, route, undecided = finish_discrete(error, route, flat, shapes, out)
            return error, route, underflows, undecided
        finish(route, flat, shapes, out)
        return error, route, underflows, 0

    return unit


def numpy_unit(task: Task) -> Unit:
    """The same with activations that only Python knows; the linear algebra is that of the kernels."""
    from rmtjac.kernels.samples.draw import fill
    from rmtjac.kernels.samples.factor import ACCURATE, factor
    from rmtjac.kernels.samples.jacobian import OVERFLOW, compress, mask_moments, multiply

    ensemble, scales, discrete = task.ensemble, task.scales, takes_few_values(task.ensemble)

    @np.errstate(over="ignore", invalid="ignore")  # what leaves the range is refused below
    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray, moments: np.ndarray) -> tuple[float, int, int, int]:
        net = sample_network(ensemble, root, i)
        mask_rng = stream(root, i, _MASKS)
        x = sample_input(ensemble, root, i, task.variance)
        product, rows, exponent, rank, underflows = np.empty((0, 0)), np.arange(x.size), 0, x.size, 0
        flat = np.empty(sum(matrix.size for matrix in net.weights))
        shapes, used = np.zeros((net.depth, 2), dtype=np.int64), 0
        for l, (matrix, vector, phi) in enumerate(zip(net.weights, net.biases, net.activations, strict=True)):
            if scales is None:
                h = matrix @ x + vector
            else:
                h = np.empty(matrix.shape[0])
                fill(mask_rng, 0 if ensemble.weights[l].finite_variance else 3, 0.0, scales[l], h)
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
                if task.precision != ACCURATE:
                    product, taken = multiply(block, product)
                elif not np.isfinite(block).all():
                    taken = OVERFLOW
            if taken == OVERFLOW or not np.isfinite(x).all():
                raise overflow(ensemble, l, i)
            exponent += taken
        error, route = factor(product, exponent, rank, net.depth, task.precision, task.single, out)
        if discrete:
            error, route, undecided = finish_discrete(error, route, flat[:used], shapes, out)
            return error, route, underflows, undecided
        finish(route, flat[:used], shapes, out)
        return error, route, underflows, 0

    return unit


def invariant_unit(task: Task) -> Unit:
    """Products of Gaussian matrices, drawn through their invariance."""
    from rmtjac.kernels.samples.invariant import invariant_spectrum

    ensemble = task.ensemble
    if not all(phi.identity for phi in ensemble.activations) or not all(
        isinstance(law, Gaussian) for law in ensemble.weights
    ):
        raise ValueError(f"invariance=True needs linear layers with Gaussian weights, not {ensemble!r}")
    widths = np.array(ensemble.widths, dtype=np.int64)
    scales = ensemble.kernel_arrays()[1][:, 1].copy()

    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray, moments: np.ndarray) -> tuple[float, int, int, int]:
        moments[:, :2], moments[:, 2] = 1.0, 0.0
        rng = stream(root, i, _INVARIANT)
        error, route, flat, shapes = invariant_spectrum(rng, widths, scales, task.precision, task.single, out)
        finish(route, flat, shapes, out)
        return error, route, 0, 0

    return unit

"""Drawing Jacobians and their singular values: one keyed stream per sample, all cores, no interpreter lock."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np

from rmtjac.archive import provenance
from rmtjac.ensemble import Ensemble
from rmtjac.network import Network
from rmtjac.propagation import mean_field, resolve_input_variance
from rmtjac.rng import RngLike, as_seed_sequence, stream
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.validate import choice, positive_int

__all__ = ["sample_input", "sample_network", "sample_spectrum"]

# Names of the streams below a sample; the numbers are part of what a seed means.
_NETWORK, _INPUT, _MASKS = range(3)


def sample_network(ensemble: Ensemble, rng: RngLike, sample: int) -> Network:
    """Return the network of one sample of ``sample_spectrum(ensemble, rng=rng)``, to look at it alone."""
    return ensemble.draw(stream(as_seed_sequence(rng), sample, _NETWORK))


def sample_input(ensemble: Ensemble, rng: RngLike, sample: int, input_variance: float | str = 1.0) -> np.ndarray:
    """Return the input of one sample: a uniform direction with ``|x|^2 / n_0 = input_variance`` exactly."""
    q = resolve_input_variance(ensemble, input_variance)
    x = stream(as_seed_sequence(rng), sample, _INPUT).standard_normal(ensemble.widths[0])
    return x * math.sqrt(q * x.size / float(x @ x))


def sample_spectrum(
    ensemble: Ensemble,
    samples: int = 100,
    *,
    rng: RngLike,
    input_variance: float | str = 1.0,
    masks: str = "network",
    precision: str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> EmpiricalSpectrum:
    r"""Sample the spectrum of :math:`M = J J^T` (BS eq. 13) over independent networks.

    Parameters
    ----------
    ensemble
        The law of the networks.
    samples
        How many independent networks.
    rng
        Seed. The same integer gives the same bits whatever the number of threads; sample i is also to be had
        alone, through `sample_network` and `sample_input`.
    input_variance
        :math:`q_0 = |x^0|^2/n_0` of the random input, or ``"stationary"``.
    masks
        ``"network"``: D from a forward pass of a random input through the same network.
        ``"independent"``: D drawn from its mean-field law, independent of W, as the theory assumes.
    precision
        ``"auto"``: singular values of J by LAPACK's dgesdd, absolute error of order eps times the largest.
        ``"fast"``: square roots of the eigenvalues of J J^T, about half the time, absolute error of order
        eps times the largest *eigenvalue*; smaller values are clipped to it. The result states either error.
    threads
        Number of threads, each with a BLAS of its own single thread; default all cores.
    progress
        Show a progress bar (on a terminal only).

    Returns
    -------
    EmpiricalSpectrum

    Raises
    ------
    OverflowError
        If a forward pass leaves the range of a float.
    KeyboardInterrupt
        Ctrl-C stops after the samples in hand.

    Notes
    -----
    Cost per sample, N wide: L - 1 products (2 N^3 flops each) and one factorisation (8/3 N^3; fast 7/3 N^3). Exact
    zeros of D (ReLU, HardTanh) shrink the matrices first. Memory: a few N x N matrices per thread.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(50, 2, "relu"), samples=20, rng=0)
    >>> emp
    EmpiricalSpectrum(20 samples of 50 x 50, atom 0.5..., mean 0.2...)
    """
    samples = positive_int("samples", samples)
    choice("masks", masks, ("network", "independent"))
    choice("precision", precision, ("auto", "fast"))
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    scales = mean_field(ensemble, q).scales if masks == "independent" else None
    compiled = all(phi.code is not None for phi in ensemble.activations)
    unit = (_compiled_unit if compiled else _numpy_unit)(ensemble, q, scales, precision == "fast")

    size = (samples, ensemble.widths[-1])
    logs, errors, underflows = np.empty(size), np.empty(samples), np.zeros(samples, dtype=np.int64)

    def work(chunk: range) -> int:
        for i in chunk:
            errors[i], underflows[i] = unit(root, i, logs[i])
        return len(chunk)

    # A chunk is about 10 ms of work: long enough to pay for its dispatch, short enough for Ctrl-C.
    most = int(3e7 / (ensemble.depth * max(ensemble.widths) ** 3))
    step = max(1, min(most, samples // (8 * threads)))
    _run(work, [range(i, min(i + step, samples)) for i in range(0, samples, step)], threads, progress)
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed={"entropy": root.entropy, "spawn_key": list(root.spawn_key)},
        input_variance=q,
        masks=masks,
        precision=precision,
    )
    return EmpiricalSpectrum(logs, errors, underflows, facts)


def _run(work: Callable[[range], int], chunks: list[range], threads: int, progress: bool) -> None:
    """Call ``work`` on each chunk of samples, in a pool of threads; ``work`` returns how many it did."""
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    total = sum(map(len, chunks))
    # disable=None: no bar away from a terminal.
    with (
        threadpool_limits(1, user_api="blas"),
        tqdm(total=total, disable=None if progress else True, unit="sample") as bar,
    ):
        pool = ThreadPoolExecutor(threads)
        try:
            for done in as_completed([pool.submit(work, chunk) for chunk in chunks]):
                bar.update(done.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


Unit = Callable[[np.random.SeedSequence, int, np.ndarray], tuple[float, int]]


def _overflow(ensemble: Ensemble, layer: int, sample: int) -> OverflowError:
    return OverflowError(
        f"sample {sample}: the signal or the Jacobian leaves the range of a float in layer {layer} of {ensemble!r}; "
        "smaller scales or fewer layers are needed"
    )


def _compiled_unit(ensemble: Ensemble, q: float, scales: np.ndarray | None, fast: bool) -> Unit:
    from rmtjac.kernels.jacobian import INDEPENDENT, NETWORK, network_spectrum

    widths = np.array(ensemble.widths, dtype=np.int64)
    codes, numbers = ensemble.kernel_arrays()
    activations = np.array([phi.code for phi in ensemble.activations], dtype=np.int64)
    parameters = np.array([phi.parameter for phi in ensemble.activations])
    mode = NETWORK if scales is None else INDEPENDENT
    mask_scales = np.zeros(ensemble.depth) if scales is None else np.array(scales)

    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray) -> tuple[float, int]:
        x = sample_input(ensemble, root, i, q)
        rng = stream(root, i, _NETWORK)
        mask_rng = rng if scales is None else stream(root, i, _MASKS)  # not drawn from in the former case
        trouble, error, underflows = network_spectrum(
            rng, mask_rng, widths, codes, numbers, activations, parameters,
            x, mode, mask_scales, fast, out,
        )  # fmt: skip
        if trouble:
            raise _overflow(ensemble, trouble - 1, i)
        return error, underflows

    return unit


def _numpy_unit(ensemble: Ensemble, q: float, scales: np.ndarray | None, fast: bool) -> Unit:
    """The same with activations that only Python knows; the linear algebra is that of the kernels."""
    from rmtjac.kernels.jacobian import OVERFLOW, absorb, factor
    from rmtjac.kernels.sampling import fill

    @np.errstate(over="ignore", invalid="ignore")  # what leaves the range is refused below
    def unit(root: np.random.SeedSequence, i: int, out: np.ndarray) -> tuple[float, int]:
        net = sample_network(ensemble, root, i)
        mask_rng = stream(root, i, _MASKS)
        x = sample_input(ensemble, root, i, q)
        product, rows, exponent, rank, underflows = np.empty((0, 0)), np.arange(x.size), 0, x.size, 0
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
            underflows += 0 if phi.saturates else int(np.count_nonzero(d == 0.0))
            product, rows, taken = absorb(product, rows, matrix, d)
            if taken == OVERFLOW or not np.isfinite(x).all():
                raise _overflow(ensemble, l, i)
            exponent += taken
            rank = min(rank, rows.size)
            if rank == 0:
                break
        return factor(product, exponent, rank, ensemble.depth, fast, out), underflows

    return unit

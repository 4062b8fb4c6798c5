"""Sampling the spectra of random Jacobians: all cores, no interpreter lock, the same bits for one seed."""

from __future__ import annotations

import os
from typing import Any, Literal, overload

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.pool import run_in_threads
from rmtjac.propagation.mean_field import mean_field, resolve_input_variance
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.spectra.binned import BinnedSpectrum, Counter
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.one_sample import Task, compiled_unit, invariant_unit, numpy_unit
from rmtjac.validate import choice, positive_int

__all__ = ["sample_spectrum"]


@overload
def sample_spectrum(
    ensemble: Ensemble, samples: int = ..., *, keep: Literal["histogram"], **options: Any
) -> BinnedSpectrum: ...


@overload
def sample_spectrum(
    ensemble: Ensemble, samples: int = ..., *, keep: Literal["eigenvalues"] = ..., **options: Any
) -> EmpiricalSpectrum: ...


def sample_spectrum(  # type: ignore[misc]  # what the overloads call options is spelled out here
    ensemble: Ensemble,
    samples: int = 100,
    *,
    rng: RngLike,
    input_variance: float | str = 1.0,
    masks: str = "network",
    precision: str = "auto",
    dtype: str = "float64",
    invariance: bool = False,
    keep: str = "eigenvalues",
    threads: int | None = None,
    progress: bool = False,
) -> EmpiricalSpectrum | BinnedSpectrum:
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
        ``"auto"``: singular values of J by LAPACK's dgesdd where their error is below 1e-6 of the smallest one, else
        as ``"accurate"``. ``"accurate"``: by the chained QR of the layers, each value to 1e-9 or better, however
        small. ``"fast"``: square roots of the eigenvalues of J J^T, absolute error of order eps times the largest
        *eigenvalue*; smaller values are clipped to it. The result states errors and routes. With a discrete law of
        weights the rank is found by exact arithmetic, wherever a value could be 0; else it is full with probability 1.
    dtype
        ``"float32"``: eigenvalues of J J^T in single precision, half the time, error of order 1e-7 times the largest;
        with ``precision="fast"`` only.
    invariance
        Draw only what the singular values of a product of Gaussian matrices depend on (chi variables and triangles):
        the same law in less time, for linear layers with Gaussian weights. There is no network then.
    keep
        ``"eigenvalues"``, or ``"histogram"``: a `BinnedSpectrum`, whose memory does not grow with the samples.
    threads
        Number of threads, each with a BLAS of its own single thread; default all cores.
    progress
        Show a progress bar (on a terminal only).

    Returns
    -------
    EmpiricalSpectrum or BinnedSpectrum

    Raises
    ------
    OverflowError
        If a forward pass leaves the range of a float.
    MemoryError
        If the eigenvalues do not fit into the memory of the machine.
    KeyboardInterrupt
        Ctrl-C stops after the samples in hand.

    Notes
    -----
    Cost per sample, N wide: L - 1 products (2 N^3 flops each) and one factorisation (8/3 N^3; fast 7/3 N^3; accurate
    about 5 N^3 a layer). Exact zeros of D (ReLU, HardTanh) shrink the matrices first. Memory: the layers of a network
    per thread.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(50, 2, "relu"), samples=20, rng=0)
    >>> emp
    EmpiricalSpectrum(20 samples of 50 x 50, atom 0.5..., mean 0.2...)
    """
    samples = positive_int("samples", samples)
    choice("masks", masks, ("network", "independent"))
    code = ("auto", "accurate", "fast").index(choice("precision", precision, ("auto", "accurate", "fast")))
    single = choice("dtype", dtype, ("float64", "float32")) == "float32"
    if single and precision != "fast":
        raise ValueError(f"dtype='float32' needs precision='fast', not {precision!r}")
    choice("keep", keep, ("eigenvalues", "histogram"))
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    size = ensemble.widths[-1]
    if keep == "eigenvalues":
        _refuse_what_does_not_fit(samples, size)
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    scales = np.array(mean_field(ensemble, q).scales) if masks == "independent" else None
    compiled = all(phi.code is not None for phi in ensemble.activations)
    make = invariant_unit if invariance else compiled_unit if compiled else numpy_unit
    unit = make(Task(ensemble, q, scales, code, single))
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed=seed_facts(root),
        input_variance=q,
        masks=masks,
        precision=precision,
        dtype=dtype,
        invariance=invariance,
    )
    # A chunk is about 10 ms of work: long enough to pay for its dispatch, short enough for Ctrl-C.
    most = int(3e7 / (ensemble.depth * max(ensemble.widths) ** 3))
    step = max(1, min(most, samples // (8 * threads)))
    chunks = (range(i, min(i + step, samples)) for i in range(0, samples, step))

    if keep == "histogram":
        counter = Counter(size)

        def count(chunk: range) -> tuple[range, np.ndarray, np.ndarray, np.ndarray]:
            logs, moments = np.empty((len(chunk), size)), np.empty((ensemble.depth, 3))
            floors, undecided = np.empty(len(chunk)), np.zeros(len(chunk), dtype=np.int64)
            for place, i in enumerate(chunk):
                error, _, _, undecided[place] = unit(root, i, logs[place], moments)
                floors[place] = error if precision == "fast" else 2.0 * error
            return chunk, logs, floors, undecided

        def take(done: tuple[range, np.ndarray, np.ndarray, np.ndarray]) -> int:
            for i, logs, floor, undecided in zip(*done, strict=True):
                counter.add(i, logs, float(floor), int(undecided))
            return len(done[0])

        run_in_threads(count, take, chunks, samples, threads, progress)
        return counter.result(facts)

    logs = np.empty((samples, size))
    errors, routes, underflows = np.empty(samples), np.empty(samples, dtype=np.uint8), np.zeros(samples, dtype=np.int64)
    mask_moments, undecided = np.empty((samples, ensemble.depth, 3)), np.zeros(samples, dtype=np.int64)

    def work(chunk: range) -> int:
        for i in chunk:
            errors[i], routes[i], underflows[i], undecided[i] = unit(root, i, logs[i], mask_moments[i])
        return len(chunk)

    run_in_threads(work, int, chunks, samples, threads, progress)
    return EmpiricalSpectrum(logs, errors, underflows, facts, routes, mask_moments, undecided)


def _refuse_what_does_not_fit(samples: int, size: int) -> None:
    needed = 8 * samples * size
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 2**62
    if needed > 0.8 * pages:
        raise MemoryError(
            f"samples={samples} of {size} eigenvalues take {needed / 2**30:.3g} GiB, this machine has "
            f"{pages / 2**30:.3g}; keep='histogram' needs no memory per sample"
        )

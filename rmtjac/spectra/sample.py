"""Spectra of random Jacobians over independent samples, on all cores.

The compiled code runs without the lock of the interpreter. A seed gives the same bits for any number of threads.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import os
from typing import Any, Literal, overload

import numpy as np

from rmtjac.codes import Precision
from rmtjac.ensemble import Ensemble
from rmtjac.pool import run_in_threads
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.propagation.mean_field import resolve_input_variance
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.spectra.binned import BinnedSpectrum
from rmtjac.spectra.counter import Counter
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


def sample_spectrum(  # type: ignore[misc]  # the overloads hide these arguments in **options
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
    r"""Sample the spectrum of M over independent random networks.

    :math:`M = J J^T`, where :math:`J = D^{L-1} W^{L-1} \cdots D^0 W^0` is the input-output Jacobian and D the diagonal
    matrix of the phi' of a layer.

    Parameters
    ----------
    ensemble : Ensemble
        The law of the networks.
    samples : int, default 100
        The number of independent networks.
    rng : int, SeedSequence or Generator
        The seed. The same integer gives the same bits for any number of threads. `rmtjac.spectra.sample_network` and
        `rmtjac.spectra.sample_input` draw a single sample again.
    input_variance : float or {"stationary"}, default 1.0
        The mean square :math:`q_0 = |x^0|^2/n_0` of the entries of the random input; ``"stationary"`` is the value
        that the layers leave unchanged.
    masks : {"network", "independent"}, default "network"
        With ``"network"`` D comes from a forward pass of a random input through the same network. With
        ``"independent"`` D is drawn from its mean-field law, independent of W, as the theory assumes.
    precision : {"auto", "accurate", "fast"}, default "auto"
        - ``"auto"``: singular values of J by LAPACK's dgesdd if its error is below 1e-6 of the smallest of them, else
          as ``"accurate"``.
        - ``"accurate"``: the chained QR of the layers; the relative error of each value is 1e-9 or less.
        - ``"fast"``: square roots of the eigenvalues of J J^T. The absolute error is of order eps times the largest
          eigenvalue, and smaller eigenvalues are replaced by it.

        The result states errors and routes. If a law of weights is discrete, exact arithmetic finds the rank wherever
        a value could be 0; otherwise the rank is full with probability 1.
    dtype : {"float64", "float32"}, default "float64"
        With ``"float32"`` the eigenvalues of J J^T are computed in single precision, in half the time, with an error
        of order 1e-7 times the largest one. It needs ``precision="fast"``.
    invariance : bool, default False
        Whether to draw only random numbers on which the singular values of a product of Gaussian matrices depend (chi
        variables and triangular matrices). The law is the same and the time is shorter. This needs linear layers with
        Gaussian weights, and the networks of the samples cannot be drawn again.
    keep : {"eigenvalues", "histogram"}, default "eigenvalues"
        Whether to keep all eigenvalues, or only counts: then the memory does not grow with `samples`.
    threads : int, optional
        The number of threads, each with a single-threaded BLAS. By default all cores are used.
    progress : bool, default False
        Whether to show a progress bar (on a terminal only).

    Returns
    -------
    EmpiricalSpectrum or BinnedSpectrum
        The singular values of all samples; a `rmtjac.spectra.BinnedSpectrum` with ``keep="histogram"``.

    Raises
    ------
    OverflowError
        If a forward pass leaves the range of a float.
    MemoryError
        If the eigenvalues do not fit into the memory of the machine.
    ValueError, TypeError
        If an argument is not among the allowed values.
    KeyboardInterrupt
        If Ctrl-C is pressed; the samples that are being computed are finished first.

    See Also
    --------
    limit_spectrum : The limit of the spectrum for large width.
    compare : Compare the sample with the limit.
    rmtjac.spectra.lanczos_spectrum : Estimates for networks that are too wide for dense linear algebra.

    Notes
    -----
    Cost per sample of width N: L - 1 products of matrices (2 N^3 flops each) and one factorisation (8/3 N^3 flops;
    7/3 N^3 with ``"fast"``; about 5 N^3 for each layer with ``"accurate"``). Zeros of D (ReLU, HardTanh) make the
    matrices smaller. Memory: the layers of one network for each thread. Measured times: data/sampling_speed.md.

    References
    ----------
    BS (13). See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(50, 2, "relu"), samples=20, rng=0)
    >>> emp
    EmpiricalSpectrum(20 samples of 50 x 50, atom 0.5..., mean 0.2...)
    """
    samples = positive_int("samples", samples)
    choice("masks", masks, ("network", "independent"))
    code = Precision[choice("precision", precision, ("auto", "accurate", "fast")).upper()]
    single = choice("dtype", dtype, ("float64", "float32")) == "float32"
    if single and precision != "fast":
        raise ValueError(f"dtype='float32' needs precision='fast', not {precision!r}")
    choice("keep", keep, ("eigenvalues", "histogram"))
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    size = ensemble.widths[-1]
    if keep == "eigenvalues":
        _check_memory(samples, size)
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    laws = mask_laws(ensemble, q) if masks == "independent" else None
    compiled = all(phi.code is not None for phi in ensemble.activations)
    make = invariant_unit if invariance else compiled_unit if compiled else numpy_unit
    unit = make(Task(ensemble, q, laws, code, single))
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed=seed_facts(root),
        input_variance=q,
        masks=masks,
        precision=precision,
        dtype=dtype,
        invariance=invariance,
    )
    # A chunk is about 10 ms of work: much longer than its dispatch, and short enough for Ctrl-C.
    longest = int(3e7 / (ensemble.depth * max(ensemble.widths) ** 3))
    step = max(1, min(longest, samples // (8 * threads)))
    chunks = (range(i, min(i + step, samples)) for i in range(0, samples, step))

    if keep == "histogram":
        counter = Counter(size)

        def count(chunk: range) -> tuple[range, np.ndarray, np.ndarray, np.ndarray]:
            logs, moments = np.empty((len(chunk), size)), np.empty((ensemble.depth, 3))
            floors, undecided = np.empty(len(chunk)), np.zeros(len(chunk), dtype=np.int64)
            for place, i in enumerate(chunk):
                found = unit(root, i, logs[place], moments)
                undecided[place] = found.undecided
                floors[place] = found.error if precision == "fast" else 2.0 * found.error
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


def _check_memory(samples: int, size: int) -> None:
    """Raise `MemoryError` if the eigenvalues do not fit into the memory of the machine."""
    needed = 8 * samples * size
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 2**62
    if needed > 0.8 * pages:
        raise MemoryError(
            f"samples={samples} of {size} eigenvalues take {needed / 2**30:.3g} GiB, this machine has "
            f"{pages / 2**30:.3g}; keep='histogram' needs no memory per sample"
        )

"""The largest, or the smallest, singular value of random Jacobians over independent samples, on all cores.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import os

import numpy as np

from rmtjac.codes import Precision
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Gaussian
from rmtjac.pool import run_in_threads
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.propagation.mean_field import resolve_input_variance
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.spectra.largest.one_extreme import ExtremeTask, log_largest
from rmtjac.spectra.largest.result import ExtremeSample
from rmtjac.spectra.one_sample import Task, compiled_unit, numpy_unit
from rmtjac.validate import choice, positive_int

__all__ = ["sample_largest"]


def sample_largest(
    ensemble: Ensemble,
    samples: int = 100,
    *,
    rng: RngLike,
    which: str = "largest",
    input_variance: float | str = 1.0,
    masks: str = "network",
    invariance: bool = False,
    threads: int | None = None,
    progress: bool = False,
) -> ExtremeSample:
    """Sample the largest eigenvalue of M = J J^T over independent random networks, without the other eigenvalues.

    Parameters
    ----------
    ensemble : Ensemble
        The law of the networks.
    samples : int, default 100
        The number of independent networks. Sample i has the network and the input of sample i of
        `rmtjac.sample_spectrum` with the same seed.
    rng : int, SeedSequence or Generator
        The seed. The same integer gives the same bits for any number of threads.
    which : {"largest", "smallest"}, default "largest"
        Which eigenvalue to return: the largest, or the smallest one off 0.
    input_variance : float or {"stationary"}, default 1.0
        As in `rmtjac.sample_spectrum`.
    masks : {"network", "independent"}, default "network"
        As in `rmtjac.sample_spectrum`.
    invariance : bool, default False
        Whether to draw Gaussian weights only as far as products with them need it. The law is exactly the same, also
        for a forward pass, and the time is much shorter for large widths; the networks cannot be drawn again.
    threads : int, optional
        The number of threads, each with a single-threaded BLAS. By default all cores are used.
    progress : bool, default False
        Whether to show a progress bar (on a terminal only).

    Returns
    -------
    ExtremeSample
        The eigenvalue of each network, and the frequency of |J| < 1.

    Raises
    ------
    OverflowError
        If a forward pass leaves the range of a float.
    ValueError, TypeError
        If an argument is not among the allowed values; if `invariance` is asked for weights that are not Gaussian, or
        for the smallest eigenvalue.

    See Also
    --------
    rmtjac.LimitSpectrum.largest : The law of the same eigenvalue from theory.
    rmtjac.sample_spectrum : All eigenvalues.

    Notes
    -----
    The largest eigenvalue comes from some 40 to 100 Lanczos steps (relative error 1e-11, stated for each sample), each
    one product with every layer and its transposed: about 8 ms a network at N = 400, L = 3, and .3 s at N = 1600; with
    `invariance` 24 ms at N = 1600. The smallest eigenvalue needs all of them, as in `rmtjac.sample_spectrum`.

    References
    ----------
    BS Fig. 5. See docs/references.md.
    docs/theory/largest_singular_value.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(60, 2, "relu")
    >>> sample = rj.spectra.sample_largest(ens, samples=5, rng=0)
    >>> full = rj.sample_spectrum(ens, samples=5, rng=0)
    >>> bool(abs(sample.eigenvalues - full.eigenvalues.max(axis=1)).max() < 1e-9)
    True
    """
    samples = positive_int("samples", samples)
    choice("which", which, ("largest", "smallest"))
    choice("masks", masks, ("network", "independent"))
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    if invariance and which == "smallest":
        raise ValueError("invariance=True is for which='largest'; the smallest eigenvalue needs whole matrices")
    if invariance and not all(isinstance(law, Gaussian) for law in ensemble.weights):
        raise ValueError(f"invariance=True needs Gaussian weights in all layers, not {ensemble!r}")
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    laws = mask_laws(ensemble, q) if masks == "independent" else None
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed=seed_facts(root),
        input_variance=q,
        masks=masks,
        invariance=invariance,
    )
    values, errors = np.empty(samples), np.empty(samples)
    if which == "largest":
        task = ExtremeTask(ensemble, q, laws, invariance)

        def one(i: int) -> tuple[float, float]:
            """Return the largest eigenvalue of a sample."""
            return log_largest(task, root, i)

    else:
        compiled = all(phi.code is not None for phi in ensemble.activations)
        unit = (compiled_unit if compiled else numpy_unit)(Task(ensemble, q, laws, Precision.AUTO, False))

        def one(i: int) -> tuple[float, float]:
            """Return the smallest eigenvalue off 0 of a sample."""
            logs, moments = np.empty(ensemble.widths[-1]), np.empty((ensemble.depth, 3))
            found = unit(root, i, logs, moments)
            least = float(logs[np.isfinite(logs)].min(initial=np.inf))
            if least == np.inf:
                return -np.inf, 0.0
            return 2.0 * least, 2.0 * float(np.exp(min(found.error - least, 0.0)))

    def work(chunk: range) -> int:
        for i in chunk:
            values[i], errors[i] = one(i)
        return len(chunk)

    step = max(1, min(16, samples // (8 * threads)))
    chunks = (range(i, min(i + step, samples)) for i in range(0, samples, step))
    run_in_threads(work, int, chunks, samples, threads, progress)
    return ExtremeSample(values, errors, which, facts)

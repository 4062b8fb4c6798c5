"""Complex eigenvalues of random square Jacobians over independent samples, on all cores."""

from __future__ import annotations

import os

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.pool import run_in_threads
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.propagation.mean_field import resolve_input_variance
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts
from rmtjac.spectra.eigenvalues.blocks import blocks_of_sample
from rmtjac.spectra.eigenvalues.cyclic import product_eigenvalues
from rmtjac.spectra.eigenvalues.empirical import EmpiricalEigenvalues
from rmtjac.validate import choice, positive_int

__all__ = ["sample_eigenvalues"]


def sample_eigenvalues(
    ensemble: Ensemble,
    samples: int = 20,
    *,
    rng: RngLike,
    input_variance: float | str = 1.0,
    masks: str = "network",
    threads: int | None = None,
    progress: bool = False,
) -> EmpiricalEigenvalues:
    r"""Sample the complex eigenvalues of the Jacobian J over independent random networks.

    :math:`J = D^{L-1} W^{L-1} \cdots D^0 W^0` must be square. The networks and inputs are those that
    `rmtjac.sample_spectrum` draws from the same seed.

    Parameters
    ----------
    ensemble : Ensemble
        The law of the networks, with n_0 = n_L; the widths between may differ. Any law of weights is allowed.
    samples : int, default 20
        The number of independent networks.
    rng : int, SeedSequence or Generator
        The seed. `rmtjac.spectra.sample_network` and `rmtjac.spectra.sample_input` draw a single sample again.
    input_variance : float or {"stationary"}, default 1.0
        The mean square q_0 of the entries of the random input; ``"stationary"`` is the value that the layers leave
        unchanged.
    masks : {"network", "independent"}, default "network"
        Whether D comes from a forward pass through the same network, or is drawn from its mean-field law.
    threads : int, optional
        The number of threads, each with a single-threaded BLAS. By default all cores are used.
    progress : bool, default False
        Whether to show a progress bar (on a terminal only).

    Returns
    -------
    EmpiricalEigenvalues
        The eigenvalues of all samples.

    Raises
    ------
    ValueError, TypeError
        If J is not square, or an argument is not among the allowed values.
    OverflowError
        If a forward pass leaves the range of a float.
    KeyboardInterrupt
        If Ctrl-C is pressed; the samples that are being computed are finished first.

    See Also
    --------
    limit_eigenvalues : The limit for large width.
    sample_spectrum : The singular values of the same networks.
    compare : Compare the sample with the limit.

    Notes
    -----
    Cost per sample of width N: L - 1 products of matrices and one eigenvalue decomposition (about 10 N^3 flops; 1 s for
    N = 1000). The product starts at the narrowest layer, so that zeros of D (ReLU, HardTanh) make the matrices smaller
    and the zeros exact. Eigenvalues that the rounding of a deep product hides are marked
    (`EmpiricalEigenvalues.resolved`).

    References
    ----------
    docs/theory/eigenvalues.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(100, 2, "tanh", rj.Gaussian(1.2))
    >>> emp = rj.sample_eigenvalues(ens, samples=5, rng=0)
    >>> law = rj.limit_eigenvalues(ens)
    >>> bool(abs(emp.cdf(0.3) - law.cdf(0.3)) < 0.03)
    True
    """
    samples = positive_int("samples", samples)
    choice("masks", masks, ("network", "independent"))
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    size = ensemble.widths[-1]
    if ensemble.widths[0] != size:
        raise ValueError(f"{ensemble!r}: J is {size} x {ensemble.widths[0]}; eigenvalues need a square Jacobian")
    root = as_seed_sequence(rng)
    variance = resolve_input_variance(ensemble, input_variance)
    laws = mask_laws(ensemble, variance) if masks == "independent" else None
    logs, angles = np.empty((samples, size)), np.empty((samples, size))
    floors, underflows = np.empty(samples), np.zeros(samples, dtype=np.int64)

    def work(chunk: range) -> int:
        for i in chunk:
            blocks = blocks_of_sample(ensemble, root, i, variance, laws)
            underflows[i] = blocks.underflows
            logs[i], angles[i], floors[i] = product_eigenvalues(blocks.factors, blocks.kept, size)
        return len(chunk)

    run_in_threads(work, int, (range(i, i + 1) for i in range(samples)), samples, threads, progress)
    facts = provenance(ensemble=ensemble.to_dict(), seed=seed_facts(root), input_variance=variance, masks=masks)
    return EmpiricalEigenvalues(logs, angles, floors, underflows, facts)

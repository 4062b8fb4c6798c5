r"""The spectrum of M = J J^T without a dense product, by stochastic Lanczos quadrature.

The method is that of Golub & Meurant (2010) and Ubaru, Chen & Saad (2017). For a random vector v of independent signs,
:math:`E\,v^T f(M) v = \mathrm{tr} f(M)`. So the mean of the spectral measure of M at v,
:math:`\mu_v = \sum_i (v^T e_i)^2 \delta_{\lambda_i} / |v|^2`, is the spectrum of M. The Lanczos iteration with m steps
computes the Gauss quadrature of :math:`\mu_v`, which has m nodes and is exact for polynomials of degree 2 m - 1. A step
is one product with J and one with J^T, layer by layer, for all probes v at once. The weights are kept in memory, or
drawn again from their stream in each step.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Orthogonal
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.propagation.mean_field import resolve_input_variance
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts, stream
from rmtjac.spectra.draws import Stream
from rmtjac.spectra.lanczos.operator import Layer, Map, survey
from rmtjac.spectra.lanczos.result import LanczosSpectrum
from rmtjac.spectra.one_sample import takes_few_values
from rmtjac.spectra.settle import discrete_rank
from rmtjac.validate import choice, positive_int

__all__ = ["lanczos_spectrum"]

_EPS = float(np.finfo(float).eps)
_EXACT = 200  # the rank of discrete weights is computed up to this width: larger matrices are rarely singular


def _moments(d: np.ndarray) -> tuple[float, float, float]:
    """Return the means of D^2, of D^4, and of log D^2 over D != 0."""
    alive = np.abs(d[d != 0.0])
    log = 2.0 * float(np.log(alive).mean()) if alive.size else math.nan
    return float(np.mean(d**2)), float(np.mean(d**4)), log


def _lanczos(
    apply: Callable[[np.ndarray], np.ndarray], v: np.ndarray, steps: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return at most `steps` nodes and weights of the symmetric map `apply` for each unit vector in the rows of `v`."""
    from scipy.linalg import eigh_tridiagonal

    probes, dim = v.shape
    steps = min(steps, dim)
    basis = np.empty((probes, steps, dim))
    alpha, beta = np.zeros((2, probes, steps))
    done = np.full(probes, steps)
    for j in range(steps):
        basis[:, j] = v
        w = apply(v)
        alpha[:, j] = np.einsum("ij,ij->i", v, w)
        for p in np.flatnonzero(done > j):
            previous = basis[p, : j + 1]
            for _ in range(2):  # a single pass would leave the rounding error of a large component
                w[p] -= (previous @ w[p]) @ previous
            beta[p, j] = np.linalg.norm(w[p])
            if beta[p, j] <= dim * _EPS * (alpha[p].max() + beta[p].max()):
                done[p] = j + 1  # the Krylov space is invariant
                w[p] = 0.0
            else:
                w[p] /= beta[p, j]
        v = w
        if np.all(done <= j + 1):
            break
    out = []
    for a, b, k in zip(alpha, beta, done, strict=True):
        nodes, vectors = eigh_tridiagonal(a[:k], b[: k - 1])
        out.append((np.maximum(nodes, 0.0), vectors[0] ** 2))
    return out


def _memory() -> float:
    """Return half of the memory of the machine in bytes, or 4 GB if that is unknown."""
    try:
        return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 4e9


def lanczos_spectrum(
    ensemble: Ensemble,
    samples: int = 1,
    *,
    rng: RngLike,
    probes: int = 8,
    steps: int = 80,
    input_variance: float | str = 1.0,
    masks: str = "network",
    keep_weights: bool | str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> LanczosSpectrum:
    r"""Estimate the spectrum of M = J J^T of large networks from products of J and J^T with random vectors.

    Parameters
    ----------
    ensemble : Ensemble
        The law of the networks. Under heavy tails most nodes approximate the few largest eigenvalues, and the bulk
        remains unresolved.
    samples : int, default 1
        The number of independent networks. Sample i has the network of ``rmtjac.sample_spectrum(ensemble, rng=rng)``.
    rng : int, SeedSequence or Generator
        The seed. The same integer gives the same bits for any number of threads, and for weights kept or drawn again.
    probes : int, default 8
        The number of random vectors of signs for each network.
    steps : int, default 80
        The number of Lanczos steps, with full reorthogonalisation. Each quadrature has at most `steps` nodes.
    input_variance : float or {"stationary"}, default 1.0
        As in `rmtjac.sample_spectrum`.
    masks : {"network", "independent"}, default "network"
        As in `rmtjac.sample_spectrum`.
    keep_weights : bool or {"auto"}, default "auto"
        Whether D W of all layers is kept in memory (float64, without the rows where D is 0), or drawn again from its
        stream for each product, in blocks of rows of 32 MB for each thread. With ``"auto"`` it is kept if it takes at
        most half of the memory. Orthogonal weights can only be kept.
    threads : int, optional
        The number of threads, each with a single-threaded BLAS. By default all cores are used.
    progress : bool, default False
        Whether to show a progress bar over the steps (on a terminal only).

    Returns
    -------
    LanczosSpectrum
        Nodes and weights, with estimates of cdf, density, and moments.

    Raises
    ------
    OverflowError
        If a forward pass or an eigenvalue leaves the range of a float.
    ValueError, TypeError
        If an argument is not among the allowed values.

    See Also
    --------
    rmtjac.sample_spectrum : All singular values, by dense linear algebra.

    Notes
    -----
    Cost per sample: 2 `steps` passes over all weights, each with 2 `probes` flops for an entry, and 5 ns for an entry
    that is drawn again; 8 `probes` `steps`^2 N flops for the reorthogonalisation. Memory: the weights if they are kept,
    and 8 `probes` `steps` N bytes. The standard error of a linear statistic between probes is about its spread over the
    spectrum times sqrt(2 / (N `probes`)). Measured times: data/lanczos.md.

    References
    ----------
    docs/theory/singular_values.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> slq = rj.spectra.lanczos_spectrum(rj.Ensemble.square(300, 2, "linear"), rng=0, probes=4, steps=30)
    >>> slq
    LanczosSpectrum(1 samples of 300 x 300, 4 probes, 30 steps, atom 0, mean 1... ± 0.0...)
    >>> float(slq.cdf(1.0).round(1))
    0.7
    """
    samples, probes, steps = (
        positive_int("samples", samples),
        positive_int("probes", probes),
        positive_int("steps", steps),
    )
    choice("masks", masks, ("network", "independent"))
    if not isinstance(keep_weights, bool):
        choice("keep_weights", keep_weights, ("auto",))
    if keep_weights is False and any(isinstance(one, Orthogonal) for one in ensemble.weights):
        raise ValueError("keep_weights=False: orthogonal weights cannot be drawn by rows; 'auto' or True is needed")
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    laws = mask_laws(ensemble, q) if masks == "independent" else None

    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    size = ensemble.widths[-1]
    steps = min(steps, size, ensemble.widths[0])
    nodes, weights = np.zeros((2, samples, probes, steps))
    atoms, moments = np.ones(samples), np.empty((samples, ensemble.depth, 3))
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=samples * steps, disable=None if progress else True, unit="step") as bar,
    ):
        for i in range(samples):
            layers, rank = survey(ensemble, root, i, q, laws)
            if rank and takes_few_values(ensemble) and max(ensemble.widths) <= _EXACT:
                rank, _ = discrete_rank([layer.whole() for layer in layers])
            moments[i] = [_moments(layer.d) for layer in layers]
            if rank == 0:
                continue
            bytes_ = 8 * sum(math.prod(layer.shape) for layer in layers)
            if keep_weights is True or (keep_weights == "auto" and bytes_ <= _memory()):
                for layer in layers:
                    layer.keep(pool.map)
            found, dim = _quadratures(layers, root, i, probes, steps, pool.map, bar.update)
            exponent = 2 * sum(layer.exponent or 0 for layer in layers)
            if not any(theta.any() for theta, _ in found):
                continue  # J = 0
            atoms[i] = (size - rank) / size
            for p, (theta, tau) in enumerate(found):
                with np.errstate(over="ignore", under="ignore"):
                    nodes[i, p, steps - theta.size :] = np.ldexp(theta, exponent)
                weights[i, p, steps - theta.size :] = tau * (dim / size)
            if not np.isfinite(nodes[i]).all():
                raise OverflowError(f"sample {i}: eigenvalues leave the range of a float; use sample_spectrum")
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed=seed_facts(root),
        input_variance=q,
        masks=masks,
    )
    return LanczosSpectrum(nodes, weights, atoms, moments, size, facts)


def _probe(root: np.random.SeedSequence, sample: int, probe: int, dim: int) -> np.ndarray:
    """Return the random unit vector of one probe, signs over sqrt(dim)."""
    signs = stream(root, sample, Stream.PROBES, probe).integers(0, 2, size=dim, dtype=np.int8)
    return (2.0 * signs - 1.0) / math.sqrt(dim)


def _quadratures(
    layers: list[Layer],
    root: np.random.SeedSequence,
    sample: int,
    probes: int,
    steps: int,
    parallel: Map,
    tick: Callable[[], object],
) -> tuple[list[tuple[np.ndarray, np.ndarray]], int]:
    """Return the quadratures of the probes and the dimension of the space of the iteration.

    The iteration works with M, without the rows where D is 0, or with J^T J if that is smaller.
    """
    low_side = layers[0].shape[1] < layers[-1].shape[0]
    dim = layers[0].shape[1] if low_side else layers[-1].shape[0]

    def up(x: np.ndarray) -> np.ndarray:
        """Return J x."""
        for layer in layers:
            x = layer.product(x, parallel, transposed=False)
        return x

    def down(x: np.ndarray) -> np.ndarray:
        """Return J^T x."""
        for layer in reversed(layers):
            x = layer.product(x, parallel, transposed=True)
        return x

    def apply(v: np.ndarray) -> np.ndarray:
        """Return M v or J^T J v."""
        tick()
        return down(up(v)) if low_side else up(down(v))

    start = np.stack([_probe(root, sample, p, dim) for p in range(probes)])
    return _lanczos(apply, start, steps), dim

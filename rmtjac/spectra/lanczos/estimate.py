r"""The spectrum of M = J J^T without a dense product: stochastic Lanczos quadrature (Golub & Meurant 2010;
Ubaru, Chen & Saad 2017).

For a random vector v of independent signs, :math:`E\,v^T f(M) v = \mathrm{tr} f(M)`. So the spectral measure of M at
v, :math:`\mu_v = \sum_i (v^T e_i)^2 \delta_{\lambda_i} / |v|^2`, has the spectrum in the mean. m steps of Lanczos give
its Gauss quadrature: m nodes, right for polynomials of degree 2 m - 1. A step is one product with J and one with J^T,
layer by layer; all probes share each pass over the weights. The weights are kept, or drawn again from their stream.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.propagation.mean_field import mean_field, resolve_input_variance
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts, stream
from rmtjac.spectra.lanczos.operator import ORTHOGONAL, Layer, Map, survey
from rmtjac.spectra.lanczos.result import LanczosSpectrum
from rmtjac.spectra.one_sample import takes_few_values
from rmtjac.spectra.settle import discrete_rank
from rmtjac.validate import choice, positive_int

__all__ = ["lanczos_spectrum"]

_PROBES = 4  # name of the streams of probes below a sample, after those of `rmtjac.spectra.one_sample`
_EPS = float(np.finfo(float).eps)
_EXACT = 200  # width up to which the rank of discrete weights is looked at: singular ones are rare in large matrices


def _moments(d: np.ndarray) -> tuple[float, float, float]:
    alive = np.abs(d[d != 0.0])
    log = 2.0 * float(np.log(alive).mean()) if alive.size else math.nan
    return float(np.mean(d**2)), float(np.mean(d**4)), log


def _lanczos(
    apply: Callable[[np.ndarray], np.ndarray], v: np.ndarray, steps: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the Gauss quadrature of each unit vector in the rows of `v`, for a symmetric `apply`, at most `steps`."""
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
            for _ in range(2):  # once leaves the rounding of a large part behind
                w[p] -= (previous @ w[p]) @ previous
            beta[p, j] = np.linalg.norm(w[p])
            if beta[p, j] <= dim * _EPS * (alpha[p].max() + beta[p].max()):
                done[p] = j + 1  # the Krylov space is complete
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
    """Half of the memory of the machine in bytes; 4 GB where it does not say."""
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
    ensemble
        The law of the networks. Under heavy tails the nodes go to the few largest eigenvalues, and the bulk stays
        unresolved.
    samples
        How many independent networks: sample i is that of ``sample_spectrum(ensemble, rng=rng)``.
    rng
        Seed. The same integer gives the same bits whatever the number of threads, and with weights kept or not.
    probes
        Random vectors of signs per network.
    steps
        Steps of Lanczos, with full reorthogonalisation: nodes of each quadrature.
    input_variance, masks
        As in `rmtjac.sample_spectrum`.
    keep_weights
        Whether D W of all layers is kept in memory (float64, without the zero rows of D), or drawn again from its
        stream in every product, by rows, a block of 32 MB per thread; ``"auto"``: kept if it takes at most half of
        the memory. Orthogonal weights are kept always.
    threads
        Number of threads, each with a BLAS of its own single thread; default all cores.
    progress
        Show a progress bar over the steps (on a terminal only).

    Returns
    -------
    LanczosSpectrum

    Raises
    ------
    OverflowError
        If a forward pass or an eigenvalue leaves the range of a float.

    Notes
    -----
    Cost per sample: 2 `steps` passes over all weights, each 2 `probes` flops an entry, and 5 ns an entry where they are
    drawn again; 8 `probes` `steps`^2 N for the reorthogonalisation. Memory: the weights, if kept, and
    8 `probes` `steps` N bytes. The standard error of a linear statistic between probes is about its spread over the
    spectrum times sqrt(2 / (N probes)).

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.spectra.lanczos.estimate import lanczos_spectrum
    >>> slq = lanczos_spectrum(rj.Ensemble.square(300, 2, "linear"), rng=0, probes=4, steps=30)
    >>> slq
    LanczosSpectrum(1 samples of 300 x 300, 4 probes, 30 steps, atom 0, mean 1... ± 0.0...)
    >>> value, error = slq.cdf(1.0)
    """
    samples, probes, steps = (
        positive_int("samples", samples),
        positive_int("probes", probes),
        positive_int("steps", steps),
    )
    choice("masks", masks, ("network", "independent"))
    if not isinstance(keep_weights, bool):
        choice("keep_weights", keep_weights, ("auto",))
    if keep_weights is False and any(one.code == ORTHOGONAL for one in ensemble.weights):
        raise ValueError("keep_weights=False: orthogonal weights cannot be drawn by rows; 'auto' or True is needed")
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    scales = mean_field(ensemble, q).scales if masks == "independent" else None

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
            layers, rank = survey(ensemble, root, i, q, scales)
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
                continue  # the weights are zero
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
    """Signs over sqrt(dim): a unit vector."""
    signs = stream(root, sample, _PROBES, probe).integers(0, 2, size=dim, dtype=np.int8)
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
    """Return the quadratures of the probes, and the dimension: of M without the zero rows of D, or of J^T J."""
    low_side = layers[0].shape[1] < layers[-1].shape[0]
    dim = layers[0].shape[1] if low_side else layers[-1].shape[0]

    def up(x: np.ndarray) -> np.ndarray:
        for layer in layers:
            x = layer.product(x, parallel, transposed=False)
        return x

    def down(x: np.ndarray) -> np.ndarray:
        for layer in reversed(layers):
            x = layer.product(x, parallel, transposed=True)
        return x

    def apply(v: np.ndarray) -> np.ndarray:
        tick()
        return down(up(v)) if low_side else up(down(v))

    start = np.stack([_probe(root, sample, p, dim) for p in range(probes)])
    return _lanczos(apply, start, steps), dim

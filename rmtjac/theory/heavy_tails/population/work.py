"""Run the kernels of population dynamics: replicas and blocks of points in threads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.kernels.heavy_tails.population import run, signal
from rmtjac.pool import interruptible, run_in_threads
from rmtjac.theory.heavy_tails.population.model import Model
from rmtjac.theory.heavy_tails.population.options import PopulationOptions

__all__ = ["Job", "Shares", "densities", "shares"]

# The pools of a block of points stay in the cache of a core.
_BLOCK = 64
# Neurons of a layer that estimate P(D != 0), per replica.
_SIGNALS = 1 << 16
_SIGNAL, _DENSITY = 0, 1


class Shares(NamedTuple):
    """What the forward pass alone says.

    Attributes
    ----------
    value, error : ndarray of float, shape (L+1,)
        The shares P(D_l != 0), where l = 0 is the input, and their errors.
    sizes : ndarray of float, shape (L, n)
        A sorted sample of |h| of each layer.
    """

    value: np.ndarray
    error: np.ndarray
    sizes: np.ndarray


class Job(NamedTuple):
    """A number of replicas at points.

    Attributes
    ----------
    stream : int
        Jobs with different numbers draw different random numbers.
    first, replicas : int
        The number of the first replica, and of replicas.
    pool, burn, sweeps : int
        The size of the pools, and the numbers of sweeps.
    log_lam : ndarray of float, shape (M,)
        The points.
    """

    stream: int
    first: int
    replicas: int
    pool: int
    burn: int
    sweeps: int
    log_lam: np.ndarray


def _generator(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of a replica."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def shares(model: Model, options: PopulationOptions) -> Shares:
    """Return P(D_l != 0) and the law of |h| in each layer from pools of preactivations."""
    out = np.ones((options.replicas, model.depth + 1))
    sizes = np.empty((model.depth, options.replicas, _SIGNALS))

    def work(chunk: range) -> None:
        for r in chunk:
            rng = _generator(options.seed, _SIGNAL, r)
            h = signal(rng, model.laws, model.phis, model.tables, model.values, model.deviation, _SIGNALS,
                       options.weights)  # fmt: skip
            sizes[:, r] = np.abs(h)
            for l, phi in enumerate(model.activations):
                # D^2 below the range of a float counts as 0, as in the kernels.
                out[r, l + 1] = np.count_nonzero(phi.derivative(h[l]) ** 2) / _SIGNALS

    chunks = (range(r, r + 1) for r in range(options.replicas))
    with np.errstate(under="ignore", over="ignore"):
        run_in_threads(work, lambda _: 1, chunks, options.replicas, options.workers, False)
    error = out.std(axis=0, ddof=1) / np.sqrt(options.replicas)
    return Shares(out.mean(axis=0), error, np.sort(sizes.reshape(model.depth, -1), axis=1))


def densities(model: Model, options: PopulationOptions, signals: Shares, jobs: list[Job]) -> list[np.ndarray]:
    """Return the smoothed density of log lambda of each replica of each job, arrays of shape (replicas, M).

    The result depends neither on the threads nor on the other jobs: a replica has its own generator, and all its blocks
    of points draw the same numbers.
    """
    out = [np.empty((job.replicas, job.log_lam.size)) for job in jobs]
    tasks = [
        (number, r, start)
        for number, job in enumerate(jobs)
        for r in range(job.replicas)
        for start in range(0, job.log_lam.size, _BLOCK)
    ]
    # The long tasks first.
    tasks.sort(key=lambda task: -jobs[task[0]].pool)

    def with_stop(stop: np.ndarray) -> None:
        def work(chunk: range) -> int:
            for number, r, start in (tasks[i] for i in chunk):
                job = jobs[number]
                part = slice(start, start + _BLOCK)
                rng = _generator(options.seed, _DENSITY, job.stream, job.first + r)
                current = run(
                    rng, model.laws, model.ratios, model.phis, model.tables, model.values, model.deviation,
                    signals.sizes, signals.value, job.log_lam[part] - model.centre, options.angle, job.pool,
                    options.weights, job.burn, job.sweeps, stop,
                )  # fmt: skip
                out[number][r, part] = current.imag.mean(axis=0) / (np.pi - options.angle)
            return len(chunk)

        chunks = (range(i, i + 1) for i in range(len(tasks)))
        run_in_threads(work, int, chunks, len(tasks), options.workers, options.progress, "block")

    interruptible(with_stop)
    if not all(np.isfinite(one).all() for one in out):
        raise FloatingPointError("the pools left the range of a float")
    return out

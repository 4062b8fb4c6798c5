"""Population dynamics against sampled spectra and closed forms; coverage of its errors; its cost.

    python -m benchmarks.population samples           # smoothed cdfs against N = 1000, ten networks
    python -m benchmarks.population other             # rectangular, mixed, alpha = 1.5, biases, other activations
    python -m benchmarks.population coverage          # errors against the linear closed form, five seeds
    python -m benchmarks.population cost              # time per point and layer, threads, kept weights

Add `--small` for small sizes, to check that it works.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from scipy.special import erfcx

import rmtjac as rj
from rmtjac.propagation.stable_weights import stable_weights
from rmtjac.smoothing import smoothed_cdf
from rmtjac.theory.heavy_tails.independent.solver import IndependentSolver
from rmtjac.theory.heavy_tails.population.options import PopulationOptions
from rmtjac.theory.heavy_tails.population.population_solver import PopulationSolver
from rmtjac.theory.heavy_tails.routes import independent_masks

ANGLE = 0.2


def networks(width: int) -> list[tuple[str, rj.Ensemble]]:
    """Return the networks whose limit must be met: Cauchy weights of scale 1, no biases."""
    cases = [("hardtanh", 1), ("hardtanh", 2), ("hardtanh", 3), ("hardtanh", 5)]
    cases += [(name, depth) for name in ("tanh", "erf") for depth in (1, 2, 3)]
    return [(f"{name} L={depth}", rj.Ensemble.square(width, depth, name, rj.Cauchy(1.0))) for name, depth in cases]


def other_networks(width: int) -> list[tuple[str, rj.Ensemble]]:
    """Return networks with other widths, laws and activations."""
    n, square = width, rj.Ensemble.square
    return [
        ("rectangular n, 2n/3, n/2 hardtanh", rj.Ensemble([n, 2 * n // 3, n // 2], "hardtanh", rj.Cauchy(1.0))),
        ("rectangular n/2, n, 3n/4 tanh", rj.Ensemble([n // 2, n, 3 * n // 4], "tanh", rj.Cauchy(1.0))),
        ("Gaussian, Cauchy hardtanh", square(n, 2, "hardtanh", [rj.Gaussian(1.5), rj.Cauchy(1.0)])),
        ("Cauchy, Gaussian hardtanh", square(n, 2, "hardtanh", [rj.Cauchy(1.0), rj.Gaussian(1.5)])),
        ("alpha = 1.5 hardtanh L=1", square(n, 1, "hardtanh", rj.Stable(alpha=1.5))),
        ("alpha = 1.5 tanh L=2", square(n, 2, "tanh", rj.Stable(alpha=1.5))),
        ("alpha = 0.7 hardtanh L=2", square(n, 2, "hardtanh", rj.Stable(alpha=0.7))),
        ("biases hardtanh L=2", square(n, 2, "hardtanh", rj.Cauchy(1.0), rj.Cauchy(0.5))),
        ("softsign, sigmoid, scale 2", square(n, 2, ["softsign", "sigmoid"], rj.Cauchy(2.0))),
        ("relu L=1", square(n, 1, "relu", rj.Cauchy(1.0))),
    ]


def against_samples(cases: list[tuple[str, rj.Ensemble]], matrices: int, options: PopulationOptions) -> None:
    """Print the largest difference of smoothed cdfs: population and sample, independent masks and sample."""
    for name, ensemble in cases:
        start = time.perf_counter()
        limit = PopulationSolver.from_ensemble(ensemble, options=options)
        grid = limit.curve.log_lam
        taken = time.perf_counter() - start
        values = np.asarray(rj.sample_spectrum(ensemble, matrices, rng=1).eigenvalues).ravel()
        positive = values[values > 0.0]
        if limit.atom.value > 0.0:
            positive = positive[positive > 1e-300]
        atom = 1.0 - positive.size / values.size
        there = limit.cdf(grid)
        difference = there.value - smoothed_cdf(grid, np.log(positive), options.angle, atom)
        worst = int(np.argmax(np.abs(difference)))
        masks = independent_masks(ensemble, 1.0)
        alone = IndependentSolver(stable_weights(ensemble), masks, ensemble.widths, options.angle)
        wrong = np.abs(difference - there.value + alone.cdf(grid).value).max()
        print(
            f"{name:34s} difference {np.abs(difference).max():.4f} at log lambda {grid[worst]:6.2f}"
            f" (without the atoms {np.abs(difference - limit.atom.value + atom)[grid > grid[0] + 1].max():.4f});"
            f" independent masks {wrong:.4f};"
            f" atom {limit.atom.value:.4f} sampled {atom:.4f}; error {there.error.max():.4f}"
            f" bias {limit.curve.bias.max():.4f}; {grid.size} points from {grid[0]:.1f}"
            f" to {grid[-1]:.1f}, {taken:.1f} s",
            flush=True,
        )


def linear_current(log_lam: np.ndarray, angle: float, gamma: float = 1.0) -> np.ndarray:
    """Return 1 - eta E g of one linear Cauchy layer on a ray: sqrt(pi) xi erfcx(xi), eta xi = gamma/sqrt(pi) erfcx(xi).

    The angle falls from pi, where eta is real.
    """
    slope = gamma / np.sqrt(np.pi)
    size = np.exp(0.5 * np.asarray(log_lam, dtype=float))
    low, high = np.full(size.shape, 1e-12), np.full(size.shape, 1e12)
    for _ in range(200):
        middle = np.sqrt(low * high)
        less = size * middle < slope * erfcx(middle)
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    xi = low.astype(complex)
    for a in np.linspace(np.pi, angle, 80):
        eta = size * (np.sin(0.5 * a) - 1j * np.cos(0.5 * a))
        for _ in range(8):
            xi -= (eta * xi - slope * erfcx(xi)) / (eta - slope * (2.0 * xi * erfcx(xi) - 2.0 / np.sqrt(np.pi)))
    return np.sqrt(np.pi) * xi * erfcx(xi)


def coverage(options: PopulationOptions, seeds: int) -> None:
    """Print how often two errors cover the truth: the linear closed form, and a long run for HardTanh."""
    for name in ("linear", "hardtanh"):
        ensemble = rj.Ensemble.square(100, 1 if name == "linear" else 2, name, rj.Cauchy(1.0))
        points = np.arange(-14.0, 10.0, 0.5)
        if name == "linear":
            density = linear_current(points, options.angle).imag / (np.pi - options.angle)
            fine = np.arange(-60.0, 80.0, 0.05)
            table = linear_current(fine, options.angle).imag / (np.pi - options.angle)
            cdf = np.interp(points, fine + 0.025, np.cumsum(table) * 0.05)
        else:
            long = replace(options, pool=2 * options.pool, replicas=4 * options.replicas, seed=1000)
            reference = PopulationSolver.from_ensemble(ensemble, options=long)
            density, cdf = reference.log_density(points).value, reference.cdf(points).value
        inside, inside_cdf = [], []
        for seed in range(seeds):
            limit = PopulationSolver.from_ensemble(ensemble, options=replace(options, seed=seed))
            there, total = limit.log_density(points), limit.cdf(points)
            inside.append(np.abs(there.value - density) <= 2.0 * there.error)
            inside_cdf.append(np.abs(total.value - cdf) <= 2.0 * total.error)
        print(f"{name}: within two errors: density {np.mean(inside):.3f}, cdf {np.mean(inside_cdf):.3f}", flush=True)


def cost(options: PopulationOptions) -> None:
    """Print the time per neuron, point and layer, the gain of two threads, and the effect of the kept weights."""
    ensemble = rj.Ensemble.square(100, 3, "hardtanh", rj.Cauchy(1.0))
    for threads in (1, 2):
        limit = PopulationSolver.from_ensemble(ensemble, options=replace(options, threads=threads))
        assert limit.shares.value.size == 4
        start = time.perf_counter()
        points = limit.curve.log_lam.size
        taken = time.perf_counter() - start
        each = points * 3 * options.replicas * 1.25 * options.pool / 2 * (options.burn + options.sweeps)
        print(f"{threads} threads: {taken:.2f} s, {taken / each * 1e6:.3f} us per renewed neuron, point and layer;"
              f" {taken / points / 3 * 1e3:.1f} ms per point and layer", flush=True)  # fmt: skip
    points = np.arange(-12.0, 8.0, 1.0)
    for kept in (5, 10, 20, 40, 80):
        limit = PopulationSolver.from_ensemble(ensemble, options=replace(options, weights=kept))
        values = limit.cdf(points)
        print(f"{kept} kept weights:", values.value[::3].round(4), "errors", values.error[::3].round(4), flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the parts that are named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["samples", "other", "coverage", "cost"])
    parser.add_argument("--small", action="store_true", help="small sizes")
    parser.add_argument("--pool", type=int, default=500)
    parser.add_argument("--replicas", type=int, default=6)
    chosen = parser.parse_args(arguments)
    options = PopulationOptions(pool=chosen.pool, replicas=chosen.replicas, angle=ANGLE)
    width, matrices, seeds = 1000, 30, 5
    if chosen.small:
        options, width, matrices, seeds = replace(options, pool=32, replicas=2, sweeps=4, burn=10), 60, 2, 1
    if chosen.part == "samples":
        against_samples(networks(width), matrices, options)
    elif chosen.part == "other":
        against_samples(other_networks(width), matrices, options)
    elif chosen.part == "coverage":
        coverage(options, seeds)
    else:
        cost(options)


if __name__ == "__main__":
    main()

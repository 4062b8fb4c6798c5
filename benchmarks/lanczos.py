"""Compare stochastic Lanczos quadrature with the limit at N = 10^4, and with dense eigenvalues at N = 1000.

    python -m benchmarks.lanczos [--width N] [--samples S] [--out FOLDER]

Two errors must be kept apart. The probes are random: that error is known from the spread between them, about
sqrt(2 / (N probes)). And a finite network is not the limit: its D is random, a fraction p_l of ones that fluctuates
by O(N^-1/2) from network to network, because q does and because N ones are drawn. So each network is compared with
two limits: that of the ensemble (errors between networks are needed), and that of *its own* fractions p_l (errors
between probes; what is left is of order 1/N).

Each run has a process of its own, whose largest memory is reported.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erfinv

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.spectra.lanczos.estimate import lanczos_spectrum
from rmtjac.spectra.lanczos.quadrature import smoothed_density
from rmtjac.spectra.lanczos.result import LanczosSpectrum
from rmtjac.theory.derivative_laws.of_activation import derivative_law
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.limit.spectrum import LimitSpectrum

DEPTH, BIAS, SEED = 3, 0.1, 20261
PROBES, STEPS = 8, 30
PLACES = (0.01, 0.03, 0.1, 0.3, 0.6, 0.9)  # lambda over the upper edge of the limit


def ensemble(width: int) -> rj.Ensemble:
    return rj.Ensemble.square(width, DEPTH, "hardtanh", biases=rj.Gaussian(BIAS))


def run(width: int, samples: int, options: dict[str, Any]) -> tuple[LanczosSpectrum, float, float]:
    """Return the result, seconds, and the largest memory of this process in GB."""
    lanczos_spectrum(ensemble(50), rng=0, **options)  # compile
    start = time.perf_counter()
    slq = lanczos_spectrum(ensemble(width), samples, rng=SEED, **options)
    taken = time.perf_counter() - start
    return slq, taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def dense(width: int, samples: int) -> tuple[rj.EmpiricalSpectrum, float, float]:
    """The same by singular values of the whole product."""
    rj.sample_spectrum(ensemble(50), 1, rng=0)
    start = time.perf_counter()
    emp = rj.sample_spectrum(ensemble(width), samples, rng=SEED)
    taken = time.perf_counter() - start
    return emp, taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def alone(function: Any, *arguments: Any) -> Any:
    """Call in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def own_limit(slq: LanczosSpectrum, sample: int) -> LimitSpectrum:
    """The limit for the fractions of ones in D that this network has."""
    phi = rj.activations.activation("hardtanh")
    # P(|h| < 1) = erf(1 / sqrt(2 q)) = p
    qs = [0.5 / float(erfinv(p)) ** 2 for p in slq.mask_moments[sample, :, 0]]
    layers = Layers([derivative_law(phi, q) for q in qs], [1.0] * DEPTH, [slq.size] * (DEPTH + 1), [False] * DEPTH)
    return LimitSpectrum(layers, "inverse", 15, False, {})


def one(slq: LanczosSpectrum, sample: int) -> LanczosSpectrum:
    """One network of several: its errors are those between probes."""
    here = slice(sample, sample + 1)
    return LanczosSpectrum(
        slq.nodes[here], slq.weights[here], slq.zero_fractions[here], slq.mask_moments[here], slq.size, slq.facts
    )


def statistics(slq: LanczosSpectrum, lim: LimitSpectrum) -> list[tuple[str, float, float, float]]:
    """Name, value, error, value of the limit: atom, moments, cdf and smoothed density (the limit alike smoothed)."""
    edge = float(lim.support[-1, 1])
    lam = edge * np.array(PLACES)
    rows = [(f"m{k}", *slq.moment(k), lim.moment(k)) for k in range(1, 5)]
    rows += [
        (f"F({x:g} edge)", *row) for x, *row in zip(PLACES, slq.cdf(lam), slq.cdf_error(lam), lim.cdf(lam), strict=True)
    ]
    p = np.linspace(lim.atom, 1.0, 20001)
    masses = np.full(20000, (1.0 - lim.atom) / 20000)
    smooth = smoothed_density(lim.quantile(0.5 * (p[1:] + p[:-1])), masses, lam, width=2.0 / slq.steps, top=slq.top)
    columns = slq.density(lam), slq.density_error(lam), smooth
    rows += [(f"rho({x:g} edge)", *row) for x, *row in zip(PLACES, *columns, strict=True)]
    return [(name, float(value), float(error), float(limit)) for name, value, error, limit in rows]


def pull(value: float, error: float, expected: float) -> str:
    return f"{(value - expected) / error:+.1f}" if error > 0.0 else "–"


def wide(width: int, samples: int, lines: list[str]) -> None:
    kept, seconds, memory = alone(run, width, samples, {"probes": PROBES, "steps": STEPS, "keep_weights": True})
    few = 4
    again, seconds_again, memory_again = alone(run, width, 1, {"probes": PROBES, "steps": few, "keep_weights": False})
    short, _, _ = alone(run, width, 1, {"probes": PROBES, "steps": few, "keep_weights": True})
    same = again.nodes.tobytes() == short.nodes.tobytes() and again.weights.tobytes() == short.weights.tobytes()
    lines += [
        f"## N = {width}, L = {DEPTH}, HardTanh, {PROBES} probes",
        "",
        f"The weights are {8 * DEPTH * width**2 / 1e9:.3g} GB as float64. Python and its libraries take 0.2 GB.",
        "",
        "| weights | networks | steps | s per network | s per step | peak memory GB |",
        "|---|---|---|---|---|---|",
        f"| kept (without dead neurons) | {samples} | {STEPS} | {seconds / samples:.1f} "
        f"| {seconds / samples / STEPS:.2f} | {memory:.2f} |",
        f"| drawn again | 1 | {few} | {seconds_again:.1f} | {seconds_again / few:.2f} | {memory_again:.2f} |",
        "",
        f"Drawn again and kept, {few} steps: nodes and weights {'equal' if same else 'NOT equal'} bit by bit.",
        "",
        f"All {samples} networks against the limit of the ensemble; errors between networks "
        f"({samples - 1} degrees of freedom).",
        "",
        "| | sampled | error | limit | pull |",
        "|---|---|---|---|---|",
    ]
    lim = rj.limit_spectrum(ensemble(width))
    for name, value, error, expected in statistics(kept, lim):
        lines.append(f"| {name} | {value:.6g} | {error:.2g} | {expected:.6g} | {pull(value, error, expected)} |")
    lines += [
        f"| atom | {kept.atom:.6g} | {kept.zero_fractions.std(ddof=1) / math.sqrt(samples):.2g} | {lim.atom:.6g} | |"
    ]
    lines += [
        "",
        "Each network against the limit of its own p_l; errors between probes.",
        "",
        "| network | p_0, p_1, p_2 (ensemble: "
        + ", ".join(f"{math.erf(1 / math.sqrt(2 * q)):.4f}" for q in rj.mean_field(ensemble(width)).scales ** 2)
        + ") | atom | own limit | "
        + " | ".join(f"m{k} | pull" for k in range(1, 5))
        + " | rms pull of F | of rho | largest abs(F - limit) |",
        "|---|---|---|---|" + "---|" * 11,
    ]
    for i in range(samples):
        own = own_limit(kept, i)
        rows = statistics(one(kept, i), own)
        cells = [f"{v:.5g} ± {e:.2g} | {pull(v, e, x)}" for _, v, e, x in rows[:4]]
        parts = [[(v - x) / e for name, v, e, x in rows if name.startswith(c) and e > 0.0] for c in ("F", "rho")]
        cells += [f"{math.sqrt(np.mean(np.square(part))):.2f}" for part in parts]
        cells.append(f"{max(abs(v - x) for name, v, _, x in rows if name.startswith('F')):.1e}")
        ps = ", ".join(f"{p:.4f}" for p in kept.mask_moments[i, :, 0])
        lines.append(f"| {i} | {ps} | {kept.zero_fractions[i]:.4f} | {own.atom:.4f} | {' | '.join(cells)} |")
    lines.append("")


def narrow(width: int, samples: int, lines: list[str]) -> None:
    slq, seconds, memory = alone(run, width, samples, {"probes": PROBES, "steps": STEPS})
    emp, seconds_dense, memory_dense = alone(dense, width, samples)
    low, high = slq.cdf_bounds(np.array(PLACES) * 4.0)
    lines += [
        f"## N = {width}: the same {samples} networks by dense algebra",
        "",
        "| | s per network | peak memory GB |",
        "|---|---|---|",
        f"| Lanczos, {PROBES} probes, {STEPS} steps | {seconds / samples:.2f} | {memory:.2f} |",
        f"| singular values | {seconds_dense / samples:.2f} | {memory_dense:.2f} |",
        "",
        f"Pulls of single networks (errors between {PROBES} probes: Student's t with {PROBES - 1} degrees of freedom, "
        f"rms {math.sqrt((PROBES - 1) / (PROBES - 3)):.2f}); rms over the networks.",
        "",
        "| | rms pull | rms error | largest difference |",
        "|---|---|---|---|",
    ]
    table: dict[str, list[tuple[float, float, float]]] = {}
    for i in range(samples):
        part, eigenvalues = one(slq, i), emp.eigenvalues[i]
        lam = 4.0 * np.array(PLACES)
        weights = np.where(eigenvalues > 0.0, 1.0 / width, 0.0)
        smooth = smoothed_density(eigenvalues, weights, lam, width=2.0 / STEPS, top=part.top)
        rows = [(f"m{k}", *part.moment(k), float((eigenvalues**k).mean())) for k in range(1, 5)]
        counts = [(eigenvalues <= x).mean() for x in lam]
        rows += [(f"F({x:g})", *row) for x, *row in zip(lam, part.cdf(lam), part.cdf_error(lam), counts, strict=True)]
        columns = part.density(lam), part.density_error(lam), smooth
        rows += [(f"rho({x:g})", *row) for x, *row in zip(lam, *columns, strict=True)]
        for name, value, error, expected in rows:
            table.setdefault(name, []).append((float(value), float(error), float(expected)))
    for name, found in table.items():
        value, error, expected = np.array(found).T
        rms = math.sqrt(np.mean(((value - expected) / error) ** 2))
        most = np.abs(value - expected).max()
        lines.append(f"| {name} | {rms:.2f} | {math.sqrt(np.mean(error**2)):.2g} | {most:.2g} |")
    lines += [
        "",
        f"Proved bounds of the cdf of the probes' measures (Chebyshev, Markov, Stieltjes) are {(high - low).min():.3f} "
        f"to {(high - low).max():.3f} apart at these places.",
        "",
        "Exact zeros: "
        + ("equal" if np.array_equal(slq.zero_fractions, emp.zero_fractions) else "NOT equal")
        + " in all networks.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=10_000, help="N (default 10000)")
    parser.add_argument("--samples", type=int, default=3, help="networks at this width (default 3)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the table (default data)")
    args = parser.parse_args()
    if args.width < 100 or args.samples < 2:
        parser.error(f"--width={args.width} --samples={args.samples}: at least 100 and 2 are needed")
    command = " ".join(["python -m benchmarks.lanczos", *sys.argv[1:]])
    lines = header("Stochastic Lanczos quadrature", command)
    lines += [
        f"Gaussian weights of variance 1/N, biases of standard deviation {BIAS}, input variance 1, seed {SEED}.",
        "Two errors are apart here: that of the random probes, and that of the network, whose fractions p_l of ones",
        "in D differ from the limit by O(N^-1/2). F is the cdf, rho the density smoothed by the kernel of",
        f"`LanczosSpectrum.density` (2 / steps = {2 / STEPS:.3f} in the angle), the limit alike smoothed.",
        "",
    ]
    wide(args.width, args.samples, lines)
    narrow(max(100, args.width // 10), 10, lines)
    text = "\n".join(lines) + "\n"
    path = write_atomically(args.out / "lanczos.md", lambda file: file.write(text.encode()) and None)
    print(text)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()

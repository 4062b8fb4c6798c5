"""Compare the law of the largest singular value at finite width with samples, and write data/largest.md.

    python -m benchmarks.largest [--only STUDY ...] [--widths N ...] [--samples S] [--threads T] [--out FOLDER]

Three studies: `edge`, linear networks, whose largest eigenvalue is that of a product of Gaussian matrices; `masks`,
random D, from their laws and from forward passes; `transition`, P(|J| < 1) where it is neither 0 nor 1. The samples
use `invariance=True`: Gaussian weights are drawn as far as the products need them, and the law is exactly the same.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.theory.finite_width.tracy_widom import TracyWidom

SEED = 17
EDGE = [(depth, width) for width in (100, 400, 1600) for depth in (1, 2, 3)]
MASKS = [(phi, depth, width) for width in (100, 400, 1600) for phi in ("tanh", "hardtanh") for depth in (1, 2, 3)]
TRANSITION = [
    ("linear", 50, 2, 0.65),
    ("linear", 200, 3, 0.685),
    ("tanh", 50, 1, 0.61),
    ("tanh", 100, 2, 0.76),
    ("tanh", 200, 5, 0.88),
    ("tanh", 400, 3, 0.82),
    ("hardtanh", 100, 1, 0.52),
    ("hardtanh", 50, 3, 0.74),
    ("erf", 100, 3, 0.8),
    ("arctan", 100, 4, 0.86),
    ("relu", 100, 2, 0.8),
    ("softsign", 100, 2, 1.03),
]


def edge(widths: list[int], samples: int, threads: int) -> Iterator[str]:
    """Linear networks: the scaled mean and standard deviation of log lambda."""
    yield "| L | N | networks | mean of x | error | Tracy–Widom | with the shift | std of x | error | Tracy–Widom |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    tw = TracyWidom()
    for depth, width in EDGE:
        if width not in widths:
            continue
        ensemble = rj.Ensemble.square(width, depth, "linear")
        law = rj.limit_spectrum(ensemble).largest()
        found = rj.spectra.sample_largest(ensemble, samples, rng=SEED, invariance=True, threads=threads)
        x = (found.log_eigenvalues - law.log_edge) / law.scale
        root = math.sqrt(samples)
        yield (
            f"| {depth} | {width} | {samples} | {x.mean():.3f} | {x.std() / root:.3f} | {tw.mean:.4f} "
            f"| {tw.mean + law.shift / law.scale:.3f} | {x.std():.3f} | {x.std() / root / math.sqrt(2.0):.3f} "
            f"| {tw.std:.4f} |"
        )


def masks(widths: list[int], samples: int, threads: int) -> Iterator[str]:
    """Random D: mean and standard deviation of log lambda, given D, with independent D and with a forward pass."""
    yield (
        "| phi | L | N | D | networks | N v | std, sampled | error | predicted | ratio | N (mean - edge), sampled "
        "| error | Tracy–Widom | predicted |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    tw = TracyWidom()
    for phi, depth, width in MASKS:
        if width not in widths:
            continue
        ensemble = rj.Ensemble.square(width, depth, phi)
        for signal in ("independent", "network"):
            law = rj.limit_spectrum(ensemble).largest(signal=signal)
            found = rj.spectra.sample_largest(
                ensemble, samples, rng=SEED, masks=signal, invariance=True, threads=threads
            )
            x = found.log_eigenvalues - law.log_edge
            root = math.sqrt(samples)
            yield (
                f"| {phi} | {depth} | {width} | {signal} | {samples} | {width * law.spread**2:.4f} | {x.std():.5f} "
                f"| {x.std() / root / math.sqrt(2.0):.5f} | {law.log_std:.5f} | {law.log_std / x.std():.3f} "
                f"| {width * x.mean():.3f} | {width * x.std() / root:.3f} | {width * law.scale * tw.mean:.3f} "
                f"| {width * (law.log_mean - law.log_edge):.3f} |"
            )


def transition(widths: list[int], samples: int, threads: int) -> Iterator[str]:
    """P(|J| < 1)."""
    yield "| phi | N | L | sigma_w | networks | norm < 1, sampled | error | law | difference | law without shift |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    worst = 0.0
    for phi, width, depth, scale in TRANSITION:
        if width not in widths:
            continue
        ensemble = rj.Ensemble.square(width, depth, phi, rj.Gaussian(scale))
        lim = rj.limit_spectrum(ensemble)
        law = lim.largest()
        found = rj.spectra.sample_largest(ensemble, samples, rng=SEED, threads=threads)
        share, error = found.frequency()
        plain = rj.theory.ExtremeLaw(width, law.log_edge, law.scale, law.spread, {})
        worst = max(worst, abs(law.probability() - share))
        yield (
            f"| {phi} | {width} | {depth} | {scale} | {samples} | {share:.4f} | {error:.4f} | {law.probability():.4f} "
            f"| {law.probability() - share:+.4f} | {plain.probability():.4f} |"
        )
    yield ""
    yield f"Largest difference: {worst:.4f}."


STUDIES = {
    "edge": (edge, "Linear networks: x = (log lambda - log lambda_+) / scale"),
    "masks": (masks, "Random D, sigma_w = 1, q_0 = 1: log lambda"),
    "transition": (transition, "P(|J| < 1) around the transition, q_0 = 1, forward passes"),
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=STUDIES, default=list(STUDIES))
    parser.add_argument("--widths", nargs="+", type=int, default=[50, 100, 200, 400, 1600])
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder; by default the tables are printed")
    options = parser.parse_args(arguments)
    lines = header(
        "The largest singular value at finite width: law and samples",
        " ".join(["python -m benchmarks.largest", *(arguments or sys.argv[1:])]),
    )
    for name in options.only:
        study, title = STUDIES[name]
        start = time.perf_counter()
        lines += ["", f"## {title}", ""]
        for line in study(options.widths, options.samples, options.threads):
            lines.append(line)
            print(line, flush=True)
        lines += ["", f"{time.perf_counter() - start:.0f} s on {options.threads} threads, seed {SEED}."]
    if options.out:
        write_atomically(options.out / "largest.md", lambda file: file.write(("\n".join(lines) + "\n").encode()))


if __name__ == "__main__":
    main()

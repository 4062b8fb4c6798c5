"""Compare `product_singular_values` with exact integer products, and write the table.

    python -m benchmarks.product_accuracy [--seeds S] [--out FOLDER]

Every float is an integer times a power of two: the product, its characteristic polynomial and the rank are exact,
and Arb isolates the roots (`tests/spectra/exact.py`). D is drawn apart from W, with standard preactivations.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from pathlib import Path

import numpy as np

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from tests.spectra.exact import exact_logs, layers, relative_errors

CASES = [
    *itertools.product((20, 40), (2, 5, 10, 30), ("gaussian", "cauchy"), ("linear", "hardtanh", "tanh")),
    *itertools.product((20, 40), (50,), ("gaussian", "cauchy"), ("linear",)),
    *itertools.product((20,), (1000,), ("gaussian", "cauchy"), ("linear",)),
]
SEED = 20240607


def row(width: int, depth: int, law: str, activation: str, seeds: int) -> str:
    """One line of the table: worst relative error over the values, median and maximum over the seeds."""
    worst, differences, bounds, decades, ranks = [], [], [], [], 0
    for seed in range(seeds):
        factors = layers(np.random.default_rng([SEED, width, depth, seed]), width, depth, law, activation)
        logs, error = rj.spectra.product_singular_values(factors, check=True)
        exact, zeros = exact_logs(factors)
        ranks += int(np.isneginf(logs).sum() == zeros)
        if exact:
            true = relative_errors(logs[: len(exact)], exact)
            worst.append(true.max())
            differences.append(error.max())
            bounds.append((true / error[: len(exact)]).max())
            decades.append((logs[0] - logs[len(exact) - 1]) / math.log(10.0))
    return (
        f"| {width} | {depth} | {law} | {activation} | {np.median(worst):.1e} | {max(worst):.1e} "
        f"| {max(differences):.1e} | {max(bounds):.2f} | {max(decades):.0f} | {ranks}/{seeds} |"
    )


def main() -> None:
    """Run all cases and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "data")
    arguments = parser.parse_args()
    start = time.perf_counter()
    lines = []
    for width, depth, law, activation in CASES:
        # A thousand factors: most of the time goes to the exact product.
        seeds = arguments.seeds if depth < 1000 else min(arguments.seeds, 2)
        lines.append(row(width, depth, law, activation, seeds))
        print(lines[-1], f"{time.perf_counter() - start:.0f} s", flush=True)
    heading = header("Singular values of products against exact integers", "python -m benchmarks.product_accuracy")
    text = (
        "\n".join(heading)
        + f"""
Seed {SEED}. Relative error of sigma, the worst over all values of a product: median and maximum over the seeds. Bound:
the largest that `check=True` returned; error/bound: the worst over all values, below 1 where the bound holds.
Rank: exact zeros equal to the exact rank deficiency.

| N | L | weights | activation | median | worst | bound | error/bound | decades | rank |
|---|---|---|---|---|---|---|---|---|---|
"""
        + "\n".join(lines)
    )
    write_atomically(arguments.out / "product_accuracy.md", lambda file: file.write((text + "\n").encode()) and None)


if __name__ == "__main__":
    main()

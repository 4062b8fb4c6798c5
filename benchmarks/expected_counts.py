"""Put the Gaussian counts of data/sweeps beside expected numbers of fixed points; compute those of Cauchy networks.

python -m benchmarks.expected_counts [--only gaussian|cauchy] [--networks M] [--depths ...] [--out FOLDER]

The first part writes a table, the second the file that the notebook on stability draws.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.comparison.counts.result import QUANTITIES, CountsComparison
from rmtjac.fixed_points.expected.grid import ExpectedGrid

SWEEPS = Path(__file__).parents[1] / "data" / "sweeps"
GAUSSIAN = ("Gaussian, variance 1/fan-in", "Gaussian, std 1/fan-in")
CAUCHY = {
    "Cauchy, 1/fan-in": {},
    "Cauchy, 1/N, biases": {"fan": "width"},
    "Cauchy, 1/N, no biases": {"fan": "width", "biases": False},
}


def rows(compared: CountsComparison, theory: ExpectedGrid) -> list[str]:
    """Return a table of markdown: counted, expected, pull."""
    out = [
        "| cell | all: counted | expected | pull | stable: counted | expected | pull | P(Q > 1) | bound | index - 1 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for k, name in enumerate(compared.names):
        cells = []
        for q in range(2):
            (value, error), (known, off) = compared.counted[k, q], compared.expected[k, q]
            cells += [f"{value:.3f} ± {error:.3f}", f"{known:.4f} ± {off:.1g}", f"{compared.pulls[k, q]:+.1f}"]
        share, error = compared.more_than_one[k]
        residual, spread = theory.values[k, 4]
        cells += [f"{share:.3f} ± {error:.3f}", f"{compared.bound[k]:.4f}", f"{residual - 1.0:+.0e} ± {spread:.0e}"]
        out.append(f"| {name} | {' | '.join(cells)} |")
    sums = [f"- {name}: {compared.chi_square(name)}" for name in QUANTITIES]
    return [*out, "", "Each set of networks counts once (at L = 1 no width enters):", "", *sums, ""]


def gaussian(args: argparse.Namespace) -> list[str]:
    """Compare Gaussian cells with the limit and with sampled hidden layers of the same width."""
    table = rj.sweep.load(SWEEPS / "shallow.parquet").select(GAUSSIAN, args.widths, args.depths or [1, 2, 3, 4, 5])
    out = [f"HardTanh, {len(table) // len(table.cells())} networks a cell, every count proved complete.", ""]
    for method, options in (("limit", {}), ("conditional", {"networks": args.networks, "rng": 1})):
        start = time.perf_counter()
        theory = rj.fixed_points.expected_over(table.ensembles(), method=method, threads=1, **options)
        taken = time.perf_counter() - start
        title = (
            "hidden layers of infinite width" if method == "limit" else f"{args.networks} sampled hidden layers each"
        )
        out += [f"## Method {method}: {title}, {taken:.0f} s", "", *rows(rj.compare(table, theory), theory)]
    return out


def cauchy(args: argparse.Namespace) -> ExpectedGrid:
    """Compute expected numbers of Cauchy networks, all conventions and depths."""
    width = max(args.widths)
    cells = {
        f"{name}, N={width}, L={depth}": rj.Ensemble.berlyand_slavin(width, depth, **options)
        for name, options in CAUCHY.items()
        for depth in args.depths or [1, 2, 3, 4, 5, 6, 8, 10, 15, 20]
    }
    return rj.fixed_points.expected_over(
        cells, method="conditional", networks=args.networks, rng=1, threads=1, progress=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("gaussian", "cauchy"), help="one of the two parts")
    parser.add_argument("--networks", type=int, default=200, help="sampled hidden layers of a cell (default 200)")
    parser.add_argument("--depths", type=int, nargs="*", help="depths (default 1-5; Cauchy: to 20)")
    parser.add_argument("--widths", type=int, nargs="*", default=[10, 30, 100], help="widths (default 10 30 100)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the files (default data)")
    args = parser.parse_args()
    command = " ".join(["python -m benchmarks.expected_counts", *sys.argv[1:]])
    if args.only in (None, "gaussian"):
        text = "\n".join([*header("Expected numbers of fixed points beside counts", command), *gaussian(args)])
        path = args.out / "expected_counts.md"
        write_atomically(path, lambda file: file.write(text.encode()))
        print(f"wrote {path}", flush=True)
    if args.only in (None, "cauchy"):
        print(f"wrote {cauchy(args).save(args.out / 'expected_cauchy.npz')}")


if __name__ == "__main__":
    main()

"""Put the counts of data/sweeps beside expected numbers of fixed points, and write the table and the numbers.

python -m benchmarks.expected_counts [--only gaussian|cauchy] [--networks M] [--depths ...] [--out FOLDER]
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
CAUCHY = ("Cauchy, 1/fan-in", "Cauchy, 1/N, biases", "Cauchy, 1/N, no biases")


def counted(
    conventions: tuple[str, ...], widths: list[int], depths: list[int], name: str = "shallow"
) -> rj.sweep.SweepTable:
    """Return the cells of a frozen sweep."""
    return rj.sweep.load(SWEEPS / f"{name}.parquet").select(conventions, widths, depths)


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
            cells += [f"{value:.3f} ± {error:.3f}", f"{known:.4f} ± {off:.4f}", f"{compared.pulls[k, q]:+.1f}"]
        share, error = compared.more_than_one[k]
        residual, spread = theory.values[k, 4]
        cells += [f"{share:.3f} ± {error:.3f}", f"{compared.bound[k]:.4f}", f"{residual - 1.0:+.1e} ± {spread:.0e}"]
        out.append(f"| {name} | {' | '.join(cells)} |")
    sums = "; ".join(f"{name}: {compared.chi_square(name)}" for name in QUANTITIES)
    return [*out, "", f"{sums}.", ""]


def gaussian(args: argparse.Namespace, folder: Path) -> list[str]:
    """Compare Gaussian cells with the limit and with sampled hidden layers of the same width."""
    table = counted(GAUSSIAN, args.widths, args.depths or [1, 2, 3, 4, 5])
    out = ["## Gaussian weights", "", "HardTanh, 200 networks a cell, every count proved complete.", ""]
    for method, options in (("limit", {}), ("conditional", {"networks": args.networks, "rng": 1})):
        start = time.perf_counter()
        theory = rj.fixed_points.expected_over(table.ensembles(), method=method, threads=1, **options)
        taken = time.perf_counter() - start
        theory.save(folder / f"gaussian_{method}.npz")
        title = (
            "hidden layers of infinite width" if method == "limit" else f"{args.networks} sampled hidden layers each"
        )
        out += [f"### Method {method}: {title}, {taken:.0f} s", "", *rows(rj.compare(table, theory), theory)]
    return out


def cauchy(args: argparse.Namespace, folder: Path) -> list[str]:
    """Compare Cauchy cells with sampled hidden layers, and go on to depths that nobody can count with proof."""
    depths = args.depths or [1, 2, 3, 4, 5, 6, 8, 10, 15, 20]
    width = max(args.widths)
    cells = {}
    for name in ("shallow", "deep"):
        here = [depth for depth in depths if (depth <= 5) == (name == "shallow")]
        if here:
            cells |= counted(CAUCHY, [width], here, name).ensembles()
    cells = dict(sorted(cells.items(), key=lambda item: (CAUCHY.index(item[0].convention), item[0].depth)))
    start = time.perf_counter()
    theory = rj.fixed_points.expected_over(
        cells, method="conditional", networks=args.networks, rng=1, threads=1, progress=True
    )
    taken = time.perf_counter() - start
    theory.save(folder / "cauchy.npz")
    table = counted(CAUCHY, [width], [depth for depth in depths if depth <= 5])
    out = [
        "## Cauchy weights",
        "",
        f"HardTanh, N = {width}; {args.networks} sampled hidden layers each, {taken:.0f} s. Counts: 200 networks a cell,",
        "every count proved complete.",
        "",
    ]
    known = [k for k, cell in enumerate(cells) if cell.depth <= 5]
    part = ExpectedGrid(
        {"cell": theory.axes["cell"][known]}, theory.values[known], theory.growth[known], "conditional",
        [theory.facts[k] for k in known],
    )  # fmt: skip
    compared = rj.compare(table, part)
    order = [part.axes["cell"].tolist().index(name) for name in compared.names]
    out += rows(compared, ExpectedGrid(
        {"cell": part.axes["cell"][order]}, part.values[order], part.growth[order], "conditional",
        [part.facts[k] for k in order],
    ))  # fmt: skip
    out += ["All depths:", "", "| cell | all | stable | saddles | repellers | index |", "|---|---|---|---|---|---|"]
    for k, name in enumerate(theory.axes["cell"]):
        numbers = (f"{value:.3f} ± {error:.3f}" for value, error in theory.values[k])
        out.append(f"| {name} | {' | '.join(numbers)} |")
    return [*out, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("gaussian", "cauchy"), help="one of the tables")
    parser.add_argument("--networks", type=int, default=200, help="sampled hidden layers of a cell (default 200)")
    parser.add_argument("--depths", type=int, nargs="*", help="depths (default 1-5; Cauchy: to 20)")
    parser.add_argument("--widths", type=int, nargs="*", default=[10, 30, 100], help="widths (default 10 30 100)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the tables (default data)")
    args = parser.parse_args()
    folder = args.out / "expected_counts"
    folder.mkdir(exist_ok=True)
    command = " ".join(["python -m benchmarks.expected_counts", *sys.argv[1:]])
    for name, make in {"gaussian": gaussian, "cauchy": cauchy}.items():
        if args.only in (None, name):
            text = "\n".join([*header("Expected numbers of fixed points beside counts", command), *make(args, folder)])
            path = args.out / f"expected_counts_{name}.md"
            write_atomically(path, lambda file, text=text: file.write(text.encode()) and None)
            print(f"wrote {path}", flush=True)


if __name__ == "__main__":
    main()

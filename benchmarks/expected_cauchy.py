"""The expected numbers of fixed points of networks with Cauchy weights, beside the counts of the sweeps in data/.

    python -m benchmarks.expected_cauchy                          # every row: some 20 minutes on one core
    python -m benchmarks.expected_cauchy --widths 100 --depths 1 2 --plans shallow --conventions 0

The sweeps counted 200 networks of each cell. z is the difference of the mean of all points and its expectation, divided
by both standard errors; zS the same for stable points. In the sweep `deep` a grid of starts counted the attracting
points only, without a proof that none is missing.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.conditional import conditional

DATA = Path(__file__).parents[1] / "data" / "sweeps"
CONVENTIONS = {
    "Cauchy, 1/fan-in": {},
    "Cauchy, 1/N, biases": {"fan": "width"},
    "Cauchy, 1/N, no biases": {"fan": "width", "biases": False},
}
PLANS: dict[str, dict[str, dict[str, Any]]] = {
    "shallow": CONVENTIONS,
    "smooth": {f"{name}, Cauchy, 1/fan-in": {"activation": name} for name in ("tanh", "erf")},
    "deep": CONVENTIONS,
}
DEPTHS = {"shallow": [1, 2, 3, 4, 5], "smooth": [1, 2, 3], "deep": [6, 8, 10, 15, 20]}
HEAD = (
    "| N | L | networks | E[all] | counted | z | E[stable] | counted | zS | E[saddles] | E[repellers] | index "
    "| (E[all] - 1)/2 | largest share | s |\n" + "|---" * 15 + "|"
)


def counted(cell: pd.DataFrame, plan: str) -> dict[str, Estimate]:
    """Return the means of all points and of stable points of the networks of a cell."""
    if plan == "deep":
        return {"stable": Estimate.of(cell.attracting.to_numpy())}
    total = (cell.stable + cell.saddles + cell.repellers).to_numpy()
    return {"total": Estimate.of(total), "stable": Estimate.of(cell.stable.to_numpy())}


def shown(estimate: Estimate) -> str:
    """Return an estimate with three digits after the point."""
    return f"{estimate.value:.3f} ± {estimate.error:.3f}"


def against(found: Estimate, counts: Estimate | None) -> tuple[str, str]:
    """Return the counted mean, and the difference in standard errors."""
    if counts is None:
        return "-", "-"
    error = math.hypot(found.error, counts.error)
    gap = found.value - counts.value
    return shown(counts), f"{gap / error if error > 0.0 else math.nan:+.1f}"


def row(ensemble: rj.Ensemble, counts: dict[str, Estimate], networks: int, args: argparse.Namespace) -> str:
    """Return one line of the table without its first column."""
    start = time.perf_counter()
    found = conditional(
        ensemble, networks=networks, rng=args.seed, points=args.points, draws=args.draws, threads=args.threads
    )
    totals = found.by_network[:, 0]
    cells = [
        str(ensemble.depth),
        str(networks),
        shown(found.total),
        *against(found.total, counts.get("total")),
        shown(found.stable),
        *against(found.stable, counts.get("stable")),
        shown(found.saddles),
        shown(found.repellers),
        shown(found.index),
        f"{(found.total.value - 1.0) / 2.0:.2f}",
        f"{totals.max() / totals.sum():.3f}",
        f"{time.perf_counter() - start:.0f}",
    ]
    return " | ".join(cells)


def table(plan: str, name: str, options: dict[str, Any], args: argparse.Namespace) -> list[str]:
    """Return the table of one convention."""
    every = pd.read_parquet(DATA / f"{plan}.parquet")
    lines = [f"## {plan}: {name}", "", HEAD]
    print(*lines, sep="\n", flush=True)
    for width in args.widths:
        for depth in DEPTHS[plan]:
            if args.depths and depth not in args.depths:
                continue
            cell = every[(every.convention == name) & (every.width == width) & (every.depth == depth)]
            ensemble = rj.Ensemble.berlyand_slavin(width, depth, **options)
            networks = args.networks * (1 if depth <= 5 else 2)
            lines.append(f"| {width} | {row(ensemble, counted(cell, plan), networks, args)} |")
            print(lines[-1], flush=True)
    return [*lines, ""]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", nargs="+", default=list(PLANS), choices=list(PLANS))
    parser.add_argument("--conventions", nargs="+", type=int, help="numbers of the conventions of each plan")
    parser.add_argument("--widths", nargs="+", type=int, default=[100, 30, 10])
    parser.add_argument("--depths", nargs="+", type=int)
    parser.add_argument("--networks", type=int, default=300, help="twice as many from L = 6 on")
    parser.add_argument("--points", type=int, default=1024)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a folder for expected_cauchy.md")
    args = parser.parse_args()
    command = " ".join(["python -m benchmarks.expected_cauchy", *sys.argv[1:]])
    lines = header("Expected numbers of fixed points of Cauchy networks beside counts", command)
    for plan in args.plans:
        for k, (name, options) in enumerate(PLANS[plan].items()):
            if args.conventions is None or k in args.conventions:
                lines += table(plan, name, options, args)
    if args.out:
        text = "\n".join(lines)
        write_atomically(args.out / "expected_cauchy.md", lambda file: file.write(text.encode()))


if __name__ == "__main__":
    main()

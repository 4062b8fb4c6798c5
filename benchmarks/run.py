"""Measure this package side by side with what a user would otherwise write, and write the tables.

    python -m benchmarks.run [--small] [--out FOLDER]

Alternating runs: in each round every code runs once, so that a change of the machine's load meets all of
them; medians over the rounds.
The command, the versions, the CPU class and the dgemm rate of the same run stand above each table.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import cases
from rmtjac.archive.results import write_atomically
from rmtjac.provenance import cpu_class, versions


def alternate(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each; one round before the first is not counted (compilation, caches)."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for i in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if i:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def dgemm_rate(width: int) -> float:
    """Flops per second of a product of `width`, BLAS on one thread; median of 7."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, width, width))
    repeat = max(1, int(2e8 / width**3))
    with threadpool_limits(1, user_api="blas"):
        taken = []
        for _ in range(8):
            start = time.perf_counter()
            for _ in range(repeat):
                a @ b
            taken.append(time.perf_counter() - start)
    return 2.0 * width**3 * repeat / statistics.median(taken[1:])


def header(title: str, command: str) -> list[str]:
    found = ", ".join(f"{name} {value}" for name, value in versions().items())
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    date = datetime.now(UTC).date().isoformat()
    return [
        f"# {title}",
        "",
        f"`{command}`, {date}; {found}; CPU {cpu_class()}, {os.cpu_count()} cores, load {load} at the start.",
        "",
    ]


def sampling(small: bool, rounds: int, command: str) -> str:
    lines = header("Sampling, L = 2, Gaussian weights", command)
    lines += [
        f"Medians over {rounds} alternating runs. NumPy: the plain script of benchmarks/cases.py;",
        "its threads are those of its BLAS. Floor: flops",
        "of one product and the factorisation of full-rank matrices, at the dgemm rate of this run",
        "(one thread); HardTanh and threads = 2 can be",
        "below it, because rows that saturate are dropped, and because the floor is for one thread; invariance and",
        "float32 are, because they do not do all that. `fast` computes what the script computes.",
        "",
        "| activation | N | code | ms per sample, 1 thread | 2 threads | NumPy / this, 1 thread | 2 threads "
        "| speed-up by second thread | floor ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    sizes = {30: 20, 60: 20} if small else {100: 400, 200: 100, 1000: 8}
    for activation in cases.ACTIVATIONS:
        codes = [code for code in cases.CODES if activation == "linear" or "invariance" not in code]
        for width, samples in sizes.items():
            rate = dgemm_rate(width)
            runs: dict[str, Callable[[], object]] = {}
            for threads in (1, 2):
                for code in codes:
                    runs[f"{code} {threads}"] = partial(cases.ours, activation, width, samples, code, threads)
                runs[f"numpy {threads}"] = partial(cases.plain_numpy, activation, width, samples, threads)
            seconds = alternate(runs, rounds)
            ms = {name: 1e3 * value / samples for name, value in seconds.items()}
            for code in (*codes, "numpy"):
                one, two = ms[f"{code} 1"], ms[f"{code} 2"]
                floor = 1e3 * cases.flops(width, code) / rate
                lines.append(
                    f"| {activation} | {width} | {code} | {one:.3f} | {two:.3f} "
                    f"| {ms['numpy 1'] / one:.2f} | {ms['numpy 2'] / two:.2f} "
                    f"| {one / two:.2f} | {floor:.3f} |"
                )
            print(*lines[-len(codes) - 1 :], sep="\n", flush=True)
    return "\n".join(lines) + "\n"


def products(small: bool, rounds: int, command: str) -> str:
    lines = header("Singular values of a product of given matrices", command)
    lines += [
        f"Medians over {rounds} alternating runs, one thread, Gaussian weights. Chain: product_singular_values.",
        "Plain: the product of the factors and scipy.linalg.svdvals, which is noise below eps times the largest.",
        "",
        "| activation | N | L | chain ms | plain ms | chain / plain |",
        "|---|---|---|---|---|---|",
    ]
    for activation in cases.ACTIVATIONS:
        for width in (20, 40) if small else (20, 50, 100, 200, 400):
            for depth in (2, 10, 30):
                factors = cases.factors(activation, width, depth)
                repeat = max(1, 400_000 // (width**2 * depth))
                runs = {
                    "chain": partial(cases.chain, factors, repeat),
                    "plain": partial(cases.svdvals, factors, repeat),
                }
                with threadpool_limits(1, user_api="blas"):
                    ms = {name: 1e3 * value / repeat for name, value in alternate(runs, rounds).items()}
                lines.append(
                    f"| {activation} | {width} | {depth} | {ms['chain']:.3f} | {ms['plain']:.3f} "
                    f"| {ms['chain'] / ms['plain']:.2f} |"
                )
                print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def limits(small: bool, rounds: int, command: str) -> str:
    count = 100 if small else 1000
    lines = header(f"The limit, {count} points, q = {cases.VARIANCE}", command)
    lines += [
        f"Medians over {rounds} alternating runs, microseconds per point of a log-spaced grid inside",
        "the support. np.roots: roots of the polynomial",
        "in m, one point at a time (which of them is the physical one is left to its user for L > 2).",
        "Continuation: the route of BS at 15 digits on",
        f"{_FEW} points (smooth activations: one), without and with Newton's method at the end. Certified: 64 bits,",
        "every point proved. Whole curve: milliseconds for the law of D, support, edges and all points, nothing kept",
        "from before but compiled code.",
        "",
        "| activation | L | inverse | np.roots | continuation | polished | certified "
        "| np.roots / inverse | continuation / inverse | whole curve, ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for activation in cases.SMOOTH:
        for depth in (1, 2, 3, 5, 10):
            lim = cases.limit(activation, depth)
            lams = cases.points(lim, count)
            smooth = activation != "hardtanh"
            few = lams[count // 3 :: count // _FEW][: 1 if smooth else _FEW]
            some = lams[:: count // (10 if smooth else 100)]
            runs: dict[str, Callable[[], object]] = {
                "inverse": partial(lim.density, lams),
                "bare": partial(cases.continued, lim, few, False),
                "polished": partial(cases.continued, lim, few, True),
                "certified": partial(cases.certified, lim, some),
                "whole": partial(cases.from_nothing, activation, depth, lams),
            }
            counts = {"inverse": count, "bare": few.size, "polished": few.size, "certified": some.size, "whole": 1}
            if not smooth:
                runs["roots"], counts["roots"] = partial(cases.polynomial_roots, 1.0 - lim.atom, depth, lams), count
            us = {name: 1e6 * value / counts[name] for name, value in alternate(runs, rounds).items()}
            cells = [
                f"{us[name]:.3g}" if name in us else "–"
                for name in ("inverse", "roots", "bare", "polished", "certified")
            ]
            cells += [f"{us[name] / us['inverse']:.0f}" if name in us else "–" for name in ("roots", "bare")]
            cells.append(f"{1e-3 * us['whole']:.3g}")
            lines.append(f"| {activation} | {depth} | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


_FEW = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs (default 5, at least 5)")
    parser.add_argument("--only", choices=("sampling", "product", "limit"), help="one of the tables")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the tables (default data)")
    args = parser.parse_args()
    if args.rounds < 5:
        parser.error(f"--rounds={args.rounds}: at least 5 are needed for a median")
    command = " ".join(["python -m benchmarks.run", *sys.argv[1:]])
    for name, measure in (("sampling", sampling), ("product", products), ("limit", limits)):
        if args.only not in (None, name):
            continue
        text = measure(args.small, args.rounds, command)
        path = write_atomically(
            args.out / f"{name}_speed.md", lambda file, text=text: file.write(text.encode()) and None
        )
        print(f"wrote {path}")


if __name__ == "__main__":
    main()

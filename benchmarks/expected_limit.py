"""Put the expected numbers of fixed points with hidden layers of infinite width beside other ways to find them.

    python -m benchmarks.expected_limit [--only table counts speed growth pairs width] [--small] [--out FOLDER]

The file is written again after each part, so that a run which is stopped leaves the parts before. The other computation
of the known numbers used its own nodes and its own code, and gave three decimals.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from threadpoolctl import threadpool_limits

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map
from rmtjac.theory.counts.kac_rice import integral

# E[Q] and E[S] for tanh, n = 2, by (sb, sw), at L = 1, 2, 3, 5, 10.
KNOWN = {
    (0.1, 1.0): ((1.229, 1.150, 1.104, 1.052, 1.007), (0.892, 0.878, 0.881, 0.904, 0.970)),
    (0.1, 2.0): ((1.768, 2.051, 2.300, 3.027, 9.425), (0.772, 0.668, 0.601, 0.497, 0.288)),
    (1.0, 1.0): ((1.044, 1.003, 1.000, 1.0, 1.0), (0.908, 0.984, 1.0, 1.0, 1.0)),
    (1.0, 3.0): ((1.657, 1.933, 2.487, 4.997, 50.9), (0.745, 0.660, 0.596, 0.485, 0.273)),
}
# (E[S] - P(the origin is stable)) / 2 for sw = 1.5, no biases, first weights of std 0.3.
PAIRS = {2: 0.004, 3: 0.055, 4: 0.174, 5: 0.275, 7: 0.336, 10: 0.302, 15: 0.239, 20: 0.181, 30: 0.089}
COUNTED = [  # activation, n, L, N, sw, sb, networks
    ("tanh", 1, 1, 1, 2.0, 0.1, 20_000),
    ("tanh", 2, 1, 2, 1.0, 0.1, 20_000),
    ("hardtanh", 2, 2, 300, 1.5, 0.1, 8_000),
    ("hardtanh", 3, 1, 3, 2.0, 1.0, 20_000),
]
SAMPLED = {30: 1500, 100: 1200, 300: 250}  # networks by width
NAMES = ("total", "stable", "saddles")


def ensemble(
    n: int, depth: int, sw: float, sb: float, phi: str = "tanh", *, width: int = 100, first: float | None = None
) -> rj.Ensemble:
    """Return networks from R^n to R^n; with method="limit" the width does not matter."""
    weights = [rj.Gaussian(sw if first is None else first), *[rj.Gaussian(sw)] * (depth - 1)]
    return rj.Ensemble([n, *[width] * (depth - 1), n], phi, weights, rj.Gaussian(sb) if sb else None)


def shown(found: Estimate, digits: int = 4) -> str:
    """Return a value with its error."""
    return f"{found.value:.{digits}f} ± {found.error:.0e}"


def pull(counted: Estimate, expected: Estimate) -> str:
    """Return the difference in units of both errors."""
    error = math.hypot(counted.error, expected.error)
    return f"{(counted.value - expected.value) / error:+.1f}" if counted.error > 0.0 else "-"


def head(*names: str) -> list[str]:
    """Return the first lines of a table of markdown."""
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]


def table(small: bool) -> Iterator[str]:
    """Compare with an independent computation."""
    yield "## tanh, n = 2, beside an independent computation to three decimals"
    yield ""
    yield "Twice as many nodes changed the independent numbers by less than 0.001, relative to each."
    yield ""
    yield from head("sb", "sw", "L", "E[Q]", "independent", "E[S]", "independent", "index residual")
    for (sb, sw), known in list(KNOWN.items())[: 1 if small else None]:
        for depth, total, stable in list(zip((1, 2, 3, 5, 10), *known, strict=True))[: 1 if small else None]:
            found = rj.expected_fixed_points(ensemble(2, depth, sw, sb))
            yield (
                f"| {sb:g} | {sw:g} | {depth} | {shown(found.total)} | {total:.{1 if total > 10.0 else 3}f} "
                f"| {shown(found.stable)} | {stable:.3f} | {found.index_residual:.0e} |"
            )


def counts(small: bool) -> Iterator[str]:
    """Compare with proved counts."""
    yield "## Proved counts of drawn networks"
    yield ""
    yield "One layer has no hidden width: its counts have exactly the expectation. Pull: difference in both errors."
    yield "Seed 17. *complete networks*: it is proved that no fixed point is missing."
    yield ""
    yield from head("cell", "complete networks", "points", "counted", "expected", "pull", "s")
    for phi, n, depth, width, sw, sb, networks in COUNTED[: 1 if small else None]:
        drawn = ensemble(n, depth, sw, sb, phi, width=width)
        start = time.process_time()
        found = rj.count_fixed_points(drawn, 50 if small else networks, rng=17, threads=1)
        seconds = time.process_time() - start
        expected = rj.expected_fixed_points(drawn)
        where = f"{phi}, n = {n}, L = {depth}, {f'N = {width}, ' if depth > 1 else ''}sw = {sw:g}, sb = {sb:g}"
        for name in NAMES:
            counted, theory = found.means[name], getattr(expected, name)
            yield (
                f"| {where} | {int(found.complete.sum())} of {found.complete.size} | {name} "
                f"| {counted.value:.4f} ± {counted.error:.4f} | {shown(theory)} | {pull(counted, theory)} "
                f"| {seconds:.0f} |"
            )


def speed(small: bool) -> Iterator[str]:
    """Measure time and errors on a grid of cells."""
    depths = range(1, 2 if small else 11)
    yield f"## Speed and errors: tanh, n = 2, L = 1 to {depths[-1]}"
    yield ""
    yield "Seconds of CPU on one core, compiled code. Errors: as the result states them, relative to the value."
    yield "*doubled*: relative change with nodes twice as fine in each coordinate. Each row shows its worst depth."
    yield ""
    columns = ("sw", "sb", "s a cell", "slowest", "index residual", "error E[Q]", "error E[S]")
    yield from head(*columns, "E[Q] doubled", "E[S] doubled")
    rj.expected_fixed_points(ensemble(2, 1, 1.0, 0.1))
    worst: list[list[float]] = []
    for sw in (1.0,) if small else (1.0, 1.5, 2.0, 3.0):
        for sb in (0.1,) if small else (0.1, 1.0):
            cells = [[*one_cell(ensemble(2, depth, sw, sb))] for depth in depths]
            worst += cells
            yield f"| {sw:g} | {sb:g} | {summary(cells)} |"
    yield f"| all {len(worst)} | | {summary(worst)} |"
    yield ""
    yield f"All {len(worst)} cells: {sum(cell[0] for cell in worst):.1f} s."


def one_cell(chosen: rj.Ensemble) -> tuple[float, ...]:
    """Return the seconds, the index residual, the relative errors and the changes with finer nodes of a cell."""
    start = time.process_time()
    found = rj.expected_fixed_points(chosen)
    seconds = time.process_time() - start
    finer = integral(gaussian_map(chosen), refine=2.0)
    parts = (found.total, found.stable)
    errors = [part.error / part.value for part in parts]
    changes = [abs(fine / part.value - 1.0) for fine, part in zip(finer, parts, strict=False)]
    return seconds, found.index_residual, *errors, *changes


def summary(cells: list[list[float]]) -> str:
    """Return the mean of the seconds, and the largest of all columns."""
    seconds, *others = zip(*cells, strict=True)
    largest = " | ".join(f"{max(column):.0e}" for column in others)
    return f"{sum(seconds) / len(seconds):.2f} | {max(seconds):.2f} | {largest}"


def growth(small: bool) -> Iterator[str]:
    """Compare the growth with depth with chi."""
    yield "## Growth with depth: tanh, n = 2, sw = 3"
    yield ""
    yield from head("sb", "L", "E[Q](L)", "E[Q](L) / E[Q](L - 1)", "chi", "ratio / chi - 1", "index residual")
    for sb in (0.1,) if small else (0.1, 1.0):
        for depth in (2,) if small else (10, 20, 30):
            before, found = (rj.expected_fixed_points(ensemble(2, l, 3.0, sb)) for l in (depth - 1, depth))
            ratio = found.total.value / before.total.value
            yield (
                f"| {sb:g} | {depth} | {found.total.value:.6g} ± {found.total.error:.0e} | {ratio:.6f} "
                f"| {found.growth:.6f} | {ratio / found.growth - 1.0:+.1e} | {found.index_residual:.0e} |"
            )


def pairs(small: bool) -> Iterator[str]:
    """Compare the pairs of stable points of networks without biases."""
    yield "## No biases: pairs of stable points off the origin, tanh, n = 2, sw = 1.5, first weights of std 0.3"
    yield ""
    yield from head("L", "E[S]", "P(origin stable)", "pairs", "independent", "E[Q]", "index residual")
    for depth, known in list(PAIRS.items())[: 1 if small else None]:
        found = rj.expected_fixed_points(ensemble(2, depth, 1.5, 0.0, first=0.3))
        at_origin = float(found.origin[1])
        off = Estimate(0.5 * (found.stable.value - at_origin), 0.5 * found.stable.error)
        yield (
            f"| {depth} | {found.stable.value:.4f} | {at_origin:.4f} | {shown(off)} | {known:.3f} "
            f"| {shown(found.total)} | {found.index_residual:.0e} |"
        )


def width(small: bool) -> Iterator[str]:
    """Compare sampled hidden layers with the limit."""
    limit = rj.expected_fixed_points(ensemble(2, 5, 2.0, 0.1))
    yield "## Sampled hidden layers of finite width beside the limit: tanh, n = 2, L = 5, sw = 2, sb = 0.1"
    yield ""
    yield 'method="conditional", points=1024, draws=2, rng=11; errors are one standard error.'
    yield ""
    yield from head("N", "networks", "E[Q]", "E[S]", "index", "N (limit - E[Q])", "s")
    for size, networks in ({10: 5} if small else SAMPLED).items():
        start = time.process_time()
        found = rj.expected_fixed_points(
            ensemble(2, 5, 2.0, 0.1, width=size), method="conditional", networks=networks, points=1024, draws=2,
            rng=11, threads=1,
        )  # fmt: skip
        cells = [f"{part.value:.4f} ± {part.error:.4f}" for part in (found.total, found.stable, found.index)]
        scaled = size * (limit.total.value - found.total.value)
        seconds = time.process_time() - start
        yield (
            f"| {size} | {networks} | {' | '.join(cells)} | {scaled:.1f} ± {size * found.total.error:.1f} "
            f"| {seconds:.0f} |"
        )
    yield f"| limit | | {shown(limit.total)} | {shown(limit.stable)} | {shown(limit.index)} | | |"


PARTS: dict[str, Callable[[bool], Iterator[str]]] = {
    "table": table,
    "counts": counts,
    "speed": speed,
    "growth": growth,
    "pairs": pairs,
    "width": width,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the parts")
    parser.add_argument("--small", action="store_true", help="one small case of each part, to see that it works")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the file (default data)")
    args = parser.parse_args()
    command = " ".join(["python -m benchmarks.expected_limit", *sys.argv[1:]])
    lines = header("Expected numbers of fixed points with hidden layers of infinite width", command)
    lines.append("Q: all fixed points, S: stable ones. Var W = sw^2 / fan-in, Var b = sb^2, all Gaussian; one thread.")
    for name in args.only:
        lines.append("")
        with threadpool_limits(1):
            for line in PARTS[name](args.small):
                print(line, flush=True)
                lines.append(line)
        text = "\n".join([*lines, ""])
        path = write_atomically(args.out / "expected_limit.md", lambda file, text=text: file.write(text.encode()))
    print(f"wrote {path}")


if __name__ == "__main__":
    main()

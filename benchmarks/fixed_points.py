"""Time the search for fixed points beside a plain script, sample the law of Q, and write the tables.

python -m benchmarks.fixed_points [--only speed|agreement|law] [--seeds S] [--networks M] [--depths ...] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.fixed_points.iterated.orbits import value_and_jacobian

WIDTH = 100
# An earlier count of 300 networks: N = 100, Cauchy, HardTanh, scale 1 / fan-in.
# E[Q], its error, P(0), P(1), P(>= 2), networks with a start that never settles.
PUBLISHED = {
    1: (0.91, 0.04, 0.29, 0.52, 0.19, 0.36),
    2: (0.72, 0.04, 0.43, 0.43, 0.14, 0.50),
    3: (0.71, 0.04, 0.44, 0.42, 0.13, 0.61),
    5: (0.62, 0.05, 0.53, 0.36, 0.11, 0.74),
    10: (0.53, 0.05, 0.61, 0.29, 0.10, 0.82),
    20: (0.27, 0.03, 0.79, 0.16, 0.05, 0.93),
}
# The same with scale 1 / N in every layer and no biases, 100 networks: P(Q >= 2).
PUBLISHED_WIDTH = {1: 0.01, 2: 0.02, 3: 0.18, 4: 0.34, 5: 0.30, 6: 0.36, 8: 0.26, 10: 0.17, 15: 0.20, 20: 0.07}


def plain(net: rj.Network) -> tuple[np.ndarray, int]:
    """The script a user would write: all starts at once, those that converged dropped, limits to three digits."""
    axis = np.arange(41) * 0.05 - 1.0
    x = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    limits = []
    for _ in range(50):
        y = net(x)
        rest = np.linalg.norm(y - x, axis=1) < 1e-5
        limits.append(y[rest])
        x = y[~rest]
        if not len(x):
            break
    return np.unique(np.round(np.concatenate(limits), 3), axis=0), len(x)


def speed(seeds: int) -> list[str]:
    """Medians over networks; every code runs once per network, in turn."""
    out = [
        "## Speed",
        "",
        f"N = {WIDTH}, Cauchy, scale 1/fan-in; medians (and the slowest) over {seeds} networks, milliseconds,",
        "one thread, each code once per network in turn. Plain: the script of benchmarks/fixed_points.py.",
        "The grid includes polishing, the ends of all starts that do not settle, and the proof of each point.",
        "",
        "| activation | L | plain | grid | plain / grid | all fixed points, with proof | regions |",
        "|---|---|---|---|---|---|---|",
    ]
    for activation, depths in (("hardtanh", (1, 2, 3, 5)), ("tanh", (1, 2, 3))):
        for depth in depths:
            taken: dict[str, list[float]] = {"plain": [], "grid": [], "proof": [], "regions": []}
            for seed in range(-1, seeds):  # the first is not counted: compilation
                net = rj.Ensemble.berlyand_slavin(WIDTH, depth, activation=activation).draw(max(seed, 0))
                runs = {
                    "plain": lambda net=net: plain(net),
                    "grid": lambda net=net: rj.find_fixed_points(net, method="grid"),
                    "proof": lambda net=net: rj.find_fixed_points(net),
                }
                if activation == "hardtanh" and (seed < 5):
                    runs["regions"] = lambda net=net: rj.fixed_points.regions(net).fixed_points()
                for name, run in runs.items():
                    with threadpool_limits(1, user_api="blas"):
                        start = time.perf_counter()
                        run()
                        stop = time.perf_counter()
                    if seed >= 0:
                        taken[name].append(1e3 * (stop - start))
            cells = [
                f"{statistics.median(values):.2f} ({max(values):.0f})" if values else "–" for values in taken.values()
            ]
            ratio = statistics.median(taken["plain"]) / statistics.median(taken["grid"])
            out.append(f"| {activation} | {depth} | {cells[0]} | {cells[1]} | {ratio:.1f} | {cells[2]} | {cells[3]} |")
            print(out[-1], flush=True)
    return [*out, ""]


def newton(net: rj.Network, starts: int, rng: np.random.Generator) -> np.ndarray:
    """Every solution that Newton's method finds from uniform starts: independent of all the code under test."""
    x = rng.uniform(-1.0, 1.0, (starts, 2))
    solutions: list[np.ndarray] = []
    for _ in range(60):
        y, jacobian = value_and_jacobian(net, x)
        rest = np.abs(y - x).max(axis=1) < 1e-12
        for point in np.unique(np.round(x[rest], 10), axis=0):
            if not any(np.abs(point - other).max() < 1e-8 for other in solutions):
                solutions.append(point)
        x, y, jacobian = x[~rest], y[~rest], jacobian[~rest]
        if not len(x):
            break
        system = np.eye(2) - jacobian
        system[np.abs(np.linalg.det(system)) < 1e-12] = np.eye(2)
        x = np.clip(x + np.linalg.solve(system, (y - x)[..., None])[..., 0], -1.5, 1.5)
    return np.array(solutions).reshape(-1, 2)


def agreement(seeds: int, starts: int) -> list[str]:
    """Branch and bound against enumeration and Newton's method."""
    out = [
        "## Agreement",
        "",
        f"HardTanh, scale 1/fan-in; {seeds} networks each. Branch and bound against the enumeration of all",
        f"regions (`cross_check=True`) and Newton's method from {starts} starts (rounded to 1e-10): networks where",
        "the enumeration differs, points by Newton alone, points that Newton misses, distance of common points.",
        "",
        "| law | N | L | networks | complete | index sum +1 | fixed points | enumeration differs | more by Newton "
        "| missed by Newton | distance |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in ("cauchy", "gaussian"):
        for width in (10, 30, 100):
            for depth in (1, 2, 3, 4, 5):
                complete, sums, total, differ, more, missed, distance = 0, 0, 0, 0, 0, 0, 0.0
                for seed in range(seeds):
                    net = rj.Ensemble.berlyand_slavin(width, depth, law=kind).draw(seed)
                    found = rj.find_fixed_points(net, method="exact", cross_check=True)
                    complete += found.complete
                    sums += found.index_sum == 1
                    total += len(found)
                    differ += "agrees" not in found.reason
                    other = newton(net, starts, np.random.default_rng(seed))
                    gaps = np.abs(found.points[:, None] - other[None]).max(axis=2)
                    more += int((gaps.min(axis=0, initial=np.inf) > 1e-9).sum())
                    here = gaps.min(axis=1, initial=np.inf)
                    missed += int((here > 1e-9).sum())
                    distance = max(distance, float(here[here <= 1e-9].max(initial=0.0)))
                cells = (kind, width, depth, seeds, complete, sums, total, differ, more, missed, f"{distance:.1e}")
                out.append(f"| {' | '.join(map(str, cells))} |")
                print(out[-1], flush=True)
    return [*out, ""]


def law(networks: int, depths: list[int], max_boxes: int, method: str) -> list[str]:
    """The law of Q in two conventions."""
    out = [
        "## The law of Q",
        "",
        f"N = {WIDTH}, Cauchy, HardTanh, {networks} networks each, seed 0. Q: stable fixed points.",
        "In square brackets an earlier count, by other code, of 300 networks (with biases) and 100 (without).",
        "Unsettled: networks with a start that never comes to rest, and with one that does not in 50 steps.",
        "Complete: networks whose fixed points are all found, with proof.",
        *(["By the grid: what attracts no start of it is not seen."] if method == "grid" else []),
        "",
    ]
    for fan, biases, title in (
        ("in", True, "Scale 1/fan-in, biases"),
        ("width", False, "Scale 1/N in every layer, no biases"),
    ):
        out += [
            f"### {title}",
            "",
            "| L | E[Q] | all | saddles | repellers | P(0) | P(1) | P(>= 2) | unsettled | complete | s |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for depth in depths:
            ens = rj.Ensemble.berlyand_slavin(WIDTH, depth, fan=fan, biases=biases)
            start = time.perf_counter()
            options = {"max_boxes": max_boxes, "follow": 400, "progress": True}
            found = rj.count_fixed_points(ens, networks, rng=0, method=method, outcomes=True, **options)
            taken = time.perf_counter() - start
            means = {name: f"{value:.3f} ± {error:.3f}" for name, (value, error) in found.means.items()}
            share = [(found.stable == 0).mean(), (found.stable == 1).mean(), (found.stable >= 2).mean()]
            known = PUBLISHED.get(depth) if fan == "in" else None
            texts = [f"{p:.3f}" for p in share]
            unsettled = f"{found.unsettled()[0]:.2f}, {found.unsettled(late=True)[0]:.2f}"
            if known:
                means["stable"] += f" [{known[0]} ± {known[1]}]"
                texts = [f"{text} [{value}]" for text, value in zip(texts, known[2:5], strict=True)]
                unsettled += f" [{known[5]}]"
            elif fan == "width" and depth in PUBLISHED_WIDTH:
                texts[2] += f" [{PUBLISHED_WIDTH[depth]}]"
            cells = [means["stable"], means["total"], means["saddles"], means["repellers"], *texts, unsettled]
            out.append(f"| {depth} | {' | '.join(cells)} | {int(found.complete.sum())} | {taken:.0f} |")
            print(out[-1], flush=True)
        out.append("")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("speed", "agreement", "law"), help="one of the tables")
    parser.add_argument("--seeds", type=int, default=30, help="networks of the speed table (default 30)")
    parser.add_argument("--networks", type=int, default=300, help="networks of the law (default 300)")
    parser.add_argument("--depths", type=int, nargs="*", default=[1, 2, 3, 4, 5, 10], help="of the law")
    parser.add_argument("--method", default="exact", choices=("exact", "grid"), help="of the law (default exact)")
    parser.add_argument("--max-boxes", type=int, default=300_000, help="budget of a network (default 300000)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the table (default data)")
    args = parser.parse_args()
    command = " ".join(["python -m benchmarks.fixed_points", *sys.argv[1:]])
    tables = {
        "speed": lambda: speed(args.seeds),
        "agreement": lambda: agreement(7, 20_000),
        "law": lambda: law(args.networks, args.depths, args.max_boxes, args.method),
    }
    for name, make in tables.items():
        if args.only in (None, name):
            lines = header("Fixed points", command)
            lines += make()
            path = args.out / f"fixed_points_{name}{'_by_grid' if (name, args.method) == ('law', 'grid') else ''}.md"
            text = "\n".join(lines)
            write_atomically(path, lambda file, text=text: file.write(text.encode()) and None)
            print(f"wrote {path}")


if __name__ == "__main__":
    main()

"""Measure the overhead of sweeps: time of a unit that does nothing, memory with many units queued, a large store.

`python -m benchmarks.sweep` writes data/sweep.md.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.sweep.one_unit import rows
from rmtjac.sweep.records import Writer
from rmtjac.sweep.store import scan

NOTHING = "benchmarks.sweep:nothing"


@rj.sweep.measurement(value="float")
def nothing(net: rj.Network, rng: np.random.Generator) -> dict[str, float]:
    """Measure nothing."""
    return {"value": 1.0 / 3.0}


def _plan(folder: Path, units: int) -> rj.sweep.Plan:
    return rj.sweep.plan(folder, widths=2, depths=1, seeds=units, measures=NOTHING, block=1)


def _memory() -> float:
    """Resident memory of this process in MB, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _peak(work: object) -> tuple[float, float]:
    """Seconds of a call, and by how many MB resident memory grew at most meanwhile."""
    before, most, over = _memory(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.05):
            most = max(most, _memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    work()  # type: ignore[operator]
    taken = time.perf_counter() - start
    over.set()
    watcher.join()
    return taken, max(most - before, 0.0)


def overhead(folder: Path, units: int) -> list[str]:
    """Time a unit by engine, beside the work itself."""
    out = [
        "## Overhead of a unit",
        "",
        f"{units} units of one network of widths [2, 2] and an empty measurement; medians of 3 runs, alternating.",
        "Start: a run of 8 units, mostly the start of the workers; it is taken off the time of the others.",
        "",
        "| what | workers | start, s | us a unit |",
        "|---|---|---|---|",
    ]
    times: dict[tuple[str, int], list[list[float]]] = {}
    for run in range(3):
        for engine, workers in (("bare loop", 1), ("serial", 1), ("processes", 1), ("processes", 2), ("dask", 2)):
            both = []
            for size in (8, units):
                place = folder / f"{engine}-{workers}-{run}-{size}"
                plan = _plan(place, size)
                start = time.perf_counter()
                if engine == "bare loop":
                    for u in range(size):
                        rows(plan, plan.unit(u))
                else:
                    assert rj.sweep.run(place, engine, workers=workers).complete
                both.append(time.perf_counter() - start)
            times.setdefault((engine, workers), []).append(both)
    for (engine, workers), found in times.items():
        small, large = np.median(found, axis=0)
        out.append(f"| {engine} | {workers} | {small:.2f} | {1e6 * (large - small) / (units - 8):.0f} |")
        print(out[-1], flush=True)
    return [*out, ""]


def queued(folder: Path, units: int) -> list[str]:
    """Memory of a run with many units waiting."""
    out = [
        "## Many units queued",
        "",
        f"{units} units, `processes`, 2 workers.",
        "",
        "| units | us a unit | MB |",
        "|---|---|---|",
    ]
    place = folder / "queued"
    _plan(place, units)
    taken, grown = _peak(lambda: rj.sweep.run(place, "processes", workers=2))
    out.append(f"| {units} | {1e6 * taken / units:.0f} | {grown:.0f} |")
    print(out[-1], flush=True)
    return [*out, ""]


def reading(folder: Path, units: int) -> list[str]:
    """Scan and collect a large store."""
    place = folder / "large"
    start = time.perf_counter()
    plan = _plan(place, units)
    planned = time.perf_counter() - start
    writers = [Writer(place, plan.digest) for _ in range(8)]
    for u in range(units):
        writers[u % 8].write(bytes(plan.keys[u]).hex(), [[u, 1.0 / (u + 1)]], 0.001)
    for writer in writers:
        writer.close()
    size = sum(path.stat().st_size for path in (place / "records").iterdir()) / 1e6
    out = [
        "## A large store",
        "",
        f"{units} records in 8 files, {size:.0f} MB. Memory: growth of the process.",
        "",
        "| what | s | MB |",
        "|---|---|---|",
        f"| plan | {planned:.1f} | |",
    ]
    fresh = rj.sweep.read_plan(place)
    for name, work in (
        ("keys", lambda: fresh.keys),
        ("scan", lambda: scan(fresh)),
        ("collect to .csv (with keys and scan)", lambda: rj.sweep.collect(place, folder / "large.csv")),
        ("collect to .parquet (with keys and scan)", lambda: rj.sweep.collect(place, folder / "large.parquet")),
    ):
        taken, grown = _peak(work)
        out.append(f"| {name} | {taken:.1f} | {grown:.0f} |")
        print(out[-1], flush=True)
    return [*out, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=5000, help="of the overhead table (default 5000)")
    parser.add_argument("--queued", type=int, default=100_000, help="units queued at once (default 100000)")
    parser.add_argument("--records", type=int, default=1_000_000, help="of the large store (default 1000000)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the table (default data)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rmtjac-sweep-"))
    try:
        lines = header("Sweeps", " ".join(["python -m benchmarks.sweep", *sys.argv[1:]]))
        lines += overhead(folder, args.units) + queued(folder, args.queued) + reading(folder, args.records)
        text = "\n".join(lines)
        write_atomically(args.out / "sweep.md", lambda file: file.write(text.encode()))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

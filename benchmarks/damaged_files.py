"""Damage files of all classes that are saved, and count how their loads end.

The ways of damage are those of `tests.damage` and `tests.damage_entries`.

`python -m benchmarks.damaged_files` prints a table. Each load must end in one line of error that names the file, or
give what was saved. In files without a digest, which early versions wrote, a number may differ.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from tests import damage, damage_entries, saved


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="of each way for each class (default 10)")
    args = parser.parse_args()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message="Duplicate name")  # of zipfile, which packs them
    groups = {"bytes": damage.BYTES, "packed": damage_entries.PACKED, "no digest": damage_entries.OLD}
    tally = {name: Counter() for name in groups}  # type: dict[str, Counter[str]]
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for result in saved.results():
            for name, ways in groups.items():
                tally[name].update(damage.outcomes(result, ways * args.times, rng, Path(folder) / "file.npz"))
    print("| damage | files | one line | as saved | different | anything else |\n|---|---|---|---|---|---|")
    for name, found in tally.items():
        total = sum(found.values())
        known = [found.pop(how, 0) for how in ("line", "equal", "different")]
        print(f"| {name} | {total} | {' | '.join(map(str, known))} | {sum(found.values())} |")
        for text, count in found.most_common(20):
            print(f"{count} {text}")


if __name__ == "__main__":
    main()

"""A sweep of 200 units of one network each, and what all engines must make of it."""

import time
from pathlib import Path

import numpy as np

import rmtjac as rj

ROOT = Path(__file__).parents[2]


def new_plan(folder, seconds=0.02, seeds=50):
    """200 units of one network."""
    return rj.sweep.plan(
        folder, widths=[3, 5], depths=[1, 2], seeds=seeds, measures={"tests.sweep.measures:slow": {"seconds": seconds}},
        rng=7, block=1,
    )  # fmt: skip


def collected(folder):
    return rj.sweep.collect(folder, folder.parent / f"{folder.name}.csv").read_bytes()


def same(folder, expected, twice=0):
    """The content is that of the serial run, byte for byte; only the pause differs; `twice`: units done twice."""
    state = rj.sweep.status(folder)
    assert state.complete
    assert state.contents.duplicates <= twice
    assert (state.contents.differing, state.contents.damaged) == ([], [])
    found = rj.sweep.load(folder)
    for name, values in expected[0].columns.items():
        if values.dtype == object:
            assert all(np.array_equal(a, b) for a, b in zip(values, found[name], strict=True))
        else:
            np.testing.assert_array_equal(found[name], values)
    assert collected(folder) == collected(expected[1])


def wait_for(folder, count, seconds=120):
    end = time.monotonic() + seconds
    while rj.sweep.status(folder).done < count:
        assert time.monotonic() < end, f"no {count} units within {seconds} s"
        time.sleep(0.05)

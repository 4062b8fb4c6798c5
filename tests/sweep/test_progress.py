import math

import pytest

import rmtjac as rj
from rmtjac.sweep.progress import SweepStatus


def test_rate_and_time_left(tmp_path):
    folder = tmp_path / "sweep"
    rj.sweep.plan(
        folder, widths=3, depths=[1, 2], seeds=10, block=1, measures={"tests.sweep.measures:slow": {"seconds": 0.0}}
    )
    fresh = rj.sweep.status(folder)
    assert (fresh.done, fresh.total) == (0, 20)
    assert math.isnan(fresh.rate)
    assert math.isnan(fresh.seconds_per_unit)
    some = rj.sweep.run(folder, "serial", max_units=6)
    some.contents.at[some.contents.done] = 1000.0, 1010.0, 1020.0, 1030.0, 1040.0, 1050.0
    later = SweepStatus(some.plan, some.contents, 1060.0)
    assert later.rate == pytest.approx(0.1)
    assert later.seconds_left == pytest.approx(140.0)
    assert repr(later) == "SweepStatus(6 of 20 units done, 0.1 a second, 2 min left)"
    old = SweepStatus(some.plan, some.contents, 10000.0)
    assert repr(old) == "SweepStatus(6 of 20 units done)"
    lines = later.table().splitlines()
    assert [line.split()[-3:-1] for line in lines[3:]] == [["10", "3"], ["10", "3"]]

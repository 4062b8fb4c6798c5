import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.rng import stream
from rmtjac.sweep import one_unit
from rmtjac.sweep.store import read_rows, scan


@pytest.fixture
def plan(tmp_path):
    measures = {"tests.sweep.measures:slow": {"seconds": 0.0}, "lyapunov": {"starts": 2}}
    return rj.sweep.plan(tmp_path / "sweep", widths=3, depths=[1, 2], seeds=5, measures=measures, block=2, rng=3)


def test_a_row_is_the_network_and_what_is_measured(plan):
    cell = plan.cells[1]
    ensemble, root = rj.Ensemble.from_dict(cell.ensemble), cell.root(3)
    row = dict(zip(plan.columns, one_unit.measure(plan, ensemble, root, 4), strict=True))
    net = ensemble.draw(stream(root, 4))
    assert row["network"] == 4
    assert row["entry"] == net.weights[0][0, 0]
    assert row["wide"] == 3
    assert row["lyapunov"] is None  # NaN: no hidden layer to pass


def test_a_unit_is_written_once_and_read_back(plan):
    folder = str(plan.folder)
    for number in (4, 1):
        assert one_unit.do(folder, number) >= 0.0
    one_unit.close(folder)
    one_unit.close(folder)  # it is closed
    contents = scan(plan)
    assert np.flatnonzero(contents.done).tolist() == [1, 4]
    for number, rows in read_rows(contents, np.array([1, 4])):
        unit = plan.unit(number)
        assert [row[0] for row in rows] == list(range(unit.start, unit.stop))
        assert rows == one_unit.rows(plan, unit)


def test_measurements_do_not_share_a_stream(tmp_path):
    # What one draws does not change what the other draws.
    slow = "tests.sweep.measures:slow"
    alone = rj.sweep.plan(tmp_path / "a", widths=3, depths=3, seeds=2, block=2, measures={slow: {"seconds": 0.0}})
    both = rj.sweep.plan(
        tmp_path / "b", widths=3, depths=3, seeds=2, block=2, measures={"lyapunov": {}, slow: {"seconds": 0.0}}
    )
    place = {plan: list(plan.columns).index("entries") for plan in (alone, both)}
    rows = {plan: one_unit.rows(plan, plan.unit(0)) for plan in (alone, both)}
    assert [row[place[alone]] for row in rows[alone]] == [row[place[both]] for row in rows[both]]


@pytest.mark.parametrize(
    ("value", "kind", "plain"),
    [
        (np.float64(0.5), "float", 0.5), (math.nan, "float", None), (3, "float", 3.0), (np.int8(3), "int", 3),
        (4.0, "int", 4), (np.True_, "bool", True), ([1, math.nan], "list", [1.0, None]), (np.zeros(0), "list", []),
    ],
)  # fmt: skip
def test_values_in_records(value, kind, plain):
    found = one_unit._plain("x", value, kind)
    assert found == plain
    assert type(found) is type(plain)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (2.5, "int", "x=2.5 must be a whole number"), (-math.inf, "float", "x=-inf must be finite, or NaN"),
        ([1.0, math.inf], "list", "x=inf must be finite, or NaN"),
    ],
)  # fmt: skip
def test_values_that_no_record_holds(value, kind, message):
    with pytest.raises(ValueError, match=message):
        one_unit._plain("x", value, kind)


def test_rows_must_be_as_declared(tmp_path):
    for name, message in (
        ("infinite", "must be finite, or NaN"),
        ("strange", r"returned \['other'\]; it declares \['value'\]"),
    ):
        plan = rj.sweep.plan(
            tmp_path / name, widths=3, depths=2, seeds=1, measures=f"tests.sweep.measures:{name}", block=1
        )
        with pytest.raises(ValueError, match=message):
            rj.sweep.run(plan.folder, "serial")

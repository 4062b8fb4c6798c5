import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep.table.sweep_table import SweepTable, column_array

KINDS = {"network": "int", "stable": "int", "share": "float", "ok": "bool", "many": "list"}


@pytest.fixture
def table():
    columns = {
        "convention": ["a"] * 4 + ["b"], "width": [3] * 4 + [4], "depth": [1] * 4 + [2], "network": [0, 1, 2, 3, 0],
        "stable": [1, 1, 2, 5, 0], "share": [0.5, None, 0.25, 0.75, None], "ok": [True, True, False, True, True],
        "many": [[1.0], [], [2.0, None], [0.0], []],
    }  # fmt: skip
    return SweepTable({name: column_array(values, KINDS.get(name)) for name, values in columns.items()}, KINDS)


def test_statistics_by_hand(table):
    here = table.of("a", 3, 1)
    # 1, 1, 2, 5: mean 9/4, variance (sum of squares 31 - 81/4)/3 = 43/12; without the missing value 1/2 and 1/16
    assert here.mean("stable") == pytest.approx((2.25, math.sqrt(43 / 12 / 4)))
    assert here.mean("share") == pytest.approx((0.5, math.sqrt(1 / 16 / 3)))
    assert here.mean("ok") == pytest.approx((0.75, 0.25))
    share, error = here.probabilities()
    assert share.tolist() == [0.0, 0.5, 0.25, 0.0, 0.0, 0.25]
    assert error[1] == pytest.approx(0.25)
    assert all(math.isnan(value) for value in table.of("b", 4, 2).mean("share"))


@pytest.mark.parametrize("most", [1, 3, 6])
def test_the_summary_closes_with_the_rest(table, most):
    summed = table.summary(max_count=most)
    assert summed["networks"].tolist() == [4, 1]
    names = [name for name in summed if name.startswith("P(") and "error" not in name]
    assert names == [*(f"P(Q = {k})" for k in range(most)), f"P(Q >= {most})"]
    assert sum(summed[name] for name in names) == pytest.approx([1.0, 1.0])
    q = np.array([1, 1, 2, 5])
    assert summed[f"P(Q >= {most})"][0] == (q >= most).mean()


def test_cells_and_rows(table):
    assert (len(table), table.cells()) == (5, [("a", 3, 1), ("b", 4, 2)])
    assert len(table.of("a", 3, 2)) == 0
    assert repr(table) == "SweepTable(5 networks in 2 cells; network, stable, share, ok, many)"
    with pytest.raises(ValueError, match="read-only"):
        table["stable"][0] = 3
    with pytest.raises(KeyError, match="'q' is not a column; there are convention, width"):
        table["q"]
    for name in ("many", "convention", "q"):
        with pytest.raises(ValueError, match=f"name='{name}' is not a column of numbers"):
            table.mean(name)
        with pytest.raises(ValueError, match=f"name='{name}' is not a column of whole numbers"):
            table.probabilities(name)


def test_columns_of_nothing():
    dtypes = {kind: column_array([], kind).dtype for kind in (None, "int", "float", "bool", "list")}
    assert dtypes == {None: np.int64, "int": np.int64, "float": np.float64, "bool": np.bool_, "list": np.object_}


def test_selected_cells_and_their_ensembles(table):
    assert table.select(convention="a").cells() == [("a", 3, 1)]
    assert table.select(width=[3, 4], depth=2).cells() == [("b", 4, 2)]
    assert len(table.select()) == 5
    with pytest.raises(ValueError, match=r"depth=7: no cell has it; the table has \[1, 2\]"):
        table.select(depth=7)
    with pytest.raises(ValueError, match=r"width=4: no cell has it"):
        table.select(convention="a", width=4)
    with pytest.raises(ValueError, match=r"does not say which ensemble the cell \('a', 3, 1\) is"):
        table.ensembles()
    ensembles = [rj.Ensemble([2, 2]), rj.Ensemble([2, 4, 2], "erf", "cauchy:2")]
    cells = [
        {"convention": name, "width": width, "depth": depth, "ensemble": one.to_dict()}
        for (name, width, depth), one in zip(table.cells(), ensembles, strict=True)
    ]
    known = SweepTable(table.columns, table.kinds, {"plan": {"cells": cells[::-1]}})
    assert [repr(one) for one in known.ensembles().values()] == list(map(repr, ensembles))
    assert list(known.select(convention="b").ensembles()) == [("b", 4, 2)]

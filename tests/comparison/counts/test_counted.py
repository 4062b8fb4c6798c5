import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.counts.counted import counted_cells
from rmtjac.sweep.table import SweepTable

SCALES = (0.5, 1.5)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counted") / "sweep"
    conventions = {
        f"sigma_w = {w}": {"weights": f"gaussian:{w}", "biases": "gaussian:0.1", "activation": "tanh"} for w in SCALES
    }
    rj.sweep.plan(folder, [4, 6], [1, 2], conventions, seeds=5, block=5)
    rj.sweep.run(folder, "serial")
    return rj.sweep.load(folder)


def test_cells_of_a_sweep(table):
    cells = counted_cells(table)
    assert [(cell.convention, cell.width, cell.ensemble.depth) for cell in cells] == table.cells()
    one = cells[5]
    assert one.ensemble.weights[0] == rj.Gaussian(1.5)
    assert one.ensemble.widths == (2, 4, 2)
    rows = table.of("sigma_w = 1.5", 4, 2)
    assert one.numbers[1:].tolist() == [rows[name].tolist() for name in ("stable", "saddles", "repellers")]
    assert one.numbers[0].tolist() == (rows["stable"] + rows["saddles"] + rows["repellers"]).tolist()
    assert one.complete.all()
    assert one.name == "sigma_w = 1.5, N=4, L=2"
    assert len({cell.seed for cell in cells}) == 1


def test_counts_lists_and_dicts(table):
    counts = [rj.count_fixed_points(rj.Ensemble([2, 2], biases="gaussian:1"), 3, rng=seed) for seed in (0, 1)]
    assert [cell.name for cell in counted_cells(counts)] == ["[2, 2], sigma_w=1, sigma_b=1"] * 2
    named = counted_cells({"a": counts[0], "b": {"c": counts[1], "d": table}})
    assert [cell.name for cell in named[:2]] == ["a", "b c"]
    assert named[2].convention == "b d sigma_w = 0.5"
    assert len(named) == 10
    assert named[0].seed != named[1].seed
    assert named[1].numbers[0].tolist() == counts[1].total.tolist()


def test_a_sweep_of_the_grid_counts_stable_points_only(table):
    columns = {name: table[name] for name in ("convention", "width", "depth", "network")}
    columns["attracting"] = table["stable"]
    one = counted_cells(SweepTable(columns, {"network": "int", "attracting": "int"}, table.facts))[0]
    assert np.isnan(one.numbers[[0, 2, 3]]).all()
    assert np.isfinite(one.numbers[1]).all()
    assert not one.complete.any()


def test_what_cannot_be_compared(table):
    with pytest.raises(TypeError, match="sample=3 must be a SweepTable, FixedPointCounts, or a list or dict"):
        counted_cells([3])
    with pytest.raises(ValueError, match="sample holds no networks"):
        counted_cells([])
    with pytest.raises(ValueError, match="does not say which ensemble the cell"):
        counted_cells(SweepTable(table.columns, table.kinds, {}))
    with pytest.raises(ValueError, match="counted no fixed points; it has the columns complete"):
        counted_cells(SweepTable(table.columns, {"complete": "bool"}, table.facts))
    counts = rj.count_fixed_points(rj.Ensemble([2, 2]), 2)
    bare = rj.FixedPointCounts(*(getattr(counts, name) for name in list(vars(counts))[:6]))
    with pytest.raises(ValueError, match="do not say of which ensemble"):
        counted_cells({"x": bare})

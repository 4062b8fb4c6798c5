import csv
import json

import numpy as np
import pytest

import rmtjac as rj


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table") / "sweep"
    rj.sweep.plan(
        folder, [8, 10], [1, 2], {"in": {}, "width": {"fan": "width", "biases": False}}, seeds=30, block=7,
        measures=("fixed_points", "grid"),
    )  # fmt: skip
    rj.sweep.run(folder, "serial")
    return folder


def test_means_and_probabilities_are_those_of_the_counts(folder):
    table = rj.sweep.load(folder)
    assert len(table) == 8 * 30
    assert len(table.cells()) == 8
    plan = rj.sweep.read_plan(folder)
    cell = plan.cells[-1]
    counts = rj.count_fixed_points(rj.Ensemble.from_dict(cell.ensemble), 30, rng=cell.root(0), outcomes=True)
    here = table.of(cell.convention, cell.width, cell.depth)
    assert here.mean("stable") == counts.means["stable"]
    for mine, theirs in zip(here.probabilities(), counts.probabilities(), strict=True):
        np.testing.assert_allclose(mine, theirs)
    shares = {status.name.lower(): value for status, value in counts.outcomes.items()}
    assert here.mean("cycle") == pytest.approx(shares["cycle"])
    summed = table.summary()
    last = {name: values[-1] for name, values in summed.items()}
    assert last["stable"] == here.mean("stable")[0]
    total = sum(last[name] for name in ("P(Q = 0)", "P(Q = 1)", "P(Q = 2)", "P(Q >= 3)"))
    assert total == pytest.approx(1.0)
    assert last["P(Q = 1)"] == pytest.approx(counts.probabilities()[0][1])


def test_csv_and_parquet_hold_the_same(folder, tmp_path):
    table = rj.sweep.load(folder)
    out = rj.sweep.collect(folder, tmp_path / "all.csv")
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["stable"]) for row in rows] == table["stable"].tolist()
    assert [float(row["converged"]) for row in rows] == table["converged"].tolist()
    assert [json.loads(row["fractions"]) for row in rows] == [values.tolist() for values in table["fractions"]]
    pq = pytest.importorskip("pyarrow.parquet")
    whole = pq.read_table(rj.sweep.collect(folder, tmp_path / "all.parquet"))
    for name in table.columns:
        expected = [v.tolist() if isinstance(v, np.ndarray) else v for v in table[name].tolist()]
        assert whole.column(name).to_pylist() == expected
    facts = json.loads(whole.schema.metadata[b"rmtjac"])
    assert facts["complete"]
    assert facts["plan"]["code"] == rj.sweep.read_plan(folder).code
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    again = rj.sweep.load(tmp_path / "all.parquet")
    assert again.table() == table.table()
    assert repr(again) == repr(table)
    assert again.facts == table.facts
    assert all(np.array_equal(a, b) for a, b in zip(again["fractions"], table["fractions"], strict=True))
    pq.write_table(whole.replace_schema_metadata({}), tmp_path / "other.parquet")
    (tmp_path / "noise.parquet").write_bytes(b"PAR1 nothing")
    for name in ("other", "noise"):
        with pytest.raises(ValueError, match="is not a file that `collect` wrote"):
            rj.sweep.load(tmp_path / f"{name}.parquet")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        rj.sweep.load(tmp_path / "none.parquet")


def test_frames(folder):
    table = rj.sweep.load(folder)
    frame = table.to_pandas()
    assert (
        frame.groupby(["convention", "width", "depth"])["stable"].mean().iloc[0]
        == table.of("in", 8, 1).mean("stable")[0]
    )
    data = table.to_xarray()
    assert (
        float(data["stable"].sel(convention="width", width=10, depth=2)) == table.of("width", 10, 2).mean("stable")[0]
    )
    assert "± " in table.table()
    assert "240 networks in 8 cells" in repr(table)


def test_part_of_a_sweep(tmp_path):
    folder = tmp_path / "part"
    rj.sweep.plan(folder, [8], [1, 2], seeds=10, block=2)
    assert len(rj.sweep.load(folder)) == 0
    state = rj.sweep.run(folder, "serial", max_units=3)
    assert (state.done, state.complete) == (3, False)
    table = rj.sweep.load(folder)
    assert len(table) == 6
    assert "not complete" in repr(table)


def test_bad_arguments(folder, tmp_path):
    table = rj.sweep.load(folder)
    with pytest.raises(KeyError, match="'nothing' is not a column; there are convention"):
        table["nothing"]
    with pytest.raises(ValueError, match="name='fractions' is not a column of numbers"):
        table.mean("fractions")
    with pytest.raises(ValueError, match="name='converged' is not a column of whole numbers"):
        table.probabilities("converged")
    with pytest.raises(ValueError, match=r"must end in .parquet or .csv"):
        rj.sweep.collect(folder, tmp_path / "all.txt")
    with pytest.raises(FileNotFoundError, match="does not exist; create it first"):
        rj.sweep.collect(folder, tmp_path / "no" / "all.csv")
    with pytest.raises(FileNotFoundError, match=r"holds no plan.json"):
        rj.sweep.load(tmp_path)

import io
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep.table.parquet import read_parquet, write_parquet

pytest.importorskip("pyarrow")

KINDS = {"network": "int", "x": "float", "ok": "bool", "many": "list"}
ROWS = {
    "convention": ["a", "a", "b"],
    "width": [3, 3, 4],
    "depth": [1, 1, 2],
    "network": [0, 1, 0],
    "x": [0.1, None, -1e308],
    "ok": [True, False, True],
    "many": [[0.5, None], [], [1.0]],
}


def _batches(sizes):
    start = 0
    for size in sizes:
        yield {name: values[start : start + size] for name, values in ROWS.items()}
        start += size


@pytest.mark.parametrize("sizes", [(3,), (1, 2), (1, 1, 1)])
def test_round_trip(tmp_path, sizes):
    path = tmp_path / "x.parquet"
    with open(path, "wb") as file:
        write_parquet(file, KINDS, {"complete": True}, _batches(sizes))
    found = read_parquet(path)
    assert (found.kinds, found.facts) == (KINDS, {"complete": True})
    np.testing.assert_array_equal(found["x"], [0.1, math.nan, -1e308])
    assert found["ok"].dtype == bool
    assert [values.tolist() for values in found["many"]] == [pytest.approx([0.5, math.nan], nan_ok=True), [], [1.0]]
    assert found.cells() == [("a", 3, 1), ("b", 4, 2)]


def test_other_content_under_the_same_digest(tmp_path):
    import pyarrow.parquet as pq

    out = io.BytesIO()
    write_parquet(out, KINDS, {}, _batches((3,)))
    table = pq.read_table(io.BytesIO(out.getvalue()))
    whole = pq.ParquetFile(io.BytesIO(out.getvalue())).metadata.metadata
    if b"rmtjac digest" not in whole:
        pytest.skip("this pyarrow writes no digest")
    changed = table.set_column(3, table.schema.field(3), [[0, 1, 7]])
    pq.write_table(changed.replace_schema_metadata(whole), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="is not a file that `collect` wrote, or it is damaged"):
        read_parquet(tmp_path / "x.parquet")
    pq.write_table(table.replace_schema_metadata(whole), tmp_path / "x.parquet")
    assert len(read_parquet(tmp_path / "x.parquet")) == 3


def test_damaged_parquet_files(tmp_path):
    pytest.importorskip("pyarrow")
    measures = {"tests.sweep.measures:slow": {"seconds": 0.0}}
    rj.sweep.plan(tmp_path / "sweep", widths=3, depths=2, seeds=8, block=4, measures=measures)
    rj.sweep.run(tmp_path / "sweep", "serial")
    path = rj.sweep.collect(tmp_path / "sweep", tmp_path / "out.parquet")

    def content():
        table = rj.sweep.load(path)
        return repr([values.tolist() for values in table.columns.values()]), table.kinds, table.facts

    whole, data, rng = content(), path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for i in range(200):
        changed = bytearray(data)
        changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(changed if i % 5 else data[: rng.integers(len(data))])
        try:
            found = content()
        except ValueError as error:
            refused += str(error) == f"path={str(path)!r} is not a file that `collect` wrote, or it is damaged"
        else:
            assert found == whole
    assert refused > 100
    path.write_bytes(data.replace(b"rmtjac digest", b"rmtjac others"))  # as versions without a digest wrote
    assert content() == whole

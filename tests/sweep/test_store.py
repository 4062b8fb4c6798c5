import errno
import json
import os
import zlib

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep import store, work
from rmtjac.sweep.store import Writer, scan

MEASURE = {"tests.sweep.measures:slow": {"seconds": 0.0}}


@pytest.fixture
def plan(tmp_path):
    return rj.sweep.plan(tmp_path / "sweep", widths=3, depths=2, seeds=12, measures=MEASURE, block=2)


def _do(plan, units):
    for unit in units:
        work.do(str(plan.folder), unit)
    work.close(str(plan.folder))


def test_records_are_json_lines_with_checksums(plan):
    _do(plan, range(6))
    contents = scan(plan)
    assert contents.done.all()
    (path,) = contents.files
    lines = path.read_bytes().splitlines()
    assert len(lines) == 7
    head = json.loads(lines[0])["writer"]
    assert head["plan"] == plan.digest
    assert head["versions"]["rmtjac"] == rj.__version__
    for number, line in enumerate(lines[1:]):
        facts = json.loads(line)
        assert int(facts["crc"], 16) == zlib.crc32(line[len('{"crc":"00000000",') :])
        assert facts["unit"] == plan.unit(number).key
        assert facts["rows"] == work.rows(plan, plan.unit(number))  # floats come back with every bit
    for unit, rows in store.read_rows(contents, np.array([5, 0])):
        assert rows == work.rows(plan, plan.unit(unit))


@pytest.mark.parametrize("cut", [1, 20, 150])
def test_a_torn_tail_costs_one_unit(plan, cut):
    _do(plan, range(6))
    (path,) = scan(plan).files
    os.truncate(path, path.stat().st_size - cut)
    contents = scan(plan)
    assert contents.done.tolist() == [True] * 5 + [False]
    assert contents.torn == [path.name]
    _do(plan, [5])
    again = scan(plan)
    assert again.done.all()
    assert (len(again.files), again.duplicates) == (2, 0)


def test_damage_in_the_middle_costs_that_unit(plan):
    _do(plan, range(6))
    (path,) = scan(plan).files
    text = bytearray(path.read_bytes())
    lines = text.split(b"\n")
    spot = sum(len(line) + 1 for line in lines[:3]) + 100
    text[spot] ^= 1
    path.write_bytes(text)
    contents = scan(plan)
    assert contents.done.tolist() == [True, True, False, True, True, True]
    assert [name for name, _ in contents.damaged] == [path.name]
    assert "1 damaged records" in rj.sweep.status(plan.folder).problems[0]


def test_strange_files_do_no_harm(plan):
    _do(plan, range(6))
    records = plan.folder / "records"
    (records / "noise.jsonl").write_bytes(os.urandom(5000) + b"\n" + b'{"crc":"zzzzzzzz",}\n')
    (records / "empty.jsonl").write_bytes(b"")
    lines = [b'"unit":"zz","at":1}', b'"unit":"' + b"g" * 64 + b'","at":1,"seconds":1,"rows":[]}', b"\xff" * 100, b"}"]
    right = b"".join(b'{"crc":"%08x",%b\n' % (zlib.crc32(body), body) for body in lines)
    (records / "right.jsonl").write_bytes(right)  # checksums that hold, of what is no record
    (records / "notes.txt").write_text("mine")
    contents = scan(plan)
    assert contents.done.all()
    assert sum(name == "right.jsonl" for name, _ in contents.damaged) == 4


def test_records_of_units_not_in_the_plan(plan):
    writer = Writer(plan.folder, plan.digest)
    writer.write("0" * 64, [[1, 2]], 0.0)
    writer.close()
    contents = scan(plan)
    assert contents.foreign == 1
    assert not contents.done.any()


def test_a_changed_plan_is_refused(plan):
    _do(plan, [0])
    path = plan.folder / "plan.json"
    path.write_text(path.read_text().replace('"seeds": 12', '"seeds": 14'))
    with pytest.raises(ValueError, match="the plan was changed after the sweep had begun"):
        rj.sweep.status(plan.folder)


def test_duplicates_must_agree(plan):
    _do(plan, range(6))
    _do(plan, [2])
    contents = scan(plan)
    assert (contents.duplicates, contents.differing) == (1, [])
    unit = plan.unit(3)
    rows = work.rows(plan, unit)
    rows[1][1] = np.nextafter(rows[1][1], 1.0)  # one bit
    writer = Writer(plan.folder, plan.digest)
    writer.write(unit.key, rows, 0.0)
    writer.close()
    assert scan(plan).differing == [unit.key]
    for read in (rj.sweep.load, lambda folder: rj.sweep.collect(folder, folder.parent / "out.csv")):
        with pytest.raises(ValueError, match="1 units were done twice with different results"):
            read(plan.folder)
    assert not (plan.folder.parent / "out.csv").exists()


def test_a_full_disk(plan, monkeypatch):
    _do(plan, [0, 1])
    whole = os.write

    def full(file, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    def nearly_full(file, data):
        return whole(file, data[:40]) if data[18:24] == b'"unit"' else whole(file, data)

    for write, message in ((full, "No space left on device; what is done is safe"), (nearly_full, "the disk is full")):
        monkeypatch.setattr(store.os, "write", write)
        with pytest.raises(OSError, match=message):
            rj.sweep.run(plan.folder, "serial")
        monkeypatch.undo()
    assert scan(plan).done.sum() == 2
    assert rj.sweep.run(plan.folder, "serial").complete
    assert scan(plan).duplicates == 0


def test_a_store_that_cannot_be_written(plan, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(store.os, "open", refuse)
    with pytest.raises(OSError, match=r"cannot write records to .*Read-only file system"):
        rj.sweep.run(plan.folder, "serial")
    monkeypatch.undo()
    assert rj.sweep.run(plan.folder, "serial").complete


def test_mixed_classes_are_told(plan, monkeypatch):
    _do(plan, [0, 1])
    monkeypatch.setattr(store, "provenance", lambda **facts: {**facts, "versions": {}, "cpu": "another"})
    _do(plan, [2])
    problems = rj.sweep.status(plan.folder).problems
    assert any("different CPU classes" in line and "another" in line for line in problems)
    assert any("different versions of libraries" in line for line in problems)
    assert rj.sweep.load(plan.folder).facts["mixed"]


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

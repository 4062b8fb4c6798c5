import json
import os
import zlib

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep import one_unit as work
from rmtjac.sweep import records, store
from rmtjac.sweep.records import Writer
from rmtjac.sweep.store import scan

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


def test_mixed_classes_are_told(plan, monkeypatch):
    _do(plan, [0, 1])
    monkeypatch.setattr(records, "provenance", lambda **facts: {**facts, "versions": {}, "cpu": "another"})
    _do(plan, [2])
    problems = rj.sweep.status(plan.folder).problems
    assert any("different CPU classes" in line and "another" in line for line in problems)
    assert any("different versions of libraries" in line for line in problems)
    assert rj.sweep.load(plan.folder).facts["mixed"]


def _flips(size, sample, rng):
    """One bit of each byte, and all bits of a sample of them."""
    yield from ((place, int(bit)) for place, bit in enumerate(rng.integers(8, size=size)))
    yield from ((int(place), bit) for place in rng.choice(size, sample, replace=False) for bit in range(8))


def test_any_flipped_bit_is_found_and_costs_one_record_at_most(tmp_path):
    plan = rj.sweep.plan(tmp_path / "sweep", widths=3, depths=2, seeds=2, measures=MEASURE, block=1)
    _do(plan, range(2))
    (path,) = scan(plan).files
    text = path.read_bytes()
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    assert len(ends) == 3
    for place, bit in _flips(len(text), 30, np.random.default_rng(0)):
        changed = bytearray(text)
        changed[place] ^= 1 << bit
        path.write_bytes(changed)
        line = int(np.searchsorted(ends, place))  # 0 is the header, 1 the first unit
        contents = scan(plan)
        assert contents.done.tolist() == [unit != line - 1 for unit in range(2)]
        assert len(contents.writers) == (line != 0)
        if place == ends[-1]:
            assert contents.torn == [path.name]
        else:
            assert (path.name, line + 1) in contents.damaged
            assert f"{path.name} line {line + 1}" in " ".join(contents.damage)
        assert contents.foreign == contents.duplicates == 0


@pytest.mark.parametrize("place", [0, 5, 12, 16, 17, 20, 200, -1])
@pytest.mark.parametrize("line", [0, 2])
def test_flipped_bits_are_named_and_mended(plan, place, line):
    _do(plan, range(6))
    expected = rj.sweep.load(plan.folder)
    (path,) = scan(plan).files
    lines = path.read_bytes().splitlines(keepends=True)
    changed = bytearray(lines[line])
    changed[place] ^= 4
    path.write_bytes(b"".join([*lines[:line], changed, *lines[line + 1 :]]))
    state = rj.sweep.status(plan.folder)
    assert state.done == (6 if line == 0 else 5)
    assert f"{path.name} line {line + 1}" in state.problems[0]
    assert f"{path.name} line {line + 1}" in rj.sweep.load(plan.folder).facts["damage"][0]
    state = rj.sweep.run(plan.folder, "serial")
    assert state.complete
    assert f"{path.name} line {line + 1}" in state.problems[0]
    found = rj.sweep.load(plan.folder)
    for name in ("network", "entry", "trace", "wide"):
        np.testing.assert_array_equal(found[name], expected[name])


def test_wide_damage(plan):
    _do(plan, range(6))
    (path,) = scan(plan).files
    lines = path.read_bytes().splitlines(keepends=True)
    hole = bytearray(b"".join(lines))
    start = sum(map(len, lines[:3])) - 30
    hole[start : start + len(lines[3]) + 60] = bytes(len(lines[3]) + 60)  # a block of a disk, lost
    path.write_bytes(hole)
    assert scan(plan).done.tolist() == [True, False, False, False, True, True]
    path.write_bytes(b"".join(lines).replace(b"\n", b"\r"))  # all ends lost
    contents = scan(plan)
    assert (contents.done.sum(), len(contents.damaged), len(contents.torn)) == (0, 6, 1)
    path.write_bytes(b"".join(lines).replace(b"\n", b"\r\n"))
    assert len(scan(plan).damaged) == 7
    path.write_bytes(b"".join(lines[:3]) + lines[4][:70] + b"".join(lines[3:]))  # a writer that was cut short
    contents = scan(plan)
    assert contents.done.all()
    assert contents.damaged == [(path.name, 4)]


def test_right_checksums_of_wrong_records(plan):
    _do(plan, range(6))
    key = plan.unit(2).key.encode()
    head = b'"unit":"' + key + b'","at":1,"seconds":1,'
    writers = [b'"writer":3}', b'"writer":{"plan":', b'"writer":' + b"[" * 10**5, b'"other":1}']
    bodies = [
        *writers,
        head + b'"other":[]}',
        head + b'"rows":3}',
        b'"unit":"' + key + b'","at":x,"seconds":1,"rows":[]}',
    ]
    lines = b"".join(b'{"crc":"%08x",%b\n' % (zlib.crc32(body), body) for body in bodies)
    (plan.folder / "records" / "other.jsonl").write_bytes(lines)
    contents = scan(plan)
    assert contents.done.all()
    assert contents.damaged == [("other.jsonl", i) for i in range(1, 8)]
    # Records that look right are opened by who reads the rows, and are named.
    for rows, message in (
        (b"[[4,1]]", "does not hold networks 4 to 5 with entry, trace, wide, entries; other code wrote it"),
        (b"[[4,1,1,1,1],[6,1,1,1,1]]", "does not hold networks 4 to 5"),
        (b"[4,5]", "does not hold networks 4 to 5"),
        (b'["45678",{"0":5}]', "does not hold networks 4 to 5"),
        (b"[[4,1,1,1,1],[5,}", r"is damaged \(Expecting value.*; remove that line"),
    ):
        body = head + b'"rows":' + rows + b"}"
        (path,) = (path for path in contents.files if path.name != "other.jsonl")
        good = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*good[:3], b'{"crc":"%08x",%b\n' % (zlib.crc32(body), body), *good[4:]]))
        for read in (rj.sweep.load, lambda folder: rj.sweep.collect(folder, folder.parent / "out.csv")):
            with pytest.raises(ValueError, match=f"{path.name} line 4 {message}"):
                read(plan.folder)

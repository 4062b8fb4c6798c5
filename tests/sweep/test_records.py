import errno
import io
import json
import os
import zlib

import pytest

import rmtjac as rj
from rmtjac.sweep import records
from rmtjac.sweep.records import State, Writer, lines, parse_record, parse_writer, rows_text
from rmtjac.sweep.store import scan
from tests.sweep.test_store import MEASURE, _do

KEY = "0123456789abcdef" * 4


@pytest.fixture
def plan(tmp_path):
    return rj.sweep.plan(tmp_path / "sweep", widths=3, depths=2, seeds=12, measures=MEASURE, block=2)


def _line(body):
    return b'{"crc":"%08x",%b\n' % (zlib.crc32(body), body)


RECORD = _line(b'"unit":"%b","at":12.5,"seconds":0.25,"rows":[[1,2.5]]}' % KEY.encode())
HEAD = _line(b'"writer":{"plan":"x"}}')


def _states(data):
    return [(line.offset, line.number, line.state) for line in lines(io.BytesIO(data))]


def test_a_file_of_a_writer(tmp_path):
    writer = Writer(tmp_path, "digest")
    writer.write(KEY, [[1, 2.5, None, [0.1]]], 0.25)
    writer.close()
    (path,) = (tmp_path / "records").iterdir()
    head, record = lines(io.BytesIO(path.read_bytes()))
    assert parse_writer(head)["plan"] == "digest"
    assert parse_writer(record) is None
    found = parse_record(record)
    assert (found.offset, found.key, found.seconds) == (len(head.content) + 1, KEY, 0.25)
    assert found.word == int(KEY[:16], 16)
    assert found.offset + found.length == path.stat().st_size
    assert rows_text(record.content) == b',"rows":[[1,2.5,null,[0.1]]]}'
    assert json.loads(record.content)["rows"] == [[1, 2.5, None, [0.1]]]
    with pytest.raises(ValueError, match="not JSON compliant"):
        Writer(tmp_path, "digest").write(KEY, [[float("nan")]], 0.0)


def test_states_of_lines():
    both = HEAD + RECORD
    assert _states(both) == [(0, 1, State.WHOLE), (len(HEAD), 2, State.WHOLE)]
    assert _states(both[:-1]) == [(0, 1, State.WHOLE), (len(HEAD), 2, State.TORN)]
    assert _states(b"") == []
    assert _states(b"\n") == [(0, 1, State.DAMAGED)]
    # The end of the first line is lost: the second is found where it begins.
    assert _states(HEAD[:-5] + RECORD) == [(0, 1, State.DAMAGED), (len(HEAD) - 5, 1, State.WHOLE)]
    assert _states(HEAD[:-1] + b"\r" + RECORD)[1] == (len(HEAD), 1, State.WHOLE)


def test_lines_across_chunks(monkeypatch):
    data = b"".join(_line(b'"unit":"%064x","at":1,"seconds":1,"rows":[]}' % i) for i in range(20))
    whole = _states(data)
    for size in (1, 7, 100, 1000):
        monkeypatch.setattr(records, "_CHUNK", size)
        assert _states(data) == whole
    assert {state for _, _, state in whole} == {State.WHOLE}


@pytest.mark.parametrize("at", range(0, len(RECORD) - 1, 5))
def test_any_changed_byte_is_seen(at):
    data = bytearray(HEAD + RECORD)
    data[len(HEAD) + at] ^= 1
    assert _states(bytes(data))[1][2] is State.DAMAGED


def _record(key=KEY, at="1", rows="rows"):
    return f'"unit":"{key}","at":{at},"seconds":1,"{rows}":[]}}'.encode()


_OTHERS = (
    _record("zz"), _record("g" * 64), _record(at="x"), _record(rows="other"), b'"unit":"zz"}', b"}", b"\xff" * 100,
)  # fmt: skip


@pytest.mark.parametrize("body", _OTHERS, ids=range(len(_OTHERS)))
def test_what_is_no_record(body):
    parse_record(next(lines(io.BytesIO(_line(_record())))))
    (line,) = lines(io.BytesIO(_line(body)))
    assert line.state is State.WHOLE  # the checksum holds, of what is no record
    with pytest.raises(ValueError, match=r"."):
        parse_record(line)


@pytest.mark.parametrize("body", [b'"writer":3}', b'"writer":[]}', b'"writer":{'])
def test_what_is_no_writer(body):
    (line,) = lines(io.BytesIO(_line(body)))
    with pytest.raises(ValueError, match=r"the line of a writer holds no facts|Expecting|delimiter|property name"):
        parse_writer(line)


def test_a_full_disk(plan, monkeypatch):
    _do(plan, [0, 1])
    whole = os.write

    def full(file, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    def nearly_full(file, data):
        return whole(file, data[:40]) if data[18:24] == b'"unit"' else whole(file, data)

    for write, message in (
        (full, "No space left on device; the records before it are safe"),
        (nearly_full, "is the disk full"),
    ):
        monkeypatch.setattr(records.os, "write", write)
        with pytest.raises(OSError, match=message):
            rj.sweep.run(plan.folder, "serial")
        monkeypatch.undo()
    assert scan(plan).done.sum() == 2
    assert rj.sweep.run(plan.folder, "serial").complete
    assert scan(plan).duplicates == 0


def test_a_store_that_cannot_be_written(plan, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(records.os, "open", refuse)
    with pytest.raises(OSError, match=r"cannot write records to .*Read-only file system"):
        rj.sweep.run(plan.folder, "serial")
    monkeypatch.undo()
    assert rj.sweep.run(plan.folder, "serial").complete

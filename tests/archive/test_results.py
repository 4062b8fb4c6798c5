import json
import os
import pickle
import stat

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.archive.results import load, save, write_atomically


def test_round_trip(tmp_path):
    path = save(tmp_path / "x.npz", "Thing", {"a": [1, 2]}, {"v": np.arange(3.0)})
    facts, arrays = load(path, "Thing")
    assert facts == {"a": [1, 2]}
    np.testing.assert_array_equal(arrays["v"], np.arange(3.0))
    assert not stat.S_IMODE(path.stat().st_mode) & 0o111


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.bin"]


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        write_atomically(tmp_path / "no" / "x", lambda file: None)


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def _strangers(tmp_path):
    text = tmp_path / "text.npz"
    text.write_text("not a zip file")
    empty = tmp_path / "empty.npz"
    empty.write_bytes(b"")
    plain = tmp_path / "plain.npz"
    np.savez(plain, v=np.arange(3))
    bomb = tmp_path / "bomb.npz"
    np.savez(bomb, rmtjac=np.array([_Bomb()], dtype=object), allow_pickle=True)
    raw = tmp_path / "raw.npz"
    raw.write_bytes(pickle.dumps(_Bomb()))
    array = tmp_path / "array.npy"
    np.save(array, np.arange(3))
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, rmtjac=np.array(json.dumps([1, 2])))
    good = save(tmp_path / "good.npz", "EmpiricalSpectrum", {}, {"v": np.arange(1000.0)})
    torn = tmp_path / "torn.npz"
    torn.write_bytes(good.read_bytes()[:-100])
    return [text, empty, plain, bomb, raw, array, wrong, torn]


@pytest.mark.parametrize("i", range(8))
@pytest.mark.parametrize("kind", [rj.EmpiricalSpectrum, rj.Network, rj.LimitSpectrum, rj.Comparison])
def test_strangers_are_refused_and_run_no_code(tmp_path, i, kind):
    with pytest.raises(ValueError, match="is not a file that rmtjac wrote"):
        kind.load(_strangers(tmp_path)[i])


def test_other_kinds_and_formats_are_named(tmp_path, monkeypatch):
    path = save(tmp_path / "x.npz", "Thing", {}, {})
    with pytest.raises(ValueError, match="holds a Thing; a Network is needed"):
        rj.Network.load(path)
    monkeypatch.setattr("rmtjac.archive.results._FORMAT", 99)
    with pytest.raises(ValueError, match="has format 1"):
        load(path, "Thing")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load(tmp_path / "absent.npz", "Thing")

"""Whatever is done to a file, it loads as what was saved, or ends in one line that names it."""

import json
import zipfile
from collections import Counter

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.archive.results import load, save
from tests import damage, damage_entries, saved

RESULTS = saved.results()
NAMES = [type(result).__name__ for result in RESULTS]


@pytest.mark.parametrize("i", range(len(RESULTS)), ids=NAMES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_damaged_files_are_refused_or_right(tmp_path, i):
    """`python -m benchmarks.damaged_files` does it at length."""
    rng = np.random.default_rng(i)
    found = Counter(damage.outcomes(RESULTS[i], damage.BYTES + damage_entries.PACKED, rng, tmp_path / "file.npz"))
    assert set(found) == {"line", "equal"}
    assert found["line"] > found["equal"]
    # Without a digest, as earlier versions wrote: a number may be another one, but nothing is a traceback.
    found = Counter(damage.outcomes(RESULTS[i], damage_entries.OLD, rng, tmp_path / "file.npz"))
    assert set(found) <= {"line", "equal", "different"}


def test_all_classes_are_here():
    assert len(set(NAMES)) == 13


def _rewritten(path, change):
    """Pack the entries of a file again, changed, with right checksums of the packing."""
    with zipfile.ZipFile(path) as file:
        entries = {info.filename: file.read(info) for info in file.infolist()}
    change(entries)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, raw in entries.items():
            file.writestr(name, raw)


def test_the_entry_that_became_empty(tmp_path):
    """CRC and size zeroed in the directory: an array was b'' and went through."""
    path = tmp_path / "x.npz"
    data = RESULTS[1].save(path).read_bytes()
    at = 0
    refused = 0
    while (at := data.find(b"PK\1\2", at + 1)) > 0:
        out = bytearray(data)
        out[at + 16 : at + 20] = out[at + 24 : at + 28] = bytes(4)
        path.write_bytes(out)
        with pytest.raises(ValueError, match="not a file that rmtjac wrote"):
            rj.EmpiricalSpectrum.load(path)
        refused += 1
    assert refused == 6


def test_an_entry_twice(tmp_path):
    path = tmp_path / "x.npz"
    RESULTS[0].save(path)
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("biases_0.npy", damage_entries.npy(np.ones(4)))
    with pytest.raises(ValueError, match=r"entry 'biases_0.npy' is no array, or occurs twice"):
        rj.Network.load(path)


@pytest.mark.parametrize("name", ["weights_0", "extra", "rmtjac"])
def test_bombs_are_not_unpacked(tmp_path, monkeypatch, name):
    """Zeros, a thousandth of their size when packed: what they claim is checked before."""
    monkeypatch.setattr("rmtjac.archive.npz._LONGEST_TEXT", 10**6)
    path = tmp_path / "x.npz"
    RESULTS[0].save(path)
    array = np.zeros(40_000_000, np.uint8) if name != "rmtjac" else np.zeros((), "U10000000")
    _rewritten(path, lambda entries: entries.__setitem__(f"{name}.npy", damage_entries.npy(array)))
    assert path.stat().st_size < 50_000
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(ValueError, match="not a file that rmtjac wrote"):
        rj.Network.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_more_than_memory_is_said(tmp_path, monkeypatch):
    path = save(tmp_path / "x.npz", "Thing", {}, {"v": np.zeros(1000)})
    monkeypatch.setattr("rmtjac.archive.npz.os.sysconf", lambda name: 50)
    with pytest.raises(ValueError, match="more than the memory of this machine"):
        load(path, "Thing")


def test_files_without_a_digest_stay_readable(tmp_path):
    for result in RESULTS:
        path = tmp_path / "x.npz"
        result.save(path)

        def undigested(entries):
            header = json.loads(str(damage_entries.array(entries["rmtjac.npy"])))
            assert len(header.pop("digest")) == 64
            entries["rmtjac.npy"] = damage_entries.npy(np.array(json.dumps(header)))

        _rewritten(path, undigested)
        assert saved.content(type(result).load(path)) == saved.content(result)


def test_content_counts_and_not_how_it_is_packed(tmp_path):
    path = tmp_path / "x.npz"
    RESULTS[0].save(path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **dict(reversed(arrays.items())))  # not compressed, in another order
    assert saved.content(rj.Network.load(path)) == saved.content(RESULTS[0])
    arrays["biases_0"][0] = np.nextafter(arrays["biases_0"][0], 9.0)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="its content is not what was saved"):
        rj.Network.load(path)

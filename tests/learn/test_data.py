import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from rmtjac.learn import digits, mnist, read_idx

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def _idx(array, code=0x08):
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (6, 4, 3)), np.arange(6), rng.integers(0, 256, (2, 4, 3)), np.array([9, 0])]
    for name, array in zip(NAMES, arrays, strict=True):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(_idx(array.astype(np.uint8))))
    return tmp_path


def test_files_are_read_as_they_were_written(folder, monkeypatch):
    found = mnist(folder)
    assert (found.train.shape, found.test.shape, found.shape) == ((6, 12), (2, 12), (4, 3))
    assert found.train_labels.tolist() == [0, 1, 2, 3, 4, 5]
    raw = read_idx(folder / f"{NAMES[0]}.gz")
    np.testing.assert_array_equal(found.train * 255.0, raw.reshape(6, 12))
    assert repr(found) == "Images(6 to train, 2 to test, 4 x 3)"
    monkeypatch.setenv("RMTJAC_DATA", str(folder))
    np.testing.assert_array_equal(mnist().train, found.train)


@pytest.mark.parametrize(("code", "kind"), [(0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_types(code, kind, tmp_path):
    array = np.arange(-3, 3).reshape(2, 3).astype(kind)
    (tmp_path / "a").write_bytes(_idx(array, code))
    found = read_idx(tmp_path / "a")
    np.testing.assert_array_equal(found, array)
    assert found.dtype.isnative


def test_damaged_files(folder):
    path = folder / "file"
    whole = _idx(np.zeros((5, 2, 2), dtype=np.uint8))
    for raw, message in (
        (whole[:-3], r"is truncated: an array of shape \(5, 2, 2\) takes 36 bytes, not 33"),
        (whole + b"x", "is too long"),
        (whole[:7], "is truncated: its header takes 16 bytes"),
        (gzip.compress(whole)[:-6], "is truncated or damaged"),
        (b"", "is not an IDX file"),
        (b"PK\x03\x04 something else", "is not an IDX file"),
    ):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=message):
            read_idx(path)
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        read_idx(folder / "none")


def test_folders_that_are_not_mnist(folder, monkeypatch, tmp_path):
    monkeypatch.delenv("RMTJAC_DATA", raising=False)
    with pytest.raises(ValueError, match="name the folder of the four MNIST files, or set RMTJAC_DATA"):
        mnist()
    for name, array, message in (
        (NAMES[1], np.arange(5), "6 images, but 5 labels"),
        (NAMES[1], np.arange(5, 11), "label 10 is none of the classes 0 to 9"),
        (NAMES[1], np.zeros((0,)), r"holds an array of shape \(0,\)"),
        (NAMES[0], np.zeros((6, 12)), r"holds an array of shape \(6, 12\)"),
    ):
        kept = (folder / f"{name}.gz").read_bytes()
        (folder / f"{name}.gz").write_bytes(_idx(array.astype(np.uint8)))
        with pytest.raises(ValueError, match=message):
            mnist(folder)
        (folder / f"{name}.gz").write_bytes(kept)
    (folder / f"{NAMES[3]}.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"holds no t10k-labels-idx1-ubyte\(.gz\)"):
        mnist(folder)


def test_digits():
    pytest.importorskip("sklearn")
    found = digits()
    assert (found.train.shape, found.test.shape, found.shape) == ((1437, 64), (360, 64), (8, 8))
    assert (found.train.min(), found.train.max()) == (0.0, 1.0)
    assert set(found.test_labels) == set(range(10))
    with pytest.raises(ValueError, match="test=0 must be a whole number from 1 to 1796"):
        digits(test=0)


@pytest.mark.skipif("RMTJAC_DATA" not in os.environ, reason="RMTJAC_DATA names no folder with MNIST")
def test_mnist_at_full_size():
    found = mnist()
    assert (found.train.shape, found.test.shape, found.shape) == ((60000, 784), (10000, 784), (28, 28))
    assert np.bincount(found.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found.train.mean() == pytest.approx(0.1306604762738429, rel=1e-12)
    assert Path(os.environ["RMTJAC_DATA"]).is_dir()

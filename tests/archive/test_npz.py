import io
import zipfile

import numpy as np
import pytest

from rmtjac.archive import npz

ARRAYS = {
    "floats": np.arange(6.0).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big": np.arange(4, dtype=">i4"), "none": np.zeros((0, 3)), "scalar": np.array(5), "texts": np.array(["a", "é"]),
    "bytes": np.array([b"x", b"yz"]), "truth": np.array([[True], [False]]), "nan": np.array([np.nan, -np.inf, -0.0]),
    "high": np.zeros((1,) * 20, np.uint8),
}  # fmt: skip


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_arrays_come_back_as_numpy_reads_them(write):
    raw = io.BytesIO()
    write(raw, **ARRAYS)
    with zipfile.ZipFile(raw) as file, np.load(raw) as oracle:
        found = npz.entries(file)
        assert list(found) == list(ARRAYS)
        for name, entry in found.items():
            array = npz.read(file, entry)
            assert array.tobytes() == oracle[name].astype(array.dtype).tobytes()
            assert (array.shape, array.dtype) == (oracle[name].shape, oracle[name].dtype.newbyteorder("="))
            assert array.flags.f_contiguous == oracle[name].flags.f_contiguous
            assert array.flags.writeable


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3L,), }",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999999, 9), }",
        "__import__('os').getcwd()", "(" * 5000, "", "\\d",
    ],
)  # fmt: skip
def test_headers_that_are_none(header):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as file:
        length = len(header).to_bytes(2, "little")
        file.writestr("a.npy", b"\x93NUMPY\1\0" + length + header.encode() + np.arange(3.0).tobytes())
    with zipfile.ZipFile(raw) as file, pytest.raises(ValueError, match=r"^entry 'a'"):
        npz.entries(file)


def test_texts():
    raw = io.BytesIO()
    np.savez(raw, text=np.array("ab"), number=np.array(3), two=np.array(["a", "b"]))
    with zipfile.ZipFile(raw) as file:
        found = npz.entries(file)
        assert npz.text(file, found["text"]) == "ab"
        for name in ("number", "two"):
            with pytest.raises(ValueError, match="its description is missing or too long"):
                npz.text(file, found[name])

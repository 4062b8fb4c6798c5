import math

import numpy as np
import pytest

from rmtjac.validate import (
    array_as_given,
    choice,
    finite,
    logarithms,
    output_path,
    positive_int,
    probabilities,
    real_array,
)


def test_good_values_come_back_as_plain_numbers():
    assert type(positive_int("n", np.int64(3))) is int
    assert type(finite("x", np.float32(0.5))) is float
    assert choice("c", "a", ("a", "b")) == "a"


@pytest.mark.parametrize("value", [0, -3, 2.0, "3", None, True, math.nan])
def test_positive_int(value):
    with pytest.raises((ValueError, TypeError), match=r"^n=.* must be a positive whole number$"):
        positive_int("n", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, "1", 1j, None, True])
def test_finite(value):
    with pytest.raises((ValueError, TypeError), match=r"^x=.* must be a finite number > 0$"):
        finite("x", value, above=0.0)


def test_choice():
    with pytest.raises(ValueError, match=r"^c='z' must be one of 'a', 'b'$"):
        choice("c", "z", ("a", "b"))


def test_output_path(tmp_path):
    assert output_path("--out", tmp_path / "x.png") == tmp_path / "x.png"
    with pytest.raises(FileNotFoundError, match="does not exist; create it first"):
        output_path("--out", tmp_path / "no" / "x.png")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        output_path("--out", tmp_path)


@pytest.mark.parametrize("value", [[[1, 2]], np.float32([[1, 2]]), np.array([[1, 2]], dtype=object), ((1.0, 2.0),)])
def test_real_arrays(value):
    array = real_array("x", value)
    assert array.dtype == float
    assert array.tolist() == [[1.0, 2.0]]
    assert array_as_given("x", np.float32([1])).dtype == np.float32


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, r"^x must be an array of real numbers, not of complex128$"),
        (np.array([[1.0 + 0j]], dtype=object), "^x must be an array of real numbers: it holds "),
        (np.complex64([[1]]), "not of complex64$"),
        (["1"], "^x must be an array of real numbers, not of <U1$"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "not of datetime64"),
        ([[1.0], [1.0, 2.0]], "^x must be an array of real numbers: "),
        ([None], "^x must be an array of real numbers: it holds None$"),
    ],
)
def test_what_is_no_real_array(value, message):
    with pytest.raises(TypeError, match=message):
        real_array("x", value)


def test_complex_matrices_have_a_way_out():
    with pytest.raises(TypeError, match=r"the singular values of A \+ iB are those of \[\[A, -B\], \[B, A\]\]"):
        real_array("x", np.complex64([[1]]), "a matrix")


def test_logarithms():
    lam, log_lam = logarithms([[1.0, 0.0], [-2.0, math.e]])
    assert lam.shape == (2, 2)
    np.testing.assert_allclose(log_lam, [0.0, -math.inf, -math.inf, 1.0])
    assert logarithms(5)[1].shape == (1,)
    with pytest.raises(ValueError, match="lam holds NaN"):
        logarithms([1.0, math.nan])


def test_probabilities():
    assert probabilities([0, 1]).tolist() == [0.0, 1.0]
    for wrong in ([0.5, 1.0 + 1e-15], [-1e-300], [np.nan]):
        with pytest.raises(ValueError, match=r"p=.* must lie in \[0, 1\]"):
            probabilities(wrong)

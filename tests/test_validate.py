import math

import numpy as np
import pytest

from rmtjac.validate import choice, finite, output_path, positive_int


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

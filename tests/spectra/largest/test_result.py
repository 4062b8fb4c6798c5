import math

import numpy as np
import pytest

from rmtjac.spectra import ExtremeSample

SAMPLE = ExtremeSample(np.log([0.5, 0.9, 1.0, 2.0]), np.full(4, 1e-12), "largest", {"seed": 1})


def test_numbers():
    np.testing.assert_allclose(SAMPLE.eigenvalues, [0.5, 0.9, 1.0, 2.0])
    np.testing.assert_allclose(SAMPLE.singular_values**2, SAMPLE.eigenvalues)
    assert SAMPLE.mean.value == pytest.approx(1.1)
    assert SAMPLE.std == pytest.approx(np.std([0.5, 0.9, 1.0, 2.0], ddof=1))
    assert SAMPLE.samples == 4


@pytest.mark.parametrize(("norm", "count"), [(0.0, 0), (0.5, 0), (0.95, 2), (1.0, 2), (1.1, 3), (10.0, 4)])
def test_frequency(norm, count):
    found = SAMPLE.frequency(norm)
    assert found.value == count / 4
    p = (count + 1) / 6
    assert found.error == pytest.approx(math.sqrt(p * (1 - p) / 4))


def test_zeros_and_one_sample():
    one = ExtremeSample(np.array([-math.inf]), np.zeros(1), "smallest", {})
    assert one.eigenvalues.tolist() == [0.0]
    assert math.isnan(one.std)
    assert one.frequency().value == 1.0
    assert one.frequency(0.0).value == 0.0


def test_save_and_load(tmp_path):
    again = ExtremeSample.load(SAMPLE.save(tmp_path / "x.npz"))
    np.testing.assert_array_equal(again.log_eigenvalues, SAMPLE.log_eigenvalues)
    assert (again.which, again.facts) == ("largest", {"seed": 1})
    assert len(SAMPLE.to_pandas()) == 4


def test_bad_norm():
    with pytest.raises(ValueError, match="norm=-1"):
        SAMPLE.frequency(-1.0)
    with pytest.raises(TypeError, match="norm='1'"):
        SAMPLE.frequency("1")

import json

import numpy as np
import pytest

import rmtjac as rj
from tests.spectra.made import spectrum


@pytest.fixture
def small():
    return spectrum([[0.0, 1.0, 4.0], [0.0, 0.0, 9.0]])


def test_save_and_load_keep_every_bit(tmp_path):
    emp = rj.sample_spectrum(rj.Ensemble.square(9, 3, "relu", rj.Cauchy()), 4, rng=3)
    again = rj.EmpiricalSpectrum.load(emp.save(tmp_path / "emp.npz"))
    assert again.log_singular_values.tobytes() == emp.log_singular_values.tobytes()
    assert again.facts == json.loads(json.dumps(emp.facts))
    assert rj.Ensemble.from_dict(again.facts["ensemble"]).widths == (9, 9, 9, 9)
    # what the file says is enough to make it again
    seed = np.random.SeedSequence(again.facts["seed"]["entropy"], spawn_key=tuple(again.facts["seed"]["spawn_key"]))
    made = rj.sample_spectrum(rj.Ensemble.from_dict(again.facts["ensemble"]), 4, rng=seed)
    assert made.log_singular_values.tobytes() == emp.log_singular_values.tobytes()


def test_tables(small):
    assert small.to_xarray().dims == ("sample", "index")
    assert list(small.moments_table(3)["k"]) == [1, 2, 3]


def test_arrays_are_read_only(small):
    for array in (small.eigenvalues, small.log_singular_values):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1.0

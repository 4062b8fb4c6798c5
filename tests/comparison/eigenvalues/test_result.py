import numpy as np

import rmtjac as rj
from tests.saved import content

ENSEMBLE = rj.Ensemble.square(40, 2, "hardtanh")
RESULT = rj.compare(rj.sample_eigenvalues(ENSEMBLE, 5, rng=2), rj.limit_eigenvalues(ENSEMBLE))


def test_words_and_numbers():
    text = RESULT.table()
    for number in (RESULT.ks, RESULT.bound, RESULT.ks_inside, RESULT.bound_inside):
        assert f"{number:.4f}" in text
    assert "within the bounds" in text
    facts = RESULT.to_dict()
    assert facts["ks"] == RESULT.ks
    assert facts["within_bounds"] is True
    assert repr(RESULT).startswith("RingComparison(5 samples, N=40, ks=")
    table = RESULT.to_pandas()
    np.testing.assert_array_equal(table["limit"], RESULT.curve[3])
    assert np.all(np.diff(table["r"]) > 0.0)


def test_file(tmp_path):
    assert content(rj.RingComparison.load(RESULT.save(tmp_path / "a.npz"))) == content(RESULT)

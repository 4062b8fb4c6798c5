import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.stored import StoredSolver
from tests.theory.heavy_tails.one_cauchy_layer import cauchy_limit


@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_save_and_load(tmp_path, angle):
    lim = cauchy_limit(angle, 1e-4)
    again = rj.HeavyTailedLimit.load(lim.save(tmp_path / "x.npz"))
    assert isinstance(again.solver, StoredSolver)
    assert (again.method, again.smoothing, again.tail, again.facts) == (lim.method, angle, lim.tail, lim.facts)
    assert repr(again) == repr(lim)
    lam = np.geomspace(1e-8, 1e8, 41)
    assert np.all(np.abs(again.cdf(lam) - lim.cdf(lam)) <= again.cdf_error(lam))
    assert np.all(np.abs(again.density(lam) - lim.density(lam)) <= again.density_error(lam))
    third = rj.HeavyTailedLimit.load(again.save(tmp_path / "y.npz"))
    np.testing.assert_array_equal(third.cdf(lam), again.cdf(lam))  # a table is not made anew


def test_files_of_another_class(tmp_path):
    light = rj.limit_spectrum(rj.Ensemble.square(4, 1, "relu")).save(tmp_path / "light.npz")
    with pytest.raises(ValueError, match="holds a LimitSpectrum; a HeavyTailedLimit is needed"):
        rj.HeavyTailedLimit.load(light)
    with pytest.raises(ValueError, match="holds a HeavyTailedLimit; a LimitSpectrum is needed"):
        rj.LimitSpectrum.load(cauchy_limit().save(tmp_path / "heavy.npz"))
    with pytest.raises(FileNotFoundError):
        rj.HeavyTailedLimit.load(tmp_path / "none.npz")


def test_repr_names_method_and_smoothing():
    assert repr(cauchy_limit()) == (
        "HeavyTailedLimit(depth 1, method 'oracle', no smoothing, tail exponent 0.5, atom 0)"
    )
    assert "smoothed by the angle 0.2" in repr(cauchy_limit(0.2))
    assert "depth" not in repr(rj.HeavyTailedLimit(cauchy_limit().solver))


def test_to_pandas():
    lim = cauchy_limit(error=1e-6)
    table = lim.to_pandas(points=20)
    assert list(table) == ["lam", "density", "density_error", "cdf", "cdf_error"]
    np.testing.assert_array_equal(table["cdf"], lim.cdf(table["lam"]))
    assert len(table) == 20


def test_a_law_with_a_variance_is_told_where_to_go():
    with pytest.raises(ValueError, match=r"limit_spectrum with method='inverse' \(LimitSpectrum\) gives their limit"):
        rj.HeavyTailedLimit.from_ensemble(rj.Ensemble.square(10, 2))

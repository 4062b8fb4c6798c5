import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers
from tests.saved import content


def test_from_layers():
    relu = DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5])
    law = rj.RingLaw(Layers([relu, relu], [2.0, 2.0]))
    assert law.cdf(0.5) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="made from layers"):
        law.save("law.npz")
    with pytest.raises(ValueError, match="J is not square"):
        rj.RingLaw(Layers([relu], [2.0], widths=[4, 3]))


def test_saved_law_is_the_same(tmp_path):
    ensemble = rj.Ensemble([6, 9, 6], ["tanh", "gelu"], [rj.Gaussian(1.3), rj.Orthogonal()])
    law = rj.limit_eigenvalues(ensemble, input_variance=0.3)
    again = rj.RingLaw.load(law.save(tmp_path / "law.npz"))
    r = np.linspace(0.0, 1.0, 30)
    np.testing.assert_array_equal(again.cdf(r), law.cdf(r))
    assert content(again.facts) == content(law.facts)


def test_words():
    law = rj.limit_eigenvalues(rj.Ensemble.square(6, 2, "relu", rj.Gaussian(1.2)))
    text = law.table()
    assert "spectral radius 0.72 (below 1)" in text
    assert text.count("\n") == 10
    facts = law.to_dict()
    assert facts["stable"] is True
    assert facts["log_quantiles_nonzero"]["1.0"] == pytest.approx(math.log(0.72))
    assert repr(law) == "RingLaw(depth 2, |z| <= 0.72, atom 0.5)"
    hole = rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "leaky_relu:0.5", rj.Orthogonal()))
    assert repr(hole) == "RingLaw(depth 1, 0.632456 <= |z| <= 0.790569, atom 0)"
    assert "exp(-1036.16)" in repr(rj.limit_eigenvalues(rj.Ensemble.square(6, 3, "linear", rj.Gaussian(1e-150))))


def test_curve_and_table_of_points():
    law = rj.limit_eigenvalues(rj.Ensemble.square(6, 2, "tanh"))
    r, cdf, density = law.curve(50)
    assert r.shape == cdf.shape == density.shape == (50,)
    assert (cdf[-1], r[-1]) == (1.0, law.spectral_radius)
    assert np.all(np.diff(r) > 0.0)
    table = law.to_pandas(50)
    assert list(table.columns) == ["r", "cdf", "density", "planar_density"]


def test_quantiles_where_almost_all_eigenvalues_are_zero():
    # One HardTanh layer: F = 1 - p + r^2, so that off 0 the quantile of order s has r^2 = s p, exactly.
    law = rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "hardtanh"), input_variance=1e30)
    log_p = math.log(math.erf(1.0 / math.sqrt(2e30)))
    for order, log_r in law.to_dict()["log_quantiles_nonzero"].items():
        assert log_r == pytest.approx(0.5 * (math.log(float(order)) + log_p), rel=1e-14)
    assert np.all(np.isfinite(law.curve(50)[0]))
    assert np.all(np.diff(law.curve(50)[0]) > 0.0)
    share = [0.0, 1e-200, 0.3, 1.0]
    np.testing.assert_allclose(np.exp(2.0 * law.log_quantile_nonzero(share) - log_p), share, rtol=1e-13)
    with pytest.raises(ValueError, match="p"):
        law.log_quantile_nonzero(1.5)


@pytest.mark.parametrize("points", [0, -1, 2.5, "4"])
def test_points_of_the_curve_are_a_positive_number(points):
    law = rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "linear"))
    with pytest.raises((ValueError, TypeError), match="points="):
        law.curve(points)

import numpy as np
import pytest

import rmtjac as rj

CASES = {
    "linear": rj.Ensemble.square(150, 2, "linear"),
    "tanh": rj.Ensemble.square(150, 1, "tanh", rj.Gaussian(1.3), rj.Gaussian(0.2)),
    "hardtanh": rj.Ensemble.square(150, 5, "hardtanh"),
    "gelu": rj.Ensemble.square(150, 2, "gelu"),
    "erf": rj.Ensemble.square(150, 5, "erf"),
    "orthogonal": rj.Ensemble.square(150, 2, "arctan", rj.Orthogonal(1.2)),
    "mixed": rj.Ensemble(
        [150, 225, 105, 150], ["tanh", "relu", "erf"], [rj.Gaussian(1.3), rj.Orthogonal(), rj.Rademacher()]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_right_rings_are_within_the_bounds(name):
    """True forward passes; a wrong ring is outside."""
    ensemble = CASES[name]
    sample, law = rj.sample_eigenvalues(ensemble, 16, rng=2), rj.limit_eigenvalues(ensemble)
    found = rj.compare(sample, law)
    assert found.within_bounds, found.table()
    assert abs(found.largest / found.expected_largest - 1.0) < 0.03 + 3.0 * found.largest_error / found.largest
    for wrong in (rj.Ensemble.square(5, 3, "linear"), rj.Ensemble.square(5, 2, "relu")):
        assert not rj.compare(sample, rj.limit_eigenvalues(wrong)).within_bounds


def test_distances_from_the_definition():
    ensemble = rj.Ensemble.square(30, 2, "relu")
    sample, law = rj.sample_eigenvalues(ensemble, 3, rng=2), rj.limit_eigenvalues(ensemble)
    found = rj.compare(sample, law)
    fine = np.unique(np.concatenate([np.linspace(0.0, 1.5, 20001), sample.moduli.ravel()]))
    fine = np.unique(np.concatenate([fine, np.nextafter(fine, 0.0)]))
    assert found.ks == pytest.approx(np.abs(sample.cdf(fine) - law.cdf(fine)).max(), abs=1e-9)
    each = [np.abs(np.searchsorted(row, fine, "right") / 30 - law.cdf(fine)).max() for row in sample.moduli]
    np.testing.assert_allclose(found.ks_samples, each, atol=1e-9)
    assert found.ks_inside <= found.ks


def test_one_sample_and_deep_products():
    ensemble = rj.Ensemble.square(60, 40, "linear")
    found = rj.compare(rj.sample_eigenvalues(ensemble, 1, rng=2), rj.limit_eigenvalues(ensemble))
    assert found.unresolved > 0.0
    assert "below the rounding noise" in found.table()
    assert found.to_dict()["largest_error"] is None
    assert found.within_bounds


def test_pairs_that_do_not_belong_together():
    ensemble = rj.Ensemble.square(6, 1, "linear")
    sample, law = rj.sample_eigenvalues(ensemble, 2, rng=0), rj.limit_eigenvalues(ensemble)
    for pair in ((sample, rj.limit_spectrum(ensemble)), (rj.sample_spectrum(ensemble, 2, rng=0), law), (law, sample)):
        with pytest.raises(TypeError, match="EmpiricalEigenvalues and a RingLaw"):
            rj.compare(*pair)
    with pytest.raises(ValueError, match="are for spectra"):
        rj.compare(sample, law, test=True)

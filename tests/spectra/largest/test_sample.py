import numpy as np
import pytest
from scipy.stats import ks_2samp

import rmtjac as rj
from rmtjac.spectra import sample_largest


@pytest.mark.parametrize("which", ["largest", "smallest"])
@pytest.mark.parametrize("masks", ["network", "independent"])
def test_same_networks_as_the_whole_spectrum(which, masks):
    ens = rj.Ensemble([30, 25, 20], ["hardtanh", "tanh"], "uniform:1.2", "gaussian:0.1")
    found = sample_largest(ens, 6, rng=8, which=which, masks=masks)
    full = rj.sample_spectrum(ens, 6, rng=8, masks=masks).log_singular_values
    logs = np.where(np.isfinite(full), full, np.inf).min(axis=1) if which == "smallest" else full.max(axis=1)
    np.testing.assert_allclose(found.log_eigenvalues, 2.0 * logs, rtol=0.0, atol=1e-9)


def test_same_bits_for_any_number_of_threads():
    ens = rj.Ensemble.square(40, 2, "tanh")
    for invariance in (False, True):
        one, two = (sample_largest(ens, 20, rng=1, invariance=invariance, threads=t) for t in (1, 3))
        np.testing.assert_array_equal(one.log_eigenvalues, two.log_eigenvalues)


@pytest.mark.parametrize("masks", ["network", "independent"])
def test_invariance_keeps_the_law(masks):
    ens = rj.Ensemble([20, 30, 25], ["tanh", "relu"], "gaussian:1.5", "gaussian:0.3")
    one, two = (sample_largest(ens, 700, rng=4, masks=masks, invariance=flag) for flag in (False, True))
    assert ks_2samp(one.log_eigenvalues, two.log_eigenvalues).pvalue > 1e-4


@pytest.mark.parametrize(
    ("ensemble", "which"),
    [
        (rj.Ensemble.square(60, 2, "tanh"), "largest"),
        (rj.Ensemble([150, 60], "relu", rj.Gaussian(1.3)), "largest"),
        (rj.Ensemble([240, 60], "linear"), "smallest"),
        (rj.Ensemble.square(60, 2, "erf", rj.Uniform(1.1)), "largest"),
        (rj.Ensemble.square(60, 2, "hardtanh", ["orthogonal", "gaussian"]), "largest"),
    ],
)
@pytest.mark.parametrize("masks", ["network", "independent"])
def test_against_the_law(ensemble, which, masks):
    """Mean and standard deviation of log lambda at N = 60: the next order is some tenths of a standard deviation."""
    samples = 400
    found = sample_largest(ensemble, samples, rng=2, which=which, masks=masks).log_eigenvalues
    law = getattr(rj.limit_spectrum(ensemble), which)(signal=masks)
    assert abs(found.mean() - law.log_mean) < 0.12 * law.log_std + 4.0 * law.log_std / np.sqrt(samples)
    assert law.log_std / found.std() == pytest.approx(1.0, abs=0.05 + 4.0 / np.sqrt(2.0 * samples))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"samples": 0}, ValueError, "samples=0"),
        ({"which": "middle"}, ValueError, "which='middle'"),
        ({"masks": "x"}, ValueError, "masks='x'"),
        ({"threads": 0}, ValueError, "threads=0"),
        ({"which": "smallest", "invariance": True}, ValueError, "which='largest'"),
        ({"input_variance": -1.0}, ValueError, "input_variance=-1.0"),
        ({"rng": "a"}, TypeError, "rng"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        sample_largest(rj.Ensemble.square(4, 1), **{"rng": 0, **options})


def test_invariance_needs_gaussian_weights():
    with pytest.raises(ValueError, match="invariance=True needs Gaussian"):
        sample_largest(rj.Ensemble.square(4, 1, "tanh", "uniform"), rng=0, invariance=True)

import numpy as np
import pytest

import rmtjac as rj

ENSEMBLE = rj.Ensemble([12, 18, 12], ["tanh", "hardtanh"], [rj.Gaussian(1.2), rj.Orthogonal()], rj.Gaussian(0.1))


def test_threads_and_seeds():
    one, two = (rj.sample_eigenvalues(ENSEMBLE, 5, rng=7, threads=k) for k in (1, 2))
    np.testing.assert_array_equal(one.log_moduli, two.log_moduli)
    np.testing.assert_array_equal(one.angles, two.angles)
    other = rj.sample_eigenvalues(ENSEMBLE, 5, rng=8)
    assert not np.array_equal(one.log_moduli, other.log_moduli)
    assert one.facts["seed"] != other.facts["seed"]


@pytest.mark.parametrize("masks", ["network", "independent"])
def test_determinants_are_those_of_the_spectrum(masks):
    """The product of the moduli is that of the singular values: the same networks, inputs and masks."""
    ensemble = rj.Ensemble.square(12, 3, "tanh", rj.Gaussian(1.2))
    options = {"rng": 3, "masks": masks, "input_variance": 0.4}
    emp, spectrum = rj.sample_eigenvalues(ensemble, 4, **options), rj.sample_spectrum(ensemble, 4, **options)
    np.testing.assert_allclose(emp.log_moduli.sum(axis=1), spectrum.log_singular_values.sum(axis=1), atol=1e-8)
    assert np.all(emp.log_spectral_radii <= spectrum.log_singular_values[:, -1] + 1e-12)


@pytest.mark.parametrize("law", [rj.Cauchy(), rj.Rademacher(), rj.StudentT(3)])
def test_any_law_can_be_sampled(law):
    assert rj.sample_eigenvalues(rj.Ensemble.square(9, 2, "relu", law), 3, rng=0).size == 9


def test_smallest_case():
    emp = rj.sample_eigenvalues(rj.Ensemble([1, 5, 1], "tanh"), 3, rng=0)
    assert emp.real_counts.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("ensemble", "options", "words"),
    [
        (rj.Ensemble([4, 3]), {}, "eigenvalues need a square Jacobian"),
        (ENSEMBLE, {"samples": 0}, "samples=0"),
        (ENSEMBLE, {"masks": "none"}, "masks='none'"),
        (ENSEMBLE, {"input_variance": -1.0}, "input_variance"),
        (ENSEMBLE, {"threads": 0}, "threads=0"),
    ],
)
def test_refusals(ensemble, options, words):
    with pytest.raises(ValueError, match=words):
        rj.sample_eigenvalues(ensemble, rng=0, **options)

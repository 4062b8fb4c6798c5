import math

import numpy as np
import pytest

import rmtjac as rj

EMP = rj.sample_eigenvalues(rj.Ensemble.square(20, 2, "hardtanh"), 6, rng=1)


def test_statistics_from_the_definitions():
    moduli = EMP.moduli
    r = np.array([0.0, 0.2, 0.6, 3.0])
    fractions = (moduli[:, :, None] <= r).mean(axis=1)
    np.testing.assert_allclose(EMP.cdf(r), fractions.mean(axis=0))
    np.testing.assert_allclose(EMP.cdf_error(r), fractions.std(axis=0, ddof=1) / math.sqrt(6))
    np.testing.assert_allclose(EMP.cdf(np.log(r[1:]), log=True), EMP.cdf(r[1:]))
    assert EMP.cdf(-0.1) == 0.0
    assert EMP.cdf(np.ones((2, 3))).shape == (2, 3)
    assert EMP.atom == (moduli == 0.0).mean()
    assert EMP.spectral_radius.value == pytest.approx(moduli.max(axis=1).mean())
    assert EMP.stable_fraction.value == (moduli.max(axis=1) < 1.0).mean()
    values = EMP.eigenvalues
    assert np.array_equal(EMP.real_counts, ((values.imag == 0.0) & (values != 0.0)).sum(axis=1))
    np.testing.assert_allclose(values.sum(axis=1).imag, 0.0, atol=1e-12)
    assert EMP.unresolved == 0.0
    histogram = EMP.histogram(7)
    assert histogram.fraction.sum() + EMP.atom == pytest.approx(1.0)
    assert EMP.histogram(7, "log").edges[0] > 0.0
    with pytest.raises(ValueError, match="r holds NaN"):
        EMP.cdf(math.nan)


def test_number_of_real_eigenvalues():
    # E = sqrt(2 N / pi) + 1/2 for real Ginibre matrices (Edelman, Kostlan and Shub 1994); sd about .8 N^(1/4)
    emp = rj.sample_eigenvalues(rj.Ensemble.square(100, 1, "linear"), 40, rng=2)
    assert emp.real_counts.mean() == pytest.approx(math.sqrt(200.0 / math.pi) + 0.5, abs=3 * 2.6 / math.sqrt(40))

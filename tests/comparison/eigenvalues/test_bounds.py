import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.eigenvalues.bounds import bounds


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_share_beyond_the_circle_is_that_of_ginibre_products(depth):
    # The expected number beyond the unit circle is sqrt(n / (2 pi)), n = N / L
    law = rj.limit_eigenvalues(rj.Ensemble.square(5, depth, "linear"))
    assert bounds(law, 800, 0.0).edge == pytest.approx(math.sqrt(800 / depth / (2.0 * math.pi)) / 800, rel=1e-9)


def test_share_beyond_the_circle_against_samples():
    ensemble = rj.Ensemble.square(100, 1, "tanh")
    law, sample = rj.limit_eigenvalues(ensemble), rj.sample_eigenvalues(ensemble, 300, rng=1)
    beyond = 1.0 - float(sample.cdf(law.spectral_radius))
    error = float(sample.cdf_error(law.spectral_radius))
    assert beyond == pytest.approx(bounds(law, 100, 0.0).edge, abs=3.0 * error + 2.0 / 100)
    assert error < 0.003


def test_parts():
    law = rj.limit_eigenvalues(rj.Ensemble.square(5, 1, "linear"))
    found = bounds(law, 1000, 0.001)
    assert found.inside == pytest.approx(2e-3 + 3e-3)
    assert found.everywhere == pytest.approx(found.edge + found.inside)
    assert bounds(law, 1000, math.nan).inside == pytest.approx(2e-3 + 3.0 * 1000**-0.75)
    wide = bounds(rj.limit_eigenvalues(rj.Ensemble.square(5, 1, "arctan", rj.Orthogonal())), 10**6, 0.0)
    assert 0.0 < wide.edge < 1e-2
    circle = bounds(rj.limit_eigenvalues(rj.Ensemble.square(5, 1, "linear", rj.Orthogonal())), 1000, 0.0)
    assert circle.everywhere == 1.0
    assert np.isinf(circle.reach)

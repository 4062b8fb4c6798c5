import numpy as np
import pytest

import rmtjac as rj


@pytest.mark.parametrize("name", ["tanh", "leaky_relu:0.01", "relu", "gelu"])
@pytest.mark.parametrize("k", [0.5, 2, 7])
def test_moments_are_means_over_quantiles(name, k):
    law = rj.limit_eigenvalues(rj.Ensemble.square(5, 1, name))
    # int_0^1 r(p)^k dp, with panels that crowd at the steep places of the quantile
    p = np.concatenate(
        [law.atom + (1.0 - law.atom) * x for x in (np.geomspace(1e-12, 0.4, 400), np.linspace(0.4, 1.0, 800))]
    )
    z, w = np.polynomial.legendre.leggauss(6)
    half = 0.5 * np.diff(p)[:, None]
    mean = float((half * w * law.quantile(p[:-1, None] + half * (1.0 + z)) ** k).sum())
    assert law.moment(k) == pytest.approx(mean, rel=1e-7)


def test_moments_next_to_a_hole():
    law = rj.limit_eigenvalues(rj.Ensemble.square(5, 1, "arctan", rj.Orthogonal()))
    assert law.inner_radius < law.moment(1) < law.moment(2) ** 0.5 < law.spectral_radius
    assert law.moment(1e-9) == pytest.approx(1.0, abs=1e-8)

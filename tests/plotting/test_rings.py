import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.plotting import plot_ring


def pair(*arguments, samples=3):
    ensemble = rj.Ensemble.square(*arguments)
    return rj.limit_eigenvalues(ensemble), rj.sample_eigenvalues(ensemble, samples, rng=0)


def test_plane_and_radial_cdf():
    law, sample = pair(40, 2, "leaky_relu:0.4", rj.Orthogonal(1.3))
    found = plot_ring(law, sample, title="a ring")
    assert found["figure"].get_suptitle() == "a ring"
    assert found["ax"].get_aspect() == 1.0
    radii = [np.hypot(*line.get_data()) for line in found["circles"]]
    for values, radius in zip(radii, (law.spectral_radius, law.inner_radius), strict=True):
        np.testing.assert_allclose(values, radius)
    x, y = found["eigenvalues"][0].get_data()
    np.testing.assert_array_equal(x + 1j * y, sample.eigenvalues.ravel())
    assert found["ax"].get_xlim()[1] >= np.abs(sample.eigenvalues).max()
    r, f = found["cdf"][0].get_data()
    np.testing.assert_array_equal(f, law.cdf(r))
    r, f = found["sampled_cdf"][0].get_data()
    np.testing.assert_array_equal(f, sample.cdf(r))
    plt.close(found["figure"])


@pytest.mark.parametrize(
    "arguments",
    [(10, 1, "linear", rj.Orthogonal()), (10, 3, "relu"), (10, 40, "linear"), (10, 1, "linear", rj.Gaussian(30.0))],
)
@pytest.mark.parametrize("sampled", [False, True])
def test_all_kinds_of_rings(arguments, sampled):
    law, sample = pair(*arguments, samples=1)
    found = plot_ring(law, sample if sampled else None)
    found["figure"].canvas.draw()
    assert ("eigenvalues" in found) == sampled
    assert ("atom" in found) == (law.atom > 0.0)
    assert len(found["circles"]) == 1
    plt.close(found["figure"])


def test_large_samples_are_thinned():
    law, sample = pair(1000, 1, "linear", samples=1)
    many = rj.EmpiricalEigenvalues(
        np.repeat(sample.log_moduli, 9, axis=0),
        np.repeat(sample.angles, 9, axis=0),
        np.zeros(9) - 40,
        np.zeros(9, int),
        {},
    )
    ax = plt.figure().subplots()
    found = plot_ring(law, many, ax)
    assert found["eigenvalues"][0].get_xdata().size == 6000
    assert "figure" not in found
    plt.close(ax.figure)

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.smoothing import kernel_cdf
from rmtjac.spectra.statistics.smoothed import smoothed_cdf_at
from tests.spectra.made import spectrum


def test_by_hand():
    emp = spectrum([[0.0, 1.0, 4.0], [0.0, 0.0, 9.0]])
    lam = np.array([0.0, 0.5, 3.0, 1e300])
    exact = 0.5 + sum(kernel_cdf(np.log(np.maximum(lam, 1e-300) / x), 0.4) for x in (1.0, 4.0, 9.0)) / 6.0
    exact[0] = 0.5
    np.testing.assert_allclose(emp.smoothed_cdf(lam, 0.4), exact, rtol=1e-12)


def test_the_angle_zero_is_the_cdf_off_the_eigenvalues():
    emp = rj.sample_spectrum(rj.Ensemble.square(20, 2, "relu"), 5, rng=0)
    lam = np.geomspace(1e-6, 10.0, 50)
    np.testing.assert_allclose(emp.smoothed_cdf(lam, 0.0), emp.cdf(lam), rtol=1e-12)


def test_ends_and_shapes():
    emp = spectrum([[1.0, 2.0]])
    np.testing.assert_array_equal(emp.smoothed_cdf([[-1.0, 0.0], [-np.inf, np.inf]], 0.3), [[0.0, 0.0], [0.0, 1.0]])
    assert emp.smoothed_cdf(2, 0.3).shape == ()
    assert emp.smoothed_cdf([], 0.3).shape == (0,)
    zeros = spectrum([[0.0, 0.0]])
    np.testing.assert_array_equal(zeros.smoothed_cdf([-1.0, 0.0, 1.0], 0.3), [0.0, 1.0, 1.0])
    for angle, message in ((-0.1, "angle=-0.1"), (3.2, "angle=3.2"), (np.nan, "angle=nan")):
        with pytest.raises(ValueError, match=message):
            emp.smoothed_cdf(1.0, angle)
    with pytest.raises(ValueError, match="NaN"):
        emp.smoothed_cdf([np.nan], 0.3)


def test_counts_give_the_same_curve_to_the_width_of_a_bin():
    ens = rj.Ensemble.square(30, 2, "relu")
    emp = rj.sample_spectrum(ens, 10, rng=0)
    binned = rj.sample_spectrum(ens, 10, rng=0, keep="histogram")
    lam = np.concatenate([[0.0, np.inf], np.geomspace(1e-6, 10.0, 60)])
    # a centre stands for its bin of width w = .01: the error is below w / 2 times the largest density of the kernel
    np.testing.assert_allclose(binned.smoothed_cdf(lam, 0.3), emp.smoothed_cdf(lam, 0.3), atol=0.005)


def test_many_points_are_cut_into_blocks():
    logs = np.log(np.random.default_rng(0).random(3000))
    lam = np.geomspace(1e-3, 1.0, 1000)
    whole = smoothed_cdf_at(lam, 0.2, logs)
    np.testing.assert_allclose(whole[::100], [float(smoothed_cdf_at(x, 0.2, logs)) for x in lam[::100]], rtol=1e-12)

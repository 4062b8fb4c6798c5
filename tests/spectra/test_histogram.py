import math

import numpy as np
import pytest

from rmtjac.spectra.histogram import Histogram, bin_edges


def test_densities_and_centers():
    edges = np.array([1.0, 2.0, 4.0])
    linear = Histogram(edges, np.array([0.5, 0.25]), np.array([0.1, 0.1]), "linear")
    assert linear.density.tolist() == [0.5, 0.125]
    assert linear.density_error.tolist() == [0.1, 0.05]
    assert linear.centers.tolist() == [1.5, 3.0]
    log = Histogram(edges, linear.fraction, linear.error, "log")
    np.testing.assert_allclose(log.centers, np.sqrt([2.0, 8.0]), rtol=1e-15)


def test_edges_reach_the_top():
    for scale in ("linear", "log"):
        edges = bin_edges(10, scale, None, -3.0, 5.0)
        assert edges.size == 11
        assert edges[-1] >= math.exp(5.0)
    with pytest.raises(OverflowError, match=r"exp\(800\)"):
        bin_edges(10, "log", None, 0.0, 800.0)
    with pytest.raises(ValueError, match="ascending edges"):
        bin_edges(np.array([1.0, 1.0]), "log", None, 0.0, 1.0)
    with pytest.raises(TypeError, match="bins must be an array of real numbers"):
        bin_edges(np.array([0.0, 1j]), "log", None, 0.0, 1.0)

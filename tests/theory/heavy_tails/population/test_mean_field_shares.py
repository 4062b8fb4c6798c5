"""P(D != 0) from the mean field."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.population.mean_field_shares import mean_field_shares


def test_cauchy_layers():
    """P(|h| < 1) = (2/pi) atan(1/s), s_0 = sqrt(2/pi), s_1 = E|hardtanh(s_0 C)|."""
    found = mean_field_shares(rj.Ensemble.square(9, 2, "hardtanh", rj.Cauchy(1.0)), 1.0)
    s = math.sqrt(2 / math.pi)
    s1 = s / math.pi * math.log1p(s**-2) + 2 / math.pi * math.atan(s)
    assert found == pytest.approx([1.0, 2 / math.pi * math.atan(1 / s), 2 / math.pi * math.atan(1 / s1)], abs=1e-7)


def test_gaussian_and_smooth_layers():
    found = mean_field_shares(rj.Ensemble.square(9, 2, ["tanh", "relu"], rj.Gaussian(1.0)), 4.0)
    assert found == pytest.approx([1.0, 1.0, 0.5], abs=1e-12)


def test_preactivations_of_two_laws_are_left_to_the_pools():
    ensemble = rj.Ensemble.square(9, 1, "hardtanh", rj.Stable(1.5), rj.Gaussian(0.3))
    found = mean_field_shares(ensemble, 1.0)
    assert found is None or np.isfinite(found).all()

import math

import numpy as np
import pytest
from scipy.special import erf

from rmtjac.theory.heavy_tails.coupled.cumulative import Panels


def test_a_narrow_peak_and_a_wide_one():
    # Oracle: erf. 1e-11 a panel is asked for.
    def density(x):
        return np.exp(-(x**2)) + 50.0 * np.exp(-((50.0 * (x - 3.0)) ** 2))

    panels = Panels(density, -12.0, 20.0, 1e-11)
    x = np.concatenate([np.linspace(-12.0, 20.0, 500), np.linspace(2.9, 3.1, 50)])
    exact = 0.5 * math.sqrt(math.pi) * (erf(x) + 1.0 + erf(50.0 * (x - 3.0)) + 1.0)
    assert panels(x) == pytest.approx(exact, abs=1e-9)
    assert panels.total == pytest.approx(2.0 * math.sqrt(math.pi), abs=1e-9)
    assert 0.0 < panels.error < 1e-8


def test_a_jump_and_values_that_fail_are_seen():
    panels = Panels(lambda x: np.where(x > 0.1234, 1.0, 0.0), 0.0, 1.0, 1e-11)
    assert panels.total == pytest.approx(1.0 - 0.1234, abs=panels.error)
    assert 1e-11 < panels.error < 1e-3
    assert Panels(lambda x: np.where(x > 0.5, np.nan, x), 0.0, 1.0, 1e-6).error == math.inf

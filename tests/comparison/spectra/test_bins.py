import math

import numpy as np
import pytest

from rmtjac.comparison.spectra.bins import BinnedComparison, pulls, verdict
from rmtjac.spectra.histogram import Histogram


def test_pulls_by_hand():
    value, error, expected = np.array(
        [[3.0, 1.0, 1.0, 2.0, 1.0], [2.0, 0.0, 0.0, np.nan, np.nan], [1.0, 1.0, 0.5, 2.0, 0]]
    )
    np.testing.assert_array_equal(pulls(value, error, expected), [1.0, 0.0, math.inf, np.nan, np.nan])


def test_bins_that_are_empty_in_both_have_no_pull():
    histogram = Histogram(np.arange(5.0), np.array([0.5, 0.0, 0.0, 0.2]), np.array([0.1, 0.0, 0.0, 0.0]), "linear")
    binned = BinnedComparison(histogram, np.array([0.4, 0.0, 0.1, 0.1]), 0.05)
    # the least error is one eigenvalue, .05
    np.testing.assert_allclose(binned.pulls, [1.0, np.nan, -2.0, 2.0], rtol=1e-12)
    assert binned.rms_pull == pytest.approx(math.sqrt(3.0), rel=1e-12)


def test_verdict():
    assert verdict(0.05) == "agree at 5% (p = 0.05)"
    assert verdict(0.0499) == "disagree at 5% (p = 0.05)"
    assert verdict(0.2, 0.25) == "disagree at 25% (p = 0.2)"
    assert verdict(math.nan) == "not tested"

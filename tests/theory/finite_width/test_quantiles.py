import numpy as np
import pytest
from scipy import stats

from rmtjac.theory.finite_width.quantiles import quantiles


def test_both_tails_against_scipy():
    law = stats.gumbel_r
    p = np.array([[1e-200, 1e-9, 0.3], [0.5, 0.9, 1.0 - 1e-12]])
    found = quantiles(p, law.cdf, law.sf, -8.0, 40.0)
    np.testing.assert_allclose(found, law.ppf(p), rtol=1e-11)  # xtol is 1e-13; 1 - p itself has few digits
    assert found.shape == p.shape


def test_ends_and_bad_input():
    found = quantiles([0.0, 1.0], stats.norm.cdf, stats.norm.sf, -9.0, 9.0)
    assert found.tolist() == [-np.inf, np.inf]
    for p in (-0.1, 1.5, np.nan):
        with pytest.raises(ValueError, match="must lie in"):
            quantiles(p, stats.norm.cdf, stats.norm.sf, -9.0, 9.0)

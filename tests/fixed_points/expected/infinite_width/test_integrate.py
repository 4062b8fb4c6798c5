import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.infinite_width.integrate import expected_in_limit


def test_kinds_add_up_and_errors_are_real():
    ens = rj.Ensemble([2, 100, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.3))
    found = expected_in_limit(ens, None)
    parts = found.stable.value + found.saddles.value + found.repellers.value
    assert parts == pytest.approx(found.total.value, rel=1e-12)
    assert all(0.0 < error < 2e-3 for _, error in (found.total, found.stable, found.saddles, found.repellers))
    assert found.origin.size == 0 and np.isfinite(found.growth)


def test_unknown_options_are_named():
    with pytest.raises(TypeError, match="networks"):
        expected_in_limit(rj.Ensemble([2, 2], "tanh"), None, networks=3)

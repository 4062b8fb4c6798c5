import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.spectra.width_ladder import ladder_ensemble


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_ladder_has_the_limit_of_the_ensemble(power):
    ens = rj.Ensemble([60, 120, 90], "tanh", rj.Gaussian(1.3 * 60 ** (power - 0.5), power), rj.Gaussian(0.2, 0.5))
    small = ladder_ensemble(ens)
    assert small.widths == (16, 32, 24)
    # the same variances to rounding
    np.testing.assert_allclose(rj.limit_spectrum(small).moments(3), rj.limit_spectrum(ens).moments(3), rtol=1e-10)


def test_widths_that_cannot_be_scaled():
    for widths in ([7, 7], [100, 33, 50]):
        with pytest.raises(ValueError, match=r"widths=.* cannot be scaled"):
            ladder_ensemble(rj.Ensemble(widths))

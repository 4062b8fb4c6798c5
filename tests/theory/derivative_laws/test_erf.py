import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import ErfLaw, derivative_law


def test_erf_prefactor_is_not_the_printed_one():
    # BS print z / sqrt(2 pi q) Phi; the series E D^2k = (1 + pi q k)^(-1/2) decides for z / sqrt(pi q) Phi.
    q, z = 0.5, 0.4
    law = derivative_law(rj.activations.activation("erf"), q)
    assert isinstance(law, ErfLaw)
    k = np.arange(1, 60)
    series = float(np.sum(z**k / np.sqrt(1 + math.pi * q * k)))
    assert complex(law.moment_transform(z)).real == pytest.approx(series, rel=1e-14)
    with mp.workdps(30):
        assert float(law.moment_transform_mp(mp.mpf(z))) == pytest.approx(series, rel=1e-14)
        printed = z / mp.sqrt(2 * mp.pi * q) * mp.lerchphi(z, 0.5, 1 + 1 / (mp.pi * q))
    assert float(printed) == pytest.approx(series / math.sqrt(2), rel=1e-12)

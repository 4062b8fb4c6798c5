import mpmath as mp
import pytest

from rmtjac.activations.analytic import ANALYTIC


@pytest.mark.parametrize("name", ANALYTIC)
@pytest.mark.parametrize("h", [-300.0, -131.5, -40.0, -17.3, -5.0, -0.3, 0.4, 6.0, 90.0])
def test_every_digit_counts_far_out_too(name, h):
    # mish' was 1 - (1 - e^h) once: none of its digits are right at h = -40 in 16. 20 bits for what cancels near a zero.
    formula = ANALYTIC[name].formula
    h = abs(h) if ANALYTIC[name].even else h
    with mp.workdps(500):
        exact = formula(mp.mp, mp.mpf(h))
    with mp.workdps(16):
        assert abs(formula(mp.mp, mp.mpf(h)) / exact - 1) < 1e-11

import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform
from rmtjac.kernels.limit.tails import DEEP, has_tail
from rmtjac.theory import derivative_law
from tests.oracles.far_tail import SIDES, means

VARIANCES = {"gelu": 1e3, "erf": 300.0, "tanh": 2e4, "sigmoid": 5e4, "softplus": 5e4, "silu": 1e5, "mish": 5e4}


def _law(name, q):
    return derivative_law(rj.activations.activation(name), q)


@pytest.mark.parametrize(("name", "v"), list(zip(SIDES, [1000.0 - 0.4j, 1300.0 - 2.9j] * 4, strict=False)))
def test_against_quadrature(name, v):
    # Rounding of v leaves 1e-13 in log u, which the tail knows to some 1e-2 of it only.
    law = _law(name, VARIANCES[name])
    with mp.workdps(25):
        c, angle = means(name, VARIANCES[name], v)
    found = log_moment_transform(*law.kernel, complex(v))
    assert found.rest == pytest.approx(complex(c), rel=1e-13)
    assert found.imag_m == pytest.approx(float(c.imag), rel=1e-12)
    assert found.log_ratio + v == pytest.approx(complex(mp.log(c - 1)), rel=1e-13)
    assert law.log_potential(np.array([v])).imag[0] == pytest.approx(float(angle), rel=1e-13)


@pytest.mark.parametrize("name", SIDES)
def test_the_rule_and_the_tail_agree_where_they_meet(name):
    law = _law(name, VARIANCES[name])
    for aside in (-0.1, -1.5, -math.pi):
        below, above = (complex(DEEP + sign * 1e-9, aside) for sign in (-1, 1))
        for one, two in zip(
            log_moment_transform(*law.kernel, below), log_moment_transform(*law.kernel, above), strict=True
        ):
            assert one == pytest.approx(two, rel=1e-9)
        one, two = law.log_potential(np.array([below, above]))
        assert one == pytest.approx(two, rel=1e-10)
    # and derivatives are those of the values
    v, h = 800.0 - 1.0j, 1e-3
    left, right, here = (log_moment_transform(*law.kernel, x) for x in (v - h, v + h, v))
    assert (right.log_rest - left.log_rest) / (2 * h) == pytest.approx(here.log_rest_slope, rel=1e-6)
    assert (right.log_ratio - left.log_ratio) / (2 * h) == pytest.approx(here.log_ratio_slope, rel=1e-6)
    m = here.rest - 1.0
    one, two = law.log_potential(np.array([v - h, v + h]))
    assert (two - one) / (2 * h) == pytest.approx(-m, rel=1e-6)


def test_most_laws_need_none():
    assert not has_tail(_law("gelu", 5.0).panels)
    assert not has_tail(_law("softsign", 1e12).panels)  # a power: D^2 > 1e-200
    assert has_tail(_law("gelu", 30.0).panels)

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.eigenvalues.ring_table import RingTable
from tests.theory.eigenvalues.test_ring_equation import equation


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu", "leaky_relu:0.01"])
def test_splines_meet_the_equation_off_their_knots(name):
    found = equation(rj.Ensemble.square(5, 2, name))
    table = RingTable(found)
    w = np.sort(np.random.default_rng(0).uniform(0.0, 20.0, 300))
    e, t = found.points(w)
    used = np.log(e) > table.lowest
    np.testing.assert_allclose(np.exp(table.log_share(table.place(t)))[used], e[used], atol=1e-13, rtol=1e-10)
    np.testing.assert_allclose(table.radius(table.log_radius(np.log(e)))[used], t[used], atol=1e-10)
    assert table.error < 1e-12


def test_below_the_last_knot_the_curve_goes_on_as_a_power():
    table = RingTable(equation(rj.Ensemble.square(5, 1, "leaky_relu:0.5")))
    y = table.lowest - np.array([1.0, 50.0])
    place = table.log_radius(y)
    np.testing.assert_allclose(table.log_share(place), y, rtol=1e-12)
    np.testing.assert_allclose((y - table.lowest) / (place - table.first), 1.0, rtol=1e-6)  # F ~ r^2


def test_hidden_values_are_seen():
    assert RingTable(equation(rj.Ensemble.square(5, 1, "erf"), 1e4)).limited
    assert not RingTable(equation(rj.Ensemble.square(5, 2, "erf"), 1.0)).limited

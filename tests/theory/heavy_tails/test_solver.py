"""The interface of the limits: what every solver has, whichever way it takes."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.solver import Tail, Values
from rmtjac.theory.heavy_tails.stored import tabulate

LINEAR = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear", rj.Cauchy())).solver
HARDTANH = rj.limit_spectrum(rj.Ensemble.square(10, 1, "hardtanh", rj.Cauchy())).solver


@pytest.mark.parametrize("solver", [LINEAR, tabulate(LINEAR), HARDTANH], ids=["independent", "table", "coupled"])
def test_values_have_the_shape_of_the_points_and_errors(solver):
    points = np.array([-3.0, 0.0, 2.0])
    for found in (solver.log_density(points), solver.cdf(points)):
        assert isinstance(found, Values)
        assert found.value.shape == found.error.shape == (3,)
        assert np.all(found.value >= 0.0)
        assert np.all(found.error < 1e-3)
    assert np.shape(solver.atom.value) == np.shape(solver.atom.error) == ()
    assert solver.method in ("independent", "coupled", "population")
    assert solver.angle == 0.0


def test_a_tail_without_logarithms_is_a_plain_power():
    assert Tail(0.5, math.inf).log_power == 0.0

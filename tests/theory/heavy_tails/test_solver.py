"""The interface of the limits: what every solver has, whichever way it takes."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.solver import Tail, Values
from rmtjac.theory.heavy_tails.stored import tabulate

LINEAR = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear", rj.Cauchy())).solver
HARDTANH = rj.limit_spectrum(rj.Ensemble.square(10, 1, "hardtanh", rj.Cauchy())).solver
POINTS = np.array([-3.0, 0.0, 2.0])


def _assert_values(found):
    assert isinstance(found, Values)
    assert found.value.shape == found.error.shape == POINTS.shape
    assert np.all(found.value >= 0.0)
    assert np.all(found.error < 1e-3)


@pytest.mark.parametrize("solver", [LINEAR, tabulate(LINEAR), HARDTANH], ids=["independent", "table", "coupled"])
def test_densities_have_the_shape_of_the_points_and_errors(solver):
    _assert_values(solver.log_density(POINTS))
    assert np.shape(solver.atom.value) == np.shape(solver.atom.error) == ()
    assert solver.method in ("independent", "coupled", "population")
    assert solver.angle == 0.0


@pytest.mark.parametrize("solver", [LINEAR, tabulate(LINEAR)], ids=["independent", "table"])
def test_cdfs_have_the_shape_of_the_points_and_errors(solver):
    _assert_values(solver.cdf(POINTS))


def test_a_tail_without_logarithms_is_a_plain_power():
    assert Tail(0.5, math.inf).log_power == 0.0

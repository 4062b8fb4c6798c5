import cmath
import math

import numpy as np
import pytest

from rmtjac.theory.heavy_tails.coupled.grid import Resolution, make_grid

HOW = Resolution(0.5, 2.2, 12.0, 1e-4)


@pytest.mark.parametrize("q", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("angle", [0.0, 0.2, 1.5])
def test_both_exponentials_are_integrated(q, angle):
    # Oracle: closed forms. With u = (turn y)^2, int exp(-u eta) d(turn y) = sqrt(pi/eta)/2, and the exponential of
    # erfcx, exp(((q + i) turn y)^2 / eta), integrates to sqrt(pi eta)/(-2 i (q + i)): both decay on the ray.
    for size in (0.1, 1.0, 7.0):
        eta = size * cmath.exp(0.5j * (angle - math.pi))
        grid = make_grid(
            eta, angle, 1.0, q, 1.0, np.ones(1), 40.0 * max(size, 1.0 / size) / math.sqrt(min(q, 1.0)), HOW
        )
        assert grid.complete
        line = grid.turn * grid.nodes
        first = grid.turn * grid.weights @ np.exp(-(line**2) * eta)
        assert first == pytest.approx(0.5 * cmath.sqrt(math.pi / eta), rel=1e-9)
        second = grid.turn * grid.weights @ np.exp(((q + 1j) * line) ** 2 / eta)
        if q <= 1.0:  # beyond, the ray need not be one on which this term alone decays
            # The term gamma chi damps it in addition; without it the grid resolves less than all of it.
            assert second == pytest.approx(0.5j * cmath.sqrt(math.pi * eta) / (q + 1j), rel=1e-3)


def test_a_grid_that_grows_too_large_says_so():
    grid = make_grid(-1j, 0.0, 1e-3, 1e-3, 1.0, np.ones(1), 1e5, HOW)
    assert not grid.complete
    assert grid.nodes.size <= 2500

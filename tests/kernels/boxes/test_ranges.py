import numpy as np
import pytest

from rmtjac.activations import activation, names
from rmtjac.kernels.boxes.ranges import ranges


@pytest.mark.parametrize("spec", [*names(), "leaky_relu:-0.7", "leaky_relu:1.8"])
def test_values_and_slopes_lie_within_the_bounds(spec):
    phi = activation(spec)
    rng = np.random.default_rng(0)
    middle = np.concatenate([rng.normal(0.0, 2.0, 300), rng.normal(0.0, 30.0, 100), [0.0, 1.0, -1.0, 6.0]])
    for width in (0.0, 1e-12, 0.3, 20.0):
        radius = width * rng.uniform(0.0, 1.0, middle.size)
        centre, spread, least, most = ranges(phi.code, phi.parameter, middle, radius)
        for t in np.linspace(-1.0, 1.0, 41):
            h = middle + t * radius
            room = 4e-16 * (1.0 + np.abs(h))  # h and phi(h) are rounded here
            assert (np.abs(phi(h) - centre) <= spread + 8.0 * room).all()
            slope = phi.derivative(h)
            assert (slope >= least - 8.0 * room).all()
            assert (slope <= most + 8.0 * room).all()
        # At a point the bound is of the size of rounding.
        if width == 0.0:
            assert (spread <= 1e-14 * (1.0 + np.abs(centre))).all()


def test_saturation_narrows_a_wide_interval():
    centre, spread, _, _ = ranges(5, 0.0, np.array([10.0]), np.array([9.0]))
    assert centre[0] - spread[0] >= np.tanh(1.0) - 1e-14
    assert centre[0] + spread[0] <= 1.0 + 1e-14


def test_kinks_take_both_slopes():
    _, _, least, most = ranges(1, 0.0, np.array([0.0, 1.0, -1.0]), np.zeros(3))
    assert least.tolist() == [0.0, 1.0, 0.0]
    assert most.tolist() == [1.0, 1.0, 0.0]


def test_overflow_leaves_nan():
    for middle, radius in ((np.inf, 0.0), (np.nan, 1.0), (1e308, 1e308), (0.0, np.inf), (-1e308, 1e308)):
        found = ranges(5, 0.0, np.array([middle]), np.array([radius]))
        assert all(np.isnan(bound).all() for bound in found)

import mpmath
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import activation, names
from rmtjac.fixed_points.layers import activated, affine, asymptotes, value_range

EVERY = (*names(), "leaky_relu:-0.5", "leaky_relu:3.0")


@pytest.mark.parametrize("spec", EVERY)
def test_bounds_hold_every_value_also_over_half_lines(spec):
    phi = activation(spec)
    rng = np.random.default_rng(0)
    ends = np.sort(rng.standard_cauchy((400, 2)), axis=1)
    ends[:100, 0], ends[100:200, 1] = -np.inf, np.inf
    low, high = activated(phi, *ends.T)
    cut = np.clip(ends, -1e6, 1e6)
    values = phi(np.minimum(cut[:, :1] + np.linspace(0, 1, 101) * np.diff(cut, axis=1), cut[:, 1:]))
    assert (low[:, None] <= values).all()
    assert (values <= high[:, None]).all()
    # No wider than the steepest slope, 3, makes them.
    assert ((high - low)[200:] <= 3.0 * np.ptp(ends[200:], axis=1) * (1.0 + 1e-12) + 1e-12).all()


@pytest.mark.parametrize("spec", EVERY)
def test_asymptotes(spec):
    phi = activation(spec)
    left, right, bend = asymptotes(phi)
    h = np.concatenate([np.linspace(-8, 8, 4001), [-1e9, 1e9]])
    far = np.where(h < 0.0, left, right) * h
    assert (np.abs(phi(h) - far) <= bend + 8e-16 * np.abs(far)).all()


def test_the_valleys_to_40_digits():
    with mpmath.workdps(40):
        gates = {
            "silu": lambda t: t / (1 + mpmath.exp(-t)),
            "gelu": lambda t: t * mpmath.ncdf(t),
            "mish": lambda t: t * mpmath.tanh(mpmath.log(1 + mpmath.exp(t))),
        }
        for name, phi in gates.items():
            place = mpmath.findroot(lambda t, phi=phi: mpmath.diff(phi, t), -1.1)
            least = value_range(activation(name))[0]
            assert 0 <= phi(place) - mpmath.mpf(least) < 1e-15


def test_nothing_is_known_of_a_function_of_ones_own():
    sine = rj.Activation("sine", np.sin, np.cos)
    low, high = activated(sine, np.zeros(1), np.ones(1))
    assert asymptotes(sine) is None
    assert (low.item(), high.item()) == (-np.inf, np.inf)
    # One that only has the name of a registered one.
    other = rj.Activation("silu", np.sin, np.cos)
    assert asymptotes(other) is None
    assert activated(other, np.zeros(1), np.ones(1))[0] == -np.inf


def test_a_product_with_infinite_ends():
    matrix = np.array([[1.0, 0.0], [0.0, -2.0], [1.0, 1.0], [0.0, 0.0]])
    low, high = affine(matrix, np.ones(4), np.array([0.0, -np.inf]), np.array([3.0, 1.0]))
    np.testing.assert_allclose(low, [1.0, -1.0, -np.inf, 1.0], rtol=1e-14)
    np.testing.assert_allclose(high, [4.0, np.inf, 5.0, 1.0], rtol=1e-14)
    # An overflow is no bound.
    low, high = affine(np.full((1, 2), 1e308), np.zeros(1), np.full(2, -10.0), np.full(2, 10.0))
    assert (low.item(), high.item()) == (-np.inf, np.inf)

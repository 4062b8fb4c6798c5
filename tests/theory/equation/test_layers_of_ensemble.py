import math

import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.theory import mean_field
from rmtjac.theory.equation.layers_of_ensemble import layers_of_ensemble


def _layers(ensemble, input_variance=1.0):
    return layers_of_ensemble(ensemble, mean_field(ensemble, input_variance))


def _normal(f, variance):
    """E f(h), h ~ N(0, variance)."""
    root = math.sqrt(variance)
    return quad(lambda z: f(root * z) * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi), -12.0, 12.0, epsabs=1e-13)[0]


def test_widths_kinds_and_variances():
    weights = [rj.Gaussian(1.5), rj.Orthogonal(0.5), rj.Rademacher(2.0)]
    layers = _layers(rj.Ensemble([200, 100, 400, 50], "tanh", weights))
    assert layers.widths == (200.0, 100.0, 400.0, 50.0)
    assert layers.orthogonal == (False, True, False)
    # n_l Var W of a Gaussian of scale s/sqrt(n_l) and of +-s/sqrt(n_l), the square of the gain
    np.testing.assert_allclose(layers.variances, [2.25, 0.25, 4.0], rtol=1e-14)


def test_laws_are_those_of_the_signal():
    # h_0 ~ N(0, 1.5^2 q_0 + .3^2), and q_1 = E tanh(h_0)^2 by scipy
    layers = _layers(rj.Ensemble.square(10, 2, "tanh", rj.Gaussian(1.5), rj.Gaussian(0.3)), 0.7)
    first = 2.25 * 0.7 + 0.09
    second = 2.25 * _normal(lambda h: math.tanh(h) ** 2, first) + 0.09
    for law, q in zip(layers.laws, (first, second), strict=True):
        assert law.mean == pytest.approx(_normal(lambda h: math.cosh(h) ** -4, q), rel=1e-11)


def test_variances_that_agree_to_rounding_are_one_law():
    ensemble = rj.Ensemble.square(10, 5, "tanh", rj.Gaussian(1.2), rj.Gaussian(0.4))
    assert len(_layers(ensemble, "stationary").groups) == 1
    assert len(_layers(ensemble, 0.1).groups) == 5


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (rj.Gaussian(0.0), "vanish in layer 0: the spectrum is a point mass at 0"),
        (rj.Orthogonal(0.0), "vanish in layer 0"),
        ([rj.Gaussian(1.0), rj.Gaussian(0.0)], "vanish in layer 1"),
        ([rj.Gaussian(1.0), rj.Uniform(1e170)], "their variance in layer 1 leaves the range of a float"),
    ],
)
def test_weights_without_a_limit(weights, message):
    ensemble = rj.Ensemble.square(4, 2, "erf", weights)
    signal = mean_field(rj.Ensemble.square(4, 2, "erf"), 1.0)
    with pytest.raises(ValueError, match=message):
        layers_of_ensemble(ensemble, signal)
    with pytest.raises(ValueError, match=message):
        rj.limit_spectrum(ensemble)

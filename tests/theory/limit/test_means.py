import dataclasses

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers
from rmtjac.theory.equation import own_mass
from tests.oracles.closed_forms import fuss_catalan_moment
from tests.theory.limit.fixed_rules import NAMES, equal_layers, integral, log_integral


@pytest.mark.parametrize("name", ["hardtanh", "tanh", "erf", "relu", "gelu"])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_same_with_a_mean_field_that_moves(name, depth):
    lim = rj.limit_spectrum(
        rj.Ensemble.square(100, depth, name, rj.Gaussian(1.2), rj.Gaussian(0.1)), input_variance=2.0
    )
    assert integral(lim) + lim.atom == pytest.approx(1.0, abs=1e-8)
    for k in (1, 2):
        assert integral(lim, k) == pytest.approx(lim.moment(k), rel=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 5, 10, 30])
def test_fuss_catalan_moments(depth):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, "linear"))
    exact = [fuss_catalan_moment(depth, k) for k in range(1, 13)]
    np.testing.assert_allclose(lim.moments(12), np.array(exact, dtype=float), rtol=1e-13)
    assert lim.moment(3) == pytest.approx(exact[2], rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_moments_against_the_density(name):
    lim = equal_layers(name, 2)
    for k in (1, 2, 3):
        assert integral(lim, k) == pytest.approx(lim.moment(k), rel=1e-9)


@pytest.mark.parametrize("name", [*NAMES, "leaky_relu:0.2"])
@pytest.mark.parametrize("depth", [1, 2, 5, 20])
def test_six_moments(name, depth):
    # Promised: total mass 1 and the first six moments to 1e-11.
    lim = equal_layers(name, depth)
    assert log_integral(lim, 0) + lim.atom == pytest.approx(1.0, abs=1e-11)
    moments = lim.moments(6)
    for k in range(1, 7):
        assert log_integral(lim, k) == pytest.approx(moments[k - 1], rel=1e-11)


def test_nothing_is_read_off_a_limit_without_the_whole_mass(monkeypatch):
    whole = own_mass.support

    def lossy(layers):
        found = whole(layers)
        return dataclasses.replace(found, intervals=found.intervals[1:], floors=found.floors[1:])

    monkeypatch.setattr(own_mass, "support", lossy)
    lim = rj.LimitSpectrum(Layers([DiscreteLaw.from_points([0.01, 1.0], [0.5, 0.5])], [1.0]))
    answers = {
        "moment": lambda: lim.moment(1),
        "moments": lambda: lim.moments(2),
        "exact_moments": lambda: lim.exact_moments(2),
        "mean": lambda: lim.mean(np.ones_like),
        "log_moment": lim.log_moment,
        "stieltjes": lambda: lim.stieltjes(1j),
        "moment_function": lambda: lim.moment_function(1j),
        "s_transform": lambda: lim.s_transform(0.1),
        "r_transform": lambda: lim.r_transform(0.1),
        "solve": lambda: lim.solve(np.zeros(1)),
    }
    for answer in answers.values():
        with pytest.raises(ArithmeticError, match=r"has mass 0\.5.* on its support, not 1"):
            answer()


def test_moments_take_an_order():
    lim = equal_layers("linear", 1)
    assert lim.moments(order=3).tolist() == [1.0, 2.0, 5.0]
    assert lim.exact_moments(order=3) == (1, 2, 5)
    for call in (lim.moments, lim.exact_moments):
        with pytest.raises(ValueError, match="order=0 must be a positive whole number"):
            call(0)
        with pytest.raises(TypeError, match=r"order=1\.5"):
            call(1.5)

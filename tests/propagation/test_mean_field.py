import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.propagation.mean_field import reached_variance
from tests.oracles.closed_forms import erf_step, hardtanh_cauchy_step, hardtanh_step

STEPS = {
    "linear": lambda q: q,
    "relu": lambda q: q / 2,
    "leaky_relu:0.3": lambda q: q * 1.09 / 2,
    "erf": erf_step,
    "hardtanh": hardtanh_step,
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("q0", [0.0, 1e-3, 1.0, 40.0])
def test_recursion_against_closed_forms(name, q0):
    ens = rj.Ensemble.square(10, 4, name, rj.Gaussian(1.3), rj.Gaussian(0.2))
    field = rj.mean_field(ens, q0)
    q = q0
    for l in range(4):
        variance = 1.69 * q + 0.04
        assert field.preactivation_variances[l] == pytest.approx(variance, rel=1e-12)
        q = STEPS[name](variance)


def test_chi():
    field = rj.mean_field(rj.Ensemble.square(10, 1, "hardtanh", rj.Gaussian(1.3)), 1.0)
    assert field.chi == pytest.approx(1.69 * math.erf(1 / math.sqrt(2 * 1.69)), rel=1e-12)


@pytest.mark.parametrize(
    "law", [rj.Gaussian(1.5, power=1.0), rj.Uniform(0.15, power=0.0), rj.Rademacher(0.15, power=0.0)]
)
def test_only_the_variance_of_the_weights_counts(law):
    # 1.5/100 and .15 per entry: sigma_w^2 = 100 Var
    ens = rj.Ensemble.square(100, 1, "tanh", law)
    assert rj.mean_field(ens, 1.0).preactivation_variances == pytest.approx([100 * law.entry_variance(100, 100, 100)])


@pytest.mark.parametrize(
    ("name", "weight", "bias"),
    [("tanh", 1.5, 0.3), ("tanh", 0.5, 0.3), ("erf", 3.0, 0.0), ("hardtanh", 1.2, 0.05), ("sigmoid", 1.0, 0.0)],
)
def test_stationary_reproduces_itself(name, weight, bias):
    ens = rj.Ensemble.square(10, 6, name, rj.Gaussian(weight), rj.Gaussian(bias))
    field = rj.mean_field(ens, "stationary")
    assert np.ptp(field.scales) < 1e-12 * field.scales[0]
    # and it is where other starts end up
    far = rj.mean_field(rj.Ensemble.square(10, 150, name, rj.Gaussian(weight), rj.Gaussian(bias)), 0.7)
    assert far.scales[-1] == pytest.approx(field.scales[0], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "weight", "expected"),
    [("hardtanh", 1.0, 0.0), ("tanh", 1.0, 0.0), ("tanh", 0.5, 0.0), ("relu", 1.0, 0.0), ("relu", 2**0.5, 1.0)],
)
def test_stationary_where_the_signal_dies_or_any_is_stationary(name, weight, expected):
    assert rj.mean_field(rj.Ensemble.square(10, 2, name, rj.Gaussian(weight)), "stationary").input_variance == expected


@pytest.mark.parametrize(
    ("weight", "bias", "expected"),
    # q = weight (q / 2) + bias of the preactivations, ReLU: exactly, or all but, a power of 2 for q_0 = q / 2
    [(1.5, 1.0, 2.0), (1.0, 0.5, 0.5), (1.0, 2.0, 2.0), (1.5, 2.0, 4.0), (1.0, 0.125, 0.125), (1.0, 1e-20, 1e-20)],
)
def test_stationary_on_a_power_of_two(weight, bias, expected):
    ens = rj.Ensemble.square(10, 1, "relu", rj.Gaussian(weight**0.5), rj.Gaussian(bias**0.5))
    # quadrature 1e-13, divided by 1 - weight / 2 >= 1/4
    assert rj.mean_field(ens, "stationary").input_variance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("step", "at_zero", "expected"),
    [
        (lambda q: 0.75 * q + 1.0, 1.0, 4.0),
        (lambda q: 0.75 * q + 0.0625 * (1 + 1e-15), 0.0625, 0.25),
        (lambda q: q, 0.0, 1.0),
        (lambda q: 2 * q, 0.0, math.inf),
        (lambda q: 0.5 * q, 0.0, 0.0),
        (lambda q: math.inf, 1.0, math.inf),
        (lambda q: math.tanh(0.5 * q) + 1e-200, 1e-200, 2e-200),
        # From q = 1 down the first fixed point met is .4, not .0999...; between them the map is below the diagonal
        (lambda q: q + (0.4 - q) * abs(q - 0.01) if q > 0.01 else q + 0.001, 0.001, 0.4),
    ],
)
def test_reached_variance(step, at_zero, expected):
    assert reached_variance(step, at_zero) == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(("name", "expected"), [("hardtanh", 0.596330), ("tanh", 0.51207), ("erf", 0.52950)])
def test_cauchy_stationary_scale(name, expected):
    # The scale (docs/theory/conventions.md) to which a deep Cauchy network tends, gamma = 1, no bias.
    field = rj.mean_field(rj.Ensemble.square(10, 80, name, rj.Cauchy()), 1.0)
    assert field.scales[-1] == pytest.approx(expected, abs=6e-6)
    assert field.heavy_tailed
    assert np.isinf(field.preactivation_variances).all()


def test_cauchy_recursion_against_the_closed_form():
    field = rj.mean_field(rj.Ensemble.square(10, 3, "hardtanh", rj.Cauchy(1.3), rj.Cauchy(0.2)), 2.0)
    scale = 1.3 * math.sqrt(4 / math.pi) + 0.2
    for l in range(3):
        assert field.scales[l] == pytest.approx(scale, rel=1e-12)
        scale = 1.3 * hardtanh_cauchy_step(scale) + 0.2


def test_wide_networks_follow():
    # |x^l|^2 / n of a network with n = 2000: standard deviation about sqrt(2/n) = 3 % of q per layer
    ens = rj.Ensemble.square(2000, 3, "tanh", rj.Gaussian(1.5), rj.Gaussian(0.3))
    hs = ens.draw(0).preactivations(rj.spectra.sample_input(ens, 0, 0))
    for h, q in zip(hs, rj.mean_field(ens).preactivation_variances, strict=True):
        assert h.var() == pytest.approx(q, rel=0.12)


@pytest.mark.parametrize(
    ("ens", "q0", "message"),
    [
        (rj.Ensemble([4, 5, 4], "tanh", rj.Gaussian(power=1.0)), "stationary", "needs layers with equal variances"),
        (rj.Ensemble.square(4, 2, "tanh", rj.Cauchy()), "stationary", "finite variance"),
        (rj.Ensemble.square(4, 2, "relu", rj.Gaussian(2.0)), "stationary", "grows without bound"),
        (rj.Ensemble.square(4, 2, "relu", rj.Gaussian(2**0.5), rj.Gaussian(0.1)), "stationary", "grows without bound"),
        (rj.Ensemble.square(4, 2, ["relu", "tanh"]), "stationary", "needs layers with equal variances"),
        (rj.Ensemble.square(4, 2, "tanh"), "stationry", "must be a number >= 0 or 'stationary'"),
        (rj.Ensemble.square(4, 2, "tanh"), -1.0, "input_variance=-1.0"),
        (rj.Ensemble.square(4, 2, "tanh"), math.inf, "input_variance=inf"),
        (rj.Ensemble.square(4, 2, "tanh", rj.Cauchy(), rj.Gaussian()), 1.0, "a mean field is known where"),
        (rj.Ensemble.square(4, 2, "tanh", rj.Stable()), 1.0, "a mean field is known where"),
        (rj.Ensemble.square(4, 2, "relu", rj.Cauchy()), 1.0, "unbounded"),
        (rj.Ensemble.square(4, 900, "linear", rj.Gaussian(1e3)), 1.0, "leaves the range of a float"),
    ],
)
def test_no_mean_field(ens, q0, message):
    with pytest.raises(ValueError, match=message):
        rj.mean_field(ens, q0)

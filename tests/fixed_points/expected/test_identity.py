import math

import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.identity import ensemble_of, hidden_std, identity, wide_identity


def ensemble(width=10, depth=2, weights=rj.Gaussian(), biases=rj.Gaussian(0.5), activation="tanh"):  # noqa: B008
    return rj.Ensemble([2, *[width] * (depth - 1), 2], activation, weights, biases)


SAME = [
    (ensemble(), ensemble(weights="gaussian:1.0:0.5")),
    (ensemble(), ensemble(weights=[rj.Gaussian(), rj.Gaussian(10**0.5, power=1.0)])),  # the fan-in of layer 2 is 10
    (ensemble(biases=None), ensemble(biases=rj.Gaussian(0.0))),
    (ensemble(biases=None), ensemble(biases=rj.Cauchy(0.0))),
    (ensemble(depth=1, width=5), ensemble(depth=1, width=9)),
    (ensemble(weights=rj.Cauchy(power=1.0)), ensemble(weights=rj.Cauchy())),
]
DIFFERENT = [
    (ensemble(), ensemble(biases=rj.Gaussian(0.5 + 1e-9))),
    (ensemble(), ensemble(weights=rj.Gaussian(1.0 + 1e-9))),
    (ensemble(), ensemble(weights=rj.Uniform())),
    (ensemble(), ensemble(activation="erf")),
    (ensemble(), ensemble(activation=["tanh", "hardtanh"])),
    (ensemble(), ensemble(depth=3)),
    (ensemble(), rj.Ensemble([3, 10, 3], "tanh", rj.Gaussian(), rj.Gaussian(0.5))),
    (ensemble(weights=rj.StudentT(3)), ensemble(weights=rj.StudentT(4))),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_numbers_are_the_same_ensemble(one, other):
    assert identity(one) == identity(other)
    assert wide_identity(one) == wide_identity(other)
    assert hash(identity(one)) == hash(identity(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_numbers_are_another_ensemble(one, other):
    assert identity(one) != identity(other)
    assert wide_identity(one) != wide_identity(other)


def test_hidden_widths_count_at_finite_width_only():
    assert identity(ensemble(10)) != identity(ensemble(30))
    assert wide_identity(ensemble(10)) == wide_identity(ensemble(30))
    # A scale 1/fan-in depends on the width, also in the limit: n Var W = 1/n.
    steep = rj.Gaussian(power=1.0)
    assert wide_identity(ensemble(10, weights=steep)) != wide_identity(ensemble(30, weights=steep))


def test_scales():
    assert hidden_std(ensemble(weights=rj.Gaussian(1.5))) == (1.5, 0.5)
    assert hidden_std(ensemble(biases=None)) == (1.0, 0.0)
    weights, biases = hidden_std(ensemble(weights=rj.Gaussian(power=1.0), biases=rj.Gaussian(power=0.5)))
    assert math.isnan(weights)
    assert math.isnan(biases)
    assert hidden_std(ensemble(weights=rj.Cauchy()))[0] == math.inf


def test_the_ensemble_of_facts():
    one = ensemble(activation=["tanh", "leaky_relu:0.2"])
    assert identity(ensemble_of({"ensemble": one.to_dict()})) == identity(one)
    assert ensemble_of({}) is None

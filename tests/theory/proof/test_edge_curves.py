"""The curves log lambda(m) beside the support: values in closed form, slopes by differences, bounds of slopes."""

import itertools
import math

import mpmath as mp
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.proof.edge_curves import least_slope, most_slope, stretch_above, stretch_below
from rmtjac.theory.proof.exact_equation import equation
from rmtjac.theory.proof.verdict import Unproved

flint = pytest.importorskip("flint")


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


@pytest.fixture(autouse=True)
def _bits():
    with flint.ctx.workprec(80):
        yield


ABOVE = {
    "linear": Layers([_law("linear")] * 3, [1.0] * 3),
    "hardtanh": Layers([_law("hardtanh")] * 2, [1.0] * 2),
    "rectangular": Layers([_law("relu"), _law("hardtanh")], [1.0, 2.0], [300, 200, 400]),
    "orthogonal": Layers([_law("relu"), _law("hardtanh")], [1.0, 2.0], [300, 200, 400], [True, False]),
    "points": Layers([DiscreteLaw.from_points([0.0, 0.5, 2.0], [0.2, 0.3, 0.5])] * 2, [1.0] * 2),
    "tanh": Layers([_law("tanh")], [1.0]),
    "two laws": Layers([_law("tanh"), DiscreteLaw.from_points([0.5, 2.0], [0.3, 0.7])], [1.0] * 2),
}
BELOW = {
    "hardtanh": Layers([_law("hardtanh")], [1.0]),
    "rectangular": Layers([_law("relu"), _law("hardtanh")], [1.0, 2.0], [300, 200, 400]),
    "orthogonal": Layers([_law("relu"), _law("hardtanh")], [1.0, 2.0], [300, 200, 400], [True, False]),
    "with tanh": Layers([_law("tanh"), _law("hardtanh", 0.3)], [1.0] * 2),
}


@pytest.mark.parametrize("depth", [1, 2, 5, 100])
def test_linear_layers_in_closed_form(depth):
    # log lambda = (L + 1) log(1 + m) - log m, slope (L + 1) m/(1 + m) - 1 in y = log m, here as (1 + m)^L (1 + m)/m
    stretch = stretch_above(equation(Layers([_law("linear")] * depth, [1.0] * depth)))
    for v in (-20.0, -3.0, 0.0, 2.0):
        place = stretch.curve(v)
        with mp.workdps(40):
            m = mp.exp(mp.mpf(v))
            want, slope = (depth + 1) * mp.log(1 + m) - mp.log(m), (depth + 1) * m / (1 + m) - 1
        assert abs(float(place.value.mid()) - float(want)) <= 1e-14 * abs(float(want))
        assert abs(float(place.slope.mid()) - float(slope)) <= 1e-13
        assert place.value.rel_accuracy_bits() > 60


def _places(stretch, count=5):
    """Points about the edge: next to the tip of the cut, in the middle where log m is not bounded by one."""
    wide = stretch.high - stretch.low > 100.0
    low, high = (stretch.high - 63.0, stretch.high - 57.0) if wide else (stretch.high - 6.0, stretch.high - 1e-3)
    out = [stretch.curve(low + (high - low) * i / count) for i in range(count)]
    assert None not in out
    return out


@pytest.mark.parametrize("name", ABOVE)
def test_slopes_above_are_derivatives_of_the_value(name):
    _check_slopes(stretch_above(equation(ABOVE[name])))


@pytest.mark.parametrize("name", BELOW)
def test_slopes_below_are_derivatives_of_the_value(name):
    _check_slopes(stretch_below(equation(BELOW[name])))


def _check_slopes(stretch):
    # The mean slope between two points lies between the bounds, and the slope at a point is that of a small step.
    places = _places(stretch)
    for low, high in itertools.pairwise(places):
        mean = (high.value - low.value) / (high.y - low.y)
        assert least_slope(low, high) <= mean <= most_slope(low, high)
    v, step = stretch.high - (60.0 if stretch.high - stretch.low > 100.0 else 2.0), 1e-4
    left, here, right = (stretch.curve(v + sign * step) for sign in (-1, 0, 1))
    mean = float(((right.value - left.value) / (right.y - left.y)).mid())
    # the third derivative of the curve in y, which is of the size of 1 + |slope|, over 24 of the square of the step
    assert float(here.slope.mid()) == pytest.approx(mean, abs=1e-6 * (1.0 + abs(mean)))
    assert stretch.bottom.y < here.y


def test_between_equal_points_the_bounds_meet():
    for layers in (ABOVE["linear"], ABOVE["points"]):
        place = _places(stretch_above(equation(layers)))[2]
        assert float(least_slope(place, place).mid()) == pytest.approx(float(most_slope(place, place).mid()), abs=1e-15)


def test_no_point_beyond_the_tip():
    stretch = stretch_above(equation(ABOVE["tanh"]))
    assert stretch.high == -math.log(_law("tanh").supremum)
    assert stretch.curve(stretch.high + 0.1) is None
    assert stretch.curve(math.nan) is None


def test_where_there_is_no_gap_above_zero():
    for layers, message in (
        (Layers([_law("linear")] * 2, [1.0] * 2), "several factors share the smallest rank"),
        (Layers([_law("tanh")], [1.0], [300, 100]), "the smallest rank is that of a law with a single value"),
        (Layers([_law("tanh")], [1.0]), "shared|smallest rank"),
    ):
        with pytest.raises(Unproved, match=message):
            stretch_below(equation(layers))

import itertools

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import activation, names
from rmtjac.kernels import activations as compiled
from rmtjac.kernels.boxes.activations import _inflections, derivative_range, kinks, strip

SPECS = [*names(), "leaky_relu:0.2", "leaky_relu:-0.5"]


def _mp_value(spec, h):
    """phi(h) to the working precision of mpmath."""
    name, _, slope = spec.partition(":")
    one = {
        "linear": lambda: h,
        "relu": lambda: max(h, mp.mpf(0)),
        "leaky_relu": lambda: h if h > 0 else mp.mpf(float(slope or 0.01)) * h,
        "hardtanh": lambda: min(max(h, mp.mpf(-1)), mp.mpf(1)),
        "relu6": lambda: min(max(h, mp.mpf(0)), mp.mpf(6)),
        "tanh": lambda: mp.tanh(h),
        "erf": lambda: mp.erf(mp.sqrt(mp.pi) * h / 2),
        "sigmoid": lambda: 1 / (1 + mp.exp(-h)),
        "softsign": lambda: h / (1 + abs(h)),
        "arctan": lambda: mp.atan(h),
        "softplus": lambda: mp.log(1 + mp.exp(h)) if h < 40 else h + mp.log(1 + mp.exp(-h)),
        "silu": lambda: h / (1 + mp.exp(-h)),
        "gelu": lambda: h * mp.ncdf(h),
        "mish": lambda: h * mp.tanh(mp.log(1 + mp.exp(h))) if h < 40 else h,
    }
    return one[name]()


def _boxes(rng, count):
    """Intervals of all sizes and places, some that touch kinks and inflections."""
    for _ in range(count):
        centre = rng.choice([0.0, 1.0, -1.0, 6.0, 2.0**0.5, 2.3993572805154668, *rng.normal(0, 3, 6)])
        width = 10.0 ** rng.uniform(-12, 1.3)
        offset = rng.choice([0.0, 1.0, rng.uniform()])
        yield centre - offset * width, centre + (1 - offset) * width


@pytest.mark.parametrize("spec", SPECS)
def test_the_strip_holds_the_function(spec):
    phi = activation(spec)
    rng = np.random.default_rng(names().index(spec.partition(":")[0]))
    with mp.workdps(50):
        for low, high in _boxes(rng, 150):
            s, t, error, affine = strip(phi.code, phi.parameter, low, high)
            for h in (low, high, 0.5 * (low + high), *rng.uniform(low, high, 5)):
                exact = _mp_value(spec, mp.mpf(h))
                assert abs(exact - mp.mpf(s) * mp.mpf(h) - mp.mpf(t)) <= error, (low, high, h)
            assert not affine or error == 0.0


@pytest.mark.parametrize("spec", SPECS)
def test_the_range_of_the_derivative_holds_slopes(spec):
    phi = activation(spec)
    rng = np.random.default_rng(7)
    with mp.workdps(50):
        for low, high in _boxes(rng, 100):
            least, most = derivative_range(phi.code, phi.parameter, low, high)
            points = sorted([low, high, *rng.uniform(low, high, 6)])
            for a, b in itertools.pairwise(points):
                if b > a:  # mean value theorem: slopes of chords are values between
                    slope = (_mp_value(spec, mp.mpf(b)) - _mp_value(spec, mp.mpf(a))) / (mp.mpf(b) - mp.mpf(a))
                    assert least <= slope <= most, (low, high, a, b)


@pytest.mark.parametrize("spec", [name for name in names() if activation(name).slopes is None])
def test_strips_are_tight_to_second_order(spec):
    # |phi - chord| <= |phi''| w^2 / 8 on an interval of width w: half of that on each side of the strip's line. Away
    # from inflections the tangent in the middle is parallel to the chord up to O(w^2), so the strip is as narrow.
    phi = activation(spec)
    for centre in (0.7, -1.3):
        width = 1e-3
        _, _, error, _ = strip(phi.code, phi.parameter, centre - width / 2, centre + width / 2)
        step = 1e-4
        second = (phi.derivative(np.array(centre + step)) - phi.derivative(np.array(centre - step))) / (2 * step)
        assert error <= 1.01 * abs(second) * width**2 / 16 + 1e-14


def test_library_functions_are_as_accurate_as_the_bounds_assume():
    # 16 units in the last place are allowed; 8 are asked for.
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(0, 3, 150), 10.0 ** rng.uniform(-8, 1, 50), -(10.0 ** rng.uniform(-8, 1, 50))])
    with mp.workdps(40):
        for spec in names():
            phi = activation(spec)
            for h in points:
                exact = _mp_value(spec, mp.mpf(h))
                # The pad of a strip counts |phi| and |h|: silu, gelu and mish cancel for negative h.
                size = abs(exact) + (abs(h) if phi.code >= 11 else 0)
                assert abs(compiled.value(phi.code, phi.parameter, h) - exact) <= 8 * 2.0**-53 * size, (spec, h)


def test_kinks_are_those_of_the_activations():
    for spec in SPECS:
        phi = activation(spec)
        if phi.piecewise_affine:
            count, *places = kinks(phi.code)
            assert tuple(places[:count]) == phi.breakpoints


def test_inflections_are_where_the_second_derivative_vanishes():
    with mp.workdps(30):
        for spec in ("silu", "mish", "gelu"):
            for place in _inflections(activation(spec).code):
                assert abs(mp.diff(lambda h, spec=spec: _mp_value(spec, h), place, 2)) < 1e-14


def test_the_line_of_a_kink_is_the_best_of_three():
    # relu on [-1, 3]: the chord, error 3/8; slopes 0 and 1 give 3/2 and 1/2.
    code = rj.activations.activation("relu").code
    s, t, error, affine = strip(code, 0.0, -1.0, 3.0)
    assert (s, affine) == (0.75, False)
    assert error == pytest.approx(0.375, abs=1e-14)
    assert t == pytest.approx(0.375, abs=1e-14)

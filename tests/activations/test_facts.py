import dataclasses
import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import Facts, activation, activation_facts, names
from rmtjac.activations.analytic import ANALYTIC
from rmtjac.activations.facts import DECLARABLE
from rmtjac.activations.pointwise import POINTWISE
from rmtjac.kernels.activations import value
from rmtjac.kernels.boxes.activations import derivative_range
from tests.oracles.activations import FUNCTIONS

SPECS = [*names(), "leaky_relu:0.0", "leaky_relu:-0.5", "leaky_relu:2.0"]


def test_every_name_is_in_every_table():
    # Leaky ReLU depends on its slope and has a function of its own.
    assert {*activation_facts, "leaky_relu"} == set(names()) == set(FUNCTIONS)
    smooth = {name for name in names() if not activation(name).piecewise_affine}
    assert set(ANALYTIC) == smooth
    assert set(POINTWISE) <= set(names())
    for name in names():
        phi = activation(name)
        assert math.isfinite(value(phi.code, phi.parameter, 0.5)), name
        assert phi.facts.declared is False


@pytest.mark.parametrize("spec", SPECS)
def test_the_half_line_on_a_grid(spec):
    # On t >= 0: second differences, phi(t)/t, phi(0), phi(t)/t far out; to rounding of the differences.
    phi = activation(spec)
    known = phi.facts
    t = np.linspace(0.0, 12.0, 4001)
    y = phi(t)
    bend = np.diff(y, 2)
    assert bool((bend <= 1e-13).all()) == known.concave
    ratio = y[1:] / t[1:]
    falls = np.diff(ratio)
    assert bool((falls <= 1e-14).all()) == (known.ratio != "no")
    near = falls[: np.searchsorted(t, 4.0)]  # far out a saturated tanh falls as 1/t, well above rounding too
    assert bool((near < 0.0).all()) == (known.ratio == "strictly")
    assert float(phi(np.zeros(1))[0]) == pytest.approx(known.at_zero, abs=1e-16)
    far = 1e12
    assert float(phi(np.array([far]))[0]) / far == pytest.approx(known.slope, abs=1e-9)
    s = t[t <= 7.0]  # gelu(8.4) = 8.4 in doubles
    if (phi(s) > s).any():
        assert known.identity_up_to is None
    else:
        same = s[phi(s) == s].max()
        assert known.identity_up_to == pytest.approx(np.inf if same == s[-1] else same, abs=4e-3)


@pytest.mark.parametrize("spec", SPECS)
def test_the_whole_line_on_a_grid(spec):
    phi = activation(spec)
    known = phi.facts
    h = np.linspace(max(known.monotone_from, -20.0), 20.0, 8001)
    assert (np.diff(phi(h)) >= -1e-15).all()
    wide = np.concatenate([-np.geomspace(1e18, 20, 200), np.linspace(-20.0, 20.0, 80001), np.geomspace(20, 1e18, 200)])
    y = phi(wide)
    for bound, extreme, sign in ((known.lower, y.min(), -1.0), (known.upper, y.max(), 1.0)):
        # A bound: it holds, and is reached to 1e-8 of the grid; infinite where phi grows like h.
        assert sign * (extreme - bound) <= 0.0
        assert (abs(extreme) >= 1e15) if math.isinf(bound) else abs(extreme - bound) <= 1e-8
    slopes = np.abs(phi.derivative(wide))
    assert known.steepest - 1e-7 <= slopes.max() <= known.steepest
    if phi.code >= 5:
        assert derivative_range(phi.code, phi.parameter, -50.0, 50.0)[1] == pytest.approx(known.steepest, rel=1e-9)


@pytest.mark.parametrize("name", ["silu", "gelu", "mish"])
def test_minima_and_steepest_slopes_are_rounded_outward(name):
    # 40 digits; the bound holds and is no further than 1e-9 (steepest) or an ulp or two (minimum).
    f, known = FUNCTIONS[name], activation(name).facts
    with mp.workdps(40):
        low = f(mp.findroot(lambda h: mp.diff(f, h), {"silu": -1.28, "gelu": -0.75, "mish": -1.19}[name]))
        steep = mp.diff(f, mp.findroot(lambda h: mp.diff(f, h, 2), {"silu": 2.4, "gelu": 1.41, "mish": 1.49}[name]))
        assert 0 <= low - mp.mpf(known.lower) < mp.mpf(2) ** -53
        assert 0 <= mp.mpf(known.steepest) - steep < mp.mpf("1e-9")


@pytest.mark.parametrize("spec", [spec for spec in SPECS if activation(spec).piecewise_affine])
def test_slopes_alone_give_the_facts_of_the_table(spec):
    # The same functions without a declaration: everything follows from breakpoints, slopes and values.
    phi = activation(spec)
    bare = rj.Activation("own", phi.function, phi.derivative, phi.breakpoints, phi.slopes)
    assert dataclasses.replace(bare.facts, declared=False) == phi.facts


def _tanh_prime(h):
    return np.cosh(np.clip(h, -300, 300)) ** -2.0


def test_nothing_is_known_without_a_declaration():
    own = rj.Activation("tanh", np.tanh, _tanh_prime)  # the name says nothing
    assert own.facts == Facts(at_zero=0.0, declared=True)
    assert not own.facts.falling_ratio
    assert not own.facts.half_line
    assert not own.facts.nonnegative


def test_declared_facts_and_what_follows():
    own = rj.Activation("own", np.tanh, _tanh_prime, concave=True, ratio="strictly", slope_at_infinity=0.0)
    assert own.facts == Facts(True, "strictly", 0.0, 0.0, None, 0.0, declared=True)
    bounded = rj.Activation("own", np.tanh, _tanh_prime, lower=-1, upper=1)
    assert bounded.facts.slope == 0.0
    assert bounded.facts.concave is None
    gentle = rj.Activation("own", np.tanh, _tanh_prime, concave=True, ratio="strictly", upper=1, lower=-1, steepest=1)
    assert gentle.facts.identity_up_to == 0.0
    # 2 tanh exceeds t: no bound by the identity follows.
    steep = rj.Activation("own", lambda h: 2 * np.tanh(h), lambda h: 2 * _tanh_prime(h), ratio="strictly", steepest=2)
    assert steep.facts.identity_up_to is None
    # A decreasing concave function, and the zero function, have no use for their ratio.
    falling = rj.Activation("own", lambda h: -h, lambda h: -np.ones_like(h), concave=True, slope_at_infinity=-1.0)
    assert falling.facts.monotone_from is None
    zero = rj.Activation("own", np.zeros_like, np.zeros_like, slopes=(0.0,))
    assert zero.facts.ratio is None
    assert (zero.facts.lower, zero.facts.upper) == (0.0, 0.0)


def test_registered_under_a_name_of_one_s_own(monkeypatch):
    from rmtjac.activations import registry

    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    rj.activations.register(
        rj.Activation("soft", np.arctan, lambda h: 1 / (1 + h * h), concave=True, lower=-2, upper=2)
    )
    assert activation("soft").facts.declared
    assert activation("soft").facts.concave is True


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"ratio": "yes"}, "ratio='yes'"),
        ({"concave": "no"}, "concave='no'"),
        ({"lower": math.nan}, "lower=nan"),
        ({"steepest": -1.0}, "steepest=-1.0"),
        ({"identity_up_to": -0.5}, "identity_up_to=-0.5"),
        ({"lower": 1.0, "upper": 0.0}, "is above upper"),
        ({"slope_at_infinity": "0"}, "slope_at_infinity='0'"),
        ({"slope_at_infinity": math.inf}, "slope_at_infinity=inf"),
    ],
)
def test_declarations_are_checked(facts, message):
    with pytest.raises((ValueError, TypeError), match=message):
        rj.Activation("own", np.tanh, _tanh_prime, **facts)


def test_every_declarable_fact_is_a_field():
    fields = {one.name for one in dataclasses.fields(rj.Activation)}
    assert {"slope_at_infinity" if name == "slope" else name for name in DECLARABLE} <= fields

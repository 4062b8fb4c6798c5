import math

import mpmath as mp
import numpy as np
import pytest

from rmtjac.activations import activation, activation_facts, names
from rmtjac.activations.analytic import ANALYTIC
from rmtjac.activations.pointwise import POINTWISE
from rmtjac.kernels.activations import derivative, value
from rmtjac.kernels.boxes.activations import derivative_range
from tests.oracles.activations import FACTS, FUNCTIONS

SPECS = [*names(), "leaky_relu:0.0", "leaky_relu:-0.5", "leaky_relu:2.0"]


def test_every_name_is_in_every_table():
    # Facts of leaky ReLU depend on its slope: a function returns them.
    assert {*activation_facts, "leaky_relu"} == set(names()) == set(FUNCTIONS) == set(FACTS) == set(POINTWISE)
    # A proof takes the others piece by piece.
    assert set(ANALYTIC) == {name for name in names() if not activation(name).piecewise_affine}
    codes = [activation(name).code for name in names()]
    assert codes == list(range(len(codes)))  # each name one code of the kernels, and none is left out
    for code, name in enumerate(names()):
        phi = activation(name)
        for kernel, formula in ((value, phi), (derivative, phi.derivative)):
            assert kernel(code, phi.parameter, 0.5) == pytest.approx(float(formula(np.array(0.5))), rel=1e-14), name
        low, high = derivative_range(code, phi.parameter, 0.25, 0.5)
        assert low <= float(phi.derivative(np.array(0.375))) <= high, name
        assert phi.facts.declared is False


def test_an_unknown_name_has_no_facts():
    with pytest.raises(KeyError):
        activation_facts["tanhh"]


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

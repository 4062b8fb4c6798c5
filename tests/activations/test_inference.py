import dataclasses

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import Facts, activation, names
from rmtjac.activations.inference import completed

SPECS = [*names(), "leaky_relu:0.0", "leaky_relu:-0.5", "leaky_relu:2.0"]


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


def _pieces(breakpoints, slopes, at_zero):
    """The continuous piecewise affine function with these pieces."""
    cuts = np.array(breakpoints)

    def phi(h):
        # The integral of the slopes from 0 to h.
        ends = np.clip(np.asarray(h, dtype=float)[..., None], np.append(-np.inf, cuts), np.append(cuts, np.inf))
        starts = np.clip(0.0, np.append(-np.inf, cuts), np.append(cuts, np.inf))
        return at_zero + ((ends - starts) * np.array(slopes)).sum(axis=-1)

    return phi


@pytest.mark.parametrize(
    ("breakpoints", "slopes", "at_zero"),
    [
        ((), (0.0,), 2.0),
        ((), (-1.0,), 0.0),
        ((0.0, 2.0), (0.5, 1.0, 0.25), 0.0),
        ((-1.0, 1.0), (0.0, 1.0, 2.0), 0.0),
        ((-3.0, -1.0, 1.0, 3.0), (0.0, 1.0, 0.0, -1.0, 0.0), 1.0),
        ((1.0, 2.0), (1.0, 0.5, 1.0), 0.0),
    ],
)
def test_facts_of_pieces_against_a_grid(breakpoints, slopes, at_zero):
    # All functions are exact on this grid, which holds every breakpoint.
    phi = _pieces(breakpoints, slopes, at_zero)
    found = completed(Facts(), phi, breakpoints, slopes)
    h = np.linspace(-64.0, 64.0, 8193)
    y = phi(h)
    t, z = h[h >= 0.0], y[h >= 0.0]
    assert found.concave == bool((np.diff(z, 2) <= 0.0).all())
    assert found.at_zero == at_zero
    assert found.slope == slopes[-1]
    assert found.steepest == np.abs(np.diff(y) / np.diff(h)).max()
    for bound, extreme in ((found.lower, y.min()), (found.upper, y.max())):
        assert bound == extreme or np.isinf(bound)
    assert np.isinf(found.upper) == (slopes[-1] > 0.0 or slopes[0] < 0.0)
    if found.identity_up_to is not None:
        same = t <= found.identity_up_to
        assert (z[same] == t[same]).all()
        assert (z[~same] < t[~same]).all()
    falls = np.flatnonzero(np.diff(y) < 0.0)
    if found.monotone_from is None:
        assert falls[-1] == h.size - 2
    else:
        assert found.monotone_from == (-np.inf if falls.size == 0 else h[falls[-1] + 1])


def test_what_is_stated_is_kept():
    # Even where other facts would say something else: contradictions are for `check` to find.
    found = completed(Facts(concave=True, slope=0.5, ratio="no", lower=-1.0, upper=1.0, declared=True), np.tanh)
    assert (found.slope, found.ratio, found.monotone_from) == (0.5, "no", 0.0)


def test_a_value_at_zero_that_is_not_finite_is_not_known():
    with np.errstate(divide="ignore"):
        assert completed(Facts(), np.log).at_zero is None

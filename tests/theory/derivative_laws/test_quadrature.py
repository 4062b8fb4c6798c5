"""The quadrature law: moments, values next to its cut, and what it says of its own limits."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy.special import ndtr

import rmtjac as rj
from rmtjac.kernels.limit.tails import DEEP
from rmtjac.theory import QuadratureLaw, derivative_law

SMOOTH = [name for name in rj.activations.names() if not rj.activations.activation(name).piecewise_affine]


@pytest.mark.parametrize("name", SMOOTH)
def test_moments_against_quadrature(name):
    phi, q = rj.activations.activation(name), 0.7
    law = derivative_law(phi, q)
    for k in (1, 2, 5):
        with mp.workdps(20):
            edge = 12 * math.sqrt(q)

            def integrand(h, k=k):
                d = mp.mpf(float(phi.derivative(np.array([float(h)]))[0]))
                return mp.exp(-h * h / (2 * q)) / mp.sqrt(2 * mp.pi * q) * d ** (2 * k)

            exact = mp.quad(integrand, [-edge, -3, -1, 0, 1, 3, edge])
        assert law.moment(k) == pytest.approx(float(exact), rel=1e-12)
        assert float(law.weights @ law.values**k) == pytest.approx(law.moment(k), rel=1e-13)


@pytest.mark.parametrize("name", ["tanh", "erf", "silu", "softsign"])
@pytest.mark.parametrize("angle", [1e-2, 1e-3])
def test_next_to_the_cut(name, angle):
    # |u| = 3/b, arg u = -angle: the rule alone would be off by O(1). Oracle: Plemelj, with the integral along a
    # path lifted off
    # the real axis by complex h, on which D^2 is analytic; here through E log(1 - u D^2), whose derivative in log
    # u is -m.
    law = derivative_law(rj.activations.activation(name), 0.6)
    v, h = complex(math.log(3.0 / law.supremum), -angle), 0.2 * angle
    numeric = -(law.log_potential(v + h) - law.log_potential(v - h)) / (2 * h)
    fourth = -(law.log_potential(v + 2 * h) - law.log_potential(v - 2 * h)) / (4 * h)
    # Richardson: error (0.2)^4 of the fourth derivative over the distance to the next singularity, which is 1
    assert complex((4 * numeric - fourth) / 3) == pytest.approx(complex(law.moment_transform(np.exp(v))), rel=1e-6)
    if name == "erf":
        k = QuadratureLaw(
            law.values.copy(), law.weights.copy(), 0.0, law.supremum, law.source, law.panels.copy(), law.intervals
        )
        # the rule with its correction against the Lerch transcendent; digits are lost in proportion to 1/angle
        assert complex(k.moment_transform(np.exp(v))) == pytest.approx(
            complex(law.moment_transform(np.exp(v))), rel=1e-14 / angle
        )


@pytest.mark.parametrize("q", [9e4, 1e-6])
def test_moments_at_extreme_variances(q):
    law = derivative_law(rj.activations.activation("tanh"), q)
    with mp.workdps(30):
        exact = 2 * mp.quad(lambda h: mp.sech(h) ** 4 * mp.npdf(h, 0, mp.sqrt(q)), [0, 1e-3, 1e-2, 0.1, 1, 5, 30])
    assert law.mean == pytest.approx(float(exact), rel=1e-13)


def _law(name, q):
    return derivative_law(rj.activations.activation(name), q)


def _without_tail(name, q):
    """The law of a Python function: nothing is known of its tail."""
    phi = rj.activations.activation(name)
    return derivative_law(rj.Activation("mine", phi.function, phi.derivative), q)


def test_the_interval_of_log_d_squared():
    # tanh' = sech^2 reaches 1 at h = 0; sigmoid' 1/4; softplus' = sigmoid tends to 1, where there is no mass
    for name, top in (("tanh", 1.0), ("sigmoid", 1 / 16), ("softplus", 1.0), ("erf", 1.0)):
        law = _law(name, 0.5)
        assert law.supremum == pytest.approx(top, rel=1e-12)
        assert law.spectrum[0, 1] == pytest.approx(math.log(law.supremum), rel=1e-14)
        assert (np.log(law.values) <= law.spectrum[0, 1]).all()


def test_the_decay_is_that_of_the_kernel():
    # 1 + m_K ~ |u|^-a: between |u| = e^60 and e^80 the slope of log(1 + m) is -a, up to terms of relative size e^-30
    for name, a in (("gelu", 0.5), ("silu", 0.5), ("softsign", 1.0), ("arctan", 1.0)):
        law = _law(name, 0.5)
        assert law.decay == a
        log_rest, _ = law.log_moment_transform(np.array([60.0, 80.0]) - 1j * math.pi)
        assert float(np.diff(log_rest.real)[0]) / 20.0 == pytest.approx(-a, rel=1e-3)


def test_what_lies_below_the_floats():
    # P(|phi'(h)| < 1e-140), far to the left: gelu'(-x) ~ x^2 e^(-x^2/2) / sqrt(2 pi x^2) is 1e-140 at x = 25.3
    law = _without_tail("gelu", 1e3)
    assert law.lost == pytest.approx(float(ndtr(-25.3 / math.sqrt(1e3))), rel=1e-2)
    assert law.resolved == DEEP
    with pytest.raises(
        ArithmeticError, match=r"E log D\^2 is not known at q=1000: D\^2 < 1e-280 with probability 0.21"
    ):
        _ = law.mean_log
    known = _law("gelu", 1e3)
    assert (known.lost, known.resolved) == (0.0, math.inf)
    assert _law("gelu", 1.0).resolved == math.inf


def test_the_error_next_to_the_cut_covers_the_truth():
    # The rule for erf against the Lerch transcendent, which is right to 1e-14 next to the cut as well.
    exact = _law("erf", 0.5)
    arrays = exact.values.copy(), exact.weights.copy()
    rule = QuadratureLaw(*arrays, 0.0, exact.supremum, exact.source, exact.panels.copy(), exact.intervals)
    rng = np.random.default_rng(2)
    log_u = rng.uniform(-1.0, 8.0, 300) - 1j * 10.0 ** rng.uniform(-7, 0.4, 300)
    units = rule.relative_error(log_u)
    assert (units >= 1.0).all()
    assert units[log_u.imag < -1.0].max() < 3.0
    assert units[(log_u.imag > -1e-6) & (log_u.real > 0.0)].max() > 1e3  # where a pole is next to a node
    wrong = np.abs(np.expm1(rule.log_moment_transform(log_u)[1] - exact.log_moment_transform(log_u)[1]))
    assert (wrong <= 2.0 * np.finfo(float).eps * units + 2e-14).all()
    np.testing.assert_array_equal(rule.relative_error(log_u.reshape(30, 10)).ravel(), units)


def test_a_law_is_read_only():
    law = _law("tanh", 0.5)
    for array in (law.values, law.weights, law.panels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    assert repr(law) == "QuadratureLaw(q=0.5, mean=0.592426, 416 nodes)"

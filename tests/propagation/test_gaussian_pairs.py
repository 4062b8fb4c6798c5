import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import activation, names
from rmtjac.propagation import gaussian_pairs as pairs
from rmtjac.propagation.expectation import gaussian_expectation
from tests.oracles.gaussian_pairs import erf_pair, erf_slopes, hardtanh_gaps, hardtanh_pair, relu_pair, relu_slopes

QS = (1e-6, 0.01, 0.09, 0.3, 0.5, 1.0, 2.0, 7.0, 16.0, 50.0, 1e3, 1e6)


@pytest.mark.parametrize("name", names())
def test_line_against_adaptive_quadrature(name):
    phi = activation(name)
    for q in QS:
        h, w = pairs.line(phi, q)
        for f in (lambda h: phi(h) ** 2, lambda h: phi.derivative(h) ** 2, lambda h: phi(h) * phi.derivative(h) * h):
            # both rules are good to about 1e-13 (measured: 2e-13)
            assert w @ f(h) == pytest.approx(gaussian_expectation(f, q, phi.breakpoints), rel=2e-12)
        h, w = pairs.split_line(phi, q)
        fourth = gaussian_expectation(lambda h: phi.derivative(h) ** 4, q, phi.breakpoints)
        assert w @ phi.derivative(h) ** 4 == pytest.approx(fourth, rel=2e-12)


@pytest.mark.parametrize(("name", "pair", "slopes"), [("erf", erf_pair, erf_slopes), ("relu", relu_pair, relu_slopes)])
@pytest.mark.parametrize("q", [0.01, 0.7, 5.0, 400.0])
@pytest.mark.parametrize("c", [-1.0, -0.4, 0.0, 0.2, 0.9, 0.9999, 1.0])
def test_pairs_against_closed_forms(name, pair, slopes, q, c):
    phi = activation(name)
    value = pairs.square(phi, q) - pairs.gap(phi, q, 1 - c)
    # rounding of sums of about 1e5 terms
    assert value == pytest.approx(pair(q, c), rel=1e-11, abs=1e-12 * q)
    if abs(c) < 1 or name == "erf":
        # arccos loses half the digits of the oracle at c = .9999 only: 1e-16 / sqrt(1 - c^2)
        assert pairs.overlap(phi, q, 1 - c) == pytest.approx(slopes(q, c), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("q", [0.05, 0.8, 30.0])
@pytest.mark.parametrize("delta", [1e-8, 1e-3, 0.3, 0.7, 1.0])
def test_pairs_of_hardtanh_against_price(q, delta):
    phi = activation("hardtanh")
    gap, slope = hardtanh_gaps(q, delta)
    # differences of phi keep their relative accuracy, 1e-16 / sqrt(delta), where c is near 1
    assert pairs.gap(phi, q, delta) == pytest.approx(gap, rel=1e-11)
    exact = math.erf(1 / math.sqrt(2 * q)) - slope
    assert pairs.overlap(phi, q, delta) == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("q", [0.05, 0.8, 30.0])
@pytest.mark.parametrize("c", [-0.9, -0.2, 0.3, 0.95])
def test_pairs_of_hardtanh_against_conditional_means(q, c):
    phi = activation("hardtanh")
    product, slopes = hardtanh_pair(q, c)
    # QUADPACK to 1e-12 of each piece, whose signs differ
    assert pairs.square(phi, q) - pairs.gap(phi, q, 1 - c) == pytest.approx(product, rel=1e-10, abs=1e-11 * min(q, 1))
    assert pairs.overlap(phi, q, 1 - c) == pytest.approx(slopes, rel=1e-10)


USERS = rj.Activation(
    "bent",
    lambda h: np.interp(h, [-3.0, -0.5, 0.1, 2.0], [1.0, 0.0, 1.2, 1.2]) + 0.7 * np.maximum(h - 2.0, 0.0),
    lambda h: np.select([h < -3, h < -0.5, h < 0.1, h < 2.0], [0.0, -0.4, 2.0, 0.0], 0.7),
    breakpoints=(-3.0, -0.5, 0.1, 2.0),
    slopes=(0.0, -0.4, 2.0, 0.0, 0.7),
)


@pytest.mark.parametrize("phi", [*map(activation, ("hardtanh", "relu6", "leaky_relu:0.3")), USERS], ids=str)
@pytest.mark.parametrize("q", [1e-3, 0.8, 1e3, 1e6])
def test_price_and_the_plane_agree(phi, q):
    assert pairs._jumps(phi) is not None
    for delta in (1e-10, 1e-3, 0.5, 1.0, 1.7, 2.0):
        h, other, w, v = pairs._plane(phi, q, delta)
        half = 0.5 * (phi(h)[:, None] - phi(other)) ** 2
        # Price leaves a part of 1e-3 at least of numbers good to 1e-14; phi loses 1e-16 / sqrt(delta) of its
        # differences in the plane
        assert pairs.gap(phi, q, delta) == pytest.approx(pairs._pair_mean(w, v, half), rel=1e-11)
        slopes = pairs._pair_mean(w, v, phi.derivative(h)[:, None] * phi.derivative(other))
        assert pairs.overlap(phi, q, delta) == pytest.approx(slopes, abs=1e-12 * pairs.slope_moments(phi, q)[0])


def test_a_jump_is_left_to_the_plane():
    # Price's theorem with the kinks of phi alone misses the jump. E sign sign = 2/pi arcsin c
    sign = rj.Activation("sign", np.sign, np.zeros_like, breakpoints=(0.0,), slopes=(0.0, 0.0))
    assert pairs._jumps(sign) is None
    for delta in (0.01, 0.5, 1.3):
        assert pairs.gap(sign, 2.0, delta) == pytest.approx(1 - 2 / math.pi * math.asin(1 - delta), rel=1e-11)


@pytest.mark.parametrize(
    ("name", "q"), [("tanh", 0.4), ("tanh", 300.0), ("softsign", 3.0), ("gelu", 3.0), ("relu6", 3.0), ("arctan", 30.0)]
)
def test_pairs_against_hermite_series(name, q):
    # Mehler: E phi(h_1) phi(h_2) = sum_k a_k^2 c^k; 24 terms leave .3^24 = 3e-13
    phi, total, slopes, c = activation(name), 0.0, 0.0, 0.3
    for k in range(24):
        hermite = np.polynomial.hermite_e.HermiteE.basis(k)

        def projected(h, hermite=hermite):
            return phi(h) * hermite(h / math.sqrt(q))

        a = gaussian_expectation(projected, q, phi.breakpoints) / math.sqrt(math.factorial(k))
        total += a * a * c**k
        slopes += k * a * a * c ** (k - 1) / q if k else 0.0
    square = pairs.square(phi, q)
    assert square - pairs.gap(phi, q, 1 - c) == pytest.approx(total, abs=1e-11 * square)
    # slopes: the terms left out weigh 24 times as much
    assert pairs.overlap(phi, q, 1 - c) == pytest.approx(slopes, abs=1e-11 * max(1.0, square / q))


def test_activation_of_a_user_with_a_narrow_feature():
    steep = rj.Activation("steep", lambda h: np.tanh(6 * h), lambda h: 6 / np.cosh(np.clip(6 * h, -300, 300)) ** 2)
    tanh = activation("tanh")
    # tanh(6 h) at variance q is tanh at 36 q
    for q in (0.01, 0.5):
        assert pairs.gap(steep, q, 0.2) == pytest.approx(pairs.gap(tanh, 36 * q, 0.2), rel=1e-11)

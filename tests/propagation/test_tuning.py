import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from rmtjac.activations import activation
from rmtjac.propagation import tuning
from rmtjac.propagation.layer_maps import fixed_variance
from rmtjac.propagation.phase import signal_phase
from tests.oracles.gaussian_pairs import erf_pair

# Critical line


def test_critical_line_of_erf_against_closed_form():
    q = np.array([1e-4, 0.01, 0.3, 2.0, 50.0, 1e3])
    weight = np.sqrt(1 + math.pi * q)
    bias = q - weight * [erf_pair(one, 1) for one in q]
    # At q = 1e-4 the bias, of order q^3, is a difference of numbers 1e8 times as large: relative error 1e-8 of the
    # bias, of q^3, hence of q, and 1e-4 times that of the weight
    assert tuning.critical_line("erf", bias) == pytest.approx(weight, rel=1e-11)


def test_critical_line_of_tanh():
    # Pennington, Schoenholz, Ganguli give about 1.76 at sigma_b^2 = .05
    line = tuning.critical_line("tanh", [0.0, 1e-12, 0.05])
    assert line[0] == 1.0
    # Expansion at small q: sigma_b^2 = 4 q^3 / 3, sigma_w^2 = 1 + 2 q, remainder O(q^2) of 1e-8
    assert line[1] == pytest.approx(1 + 2 * 0.75e-12 ** (1 / 3), abs=1e-7)

    def mean(f, q):
        weight = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # noqa: E731
        return 2 * quad(lambda z: f(math.sqrt(q) * z) * weight(z), 0, 12, epsabs=1e-14, epsrel=1e-13)[0]

    def remainder(q):
        return q - mean(lambda h: math.tanh(h) ** 2, q) / mean(lambda h: math.cosh(h) ** -4, q) - 0.05

    q = brentq(remainder, 0.1, 2.0, xtol=1e-15)
    assert line[2] == pytest.approx(1 / mean(lambda h: math.cosh(h) ** -4, q), rel=1e-11)
    assert line[2] == pytest.approx(1.76, abs=0.005)


@pytest.mark.parametrize("name", ["tanh", "hardtanh", "arctan", "softsign", "sigmoid"])
def test_on_the_critical_line_chi_is_one(name):
    for bias in (0.02, 0.5):
        weight = float(tuning.critical_line(name, bias))
        point = signal_phase(name, weight, bias)
        # error of q*, about 1e-13 / (1 - chi_q)
        assert point.chi_1 == pytest.approx(1.0, abs=1e-10)
        assert point.phase == "critical"


def test_where_there_is_no_critical_line():
    assert tuning.critical_line("relu", [0.0, 0.1]) == pytest.approx([2.0, math.nan], nan_ok=True)
    # GELU grows from q = 0 at sigma_w^2 = 1 / phi'(0)^2 = 4
    assert math.isnan(tuning.critical_line("gelu", 0.0))
    # SiLU has chi_1 = 1 at q = 1 with this bias, but chi_q = 1.099 there; at larger q it is stable
    assert math.isnan(tuning.critical_line("silu", tuning._critical_point(activation("silu"), 1.0)[1]))
    assert tuning.critical_line("silu", 1.0) == pytest.approx(1.967, abs=1e-3)
    line = tuning.critical_line("hardtanh", np.zeros((2, 1)))
    assert line.shape == (2, 1)
    assert line == pytest.approx(np.ones((2, 1)))
    assert not line.flags.writeable


# Isometry


@pytest.mark.parametrize("target", [1e-3, 0.1, 2.0])
def test_isometry_of_erf_against_closed_form(target):
    depth = 30
    tuned = tuning.isometry("erf", depth, target)
    # mu_k = (1 + k pi q)^(-1/2)
    q = brentq(lambda q: depth * ((1 + math.pi * q) / math.sqrt(1 + 2 * math.pi * q) - 1) - target, 1e-5, 10)
    # the fixed point is found to 1e-13 / (1 - chi_q), with 1 - chi_q of order q > 1e-3; brentq to 2e-12
    assert tuned.q == pytest.approx(q, rel=1e-8)
    assert tuned.weight_variance == pytest.approx(math.sqrt(1 + math.pi * q), rel=1e-9)
    assert tuned.chi_1 == pytest.approx(1.0, abs=1e-9)
    assert tuned.spread == pytest.approx(target, rel=1e-7)
    assert fixed_variance("erf", tuned.weight_variance, tuned.bias_variance) == tuned.q


def test_isometry_of_hardtanh_is_a_matter_of_the_atom():
    tuned = tuning.isometry("hardtanh", 10, 0.5)
    # mu_1 = mu_2 = p: depth (1/p - 1) = .5, and sigma_w^2 = 1/p
    assert tuned.weight_variance == pytest.approx(1.05, rel=1e-10)
    assert math.erf(1 / math.sqrt(2 * tuned.q)) == pytest.approx(1 / 1.05, rel=1e-10)


@pytest.mark.parametrize(("weights", "target"), [("orthogonal", 0.5), ("gaussian", 6.0)])
def test_spread_of_sampled_products(weights, target):
    depth, n, samples = 5, 120, 20
    tuned = tuning.isometry("tanh", depth, target, weights=weights)
    rng, seen = np.random.default_rng(11), []
    for _ in range(samples):
        product = np.eye(n)
        for _ in range(depth):
            w = rng.standard_normal((n, n))
            w = w / math.sqrt(n) if weights == "gaussian" else np.linalg.qr(w)[0]
            slope = np.cosh(math.sqrt(tuned.q) * rng.standard_normal(n)) ** -2.0
            product = slope[:, None] * (math.sqrt(tuned.weight_variance) * w) @ product
        values = np.linalg.svd(product, compute_uv=False) ** 2
        seen.append((values**2).mean() / values.mean() ** 2 - 1)
    # Four standard errors, and a bias that falls like 1 / n: up to 5 % is allowed
    slack = 4 * np.std(seen) / math.sqrt(samples) + 0.05 * target
    assert np.mean(seen) == pytest.approx(target, abs=slack)
    assert slack < 0.25 * target


# Arguments


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tuning.critical_line("tanh", -0.1), ValueError, "bias_variance=-0.1"),
        (lambda: tuning.critical_line("tanh", ["a"]), TypeError, "bias_variance=['a'] must be finite numbers >= 0"),
        (lambda: tuning.isometry("tanh", 0, 0.1), ValueError, "depth=0"),
        (lambda: tuning.isometry("tanh", 10, 0.0), ValueError, "target=0.0"),
        (lambda: tuning.isometry("tanh", 10, 0.1, weights="cauchy"), ValueError, "weights='cauchy'"),
        (lambda: tuning.isometry("tanh", 10, 3.0, weights="gaussian"), ValueError, "must be > depth=10 with Gaussian"),
        (lambda: tuning.isometry("relu", 10, 0.1), ValueError, "the spread is between 10 and 10"),
        (lambda: tuning.isometry("gelu", 10, 0.1), ValueError, "not a stable fixed point"),
    ],
)
def test_errors_name_the_argument(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)

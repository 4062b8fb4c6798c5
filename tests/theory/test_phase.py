import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import rmtjac as rj
from rmtjac.activations import activation, names
from rmtjac.expectation import gaussian_expectation
from rmtjac.theory import phase
from tests.oracles.closed_forms import erf_step, hardtanh_step

# Closed forms of E phi(h_1) phi(h_2) and E phi'(h_1) phi'(h_2), variance q, correlation c.


def erf_pair(q, c):
    return 2 / math.pi * math.asin(c * (math.pi / 2) * q / (1 + math.pi / 2 * q))


def erf_slopes(q, c):
    return ((1 + math.pi * q / 2) ** 2 - (math.pi * q * c / 2) ** 2) ** -0.5


def relu_pair(q, c):  # the arc-cosine kernel of order 1
    return q / (2 * math.pi) * (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c)))


def relu_slopes(q, c):  # of order 0
    return (math.pi - math.acos(c)) / (2 * math.pi)


def hardtanh_gaps(q, delta):
    """E phi^2 - E phi phi and E phi'^2 - E phi' phi', by Price: d/dc E phi' phi' = q E phi'' phi''."""

    def kinks(angle):  # q E phi''(h_1) phi''(h_2) dc with c = cos(angle); phi'' = delta(h + 1) - delta(h - 1)
        c = math.cos(angle)
        return (math.exp(-1 / (q * (1 + c))) - math.exp(-1 / (q * max(1 - c, 1e-300)))) / math.pi

    end = 2 * math.asin(math.sqrt(delta / 2))
    slope = quad(kinks, 0, end, epsrel=1e-13)[0]
    # cos a - cos e, without cancellation
    chord = quad(
        lambda a: 2 * math.sin((end + a) / 2) * math.sin((end - a) / 2) * kinks(a), 0, end, epsrel=1e-13, epsabs=0
    )[0]
    return q * (delta * math.erf(1 / math.sqrt(2 * q)) - chord), slope


QS = (1e-6, 0.01, 0.09, 0.3, 0.5, 1.0, 2.0, 7.0, 16.0, 50.0, 1e3, 1e6)


@pytest.mark.parametrize("name", names())
def test_line_against_adaptive_quadrature(name):
    phi = activation(name)
    for q in QS:
        h, w = phase._line(phi, q)
        for f in (lambda h: phi(h) ** 2, lambda h: phi.derivative(h) ** 2, lambda h: phi(h) * phi.derivative(h) * h):
            # both rules are good to about 1e-13 (measured: 2e-13)
            assert w @ f(h) == pytest.approx(gaussian_expectation(f, q, phi.breakpoints), rel=2e-12)
        h, w = phase._split_line(phi, q)
        fourth = gaussian_expectation(lambda h: phi.derivative(h) ** 4, q, phi.breakpoints)
        assert w @ phi.derivative(h) ** 4 == pytest.approx(fourth, rel=2e-12)


@pytest.mark.parametrize(("name", "pair", "slopes"), [("erf", erf_pair, erf_slopes), ("relu", relu_pair, relu_slopes)])
@pytest.mark.parametrize("q", [0.01, 0.7, 5.0, 400.0])
@pytest.mark.parametrize("c", [-1.0, -0.4, 0.0, 0.2, 0.9, 0.9999, 1.0])
def test_pairs_against_closed_forms(name, pair, slopes, q, c):
    phi = activation(name)
    value = phase._square(phi, q) - phase._gap(phi, q, 1 - c)
    # rounding of sums of about 1e5 terms
    assert value == pytest.approx(pair(q, c), rel=1e-11, abs=1e-12 * q)
    if abs(c) < 1 or name == "erf":
        # arccos loses half the digits of the oracle at c = .9999 only: 1e-16 / sqrt(1 - c^2)
        assert phase._overlap(phi, q, 1 - c) == pytest.approx(slopes(q, c), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("q", [0.05, 0.8, 30.0])
@pytest.mark.parametrize("delta", [1e-8, 1e-3, 0.3, 0.7, 1.0])
def test_pairs_of_hardtanh_against_price(q, delta):
    phi = activation("hardtanh")
    gap, slope = hardtanh_gaps(q, delta)
    # differences of phi keep their relative accuracy, 1e-16 / sqrt(delta), where c is near 1
    assert phase._gap(phi, q, delta) == pytest.approx(gap, rel=1e-11)
    exact = math.erf(1 / math.sqrt(2 * q)) - slope
    assert phase._overlap(phi, q, delta) == pytest.approx(exact, rel=1e-11)


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
    square = phase._square(phi, q)
    assert square - phase._gap(phi, q, 1 - c) == pytest.approx(total, abs=1e-11 * square)
    # slopes: the terms left out weigh 24 times as much
    assert phase._overlap(phi, q, 1 - c) == pytest.approx(slopes, abs=1e-11 * max(1.0, square / q))


def test_activation_of_a_user_with_a_narrow_feature():
    steep = rj.Activation("steep", lambda h: np.tanh(6 * h), lambda h: 6 / np.cosh(np.clip(6 * h, -300, 300)) ** 2)
    tanh = activation("tanh")
    # tanh(6 h) at variance q is tanh at 36 q
    for q in (0.01, 0.5):
        assert phase._gap(steep, q, 0.2) == pytest.approx(phase._gap(tanh, 36 * q, 0.2), rel=1e-11)


# Fixed points


@pytest.mark.parametrize(
    ("name", "weight", "bias", "expected"),
    [
        ("relu", 1.0, 0.5, 1.0),
        ("relu", 2.0, 0.0, 1.0),  # every q is fixed
        ("relu", 2.0, 0.1, math.inf),
        ("relu", 3.0, 0.0, math.inf),
        ("relu", 1.9, 0.0, 0.0),
        ("relu", 1.5, 1e-20, 4e-20),
        ("relu", 1.0, 1.0, 2.0),  # on a power of 2, where the bracket ends
        ("relu", 1.2, 0.4, 1.0),
        ("relu", 1.0, 0.125, 0.25),
        ("relu", 1.5, 1.0, 4.0),
        ("linear", 0.5, 0.25, 0.5),
        ("leaky_relu:0.5", 0.8, 1.0, 2.0),
        ("tanh", 1.0, 0.0, 0.0),
        ("tanh", 0.0, 0.3, 0.3),
        ("tanh", 0.0, 0.0, 0.0),
        ("sigmoid", 0.0, 0.0, 0.0),
        ("hardtanh", 0.9, 0.0, 0.0),
    ],
)
def test_fixed_point_known(name, weight, bias, expected):
    # brentq stops where the map meets the diagonal to within rounding
    assert phase.fixed_point(name, weight, bias) == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(("name", "step"), [("erf", erf_step), ("hardtanh", hardtanh_step)])
@pytest.mark.parametrize(("weight", "bias"), [(0.7, 0.2), (1.5, 0.0), (2.0, 0.3), (60.0, 1.0), (1.02, 0.0)])
def test_fixed_point_and_chi_q_against_closed_forms(name, step, weight, bias):
    point = phase.signal_phase(name, weight, bias)
    q = point.q
    e = 1e-4
    chi_q = weight * (8 * (step(q * (1 + e)) - step(q * (1 - e))) - step(q * (1 + 2 * e)) + step(q * (1 - 2 * e)))
    # central difference of order 4: rounding 1e-16 / 1e-4
    assert point.chi_q == pytest.approx(chi_q / (12 * e * q), abs=1e-10 * weight)
    # an error of the map of 1e-13 is divided by 1 - chi_q
    assert q == pytest.approx(weight * step(q) + bias, rel=1e-12)
    assert point.chi_q < 1
    chi_1 = weight * (erf_slopes(q, 1) if name == "erf" else math.erf(1 / math.sqrt(2 * q)))
    assert point.chi_1 == pytest.approx(chi_1, rel=1e-12)
    assert point.lyapunov == pytest.approx(0.5 * math.log(chi_1), abs=1e-12)


@pytest.mark.parametrize(("name", "weight", "bias"), [("tanh", 1.5, 0.3), ("gelu", 1.2, 0.4), ("sigmoid", 3.0, 0.0)])
def test_fixed_point_is_that_of_the_mean_field(name, weight, bias):
    field = rj.mean_field(
        rj.Ensemble.square(10, 1, name, rj.Gaussian(math.sqrt(weight)), rj.Gaussian(math.sqrt(bias))), "stationary"
    )
    point = phase.signal_phase(name, weight, bias)
    assert point.q == pytest.approx(field.preactivation_variances[0], rel=1e-11)  # 1e-13 / (1 - chi_q)
    assert point.chi_1 == pytest.approx(field.chi[0], rel=1e-11)


# Phases


@pytest.mark.parametrize(("weight", "bias"), [(2.5, 0.05), (1.5, 1e-3), (30.0, 2.0), (1.2, 1e-6)])
def test_chaos_of_erf_against_closed_forms(weight, bias):
    point = phase.signal_phase("erf", weight, bias)
    q = brentq(lambda q: weight * erf_pair(q, 1) + bias - q, 1e-3, 100, xtol=1e-16)
    c = brentq(lambda c: (weight * erf_pair(q, c) + bias) / q - c, -0.5, 1 - 1e-4, xtol=1e-16)
    slope = weight * erf_slopes(q, c)
    assert point.phase == "chaotic"
    # the oracle: rounding divided by 1 - chi_q and 1 - slope, both > .03
    assert point.correlation == pytest.approx(c, abs=1e-12)
    assert point.slope == pytest.approx(slope, abs=1e-12)
    assert point.xi_c == pytest.approx(-1 / math.log(slope), rel=1e-10)
    # iterating the closed map approaches c* at this rate
    steps = [0.5 * c + 0.4]
    for _ in range(12):
        steps.append((weight * erf_pair(q, steps[-1]) + bias) / q)
    assert abs(steps[-1] - c) < abs(steps[0] - c)


@pytest.mark.parametrize("bias", [1e-3, 0.1])
@pytest.mark.parametrize("excess", [1e-6, 1e-3, 0.5])
def test_chaos_of_hardtanh_near_criticality(bias, excess):
    # kinks: 1 - c* vanishes like the square of chi_1 - 1
    weight = float(phase.critical_line("hardtanh", bias)) * (1 + excess)
    point = phase.signal_phase("hardtanh", weight, bias)
    delta = math.exp(
        brentq(lambda x: weight * hardtanh_gaps(point.q, math.exp(x))[0] / (point.q * math.exp(x)) - 1, -50, 0)
    )
    slope = weight * (math.erf(1 / math.sqrt(2 * point.q)) - hardtanh_gaps(point.q, delta)[1])
    assert point.phase == "chaotic"
    # chi_1 - 1, known to 1e-14, decides 1 - slope
    assert point.slope == pytest.approx(slope, abs=1e-11)
    assert 1 - point.correlation == pytest.approx(delta, rel=1e-5, abs=2e-16)


def test_odd_activation_without_bias_forgets_the_correlation():
    point = phase.signal_phase("tanh", 2.0, 0.0)
    mean_slope = gaussian_expectation(lambda h: np.cosh(np.clip(h, -300, 300)) ** -2, point.q)
    assert point.correlation == 0.0
    assert point.slope == pytest.approx(2.0 * mean_slope**2, rel=1e-12)


def test_words_and_infinities():
    ordered = phase.signal_phase("tanh", 0.5, 0.1)
    assert (ordered.phase, ordered.correlation, ordered.slope) == ("ordered", 1.0, ordered.chi_1)
    assert ordered.xi_c == -1 / math.log(ordered.chi_1)
    relu = phase.signal_phase("relu", 2.0, 0.0)
    assert (relu.phase, relu.xi_q, relu.xi_c, relu.lyapunov) == ("critical", math.inf, math.inf, pytest.approx(0.0))
    dead = phase.signal_phase("relu", 1.0, 0.0)  # q* = 0: half the slopes are 0
    assert (dead.q, dead.chi_1, dead.chi_q) == (0.0, pytest.approx(0.5), pytest.approx(0.5))
    wild = phase.signal_phase("relu", 2.5, 0.0)
    assert (wild.phase, wild.q) == ("unbounded", math.inf)
    assert math.isnan(wild.chi_1)
    assert math.isnan(wild.lyapunov)
    still = phase.signal_phase("tanh", 0.0, 0.1)
    assert (still.chi_1, still.xi_c, still.xi_q, still.lyapunov) == (0.0, 0.0, 0.0, -math.inf)
    assert repr(ordered).startswith("SignalPhase(tanh: ordered, q=")


def test_correlation_in_a_wide_network():
    # two inputs through tanh layers of width 1500; averaged over the last 20 of 40 layers
    n, weight, bias = 1500, 3.0, 0.1
    point = phase.signal_phase("tanh", weight, bias)
    rng, seen = np.random.default_rng(5), []
    x = rng.standard_normal((n, 2))
    for layer in range(40):
        shift = math.sqrt(bias) * rng.standard_normal((n, 1))
        h = math.sqrt(weight / n) * rng.standard_normal((n, n)) @ x + shift
        x = np.tanh(h)
        if layer >= 20:
            seen.append([(h**2).mean(), (h[:, 0] * h[:, 1]).mean()])
    q, cross = np.mean(seen, axis=0)
    # one layer: q sqrt(2 / n) = 4 % of q; the mean of 20 correlated layers: about 2 %, of which three are allowed
    assert q == pytest.approx(point.q, rel=0.05)
    assert cross / q == pytest.approx(point.correlation, abs=0.06)


# Critical line


def test_critical_line_of_erf_against_closed_form():
    q = np.array([1e-4, 0.01, 0.3, 2.0, 50.0, 1e3])
    weight = np.sqrt(1 + math.pi * q)
    bias = q - weight * [erf_pair(one, 1) for one in q]
    # At q = 1e-4 the bias, of order q^3, is a difference of numbers 1e8 times as large: relative error 1e-8 of the
    # bias, of q^3, hence of q, and 1e-4 times that of the weight
    assert phase.critical_line("erf", bias) == pytest.approx(weight, rel=1e-11)


def test_critical_line_of_tanh():
    # Pennington, Schoenholz, Ganguli give about 1.76 at sigma_b^2 = .05
    line = phase.critical_line("tanh", [0.0, 1e-12, 0.05])
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
        weight = float(phase.critical_line(name, bias))
        point = phase.signal_phase(name, weight, bias)
        # error of q*, about 1e-13 / (1 - chi_q)
        assert point.chi_1 == pytest.approx(1.0, abs=1e-10)
        assert point.phase == "critical"


def test_where_there_is_no_critical_line():
    assert phase.critical_line("relu", [0.0, 0.1]) == pytest.approx([2.0, math.nan], nan_ok=True)
    # GELU grows from q = 0 at sigma_w^2 = 1 / phi'(0)^2 = 4
    assert math.isnan(phase.critical_line("gelu", 0.0))
    # SiLU has chi_1 = 1 at q = 1 with this bias, but chi_q = 1.099 there; at larger q it is stable
    assert math.isnan(phase.critical_line("silu", phase._critical_at(activation("silu"), 1.0)[1]))
    assert phase.critical_line("silu", 1.0) == pytest.approx(1.967, abs=1e-3)
    line = phase.critical_line("hardtanh", np.zeros((2, 1)))
    assert line.shape == (2, 1)
    assert line == pytest.approx(np.ones((2, 1)))
    assert not line.flags.writeable


# Diagram


def test_phase_diagram():
    weight, bias = [0.5, 1.0, 2.0, 3.0], [0.0, 0.1, 2.0]
    diagram = phase.phase_diagram("tanh", weight, bias)
    assert diagram.q.shape == (3, 4)
    one = phase.signal_phase("tanh", 3.0, 0.1)
    for name in ("q", "chi_1", "chi_q", "correlation", "xi_q", "xi_c", "phase"):
        assert getattr(diagram, name)[1, 3] == getattr(one, name)
        assert not getattr(diagram, name).flags.writeable
    assert repr(diagram) == "PhaseDiagram(tanh, 3 x 4: 4 chaotic, 1 critical, 7 ordered)"
    # the border lies where critical_line says
    assert np.all((phase.critical_line("tanh", bias)[:, None] < weight) == (diagram.phase == "chaotic"))


def test_phase_diagram_as_a_table():
    pytest.importorskip("pandas")
    diagram = phase.phase_diagram("erf", [0.5, 2.0], [0.0, 0.1, 0.2])
    table = diagram.to_pandas()
    assert len(table) == 6
    row = table[(table.weight_variance == 2.0) & (table.bias_variance == 0.1)].iloc[0]
    assert (row.q, row.phase) == (diagram.q[1, 1], diagram.phase[1, 1])


# Isometry


@pytest.mark.parametrize("target", [1e-3, 0.1, 2.0])
def test_isometry_of_erf_against_closed_form(target):
    depth = 30
    tuned = phase.isometry("erf", depth, target)
    # mu_k = (1 + k pi q)^(-1/2)
    q = brentq(lambda q: depth * ((1 + math.pi * q) / math.sqrt(1 + 2 * math.pi * q) - 1) - target, 1e-5, 10)
    # the fixed point is found to 1e-13 / (1 - chi_q), with 1 - chi_q of order q > 1e-3; brentq to 2e-12
    assert tuned.q == pytest.approx(q, rel=1e-8)
    assert tuned.weight_variance == pytest.approx(math.sqrt(1 + math.pi * q), rel=1e-9)
    assert tuned.chi_1 == pytest.approx(1.0, abs=1e-9)
    assert tuned.spread == pytest.approx(target, rel=1e-7)
    assert phase.fixed_point("erf", tuned.weight_variance, tuned.bias_variance) == tuned.q


def test_isometry_of_hardtanh_is_a_matter_of_the_atom():
    tuned = phase.isometry("hardtanh", 10, 0.5)
    # mu_1 = mu_2 = p: depth (1/p - 1) = .5, and sigma_w^2 = 1/p
    assert tuned.weight_variance == pytest.approx(1.05, rel=1e-10)
    assert math.erf(1 / math.sqrt(2 * tuned.q)) == pytest.approx(1 / 1.05, rel=1e-10)


@pytest.mark.parametrize(("weights", "target"), [("orthogonal", 0.5), ("gaussian", 6.0)])
def test_spread_of_sampled_products(weights, target):
    depth, n, samples = 5, 120, 20
    tuned = phase.isometry("tanh", depth, target, weights=weights)
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
        (lambda: phase.fixed_point("tan", 1.0, 0.0), ValueError, "activation='tan'"),
        (lambda: phase.fixed_point("tanh", -1.0, 0.0), ValueError, "weight_variance=-1.0 must be a finite number >= 0"),
        (lambda: phase.signal_phase("tanh", 1.0, "b"), TypeError, "bias_variance='b'"),
        (lambda: phase.phase_diagram("tanh", [1.0, math.nan], [0.0]), ValueError, "weight_variances=nan"),
        (lambda: phase.phase_diagram("tanh", [1.0], 0.1), ValueError, "bias_variances of shape"),
        (lambda: phase.phase_diagram("tanh", [], [0.1]), ValueError, "weight_variances of shape"),
        (lambda: phase.critical_line("tanh", -0.1), ValueError, "bias_variance=-0.1"),
        (lambda: phase.critical_line("tanh", ["a"]), TypeError, "bias_variance=['a'] must be finite numbers >= 0"),
        (lambda: phase.correlation_map("tanh", 2.0, 0.1, 1.5), ValueError, "correlation=1.5"),
        (lambda: phase.correlation_map("tanh", 0.5, 0.0, 0.5), ValueError, "the variance tends to 0.0"),
        (lambda: phase.correlation_map("relu", 2.5, 0.0, 0.5), ValueError, "the variance tends to inf"),
        (lambda: phase.isometry("tanh", 0, 0.1), ValueError, "depth=0"),
        (lambda: phase.isometry("tanh", 10, 0.0), ValueError, "target=0.0"),
        (lambda: phase.isometry("tanh", 10, 0.1, weights="cauchy"), ValueError, "weights='cauchy'"),
        (lambda: phase.isometry("tanh", 10, 3.0, weights="gaussian"), ValueError, "must be > depth=10 with Gaussian"),
        (lambda: phase.isometry("relu", 10, 0.1), ValueError, "the spread is between 10 and 10"),
        (lambda: phase.isometry("gelu", 10, 0.1), ValueError, "not a stable fixed point"),
    ],
)
def test_errors_name_the_argument(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_correlation_map_is_read_only_and_keeps_its_shape():
    values = phase.correlation_map("relu", 1.0, 0.5, [[0.0], [1.0]])  # q* = 1
    assert values == pytest.approx(np.array([[1 / (2 * math.pi) + 0.5], [1.0]]), rel=1e-12)
    assert not values.flags.writeable

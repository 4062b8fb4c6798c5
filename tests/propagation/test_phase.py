import math

import numpy as np
import pytest
from scipy.optimize import brentq

import rmtjac as rj
from rmtjac.propagation import phase
from rmtjac.propagation.expectation import gaussian_expectation
from rmtjac.propagation.tuning import critical_line
from tests.oracles.closed_forms import erf_step, hardtanh_step
from tests.oracles.gaussian_pairs import erf_pair, erf_slopes, hardtanh_gaps

# Fixed points


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
    weight = float(critical_line("hardtanh", bias)) * (1 + excess)
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
    assert np.all((critical_line("tanh", bias)[:, None] < weight) == (diagram.phase == "chaotic"))


def test_phase_diagram_as_a_table():
    pytest.importorskip("pandas")
    diagram = phase.phase_diagram("erf", [0.5, 2.0], [0.0, 0.1, 0.2])
    table = diagram.to_pandas()
    assert len(table) == 6
    row = table[(table.weight_variance == 2.0) & (table.bias_variance == 0.1)].iloc[0]
    assert (row.q, row.phase) == (diagram.q[1, 1], diagram.phase[1, 1])


# Arguments


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: phase.signal_phase("tanh", 1.0, "b"), TypeError, "bias_variance='b'"),
        (lambda: phase.phase_diagram("tanh", [1.0, math.nan], [0.0]), ValueError, "weight_variances=nan"),
        (lambda: phase.phase_diagram("tanh", [1.0], 0.1), ValueError, "bias_variances of shape"),
        (lambda: phase.phase_diagram("tanh", [], [0.1]), ValueError, "weight_variances of shape"),
    ],
)
def test_errors_name_the_argument(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.laws import law
from rmtjac.theory.finite_width.kurtosis import excess_kurtosis, kurtosis_shift
from tests.theory.finite_width.points import point_at, point_of


@pytest.mark.parametrize(
    ("spec", "value"),
    [("gaussian:2", 0.0), ("uniform:3", -1.2), ("rademacher", -2.0), ("student_t:5", 6.0), ("orthogonal", 0.0)],
)
def test_excess_kurtosis(spec, value):
    assert excess_kurtosis(law(spec)) == pytest.approx(value)


@pytest.mark.parametrize("spec", ["cauchy", "student_t:4", "student_t:3", "student_t:2", "stable:1.5"])
def test_no_fourth_moment(spec):
    assert excess_kurtosis(law(spec)) == math.inf


def test_a_linear_layer():
    """Bai and Silverstein 2004: C = -kappa c m^2 / 2 for one matrix, so that lambda moves by kappa m c / N."""
    for n in (100, 250):
        _, point = point_of(rj.Ensemble([n, 100], "linear", "rademacher"))
        assert kurtosis_shift(point, [-2.0], 100 / n) == pytest.approx(-2.0 * 100 / n * point.m, rel=1e-12)


def test_against_determinants():
    """The mean of log det(z - M) of uniform less Gaussian weights is minus the integral of the shift up to m(z)."""
    widths, samples = [60, 80, 50], 3000
    rng, found = np.random.default_rng(6), []
    ens = rj.Ensemble(widths, "hardtanh", "rademacher")
    lim, edge = point_of(ens)
    end = 0.6 * edge.m
    nodes, weights = np.polynomial.legendre.leggauss(8)
    points = [point_at(lim.layers, 0.5 * end * (1.0 + x)) for x in nodes]
    expected = -0.5 * end * float(weights @ [kurtosis_shift(one, [-2.0, -2.0], 50 / 60) for one in points])
    z = np.exp(point_at(lim.layers, end).log_lam)
    for _ in range(samples):
        pair = []
        masks = [rng.random(n) < law.mean for law, n in zip(lim.layers.laws, widths[1:], strict=True)]
        for draw in (lambda shape: rng.choice([-1.0, 1.0], shape), rng.standard_normal):
            w = [draw((widths[1], widths[0])), draw((widths[2], widths[1]))]
            j = (masks[1][:, None] * w[1] / math.sqrt(widths[1])) @ (masks[0][:, None] * w[0] / math.sqrt(widths[0]))
            pair.append(np.linalg.slogdet(np.eye(len(j)) - j @ j.T / z)[1])
        found.append(pair[0] - pair[1])
    error = np.std(found, ddof=1) / math.sqrt(samples)
    # 1/N corrections are some hundredths of the value
    assert np.mean(found) == pytest.approx(expected, abs=4.0 * error + 0.05 * abs(expected))
    assert abs(expected) > 6.0 * error

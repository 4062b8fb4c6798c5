"""What the members of a pool draw, against the laws themselves."""

import math

import numpy as np
import pytest
from scipy import stats

from rmtjac.codes import LawCode
from rmtjac.kernels.heavy_tails.population_draw import apply, bias, partner, slope, weights


@pytest.mark.parametrize(("alpha", "tail"), [(1.0, 0.6), (1.5, 2.0), (0.4, 1.0), (1.9, 0.1)])
def test_weights_are_the_points_of_the_process(alpha, tail):
    """Gamma_k = tail / |w_k|^alpha, and the rest is the integral of w^2 beyond the last point."""
    rng = np.random.default_rng(1)
    weight, square = np.empty(40), np.empty(40)
    steps, signs = [], []
    for _ in range(300):
        rest = weights(rng, alpha, tail, 0.3, weight, square)
        gamma = tail / np.abs(weight) ** alpha
        assert gamma[0] == pytest.approx(0.3, rel=1e-12)
        assert np.allclose(square, weight**2, rtol=1e-12)
        # The integral of (tail/g)^(2/alpha) over g > Gamma_K.
        assert rest == pytest.approx(tail ** (2 / alpha) * gamma[-1] ** (1 - 2 / alpha) / (2 / alpha - 1), rel=1e-9)
        steps.append(np.diff(gamma))
        signs.append(np.sign(weight))
    # 11,700 steps: the level of each test is 0.001.
    assert stats.kstest(np.concatenate(steps), "expon").pvalue > 0.001
    assert abs(np.mean(signs)) < 3.3 / math.sqrt(np.size(signs))


def test_huge_weights_stay_finite():
    weight, square = np.empty(3), np.empty(3)
    rest = weights(np.random.default_rng(0), 0.02, 1.0, 1e-9, weight, square)
    assert np.isfinite([rest, *weight, *square]).all()


@pytest.mark.parametrize(
    ("code", "parameter", "law"),
    [
        (LawCode.GAUSSIAN, 0.0, stats.norm()),
        (LawCode.UNIFORM, 0.0, stats.uniform(-math.sqrt(3.0), 2.0 * math.sqrt(3.0))),
        (LawCode.CAUCHY, 1.0, stats.cauchy()),
        (LawCode.STUDENT_T, 1.5, stats.t(1.5)),
        (LawCode.STABLE, 1.0, stats.cauchy()),
    ],
)
def test_biases(code, parameter, law):
    rng = np.random.default_rng(2)
    drawn = np.array([bias(rng, code.value, parameter, 2.0) for _ in range(4000)])
    assert stats.kstest(drawn / 2.0, law.cdf).pvalue > 0.001


def test_stable_biases_by_their_characteristic_function():
    rng = np.random.default_rng(3)
    drawn = np.array([bias(rng, LawCode.STABLE.value, 1.5, 0.5) for _ in range(20000)])
    for t in (0.5, 1.0, 3.0):
        # Four standard errors of a mean of cosines.
        assert np.cos(t * drawn).mean() == pytest.approx(math.exp(-((0.5 * t) ** 1.5)), abs=4 * 0.71 / 20000**0.5)


def test_other_biases():
    rng = np.random.default_rng(4)
    assert {bias(rng, LawCode.RADEMACHER.value, 0.0, 3.0) for _ in range(50)} == {-3.0, 3.0}
    assert bias(rng, LawCode.NO_LAW.value, 0.0, 0.0) == 0.0
    assert math.isnan(bias(rng, 99, 0.0, 1.0))


def test_activations_from_a_table():
    h = 0.1 * np.sinh(np.linspace(-math.asinh(1e5), math.asinh(1e5), 20001))
    table = np.stack([np.tanh(h), 1 / np.cosh(np.clip(h, -300, 300)) ** 2])
    for point in (0.0, 0.3, -1.7, 5.0, 1e3, -1e9):
        # Cells of width 0.001 sqrt(h^2 + 0.01): the error of linear interpolation is below 2e-6.
        assert apply(-1, 0.0, table, point) == pytest.approx(math.tanh(point), abs=2e-6)
        assert slope(-1, 0.0, table, point) == pytest.approx(1 - math.tanh(point) ** 2, abs=2e-6)
    linear = np.stack([2.0 * h, np.full(h.size, 2.0)])
    assert apply(-1, 0.0, linear, -1e9) == pytest.approx(-2e9)
    assert apply(-2, 0.0, table, 0.7) == 0.0
    assert apply(5, 0.0, table, 0.7) == math.tanh(0.7)


def test_partners():
    rng = np.random.default_rng(5)
    sizes = np.array([0.0, 0.0, 0.5, 1.0, 1.0, 1.0])
    assert np.bincount([partner(rng, sizes, 1.0) for _ in range(3000)], minlength=6)[3:].min() > 900
    assert {partner(rng, sizes, 0.0) for _ in range(50)} == {0, 1}
    assert {partner(rng, sizes, 7.0), partner(rng, sizes, math.inf)} == {5}
    assert partner(rng, sizes[2:], 0.1) == 0
    near = np.mean([partner(rng, sizes, 0.9) == 3 for _ in range(3000)])
    assert near == pytest.approx(0.8, abs=0.03)  # four standard errors

"""The stable law of sums of weights: closed constants, Laplace transforms of sampled rows, universality of tails."""

import math

import numpy as np
import pytest
from scipy import stats

import rmtjac as rj
from rmtjac.propagation.stable_weights import StableWeights, stable_weights


def test_cauchy_and_gaussian_constants():
    assert StableWeights(1.0, 3.0).kappa == pytest.approx(6.0 / math.sqrt(math.pi), rel=1e-15)
    assert StableWeights(1.0, 3.0).tail == pytest.approx(6.0 / math.pi, rel=1e-15)
    (gaussian,) = stable_weights(rj.Ensemble([50, 20], "tanh", rj.Gaussian(1.5)))
    assert gaussian.alpha == 2.0
    assert gaussian.kappa == pytest.approx(2.25, rel=1e-15)
    assert gaussian.tail == 0.0


@pytest.mark.parametrize("alpha", [0.3, 0.9, 1.4, 1.9])
def test_kappa_is_the_laplace_exponent_of_the_poisson_points(alpha):
    """kappa = tail Gamma(1 - alpha/2), from the integral of (1 - e^{-t w^2}) over the intensity of the points."""
    weights = StableWeights(alpha, 0.7)
    assert weights.kappa == pytest.approx(weights.tail * math.gamma(1.0 - 0.5 * alpha), rel=1e-13)


def test_log_kappa_where_kappa_leaves_the_range_of_a_float():
    for alpha in (0.3, 1.0, 2.0):
        weights = StableWeights(alpha, 0.7)
        assert weights.log_kappa == pytest.approx(math.log(weights.kappa), abs=1e-14)
    assert StableWeights(2.0, 1e-200).kappa == 0.0
    assert StableWeights(2.0, 1e-200).log_kappa == pytest.approx(math.log(2.0) - 400.0 * math.log(10.0), rel=1e-15)


@pytest.mark.parametrize("law", [rj.Cauchy(0.8), rj.Stable(1.3, alpha=1.5), rj.Stable(1.0, alpha=0.6)])
def test_the_laplace_transform_of_sampled_rows(law):
    """E exp(-t sum W_j^2) of 5,000 rows of 400 entries; four standard errors (one in 16,000) and 1/n for the limit."""
    n, rows = 400, 5_000
    (weights,) = stable_weights(rj.Ensemble([n, 10], "linear", law))
    scale = law.entry_scale(n, 10, n)
    alpha = getattr(law, "alpha", 1.0)
    rng = np.random.default_rng(5)
    entries = scale * (
        rng.standard_cauchy((rows, n))
        if alpha == 1.0
        else stats.levy_stable.rvs(alpha, 0.0, size=(rows, n), random_state=rng)
    )
    for t in (0.1, 1.0):
        draws = np.exp(-t * np.square(entries).sum(axis=1))
        expected = math.exp(-weights.kappa * t ** (0.5 * alpha))
        assert draws.mean() == pytest.approx(expected, abs=4.0 * draws.std() / math.sqrt(rows) + 1.0 / n)


@pytest.mark.parametrize("df", [0.5, 1.0, 1.7])
def test_student_weights_have_the_tail_of_their_stable_law(df):
    (weights,) = stable_weights(rj.Ensemble([100, 10], "tanh", rj.StudentT(df, scale=1.2)))
    x = 1e5 ** (1.0 / df)
    assert weights.alpha == df
    # The next term of the tail is of relative order x^-2.
    assert weights.tail == pytest.approx(2.0 * stats.t.sf(x / 1.2, df) * x**df, rel=1e-5)


def test_the_convention_of_the_scale_enters_through_the_width():
    (narrow,) = stable_weights(rj.Ensemble([2, 50], "tanh", rj.Cauchy(1.0, fan="width")))
    assert narrow.scale == pytest.approx(2.0 / 50.0)


@pytest.mark.parametrize("law", [rj.Orthogonal(), rj.StudentT(2.0), rj.Cauchy(0.0), rj.Cauchy(5e-324)])
def test_laws_without_a_stable_limit(law):
    with pytest.raises(ValueError, match="weights="):
        stable_weights(rj.Ensemble.square(1000, 1, "tanh", law))

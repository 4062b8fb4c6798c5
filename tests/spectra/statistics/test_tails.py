import math

import numpy as np
import pytest
import scipy.stats

import rmtjac as rj
from rmtjac.spectra.statistics.tails import tail_index

# The estimator is tested on samples of numpy and scipy, which the package's sampler has no part in.
SAMPLES = {
    "pareto 2": (2.0, lambda rng, n: rng.pareto(2.0, n) + 1.0),
    "cauchy": (1.0, lambda rng, n: np.abs(rng.standard_cauchy(n))),
    "student 3": (3.0, lambda rng, n: np.abs(rng.standard_t(3, n))),
    "stable .5": (0.5, lambda rng, n: np.abs(scipy.stats.levy_stable.rvs(0.5, 0, size=n, random_state=rng))),
    "stable 1.5": (1.5, lambda rng, n: np.abs(scipy.stats.levy_stable.rvs(1.5, 0, size=n, random_state=rng))),
}


@pytest.mark.parametrize("method", ["hill", "moment"])
@pytest.mark.parametrize("name", SAMPLES)
def test_within_three_errors(name, method):
    alpha, draw = SAMPLES[name]
    found = tail_index(draw(np.random.default_rng(1), 100_000), method=method)
    assert abs(found.index - alpha) < 3.0 * found.error
    # and the bar says something: .45 = 3 / sqrt(50) of the index
    assert found.error < 0.45 * alpha


def test_pure_power_law_uses_every_value():
    found = tail_index(np.random.default_rng(0).pareto(2.0, 5000) + 1.0)
    assert found.k == 4999
    assert found.error == pytest.approx(found.index / math.sqrt(4999), rel=1e-14)


@pytest.mark.parametrize(("name", "low"), [("pareto 2", 0.9), ("cauchy", 0.9), ("student 3", 0.88)])
def test_coverage(name, low):
    # 200 samples of 2000: bars of 1.96 errors should hold the truth in 95 %. The binomial .001 quantile of that is 179
    # = 89.5 %; t with df = 3 keeps some bias (the docstring says so) and is granted 88 %. One of 1 error: 68 %,
    # .001 quantiles of 200: 58 to 78 %, which also says that the bars are not too long.
    alpha, draw = SAMPLES[name]
    rng = np.random.default_rng(2)
    found = [tail_index(draw(rng, 2000)) for _ in range(200)]
    z = np.array([(one.index - alpha) / one.error for one in found])
    assert np.mean(np.abs(z) < 1.96) >= low
    assert 0.58 <= np.mean(np.abs(z) < 1.0) <= 0.78


def test_coverage_at_given_k_by_the_gamma_law():
    # k/alpha-hat of a pure power law is Gamma(k, 1/alpha) exactly (Renyi): 500 estimates, level 1e-3
    rng = np.random.default_rng(3)
    found = np.array([tail_index(rng.pareto(1.5, 200) + 1.0, k=30).index for _ in range(500)])
    assert scipy.stats.kstest(30 / found, scipy.stats.gamma(30, scale=1 / 1.5).cdf).pvalue > 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_gaussian_has_no_small_index(seed):
    x = np.abs(np.random.default_rng(seed).standard_normal(10_000))
    assert tail_index(x).index > 6.0
    assert tail_index(x, k=100, method="moment").index > 6.0


def test_bounded_tail_is_infinite_by_moments():
    # the end point law 1 - x of exponent -1: gamma is -1
    found = tail_index(np.random.default_rng(0).random(10_000), k=500, method="moment")
    assert found.index == found.error == math.inf


def test_by_hand():
    # logs of e^4, e^3, e^1 over e^0: mean excess over the third, (3 + 2)/2, over the fourth, (4 + 3 + 1)/3
    x = np.exp([1.0, 4.0, 0.0, 3.0])
    two, three = tail_index(x, k=2), tail_index(x, k=3)
    assert (two.index, three.index) == pytest.approx((2 / 5, 3 / 8), rel=1e-14)
    assert two.error == pytest.approx(2 / 5 / math.sqrt(2), rel=1e-14)
    assert two.threshold == pytest.approx(math.e, rel=1e-14)
    np.testing.assert_allclose(two.curve.index, [1.0, 2 / 5, 3 / 8], rtol=1e-13)
    np.testing.assert_array_equal(two.curve.k, [1, 2, 3])
    # moments over the third: M1 = 5/2, M2 = 13/2, gamma = 5/2 + 1 - 1/(2 (1 - 25/26)) < 0
    assert tail_index(x, k=2, method="moment").index == math.inf
    # over the fourth: M1 = 8/3, M2 = 26/3, gamma = 8/3 + 1 - 1/(2 (1 - 64/78)) = 11/3 - 39/14
    gamma = 11 / 3 - 39 / 14
    moment = tail_index(x, k=3, method="moment")
    assert moment.index == pytest.approx(1 / gamma, rel=1e-13)
    assert moment.error == pytest.approx(math.sqrt((1 + gamma**2) / 3) / gamma**2, rel=1e-13)
    assert repr(three) == "TailIndex(0.375 ± 0.22, from the 3 largest of 4)"


@pytest.mark.parametrize("method", ["hill", "moment"])
def test_curve_holds_the_estimate(method):
    x = np.abs(np.random.default_rng(4).standard_cauchy(3000))
    found = tail_index(x, method=method)
    assert found.curve.index[found.k - 1] == pytest.approx(found.index, rel=1e-11)
    assert found.curve.error[found.k - 1] == pytest.approx(found.error, rel=1e-11)
    assert np.sum(x > found.threshold * (1 - 1e-12)) == found.k + 1
    assert not found.curve.index.flags.writeable


def test_zeros_and_negative_values_do_not_count():
    x = np.random.default_rng(5).pareto(1.0, 1000) + 1.0
    padded = np.concatenate([x, np.zeros(300), -5.0 * x])
    assert tail_index(padded).index == tail_index(x).index


def test_index_is_free_of_the_scale_and_power_of_the_values():
    x = np.abs(np.random.default_rng(6).standard_cauchy(5000))
    found = tail_index(x)
    assert tail_index(1e6 * x).index == pytest.approx(found.index, rel=1e-11)
    assert tail_index(x**2).index == pytest.approx(found.index / 2, rel=1e-11)


def test_logarithms_beyond_a_float():
    logs = np.random.default_rng(7).standard_exponential((4, 500))
    small = tail_index(logs, log=True)
    huge = tail_index(np.append(1e5 * logs, np.full((4, 1), -math.inf), axis=1), log=True)
    assert huge.index == pytest.approx(1e-5 * small.index, rel=1e-12)
    assert huge.error == pytest.approx(1e-5 * small.error, rel=1e-9)
    with pytest.raises(OverflowError, match="use log_threshold"):
        _ = tail_index(1e5 + logs, log=True).threshold


@pytest.mark.parametrize("method", ["hill", "moment"])
def test_jackknife_by_hand(method):
    # delete-one at the threshold of all, each estimate by the curve of what is left
    x = np.random.default_rng(8).pareto(1.0, (6, 40)) + 1.0
    found = tail_index(x, k=60, method=method)
    left = []
    for i in range(6):
        rest = np.append(np.delete(x, i, axis=0).ravel(), found.threshold)
        rest = rest[rest >= found.threshold * (1 - 1e-12)]
        rest[np.argmin(rest)] = found.threshold
        k = np.sum(np.delete(x, i, axis=0) > found.threshold * (1 + 1e-12))
        left.append(tail_index(rest, k=int(k), method=method).index)
    assert found.error == pytest.approx(math.sqrt(5 * np.var(left)), rel=1e-9)


def test_error_counts_matrices_not_values():
    # each row four times over: four times the values, no more knowledge; the independent error would halve
    x = np.random.default_rng(9).pareto(2.0, (200, 10)) + 1.0
    once, often = tail_index(x, k=400), tail_index(np.tile(x, 4), k=1600)
    assert often.error == pytest.approx(once.error, rel=1e-9)
    assert tail_index(np.tile(x, 4).ravel(), k=1600).error == pytest.approx(once.index / 40, rel=1e-9)
    # rows of independent values: the two errors agree (200 rows: relative error of a standard error 5 %; 4 of them)
    assert once.error == pytest.approx(once.index / 20, rel=0.2)


def test_one_matrix_that_holds_the_tail():
    x = np.ones((3, 20))
    x[1] = np.random.default_rng(0).pareto(1.0, 20) + 5.0
    assert tail_index(x, k=20).error == math.inf


@pytest.mark.parametrize("alpha", [1.0, 1.5])
def test_singular_values_have_the_tail_of_the_entries(alpha):
    # Auffinger, Ben Arous & Peche (2009): the largest singular values are the largest entries; J of one linear layer
    # is its matrix. 10,000 values should give the index to 12 % or better.
    one = rj.Cauchy() if alpha == 1.0 else rj.Stable(1.0, alpha=alpha)
    emp = rj.sample_spectrum(rj.Ensemble.square(50, 1, "linear", one), 200, rng=1)
    found = tail_index(emp.log_singular_values, log=True)
    assert abs(found.index - alpha) < 3.0 * found.error
    assert found.error < 0.12 * alpha


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tail_index([1.0, 2.0, 3.0]), "values hold 3 positive numbers; at least 6"),
        (lambda: tail_index([-1.0] * 9), "values hold 0 positive"),
        (lambda: tail_index([1.0, 2.0, 3.0], k=3), "k=3 must be less than the number of positive values, 3"),
        (lambda: tail_index([1.0, 2.0, 3.0], k=0), "k=0 must be a positive whole number"),
        (lambda: tail_index([1.0] * 20), "largest values are all equal"),
        (lambda: tail_index([1.0, math.nan]), "NaN"),
        (lambda: tail_index([1.0, -math.inf]), "infinities"),
        (lambda: tail_index([1.0, math.inf], log=True), "infinities"),
        (lambda: tail_index(np.ones((2, 2, 2))), r"shape \(2, 2, 2\)"),
        (lambda: tail_index([]), r"shape \(0,\)"),
        (lambda: tail_index([1.0, 2.0], method="pickands"), "method='pickands' must be one of"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_complex_values_are_refused():
    with pytest.raises(TypeError, match="values must be an array of real numbers"):
        tail_index(np.ones(10) * 1j)

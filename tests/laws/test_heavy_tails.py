import math

import numpy as np
import pytest
import scipy.stats

import rmtjac as rj
from rmtjac.laws import law
from tests.laws.draws import LEVEL, N, agrees, check_standard_variable, draw

REFERENCES = {
    "cauchy": scipy.stats.cauchy(),
    "stable:1:1": scipy.stats.cauchy(),
    "student_t:0.5": scipy.stats.t(0.5),
    "student_t:1": scipy.stats.cauchy(),
    "student_t:3": scipy.stats.t(3),
    "student_t:40": scipy.stats.t(40),
}


@pytest.mark.parametrize("spec", REFERENCES)
def test_standard_variable_against_scipy(spec):
    check_standard_variable(law(spec), REFERENCES[spec])


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.5, 1.9])
def test_stable_against_scipy(alpha):
    # counts of |x| > t against scipy's numerical cdf, which integrates Nolan's formula; from t = 10 on that is the
    # tail, at 100 with 15 expected draws where alpha = 1.9 (beyond, at 300, scipy 1.17 gives 0 for that alpha)
    n = 1_000_000
    x = np.abs(draw(law(f"stable:1:{alpha}"), n))
    for t in (0.1, 0.5, 1.0, 3.0, 10.0, 100.0):
        assert agrees((x > t).sum(), n, 2 * scipy.stats.levy_stable.sf(t, alpha, 0.0))


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.5, 1.9])
def test_stable_by_its_characteristic_function(alpha):
    # E cos(tX) = exp(-|t|^alpha); the mean of n cosines has variance (1 + phi(2t) - 2 phi(t)^2) / 2n. Four t,
    # level 1e-3 each.
    x = draw(law(f"stable:1:{alpha}"))
    for t in (0.2, 0.7, 1.5, 3.0):
        phi = math.exp(-(t**alpha))
        error = math.sqrt((1 + math.exp(-((2 * t) ** alpha)) - 2 * phi**2) / (2 * N))
        assert abs(np.cos(t * x).mean() - phi) < scipy.stats.norm.isf(LEVEL / 2) * error


@pytest.mark.parametrize("spec", ["cauchy", "stable:1:0.5", "stable:1:1.5"])
def test_default_power_keeps_the_scale_of_sums(spec):
    # n^(-1/alpha) (X_1 + ... + X_n) has the law of X: that is what the power 1/alpha is for
    one, n = law(spec), 20
    sums = draw(one, 20_000 * n).reshape(-1, n).sum(axis=1) * one.entry_scale(n, 1, n)
    assert scipy.stats.ks_2samp(sums, draw(one, 20_000, seed=2)).pvalue > LEVEL


def test_power_of_student_t_in_the_domain_of_attraction():
    # df = 1/2: n^-2 times the sum of n converges to a stable law of exponent 1/2 with the tail of X; from the tail
    # P(X > x) ~ C x^-df, C = Gamma(3/4) df^(1/4)/(sqrt(pi df) Gamma(1/4) df), its scale is known. n = 400 leaves a
    # distance of O(1/n) in the cdf, below the resolution .014 of this test (20,000 sums, level 1e-3).
    one, n, df = rj.StudentT(0.5), 400, 0.5
    assert one.default_power == 2.0
    density = math.gamma((df + 1) / 2) / (math.sqrt(math.pi * df) * math.gamma(df / 2)) * df ** ((df + 1) / 2)
    # a stable variable of scale c has P(X > x) ~ c^alpha sin(pi alpha/2) Gamma(alpha)/pi x^-alpha
    scale = (density / df * math.pi / (math.sin(math.pi * df / 2) * math.gamma(df))) ** (1 / df)
    sums = draw(one, 20_000 * n).reshape(-1, n).sum(axis=1) * one.entry_scale(n, 1, n)
    assert scipy.stats.ks_2samp(sums, scale * draw(rj.Stable(1.0, alpha=df), 200_000, seed=2)).pvalue > LEVEL


def test_student_t_in_an_ensemble():
    # sigma_w^2 = df/(df - 2) s^2 = 2 of df = 4 reaches the mean field, q^h = 2 q_0; without a variance there is none
    ens = rj.Ensemble.square(50, 1, "tanh", "student_t:4", rj.StudentT(1.0, 0.1))
    assert rj.Ensemble.from_dict(ens.to_dict()).to_dict() == ens.to_dict()
    assert [one["row_variance"] for one in ens.layer_numbers()] == [2.0]
    field = rj.mean_field(rj.Ensemble.square(50, 1, "tanh", "student_t:4"), 1.0)
    assert field.preactivation_variances == pytest.approx([2.0], rel=1e-15)
    with pytest.raises(ValueError, match="a mean field is known where both have a variance"):
        rj.mean_field(ens, 1.0)
    assert np.isfinite(ens.draw(0).weights[0]).all()

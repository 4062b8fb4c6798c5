import math

import numpy as np
import pytest
import scipy.stats

import rmtjac as rj
from rmtjac.kernels.samples.draw import draw_matrix, fill
from rmtjac.laws import law

LEVEL = 1e-3  # of each test of distribution, the seed being fixed


N = 200_000


def _draw(one, size=N, seed=1):
    out = np.empty(size)
    fill(np.random.default_rng(seed), one.code, one.parameter, 1.0, out)
    return out


def _agrees(count, n, p):
    return scipy.stats.binomtest(int(count), n, p).pvalue > LEVEL


REFERENCES = {
    "gaussian": scipy.stats.norm(),
    "uniform": scipy.stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)),
    "cauchy": scipy.stats.cauchy(),
    "stable:1:1": scipy.stats.cauchy(),
    "student_t:0.5": scipy.stats.t(0.5),
    "student_t:1": scipy.stats.cauchy(),
    "student_t:3": scipy.stats.t(3),
    "student_t:40": scipy.stats.t(40),
}


@pytest.mark.parametrize("spec", REFERENCES)
def test_standard_variable_against_scipy(spec):
    x, reference = _draw(law(spec)), REFERENCES[spec]
    assert scipy.stats.kstest(x, reference.cdf).pvalue > LEVEL
    # The KS distance hardly sees the tails: count them, 1e-2 to 1e-4 (2000 to 20 of the draws) on each side.
    for p in (1e-2, 1e-3, 1e-4):
        assert _agrees((x > reference.isf(p)).sum(), N, p)
        assert _agrees((x < reference.ppf(p)).sum(), N, p)


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.5, 1.9])
def test_stable_against_scipy(alpha):
    # counts of |x| > t against scipy's numerical cdf, which integrates Nolan's formula; from t = 10 on that is the
    # tail, at 100 with 15 expected draws where alpha = 1.9 (beyond, at 300, scipy 1.17 gives 0 for that alpha)
    n = 1_000_000
    x = np.abs(_draw(law(f"stable:1:{alpha}"), n))
    for t in (0.1, 0.5, 1.0, 3.0, 10.0, 100.0):
        assert _agrees((x > t).sum(), n, 2 * scipy.stats.levy_stable.sf(t, alpha, 0.0))


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.5, 1.9])
def test_stable_by_its_characteristic_function(alpha):
    # E cos(tX) = exp(-|t|^alpha); the mean of n cosines has variance (1 + phi(2t) - 2 phi(t)^2) / 2n. Four t,
    # level 1e-3 each.
    x = _draw(law(f"stable:1:{alpha}"))
    for t in (0.2, 0.7, 1.5, 3.0):
        phi = math.exp(-(t**alpha))
        error = math.sqrt((1 + math.exp(-((2 * t) ** alpha)) - 2 * phi**2) / (2 * N))
        assert abs(np.cos(t * x).mean() - phi) < scipy.stats.norm.isf(LEVEL / 2) * error


@pytest.mark.parametrize("spec", ["cauchy", "stable:1:0.5", "stable:1:1.5"])
def test_default_power_keeps_the_scale_of_sums(spec):
    # n^(-1/alpha) (X_1 + ... + X_n) has the law of X: that is what the power 1/alpha is for
    one, n = law(spec), 20
    sums = _draw(one, 20_000 * n).reshape(-1, n).sum(axis=1) * one.entry_scale(n, 1, n)
    assert scipy.stats.ks_2samp(sums, _draw(one, 20_000, seed=2)).pvalue > LEVEL


def test_power_of_student_t_in_the_domain_of_attraction():
    # df = 1/2: n^-2 times the sum of n converges to a stable law of exponent 1/2 with the tail of X; from the tail
    # P(X > x) ~ C x^-df, C = Gamma(3/4) df^(1/4)/(sqrt(pi df) Gamma(1/4) df), its scale is known. n = 400 leaves a
    # distance of O(1/n) in the cdf, below the resolution .014 of this test (20,000 sums, level 1e-3).
    one, n, df = rj.StudentT(0.5), 400, 0.5
    assert one.default_power == 2.0
    density = math.gamma((df + 1) / 2) / (math.sqrt(math.pi * df) * math.gamma(df / 2)) * df ** ((df + 1) / 2)
    # a stable variable of scale c has P(X > x) ~ c^alpha sin(pi alpha/2) Gamma(alpha)/pi x^-alpha
    scale = (density / df * math.pi / (math.sin(math.pi * df / 2) * math.gamma(df))) ** (1 / df)
    sums = _draw(one, 20_000 * n).reshape(-1, n).sum(axis=1) * one.entry_scale(n, 1, n)
    assert scipy.stats.ks_2samp(sums, scale * _draw(rj.Stable(1.0, alpha=df), 200_000, seed=2)).pvalue > LEVEL


def test_rademacher():
    x = _draw(law("rademacher"))
    assert set(x) == {-1.0, 1.0}
    assert scipy.stats.binomtest(int((x > 0).sum()), x.size).pvalue > LEVEL


@pytest.mark.parametrize(
    ("spec", "weight", "bias"),
    [
        (rj.Gaussian(2.0), 2.0 / math.sqrt(30), 2.0),
        (rj.Gaussian(2.0, power=1.0), 2.0 / 30, 2.0 / 30),
        (rj.Gaussian(2.0, fan="out"), 2.0 / math.sqrt(70), 2.0),
        (rj.Uniform(1.0, power=1.0, fan="width"), 0.01, 0.01),
        (rj.Cauchy(3.0), 3.0 / 30, 3.0),
        (rj.Cauchy(3.0, power=0.0), 3.0, 3.0),
        (rj.Stable(1.0, alpha=0.5), 1.0 / 900, 1.0),
        (rj.Rademacher(1.0), 1.0 / math.sqrt(30), 1.0),
        (rj.StudentT(3, 2.0), 2.0 / math.sqrt(30), 2.0),
        (rj.StudentT(2, 2.0), 2.0 / math.sqrt(30), 2.0),
        (rj.StudentT(0.5, 2.0, fan="out"), 2.0 / 4900, 2.0),
        (rj.StudentT(3, 2.0, power=1.0, fan="width"), 0.02, 0.02),
    ],
)
def test_scale_convention(spec, weight, bias):
    assert spec.entry_scale(30, 70, 100) == pytest.approx(weight, rel=1e-15)
    assert spec.entry_scale(30, 70, 100, bias=True) == pytest.approx(bias, rel=1e-15)


@pytest.mark.parametrize("fan", ["in", "out", "width"])
def test_matrices_have_the_scale_of_the_law(fan):
    # KS of all entries of a 200 x 300 matrix in a network of width 400, against the scaled law of scipy
    n = {"in": 300, "out": 200, "width": 400}[fan]
    for spec, reference in (
        (rj.Gaussian(2.0, fan=fan), scipy.stats.norm(scale=2.0 / math.sqrt(n))),
        (rj.Cauchy(2.0, fan=fan), scipy.stats.cauchy(scale=2.0 / n)),
        (rj.StudentT(1.5, 2.0, fan=fan), scipy.stats.t(1.5, scale=2.0 / n ** (1 / 1.5))),
    ):
        scale = spec.entry_scale(300, 200, 400)
        w = draw_matrix(np.random.default_rng(8), spec.code, spec.parameter, scale, 200, 300)
        assert scipy.stats.kstest(w.ravel(), reference.cdf).pvalue > LEVEL


@pytest.mark.parametrize(
    "spec", [rj.Gaussian(1.5), rj.Uniform(1.5), rj.Rademacher(1.5), rj.Orthogonal(1.5), rj.StudentT(15, 1.5)]
)
def test_entry_variance_is_that_of_the_draw(spec):
    w = draw_matrix(np.random.default_rng(2), spec.code, spec.parameter, spec.entry_scale(300, 200, 300), 200, 300)
    # 60,000 entries: relative standard error of the variance at most sqrt((kurtosis - 1)/60000) = .65 % (kurtosis 3,
    # 3.55 for t with df = 15); 3.7 of these
    assert w.var() == pytest.approx(spec.entry_variance(300, 200, 300), rel=0.024)


@pytest.mark.parametrize(
    "one",
    [
        rj.Gaussian(0.3),
        rj.Cauchy(2.0, power=0.5, fan="width"),
        rj.Stable(1.0, alpha=1.2),
        rj.Uniform(),
        rj.Orthogonal(2.0),
        rj.StudentT(3),
        rj.StudentT(1.5, 2.0, power=0.5, fan="out"),
    ],
)
def test_description_round_trips(one):
    assert law(one.to_dict()) == one
    assert eval(repr(one), {type(one).__name__: type(one)}) == one


def test_text_forms():
    assert law("gaussian:0.5") == rj.Gaussian(0.5)
    assert law("cauchy:1:0.5") == rj.Cauchy(1.0, power=0.5)
    assert law("stable:2:1.1") == rj.Stable(2.0, alpha=1.1)
    assert law("student_t:3") == rj.StudentT(3)
    assert law("student_t:3:2:1") == rj.StudentT(3, scale=2.0, power=1.0)


@pytest.mark.parametrize("std", [float("nan"), float("inf"), -1.0])
@pytest.mark.parametrize("kind", [rj.Gaussian, rj.Uniform, rj.Rademacher, rj.Cauchy, rj.Stable, rj.Orthogonal])
def test_bad_scale(kind, std):
    with pytest.raises(ValueError, match=r"(std|scale|gain)=.* must be a finite number >= 0"):
        kind(std)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rj.Gaussian("1"), "std='1'"),
        (lambda: rj.Gaussian(power=math.nan), "power=nan"),
        (lambda: rj.Gaussian(fan="of"), "fan='of' must be one of"),
        (lambda: rj.Stable(alpha=2.5), "alpha=2.5"),
        (lambda: rj.StudentT(0.0), r"df=0.0 must be a finite number > 0"),
        (lambda: rj.StudentT(math.inf), "df=inf"),
        (lambda: rj.StudentT(3, -1.0), r"scale=-1.0 must be a finite number >= 0"),
        (lambda: law("student_t"), "student_t:df:scale:power"),
        (lambda: law("student_t:3:1:1:1"), "student_t:df:scale:power"),
        (lambda: law("laplace:1"), "known: gaussian"),
        (lambda: law("gaussian:a"), "gaussian:std:power"),
        (lambda: law("gaussian:1:1:1"), "gaussian:std:power"),
        (lambda: law(3), "weights=3"),
        (lambda: law({"law": "x"}), "known"),
    ],
)
def test_bad_laws(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_row_variance_has_no_rounding():
    # n Var W_ij: exactly s^2 under the usual convention, whatever n; else n s^2 / fan^(2 power)
    for n in (3, 49, 100, 300, 1000):
        assert rj.Gaussian(1.5).row_variance(n, 2 * n, 7) == 2.25
        assert rj.Orthogonal(0.5).row_variance(n, 2 * n, 7) == 0.125
    assert rj.Uniform(2.0, fan="out").row_variance(100, 400, 1) == 1.0
    assert rj.Gaussian(2.0, power=1.0).row_variance(10, 5, 1) == pytest.approx(0.4, rel=1e-15)
    assert rj.Cauchy().row_variance(10, 5, 1) == math.inf
    assert rj.StudentT(4, 1.5).row_variance(49, 2, 7) == 4.5


def test_which_laws_have_a_variance():
    finite = [rj.Gaussian(), rj.Uniform(), rj.Rademacher(), rj.Orthogonal(), rj.StudentT(2.5)]
    infinite = [rj.Cauchy(), rj.Stable(), rj.StudentT(2), rj.StudentT(1.0)]
    assert [one.finite_variance for one in finite + infinite] == [True] * 5 + [False] * 4
    for one in infinite:
        assert one.entry_variance(3, 3, 3) == one.row_variance(3, 3, 3) == math.inf


def test_student_t_in_an_ensemble():
    # sigma_w^2 = df/(df - 2) s^2 = 2 of df = 4 reaches the mean field, q^h = 2 q_0; without a variance there is none
    ens = rj.Ensemble.square(50, 1, "tanh", "student_t:4", rj.StudentT(1.0, 0.1))
    assert rj.Ensemble.from_dict(ens.to_dict()).to_dict() == ens.to_dict()
    assert [one["row_variance"] for one in ens.layer_numbers()] == [2.0]
    field = rj.mean_field(rj.Ensemble.square(50, 1, "tanh", "student_t:4"), 1.0)
    assert field.preactivation_variances == pytest.approx([2.0], rel=1e-15)
    with pytest.raises(ValueError, match="a mean field is known where all laws have a variance"):
        rj.mean_field(ens, 1.0)
    assert np.isfinite(ens.draw(0).weights[0]).all()

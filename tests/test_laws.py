import math

import numpy as np
import pytest
import scipy.stats

import rmtjac as rj
from rmtjac.kernels.sampling import draw_matrix, draw_vector, fill
from rmtjac.laws import law

LEVEL = 1e-3  # of each test of distribution, the seed being fixed


def _draw(one, size=20_000, seed=1):
    out = np.empty(size)
    fill(np.random.default_rng(seed), one.code, one.parameter, 1.0, out)
    return out


REFERENCES = {
    "gaussian": scipy.stats.norm(),
    "uniform": scipy.stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)),
    "cauchy": scipy.stats.cauchy(),
    "stable:1:1": scipy.stats.cauchy(),
}


@pytest.mark.parametrize("spec", REFERENCES)
def test_standard_variable_against_scipy(spec):
    assert scipy.stats.kstest(_draw(law(spec)), REFERENCES[spec].cdf).pvalue > LEVEL


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.5, 1.9])
def test_stable_by_its_characteristic_function(alpha):
    # E cos(tX) = exp(-|t|^alpha); the mean of n cosines has variance (1 + phi(2t) - 2 phi(t)^2) / 2n. Four t,
    # level 1e-3 each.
    x, n = _draw(law(f"stable:1:{alpha}"), 100_000), 100_000
    for t in (0.2, 0.7, 1.5, 3.0):
        phi = math.exp(-(t**alpha))
        error = math.sqrt((1 + math.exp(-((2 * t) ** alpha)) - 2 * phi**2) / (2 * n))
        assert abs(np.cos(t * x).mean() - phi) < scipy.stats.norm.isf(LEVEL / 2) * error


def test_rademacher():
    x = _draw(law("rademacher"))
    assert set(x) == {-1.0, 1.0}
    assert scipy.stats.binomtest(int((x > 0).sum()), x.size).pvalue > LEVEL


def test_normal_bits_are_those_of_numpy():
    np.testing.assert_array_equal(_draw(rj.Gaussian(), 1000, 7), np.random.default_rng(7).standard_normal(1000))


@pytest.mark.parametrize("spec", ["gaussian", "uniform", "rademacher", "cauchy", "stable:1:1.3", "stable:1:1"])
def test_interpreted_kernel_draws_the_same(spec):
    one, out = law(spec), np.empty(50)
    fill.py_func(np.random.default_rng(1), one.code, one.parameter, 1.0, out)
    np.testing.assert_allclose(out, _draw(one, 50), rtol=1e-13)


def test_unknown_code_draws_nan():
    out = np.zeros(2)
    fill.py_func(np.random.default_rng(0), 77, 0.0, 1.0, out)
    assert np.isnan(out).all()
    assert not draw_vector(np.random.default_rng(0), -1, 0.0, 1.0, 3).any()


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (9, 4), (4, 9)])
def test_orthogonal_has_orthonormal_sides(shape):
    q = draw_matrix(np.random.default_rng(3), 5, 0.0, 1.0, *shape)
    small = q.T @ q if shape[0] >= shape[1] else q @ q.T
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-14)
    assert q.flags.c_contiguous


def test_orthogonal_is_haar():
    # Under Haar measure on O(2) the angle is uniform and det = +-1 with equal chance; without the sign fix the corner
    # Q_00 of LAPACK's Q is never positive.
    rng = np.random.default_rng(5)
    qs = np.array([draw_matrix(rng, 5, 0.0, 1.0, 2, 2) for _ in range(4000)])
    angles = np.arctan2(qs[:, 1, 0], qs[:, 0, 0])
    assert scipy.stats.kstest(angles, scipy.stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > LEVEL
    assert scipy.stats.binomtest(int((np.linalg.det(qs) > 0).sum()), 4000).pvalue > LEVEL
    # and on O(5) the eigenvalue phases repel: E |tr Q|^2 = 1, E |tr Q^2|^2 = 2 + 1 (Diaconis & Shahshahani 1994)
    qs = np.array([draw_matrix(rng, 5, 0.0, 1.0, 5, 5) for _ in range(20_000)])
    traces = np.trace(qs, axis1=1, axis2=2)
    squares = np.trace(qs @ qs, axis1=1, axis2=2)
    for sample, expected in ((traces**2, 1.0), (squares, 1.0), (squares**2, 3.0)):
        assert abs(sample.mean() - expected) < 3.3 * sample.std() / math.sqrt(sample.size)


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
    ],
)
def test_scale_convention(spec, weight, bias):
    assert spec.entry_scale(30, 70, 100) == pytest.approx(weight, rel=1e-15)
    assert spec.entry_scale(30, 70, 100, bias=True) == pytest.approx(bias, rel=1e-15)


@pytest.mark.parametrize("spec", [rj.Gaussian(1.5), rj.Uniform(1.5), rj.Rademacher(1.5), rj.Orthogonal(1.5)])
def test_entry_variance_is_that_of_the_draw(spec):
    w = draw_matrix(np.random.default_rng(2), spec.code, spec.parameter, spec.entry_scale(300, 200, 300), 200, 300)
    # 60,000 entries: relative standard error of the variance at most sqrt(2/60000) = .6 %; 4 of these
    assert w.var() == pytest.approx(spec.entry_variance(300, 200, 300), rel=0.024)


@pytest.mark.parametrize(
    "one",
    [
        rj.Gaussian(0.3),
        rj.Cauchy(2.0, power=0.5, fan="width"),
        rj.Stable(1.0, alpha=1.2),
        rj.Uniform(),
        rj.Orthogonal(2.0),
    ],
)
def test_description_round_trips(one):
    assert law(one.to_dict()) == one
    assert eval(repr(one), {type(one).__name__: type(one)}) == one


def test_text_forms():
    assert law("gaussian:0.5") == rj.Gaussian(0.5)
    assert law("cauchy:1:0.5") == rj.Cauchy(1.0, power=0.5)
    assert law("stable:2:1.1") == rj.Stable(2.0, alpha=1.1)


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

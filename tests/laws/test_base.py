import math

import numpy as np
import pytest
import scipy.stats

import rmtjac as rj
from rmtjac.kernels.samples.draw import draw_matrix
from rmtjac.laws import law
from rmtjac.laws.base import LawCode, kind
from tests.laws.draws import LEVEL


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


@pytest.mark.parametrize("std", [float("nan"), float("inf"), -1.0])
@pytest.mark.parametrize("make", [rj.Gaussian, rj.Uniform, rj.Rademacher, rj.Cauchy, rj.Stable, rj.Orthogonal])
def test_bad_scale(make, std):
    with pytest.raises(ValueError, match=r"(std|scale|gain)=.* must be a finite number >= 0"):
        make(std)


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


def test_names_and_codes():
    # What files and kernels know the laws by: neither may change.
    codes = {"gaussian": 0, "uniform": 1, "rademacher": 2, "cauchy": 3, "stable": 4, "orthogonal": 5, "student_t": 6}
    found = {kind(cls): cls.code for cls in (rj.Gaussian, rj.Uniform, rj.Rademacher, rj.Cauchy, rj.Stable,
                                             rj.Orthogonal, rj.StudentT)}  # fmt: skip
    assert found == codes
    assert {one.name.lower(): one.value for one in LawCode} == {**codes, "no_law": -1}
    assert {type(code) for code in found.values()} == {int}  # another type would compile the kernels again

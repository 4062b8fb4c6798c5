import math

import pytest

import rmtjac as rj
from rmtjac.laws.parse import LAWS, law


def test_each_law_by_its_name():
    assert list(LAWS) == ["gaussian", "uniform", "rademacher", "cauchy", "stable", "student_t", "orthogonal"]
    for name, cls in LAWS.items():
        one = law(f"{name}:1.5")
        assert type(one) is cls
        assert law(one) is one
        assert law(one.to_dict()) == one


def test_text_forms():
    assert law("gaussian:0.5") == rj.Gaussian(0.5)
    assert law("cauchy:1:0.5") == rj.Cauchy(1.0, power=0.5)
    assert law("stable:2:1.1") == rj.Stable(2.0, alpha=1.1)
    assert law("student_t:3") == rj.StudentT(3)
    assert law("student_t:3:2:1") == rj.StudentT(3, scale=2.0, power=1.0)


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

import math

import pytest
import scipy.stats

from rmtjac.laws import law
from tests.laws.draws import LEVEL, check_standard_variable, draw

REFERENCES = {"gaussian": scipy.stats.norm(), "uniform": scipy.stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))}


@pytest.mark.parametrize("spec", REFERENCES)
def test_standard_variable_against_scipy(spec):
    check_standard_variable(law(spec), REFERENCES[spec])


def test_rademacher():
    x = draw(law("rademacher"))
    assert set(x) == {-1.0, 1.0}
    assert scipy.stats.binomtest(int((x > 0).sum()), x.size).pvalue > LEVEL

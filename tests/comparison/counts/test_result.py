import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

import rmtjac as rj
from rmtjac.comparison.counts.result import ChiSquare
from tests.expected_by_hand import plane

ENSEMBLES = tuple(one.to_dict() for one in (plane(1), plane(2, 2.0), plane(3, sigma_b=0.0)))


@pytest.fixture
def compared():
    counted = np.full((3, 4, 2), 0.5)
    counted[:, 0, 0] = 1.0, 1.2, 1.4
    expected = np.full((3, 4, 2), 0.1)
    expected[:, 0, 0] = 1.1, 1.1, 1.1
    return rj.CountsComparison(
        names=("a", "b", "c"), conventions=("x", "x", "y"), ensembles=ENSEMBLES, methods=("limit",) * 3,
        counted=counted, expected=expected, errors=np.full((3, 4), 0.1), more_than_one=np.full((3, 2), 0.05),
        bound=np.array([0.05, 0.05, np.nan]), networks=np.array([200, 200, 100]), unproved=np.array([0, 0, 0]),
        widths=np.array([20, 20, 30]), repeated=np.zeros(3, bool),
    )  # fmt: skip


def test_pulls_and_their_sum(compared):
    np.testing.assert_allclose(compared.pulls[:, 0], [-1.0, 1.0, 3.0])
    value, degrees, p_value = compared.chi_square()
    assert (value, degrees) == (pytest.approx(11.0), 3)
    assert p_value == pytest.approx(chi2.sf(11.0, 3))
    assert "disagree" in str(compared.chi_square())


def test_only_proved_counts_of_distinct_networks_enter_the_sum(compared):
    assert replace(compared, unproved=np.array([0, 0, 1])).chi_square()[:2] == (pytest.approx(2.0), 2)
    assert replace(compared, repeated=np.array([False, True, False])).chi_square()[:2] == (pytest.approx(10.0), 2)
    errors = np.full((3, 4), 0.1)
    errors[2, 0] = np.nan
    assert replace(compared, errors=errors).chi_square()[:2] == (pytest.approx(2.0), 2)
    # No spread in the counts, and less than one network in 200 that should differ: nothing to compare.
    counted, expected = compared.counted.copy(), compared.expected.copy()
    counted[0, 0], expected[0, 0, 0] = (1.0, 0.0), 1.0049
    assert replace(compared, counted=counted, expected=expected).chi_square().degrees == 2
    expected = expected.copy()
    expected[0, 0, 0] = 1.0051
    assert replace(compared, counted=counted, expected=expected).chi_square().degrees == 3
    none = replace(compared, unproved=np.ones(3, int)).chi_square("stable")
    assert none[:2] == (0.0, 0)
    assert str(none) == "no cell with proved counts that can differ"
    assert np.isnan(none.p_value)


def test_coordinates(compared):
    assert compared.coordinates["depth"].tolist() == [1, 2, 3]
    assert compared.coordinates["width"].tolist() == [20, 20, 30]
    assert compared.coordinates["sigma_w"].tolist() == [1.0, 2.0, 1.0]
    np.testing.assert_allclose(compared.coordinates["sigma_b"], [0.1, 0.1, 0.0])


def test_tables(compared):
    text = replace(compared, unproved=np.array([0, 2, 0]), repeated=np.array([False, False, True])).table(["total"])
    lines = text.splitlines()
    assert ">= 1.200" in lines[2]
    assert lines[4].startswith("total: chi^2 = 1.0 in 1 cells")
    assert len(lines) == 7
    frame = compared.to_pandas()
    assert frame["total pull"].tolist() == pytest.approx([-1.0, 1.0, 3.0])
    facts = json.loads(json.dumps(compared.to_dict(), allow_nan=False))
    assert facts["cells"][2]["bound"] is None
    assert facts["chi_square"]["total"]["degrees"] == 3
    with pytest.raises(ValueError, match="quantities='mean' must be one of"):
        compared.table(["mean"])
    with pytest.raises(ValueError, match="quantity='mean' must be one of"):
        compared.chi_square("mean")


def test_files(compared, tmp_path):
    back = rj.CountsComparison.load(compared.save(tmp_path / "c.npz"))
    assert back.to_pandas().equals(compared.to_pandas())
    assert back.names == compared.names
    assert repr(back) == repr(compared)


def test_words():
    assert str(ChiSquare(3.0, 2, 0.5)) == "chi^2 = 3.0 in 2 cells, agree at 5% (p = 0.5)"

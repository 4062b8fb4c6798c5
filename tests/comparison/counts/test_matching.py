import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.counts.counted import counted_cells
from rmtjac.comparison.counts.matching import is_expected, matched
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints
from tests.expected_by_hand import by_hand, plane

ENSEMBLES = [plane(1), plane(2), plane(2, 2.0), plane(2, sigma_b=0.3), plane(2, activation="hardtanh")]


@pytest.fixture(scope="module")
def cells():
    return counted_cells([rj.count_fixed_points(one, 2) for one in ENSEMBLES])


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_the_ensemble_decides_and_not_the_order(cells, order):
    theory = {i: by_hand(ENSEMBLES[i], 1.0 + i, 1.0) for i in order}
    assert [one.total.value for one in matched(cells, theory)] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert [one.total.value for one in matched(cells, list(theory.values()))] == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_the_limit_serves_every_width_and_numbers_at_the_width_come_first(cells):
    limit = [by_hand(plane(2, width=999), 1.5, 1.0), by_hand(plane(1), 1.2, 1.0)]
    assert [one.total.value for one in matched(cells[:2], limit)] == [1.2, 1.5]
    exact = by_hand(plane(2), 1.4, 1.0, method="conditional")
    assert [one.total.value for one in matched(cells[:2], [*limit, exact])] == [1.2, 1.4]
    with pytest.raises(ValueError, match="no expected numbers"):
        matched(cells[1:2], by_hand(plane(2, width=999), 1.4, 1.0, method="conditional"))


def test_a_grid_is_a_list_of_its_cells(cells):
    axes = {"cell": np.array(["b", "a"])}
    values = np.ones((2, 5, 2))
    values[:, 0, 0] = 7.0, 8.0
    facts = [{"ensemble": one.to_dict()} for one in (ENSEMBLES[2], ENSEMBLES[0])]
    grid = ExpectedGrid(axes, values, np.ones(2), np.ones(2), "limit", facts)
    assert [one.total.value for one in matched([cells[0], cells[2]], grid)] == [8.0, 7.0]
    assert [one.total.value for one in matched(cells[:3], [grid, by_hand(ENSEMBLES[1], 9.0, 1.0)])] == [8.0, 9.0, 7.0]


def test_errors_name_both_ensembles(cells):
    with pytest.raises(ValueError, match=r"no expected numbers of .*std=2\.0.*those of Ensemble.*std=0\.3"):
        matched(cells[2:3], by_hand(ENSEMBLES[3], 1.0, 1.0))
    with pytest.raises(ValueError, match="several expected numbers, which differ, of Ensemble"):
        matched(cells[:1], [by_hand(ENSEMBLES[0], 1.0, 1.0), by_hand(ENSEMBLES[0], 1.1, 1.0)])
    twice = by_hand(ENSEMBLES[0], float("nan"), 1.0)
    assert matched(cells[:1], [twice, twice]) == [twice]
    with pytest.raises(ValueError, match="do not say of which ensemble"):
        matched(cells, ExpectedFixedPoints(*(twice.index for _ in range(5))))


def test_what_is_expected():
    one = by_hand(ENSEMBLES[0], 1.0, 1.0)
    assert all(map(is_expected, (one, [one], {"a": one}, [[one], {"b": one}])))
    assert not any(map(is_expected, ([], {}, "text", None, 3, [one, 3], rj.Ensemble([2, 2]))))

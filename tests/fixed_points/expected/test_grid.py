import json

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from tests.expected_by_hand import plane

AXES = {"depth": np.array([1, 3]), "sigma_w": np.array([0.5, 1.0, 1.5])}


@pytest.fixture
def grid():
    values = np.arange(60.0).reshape(2, 3, 5, 2)
    facts = [{"ensemble": plane(depth, w).to_dict()} for depth in (1, 3) for w in (0.5, 1.0, 1.5)]
    return ExpectedGrid(AXES, values, np.arange(6.0).reshape(2, 3), np.ones((2, 3)), "limit", facts)


def test_numbers_by_name(grid):
    assert grid.shape == (2, 3)
    assert len(grid) == 6
    assert grid.total.tolist() == [[0, 10, 20], [30, 40, 50]]
    assert grid.stable.tolist() == (grid.total + 2).tolist()
    assert grid.saddles.tolist() == (grid.total + 4).tolist()
    assert grid.repellers.tolist() == (grid.total + 6).tolist()
    assert grid.error("stable").tolist() == (grid.stable + 1).tolist()
    assert grid.index_residual[0].tolist() == [7, 17, 27]


def test_cells(grid):
    cell = grid.at(depth=3, sigma_w=1.0)
    assert (cell.total.value, cell.total.error, cell.growth) == (40.0, 41.0, 4.0)
    assert cell.facts == {"ensemble": plane(3, 1.0).to_dict()}
    assert [one.stable.value for one in grid.cells()] == grid.stable.ravel().tolist()


@pytest.mark.parametrize(
    ("coordinates", "message"),
    [
        ({"depth": 3}, "sigma_w is missing; it is one of"),
        ({"depth": 2, "sigma_w": 1.0}, r"depth=2 must be one of \[1, 3\]"),
        ({"depth": 3, "sigma_w": 1.0, "width": 9}, "'width' is not an axis; there are depth, sigma_w"),
    ],
)
def test_unknown_cells(grid, coordinates, message):
    with pytest.raises(ValueError, match=message):
        grid.at(**coordinates)


def test_names_as_an_axis(grid):
    axes = {"cell": np.array(["a", "b"])}
    named = ExpectedGrid(axes, grid.values[:, 0], grid.growth[:, 0], grid.degree[:, 0], "limit", grid.facts[:2])
    assert named.at(cell="b").total.value == 30.0
    assert named.to_xarray()["stable"].sel(cell="a") == 2.0
    assert "         a" in named.table()


def test_tables(grid):
    frame = grid.to_pandas()
    assert frame.shape == (6, 13)
    assert frame[(frame.depth == 3) & (frame.sigma_w == 1.5)]["saddles error"].item() == 55.0
    assert grid.to_xarray()["total"].sel(depth=3, sigma_w=0.5) == 30.0
    facts = json.loads(json.dumps(grid.to_dict(), allow_nan=False))
    assert facts["repellers"]["value"][1][2] == 56.0
    assert len(grid.table().splitlines()) == 7
    assert repr(grid) == "ExpectedGrid(depth 2 x sigma_w 3; limit; E[total] 0 to 50)"


def test_files(grid, tmp_path):
    back = ExpectedGrid.load(grid.save(tmp_path / "grid.npz"))
    assert back.facts == grid.facts
    assert list(back.axes) == list(grid.axes)
    np.testing.assert_array_equal(back.values, grid.values)
    with pytest.raises(ValueError, match="holds a ExpectedGrid"):
        rj.FixedPointCounts.load(tmp_path / "grid.npz")


def test_arrays_that_do_not_fit(grid):
    with pytest.raises(ValueError, match="do not belong to axes of lengths"):
        ExpectedGrid({"depth": AXES["depth"]}, grid.values, grid.growth, grid.degree, "limit", grid.facts)
    with pytest.raises(ValueError, match="5 facts do not belong to 6 cells"):
        ExpectedGrid(AXES, grid.values, grid.growth, grid.degree, "limit", grid.facts[:5])
    with pytest.raises(ValueError, match="quantity='mean' must be one of"):
        grid.error("mean")

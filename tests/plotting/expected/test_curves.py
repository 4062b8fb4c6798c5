import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm

import rmtjac as rj
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from tests.expected_by_hand import plane

AXES = {"depth": np.array([3, 1]), "width": np.array([20]), "sigma_w": np.array([0.5, 1.0, 1.5, 3.0]),
        "sigma_b": np.array([0.0, 0.5, 1.0])}  # fmt: skip


@pytest.fixture
def grid():
    shape = tuple(len(axis) for axis in AXES.values())
    values = np.zeros((*shape, 5, 2))
    values[..., 0, 0] = 1.0 + np.arange(24.0).reshape(shape)
    values[..., 1, 0] = 0.5
    facts = [{"ensemble": plane(L, w, b).to_dict()} for L in (3, 1) for w in AXES["sigma_w"] for b in AXES["sigma_b"]]
    return ExpectedGrid(AXES, values, np.ones(shape), np.ones(shape), "limit", facts)


def test_lines_along_an_axis(grid):
    drawn = rj.plotting.plot_expected(grid, along="sigma_w", quantities=["total"])
    assert len(drawn["lines"]) == 6
    assert drawn["lines"][1].get_xdata().tolist() == [0.5, 1.0, 1.5, 3.0]
    assert drawn["lines"][1].get_ydata().tolist() == [2.0, 5.0, 8.0, 11.0]
    assert drawn["lines"][1].get_label() == r"all, $L = 3$, $\sigma_b = 0.5$"
    assert drawn["ax"].get_yscale() == "log"
    drawn = rj.plotting.plot_expected(grid, plt.figure().subplots(), quantities=["stable"])
    assert drawn["lines"][0].get_xdata().tolist() == [1, 3]  # in ascending order
    assert drawn["ax"].get_xlabel() == "depth $L$"
    assert drawn["ax"].get_ylabel() == "expected number of stable fixed points"


def test_lines_over_named_ensembles(grid):
    axes = {"cell": np.array(["a", "b"])}
    named = ExpectedGrid(axes, grid.values[:, 0, 0, 0], np.ones(2), np.ones(2), "limit", grid.facts[:2])
    drawn = rj.plotting.plot_expected(named)
    assert [text.get_text() for text in drawn["ax"].get_xticklabels()] == ["a", "b"]
    assert [line.get_label() for line in drawn["lines"]] == ["all", "stable", "saddles", "repellers"]


def test_maps_with_the_critical_line(grid):
    drawn = rj.plotting.plot_expected_map(grid, at={"depth": 1})
    assert [ax.get_title() for ax in drawn["axes"]] == ["$E[Q]$, all fixed points", "$E[S]$, stable ones"]
    total, stable = drawn["meshes"]
    assert total.get_array().tolist() == (13.0 + np.arange(12.0).reshape(4, 3)).T.tolist()
    assert isinstance(stable.norm, LogNorm) is False
    line = drawn["critical"][0]
    # tanh: sigma_w^2 = 1.760955 at sigma_b^2 = .05
    at = np.interp(np.sqrt(0.05), line.get_ydata(), line.get_xdata())
    assert at == pytest.approx(np.sqrt(1.760955), abs=2e-3)
    turned = rj.plotting.plot_expected_map(grid, plt.figure().subplots(), x="sigma_b", y="sigma_w", at={"depth": 1},
                                           quantities="total")  # fmt: skip
    assert turned["meshes"][0].get_array().tolist() == total.get_array().T.tolist()
    np.testing.assert_array_equal(turned["critical"][0].get_xdata(), line.get_ydata())


def test_maps_over_other_axes_have_no_critical_line(grid):
    drawn = rj.plotting.plot_expected_map(grid, x="depth", quantities=["total"], at={"sigma_w": 1.0})
    assert drawn["critical"] == []
    assert drawn["meshes"][0].get_array().tolist() == [[16.0, 4.0], [17.0, 5.0], [18.0, 6.0]]
    values = grid.values.copy()
    values[1, 0, 2, 1, 0] = np.nan
    gap = ExpectedGrid(AXES, values, np.ones(grid.shape), grid.degree, "limit", grid.facts)
    array = rj.plotting.plot_expected_map(gap, at={"depth": 1})["meshes"][0].get_array()
    assert array.mask.sum() == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"at: depth is missing; it is one of \[3, 1\]"),
        ({"at": {"depth": 2}}, r"at: depth=2 must be one of \[3, 1\]"),
        ({"at": {"time": 2}}, "'time' is not an axis with numbers"),
        ({"x": "sigma_b"}, "x and y are the same axis, 'sigma_b'"),
        ({"quantities": "mean"}, "quantities='mean' must be one of"),
    ],
)
def test_bad_maps(grid, options, message):
    with pytest.raises(ValueError, match=message):
        rj.plotting.plot_expected_map(grid, **options)


def test_bad_arguments(grid):
    with pytest.raises(ValueError, match="ax: one panel shows one of"):
        rj.plotting.plot_expected_map(grid, plt.figure().subplots(), at={"depth": 1})
    with pytest.raises(ValueError, match="along='time' must be an axis of the grid"):
        rj.plotting.plot_expected(grid, along="time")
    with pytest.raises(ValueError, match="quantities='mean' must be one of"):
        rj.plotting.plot_expected(grid, quantities=["mean"])

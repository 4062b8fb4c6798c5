import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from tests.expected_by_hand import plane

DEPTHS, WIDTHS = (1, 2, 3), (10, 30)


def compared(ensembles, widths, conventions=None, unproved=None):
    """Numbers that name their places: 1, 2, 3, ... counted, .5 less expected."""
    k = len(ensembles)
    counted = np.full((k, 4, 2), 0.25)
    counted[:, :, 0] = np.arange(1.0, k + 1)[:, None]
    expected = np.full((k, 4, 2), 0.0)
    expected[:, :, 0] = np.array([0.5 * one.depth for one in ensembles])[:, None]
    return rj.CountsComparison(
        names=tuple(map(str, range(k))), conventions=conventions or ("",) * k,
        ensembles=tuple(one.to_dict() for one in ensembles), methods=("limit",) * k, counted=counted, expected=expected,
        errors=np.full((k, 4), 0.25), more_than_one=np.full((k, 2), 0.1), bound=np.full(k, 0.2),
        networks=np.full(k, 100), unproved=np.zeros(k, int) if unproved is None else np.array(unproved),
        widths=np.array(widths), repeated=np.zeros(k, bool),
    )  # fmt: skip


@pytest.fixture
def over_depth():
    cells = [(depth, width) for width in WIDTHS for depth in DEPTHS]
    return compared([plane(depth, width=width) for depth, width in cells], [width for _, width in cells])


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_points_with_errors_on_the_curve(over_depth):
    drawn = rj.plotting.plot_counts(over_depth)
    assert [ax.get_ylabel() for ax in drawn["axes"]] == [
        "mean number of fixed points", "mean number of stable fixed points",
    ]  # fmt: skip
    assert len(drawn["points"]) == 4  # two widths in two panels
    line, _, bars = drawn["points"][1]
    assert line.get_ydata().tolist() == [4.0, 5.0, 6.0]
    np.testing.assert_allclose(line.get_xdata(), DEPTHS, atol=0.2)
    np.testing.assert_allclose(np.ptp(np.array(bars[0].get_segments())[:, :, 1], axis=1), 0.5)
    assert len(drawn["curves"]) == 2  # both widths have the same limit
    assert drawn["curves"][0].get_ydata().tolist() == [0.5, 1.0, 1.5]
    assert texts(drawn["axes"][1]) == ["theory", "$N = 10$", "$N = 30$"]


def test_over_widths_and_scales():
    wide = compared([plane(2, width=width) for width in (100, 10, 30)], [100, 10, 30])
    drawn = rj.plotting.plot_counts(wide, along="width", quantity="stable")
    assert drawn["points"][0][0].get_ydata().tolist() == [2.0, 3.0, 1.0]  # ascending in N
    assert drawn["axes"][0].get_xscale() == "log"
    scales = [(w, b) for b in (0.1, 0.5) for w in (0.5, 1.0, 2.0)]
    conventions = tuple(f"sigma_w = {w}, sigma_b = {b}" for w, b in scales)
    over = compared([plane(2, w, b) for w, b in scales], [20] * 6, conventions)
    drawn = rj.plotting.plot_counts(over, along="sigma_w", quantity="total")
    assert [bar[0].get_ydata().tolist() for bar in drawn["points"]] == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert texts(drawn["axes"][0])[-2:] == [r"$\sigma_b = 0.1$", r"$\sigma_b = 0.5$"]


def test_conventions_stand_for_scales_that_differ_between_layers():
    steep = [rj.Ensemble([2, *[9] * (L - 1), 2], "tanh", biases=rj.Gaussian(1.0, power=0.5)) for L in DEPTHS]
    drawn = rj.plotting.plot_counts(compared(steep, [9] * 3, ("a",) * 3), quantity="total")
    assert len(drawn["points"]) == 1


def test_lower_bounds_are_hollow(over_depth):
    marked = compared([plane(depth) for depth in DEPTHS], [20] * 3, unproved=[0, 5, 0])
    drawn = rj.plotting.plot_counts(marked, plt.figure().subplots())
    full, hollow = drawn["points"]
    assert full[0].get_xdata().size == 2
    assert hollow[0].get_markerfacecolor() == "white"
    assert "counted (lower bounds)" in texts(drawn["axes"][0])


def test_the_bound(over_depth):
    drawn = rj.plotting.plot_counts(over_depth, quantity="more_than_one")
    assert drawn["curves"][0].get_ydata().tolist() == [0.2] * 3
    assert drawn["points"][0][0].get_ydata().tolist() == [0.1] * 3
    assert texts(drawn["axes"][0])[0] == "bound $(E[Q] - 1)/2$"


def test_a_finer_curve(over_depth):
    values = np.zeros((2, 5, 5, 2))
    values[:, :, 0, 0] = np.arange(10.0).reshape(2, 5)
    facts = [{"ensemble": plane(1).to_dict()}] * 10
    axes = {"sigma_w": np.array([1.0, 2.0]), "depth": np.arange(1, 6)}
    grid = ExpectedGrid(axes, values, np.zeros((2, 5)), np.ones((2, 5)), "limit", facts)
    drawn = rj.plotting.plot_counts(over_depth, quantity="total", theory=grid)
    assert [line.get_ydata().tolist() for line in drawn["curves"]] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert drawn["curves"][1].get_label() == r"theory, $\sigma_w = 2$"


def test_bad_arguments(over_depth):
    with pytest.raises(ValueError, match="along='time' must be one of"):
        rj.plotting.plot_counts(over_depth, along="time")
    with pytest.raises(ValueError, match="quantity='mean' must be one of"):
        rj.plotting.plot_counts(over_depth, quantity="mean")

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.plotting import plot_comparison
from tests.plotting.pairs import pair

SCALES = ["semilog", "loglog"]


def test_comparison_shows_both_scales_above_their_pulls():
    result = rj.compare(*pair())
    found = plot_comparison(result, title="a title")
    axes = found["axes"]
    assert axes.shape == (2, 2)
    assert found["figure"].get_suptitle() == "a title"
    for column, (kind, binned) in enumerate(zip(SCALES, (result.linear, result.log), strict=True)):
        top, bottom = axes[:, column]
        assert found[kind]["ax"] is top
        assert top.get_xscale() == bottom.get_xscale() == ("log" if kind == "loglog" else "linear")
        assert top.get_xlim() == bottom.get_xlim()
        points = found[f"{kind}_pulls"][-1]
        assert points.axes is bottom
        x, y = points.get_data()
        shown = np.isin(binned.histogram.centers, x)
        # bins that hold nothing, neither sampled nor expected, may be left out
        assert shown[binned.histogram.fraction > 0].all()
        np.testing.assert_array_equal(y, binned.pulls[shown])
        assert bottom.get_ylim()[1] >= np.nanmax(np.abs(y))
        # everything sampled lies within the axes
        low, high = top.get_xlim()
        assert low <= binned.histogram.edges[0]
        assert high >= binned.histogram.edges[-1]


def test_large_pulls_stay_in_the_picture():
    emp, _ = pair("linear", 2, 40, 50)
    wrong = rj.limit_spectrum(rj.Ensemble.square(40, 6, "linear"))
    result = rj.compare(emp, wrong)
    bottom = plot_comparison(result)["axes"][1, 0]
    assert np.nanmax(np.abs(result.linear.pulls)) > 10
    assert bottom.get_ylim()[1] > np.nanmax(np.abs(result.linear.pulls))
    assert bottom.get_yscale() == "symlog"


def test_a_single_sample_is_drawn_without_errors():
    found = plot_comparison(rj.compare(*pair("relu", 2, 30, 1)))
    assert np.isnan(found["semilog_pulls"][-1].get_ydata()).all()
    assert np.isfinite(found["axes"][1, 0].get_ylim()).all()
    found["figure"].canvas.draw()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["relu", "hardtanh"])
def test_labels_neither_overlap_nor_leave_the_axes(name, scale):
    figure = plt.figure()
    ax = figure.add_subplot()
    found = plot_comparison(rj.compare(*pair(name, 1)), ax, scale=scale)
    figure.canvas.draw()
    words, legend = found["atom"][1].get_window_extent(), ax.get_legend().get_window_extent()
    frame = ax.get_window_extent()
    assert not words.overlaps(legend)
    for box in (words, legend):
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1


def test_laws_wider_than_the_range_of_a_float():
    """Under independent masks tanh with Cauchy weights has 0.7 % of its eigenvalues below exp(-700)."""
    ens = rj.Ensemble.square(60, 2, "tanh", rj.Cauchy())
    limit = rj.limit_spectrum(ens, masks="independent")
    alone = rj.plotting.plot_limit(limit)
    comparison = rj.compare(rj.sample_spectrum(ens, 4, rng=1, masks="independent"), limit)
    both = rj.plotting.plot_comparison(comparison)
    for panel in (alone, both["semilog"], both["loglog"]):
        panel["ax"].figure.canvas.draw()  # a range beyond the floats would warn, and so fail, here
        low, high = panel["ax"].get_xlim()
        assert np.isfinite([low, high]).all()
        median = float(limit.quantile(0.5))
        assert low < median < high


def test_band_of_the_largest_eigenvalue():
    ens = rj.Ensemble.square(30, 1, "linear")
    result = rj.compare(rj.sample_spectrum(ens, 5, rng=0), rj.limit_spectrum(ens))
    for scale in ("semilog", "loglog"):
        drawn = plot_comparison(result, plt.figure().subplots(), scale=scale)
        low, high = result.largest_interval
        box = drawn["largest"].get_extents().transformed(drawn["ax"].transData.inverted())
        assert (box.x0, box.x1) == pytest.approx((low, high), rel=1e-9)
        assert drawn["ax"].get_xlim()[1] >= high
        plt.close(drawn["ax"].figure)
    none = dataclasses.replace(result, largest_interval=np.full(2, np.nan))
    assert "largest" not in plot_comparison(none, plt.figure().subplots())
    plt.close("all")

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot") / "sweep"
    rj.sweep.plan(folder, [6, 8], [1, 2, 3], {"a": {}, "b": {"fan": "width"}}, seeds=6, block=6)
    rj.sweep.run(folder, "serial")
    return rj.sweep.load(folder)


def test_lines_are_means_with_errors(table):
    drawn = rj.plotting.plot_sweep(table)
    assert len(drawn["lines"]) == 4
    line, _, bars = drawn["lines"][3]
    expected = [table.of("b", 8, depth).mean("stable") for depth in (1, 2, 3)]
    np.testing.assert_allclose(line.get_ydata(), [mean for mean, _ in expected])
    heights = np.ptp(np.array(bars[0].get_segments())[:, :, 1], axis=1)
    np.testing.assert_allclose(heights, [2 * error for _, error in expected], atol=1e-12)
    labels = [text.get_text() for text in drawn["axes"][0].get_legend().get_texts()]
    assert labels == ["a $N=6$", "a $N=8$", "b $N=6$", "b $N=8$"]
    plt.close(drawn["figure"])


def test_maps_show_each_cell(table):
    drawn = rj.plotting.plot_sweep(table, kind="map", column="complete")
    assert [ax.get_title() for ax in drawn["axes"]] == ["a", "b"]
    assert drawn["images"][0].get_array().shape == (2, 3)
    assert {text.get_text() for text in drawn["axes"][0].texts} == {"1.00"}
    # One value everywhere has one colour in both panels, on which its number can be read.
    colors = {tuple(image.cmap(image.norm(1.0))) for image in drawn["images"]}
    assert len(colors) == 1
    assert 0.4 < sum(next(iter(colors))[:3]) / 3 < 0.6
    drawn["figure"].canvas.draw()
    label = drawn["images"][-1].colorbar.ax.yaxis.label.get_window_extent()
    assert label.height <= drawn["figure"].bbox.height
    plt.close(drawn["figure"])


def test_bad_arguments(table):
    with pytest.raises(ValueError, match="column='nothing' must be a column of numbers"):
        rj.plotting.plot_sweep(table, column="nothing")
    with pytest.raises(ValueError, match="kind='pie' must be one of"):
        rj.plotting.plot_sweep(table, kind="pie")
    figure, ax = plt.subplots()
    with pytest.raises(ValueError, match="a map shows one convention"):
        rj.plotting.plot_sweep(table, ax, kind="map")
    plt.close(figure)

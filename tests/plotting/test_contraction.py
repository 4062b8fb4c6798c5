import matplotlib.pyplot as plt
import numpy as np
import pytest

from rmtjac.estimate import Estimate
from rmtjac.plotting import plot_contraction


def test_curves_and_points():
    scales, widths = [0.5, 0.7, 0.9], [50, 200]
    p = np.array([[1.0, 0.6, 0.1], [1.0, 0.5, 0.0]])
    frequencies = [(50, 0.7, Estimate(0.58, 0.02)), (50, 0.8, Estimate(0.3, 0.02))]
    drawn = plot_contraction(scales, widths, p, frequencies=frequencies)
    for line, row in zip(drawn["curves"], p, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), row)
    (points,) = drawn["points"]
    np.testing.assert_array_equal(points[0].get_ydata(), [0.58, 0.3])
    assert [text.get_text() for text in drawn["ax"].get_legend().get_texts()] == ["$N=50$", "$N=200$"]
    plt.close(drawn["ax"].figure)


def test_one_width():
    drawn = plot_contraction([1.0], [10], [[0.5]], plt.figure().subplots())
    assert drawn["points"] == []
    plt.close(drawn["ax"].figure)


def test_bad_arguments():
    with pytest.raises(ValueError, match="one row for each of the 2 widths"):
        plot_contraction([0.5, 0.7], [50, 100], [[1.0, 0.5]])
    with pytest.raises(ValueError, match="frequencies holds the width 60"):
        plot_contraction([0.5], [50], [[1.0]], frequencies=[(60, 0.5, Estimate(0.5, 0.1))])

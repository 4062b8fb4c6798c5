import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.plotting.expected.density import plot_expected_density


def expected(n, activation="tanh"):
    return rj.expected_fixed_points(rj.Ensemble([n, 30, n], activation, rj.Gaussian(1.5), rj.Gaussian(0.5)))


def test_the_square():
    one = expected(2)
    drawn = plot_expected_density(one, points=10)
    assert [ax.get_title() for ax in drawn["axes"]] == ["all fixed points", "stable ones"]
    mesh = drawn["meshes"][0]
    edges = np.linspace(-1, 1, 11)
    centers = 0.5 * (edges[1:] + edges[:-1])
    truth = one.density([centers[7], centers[2]])  # x_1 to the right, x_2 upwards
    assert mesh.get_array()[2, 7] == pytest.approx(truth[0])
    assert drawn["meshes"][1].get_array()[2, 7] == pytest.approx(truth[1])
    total = plot_expected_density(one, points=40, quantities="total", ax=plt.figure().subplots())["meshes"][
        0
    ].get_array()
    assert total.sum() * (2 / 40) ** 2 == pytest.approx(one.total.value, rel=0.05)  # midpoints


def test_the_interval_and_unbounded_activations():
    drawn = plot_expected_density(expected(1), points=9, quantities=["total", "repellers"])
    assert [line.get_label() for line in drawn["lines"]] == ["all fixed points", "repellers"]
    assert drawn["lines"][0].get_xdata()[[0, -1]].tolist() == pytest.approx([-8 / 9, 8 / 9])
    drawn = plot_expected_density(expected(1), points=2, reach=0.5)
    assert drawn["lines"][0].get_xdata().tolist() == [-0.25, 0.25]
    drawn = plot_expected_density(expected(1, "leaky_relu:0.1"), points=2)
    assert drawn["lines"][0].get_xdata().tolist() == [-1.0, 1.0]


def test_bad_arguments():
    one = expected(2)
    with pytest.raises(ValueError, match="quantities='mean' must be one of"):
        plot_expected_density(one, quantities="mean")
    with pytest.raises(ValueError, match="ax: one panel shows one of"):
        plot_expected_density(one, plt.figure().subplots())
    with pytest.raises(ValueError, match="points=0 must be"):
        plot_expected_density(one, points=0)
    with pytest.raises(ValueError, match="reach=-1 must be"):
        plot_expected_density(one, reach=-1)

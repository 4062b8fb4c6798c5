import matplotlib.pyplot as plt
import numpy as np
import pytest

from rmtjac.plotting.densities import SCALES, draw_atom, draw_curve, draw_steps, dress, has_atom
from rmtjac.spectra.empirical import EmpiricalSpectrum


@pytest.fixture
def ax():
    return plt.subplots()[1]


@pytest.mark.parametrize("scale", SCALES)
def test_dress(ax, scale):
    dress(ax, scale)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log" if scale == "loglog" else "linear", "log")
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_steps_are_the_bins_and_their_standard_error(ax):
    # Two matrices of two eigenvalues: in bins of width 1 on (0, 4] the densities are 1/4, 1/2, 0, 1/4 by count.
    values = np.array([[0.5, 1.5], [1.5, 3.9999]])
    emp = EmpiricalSpectrum(0.5 * np.log(values)[:, ::-1], np.full(2, -40.0), np.zeros(2, dtype=np.int64), {})
    line, band = draw_steps(ax, emp.histogram(4, "linear"), "two matrices", "red")
    heights, edges, floor = line.get_data()
    np.testing.assert_allclose(np.diff(edges), 3.9999 / 4, rtol=1e-12)
    np.testing.assert_allclose(heights[[0, 1, 3]] * np.diff(edges)[[0, 1, 3]], [0.25, 0.5, 0.25], rtol=1e-12)
    assert heights[2] == floor  # an empty bin ends at the floor, not at 0 on a logarithmic axis
    assert floor == pytest.approx(0.3 * heights[[0, 1, 3]].min())
    # The share of bin 0 is 1/2 in one matrix and 0 in the other: standard error 1/4; that of bin 1 does not vary.
    top, _, bottom = band.get_data()
    assert (top[0] - heights[0]) * np.diff(edges)[0] == pytest.approx(0.25)
    assert top[1] == pytest.approx(heights[1])
    assert bottom[1] == pytest.approx(heights[1])


def test_a_line_for_each_interval(ax):
    lam = np.array([0.5, 1.0, 2.0, 3.0, 4.0])
    lines = draw_curve(ax, lam, np.array([0.0, 1.0, 0.5, 0.25, 0.0]), np.array([[0.5, 2.0], [3.0, 4.0]]), "limit", "k")
    assert [line.get_xdata().tolist() for line in lines] == [[0.5, 1.0, 2.0], [3.0, 4.0]]
    assert min(line.get_ydata().min() for line in lines) == 1e-300  # drawn on a logarithmic axis
    assert lines[0].get_label() == "limit"
    assert lines[1].get_label().startswith("_")  # named once


@pytest.mark.parametrize("scale", SCALES)
def test_the_mass_at_zero_is_labelled_above_what_is_drawn(ax, scale):
    ax.plot([1.0, 2.0], [0.01, 1.0])
    dress(ax, scale)
    low, high = ax.get_ylim()
    assert not has_atom(ax)
    arrow, words = draw_atom(ax, "atom at 0: 0.5", "red", scale)
    assert has_atom(ax)
    assert words.get_text() == "atom at 0: 0.5"
    assert ax.get_ylim()[0] == low
    assert ax.get_ylim()[1] > high
    if scale == "semilog":
        assert arrow.xy[0] == 0.0  # it stands at lambda = 0
    plt.close(ax.figure)

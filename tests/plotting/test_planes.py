import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points import regions
from rmtjac.plotting import plot_basins, plot_fixed_points, plot_regions

NET = rj.Ensemble.berlyand_slavin(30, 2).draw(7)


def _faces(artists):
    return {line.get_label(): line.get_markerfacecolor() for line in artists if line.get_marker() not in (None, "None")}


def test_stable_points_are_filled_and_others_hollow():
    net = rj.Network([3 * np.eye(2)], activation="hardtanh")  # four stable corners, four saddles, one repeller
    drawn = plot_fixed_points(rj.find_fixed_points(net))
    faces = _faces(drawn["points"])
    assert faces == {"stable": "#000000", "saddle": "white", "repeller": "white"}
    counts = {line.get_label(): len(line.get_xdata()) for line in drawn["points"]}
    assert counts == {"stable": 4, "saddle": 4, "repeller": 1}
    assert drawn["ax"].get_aspect() == 1.0
    # corners of the square are seen whole
    assert drawn["ax"].get_xlim()[0] < -1


def test_continua_undecided_boxes_and_cycles():
    line = rj.find_fixed_points(rj.Network([np.diag([1.0, 0.5])], activation="hardtanh"))
    assert len(plot_fixed_points(line)["continua"]) == 1
    some = rj.find_fixed_points(rj.Ensemble.berlyand_slavin(100, 3).draw(0), max_boxes=10)
    assert len(plot_fixed_points(some)["undecided"].get_paths()) == len(some.undecided) > 0
    swap = rj.Network([[[0.0, -3.0], [3.0, 0.0]]], activation="hardtanh")
    drawn = plot_fixed_points(rj.find_fixed_points(swap, method="grid"))
    ring = next(one for one in drawn["points"] if one.get_label() == "cycles")
    assert ring.get_marker() == (4, 0, 0)  # a square for period 4
    assert len(ring.get_xdata()) == 5


@pytest.mark.parametrize("show", ["labels", "proved"])
def test_basins(show):
    basins = rj.find_basins(NET, prove=1)
    _, ax = plt.subplots()
    drawn = plot_basins(basins, ax, show=show)
    assert drawn["ax"] is ax
    values = np.asarray(drawn["mesh"].get_array())
    if show == "labels":
        np.testing.assert_array_equal(values, basins.labels.T)
    else:
        assert (values == -1).mean() == pytest.approx(basins.undecided)
    colors = drawn["mesh"].cmap(drawn["mesh"].norm(np.arange(len(basins.points) + len(basins.cycles))))
    assert len({tuple(c) for c in colors}) == len(colors)
    assert drawn["legend"] is not None
    everything = rj.find_fixed_points(NET)
    marked = plot_basins(basins, show=show, fixed_points=everything)["points"]
    assert sum(len(line.get_xdata()) for line in marked if line.get_label() in ("stable", "saddle", "repeller")) == len(
        everything
    )


def test_regions_are_polygons_coloured_by_their_stretch():
    found = regions(NET)
    drawn = plot_regions(found)
    assert len(drawn["regions"].get_paths()) == found.count
    values = np.ma.getdata(drawn["regions"].get_array())
    stretch = np.linalg.norm(found.matrices, 2, axis=(1, 2))
    np.testing.assert_allclose(values[stretch > 0], np.log10(stretch[stretch > 0]))
    assert "colorbar" in drawn
    assert "colorbar" not in plot_regions(found, color="none")


def test_bad_arguments():
    line = rj.Network([[[2.0]]], activation="hardtanh")
    with pytest.raises(ValueError, match="found has 1 dimensions; pictures are drawn of the plane"):
        plot_fixed_points(rj.find_fixed_points(line))
    with pytest.raises(ValueError, match="basins has 1 dimensions"):
        plot_basins(rj.find_basins(line))
    with pytest.raises(ValueError, match="regions has 1 dimensions"):
        plot_regions(regions(line))
    with pytest.raises(ValueError, match="show='all' must be one of 'labels', 'proved'"):
        plot_basins(rj.find_basins(NET, prove=-1), show="all")
    with pytest.raises(ValueError, match="color='red' must be one of 'stretch', 'none'"):
        plot_regions(regions(NET), color="red")


def test_fixed_points_without_a_domain():
    found = rj.find_fixed_points(rj.Network([[[-2.0, 3.0], [-3.0, -2.0]]], [[1.0, 2.0]], "relu"), method="newton")
    ax = rj.plotting.plot_fixed_points(found)["ax"]
    (low, high), (x, y) = ax.get_xlim(), found.points[0]
    assert low < x < high
    assert ax.get_ylim()[0] < y < ax.get_ylim()[1]

import numpy as np
import pytest

import rmtjac as rj

NET = rj.Ensemble.berlyand_slavin(20, 2).draw(0)


def test_auto_picks_the_strongest_method():
    smooth = rj.Ensemble.berlyand_slavin(20, 2, activation="tanh").draw(0)
    sine = rj.Network([np.eye(2) * 0.5], activation=rj.Activation("sine", np.sin, np.cos))
    assert rj.find_fixed_points(NET).method == "exact"
    assert rj.find_fixed_points(smooth).method == "interval"
    found = rj.find_fixed_points(sine)
    assert found.method == "grid"
    assert "no interval extension, so the grid was used" in found.reason
    bounded = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="relu")  # linear on x >= 0, where all fixed points are
    assert rj.find_fixed_points(bounded).method == "exact"
    unbounded = rj.Network([[[2.0, -1.0], [1.0, 2.0]]], activation="relu")
    found = rj.find_fixed_points(unbounded)
    assert "no domain is known, so the grid was used" in found.reason


def test_interval_and_exact_agree():
    for seed in range(5):
        net = rj.Ensemble.berlyand_slavin(20, 2).draw(seed)
        a, b = rj.find_fixed_points(net, method="exact"), rj.find_fixed_points(net, method="interval")
        assert a.complete
        assert b.complete
        np.testing.assert_allclose(a.points, b.points, atol=1e-12)


def test_bad_arguments():
    with pytest.raises(TypeError, match="network='x' must be a Network"):
        rj.find_fixed_points("x")
    with pytest.raises(ValueError, match=r"network maps 2 numbers to 3; .* e.g. widths \[2, 100, 2\]"):
        rj.find_fixed_points(rj.Network([np.ones((3, 2))]))
    with pytest.raises(ValueError, match="NaN or infinite entries"):
        rj.Network([[[np.nan, 0.0], [0.0, 1.0]]])
    with pytest.raises(ValueError, match="method='magic' must be one of 'auto', 'exact', 'interval', 'grid'"):
        rj.find_fixed_points(NET, method="magic")
    sine = rj.Network([np.eye(2)], activation=rj.Activation("sine", np.sin, np.cos))
    with pytest.raises(ValueError, match="activation='sine' has no interval extension; use method='grid'"):
        rj.find_fixed_points(sine, method="interval")
    smooth = rj.Network([np.eye(2)], activation="tanh")
    with pytest.raises(ValueError, match="activation='tanh' is not piecewise affine"):
        rj.find_fixed_points(smooth, method="exact")
    with pytest.raises(ValueError, match=r"domain=\[\[0.0, 0.0\], \[0.0, 1.0\]\] must be finite, with low < high"):
        rj.find_fixed_points(NET, domain=[[0, 0], [0, 1]])
    with pytest.raises(ValueError, match=r"domain has shape \(3,\); \(low, high\) or two corners of 2 numbers"):
        rj.find_fixed_points(NET, domain=[0, 1, 2])
    with pytest.raises(ValueError, match=r"step=5.0 is larger than the domain .*; one that fits in it is needed"):
        rj.find_fixed_points(NET, method="grid", step=5.0)
    with pytest.raises(ValueError, match="step=0 must be a finite number > 0"):
        rj.find_fixed_points(NET, method="grid", step=0)
    with pytest.raises(ValueError, match="a grid in 4 dimensions is too large; pass starts="):
        rj.find_fixed_points(rj.Network([np.eye(4)]), method="grid")
    with pytest.raises(ValueError, match=r"starts has shape \(3, 3\); finite numbers of shape \(K, 2\)"):
        rj.find_fixed_points(NET, method="grid", starts=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="is for method='grid' or method='newton', not 'exact'"):
        rj.find_fixed_points(NET, method="exact", starts=10)
    with pytest.raises(ValueError, match="max_boxes=0 must be a positive whole number"):
        rj.find_fixed_points(NET, max_boxes=0)


def test_huge_and_tiny_scales():
    for scale in (1e-150, 1e-20, 1e-3):
        net = rj.Network([[[0.5, 0.1], [0.0, -0.5]]], [[scale, -scale]], "linear")
        found = rj.find_fixed_points(net)
        assert found.complete
        exact = np.linalg.solve(np.eye(2) - net.weights[0], net.biases[0])
        np.testing.assert_allclose(found.points, [exact], rtol=1e-12)
    big = rj.Network([[[1e8, 1e8], [1e8, -1e8]]], activation="hardtanh")
    found = rj.find_fixed_points(big)
    assert found.complete
    assert found.index_sum == 1


def test_slopes_beyond_the_range_of_a_float():
    steep = rj.find_fixed_points(rj.Network([np.full((2, 2), 1e300)], activation="hardtanh"))
    assert steep.complete
    assert steep.points.tolist() == [[-1, -1], [0, 0], [1, 1]]
    assert steep.index.tolist() == [1, -1, 1]
    steeper = rj.Network([np.full((2, 2), 1e300)] * 2, activation="linear")
    found = rj.find_fixed_points(steeper, domain=(-1, 1), max_boxes=1000)
    assert [0, 0] in found.points.tolist() or len(found.undecided)


def test_many_dimensions_without_a_domain():
    net = rj.Network([2.0 * np.eye(5)], [np.full(5, -1.0)], "relu")  # 0 and 1 in each coordinate
    found = rj.find_fixed_points(net, max_boxes=100)
    assert not found.complete
    assert found.proved.any()
    assert np.isin(np.round(found.points, 9), [0.0, 1.0]).all()
    few = rj.find_fixed_points(net, starts=np.full((1, 5), 0.9), max_boxes=100)
    assert [1.0] * 5 in np.round(few.points, 9).tolist()


def test_newton_takes_starts_and_a_seed():
    net = rj.Network([3.0 * np.eye(4)], None, "tanh")
    one = rj.find_fixed_points(net, method="newton", starts=40, rng=1)
    two = rj.find_fixed_points(net, method="newton", starts=40, rng=1)
    assert one.points.tolist() == two.points.tolist()
    assert one.facts == {"starts": 40}
    assert set(one.kinds.tolist()) >= {"stable", "saddle"}
    lists = rj.find_fixed_points(net, method="newton", starts=[[1, 1, 1, 1], [0, 0, 0, 0]])
    assert lists.proved.all()
    assert [0.0] * 4 in np.round(lists.points, 12).tolist()
    with pytest.raises(ValueError, match=r"starts has shape \(1, 2\); finite numbers of shape \(K, 4\)"):
        rj.find_fixed_points(net, method="newton", starts=[[1, 2]])
    with pytest.raises(ValueError, match="starts=0 must be a positive whole number"):
        rj.find_fixed_points(net, method="newton", starts=0)


def test_counts_and_sweeps_in_many_dimensions():
    ens = rj.Ensemble([6, 6], "tanh", rj.Gaussian(0.3), rj.Gaussian(0.1))
    for method in ("auto", "newton"):
        counts = rj.count_fixed_points(ens, 5, method=method, threads=1)
        assert counts.stable.tolist() == [1] * 5
        assert counts.complete.tolist() == [method == "auto"] * 5

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.rng import as_seed_sequence, stream
from rmtjac.status import Status

ENSEMBLE = rj.Ensemble.berlyand_slavin(20, 2)


def test_counts_are_those_of_the_networks():
    counts = rj.count_fixed_points(ENSEMBLE, 12, rng=3, outcomes=True, threads=2)
    root = as_seed_sequence(3)
    for i in range(12):
        net = ENSEMBLE.draw(stream(root, i))
        found, grid = rj.find_fixed_points(net), rj.find_fixed_points(net, method="grid")
        assert (counts.stable[i], counts.total[i]) == (found.stable.sum(), len(found))
        assert counts.index_sum[i] == 1
        assert counts.ends[i][0] == grid.outcomes[Status.CONVERGED] / 41**2
    assert counts.complete.all()
    share, error = counts.probabilities()
    assert share.sum() == pytest.approx(1)
    assert (error < 0.2).all()
    mean, spread = counts.means["stable"]
    assert mean == counts.stable.mean()
    assert spread == pytest.approx(counts.stable.std(ddof=1) / 12**0.5)
    assert 0 <= counts.unsettled()[0] <= 1
    text = counts.table()
    assert "Cauchy(scale=1.0, power=1.0" in text.replace("scale=1.0, power", "scale=1.0, power") or "Cauchy" in text
    assert "complete, with proof: 12 of 12 networks" in text


def test_the_seed_fixes_everything_whatever_the_threads():
    one, two = (rj.count_fixed_points(ENSEMBLE, 6, rng=1, threads=t) for t in (1, 2))
    np.testing.assert_array_equal(one.total, two.total)
    np.testing.assert_array_equal(one.stable, two.stable)


def test_the_published_law_of_one_layer():
    # docs/theory/fixed_points.md: N = 100, Cauchy, scale 1 / fan-in, L = 1: E[Q] = .91 +- .04, P(0) = .29, P(1) = .52.
    # One layer maps R^2 to itself, whatever N. Level: 4 standard errors of the difference, 6e-5.
    counts = rj.count_fixed_points(rj.Ensemble.berlyand_slavin(100, 1), 400, rng=0)
    mean, error = counts.means["stable"]
    assert abs(mean - 0.91) < 4 * np.hypot(error, 0.04)
    share, spread = counts.probabilities()
    for k, expected in ((0, 0.29), (1, 0.52)):
        assert abs(share[k] - expected) < 4 * np.hypot(spread[k], (expected * (1 - expected) / 300) ** 0.5)
    assert counts.complete.all()


def test_gaussian_networks_of_standard_deviation_1_over_n_have_one():
    counts = rj.count_fixed_points(rj.Ensemble.berlyand_slavin(100, 2, law="gaussian"), 50, rng=0)
    assert (counts.total == 1).all()
    assert (counts.stable == 1).all()


def test_by_the_grid(tmp_path):
    counts = rj.count_fixed_points(ENSEMBLE, 5, rng=0, method="grid", follow=100)
    assert counts.ends.shape == (5, 5)
    assert not counts.complete.any()
    again = type(counts).load(counts.save(tmp_path / "c.npz"))
    assert again.table() == counts.table()
    assert len(counts.to_pandas()) == 5


def test_bad_arguments():
    with pytest.raises(TypeError, match="ensemble=3 must be an Ensemble"):
        rj.count_fixed_points(3)
    with pytest.raises(ValueError, match="networks=0 must be a positive"):
        rj.count_fixed_points(ENSEMBLE, 0)
    with pytest.raises(ValueError, match="method='all' must be one of"):
        rj.count_fixed_points(ENSEMBLE, method="all")

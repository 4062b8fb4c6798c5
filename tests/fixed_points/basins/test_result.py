import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.ends import Label
from rmtjac.status import Status


def test_files(tmp_path):
    basins = rj.find_basins(rj.Ensemble.berlyand_slavin(30, 2).draw(0))
    again = rj.Basins.load(basins.save(tmp_path / "b.npz"))
    assert repr(again) == repr(basins)
    assert again.table() == basins.table()
    np.testing.assert_array_equal(again.labels, basins.labels)
    assert not again.labels.flags.writeable


def test_tables_and_outcomes_follow_from_the_labels():
    axes = (np.array([-1.0, 0.0, 1.0]),)
    basins = rj.Basins(
        axes, np.array([0, Label.UNSTABLE, 1]), np.array([[-0.5]]), np.array([0.25]),
        (rj.fixed_points.Cycle(np.array([[0.5], [0.6]]), 0.5),), np.zeros((1, 1)), np.array([0.5, 0.5]), np.zeros(2),
        np.array([0.4, 0.3]), 0.3, np.array([0, 0, Label.OPEN, 1]), np.array([[-1.0], [1.0]]),
    )  # fmt: skip
    assert basins.outcomes == {
        Status.CONVERGED: 1,
        Status.CYCLE: 1,
        Status.APERIODIC: 0,
        Status.DIVERGED: 0,
        Status.UNSTABLE: 1,
    }
    np.testing.assert_allclose(basins.brackets, [[0.4, 0.7], [0.3, 0.6]])
    assert basins.stable.tolist() == [True]
    assert repr(basins) == "Basins(3 grid: 1 points 0.500; 1 cycles 0.500; 0.300 not proved)"
    assert "cycle of period 2" in basins.table()
    with pytest.raises(ValueError, match="read-only"):
        basins.labels[0] = 1


def test_stored_labels_are_plain_numbers(tmp_path):
    # Files of older versions hold these numbers.
    basins = rj.find_basins(rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="tanh"), step=0.5)
    assert basins.labels.dtype.kind == "i"
    again = rj.Basins.load(basins.save(tmp_path / "b.npz"))
    assert (again.labels[2] == -4).all()
    assert set(np.unique(again.cells)) == {-3, 0, 1}

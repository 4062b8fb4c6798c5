import numpy as np

from rmtjac.fixed_points.ends import FIRST_CYCLE, Cycle, Label, pack_cycles, renumbered, unpack_cycles


def test_labels_are_the_numbers_that_files_hold():
    assert {label.name: int(label) for label in Label} == {"APERIODIC": -1, "DIVERGED": -2, "OPEN": -3, "UNSTABLE": -4}
    assert min(Label) > FIRST_CYCLE  # no label is the number of a cycle
    assert np.full(2, Label.OPEN).dtype.kind == "i"


def test_final_numbers():
    raw = np.array([0, 1, 2, FIRST_CYCLE, FIRST_CYCLE - 1, Label.APERIODIC, Label.DIVERGED, Label.OPEN])
    # Three points, of which the last comes first and the second attracts nothing; two cycles.
    found = renumbered(raw, np.array([1, Label.UNSTABLE, 0]), 2)
    assert found.tolist() == [1, Label.UNSTABLE, 0, 2, 3, Label.APERIODIC, Label.DIVERGED, Label.OPEN]
    assert renumbered(raw[3:], np.empty(0, dtype=int), 0).tolist() == [0, 1, -1, -2, -3]
    grid = renumbered(raw.reshape(2, 4), np.arange(3), 3)
    assert grid.tolist() == [[0, 1, 2, 3], [4, -1, -2, -3]]


def test_cycles_go_to_files_and_back():
    cycles = (Cycle(np.array([[1.0], [2.0]]), 0.5), Cycle(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0]]), 1.5))
    radii, arrays = pack_cycles(cycles)
    arrays["other"] = np.zeros(1)
    again = unpack_cycles(radii, arrays)
    assert list(arrays) == ["other"]
    assert [(one.period, one.stable) for one in again] == [(2, True), (3, False)]
    assert again[1].points.tolist() == cycles[1].points.tolist()
    assert repr(again[0]) == "Cycle(period 2, spectral radius 0.5)"
    assert not again[0].points.flags.writeable

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.ends import Label
from rmtjac.fixed_points.iterated.cores import find_core
from rmtjac.status import Status

HALVES = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="tanh")


def test_two_halves():
    basins = rj.find_basins(HALVES, step=0.1)
    # (0, 0) is a saddle: the starts on its stable set, the line x = 0, are a share of the grid but not of the square.
    assert len(basins.points) == 2
    assert basins.stable.tolist() == [True, True]
    np.testing.assert_allclose(basins.unstable_points, [[0.0, 0.0]], atol=1e-12)
    assert basins.outcomes[Status.UNSTABLE] == 21
    assert (basins.labels[10] == -4).all()
    assert np.abs(basins.fractions - 0.5).max() <= 4 * basins.fraction_errors.max()
    # each basin is half of the square, and nearly all of it is proved
    low, high = basins.brackets.T
    assert (low <= 0.5).all()
    assert (high >= 0.5).all()
    assert low[0] > 0.48
    assert basins.fraction_errors.max() < 0.001


@pytest.mark.parametrize(
    ("matrix", "activation", "options", "truth"),
    [
        (np.diag([2.0, 2.0]), "tanh", {}, [0.25] * 4),  # 41 x 41 points, 81 of them on the axes
        (np.diag([2.0, 2.0]), "tanh", {"prove": -1}, [0.25] * 4),
        (np.diag([2.0, 2.0]), "hardtanh", {"domain": ([-1, -1], [3, 1]), "step": 0.3}, [0.125, 0.125, 0.375, 0.375]),
        (np.diag([3.0, 0.5]), "arctan", {"step": 0.07}, [0.5, 0.5]),
        (np.diag([-2.0, -2.0]), "tanh", {}, [0.5, 0.5]),  # two cycles of period 2, and cycles that are saddles
        (np.diag([2.0, -2.0]), "tanh", {"refine": 1, "step": 0.1}, [0.5, 0.5]),
        ([[2.0]], "tanh", {"domain": (-0.25, 1.0)}, [0.2, 0.8]),
        ([[2.0]], "hardtanh", {"domain": (-1.0, 2.0), "step": 0.7, "prove": -1}, [1 / 3, 2 / 3]),
        ([[-3.0]], "hardtanh", {"step": 0.25}, [1.0]),
        (2.0 * np.eye(3), "tanh", {"step": 0.5, "prove": 1}, [0.125] * 8),
    ],
)
def test_shares_are_areas_within_their_brackets(matrix, activation, options, truth):
    basins = rj.find_basins(rj.Network([matrix], activation=activation), **options)
    low, high = basins.brackets.T
    assert len(basins.fractions) == len(truth)
    assert ((low <= basins.fractions) & (basins.fractions <= high)).all()
    assert ((low <= np.array(truth) + 1e-12) & (np.array(truth) - 1e-12 <= high)).all()
    assert (np.abs(np.sort(basins.fractions) - truth) <= 4.0 * basins.fraction_errors).all()
    assert (basins.spectral_radius < 1.0).all()
    if basins.undecided < 1.0:
        assert (basins.fraction_errors <= 0.02 * basins.undecided).all()


def test_shares_on_random_networks():
    rng = np.random.default_rng(0)
    for trial in range(12):
        n, depth = (2, 2, 1, 2)[trial % 4], 1 + trial % 5
        law = (rj.Cauchy, rj.Gaussian)[trial % 2](1.5)
        widths = [n, *[12] * (depth - 1), n]
        net = rj.Ensemble(widths, ("tanh", "hardtanh")[trial // 2 % 2], law, law).draw(int(rng.integers(2**31)))
        basins = rj.find_basins(net, step=0.1, prove=2)
        low, high = basins.brackets.T
        assert ((low <= basins.fractions) & (basins.fractions <= high)).all()
        assert basins.fractions.sum() <= 1.0 + 1e-12
        # an oracle: where 2,000 random points are after 400 steps
        x = rng.uniform(*basins.domain, (2000, n))
        for _ in range(400):
            x = net(x)
        targets = [*basins.points[:, None], *(cycle.points for cycle in basins.cycles)]
        for target, share, error in zip(targets, basins.fractions, basins.fraction_errors, strict=True):
            p = (np.abs(x[:, None] - target).max(axis=2).min(axis=1) < 1e-6).mean()
            assert abs(share - p) <= 4.0 * np.hypot(error, np.sqrt(max(p * (1 - p), 1e-3) / 2000))


def test_half_stable_points():
    # relu(2x): every x < 0 ends in 0, every x > 0 diverges.
    half = rj.find_basins(rj.Network([[[2.0]]], activation="relu"), domain=(-1, 1))
    assert half.points.tolist() == [[0.0]]
    assert abs(half.fractions[0] - 0.5) <= 4 * half.fraction_errors[0]
    # hardtanh(1.5 x - 0.5) on [-1, 1]: 1 is fixed, on a kink, and repels from within.
    face = rj.find_basins(rj.Network([[[1.5]]], [[-0.5]], "hardtanh"))
    assert face.points.tolist() == [[-1.0]]
    assert face.fractions.tolist() == [1.0]
    assert face.unstable_points.tolist() == [[1.0]]
    assert face.outcomes[Status.UNSTABLE] == 1


def test_the_phase_of_a_cycle_does_not_matter_for_the_proof():
    net = rj.Ensemble.berlyand_slavin(width=100, depth=2).draw(rng=7)
    basins = rj.find_basins(net)
    assert [len(cycle.points) for cycle in basins.cycles] == [2]
    assert basins.undecided < 0.012
    low, high = basins.brackets.T
    assert ((low <= basins.fractions) & (basins.fractions <= high)).all()


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_proved_cells_end_where_they_should(activation):
    checked = 0
    for seed in range(8):
        net = rj.Ensemble.berlyand_slavin(30, 2, activation=activation).draw(seed)
        basins = rj.find_basins(net, prove=2)
        cells = basins.cells
        proved = np.argwhere(cells != Label.OPEN)
        if not len(proved):
            continue
        rng = np.random.default_rng(seed)
        chosen = proved[rng.choice(len(proved), 200)]
        side = (basins.domain[1] - basins.domain[0]) / cells.shape
        x = basins.domain[0] + (chosen + rng.uniform(0, 1, chosen.shape)) * side
        for _ in range(5000):
            x = net(x)
        labels = cells[tuple(chosen.T)]
        checked += len(labels)
        for k in np.unique(labels):
            ends = x[labels == k]
            count = len(basins.points)
            targets = basins.points[k : k + 1] if k < count else basins.cycles[k - count].points
            assert np.abs(ends[:, None] - targets[None]).max(axis=2).min(axis=1).max() < 1e-6
        low, high = basins.brackets.T
        assert (basins.fractions >= low).all()
        assert (basins.fractions <= high).all()
    assert checked > 500


def test_labels_agree_with_find_fixed_points():
    net = rj.Ensemble.berlyand_slavin(100, 3).draw(2)
    basins, found = rj.find_basins(net, prove=-1), rj.find_fixed_points(net, method="grid")
    assert basins.labels.shape == (41, 41)
    assert basins.undecided == 1.0
    assert basins.outcomes[Status.CYCLE] == found.outcomes[Status.CYCLE]
    ends = basins.points[np.where(basins.labels < len(basins.points), basins.labels, 0).ravel()]
    fixed = (basins.labels.ravel() >= 0) & (basins.labels.ravel() < len(basins.points))
    targets = found.points[np.where(fixed, np.minimum(found.labels, len(found) - 1), 0)]
    np.testing.assert_allclose(ends[fixed], targets[fixed], atol=1e-9)


def test_refinement_gives_the_labels_of_the_fine_grid():
    net = rj.Ensemble.berlyand_slavin(30, 2).draw(7)
    fine = rj.find_basins(net, step=0.025, prove=-1)
    refined = rj.find_basins(net, step=0.1, refine=2, prove=-1)
    assert refined.labels.shape == fine.labels.shape
    # Islands smaller than the coarse grid may be missed; here the borders are simple.
    assert (refined.labels == fine.labels).mean() > 0.97


def test_cycles_have_basins_too():
    basins = rj.find_basins(rj.Network([[[-3.0]]], activation="hardtanh"), step=0.25)
    assert [cycle.period for cycle in basins.cycles] == [2]
    assert basins.outcomes[Status.CYCLE] == 8
    assert basins.outcomes[Status.UNSTABLE] == 1  # 0 is fixed, and repels
    assert basins.fractions.tolist() == [1.0]
    assert basins.brackets[0][0] > 0.98


@pytest.mark.parametrize("activation", ["hardtanh", "tanh", "softplus"])
def test_a_core_is_mapped_into_itself(activation):
    net = rj.Ensemble([2, 20, 2], activation, rj.Gaussian(0.6), rj.Gaussian(0.5)).draw(1)
    (point,) = rj.find_fixed_points(net, domain=(-5, 5)).points
    core = find_core(net, point[None], net.jacobian(point))
    assert core is not None
    z = np.random.default_rng(0).uniform(-1, 1, (200, 2)) * core.radius * (1 - 1e-8)
    x = start = core.centre + z @ np.linalg.inv(core.coordinates).T
    assert core.holds(start).all()
    for _ in range(core.steps):
        x = net(x)
    assert core.holds(x).all()
    before, after = (np.abs((y - core.centre) @ core.coordinates.T).max(axis=1) for y in (start, x))
    assert (after <= core.factor * before + 1e-12).all()
    assert find_core(net, point[None], 2 * np.eye(2)) is None


def test_one_and_three_dimensions():
    basins = rj.find_basins(rj.Network([[[2.0]]], activation="tanh"), step=0.25)
    assert basins.labels.shape == (9,)
    assert basins.brackets[0][0] > 0.49
    cube = rj.find_basins(rj.Network([2 * np.eye(3)], activation="tanh"), step=0.5, prove=1)
    assert cube.labels.shape == (5, 5, 5)
    assert cube.stable.sum() == 8
    assert cube.proved[cube.proved > 0].size == 8


def test_files(tmp_path):
    basins = rj.find_basins(rj.Ensemble.berlyand_slavin(30, 2).draw(0))
    again = rj.Basins.load(basins.save(tmp_path / "b.npz"))
    assert repr(again) == repr(basins)
    assert again.table() == basins.table()
    np.testing.assert_array_equal(again.labels, basins.labels)
    assert not again.labels.flags.writeable


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"network=3 must be a Network; Ensemble.draw\(rng\) makes one"):
        rj.find_basins(3)
    with pytest.raises(ValueError, match="network maps 2 numbers to 3; fixed points need"):
        rj.find_basins(rj.Network([np.ones((3, 2))]))
    with pytest.raises(ValueError, match=r"network maps R\^4 to itself; basins are computed for n <= 3"):
        rj.find_basins(rj.Network([np.eye(4)]))
    with pytest.raises(ValueError, match=r"step=3\.0 is larger than the domain"):
        rj.find_basins(HALVES, step=3.0)
    with pytest.raises(ValueError, match="low < high in every coordinate"):
        rj.find_basins(HALVES, domain=(1.0, 1.0))


def test_jacobians_beyond_floats_end_the_basins_in_no_traceback():
    for n in (1, 2):
        net = rj.Network([1e200 * np.eye(n), -1e200 * np.ones((n, n))], None, ["linear", "tanh"])
        basins = rj.find_basins(net, step=0.25)
        assert (basins.spectral_radius < 1.0).all()
        assert basins.fractions.sum() <= 1.0


@pytest.mark.parametrize("activation", ["tanh", "erf", "arctan", "softsign"])
def test_a_multiple_point_is_one_attractor(activation):
    # phi(x) = x only at 0, a triple (softsign: double) root, which attracts everything, slowly.
    net = rj.Network([[[1.0]]], None, activation)
    basins = rj.find_basins(net, step=0.25, prove=-1)
    assert len(basins.points) == 1
    assert np.abs(basins.points).max() < 1e-5
    assert basins.fractions.tolist() == [1.0]
    found = rj.find_fixed_points(net, "grid", step=0.25)
    assert len(found) == 1
    assert (np.abs(found.points) <= found.errors).all()
    # In the plane it may remain unknown, but it is never several.
    assert len(rj.find_basins(rj.Network([np.eye(2)], None, activation), step=0.5, prove=-1).points) <= 1

import numpy as np

import rmtjac as rj
from rmtjac.status import Status


def test_results(tmp_path):
    for method in ("exact", "grid"):
        found = rj.find_fixed_points(rj.Ensemble.berlyand_slavin(100, 3).draw(2), method=method)
        again = rj.FixedPoints.load(found.save(tmp_path / "f.npz"))
        assert repr(again) == repr(found)
        assert again.table() == found.table()
        assert again.outcomes == found.outcomes
        np.testing.assert_array_equal(again.points, found.points)
        assert len(found.to_pandas()) == len(found)
        assert not found.points.flags.writeable
    line = rj.find_fixed_points(rj.Network([np.diag([1.0, 0.5])], activation="hardtanh"))
    again = rj.FixedPoints.load(line.save(tmp_path / "l.npz"))
    np.testing.assert_array_equal(again.continua[0], line.continua[0])


def _made(jacobians, **more):
    count, n = len(jacobians), len(jacobians[0])
    return rj.FixedPoints(
        points=np.arange(count * n, dtype=float).reshape(count, n),
        errors=np.full((count, n), 1e-12),
        jacobians=np.array(jacobians, dtype=float),
        proved=np.array([True, False, True][:count]),
        index=np.array([1, -1, 1][:count]),
        complete=False,
        reason="made by hand",
        method="grid",
        domain=np.array([np.full(n, 0.0), np.full(n, 9.0)]),
        undecided=np.empty((0, 2, n)),
        **more,
    )


def test_kinds_follow_from_the_eigenvalues():
    found = _made([np.diag([0.5, -0.9]), np.diag([2.0, 0.5]), np.diag([-2.0, 3.0])])
    assert found.kinds.tolist() == ["stable", "saddle", "repeller"]
    assert found.spectral_radius.tolist() == [0.9, 2.0, 3.0]
    assert found.index_sum == 1
    assert found.places.tolist() == ["face", "inside", "inside"]
    assert found.statement == (
        "2 proved to exist, 1 found without a proof; whether there are others is open: made by hand"
    )
    assert repr(found) == "FixedPoints(3: 1 stable, 1 saddles, 1 repellers; not proved complete)"


def test_large_jacobians_are_decided_by_norms_or_eigenvalues():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(80, 80)))[0]
    assert _made([0.5 * turn, 0.999 * turn]).stable.tolist() == [True, True]
    assert _made([0.5 * turn, 1.001 * turn]).stable.tolist() == [True, False]


def test_outcomes_follow_from_the_labels():
    found = _made(
        [np.eye(1) * 0.5], starts=np.zeros((5, 1)), labels=np.array([0, 0, 1, -1, -2]),
        settled=np.array([True, False, False, False, False]),
        cycles=(rj.fixed_points.Cycle(np.array([[1.0], [2.0]]), 0.1),),
    )  # fmt: skip
    kinds = (Status.CONVERGED, Status.LATE, Status.CYCLE, Status.APERIODIC, Status.DIVERGED)
    assert found.outcomes == dict.fromkeys(kinds, 1)
    assert "5 starts; converged: 20.0%" in found.table()

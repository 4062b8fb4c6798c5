import mpmath as mp
import numpy as np
import pytest

from rmtjac.status import Status
from rmtjac.theory import DiscreteLaw, continuation
from rmtjac.theory.limit.convergence import ConvergenceMap, convergence_map
from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_edge

LINEAR = DiscreteLaw.from_points([1.0], [1.0])
RELU = DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5])


def _bare(depth, lam, base, steps, tol, max_iter):
    """BS (20)-(23) of a linear network as printed, but for the start: density, steps, points that did not settle."""
    width = min(lam, 1.0)
    z = mp.mpc(lam, width * base**steps)
    w, count, lost = 1 / z, 0, 0
    for k in range(2 * steps + 1):
        z = mp.mpc(lam, width * base ** (steps - k))
        for _ in range(max_iter):
            # m_K(y) = y / (1 - y); psi and its powers principal
            y = mp.power(z, -1.0 / depth) * mp.power(1 + w, 1.0 / depth) * mp.power(w, 1.0 - 1.0 / depth)
            before, w = w, y / (1 - y)
            count += 1
            if abs(w - before) < tol * min(1, abs(w)):
                break
        else:
            lost += 1
    settled = abs(w - before) < tol * min(1, abs(w))
    return float(-mp.im((1 + w) / z) / mp.pi), count, lost, settled


def test_against_the_iteration_written_out():
    depths, lams = [2, 5], [1e-3, 0.3, 0.9]
    options = {"base": 1.3, "steps": 15, "tol": 1e-4, "max_iter": 6}
    found = convergence_map(LINEAR, depths, lams, **options)
    for i, depth in enumerate(depths):
        edge = fuss_catalan_edge(depth)
        assert found.upper[i] == pytest.approx(edge, rel=1e-12)
        for j, lam in enumerate(lams):
            density, count, lost, settled = _bare(depth, lam * edge, **options)
            assert found.density[i, j] == pytest.approx(density, rel=1e-9)  # rounding, over some 100 contracting steps
            assert found.iterations[i, j] == count
            assert found.unconverged[i, j] == pytest.approx(lost / 31)
            assert found.converged[i, j] == settled
            exact = float(fuss_catalan_density(depth, lam * edge, 20))
            assert found.exact[i, j] == pytest.approx(exact, rel=1e-11)
            # an error of 1e-5 and more, of numbers good to 1e-9
            assert found.relative_error[i, j] == pytest.approx(abs(density / exact - 1), rel=1e-3)


def test_what_the_map_shows():
    # Two layers and more converge in the bulk, with an error of tol and of the last Im z; one layer does not contract
    # near the real axis: most of the end of its path is lost.
    found = convergence_map(LINEAR, [1, 2], [1e-6, 0.5])
    assert found.converged[1].all()
    assert (found.unconverged[1] < 0.05).all()
    assert (found.relative_error[1] < 1e-4).all()
    assert (found.unconverged[0] > 0.3).all()
    assert found.relative_error[0, 0] > 0.1
    assert (found.iterations[0] > found.iterations[1]).all()
    assert {type(one) for one in found.status.ravel()} == {Status}


def test_options_reach_the_continuation_and_an_atom_is_no_matter():
    found = convergence_map(RELU, (3,), np.array([0.2]), base=1.5, steps=10, tol=1e-3, max_iter=4, digits=25)
    (point,) = continuation(
        RELU, 3, [found.upper[0] * 0.2], base=1.5, steps=10, tol=1e-3, max_iter=4, digits=25, polish=False
    )
    assert (found.density[0, 0], found.iterations[0, 0]) == (float(point.density), point.iterations)
    assert found.status[0, 0] is point.status
    assert (found.base, found.steps, found.tol, found.max_iter) == (1.5, 10, 1e-3, 4)


def test_outside_the_support_there_is_no_error():
    found = convergence_map(LINEAR, [2], [0.5, 1.2], steps=10)
    assert found.exact[0, 1] == 0.0
    assert np.isnan(found.relative_error[0, 1])
    assert found.relative_error[0, 0] < 0.1
    only = convergence_map(LINEAR, [2], [1.2], steps=10)
    assert "no density here" in repr(only)


def test_default_grid(monkeypatch):
    # the grid only: the path is replaced
    (point,) = continuation(LINEAR, 1, [1.0], steps=2, max_iter=1, polish=False)
    monkeypatch.setattr("rmtjac.theory.limit.convergence.continuation", lambda *arguments, **options: [point])
    found = convergence_map(LINEAR, [1, 2])
    assert found.status.shape == (2, 25)
    assert np.all(np.diff(found.lams) > 0)
    assert (found.lams[0], found.lams[-1]) == (pytest.approx(1e-6), pytest.approx(0.99))
    assert np.isfinite(found.relative_error).all()


def test_result():
    found = convergence_map(LINEAR, [2, 3], [0.1, 0.5], steps=10, progress=True)
    assert isinstance(found, ConvergenceMap)
    assert repr(found).startswith("ConvergenceMap(2 depths x 2 lambdas: ")
    assert f"{int(found.converged.sum())} of 4 converged" in repr(found)
    arrays = [value for value in vars(found).values() if isinstance(value, np.ndarray)]
    assert len(arrays) == 9
    assert not any(array.flags.writeable for array in arrays)
    pytest.importorskip("pandas")
    table = found.to_pandas()
    assert len(table) == 4
    row = table[(table.depth == 3) & (table.lam_relative == 0.1)].iloc[0]
    assert row.lam == pytest.approx(0.1 * fuss_catalan_edge(3), rel=1e-12)
    assert (row.density, row.relative_error) == (found.density[1, 0], found.relative_error[1, 0])
    assert row.status == found.status[1, 0].name


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"depths": []}, ValueError, "depths of shape"),
        ({"depths": 3}, ValueError, "depths of shape"),
        ({"depths": [0]}, ValueError, "depths=0 must be a positive whole number"),
        ({"depths": [1.5]}, TypeError, "depths=1.5"),
        ({"lams": [[0.1]]}, ValueError, "lams of shape"),
        ({"lams": [0.0]}, ValueError, "lams=0.0 must be a finite number > 0"),
        ({"lams": ["a"]}, TypeError, "lams='a'"),
        ({"base": 1.0}, ValueError, "base=1.0"),
        ({"steps": 0}, ValueError, "steps=0"),
        ({"max_iter": 0}, ValueError, "max_iter=0"),
        ({"tol": 0.0}, ValueError, "tol=0.0"),
        ({"digits": 0}, ValueError, "digits=0"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        convergence_map(**({"law": LINEAR, "depths": [2], "lams": [0.5]} | options))

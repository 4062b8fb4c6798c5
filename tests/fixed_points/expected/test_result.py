import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints

ONE = Estimate(1.0, 0.0)


HALF_MORE, NEAR_ONE = Estimate(1.5, 0.1), Estimate(0.98, 0.0)


def _result(total=HALF_MORE, index=NEAR_ONE, **others):
    return ExpectedFixedPoints(total, ONE, ONE, ONE, index, **others)


def test_bound_and_residual():
    expected = _result()
    assert expected.bound == 0.25
    assert expected.index_residual == pytest.approx(0.02, rel=1e-12)
    assert _result(degree=math.nan).bound == 0.75
    assert math.isnan(_result(degree=math.nan).index_residual)
    assert _result(Estimate(9.0, 0.0)).bound == 1.0
    assert _result(Estimate(0.9, 0.0)).bound == 0.0


def test_converged_fails_closed():
    good = Estimate(1.5, 0.01)
    assert _result(good, Estimate(1.0, 0.0)).converged
    assert _result(good, Estimate(0.9, 0.05)).converged
    for total, index in [
        (good, Estimate(0.9, 0.01)), (good, Estimate(1.0, 0.5)), (good, Estimate(math.nan, 0.01)),
        (good, Estimate(1.0, math.nan)), (Estimate(1.5, 0.4), ONE), (Estimate(math.nan, 0.1), ONE),
    ]:  # fmt: skip
        one = _result(total, index)
        assert not one.converged
        assert "not converged" in repr(one)
        assert "not converged" in one.table()


def test_chaos_that_draws_cannot_resolve_is_flagged():
    ens = rj.Ensemble([8, *[50] * 11, 8], "tanh", rj.Gaussian(4.0), rj.Gaussian(0.5))
    found = rj.expected_fixed_points(ens, points=16)
    assert not found.converged


def test_texts_and_files(tmp_path):
    ens = rj.Ensemble([2, 2], "tanh", rj.Gaussian(1.5))
    found = rj.expected_fixed_points(ens)
    assert "of these the origin: stable 0.302" in found.table()
    assert "1.701" in repr(found)
    again = ExpectedFixedPoints.load(found.save(tmp_path / "expected.npz"))
    assert again.to_dict() == found.to_dict()
    assert np.array_equal(again.origin, found.origin)
    assert again.facts == found.facts
    assert repr(again) == repr(found)
    assert _result().to_dict()["growth"] is None


def test_density_needs_the_limit():
    with pytest.raises(ValueError, match="method='conditional'"):
        _result(method="conditional").density([[0.0, 0.0]])

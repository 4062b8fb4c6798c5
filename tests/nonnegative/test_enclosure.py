import numpy as np
import pytest

from rmtjac.nonnegative.enclosure import Extremal, close, merged, on_ray, zero
from rmtjac.nonnegative.perron_ray import Ray
from rmtjac.status import Status


@pytest.mark.parametrize(
    ("low", "high", "is_close"),
    [
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-12], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-11], False),
        ([0.0, 1e300], [1e287, 1e300], True),  # relative to the greatest entry
        ([0.0], [5e-324], True),
        ([1.0], [0.5], False),  # the wrong way round
        ([1.0], [np.inf], False),
        ([np.nan], [1.0], False),
        ([1.0], [np.nan], False),
        ([], [], True),
    ],
)
def test_close(low, high, is_close):
    with np.errstate(invalid="ignore"):
        assert close(np.array(low), np.array(high), 1e-12) is is_close


def test_bounds_point_and_error():
    found = Extremal(np.array([1.0, 2.0]), np.array([1.5, 2.0]), Status.UNDECIDED, True, 3)
    np.testing.assert_array_equal(found.point, [1.25, 2.0])
    assert (found.exists, found.error) == (True, 0.25)
    assert repr(found) == f"Extremal(n = 2, error 0.25, 3 iterations, {Status.UNDECIDED})"
    with pytest.raises(ValueError, match="read-only"):
        found.lower[0] = 0.0
    wide = Extremal(np.array([1e308]), np.array([1.7e308]), Status.UNDECIDED, True, 0)
    assert np.isfinite(wide.point).all()  # the sum of the bounds would overflow


def test_nothing_known():
    found = Extremal(np.array([3.0]), np.array([np.inf]), Status.DIVERGED, True, 9)
    assert not found.exists
    assert np.isnan(found.point).all()
    assert found.error == np.inf
    assert "no fixed point proved" in repr(found)


def test_zero():
    found = zero(3)
    assert (found.point == 0.0).all()
    assert (found.error, found.everywhere, found.status) == (0.0, True, Status.CONVERGED)


@pytest.mark.parametrize("end", [1e-310, 0.1, 6.0, 1e300])
def test_the_end_of_a_ray_is_enclosed(end):
    # The exact end is end times v for v in thirds, which floats do not hold; a zero entry of v may be an underflow.
    vector = np.array([1.0, 1.0 / 3.0, 0.0])
    found = on_ray(Ray(vector, end))
    assert (found.lower <= end * vector).all()
    assert (end * vector <= found.upper).all()
    assert found.upper[1] > found.lower[1]
    assert 0.0 == found.lower[2] < found.upper[2] < 1e-322
    assert (found.upper - found.lower).max() <= 1e-14 * end + 1e-321


def test_merged_keeps_what_is_not_a_bound():
    like = Extremal(np.zeros(1), np.full(1, np.inf), Status.ITERATION_LIMIT, False, 7)
    open_ = merged(np.zeros(1), np.ones(1), like, 1e-12)
    assert (open_.status, open_.everywhere, open_.iterations) == (Status.ITERATION_LIMIT, False, 7)
    assert merged(np.ones(1), np.ones(1), like, 1e-12).status is Status.CONVERGED
    assert merged(np.zeros(1), np.ones(1), zero(1), 1e-12).status is Status.UNDECIDED

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.points import ascending, indices, placed, radius_below_one, spectral_radii


@pytest.mark.parametrize("scale", [1e-300, 1e155, 1e300, 8e307])
def test_order_of_points_at_the_ends_of_floats(scale):
    found = rj.find_fixed_points(rj.Network([[[2.0]]], [[-scale]], "relu"), domain=(0.0, scale))
    assert found.complete
    assert found.points[:, 0].tolist() == [0.0, scale]  # 0 = relu(-s), s = relu(2s - s)
    net = rj.Network([[[0.5, 0.0], [0.0, 0.5]]], [[scale, 1.0]], "linear")
    found = rj.find_fixed_points(net)
    assert found.complete
    assert (np.abs(found.points[0] - [2.0 * scale, 2.0]) <= found.errors[0]).all()


def test_radii_and_indices_of_matrices_with_known_eigenvalues():
    rng = np.random.default_rng(0)
    for n in (1, 2, 5):
        values = rng.normal(size=(20, n)) * 2.0
        base = rng.normal(size=(20, n, n))
        matrices = base @ (values[..., None] * np.linalg.inv(base))
        np.testing.assert_allclose(spectral_radii(matrices), np.abs(values).max(axis=1), rtol=1e-6)
        assert (indices(matrices) == np.sign(1.0 - values).prod(axis=1)).all()
    assert spectral_radii(np.array([[[np.nan, 0.0], [0.0, 1.0]]])).tolist() == [np.inf]
    assert indices(-1e200 * np.eye(2)) == 1  # the determinant overflows


def test_norms_of_powers_prove_a_radius_below_one():
    assert radius_below_one(np.array([[0.5, 3.0], [0.0, 0.5]]))
    assert not radius_below_one(np.eye(2))
    assert not radius_below_one(np.array([[0.0, 2.0], [2.0, 0.0]]))
    assert not radius_below_one(np.full((2, 2), np.nan))


def test_noise_does_not_decide_the_order():
    points = np.array([[1.0 + 1e-12, -1.0], [1.0, 1.0], [0.0, 5.0]])
    assert ascending(points).tolist() == [2, 0, 1]
    assert ascending(np.array([[1e308], [-1e308], [0.0]])).tolist() == [1, 2, 0]
    assert ascending(np.empty((0, 2))).tolist() == []


def test_places():
    box = np.array([[0.0, 0.0], [1.0, 1.0]])
    points = np.array([[0.5, 0.5], [1.0, 0.5], [0.5, 1.0 + 1e-9], [0.5, 1.0 + 1e-6], [np.nan, 0.5]])
    assert placed(points, np.full((5, 2), 1e-8), box).tolist() == ["inside", "face", "face", "outside", "face"]

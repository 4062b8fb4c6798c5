import numpy as np
import pytest

from rmtjac.learn.optimisation.spectral_norm import SpectralNorm


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (1, 1), (5, 5)])
def test_the_norm_is_kept_while_the_matrix_moves(shape):
    rng = np.random.default_rng(0)
    moved = rng.random(shape)
    normed = SpectralNorm(moved, 0.999)
    for _ in range(50):
        moved += 0.01 * rng.normal(size=shape)
        np.maximum(moved, 0.0, out=moved)
        # Two steps of the power method a time; nonnegative matrices have a gap.
        assert np.linalg.norm(normed.value(), 2) == pytest.approx(0.999, rel=1e-4)


def test_gradients_against_differences():
    rng = np.random.default_rng(1)
    moved, weight = rng.random((4, 6)), rng.normal(size=(4, 6))
    gradient = weight.copy()
    normed = SpectralNorm(moved, 0.9)
    normed.pull(gradient, normed.value())
    step = 1e-6
    for index in np.ndindex(moved.shape):
        values = []
        for sign in (1.0, -1.0):
            other = moved.copy()
            other[index] += sign * step
            values.append((weight * other).sum() * 0.9 / np.linalg.norm(other, 2))
        assert gradient[index] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6, abs=1e-8)

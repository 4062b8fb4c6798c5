import numpy as np
import pytest

from rmtjac.learn.optimisation.batch_norm import BatchNorm


def _norm(rng, n=4):
    return BatchNorm(rng.normal(1.0, 0.3, n), rng.normal(size=n))


def test_a_batch_has_the_mean_and_variance_it_is_given():
    rng = np.random.default_rng(0)
    norm = _norm(rng)
    y = norm.forward(rng.normal(3.0, 10.0, (200, 4)))
    np.testing.assert_allclose(y.mean(axis=0), norm.shift, rtol=1e-13)
    np.testing.assert_allclose(y.std(axis=0), np.abs(norm.gain), rtol=1e-6)  # the epsilon of the variance


def test_gradients_against_differences():
    rng = np.random.default_rng(1)
    a, target = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
    gain, shift = rng.normal(1.0, 0.3, 4), rng.normal(size=4)

    def loss(a, gain, shift):
        return 0.5 * ((BatchNorm(gain, shift).forward(a) - target) ** 2).sum()

    norm = BatchNorm(gain, shift)
    dgain, dshift = np.zeros(4), np.zeros(4)
    da = norm.backward(norm.forward(a) - target, dgain, dshift)
    step = 1e-6
    for array, gradient in ((a, da), (gain, dgain), (shift, dshift)):
        for index in np.ndindex(array.shape):
            kept = array[index]
            values = []
            for sign in (1.0, -1.0):
                array[index] = kept + sign * step
                values.append(loss(a, gain, shift))
            array[index] = kept
            assert gradient[index] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6, abs=1e-8)


def test_settled_it_is_the_affine_map():
    rng = np.random.default_rng(2)
    norm, a = _norm(rng), rng.normal(2.0, 3.0, (50, 4))
    norm.settle(a)
    slope, offset = norm.affine()
    np.testing.assert_allclose(a * slope + offset, _same(norm).forward(a), rtol=1e-9, atol=1e-12)


def _same(norm):
    return BatchNorm(norm.gain, norm.shift)


def test_against_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    norm = BatchNorm(np.ones(4), np.zeros(4))
    theirs = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    for _ in range(5):
        a = rng.normal(1.0, 2.0, (9, 4))
        np.testing.assert_allclose(norm.forward(a), theirs(torch.tensor(a)).detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(norm.mean, theirs.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(norm.variance, theirs.running_var.numpy(), rtol=1e-12)

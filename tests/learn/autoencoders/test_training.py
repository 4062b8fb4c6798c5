import numpy as np
import pytest

from rmtjac.learn.autoencoders.training import CONFIGURATIONS, AutoencoderTrainer


def _trainer(name, kind=np.float64):
    rng = np.random.default_rng(0)
    new = AutoencoderTrainer(5, 4, CONFIGURATIONS[name], rng, kind)
    held = new.parameters
    held["b1"][:], held["b2"][:] = rng.random(4), rng.random(5)
    return new, rng.random((7, 5))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_gradients_against_differences(name):
    trainer, x = _trainer(name)
    for _ in range(200):  # the power method, to rounding
        trainer.loss_and_gradients(x)
    held = trainer.parameters
    gradients = held.gradients.copy()
    step = 1e-6
    for i in range(held.values.size):
        kept, values = held.values[i], []
        for sign in (1.0, -1.0):
            held.values[i] = kept + sign * step
            for _ in range(40 if CONFIGURATIONS[name].spectral else 0):
                trainer.loss_and_gradients(x)
            values.append(trainer.loss_and_gradients(x))
        held.values[i] = kept
        assert gradients[i] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5, abs=1e-8), i


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_loss_is_that_of_the_network(name):
    trainer, x = _trainer(name)
    for _ in range(200):
        loss = trainer.loss_and_gradients(x)
    assert loss == pytest.approx(((trainer.network()(x) - x) ** 2).mean(), rel=1e-9)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_bounds_are_kept(name):
    how = CONFIGURATIONS[name]
    trainer, x = _trainer(name, np.float32)
    losses = list(trainer.train(np.tile(x, (20, 1)), 40, np.random.default_rng(1), rate=1e-2))
    assert losses[-1] < losses[0]
    net = trainer.network()
    for matrix, bias in zip(net.weights, net.biases, strict=True):
        assert bias.min() >= how.biases_floor
        if how.spectral:
            assert matrix.min() >= 0.0
            assert matrix.min() > 0.0 or how.weights_floor == 0.0
            assert np.linalg.norm(matrix, 2) <= 0.999 * (1.0 + 1e-12)
        else:
            assert matrix.min() >= np.float32(how.weights_floor)

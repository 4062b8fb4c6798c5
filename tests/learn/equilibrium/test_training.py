import numpy as np
import pytest

from rmtjac.learn.equilibrium.layers import layer_of
from rmtjac.learn.equilibrium.training import Trainer, Training, _batches

NAMES = ("tanh", "softsign", "relu6", "sigmoid")


def _trainer(phi, kind=np.float64, tol=1e-14):
    rng = np.random.default_rng(0)
    new = Trainer(5, 6, 3, phi, layer_of(phi).injection_activation, rng, Training(tol=tol), kind)
    new.parameters["W"][:] = rng.random((6, 6)) * 0.4
    new.parameters["b"][:] = rng.normal(size=6)
    return new, rng.normal(size=(9, 5)), rng.integers(0, 3, 9)


@pytest.mark.parametrize("phi", NAMES)
def test_gradients_against_differences(phi):
    trainer, x, labels = _trainer(phi)
    trainer.gradients(x, labels)
    held = trainer.parameters
    gradients = held.gradients.copy()
    step = 1e-5  # central differences: off by about 1e-10
    for i in range(held.values.size):
        kept, values = held.values[i], []
        for sign in (1.0, -1.0):
            held.values[i] = kept + sign * step
            values.append(trainer.gradients(x, labels).loss)
        held.values[i] = kept
        assert gradients[i] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6, abs=1e-9), i


@pytest.mark.parametrize("phi", NAMES)
def test_gradients_against_autograd_of_the_unrolled_iteration(phi):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    activation = {"tanh": torch.tanh, "softsign": functional.softsign, "relu6": functional.relu6,
                  "sigmoid": torch.sigmoid}[phi]  # fmt: skip
    trainer, x, labels = _trainer(phi)
    held = trainer.parameters
    names = ("U", "b", "W", "C", "c", "gain", "shift")
    theirs = {name: torch.tensor(held[name].copy(), requires_grad=True) for name in names}
    a = torch.tensor(x) @ theirs["U"].T + theirs["b"]
    drive = functional.relu(a) if phi == "sigmoid" else functional.softplus(a)
    z = torch.zeros_like(drive)
    for _ in range(400):
        z = activation(z @ theirs["W"].T + drive)
    normal = functional.batch_norm(z, None, None, theirs["gain"], theirs["shift"], training=True)
    loss = functional.cross_entropy(normal @ theirs["C"].T + theirs["c"], torch.tensor(labels))
    loss.backward()
    found = trainer.gradients(x, labels)
    assert found.loss == pytest.approx(loss.item(), rel=1e-12)
    for name in names:
        np.testing.assert_allclose(held.gradient(name), theirs[name].grad.numpy(), rtol=1e-9, atol=1e-12)


def test_single_precision_is_near_double():
    double, x, labels = _trainer("tanh")
    single = _trainer("tanh", np.float32, 1e-6)[0]
    a = double.gradients(x, labels)
    b = single.gradients(x.astype(np.float32), labels)
    assert b.loss == pytest.approx(a.loss, rel=1e-5)
    np.testing.assert_allclose(single.parameters.gradients, double.parameters.gradients, atol=2e-5)


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 129, 200])
def test_batches_hold_every_sample_once(count):
    found = list(_batches(count, 64, np.random.default_rng(0)))
    assert sorted(np.concatenate(found).tolist()) == list(range(count))
    assert all(2 <= len(rows) <= 65 for rows in found) or count == 1


def test_weights_stay_nonnegative():
    trainer, x, labels = _trainer("tanh", np.float32, 1e-4)
    rng = np.random.default_rng(1)
    losses = [trainer.epoch(x.astype(np.float32), labels, rng, 5e-2).loss for _ in range(60)]
    assert losses[-1] < 0.1 * losses[0]
    assert trainer.parameters["W"].min() >= 0.0
    assert (trainer.parameters["W"] == 0.0).any()  # the bound was at work

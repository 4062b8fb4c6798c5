import numpy as np
import pytest

from rmtjac import nonnegative
from rmtjac.learn import Autoencoder, digits, train_autoencoder


@pytest.fixture(scope="module")
def data():
    pytest.importorskip("sklearn")
    return digits()


@pytest.fixture(scope="module")
def model(data):
    return train_autoencoder(data.train, "ReLU spectral NN", units=32, epochs=20, rng=3)


def test_it_learns(model, data):
    # Half of the mean square error of the mean image, which no input needs to be known for.
    assert model.loss(data.test) < 0.5 * ((data.test - data.train.mean(axis=0)) ** 2).mean()
    assert model.losses[-1] < 0.3 * model.losses[0]


def test_fixed_points_are_reconstructed(model):
    proof = nonnegative.certify(model.network)
    assert proof.unique
    found = model.reconstruct(proof.least.point)
    assert found.distances[0] < 1e-9
    other = model.reconstruct(np.ones(64))
    assert other.distances[0] > 0.1
    np.testing.assert_allclose(other.distances, np.linalg.norm(other.images - 1.0, axis=1), rtol=1e-14)


@pytest.mark.parametrize("scale", [1e39, 1e100])
def test_inputs_beyond_single_precision(scale, data):
    # Tanh cannot follow: the loss is the mean square of the inputs, in the precision of doubles.
    x = scale * data.train[:50]
    found = train_autoencoder(x, "Tanh NN", units=3, epochs=2)
    np.testing.assert_allclose(found.losses, (x**2).mean(), rtol=1e-12)
    with pytest.raises(ValueError, match=r"x holds values of size 1e\+200; scale them to at most 1e\+145"):
        train_autoencoder(np.full((3, 2), 1e200), "Tanh NN", units=3, epochs=2)


def test_files_and_seeds(model, data, tmp_path):
    again = Autoencoder.load(model.save(tmp_path / "a.npz"))
    np.testing.assert_array_equal(again.network.weights[0], model.network.weights[0])
    np.testing.assert_array_equal(again.losses, model.losses)
    assert repr(again) == repr(model)
    same = train_autoencoder(data.train, "ReLU spectral NN", units=32, epochs=20, rng=3)
    np.testing.assert_array_equal(same.network.weights[1], model.network.weights[1])


def test_bad_arguments(data):
    for x in (np.zeros((0, 3)), np.zeros((3, 0)), np.full((2, 2), np.nan), -np.ones((2, 2)), np.zeros(3)):
        with pytest.raises(ValueError, match="nonnegative finite numbers of shape"):
            train_autoencoder(x)
    with pytest.raises(ValueError, match="configuration='Tanh' must be one of"):
        train_autoencoder(data.train, "Tanh")
    with pytest.raises(ValueError, match="epochs=0"):
        train_autoencoder(data.train, epochs=0)


def test_divergence_is_said():
    told = pytest.raises(ArithmeticError, match="training diverged: the loss is nan; try a smaller learning_rate")
    with np.errstate(over="ignore", invalid="ignore"), told:
        train_autoencoder(np.ones((100, 4)), "ReLU + Sigmoid RR", units=3, learning_rate=1e38)


def test_nothing_to_learn():
    # All inputs 0: what is moved may become 0, which has no direction.
    found = train_autoencoder(np.zeros((64, 4)), "ReLU spectral NN", units=3, epochs=50, learning_rate=0.1)
    assert np.isfinite(found.network.weights[0]).all()
    assert found.loss(np.zeros((1, 4))) < 1e-3


def test_one_pixel_and_one_unit():
    found = train_autoencoder(np.array([[0.0], [0.5], [1.0]]), "Tanh NN", units=1, epochs=300, learning_rate=1e-2)
    assert found.loss([[0.5]]) < 0.02

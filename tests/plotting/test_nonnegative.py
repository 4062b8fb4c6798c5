import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.learn import Autoencoder
from rmtjac.learn.equilibrium.training import Epoch
from rmtjac.plotting import plot_certificate, plot_reconstructions, plot_training

MIXING = np.array([[0.5, 0.5], [0.25, 0.75]])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def _labels(drawn):
    return [text.get_text() for text in drawn["legend"].get_texts()]


def test_one_point_and_where_it_is():
    net = rj.Network([1.5 * MIXING], [[0.3, 0.3]], "tanh")
    drawn = plot_certificate(net)
    assert _labels(drawn) == ["$T_1(x) = x_1$", "$T_2(x) = x_2$", "fixed point"]
    point = rj.nonnegative.certify(net).least.point
    np.testing.assert_allclose(np.ravel(drawn["points"][0].get_data()), point, rtol=1e-12)
    # Arrows point towards it.
    at, along = drawn["arrows"].get_offsets(), np.stack([drawn["arrows"].U, drawn["arrows"].V], axis=1)
    assert (np.einsum("ij,ij->i", along, point - at) > 0.0).mean() > 0.95


def test_an_interval_a_square_and_two_points():
    drawn = plot_certificate(rj.Network([MIXING], activation="relu6"))
    assert np.asarray(drawn["ray"][0].get_data()).tolist() == [[0.0, 6.0], [0.0, 6.0]]
    assert _labels(drawn)[-2:] == ["least", "greatest"]
    square = plot_certificate(rj.Network([np.eye(2)], activation="relu6"), upper=4.0)
    assert "rest" in square
    assert "arrows" not in square  # nothing moves
    two = plot_certificate(rj.Network([2.0 * MIXING], activation="tanh"))
    assert _labels(two)[-2:] == ["least", "greatest"]
    ray = plot_certificate(rj.Network([MIXING], activation="linear"), upper=2.0)
    assert np.asarray(ray["ray"][0].get_data()).max() == 2.0


def test_no_fixed_point_at_all():
    drawn = plot_certificate(rj.Network([2.0 * MIXING], [[1.0, 1.0]], "relu"))
    assert drawn["points"] == []
    with pytest.raises(ValueError, match=r"network maps R\^1 to R\^1; pictures are drawn of the plane"):
        plot_certificate(rj.Network([[[1.0]]]))


def test_reconstructions():
    net = rj.Network([np.eye(6), 0.5 * np.eye(6)], activation="relu")
    model = Autoencoder(net, "Tanh NN", np.ones(1))
    images = np.eye(6)[:2]
    drawn = plot_reconstructions(model, images, (3, 2))
    assert [text.get_text() for text in drawn["ax"].get_xticklabels()] == ["0.50", "0.50"]
    sheet = drawn["image"].get_array()
    assert sheet.shape == (7, 5)
    assert sheet[0, 0] == 0.0  # black on white
    assert sheet[4, 0] == 0.5
    with pytest.raises(ValueError, match=r"shape=\(3, 3\) has 9 pixels; images have 6"):
        plot_reconstructions(model, images, (3, 3))


def test_training():
    history = [Epoch(1.0 / k, 1.0 - 0.5 / k, 10.0, 5.0) for k in range(1, 6)]
    drawn = plot_training(history, validation=[0.1, 0.2, 0.3, 0.4, 0.5])
    assert [line.get_label() for line in drawn["lines"]] == ["while training", "on other samples"]
    assert drawn["lines"][0].get_xdata().tolist() == [1, 2, 3, 4, 5]
    assert plot_training(history, show="loss")["ax"].get_yscale() == "log"
    assert len(plot_training(history, show="steps")["lines"]) == 2
    with pytest.raises(ValueError, match="show='speed' must be one of"):
        plot_training(history, show="speed")

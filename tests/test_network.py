from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu", "linear"])
def test_jacobian_against_differences(name):
    net = rj.Ensemble([4, 7, 3], name, biases=rj.Gaussian(0.3)).draw(2)
    x, h = np.array([0.3, -0.2, 0.9, 0.1]), 1e-5
    slopes = [(net(x + h * e) - net(x - h * e)) / (2 * h) for e in np.eye(4)]
    # central difference: error h^2 phi''' / 6 + eps / h = 1e-10
    np.testing.assert_allclose(net.jacobian(x), np.transpose(slopes), atol=1e-9)


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3)])
def test_shapes_broadcast(shape):
    net = rj.Ensemble([4, 6, 3], "relu", biases=rj.Gaussian(0.5)).draw(2)
    x = np.random.default_rng(0).standard_normal((*shape, 4))
    y, jacobian = net(x), net.jacobian(x)
    assert y.shape == (*shape, 3)
    assert jacobian.shape == (*shape, 3, 4)
    first = x.reshape(-1, 4)[0]
    np.testing.assert_allclose(y.reshape(-1, 3)[0], net(first), rtol=1e-13)
    np.testing.assert_allclose(jacobian.reshape(-1, 3, 4)[0], net.jacobian(first), rtol=1e-13)


def test_one_neuron_one_layer():
    net = rj.Network([[[2.0]]], [[0.5]], "hardtanh")
    assert net([0.1]) == pytest.approx(0.7)
    assert net.jacobian([0.1]) == pytest.approx(2.0)
    assert repr(net) == "Network(widths=[1, 1], activation='hardtanh')"


def test_activation_per_layer():
    net = rj.Network([np.eye(2), np.eye(2)], activation=["relu", "linear"])
    np.testing.assert_array_equal(net([-1.0, 2.0]), [0.0, 2.0])


def test_save_and_load(tmp_path):
    net = rj.Ensemble([4, 6, 3], ["leaky_relu:0.25", "tanh"], biases=rj.Gaussian(0.5)).draw(2)
    again = rj.Network.load(net.save(tmp_path / "net.npz"))
    x = np.linspace(-1, 1, 4)
    np.testing.assert_array_equal(again(x), net(x))
    assert repr(again) == repr(net)


def test_weights_are_read_only():
    net = rj.Network([np.eye(2)])
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 2.0


@pytest.mark.parametrize("x", [1.0, [1.0], np.ones((4, 2)), np.ones(5)])
def test_wrong_shape_of_x(x):
    net = rj.Ensemble([4, 6, 3], "relu").draw(2)
    for call in (net, net.jacobian, net.preactivations):
        with pytest.raises(ValueError, match=r"x has shape .*; \(\.\.\., 4\) is needed"):
            call(x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), r"weights=\[\]"),
        (([np.eye(2), np.ones((2, 3))],), r"weights\[1\] has shape \(2, 3\); \? x 2 is needed"),
        (([np.ones(3)],), r"weights\[0\] has shape"),
        (([np.full((2, 2), np.nan)],), r"weights\[0\] holds NaN or infinite"),
        (([np.eye(2)], [[1.0]]), r"biases\[0\] has shape \(1,\); 2 is needed"),
        (([np.eye(2)], []), "biases has 0 entries"),
        (([np.eye(2)], [[0.0, np.inf]]), r"biases\[0\] holds"),
        (([np.eye(2)], None, ["tanh", "tanh"]), "activation has 2 entries"),
        (([np.eye(2)], None, "nope"), "known: linear"),
    ],
)
def test_bad_networks(arguments, message):
    with pytest.raises(ValueError, match=message):
        rj.Network(*arguments)


def test_complex_weights_and_inputs_are_refused_by_name():
    for arguments in (([np.eye(2) * 1j],), ([np.eye(2)], [np.array([1j, 0.0])])):
        with pytest.raises(
            TypeError, match=r"(weights|biases)\[0\] must be an array of real numbers, not of complex128"
        ):
            rj.Network(*arguments)
    net = rj.Network([np.eye(2)])
    for call in (net, net.jacobian, net.preactivations):
        with pytest.raises(TypeError, match=r"^x must be an array of real numbers, not of complex128$"):
            call(np.array([1j, 0.0]))


def test_arrays_hold_the_row_sums_rounded_up():
    net = rj.Ensemble([3, 7, 5], "tanh", "cauchy:1.0").draw(0)
    arrays = net.arrays
    np.testing.assert_allclose(arrays.column_sums, np.abs(net.weights[1]).sum(axis=0))
    assert arrays.weights.size == 7 * 3 + 5 * 7
    np.testing.assert_array_equal(arrays.weights[:21].reshape(3, 7), net.weights[0].T)
    assert (arrays.biases.size, arrays.widths.tolist(), arrays.codes.tolist()) == (12, [3, 7, 5], [5, 5])
    for row, total in zip([*net.weights[0], *net.weights[1]], arrays.row_sums, strict=True):
        assert sum(abs(Fraction(w)) for w in row) <= Fraction(total)


def test_arrays_after_some_layers_are_those_of_the_rest():
    net = rj.Ensemble([3, 7, 5, 2], ["tanh", "leaky_relu:0.25", "linear"], biases=rj.Gaussian(0.5)).draw(0)
    for layer in range(3):
        rest = rj.Network(net.weights[layer:], net.biases[layer:], net.activations[layer:])
        for one, other in zip(net.arrays.after(layer), rest.arrays, strict=True):
            np.testing.assert_array_equal(one, other)


def test_an_activation_without_a_kernel_has_no_code():
    own = rj.Activation("own", np.sin, np.cos)
    assert rj.Network([np.eye(2), np.eye(2)], activation=["relu", own]).arrays.codes.tolist() == [1, -1]


def test_a_deep_network_has_a_short_repr():
    net = rj.Ensemble.square(1, 100, "tanh").draw(0)
    assert repr(net) == "Network(widths=[1, 1, ..., 1] (depth 100), activation='tanh')"
    assert repr(rj.Ensemble.square(3, 5, "tanh").draw(0)).startswith("Network(widths=[3, 3, 3, 3, 3, 3], ")

import numpy as np
import pytest

from rmtjac.activations import activation, names
from rmtjac.learn import PcDEQ1, PcDEQ2
from rmtjac.learn.equilibrium.layers import layer_of


@pytest.mark.parametrize("kind", [PcDEQ1, PcDEQ2])
def test_activations_of_each_kind(kind):
    # On a grid of t >= 0: bounded, nondecreasing and concave; phi(0) = 0 for the first kind, above 0 for the second.
    t = np.linspace(0.0, 50.0, 5001)
    taken = []
    for name in names():
        y = activation(name)(t)
        fits = y.min() >= 0.0 and (np.diff(y) >= 0.0).all() and (np.diff(y, 2) <= 1e-13).all()
        if fits and activation(name)(np.array(1e6)) < 10.0 and (y[0] > 0.0) == (kind is PcDEQ2):
            taken.append(name)
    assert set(kind.activations) == set(taken)


@pytest.mark.parametrize(("kind", "inject"), [(PcDEQ1, "softplus"), (PcDEQ2, "relu")])
def test_fixed_points_in_closed_form(kind, inject):
    # W = 0: z = s(r(U x + b)).
    rng = np.random.default_rng(0)
    for phi in kind.activations:
        layer = kind(np.zeros((3, 3)), rng.normal(size=(3, 2)), rng.normal(size=3), phi)
        x = rng.normal(size=(4, 2))
        drive = activation(inject)(x @ layer.injection.T + layer.biases)
        found = layer.solve(x)
        assert (np.abs(found.z - activation(phi)(drive)) <= found.errors[:, None] + 1e-15).all()
        assert layer_of(phi) is kind


def test_unknown_activations():
    with pytest.raises(ValueError, match="activation='relu' must be one of"):
        layer_of("relu")
    with pytest.raises(ValueError, match="phi='sigmoid' must be one of"):
        PcDEQ1(np.eye(1), np.eye(1), np.zeros(1), "sigmoid")

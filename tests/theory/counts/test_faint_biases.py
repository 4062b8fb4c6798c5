import pytest

import rmtjac as rj
from rmtjac.theory.counts.faint_biases import without_faint_biases
from rmtjac.theory.counts.kac_rice import integral
from rmtjac.theory.counts.kernel_scalars import GaussianMap, HiddenLayer

A = rj.activations.activation


def _net(depth, weight, bias, phi="tanh", n=1):
    hidden = tuple(HiddenLayer(A(phi), weight**2, bias**2) for _ in range(depth - 1))
    return GaussianMap(n, weight**2 / n, bias**2, hidden, A(phi))


@pytest.mark.parametrize("bias", [1e-24, 1e-60, 1e-100, 1e-150, 1e-300])
@pytest.mark.parametrize(("depth", "weight"), [(1, 2.0), (2, 0.5), (5, 1.5)])
@pytest.mark.parametrize("phi", ["tanh", "gelu", "hardtanh"])
def test_faint_biases_are_left_out(depth, weight, bias, phi):
    bare = without_faint_biases(_net(depth, weight, bias, phi))
    assert bare.bias == 0.0
    assert all(layer.bias == 0.0 and layer.weight == weight**2 for layer in bare.hidden)


@pytest.mark.parametrize(
    "net",
    [
        _net(2, 2.0, 1e-10),
        _net(2, 2.0, 1e-60, "relu"),  # the origin would lie on a kink
        _net(2, 2.0, 1e-60, "sigmoid"),  # no fixed point at the origin
        _net(40, 4.0, 1e-25),  # chaos makes the map nonlinear at tiny inputs
        _net(2, 1e-100, 1e-150),  # variances that cannot be computed
        GaussianMap(1, 4.0, 1e-100, (HiddenLayer(A("tanh"), 4.0, 0.01),), A("tanh")),  # one faint bias, one not
    ],
)
def test_other_biases_stay(net):
    assert without_faint_biases(net) is net


def test_the_numbers_are_those_of_biases_just_above():
    """The integral with the biases themselves, 1e-20: the difference to no biases is about (1e-20)^(2/3) = 5e-14."""
    itself = integral(_net(2, 2.0, 1e-20))
    for bias in (1e-150, 1e-30):
        found = rj.expected_fixed_points(rj.Ensemble([1, 9, 1], "tanh", rj.Gaussian(2.0), rj.Gaussian(bias)))
        assert [found.total.value, found.stable.value] == pytest.approx(list(itself[:2]), abs=1e-10)
        assert found.index_residual < 1e-10
        assert found.origin.size == 0

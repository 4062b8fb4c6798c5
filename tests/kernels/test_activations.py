import math

import pytest

from rmtjac.activations import activation, names
from rmtjac.kernels.activations import Code, derivative, value


def test_codes_are_those_of_the_registry():
    assert {code.name.lower(): int(code) for code in Code} == {name: activation(name).code for name in names()}


def test_codes_up_to_relu6_are_the_piecewise_affine_ones():
    assert {name for name in names() if activation(name).piecewise_affine} == {
        code.name.lower() for code in Code if code <= Code.RELU6
    }


@pytest.mark.parametrize(
    ("code", "parameter", "h", "phi", "slope"),
    [
        (Code.LEAKY_RELU, 0.25, -2.0, -0.5, 0.25),
        (Code.HARDTANH, 0.0, -1.0, -1.0, 0.0),
        (Code.RELU6, 0.0, 7.0, 6.0, 0.0),
        (Code.SOFTSIGN, 0.0, -1.0, -0.5, 0.25),
        (Code.ARCTAN, 0.0, 1.0, math.pi / 4, 0.5),
        (Code.SIGMOID, 0.0, -800.0, 0.0, 0.0),
        (Code.SOFTPLUS, 0.0, 0.0, math.log(2.0), 0.5),
    ],
)
def test_values_by_hand(code, parameter, h, phi, slope):
    for number in (code, int(code)):
        assert value.py_func(number, parameter, h) == pytest.approx(phi, abs=1e-300, rel=1e-15)
        assert derivative.py_func(number, parameter, h) == pytest.approx(slope, abs=1e-300, rel=1e-15)

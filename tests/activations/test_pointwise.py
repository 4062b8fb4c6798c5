import numpy as np
import pytest

from rmtjac.activations import activation
from rmtjac.activations.pointwise import POINTWISE

# What float32 resolves; softsign' = (1 - |y|)^2 loses digits as y nears 1, but not absolutely.
_TOLERANCE = {np.float64: 4e-16, np.float32: 4e-7}


@pytest.mark.parametrize("name", POINTWISE)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_against_the_registry(name, kind):
    h = np.concatenate([np.linspace(-30, 30, 4001), [-1e4, 1e4, -88.0, 88.0, 1e-30]]).astype(kind)[None]
    out = np.full_like(h, np.nan)
    with np.errstate(over="raise", invalid="raise"):
        POINTWISE[name].value(h, out)
        slope = POINTWISE[name].slope(h, out)
    assert out.dtype == slope.dtype == kind
    phi, exact = activation(name), h.astype(float)
    size = 1.0 + np.abs(exact)  # silu is h times a sigmoid that is right to rounding of 1
    assert (np.abs(out - phi(exact)) <= _TOLERANCE[kind] * size).all()
    assert (np.abs(slope - phi.derivative(exact)) <= 4.0 * _TOLERANCE[kind] * size).all()

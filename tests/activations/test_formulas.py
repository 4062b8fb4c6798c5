import mpmath as mp
import numpy as np
import pytest

from rmtjac.activations import formulas

H = np.array([-745.0, -88.0, -19.5, -3.0, -1e-3, -1e-200, 0.0, 1e-9, 0.7, 4.0, 36.0, 300.0, 745.0])


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def _gate(x):
    return mp.tanh(mp.log1p(mp.exp(x)))


ORACLES = {
    "decay": lambda x: mp.exp(-abs(x)),
    "sigmoid": _sigmoid,
    "sigmoid_prime": lambda x: mp.exp(-x) * _sigmoid(x) ** 2,
    "tanh_prime": lambda x: mp.sech(x) ** 2,
    "erf": lambda x: mp.erf(mp.sqrt(mp.pi) * x / 2),
    "normal_cdf": mp.ncdf,
    "normal_pdf": mp.npdf,
    "silu_prime": lambda x: _sigmoid(x) + x * mp.exp(-x) * _sigmoid(x) ** 2,
    "mish_prime": lambda x: _gate(x) + x * (1 - _gate(x) ** 2) * _sigmoid(x),
}


@pytest.mark.parametrize("name", ORACLES)
def test_against_mpmath(name):
    # Absolute floor: below 1e-300 values are denormal and lose digits.
    with mp.workdps(700), np.errstate(over="raise", invalid="raise"):
        exact = np.array([float(ORACLES[name](mp.mpf(x))) for x in H])
        np.testing.assert_allclose(getattr(formulas, name)(H), exact, rtol=2e-13, atol=1e-300)


def test_decay_takes_a_rate():
    np.testing.assert_array_equal(formulas.decay(H, 2.0), np.exp(-2.0 * np.abs(H)))


def test_both_parts_of_the_mish_gate():
    gate, rest = formulas.mish_gate(H)
    with mp.workdps(700):
        exact = [_gate(mp.mpf(x)) for x in H]
        np.testing.assert_allclose(gate, [float(g) for g in exact], rtol=1e-14, atol=1e-300)
        np.testing.assert_allclose(rest, [float(1 - g) for g in exact], rtol=1e-14, atol=1e-300)


def test_every_formula_is_tested():
    assert set(formulas.__all__) == {*ORACLES, "mish_gate"}

import mpmath as mp
import numpy as np
import pytest

from rmtjac.activations.ball_series import BallSeries

flint = pytest.importorskip("flint")

FUNCTIONS = {
    "exp": (np.exp, mp.exp),
    "expm1": (np.expm1, mp.expm1),
    "log": (np.log, mp.log),
    "log1p": (np.log1p, mp.log1p),
    "sqrt": (np.sqrt, mp.sqrt),
    "sin": (np.sin, mp.sin),
    "cos": (np.cos, mp.cos),
    "arctan": (np.arctan, mp.atan),
    "square": (np.square, lambda x: x * x),
    "tanh": (np.tanh, mp.tanh),
    "cosh": (np.cosh, mp.cosh),
    "sinh": (np.sinh, mp.sinh),
    "arithmetic": (lambda h: 1 - (2 + 3 * h - h / 4) / (1 + h) + (-h) * 5 - (h - 1), None),
    "powers": (lambda h: h**3 - h**-2 + h**0, None),
    "numpy numbers": (lambda h: np.float64(2.5) * h + np.float64(1.0), None),
}


def _around(low, high):
    cell = flint.arb(low).union(flint.arb(high))
    return np.array([BallSeries(flint.arb_series([cell, 1], 2))], dtype=object)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_slopes_are_enclosed(name):
    # The ball around [.5, .75] holds phi and phi' at its points; around a single point it is narrow.
    formula, oracle = FUNCTIONS[name]
    oracle = oracle or formula
    wide = formula(_around(0.5, 0.75))[0].series
    for x in (0.5, 0.6, 0.75):
        with mp.workdps(40):
            exact = [oracle(mp.mpf(x)), mp.diff(oracle, mp.mpf(x))]
        narrow = formula(_around(x, x))[0].series
        for k, value in enumerate(exact):
            assert wide[k].contains(flint.arb(mp.nstr(value, 30)))
            assert abs(float(narrow[k].mid()) - float(value)) <= 1e-12 * (1.0 + abs(float(value)))


def test_no_comparison_and_no_fraction_of_a_power():
    ball = _around(0.5, 0.75)
    with pytest.raises(TypeError):
        np.maximum(ball, 0.0)
    with pytest.raises(TypeError, match="whole number"):
        ball**0.5

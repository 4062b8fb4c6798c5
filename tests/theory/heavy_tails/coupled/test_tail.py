import math

import numpy as np
import pytest

from rmtjac.theory.heavy_tails.coupled.equation import Layer, solve
from rmtjac.theory.heavy_tails.coupled.grid import Resolution
from rmtjac.theory.heavy_tails.coupled.input_law import empirical_input, fixed_input, gaussian_input, stationary_input
from rmtjac.theory.heavy_tails.coupled.tail import tail_of

HOW = Resolution(0.5, 2.2, 12.0, 1e-4)


@pytest.mark.parametrize(
    ("layer", "exponent", "log_lam"),
    [
        (Layer(1.0, 0.0, fixed_input(), 1.0), 1.5, 12.0),
        (Layer(0.7, 0.5, fixed_input(2.0), 1.0), 1.5, 12.0),
        (Layer(0.7, 3.0, fixed_input(0.5), 2.0), 1.5, 14.0),
        (Layer(1.0, 0.2, empirical_input([0.5, 1.0, 3.0]), 0.5), 1.5, 14.0),
        (Layer(1.0, 0.0, gaussian_input(2.0), 1.0), 1.0, 16.0),
        (Layer(2.0, 0.5, stationary_input(0.6), 1.0), 1.0, 18.0),
        (Layer(1.0, 0.3, empirical_input([0.0, 1.0, 1.0]), 1.0), 0.5, 20.0),
    ],
)
def test_tails_are_those_of_the_equations(layer, exponent, log_lam):
    # The tail is derived from large weights of a row; oracle: the equations, which know nothing of them. The next term
    # is smaller by a power of R = exp(log_lam/2) > 400, with a logarithm for |x| with a density at 0.
    tail = tail_of(layer)
    assert tail.exponent == exponent
    assert tail.log_power == 0.0
    density = -solve(layer, log_lam, 0.0, HOW).value.imag / math.pi
    assert density == pytest.approx(exponent * tail.constant * math.exp(-exponent * log_lam), rel=2e-3)


def test_the_pair_of_weights_that_cancel():
    # |x| = 1: s^2 = 2 w^2 for two weights w x = -w' x', so that the constant is sqrt 2 times 4 gamma^2/(3 pi^2).
    layer = Layer(1.0, 0.0, fixed_input(), 1.0)
    assert tail_of(layer).constant == pytest.approx(4.0 * math.sqrt(2.0) / (3.0 * math.pi**2), rel=1e-14)
    # One row with few, large weights: the count by sampling. Pairs are drawn with w' next to -w: density of h at -w.
    rng = np.random.default_rng(5)
    w = 50.0 / rng.random(200_000)  # P(|w| > R) = 50/R
    h_window = 2.0 / (math.pi * w**2)  # intensity of w' in a window of width 2 next to -w
    count = 0.5 * (2.0 / (math.pi * 50.0)) * np.mean(h_window * (math.sqrt(2.0) * w > 200.0))
    # 200000 draws, a third of them beyond 200/sqrt 2: relative spread 0.3 per cent.
    assert count * 200.0**3 == pytest.approx(tail_of(layer).constant, rel=0.02)

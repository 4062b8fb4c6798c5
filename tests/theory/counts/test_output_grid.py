import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.counts.output_grid import OutputGrid, flat_pieces, odd

A = rj.activations.activation


@pytest.mark.parametrize("name", ["tanh", "hardtanh", "sigmoid", "relu", "relu6", "linear", "gelu"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_measure_is_a_probability(name, n):
    grid = OutputGrid.of(A(name), n, 0.3, 9.0, 5.0 if n < 3 else 2.5)
    assert abs(grid.measure(np.ones(len(grid.choice))).sum() - 1.0) < (1e-9 if n < 3 else 1e-5)
    # E |y|^2 on pieces that are not flat
    if not A(name).saturates:
        moment = grid.measure(np.ones(len(grid.choice))) @ np.sum(grid.points**2, axis=1)
        assert abs(moment - n) < (1e-8 if n < 3 else 1e-4)


def test_flat_pieces_are_single_nodes():
    grid = OutputGrid.of(A("hardtanh"), 2, 0.3, 9.0, 5.0)
    flat = np.isfinite(grid.low)
    assert flat.sum() == 1
    assert grid.low[flat][0] == 1.0
    assert grid.high[flat][0] == np.inf
    assert [one[2] for one in flat_pieces(A("relu6"))] == [True, False, True]


def test_odd():
    assert [odd(A(name)) for name in ("tanh", "hardtanh", "erf", "softsign", "linear")] == [True] * 5
    assert [odd(A(name)) for name in ("relu", "sigmoid", "gelu", "relu6", "softplus")] == [False] * 5
    assert not odd(rj.Activation("shifted", lambda h: np.tanh(h) + 1e-9, lambda h: np.cosh(h) ** -2.0))

import numpy as np

from rmtjac.learn import PcDEQ1


def test_results_carry_shapes_and_bounds():
    layer = PcDEQ1(np.full((2, 2), 0.3), np.ones((2, 3)), np.zeros(2))
    x = np.random.default_rng(0).normal(size=(5, 3))
    found = layer.solve(x)
    assert (found.z.shape, found.errors.shape, found.steps.shape) == ((5, 2), (5,), (5,))
    assert (found.errors >= 0.0).all()
    gradients = layer.gradients(x, found, np.ones((5, 2)))
    shapes = {name: getattr(gradients, name).shape for name in gradients._fields}
    assert shapes == {"weights": (2, 2), "injection": (2, 3), "biases": (2,), "inputs": (5, 3)}

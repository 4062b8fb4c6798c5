import numpy as np
import pytest

from rmtjac.learn.optimisation.adamw import AdamW, Parameters


def test_views_of_one_vector():
    held = Parameters({"a": np.arange(6.0).reshape(2, 3), "b": np.array([-1.0, 2.0])}, {"b": 0.5})
    assert held.values.dtype == np.float32
    np.testing.assert_array_equal(held["a"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(held["b"], [0.5, 2.0])  # clipped from the start
    held["a"][0, 0] = 7.0
    held.gradient("b")[:] = 3.0
    assert held.values[0] == 7.0
    assert held.gradients.tolist() == [0, 0, 0, 0, 0, 0, 3, 3]


def test_a_quadratic_with_a_bound():
    # minimum of (a - 1)^2 + (b + 1)^2 with b >= 0
    held = Parameters({"a": np.zeros(1), "b": np.ones(1)}, {"b": 0.0}, np.float64)
    optimizer = AdamW(held)
    for k in range(3000):
        held.gradient("a")[:] = 2.0 * (held["a"] - 1.0)
        held.gradient("b")[:] = 2.0 * (held["b"] + 1.0)
        optimizer.step(0.05 * 0.997**k)
    assert held["a"][0] == pytest.approx(1.0, abs=1e-4)
    assert held["b"][0] == 0.0


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_against_torch(decay):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=20), rng.normal(size=(50, 20))
    theirs = torch.tensor(start, requires_grad=True)
    reference = torch.optim.AdamW([theirs], lr=1e-2, weight_decay=decay)
    held = Parameters({"x": start}, dtype=np.float64)
    ours = AdamW(held, decay)
    for gradient in gradients:
        theirs.grad = torch.tensor(gradient)
        reference.step()
        held.gradient("x")[:] = gradient
        ours.step(1e-2)
    np.testing.assert_allclose(held["x"], theirs.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_bad_decay():
    with pytest.raises(ValueError, match=r"decay=-1.0 must be a finite number >= 0"):
        AdamW(Parameters({"x": np.zeros(1)}), -1.0)

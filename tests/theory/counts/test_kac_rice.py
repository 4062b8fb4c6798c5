import math

import numpy as np
import pytest
from scipy.stats import norm

import rmtjac as rj
from rmtjac.theory.counts.kac_rice import (
    bound_of,
    by_flat_coordinates,
    grid_of,
    integral,
    laws_at,
    passes_origin,
    reach_of,
    scale_of,
)
from rmtjac.theory.counts.kernel_scalars import GaussianMap, HiddenLayer

A = rj.activations.activation


def _net(n, depth, weight, bias, phi="tanh"):
    hidden = tuple(HiddenLayer(A(phi), weight**2, bias**2) for _ in range(depth - 1))
    return GaussianMap(n, weight**2 / n, bias**2, hidden, A(phi))


def test_laws_by_the_plain_recursion():
    """c_1 by its own recursion, which loses digits where biases vanish, and not here."""
    net = _net(2, 3, 2.0, 0.5)
    y = np.array([[0.3, -1.2], [2.0, 0.1]])
    x = np.tanh(y)
    s = (x**2).sum(axis=1)
    z = np.linspace(-9.0, 9.0, 3001)
    w = np.exp(-0.5 * z * z) / np.exp(-0.5 * z * z).sum()
    q, beta, c0, c1 = 0.25 + 2.0 * s, np.full(2, 2.0), np.full(2, 2.0), np.zeros(2)
    for _ in range(2):
        u = np.sqrt(q)[:, None] * z
        phi, slope = np.tanh(u), np.cosh(u) ** -2.0
        steep, mixed, bent = (slope**2) @ w, (phi * slope * u) @ w, (slope**2 * u**2) @ w
        c1 = 4.0 * (steep * (c1 - beta**2 / q) + bent * beta**2 / q**2)
        q, beta, c0 = 0.25 + 4.0 * ((phi**2) @ w), 4.0 * mixed * beta / q, 4.0 * steep * c0
    laws = laws_at(net, y)
    np.testing.assert_allclose(laws.q, q, rtol=1e-9)
    np.testing.assert_allclose(laws.mean, (beta / q)[:, None, None] * y[:, :, None] * x[:, None], rtol=1e-8)
    exact = c0[:, None, None] * np.eye(2) + (c1 - beta**2 / q)[:, None, None] * x[:, :, None] * x[:, None]
    for i in range(2):
        np.testing.assert_allclose(laws.factor[:, i] @ laws.factor[:, i].transpose(0, 2, 1), exact, rtol=1e-7)


@pytest.mark.parametrize("bias", [0.3, 1e-3])
def test_one_input_is_the_formula_of_rice(bias):
    """n = 1, one layer: h(x) = g x + b; the integral over y by a dense rule, E|phi' G - 1| from its own formula."""
    found = integral(_net(1, 1, 1.6, bias))
    y = np.sinh(np.linspace(-14.0, 14.0, 400_001)) * 1e-4
    x, slope = np.tanh(y), np.cosh(y) ** -2.0
    q = bias**2 + 1.6**2 * x**2
    mean, sd = slope * 1.6**2 * x * y / q - 1.0, slope * 1.6 * bias / np.sqrt(q)
    size = 2.0 * sd * norm.pdf(mean / sd) + mean * (2.0 * norm.cdf(mean / sd) - 1.0)
    exact = np.trapezoid(size * norm.pdf(y / np.sqrt(q)) / np.sqrt(q), y)
    np.testing.assert_allclose(found[0], exact, rtol=1e-6)
    assert abs(found[3] - 1.0) < 1e-8


@pytest.mark.parametrize(
    ("depth", "weight", "bias", "phi"),
    [(1, 1.0, 0.1, "tanh"), (10, 2.0, 0.1, "tanh"), (2, 1.5, 0.1, "hardtanh"), (2, 1.5, 0.3, "erf"),
     (3, 2.0, 0.2, "softsign"), (2, 3.0, 1.0, "sigmoid"), (2, 1.5, 0.5, "relu6"), (3, 1.5, 1e-3, "arctan")],
)  # fmt: skip
def test_index_is_one(depth, weight, bias, phi):
    assert abs(integral(_net(2, depth, weight, bias, phi), tolerance=math.inf)[3] - 1.0) < 1e-8


@pytest.mark.parametrize("phi", ["linear", "relu", "leaky_relu:0.2"])
def test_unbounded_maps(phi):
    """A linear map with biases has one fixed point; the index is E sign det(I - G), 1 - exp(-1/2 Var G_ij)."""
    net = GaussianMap(2, 0.5, 0.09, (), A(phi))
    found = integral(net, refine=0.6, tolerance=math.inf)
    assert abs(found[0] - 1.0) < 1e-3
    if phi == "linear":
        assert abs(found[3] - (1.0 - math.exp(-1.0))) < 1e-6


def test_scales():
    assert bound_of(A("tanh")) == 1.0
    assert bound_of(A("relu")) == math.inf
    assert scale_of(_net(2, 2, 1.0, 1e-3)) < 1e-2 < scale_of(_net(2, 2, 1.0, 1.0))
    assert reach_of(_net(2, 2, 3.0, 1.0)) == pytest.approx(8.2 * math.sqrt(1.0 + 9.0), rel=0.3)
    assert passes_origin(_net(2, 3, 1.0, 0.0))
    assert not passes_origin(_net(2, 3, 1.0, 1e-9))
    assert not passes_origin(_net(2, 3, 1.0, 0.0, "sigmoid"))
    assert grid_of(_net(3, 2, 1.0, 0.5), 2.0).choice.shape[1] == 3


def test_flat_coordinates_of_one_input():
    _, flat = by_flat_coordinates(_net(1, 1, 2.0, 0.5, "hardtanh"))
    # x = 1 needs h(1) ~ N(0, 4 + 1/4) above 1; and its mirror image.
    assert flat == pytest.approx(2.0 * norm.sf(1.0, scale=4.25**0.5), rel=1e-13)

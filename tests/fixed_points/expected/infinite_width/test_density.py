import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import rmtjac as rj
from rmtjac.fixed_points.expected.infinite_width.density import density, preimage


@pytest.mark.parametrize("name", ["tanh", "erf", "hardtanh", "sigmoid", "linear", "softplus"])
def test_preimage(name):
    phi = rj.activations.activation(name)
    y = np.array([-0.9, -1e-9, 0.3, 0.99])
    found, inside = preimage(phi, phi(y))
    np.testing.assert_allclose(found, y, rtol=1e-7, atol=1e-15)
    assert inside.all()
    assert not preimage(rj.activations.activation("tanh"), np.array([1.0, -1.5]))[1].any()


@pytest.mark.parametrize(("name", "n"), [("tanh", 1), ("hardtanh", 1), ("tanh", 2)])
def test_integral_over_the_square(name, n):
    """The density adds up to the total; that of HardTanh leaves out the mass on the boundary, which sums to it."""
    ens = rj.Ensemble([n, n], name, rj.Gaussian(1.3), rj.Gaussian(0.5))
    if name == "tanh":
        y = np.linspace(-7.0, 7.0, 71 if n == 2 else 2001)
        x, step = np.tanh(y), (y[1] - y[0]) * np.cosh(y) ** -2.0
    else:
        x = np.linspace(-1.0, 1.0, 4001)[1::2]
        step = np.full(x.size, 2.0 / x.size)
    points = np.stack(np.meshgrid(*[x] * n, indexing="ij"), axis=-1)
    found = density(ens, points)
    for _ in range(n):
        found = found @ step
    result = rj.expected_fixed_points(ens)
    if name == "hardtanh":
        from scipy.stats import norm

        on_faces = 2.0 * norm.sf(1.0 / np.sqrt(1.3**2 + 0.25))
        found[:2] += on_faces  # both ends are stable: the slope is 0
    exact = [one.value for one in (result.total, result.stable, result.saddles, result.repellers)]
    np.testing.assert_allclose(found, exact, atol=3e-3 if n == 2 else 1e-5)


def test_shapes_and_symmetry():
    ens = rj.Ensemble([2, 9, 2], "tanh", rj.Gaussian(2.0))
    one = rj.expected_fixed_points(ens)
    found = one.density([[[0.3, 0.2], [0.2, -0.3]], [[0.0, 0.0], [2.0, 0.0]]])
    assert found.shape == (4, 2, 2)
    np.testing.assert_allclose(found[:, 0, 0], found[:, 0, 1], rtol=1e-3)
    assert np.isnan(found[:, 1, 0]).all()
    assert np.all(found[:, 1, 1] == 0.0)


def test_bad_points():
    ens = rj.Ensemble([2, 9, 2], "tanh", biases=rj.Gaussian())
    for points in ([0.1], 3.0, np.zeros((4, 3))):
        with pytest.raises(ValueError, match="shape"):
            density(ens, points)
    with pytest.raises(TypeError, match="points"):
        density(ens, ["a", "b"])
    with pytest.raises(ValueError, match="nondecreasing"):
        density(rj.Ensemble([2, 9, 2], "gelu", biases=rj.Gaussian()), [[0.1, 0.1]])
    with pytest.raises(ValueError, match="n=3"):
        density(rj.Ensemble([3, 9, 3], "tanh", biases=rj.Gaussian()), [[0.1, 0.1, 0.0]])


def test_saturated_coordinates_against_one_dimensional_integrals():
    sw, sb = 1.5, 0.1
    ens = rj.Ensemble([2, 2], "hardtanh", rj.Gaussian(sw), rj.Gaussian(sb))
    found = rj.expected_fixed_points(ens)
    inside, edges, corners = found.saturated()
    assert inside + edges + corners == pytest.approx(found.total.value, rel=1e-9)  # one set of nodes

    def variance(square):
        return sb**2 + 0.5 * sw**2 * square

    def on_an_edge(t):
        # One layer: rows G ~ N(beta y x / q, c I - beta^2 x x^T / q) with beta = c = sw^2 / 2; E|Z - 1| of a normal Z.
        q, c = variance(1.0 + t * t), 0.5 * sw**2
        mean, spread = c * t * t / q - 1.0, np.sqrt(c - c * c * t * t / q)
        size = 2.0 * spread * norm.pdf(mean / spread) + mean * (2.0 * norm.cdf(mean / spread) - 1.0)
        return norm.pdf(t, scale=np.sqrt(q)) * norm.sf(1.0, scale=np.sqrt(q)) * size

    # The nodes, and the angle over which |det| is integrated, are Gauss panels, of about 1e-8 (2.6e-10 in the corners).
    assert edges == pytest.approx(8.0 * quad(on_an_edge, 0.0, 1.0, epsabs=1e-12)[0], rel=1e-6)
    assert corners == pytest.approx(4.0 * norm.sf(1.0, scale=np.sqrt(variance(2.0))) ** 2, rel=1e-8)


def test_saturated_coordinates_of_other_maps():
    tanh = rj.expected_fixed_points(rj.Ensemble([2, 20, 2], "tanh", rj.Gaussian(1.5)))
    assert tanh.saturated() == pytest.approx([tanh.total.value, 0.0, 0.0])
    three = rj.expected_fixed_points(rj.Ensemble([3, 3], "tanh", rj.Gaussian(0.5), rj.Gaussian(1.0)), points=16)
    with pytest.raises(ValueError, match="n=3: the saturated coordinates"):
        three.saturated()
    drawn = rj.expected_fixed_points(rj.Ensemble([2, 2]), method="conditional", networks=2, points=16)
    with pytest.raises(ValueError, match="method='conditional': saturated coordinates are known"):
        drawn.saturated()


def test_saturated_coordinates_of_faint_biases_are_those_without():
    ens = [rj.Ensemble([2, 30, 2], "hardtanh", rj.Gaussian(1.5), one) for one in (None, rj.Gaussian(1e-100))]
    none, faint = (rj.expected_fixed_points(one).saturated() for one in ens)
    np.testing.assert_array_equal(none, faint)

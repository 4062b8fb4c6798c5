import warnings

import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers

SQUARE = rj.Ensemble.square
R = np.linspace(0.0, 1.2, 61)


@pytest.mark.parametrize("depth", [1, 2, 5, 20, 100])
def test_ginibre_products(depth):
    """F = r^(2/L): to 1e-12, also for sigma^L far from 1."""
    law = rj.limit_eigenvalues(SQUARE(7, depth, "linear"))
    np.testing.assert_allclose(law.cdf(R), np.minimum(R ** (2.0 / depth), 1.0), atol=1e-12, rtol=0.0)
    p = np.linspace(0.0, 1.0, 40)
    np.testing.assert_allclose(law.quantile(p), p ** (0.5 * depth), rtol=1e-12, atol=0.0)
    inside = R[(R > 0.0) & (R < 1.0)]
    np.testing.assert_allclose(law.density(inside), 2.0 / depth * inside ** (2.0 / depth - 1.0), rtol=1e-11)
    for k in (1, 2, 3.5):
        assert law.moment(k) == pytest.approx(1.0 / (1.0 + 0.5 * depth * k), rel=1e-12)
    assert law.log_mean() == pytest.approx(-0.5 * depth, rel=1e-12)
    small = rj.limit_eigenvalues(SQUARE(7, depth, "linear", rj.Gaussian(1e-150)))
    assert small.log_spectral_radius == pytest.approx(depth * np.log(1e-150), rel=1e-14)
    np.testing.assert_allclose(small.cdf(small.log_quantile(p), log=True), p, atol=1e-10)


@pytest.mark.parametrize(("name", "depth"), [("relu", 1), ("relu", 3), ("relu", 50), ("hardtanh", 1), ("relu6", 4)])
def test_two_point_laws(name, depth):
    """F = r^(2/L) + 1 - p where all layers share p: to 1e-12."""
    scale = 2.0**0.5 if name == "relu" else 1.0
    q = 2.0 if name == "relu6" else 1.0
    biases = None
    if name == "relu6":  # a stationary p: one layer only has one
        depth = 1
    law = rj.limit_eigenvalues(SQUARE(7, depth, name, rj.Gaussian(scale), biases), input_variance=q)
    p = 1.0 - law.atom
    r = np.linspace(0.0, law.spectral_radius, 50)
    np.testing.assert_allclose(law.cdf(r), (r / scale**depth) ** (2.0 / depth) + 1.0 - p, atol=1e-12, rtol=0.0)


def test_two_point_layers_that_differ():
    # r^2 = prod (F - 1 + p_l) with p_l = erf(1 / sqrt(2 q_l))
    ensemble = SQUARE(7, 3, "hardtanh", rj.Gaussian(1.4), rj.Gaussian(0.3))
    from math import erf, sqrt

    p = [erf(1.0 / sqrt(2.0 * q)) for q in rj.mean_field(ensemble, 1.0).preactivation_variances]
    assert len({round(one, 6) for one in p}) == 3
    law = rj.limit_eigenvalues(ensemble)
    share = np.linspace(1.0 - min(p), 1.0, 30)[1:]
    np.testing.assert_allclose(
        law.quantile(share), 1.4**3 * np.sqrt(np.prod([share - 1 + x for x in p], axis=0)), rtol=1e-12
    )
    np.testing.assert_allclose(law.cdf(law.quantile(share)), share, atol=1e-12, rtol=0.0)


@pytest.mark.parametrize("name", ["tanh", "gelu", "erf", "hardtanh", "silu"])
def test_spectral_radius_is_the_mean_field_slope(name):
    """r_out^2 = prod sigma^2 E phi'^2, the mean by Gauss-Legendre rules on panels that the kinks separate."""
    ensemble = SQUARE(7, 4, name, rj.Gaussian(1.3), rj.Gaussian(0.2))
    phi = ensemble.activations[0]
    product = 1.0
    for q in rj.mean_field(ensemble, 1.0).preactivation_variances:
        z, w = np.polynomial.legendre.leggauss(400)
        edges = np.concatenate([[-38.0], np.linspace(-9.0, 9.0, 19), [38.0]])
        if name == "hardtanh":
            edges = np.union1d(edges, [-(q**-0.5), q**-0.5])
        half = 0.5 * np.diff(edges)[:, None]
        x = (0.5 * (edges[1:] + edges[:-1]))[:, None] + half * z
        f = phi.derivative((np.sqrt(q) * x).ravel()).reshape(x.shape) ** 2 * np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi)
        product *= 1.3**2 * float((half * w * f).sum())
    law = rj.limit_eigenvalues(ensemble)
    assert law.spectral_radius**2 == pytest.approx(product, rel=1e-13)


def test_critical_networks_have_spectral_radius_one():
    from rmtjac.theory import critical_line, signal_phase

    bias = 0.05
    weight = float(critical_line("tanh", [bias])[0])
    ensemble = SQUARE(7, 6, "tanh", rj.Gaussian(weight**0.5), rj.Gaussian(bias**0.5))
    law = rj.limit_eigenvalues(ensemble, input_variance="stationary")
    assert law.spectral_radius == pytest.approx(1.0, abs=1e-8)
    assert signal_phase("tanh", weight, bias).spectral_radius == pytest.approx(1.0, abs=1e-8)
    chaotic = SQUARE(7, 6, "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1))
    chi = signal_phase("tanh", 4.0, 0.01).spectral_radius
    assert rj.limit_eigenvalues(chaotic, input_variance="stationary").spectral_radius == pytest.approx(chi**6, rel=1e-9)


LAWS = {
    "tanh": SQUARE(7, 2, "tanh"),
    "hole": SQUARE(7, 2, "arctan", rj.Orthogonal()),
    "chain": rj.Ensemble(
        [10, 15, 7, 10], ["tanh", "relu", "erf"], [rj.Gaussian(1.3), rj.Orthogonal(1.1), rj.Rademacher()]
    ),
    "leaky": SQUARE(7, 1, "leaky_relu:0.01"),
    "deep": SQUARE(7, 7, "gelu", rj.Gaussian(1.3)),
}


@pytest.mark.parametrize("name", LAWS)
def test_functions_of_one_law_fit_together(name):
    law = rj.limit_eigenvalues(LAWS[name])
    p = law.atom + (1.0 - law.atom) * np.linspace(0.0, 1.0, 201)
    r = law.quantile(p)
    assert np.all(np.diff(r) >= 0.0)
    np.testing.assert_allclose(law.cdf(law.log_quantile(p), log=True), p, atol=1e-12)
    assert law.cdf_error < 1e-12
    # the density is the slope of the cdf: between two radii its integral is the difference
    low, high = law.quantile(law.atom + (1.0 - law.atom) * np.array([0.3, 0.9]))
    mass, _ = quad(lambda x: float(law.density(x)), low, high, epsabs=1e-13, epsrel=1e-12, limit=200)
    assert mass == pytest.approx(0.6 * (1.0 - law.atom), abs=1e-10)
    np.testing.assert_allclose(law.planar_density(r[1:]) * 2.0 * np.pi * r[1:], law.density(r[1:]), rtol=1e-12)
    assert law.cdf(-1.0) == 0.0
    assert law.cdf(2.0 * law.spectral_radius) == 1.0
    assert law.density([-1.0, 2.0 * law.spectral_radius]).tolist() == [0.0, 0.0]
    assert law.cdf(np.ones((2, 3))).shape == (2, 3)
    assert law.quantile([]).shape == (0,)
    # over the nonzero eigenvalues the mean of log|z| is half that of J J^T, and a free integral of the atom:
    # int log r^2 dF = int log lambda dF + int (log|m| - log(1 + m)) dm
    mu = 1.0 - law.atom
    share = mu * np.log(mu) + ((1.0 - mu) * np.log1p(-mu) if mu < 1.0 else 0.0)
    expected = 0.5 * (rj.limit_spectrum(LAWS[name]).log_moment() + share / mu)
    assert law.log_mean() == pytest.approx(expected, abs=1e-10)


def test_inner_behaviour():
    assert rj.limit_eigenvalues(SQUARE(7, 1, "linear")).planar_density(0.0) == pytest.approx(1.0 / np.pi, rel=1e-14)
    assert rj.limit_eigenvalues(SQUARE(7, 2, "linear")).density(0.0) == pytest.approx(1.0, rel=1e-14)
    assert rj.limit_eigenvalues(SQUARE(7, 2, "linear")).planar_density(0.0) == np.inf
    assert rj.limit_eigenvalues(SQUARE(7, 3, "linear")).density(0.0) == np.inf
    # leaky ReLU, L = 1: F ~ r^2 E D^-2 next to 0
    assert rj.limit_eigenvalues(SQUARE(7, 1, "leaky_relu:0.5")).planar_density(0.0) == pytest.approx(
        2.5 / np.pi, rel=1e-12
    )


def test_atoms_are_those_of_the_spectrum():
    for ensemble in (*LAWS.values(), rj.Ensemble([6, 2, 6], "tanh"), rj.Ensemble([6, 9, 6], "relu", rj.Orthogonal())):
        assert rj.limit_eigenvalues(ensemble).atom == pytest.approx(rj.limit_spectrum(ensemble).atom, abs=1e-15)


def test_a_circle():
    law = rj.limit_eigenvalues(SQUARE(7, 3, "linear", rj.Orthogonal(1.1)))
    assert law.circle
    assert law.support.tolist() == [law.spectral_radius] * 2
    assert law.cdf([0.0, 1.33, 1.1**3, 1.34]).tolist() == [0.0, 0.0, 1.0, 1.0]
    assert law.quantile([0.0, 0.5, 1.0]) == pytest.approx([1.1**3] * 3)
    assert law.moment(2) == pytest.approx(1.1**6)
    assert law.density([1.0, 2.0]).tolist() == [0.0, 0.0]
    assert law.log_mean() == pytest.approx(3.0 * np.log(1.1))


@pytest.mark.parametrize("q", [1e-300, 1e-9, 1e-4, 1e-2, 10.0])
def test_extreme_inputs_are_silent(q):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for weights in (rj.Gaussian(), rj.Orthogonal()):
            for depth in (1, 2):
                law = rj.limit_eigenvalues(SQUARE(7, depth, "tanh", weights), input_variance=q)
                p = np.linspace(0.01, 1.0, 9)
                assert law.circle or np.allclose(law.cdf(law.log_quantile(p), log=True), p, atol=1e-6)
                assert 0.0 <= law.inner_radius <= law.moment(1) * (1.0 + 1e-12)


def test_values_that_floats_hide_are_refused():
    law = rj.limit_eigenvalues(SQUARE(7, 1, "erf"), input_variance=1e4)  # half of D^2 is below 1e-260
    assert law.quantile(1.0) == law.spectral_radius
    assert law.cdf(law.quantile(0.99)) == pytest.approx(0.99, abs=1e-9)
    with pytest.raises(ArithmeticError, match=r"below 1e-260"):
        law.quantile(0.01)
    with pytest.raises(ArithmeticError, match=r"below 1e-260"):
        law.log_mean()


def test_bad_arguments():
    law = rj.limit_eigenvalues(SQUARE(7, 1, "tanh"))
    for call in (law.cdf, law.density, law.planar_density):
        with pytest.raises(ValueError, match="r holds NaN"):
            call([0.1, float("nan")])
    with pytest.raises(ValueError, match="must lie in"):
        law.quantile(1.5)
    for k in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match=r"k=.* must be a finite number > 0"):
            law.moment(k)
    one = DiscreteLaw.from_points([1.0], [1.0])
    big = rj.RingLaw(Layers([one] * 3, [1e240] * 3, orthogonal=[True] * 3))
    assert big.log_spectral_radius > 800.0
    with pytest.raises(OverflowError, match="log_spectral_radius"):
        _ = big.spectral_radius
    assert big.moment(2) == np.inf

"""The explicit radius, against integrals that mpmath does with 30 digits."""

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import mean_field
from rmtjac.theory.eigenvalues.ring_equation import RingEquation
from rmtjac.theory.equation.layers_of_ensemble import layers_of_ensemble

SLOPES = {
    "tanh": lambda h: mp.sech(h) ** 2,
    "erf": lambda h: mp.exp(-mp.pi * h**2 / 4),
    "softplus": lambda h: 1 / (1 + mp.exp(-h)),
    "arctan": lambda h: 1 / (1 + h**2),
    "silu": lambda h: (s := 1 / (1 + mp.exp(-h))) * (1 + h * (1 - s)),
}


def equation(ensemble, q=1.0):
    return RingEquation(layers_of_ensemble(ensemble, mean_field(ensemble, q)))


def mean(f, q):
    """E f(sqrt(q) Z)."""
    s = mp.sqrt(q)
    return mp.quad(lambda z: f(s * z) * mp.npdf(z), [-30, -12, -6, -3, -1.5, 0, 1.5, 3, 6, 12, 30])


def chi(name, m, q):
    """The u < 0 with E u D^2 / (1 - u D^2) = m."""
    phi = SLOPES[name]

    def f(v):
        return mean(lambda h: 1 / (1 + mp.exp(v) * phi(h) ** 2), q) - (1 + m)

    return -mp.exp(mp.findroot(f, (-3, 9), solver="anderson", tol=1e-22))


@pytest.mark.parametrize(
    ("name", "q", "share"),
    [
        ("tanh", 1.0, 0.05),
        ("tanh", 1.0, 0.6),
        ("erf", 0.4, 0.3),
        ("softplus", 2.0, 0.7),
        ("arctan", 3.0, 0.1),
        ("silu", 1.0, 0.5),
    ],
)
def test_one_layer_against_integrals(name, q, share):
    mp.mp.dps = 20
    m = mp.mpf(share) - 1
    u = chi(name, m, q)
    # Gaussian: r^2 = m / chi; orthogonal: D U has S = S_{D^2}, so r^2 = m / ((1 + m) chi)
    for weights, exact in ((rj.Gaussian(), m / u), (rj.Orthogonal(), m / u / (1 + m))):
        law = rj.limit_eigenvalues(rj.Ensemble.square(5, 1, name, weights), input_variance=q)
        assert float(law.quantile(share)) ** 2 == pytest.approx(float(exact), rel=1e-11)
        assert float(law.cdf(mp.sqrt(exact))) == pytest.approx(share, abs=1e-11)


def test_rectangular_chain_of_mixed_weights_against_s_transforms():
    """Widths 4, 6, 3, 4; S of each factor as a projection or a free compression, composed by hand."""
    ensemble = rj.Ensemble(
        [4, 6, 3, 4], ["tanh", "linear", "arctan"], [rj.Gaussian(1.2), rj.Gaussian(0.7), rj.Orthogonal(1.1)]
    )
    signal = mean_field(ensemble, 1.0)
    q = signal.preactivation_variances
    mp.mp.dps = 20
    n = [4, 6, 3, 4]
    # On the space of J J^T with dimension n_L: lambda(m) = (1 + r_0 m)/(r_0 m) prod sigma^2 r_l m / chi_l(r_{l+1} m),
    # and for an orthogonal layer, with (r_x m)/(1 + r_x m) of its wider side in place of r_l m.
    share = 0.35
    m = mp.mpf(share) - 1
    r = [mp.mpf(4) / k for k in n]
    lam = (1 + m) / m
    lam *= mp.mpf(1.44) * r[0] * m / chi("tanh", r[1] * m, q[0])
    lam *= mp.mpf(0.49) * r[1] * m * (1 + r[2] * m) / (r[2] * m)  # chi of D = 1 is m / (1 + m)
    wide = r[3] * m / (1 + r[3] * m)  # 4 > 3: orthonormal columns
    lam *= mp.mpf(1.21) * wide / chi("arctan", r[3] * m, q[2])
    exact = m * lam / (1 + m)
    law = rj.limit_eigenvalues(ensemble)
    assert law.atom == pytest.approx(0.25, abs=1e-15)
    assert float(law.quantile(share)) ** 2 == pytest.approx(float(exact), rel=1e-11)


def test_truncated_rotations():
    # N of the 2N rows and columns of a Haar matrix: F = r^2 / (1 - r^2) up to r^2 = 1/2 (Zyczkowski and Sommers 2000)
    law = rj.limit_eigenvalues(rj.Ensemble([3, 6, 3], "linear", rj.Orthogonal()))
    r = np.linspace(0.0, 0.5**0.5, 20)
    np.testing.assert_allclose(law.cdf(r), r**2 / (1.0 - r**2), atol=1e-14)
    # through a bottleneck of half the width: W_1 W_0 = V_1 V_0^T; eigenvalues of a truncation again, and an atom
    law = rj.limit_eigenvalues(rj.Ensemble([6, 3, 6], "linear", rj.Orthogonal()))
    np.testing.assert_allclose(law.cdf(r), 0.5 + 0.5 * r**2 / (1.0 - r**2), atol=1e-14)


def test_orthogonal_relu():
    # D U with D^2 of mass 1/2 at 0: r^2 = sigma^2 (F - 1/2) / F
    law = rj.limit_eigenvalues(rj.Ensemble.square(4, 1, "relu", rj.Orthogonal(1.3)))
    p = np.linspace(0.5, 1.0, 30)
    np.testing.assert_allclose(law.quantile(p), 1.3 * np.sqrt((p - 0.5) / p), atol=1e-14)


@pytest.mark.parametrize("q", [0.05, 0.2, 0.31])
def test_holes(q):
    # r_in^2 = 1 / E D^-2 for one orthogonal layer; erf: E exp(pi h^2 / 2) = (1 - pi q)^(-1/2)
    law = rj.limit_eigenvalues(rj.Ensemble.square(4, 1, "erf", rj.Orthogonal()), input_variance=q)
    assert law.inner_radius**2 == pytest.approx((1.0 - np.pi * q) ** 0.5, rel=1e-12)
    leaky = rj.limit_eigenvalues(rj.Ensemble.square(4, 1, "leaky_relu:0.25", rj.Orthogonal(2.0)))
    assert leaky.inner_radius**2 == pytest.approx(4.0 / (0.5 + 0.5 * 16.0), rel=1e-14)
    assert leaky.spectral_radius**2 == pytest.approx(4.0 * (0.5 + 0.5 / 16.0), rel=1e-14)
    # one Gaussian layer closes the hole
    assert (
        rj.limit_eigenvalues(rj.Ensemble.square(4, 2, "leaky_relu:0.25", [rj.Orthogonal(), rj.Gaussian()])).inner_radius
        == 0.0
    )


def test_rotations_are_a_circle():
    for ensemble in (
        rj.Ensemble.square(3, 4, "linear", rj.Orthogonal(1.5)),
        rj.Ensemble.square(3, 1, "tanh", rj.Orthogonal(1.5)),
    ):
        found = equation(ensemble, 0.0)
        assert found.circle
        assert found.log_outer == pytest.approx(2.0 * ensemble.depth * np.log(1.5), rel=1e-14)
    assert not equation(rj.Ensemble.square(3, 1, "linear")).circle

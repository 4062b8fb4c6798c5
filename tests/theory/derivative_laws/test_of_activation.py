import itertools
import math

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.theory import QuadratureLaw, derivative_law
from rmtjac.theory.equation.roots import solve

NAMES = rj.activations.names()
SMOOTH = [name for name in NAMES if not rj.activations.activation(name).piecewise_affine]


def _oracle(name, q, u):
    """E[u D^2/(1 - u D^2)] by QUADPACK, split at the breakpoints and where u D^2 comes closest to 1."""
    phi = rj.activations.activation(name)
    reach = 9 * math.sqrt(q)
    grid = np.linspace(-reach, reach, 20001)
    away = np.abs(1 - u * phi.derivative(grid) ** 2)
    local = grid[1:-1][(away[1:-1] < away[:-2]) & (away[1:-1] < away[2:])]
    cuts = sorted({-reach, 0.0, reach, *local.tolist(), *(b for b in phi.breakpoints if abs(b) < reach)})

    def integrand(h):
        d = phi.derivative(np.array([h]))[0]
        return math.exp(-h * h / (2 * q)) / math.sqrt(2 * math.pi * q) * u * d * d / (1 - u * d * d)

    def part(take):
        pieces = (
            quad(lambda h: take(integrand(h)), a, b, epsabs=1e-17, epsrel=1e-13, limit=200, full_output=1)[0]
            for a, b in itertools.pairwise(cuts)
        )
        return math.fsum(pieces)

    return complex(part(lambda f: f.real), part(lambda f: f.imag))


def _u_on_curves(name, q):
    """Where density curves actually run: solutions at L = 1, the closest to the cut, and at L = 3."""
    out = []
    for depth in (1, 3):
        layers = rj.theory.Layers([derivative_law(rj.activations.activation(name), q)] * depth, [1.0] * depth)
        log_lam = layers.log_mean + np.array([0.6, -0.5, -3.0, -9.0])
        out += np.exp(solve(layers, log_lam).log_u[:, 0]).tolist()
    return out


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("q", [0.05, 0.5, 12.0])
def test_moment_transform_against_quadrature_where_the_density_needs_it(name, q):
    law = derivative_law(rj.activations.activation(name), q)
    for u in _u_on_curves(name, q):
        # the oracle uses the float derivative and 9 standard deviations: 1e-13 relative to the size of the integrand
        assert complex(law.moment_transform(u)) == pytest.approx(_oracle(name, q, u), rel=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_monte_carlo_of_d_squared(name):
    phi, q, n = rj.activations.activation(name), 0.9, 400_000
    law = derivative_law(phi, q)
    d2 = phi.derivative(math.sqrt(q) * np.random.default_rng(8).standard_normal(n)) ** 2
    for sample, expected in ((d2, law.mean), (d2**2, law.moment(2)), ((d2 == 0) * 1.0, law.atom)):
        # two-sided level 1e-4 each, the seed being fixed
        assert abs(sample.mean() - expected) <= 3.9 * sample.std() / math.sqrt(n) + 1e-15


@pytest.mark.parametrize("name", ["erf", "tanh", "relu", "leaky_relu"])
def test_mpmath_and_float_agree(name):
    law = derivative_law(rj.activations.activation(name), 0.8)
    for u in (0.4 - 0.3j, 2.0 - 1.5j):
        assert complex(law.moment_transform_mp(mp.mpc(u))) == pytest.approx(complex(law.moment_transform(u)), rel=1e-11)


def test_zero_variance_and_own_activations():
    assert derivative_law(rj.activations.activation("sigmoid"), 0.0).mean == pytest.approx(1 / 16)
    # D = cos h: E cos^2 = (1 + exp(-2q))/2, E cos^4 = 3/8 + exp(-2q)/2 + exp(-8q)/8
    sine = derivative_law(rj.Activation("sine", np.sin, np.cos), 0.7)
    assert isinstance(sine, QuadratureLaw)
    assert sine.mean == pytest.approx((1 + math.exp(-1.4)) / 2, rel=1e-13)
    assert sine.moment(2) == pytest.approx(3 / 8 + math.exp(-1.4) / 2 + math.exp(-5.6) / 8, rel=1e-13)


def test_bad_laws():
    flat = rj.Activation("flat", np.zeros_like, np.zeros_like, (), (0.0,))
    for phi, q, message in [
        (rj.activations.activation("tanh"), -1.0, "variance=-1.0"),
        (rj.activations.activation("tanh"), math.inf, "variance=inf"),
        (flat, 1.0, "point mass at 0"),
        (rj.Activation("nan", np.sin, lambda h: h * np.nan), 1.0, "must be finite; it returns nan"),
        (rj.Activation("square", lambda h: h**3 / 3, lambda h: h * h), 1.0, "must be"),
        (rj.Activation("shape", np.sin, lambda h: 1.0), 1.0, "the shape it gets"),
    ]:
        with pytest.raises(ValueError, match=message):
            derivative_law(phi, q)


@pytest.mark.parametrize("name", ["tanh", "erf", "hardtanh", "leaky_relu:0.2"])
def test_a_name_stands_for_the_activation(name):
    one, other = derivative_law(name, 0.7), derivative_law(rj.activations.activation(name), 0.7)
    assert type(one) is type(other)
    assert one.moment_transform(-0.3) == other.moment_transform(-0.3)
    with pytest.raises(ValueError, match="activation='tanhh' is not known"):
        derivative_law("tanhh", 0.7)


@pytest.mark.parametrize("variance", [0.5, 3.0, 7.0, 1e6, 1e12, 1e20, 1e30])
@pytest.mark.parametrize(("name", "low", "high"), [("hardtanh", -1, 1), ("relu6", 0, 6)])
def test_narrow_linear_parts_keep_their_digits(name, low, high, variance):
    # Of a wide signal few neurons lie in the linear part; against 40 digits.
    mp = pytest.importorskip("mpmath")
    with mp.workdps(60):
        root = mp.sqrt(2 * mp.mpf(variance))
        share = float((mp.erf(high / root) - mp.erf(low / root)) / 2)
    assert derivative_law(name, variance).mean == pytest.approx(share, rel=4e-15)


@pytest.mark.parametrize("variance", [5e-324, 1e-310, 1e-301, 1e-299])
def test_erf_of_a_signal_next_to_zero_has_slope_one(variance):
    law = rj.limit_eigenvalues(rj.Ensemble.square(6, 2, "erf"), input_variance=variance)  # as of two linear layers
    np.testing.assert_allclose(law.cdf([0.0, 0.25, 0.5]), [0.0, 0.25, 0.5], atol=1e-12)

import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform
from rmtjac.theory import QuadratureLaw, derivative_law
from rmtjac.theory.equation import roots as inverse
from tests.oracles.activations import FUNCTIONS

NAMES = rj.activations.names()
SMOOTH = [name for name in NAMES if not rj.activations.activation(name).piecewise_affine]


def _slope(name, h):
    return (
        mp.diff(FUNCTIONS[name], h)
        if h != 0
        else (FUNCTIONS[name](mp.mpf("1e-12")) - FUNCTIONS[name](mp.mpf("-1e-12"))) / mp.mpf("2e-12")
    )


def _oracle(name, q, u):
    """E[u D^2/(1 - u D^2)] by mpmath quadrature, split at the breakpoints and where u D^2 comes closest to 1."""
    phi = rj.activations.activation(name)
    grid = np.linspace(-9, 9, 20001) * math.sqrt(q)
    away = np.abs(1 - u * phi.derivative(grid) ** 2)
    local = [float(grid[i]) for i in range(1, grid.size - 1) if away[i] < min(away[i - 1], away[i + 1])]
    with mp.workdps(25):
        cuts = sorted(
            {
                -9 * math.sqrt(q),
                0.0,
                9 * math.sqrt(q),
                *local,
                *(b for b in phi.breakpoints if abs(b) < 9 * math.sqrt(q)),
            }
        )

        def integrand(h):
            d = mp.mpf(float(phi.derivative(np.array([float(h)]))[0]))
            return mp.exp(-h * h / (2 * q)) / mp.sqrt(2 * mp.pi * q) * u * d * d / (1 - u * d * d)

        return complex(mp.quad(integrand, cuts, maxdegree=8))


def _u_on_curves(name, q):
    """Where density curves actually run: solutions at L = 1, the closest to the cut, and at L = 3."""
    out = []
    for depth in (1, 3):
        layers = rj.theory.Layers([derivative_law(rj.activations.activation(name), q)] * depth, [1.0] * depth)
        log_lam = layers.log_mean + np.array([0.6, -0.5, -3.0, -9.0])
        out += np.exp(inverse.solve(layers, log_lam).log_u[:, 0]).tolist()
    return out


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("q", [0.05, 0.5, 12.0])
def test_moment_transform_against_quadrature_where_the_density_needs_it(name, q):
    law = derivative_law(rj.activations.activation(name), q)
    for u in _u_on_curves(name, q):
        # the oracle uses the float derivative and 9 standard deviations: 1e-13 relative to the size of the integrand
        assert complex(law.moment_transform(u)) == pytest.approx(_oracle(name, q, u), rel=1e-11)


@pytest.mark.parametrize("name", SMOOTH)
def test_moments_against_quadrature(name):
    phi, q = rj.activations.activation(name), 0.7
    law = derivative_law(phi, q)
    for k in (1, 2, 5):
        with mp.workdps(20):
            edge = 12 * math.sqrt(q)

            def integrand(h, k=k):
                d = mp.mpf(float(phi.derivative(np.array([float(h)]))[0]))
                return mp.exp(-h * h / (2 * q)) / mp.sqrt(2 * mp.pi * q) * d ** (2 * k)

            exact = mp.quad(integrand, [-edge, -3, -1, 0, 1, 3, edge])
        assert law.moment(k) == pytest.approx(float(exact), rel=1e-12)
        assert float(law.weights @ law.values**k) == pytest.approx(law.moment(k), rel=1e-13)


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


def test_both_sides_of_the_cut():
    for name in NAMES:
        law = derivative_law(rj.activations.activation(name), 0.6)
        u = 1.5 / law.supremum + 0.8j / law.supremum
        assert complex(law.moment_transform(u)) == pytest.approx(
            complex(law.moment_transform(u.conjugate())).conjugate(), rel=1e-14
        )
    assert complex(law.moment_transform(0.0)) == 0.0


@pytest.mark.parametrize("name", ["tanh", "erf", "leaky_relu", "relu"])
def test_derivatives_of_the_logarithms(name):
    law = derivative_law(rj.activations.activation(name), 0.6)
    v, h = complex(0.4, -1.1), 1e-6
    c, log_c, c1, _, s1, imag = log_moment_transform(*law.kernel, v)
    up, down = (log_moment_transform(*law.kernel, v + step) for step in (h, -h))
    assert c1 == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-8)
    assert s1 == pytest.approx((up[3] - down[3]) / (2 * h), rel=1e-8)
    assert log_c == pytest.approx(np.log(c), rel=1e-13)
    assert c == pytest.approx(1 + complex(law.moment_transform(np.exp(v))) / law.mass, rel=1e-12)
    assert imag == pytest.approx(complex(law.moment_transform(np.exp(v))).imag, rel=1e-12)
    np.testing.assert_allclose(
        log_moment_transform.py_func(*law.kernel, v), log_moment_transform(*law.kernel, v), rtol=1e-12
    )


@pytest.mark.parametrize("name", ["tanh", "erf", "silu", "softsign"])
@pytest.mark.parametrize("angle", [1e-2, 1e-3])
def test_next_to_the_cut(name, angle):
    # |u| = 3/b, arg u = -angle: the rule alone would be off by O(1). Oracle: Plemelj, with the integral along a
    # path lifted off
    # the real axis by complex h, on which D^2 is analytic; here through E log(1 - u D^2), whose derivative in log
    # u is -m.
    law = derivative_law(rj.activations.activation(name), 0.6)
    v, h = complex(math.log(3.0 / law.supremum), -angle), 0.2 * angle
    numeric = -(law.log_potential(v + h) - law.log_potential(v - h)) / (2 * h)
    fourth = -(law.log_potential(v + 2 * h) - law.log_potential(v - 2 * h)) / (4 * h)
    # Richardson: error (0.2)^4 of the fourth derivative over the distance to the next singularity, which is 1
    assert complex((4 * numeric - fourth) / 3) == pytest.approx(complex(law.moment_transform(np.exp(v))), rel=1e-6)
    if name == "erf":
        k = QuadratureLaw(
            law.values.copy(), law.weights.copy(), 0.0, law.supremum, law.source, law.panels.copy(), law.intervals
        )
        # the rule with its correction against the Lerch transcendent; digits are lost in proportion to 1/angle
        assert complex(k.moment_transform(np.exp(v))) == pytest.approx(
            complex(law.moment_transform(np.exp(v))), rel=1e-14 / angle
        )


@pytest.mark.parametrize("q", [9e4, 1e-6])
def test_moments_at_extreme_variances(q):
    law = derivative_law(rj.activations.activation("tanh"), q)
    with mp.workdps(30):
        exact = 2 * mp.quad(lambda h: mp.sech(h) ** 4 * mp.npdf(h, 0, mp.sqrt(q)), [0, 1e-3, 1e-2, 0.1, 1, 5, 30])
    assert law.mean == pytest.approx(float(exact), rel=1e-13)


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

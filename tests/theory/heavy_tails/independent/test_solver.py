"""The limit of linear layers and independent masks against closed forms and samples."""

import cmath
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx, wofz

from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.smoothing import kernel_density, smoothed_cdf
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw, mask_law
from rmtjac.theory.heavy_tails.independent.solver import IndependentSolver

ONE = MaskLaw.one()


def _two(p):
    return MaskLaw.from_points([1.0], [p])


def _cauchy(gamma=1.0, depth=1):
    return IndependentSolver([StableWeights(1.0, gamma)] * depth, [ONE] * depth, [1] * (depth + 1))


def _mass(solver, low, high):
    """The integral of the density, by Gauss's rule on panels."""
    ends = np.linspace(low, high, 400)
    x, w = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(ends)[:, None]
    at = 0.5 * (ends[:-1] + ends[1:])[:, None] + half * x
    return float(solver.log_density(at.ravel()).value @ (half * w).ravel())


@pytest.mark.parametrize("gamma", [1.0, 0.3, 20.0])
def test_one_cauchy_layer(gamma):
    """rho(0) = 1 / gamma, P(s > R) ~ 2 gamma / (pi R), mass 1."""
    solver = _cauchy(gamma)
    for s in (1e-150, 1e-30, 1e-9):
        got = solver.log_density([2.0 * math.log(s)])
        assert abs(2.0 * got.value[0] / s * gamma - 1.0) < 1e-10
        assert got.error[0] < 1e-11 * got.value[0]
    far = solver.log_density([60.0])  # s = e^30: s P'(s) = P(s > R)
    assert abs(2.0 * far.value[0] * math.exp(30.0) / (2.0 * gamma / math.pi) - 1.0) < 1e-10
    shift = 2.0 * math.log(gamma)
    assert abs(_mass(solver, shift - 60.0, shift + 60.0) - 1.0) < 1e-11
    assert abs(solver.cdf([shift + 80.0]).value[0] - 1.0) < 1e-12
    assert abs(solver.cdf([shift - 80.0]).value[0]) < 1e-12


def test_mass_below_a_quarter():
    """P(lambda < 1/4) = .3592 at gamma = 1, by the closed form of `test_one_cauchy_layer_in_closed_form`."""
    assert abs(_cauchy().cdf([math.log(0.25)]).value[0] - 0.3592) < 5e-5


def test_one_cauchy_layer_in_closed_form():
    """eta xi = erfcx(xi) gamma / sqrt(pi), E g = (1 - U(xi)) / eta, on the real axis of eta."""
    solver = _cauchy(1.3)
    for eta in (1e-4, 0.3, 1.0, 40.0):
        level = 1.3 / (eta * math.sqrt(math.pi))
        xi = brentq(lambda x, level=level: x - level * erfcx(x), 1e-12, 1e6, xtol=1e-15, rtol=1e-15)
        rest = 1.0 - math.sqrt(math.pi) * xi * erfcx(xi)
        got = solver.transform(-eta * eta)
        assert abs(got.value * eta * eta / rest - 1.0) < 1e-10


def test_one_cauchy_layer_on_the_axis_of_singular_values():
    """The same equation at eta = -is, by an own Newton's method with scipy's erfcx."""
    solver = _cauchy()
    xi = 0.7 + 0.0j
    for angle in np.linspace(0.0, math.pi / 2, 40):
        eta = cmath.exp(-1j * angle)
        for _ in range(30):
            value = eta * xi - wofz(1j * xi) / math.sqrt(math.pi)
            slope = eta - (2.0 * xi * wofz(1j * xi) - 2.0 / math.sqrt(math.pi)) / math.sqrt(math.pi)
            xi -= value / slope
    rest = 1.0 - math.sqrt(math.pi) * xi * wofz(1j * xi)
    assert abs(solver.log_density([0.0]).value[0] + rest.imag / math.pi) < 1e-13


@pytest.mark.parametrize("depth", [2, 3])
def test_deep_cauchy_layers_with_two_point_masks(depth):
    """The equation with F(P) = E[erfcx(P / (2 sqrt2 |Z|)) / (sqrt2 |Z|)] of a product of Cauchy layers."""
    p = [1.0, 0.8, 0.6, 0.9][: depth + 1]
    gamma = 0.7
    kappa = 2.0 * gamma / math.sqrt(math.pi)
    solver = IndependentSolver([StableWeights(1.0, gamma)] * depth, [_two(x) for x in p[1:]], [1] * (depth + 1))

    def f(big):
        term = lambda z: erfcx(big / (2.0 * math.sqrt(2.0) * z)) / (math.sqrt(2.0) * z) * math.exp(-0.5 * z * z)  # noqa: E731
        return math.sqrt(2.0 / math.pi) * quad(term, 0.0, 12.0, epsabs=1e-13, epsrel=1e-12, limit=500)[0]

    u_of = lambda x: math.sqrt(math.pi) * x * erfcx(x)  # noqa: E731
    xi = 0.4
    u = u_of(xi)
    level = p[-1] * u
    xi_0 = brentq(lambda x: u_of(x) - level, 1e-9, 1e6, xtol=1e-14)
    eta = kappa**depth * erfcx(xi_0) / (2.0 * xi)
    for l in range(1, depth):
        big = brentq(lambda x, l=l: math.sqrt(math.pi) / 2.0 * x * f(x) - level / p[l], 1e-9, 1e6, xtol=1e-13)
        eta *= p[l] * f(big)
    got = solver.transform(-eta * eta)
    assert abs(got.value * eta * eta - (1.0 - level)) < 1e-9


def test_almost_gaussian_layers_tend_to_marchenko_pastur():
    """alpha = 1.99 is within .01 of the quarter circle law in the cdf; the difference is of order 2 - alpha."""
    solver = IndependentSolver([StableWeights(1.99, math.sqrt(0.5))], [ONE], [1, 1])
    s = np.array([0.2, 0.5, 1.0, 1.5])
    want = (s * np.sqrt(4.0 - s * s) / 2.0 + 2.0 * np.arcsin(s / 2.0)) / math.pi
    assert np.abs(solver.cdf(2.0 * np.log(s)).value - want).max() < 0.02


def test_transform_and_smoothing_are_averages_of_the_density():
    plain = IndependentSolver([StableWeights(1.2, 1.0)] * 2, [_two(0.8), ONE], [3, 2, 4])
    smooth = IndependentSolver([StableWeights(1.2, 1.0)] * 2, [_two(0.8), ONE], [3, 2, 4], angle=0.4)
    x = np.linspace(-60.0, 60.0, 24001)
    weight = plain.log_density(x).value * (x[1] - x[0])
    atom = float(plain.atom.value)
    for at in (-3.0, 0.0, 2.0):
        assert abs(float(weight @ kernel_density(at - x, 0.4)) - smooth.log_density([at]).value[0]) < 1e-9
        lam = math.exp(at) * cmath.exp(1.1j)
        want = np.sum(weight / (np.exp(x) - lam)) - atom / lam
        assert abs(plain.transform(lam).value - want) < 1e-9
        assert abs(plain.transform(lam.conjugate()).value - want.conjugate()) < 1e-9
    assert abs(float(weight.sum()) + atom - 1.0) < 1e-9


CHAINS = {
    "linear 2": ([(1.0, 1.0)] * 2, [ONE] * 2, [1] * 3),
    "linear 3": ([(1.0, 1.0)] * 3, [ONE] * 3, [1] * 4),
    "masks 3": ([(1.0, 1.0)] * 3, [_two(0.8), _two(0.5), _two(0.9)], [1] * 4),
    "mixed": ([(2.0, 0.7), (1.0, 1.0), (1.5, 0.3)], [_two(0.8), ONE, ONE], [3, 5, 2, 4]),
    "small alpha": ([(0.1, 1.0)], [ONE], [1] * 2),
    "near Gaussian": ([(1.9, 1.0)], [ONE], [1] * 2),
    "equal but for rounding": ([(1.0, 1.0), (1.0 + 1e-9, 1.0)], [ONE] * 2, [1] * 3),
    "deep": ([(1.0, 1.0)] * 10, [_two(0.9)] * 10, [1] * 11),
}


@pytest.mark.parametrize("name", CHAINS)
def test_mass_from_density_and_from_cdf(name):
    """Two ways: Gauss's rule for the density; the closed potential at both ends and in between."""
    weights, masks, widths = CHAINS[name]
    solver = IndependentSolver([StableWeights(*one) for one in weights], masks, widths)
    atom = float(solver.atom.value)
    assert (
        abs(_mass(solver, -690.0, -20.0) + _mass(solver, -20.0, 20.0) + _mass(solver, 20.0, 690.0) + atom - 1.0) < 1e-9
    )
    ends = solver.cdf([-690.0, -3.0, 2.0, 690.0]).value
    assert abs(ends[0] - atom) < 1e-11
    assert abs(ends[3] - 1.0) < 1e-11
    assert abs(_mass(solver, -3.0, 2.0) - (ends[2] - ends[1])) < 1e-9


@pytest.mark.parametrize("name", ["linear 3", "masks 3", "mixed", "small alpha"])
def test_the_tail_is_that_of_the_density(name):
    """lambda rho(lambda) ~ exponent times the tail; powers of log lambda are approached slowly."""
    weights, masks, widths = CHAINS[name]
    solver = IndependentSolver([StableWeights(*one) for one in weights], masks, widths)
    tail = solver.tail
    at = 600.0
    got = math.log(solver.log_density([at]).value[0])
    want = math.log(tail.exponent * tail.constant) + tail.log_power * math.log(at) - tail.exponent * at
    assert abs(got - want) < (0.05 if tail.log_power else 1e-9)


def test_values_from_1e_minus_300_to_1e300():
    """Densities are positive and smooth, and their errors small, wherever a float reaches."""
    x = np.linspace(-690.0, 690.0, 500)
    for solver in (_cauchy(depth=4), IndependentSolver([StableWeights(1.2, 1.0)], [_two(0.9)], [2, 1])):
        got = solver.log_density(x)
        assert np.isfinite(got.value).all()
        assert (got.error < 1e-11).all()
        cdf = solver.cdf(x)
        assert (np.diff(cdf.value) >= -1e-12).all()
        assert (cdf.error < 1e-11).all()
    beyond = _cauchy().log_density([-np.inf, -1e5, 1e5, np.inf])
    assert (beyond.value == 0.0).all()


def _ks(sample, solver):
    x = np.sort(np.asarray(sample).ravel())
    cdf = solver.cdf(2.0 * np.log(x)).value
    n = x.size
    return max(np.abs(cdf - np.arange(1, n + 1) / n).max(), np.abs(cdf - np.arange(n) / n).max())


@pytest.mark.parametrize(("alpha", "gamma", "depth"), [(1.0, 1.0, 2), (1.0, 0.5, 3), (1.5, 0.7, 1), (0.7, 1.3, 1)])
def test_samples_of_square_matrices(alpha, gamma, depth):
    """KS <= 1.5 / sqrt(N R), N = 200, R = 8."""
    rng = np.random.default_rng(7)
    n, runs = 200, 8
    out = []
    for _ in range(runs):
        j = np.eye(n)
        for _ in range(depth):
            u = rng.uniform(-math.pi / 2, math.pi / 2, (n, n))
            e = rng.exponential(size=(n, n))
            w = np.tan(u)
            if alpha != 1.0:
                w = np.sin(alpha * u) / np.cos(u) ** (1 / alpha)
                w *= (np.cos((1 - alpha) * u) / e) ** ((1 - alpha) / alpha)
            j = gamma * n ** (-1.0 / alpha) * w @ j
        out.append(np.linalg.svd(j, compute_uv=False))
    solver = IndependentSolver([StableWeights(alpha, gamma)] * depth, [ONE] * depth, [1] * (depth + 1))
    assert _ks(out, solver) < 1.5 / math.sqrt(n * runs)


def test_samples_with_tanh_masks_and_a_gaussian_layer():
    """A Gaussian layer between Cauchy layers, tanh' of a Cauchy h as a mask, both cdfs smoothed alike."""
    rng = np.random.default_rng(3)
    n, runs = 200, 8
    out = []
    for _ in range(runs):
        j = rng.standard_cauchy((n, n)) / n
        j = (1.0 / np.cosh(np.minimum(np.abs(0.5 * rng.standard_cauchy(n)), 300.0)) ** 2)[:, None] * j
        j = rng.standard_normal((n, n)) / math.sqrt(n) @ j
        out.append(np.linalg.svd(rng.standard_cauchy((n, n)) / n @ j, compute_uv=False))
    weights = [StableWeights(1.0, 1.0), StableWeights(2.0, math.sqrt(0.5)), StableWeights(1.0, 1.0)]
    solver = IndependentSolver(weights, [mask_law("tanh", 1.0, 0.5), ONE, ONE], [1] * 4, angle=0.05)
    x = np.linspace(-12.0, 12.0, 300)
    s = np.sort(np.concatenate(out))
    got = smoothed_cdf(x, 2.0 * np.log(s[s > 0.0]), 0.05)
    assert np.abs(got - solver.cdf(x).value).max() < 1.5 / math.sqrt(n * runs)


@pytest.mark.parametrize(
    ("weights", "masks", "widths", "name"),
    [
        ([], [], [1], "weights"),
        ([(2.0, 1.0)], [ONE], [1, 1], "finite variance"),
        ([(2.5, 1.0)], [ONE], [1, 1], "alpha"),
        ([(0.0, 1.0)], [ONE], [1, 1], "alpha"),
        ([(1.0, math.nan)], [ONE], [1, 1], "scale"),
        ([(1.0, 1.0)], [ONE], [1, 0], "widths"),
        ([(1.0, 1.0)], [ONE, ONE], [1, 1], "masks"),
    ],
)
def test_bad_input(weights, masks, widths, name):
    with pytest.raises(ValueError, match=name):
        IndependentSolver(weights, masks, widths)


def test_points_must_be_numbers():
    with pytest.raises(ValueError, match="NaN"):
        _cauchy().cdf([math.nan])
    for z in (0.0, 2.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="z="):
            _cauchy().transform(z)


def test_the_atom_is_the_share_of_saturated_neurons():
    masks = [mask_law("hardtanh", 1.0, 0.6), mask_law("tanh", 2.0, 0.4)]
    solver = IndependentSolver([StableWeights(1.0, 1.0), StableWeights(2.0, 0.7)], masks, [1, 1, 1])
    assert (solver.method, solver.angle) == ("independent", 0.0)
    assert abs(float(solver.atom.value) - (1.0 - 2.0 / math.pi * math.atan(1.0 / 0.6))) < 1e-12

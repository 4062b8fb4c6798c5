import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit import roots as kernel
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.equation.roots import solve, upper_tail
from tests.oracles.closed_forms import (
    fuss_catalan_density,
    fuss_catalan_edge,
    marchenko_pastur_density,
    two_point_density,
)


def _two_point(p):
    return DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])


def _density(layers, lam):
    roots = solve(layers, np.log(lam))
    assert roots.found.all()
    return -roots.imag_m / (math.pi * lam)


@pytest.mark.parametrize("depth", range(1, 31))
def test_fuss_catalan_at_a_thousand_points(depth):
    # Half of the points even in lambda, half even in log lambda down to 1e-30; only the outermost 1e-6 is left out.
    edge = fuss_catalan_edge(depth)
    lam = edge * np.concatenate([np.linspace(1e-3, 1.0 - 1e-6, 500), np.geomspace(1e-30, 1.0 - 1e-6, 500)])
    exact = np.array([float(fuss_catalan_density(depth, x, 25)) for x in lam])
    # 1e-9 is promised; the edge amplifies a relative rounding of 1e-16 in lambda by 1/(2e-6)
    assert np.abs(_density(Layers([_two_point(1.0)] * depth, [1.0] * depth), lam) / exact - 1).max() < 1e-9


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 1.0])
def test_marchenko_pastur_with_an_atom(p):
    low, high = (1 - math.sqrt(p)) ** 2, (1 + math.sqrt(p)) ** 2
    lam = low + (high - low) * np.linspace(1e-3, 1 - 1e-3, 200)
    np.testing.assert_allclose(
        _density(Layers([_two_point(p)], [1.0]), lam), marchenko_pastur_density(lam, p), rtol=1e-11
    )


@pytest.mark.parametrize("ps", [[0.5], [0.3, 0.3], [0.9, 0.4], [0.4, 0.9], [0.999, 0.02]])
def test_polynomial_roots(ps):
    lim = rj.LimitSpectrum(Layers([_two_point(p) for p in ps], [1.0] * len(ps)))
    ((low, high),) = lim.support
    lam = max(low, 1e-12 * high) ** (1 - np.linspace(0.02, 0.98, 40)) * high ** np.linspace(0.02, 0.98, 40)
    exact = [two_point_density(x, ps) for x in lam]
    np.testing.assert_allclose(lim.density(lam), exact, rtol=1e-11)


@pytest.mark.parametrize("ps", [[0.5, 0.8, 0.3], [0.9, 0.9, 0.9, 0.9], [1.0, 0.5, 0.5, 0.5, 0.7]])
def test_the_root_found_is_a_root_of_the_polynomial(ps):
    layers = Layers([_two_point(p) for p in ps], [1.0] * len(ps))
    low, high = rj.LimitSpectrum(layers).support[0]
    lam = np.geomspace(max(1.01 * low, 1e-9 * high), 0.99 * high, 20)
    roots = solve(layers, np.log(lam))
    lead = 1.0 - layers.groups[0].atom
    u = np.exp(roots.log_u[:, 0])
    m = lead * u / (1 - u)
    product = (1 + m) / m
    for p in ps:
        product = product * (m + p)
    np.testing.assert_allclose(product, lam, rtol=1e-12)
    np.testing.assert_allclose(m.imag, roots.imag_m, rtol=1e-12)


def test_a_wrong_branch_is_not_taken():
    # Linear, L = 3, has a root that passes if phases are reduced mod 2 pi: density .1443 instead of .0475.
    lam = np.geomspace(1e-3, 9.4, 50)
    exact = [float(fuss_catalan_density(3, x, 20)) for x in lam]
    np.testing.assert_allclose(_density(Layers([_two_point(1.0)] * 3, [1.0] * 3), lam), exact, rtol=1e-12)


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled", "alone"])
@pytest.mark.parametrize("name", ["hardtanh", "tanh", "erf"])
def test_the_neighbours_do_not_matter(name, order):
    layers = Layers([derivative_law(rj.activations.activation(name), 0.4)] * 3, [1.0] * 3)
    logs = layers.log_mean + np.linspace(-25.0, 0.9, 30)
    reference = solve(layers, logs).imag_m
    if order == "alone":
        found = np.array([solve(layers, logs[i : i + 1]).imag_m[0] for i in range(30)])
        np.testing.assert_allclose(found, reference, rtol=1e-12)
        return
    index = {
        "ascending": np.arange(30),
        "descending": np.arange(30)[::-1],
        "shuffled": np.random.default_rng(0).permutation(30),
    }[order]
    np.testing.assert_allclose(solve(layers, logs[index]).imag_m, reference[index], rtol=1e-12)


def test_group_of_equal_layers_equals_separate_laws():
    # The same law as one group of three and, its nodes in another order, as two groups: two ways through the iteration.
    phi = rj.activations.activation("tanh")
    one = derivative_law(phi, 0.5)
    twin = rj.theory.QuadratureLaw(
        one.values[::-1].copy(), one.weights[::-1].copy(), 0.0, one.supremum, (phi, 0.5), one.panels, one.intervals
    )
    logs = 3 * math.log(one.mean) + np.linspace(-20, 0.9, 40)
    together, apart = Layers([one, one, one], [1.0] * 3), Layers([one, twin, one], [1.0] * 3)
    assert len(together.groups) == 1
    assert len(apart.groups) == 2
    one, two = solve(together, logs), solve(apart, logs)
    np.testing.assert_allclose(one.imag_m, two.imag_m, rtol=1e-11)
    np.testing.assert_allclose(upper_tail(together, one), upper_tail(apart, two), rtol=1e-11)


def test_order_of_the_layers_does_not_matter():
    laws = [
        derivative_law(rj.activations.activation(n), q) for n, q in (("hardtanh", 0.3), ("tanh", 1.0), ("relu", 1.0))
    ]
    logs = np.linspace(-6, 0.2, 20)
    first = solve(Layers(laws, [1.0, 2.0, 0.5]), logs)
    second = solve(Layers(laws[::-1], [2.0, 0.5, 1.0]), logs)
    np.testing.assert_allclose(first.imag_m, second.imag_m, rtol=1e-12)


def test_variances_shift_lambda():
    law = derivative_law(rj.activations.activation("erf"), 0.5)
    logs = np.linspace(-5, 0.5, 10)
    plain, scaled = Layers([law] * 2, [1.0, 1.0]), Layers([law] * 2, [4.0, 0.5])
    np.testing.assert_allclose(solve(plain, logs).imag_m, solve(scaled, logs + math.log(2.0)).imag_m, rtol=1e-12)


@pytest.mark.parametrize("name", ["linear", "hardtanh", "tanh", "erf", "silu"])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_closed_form_cdf_has_the_density_as_its_slope(name, depth):
    layers = Layers([derivative_law(rj.activations.activation(name), 0.4)] * depth, [1.0] * depth)
    logs, h = layers.log_mean + np.linspace(-3, 0.5, 15), 1e-4
    above, below = (upper_tail(layers, solve(layers, logs + step)) for step in (h, -h))
    slope = (above - below) / (2 * h)
    # d(1 - F)/d log lambda = Im m / pi; central difference: h^2/6 of the third derivative
    np.testing.assert_allclose(slope, solve(layers, logs).imag_m / math.pi, rtol=1e-6)


def test_outside_the_support_nothing_is_found_inside_the_strip():
    law = _two_point(1.0)
    found = kernel.solve(*Layers([law], [1.0]).kernel, np.log([4.5]))
    # lambda_+ = 4: the root is real there, u = (1 - sqrt(1 - 4/lambda))/2
    assert not found[0][0] or abs(found[1][0, 0].imag) < 1e-6


def test_bad_layers():
    with pytest.raises(ValueError, match="one entry per layer"):
        Layers([], [])
    with pytest.raises(ValueError, match="one entry per layer"):
        Layers([_two_point(1.0)], [1.0, 2.0])

import itertools
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.oracles.closed_forms import fuss_catalan_edge
from tests.oracles.free_products import sampled_product, two_values_twice

# docs/theory/support_and_moments.md, by another code: q^h = 1/2, L = 1, 2, 5, 20.
EDGES = {
    "erf": (2.907686643248552, 3.157543063764857, 1.739703576499086, 0.005547820718226939),
    "tanh": (2.818906153270637, 2.917629074110705, 1.381113551511572, 0.002039302916432802),
}


def _support(specs, variances=None):
    laws = [derivative_law(rj.activations.activation(name), q) for name, q in specs]
    return rj.LimitSpectrum(Layers(laws, variances or [1.0] * len(laws))).support


@pytest.mark.parametrize("name", EDGES)
def test_reference_values(name):
    for depth, edge in zip((1, 2, 5, 20), EDGES[name], strict=True):
        assert _support([(name, 0.5)] * depth)[-1, 1] == pytest.approx(edge, rel=2e-14)


@pytest.mark.parametrize("depth", [1, 2, 5, 10, 30, 100])
def test_linear(depth):
    ((low, high),) = _support([("linear", 1.0)] * depth)
    assert low == 0.0
    assert high == pytest.approx(fuss_catalan_edge(depth), rel=1e-14)


@pytest.mark.parametrize("q", [0.1, 0.5, 3.0])
def test_one_layer_with_an_atom(q):
    p = math.erf(1 / math.sqrt(2 * q))
    np.testing.assert_allclose(
        _support([("hardtanh", q)])[0], [(1 - math.sqrt(p)) ** 2, (1 + math.sqrt(p)) ** 2], rtol=1e-11, atol=1e-15
    )


def test_layers_that_differ():
    # critical points of log[(1 + m) (m + p)(m + r)/m]: (2m^3 + (1+p+r) m^2 - p r) = 0
    p, r = math.erf(1 / math.sqrt(0.6)), math.erf(1 / math.sqrt(1.8))
    real = [float(x.real) for x in np.roots([2.0, 1 + p + r, 0.0, -p * r]) if abs(x.imag) < 1e-9]
    edges = sorted((1 + m) * (m + p) * (m + r) / m for m in real if m > 0 or -max(p, r) < m < -min(p, r))
    np.testing.assert_allclose(_support([("hardtanh", 0.3), ("hardtanh", 0.9)])[0], edges, rtol=1e-11)


def test_equal_layers_leave_no_gap_above_the_atom():
    assert _support([("relu", 1.0)] * 2)[0, 0] == 0.0
    assert _support([("relu", 1.0), ("relu", 1.0), ("tanh", 1.0)])[0, 0] == 0.0


def test_smooth_beside_one_relu_leaves_a_gap():
    ens = rj.Ensemble.square(400, 2, ["tanh", "relu"], rj.Gaussian(0.3**0.5))
    emp, lim = rj.sample_spectrum(ens, 20, rng=0), rj.limit_spectrum(ens)
    ((low, high),) = lim.support
    assert low > 1e-4
    # Two ReLU layers, without a gap, have 2 % of their mass below this edge; here there is next to none (the edge moves
    # with the number of dead neurons from network to network).
    assert rj.limit_spectrum(rj.Ensemble.square(400, 2, "relu")).cdf(low) > 0.5 + 0.015
    assert emp.cdf(0.9 * low) - emp.atom < 0.002
    assert emp.eigenvalues.max() == pytest.approx(high, rel=0.15)


@pytest.mark.parametrize(("slope", "gap"), [(0.1, True), (0.28, True), (0.2872, True), (0.288, False), (0.5, False)])
def test_leaky_relu_gap(slope, gap):
    # One layer: the support has a gap below the slope .28731835753461940.
    assert (len(_support([(f"leaky_relu:{slope}", 1.0)])) == 2) == gap


def test_softplus_has_no_square_root_edge():
    # sup D^2 = 1 is not attained: at L = 1, q = .5 log lambda decreases up to u = 1, so lambda_+ = 1 + m_K(1), a
    # plain integral.
    from scipy.integrate import quad

    def integrand(h):
        d = 1 / (1 + math.exp(-h))
        return math.exp(-h * h) / math.sqrt(math.pi) / (1 - d * d)

    expected = quad(integrand, -10, 15, epsabs=0, epsrel=1e-12, limit=200)[0]
    assert _support([("softplus", 0.5)])[0, 1] == pytest.approx(expected, rel=1e-10)


def test_scale():
    np.testing.assert_allclose(
        _support([("tanh", 0.5)] * 2, [4.0, 9.0]), 36.0 * _support([("tanh", 0.5)] * 2), rtol=1e-13
    )


def test_three_values_of_d_squared():
    # far apart: three intervals at L = 1, by the Silverstein-Choi criterion on a dense grid of real u
    law = DiscreteLaw.from_points([1e-4, 1e-2, 1.0], [0.3, 0.4, 0.3])
    support = rj.LimitSpectrum(Layers([law], [1.0])).support
    assert len(support) == 3
    u = np.concatenate([np.linspace(1.0, 100.0, 200_001)[1:-1], np.linspace(100.0, 1e4, 200_001)[1:-1]])
    one_plus = sum(w / (1 - u * x) for x, w in zip(law.values, law.weights, strict=True))
    lam = one_plus / u
    falling = (np.diff(lam) < 0) & (lam[1:] > 0) & (np.diff(u) < 1e2)
    inside_gap = 0.5 * (lam[1:] + lam[:-1])[falling]
    for (_, below), (above, _) in itertools.pairwise(support):
        here = inside_gap[(inside_gap > below * 0.99) & (inside_gap < above * 1.01)]
        assert here.min() == pytest.approx(below, rel=1e-3)
        assert here.max() == pytest.approx(above, rel=1e-3)


def _orthogonal(laws, **options):
    return rj.LimitSpectrum(Layers(laws, [1.0] * len(laws), orthogonal=[True] * len(laws), **options))


# a, P(D_0^2 = 1), b, P(D_1^2 = 1): intervals on both sides of every join, masses that leave 0 to 2 atoms
@pytest.mark.parametrize(
    ("a", "p", "b", "q"),
    [
        (0.25, 0.5, 0.81, 0.5),
        (0.04, 0.5, 0.81, 0.5),
        (0.3, 0.6, 0.35, 0.6),
        (0.7, 0.2, 0.1, 0.8),
        (0.02, 0.9, 0.95, 0.15),
        (0.5, 0.35, 0.2, 0.45),
        (0.98, 0.5, 0.97, 0.5),
    ],
)
def test_two_orthogonal_layers_of_two_values(a, p, b, q):
    laws = [DiscreteLaw.from_points([x, 1.0], [1 - w, w]) for x, w in ((a, p), (b, q))]
    lim = _orthogonal(laws)
    intervals, atoms, lam, weight = two_values_twice(a, p, b, q)
    # A square-root edge is known to 1e-14; where the density diverges the edge is a product of values.
    np.testing.assert_allclose(lim.support, sorted(intervals), rtol=1e-12)
    np.testing.assert_allclose(lim.atoms, np.array(sorted(atoms.items())).reshape(-1, 2), atol=1e-13)
    for x in np.quantile(lam, [0.05, 0.3, 0.6, 0.95]):
        # The quadrature of the oracle is a sum of 8,000 points.
        expected = weight[lam <= x].sum() + sum(mass for place, mass in atoms.items() if place <= x)
        assert float(lim.cdf(x)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("slopes", "gains"), [((-0.5, 0.9), (0.5, 1.2)), ((0.2, 0.9), (1.0, 1.0)), ((0.9, -0.3), (2.0, 0.7))]
)
def test_leaky_relu_with_orthogonal_weights(slopes, gains):
    ens = rj.Ensemble.square(100, 2, [f"leaky_relu:{s}" for s in slopes], [rj.Orthogonal(g) for g in gains])
    lim = rj.limit_spectrum(ens)
    scale = (gains[0] * gains[1]) ** 2
    intervals, _, _, _ = two_values_twice(slopes[0] ** 2, 0.5, slopes[1] ** 2, 0.5)
    np.testing.assert_allclose(lim.support, scale * np.array(sorted(intervals)), rtol=1e-12)
    ((_, low), (high, _)) = lim.support
    assert lim.cdf((low * high) ** 0.5) == pytest.approx(0.5, abs=1e-13)
    emp = rj.sample_spectrum(ens, 4, rng=0)
    assert abs(np.mean(emp.eigenvalues < (low * high) ** 0.5) - 0.5) < 0.1  # masks are drawn: sd .05 per network


# Values of D^2, how many of 60 (or 90, 120) neurons have each, kinds, widths: drawn once, kept for what they hold
# (several intervals between square-root edges, atoms, a rectangular last layer, roots that a real solution hides).
PRODUCTS = [
    ([[0.019, 0.846, 0.556], [2.139, 0.03], [0.9, 1.0]], [[53, 44, 103], [152, 48], [67, 133]], [1, 1, 1], [200] * 4),
    ([[0.46, 0.423, 0.405], [0.82, 1.0], [0.744, 1.0]], [[33, 84, 83], [91, 109], [126, 74]], [1, 1, 1], [200] * 4),
    ([[0.01, 1.0], [0.9, 1.0]], [[100, 100], [100, 100]], [0, 1], [200] * 3),
    ([[0.0, 0.5, 1.0], [1.0, 4.0]], [[20, 60, 120], [80, 160]], [1, 1], [160, 200, 240]),
    ([[1e-3, 1.0], [1e-3, 1.0], [1e-3, 1.0]], [[60, 140], [100, 100], [40, 160]], [1, 1, 1], [200] * 4),
    ([[0.25, 1.0], [0.7, 1.0]], [[150, 150], [60, 140]], [0, 1], [100, 300, 200]),
]


@pytest.mark.parametrize(("values", "counts", "orthogonal", "widths"), PRODUCTS)
def test_intervals_hold_the_eigenvalues_of_sampled_products(values, counts, orthogonal, widths):
    laws = [DiscreteLaw.from_points(x, np.array(k) / sum(k)) for x, k in zip(values, counts, strict=True)]
    lim = rj.LimitSpectrum(Layers(laws, [1.0] * len(laws), widths, orthogonal))
    eigenvalues = sampled_product(values, counts, orthogonal, [1.0] * len(laws), widths, np.random.default_rng(3))
    n = eigenvalues.size
    ends = np.sort(np.concatenate([lim.support.ravel(), lim.atoms[:, 0]]))
    middles = np.sqrt(ends[:-1] * ends[1:])[~lim.inside(np.log(np.maximum(ends[:-1] * ends[1:], 1e-300)) / 2)]
    for x in middles:  # rigid: with the values of D in given numbers, those of eigenvalues are within one or two
        assert abs(np.count_nonzero(eigenvalues <= x) - n * float(lim.cdf(x))) < 2.5
    positive = eigenvalues[eigenvalues > 1e-10]
    place = np.searchsorted(eigenvalues, positive, side="right") / n
    off = np.abs(positive[:, None] / lim.atoms[:, 0] - 1.0).min(axis=1, initial=1.0) > 1e-9
    assert np.abs(place - lim.cdf(positive))[off].max() < 9 / n


def test_the_width_of_what_may_be_hidden_is_said():
    law = DiscreteLaw.from_points([0.01, 1.0], [0.5, 0.5])
    assert 0.0 <= rj.LimitSpectrum(Layers([law, law], [1.0, 1.0])).hidden_gap < 1e-10
    # The gap of one layer closes at the slope .28731835753461940: next to it the gap is narrow, not lost.
    widths = []
    for slope in (0.2871, 0.28718, 0.287195):
        lim = _spectrum_of_leaky(slope)
        ((_, low), (high, _)) = lim.solution.log_support
        widths.append(high - low)
        assert lim.hidden_gap < 1e-10
    assert widths[0] > widths[1] > widths[2] > 0.0


def _spectrum_of_leaky(slope):
    return rj.LimitSpectrum(Layers([derivative_law(rj.activations.activation(f"leaky_relu:{slope}"), 1.0)], [1.0]))


def test_many_layers_of_two_values_each():
    # 2^40 choices of stretches; nearly all are ruled out before they are complete
    laws = [DiscreteLaw.from_points([(0.3 + 0.01 * l) ** 2, 1.0], [0.5, 0.5]) for l in range(40)]
    lim = _orthogonal(laws)
    assert lim.hidden_gap < 1e-10
    mean = math.prod(law.mean for law in laws)
    assert lim.moment(1) == pytest.approx(mean, rel=1e-12)

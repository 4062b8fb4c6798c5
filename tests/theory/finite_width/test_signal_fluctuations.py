import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.finite_width.mask_fluctuations import mask_fluctuation
from rmtjac.theory.finite_width.signal_fluctuations import alignment, signal_fluctuation
from tests.theory.finite_width.points import point_at, point_of, signal_of


def fluctuation(ensemble, **options):
    lim, point = point_of(ensemble, **options)
    return signal_fluctuation(lim.layers, point, *signal_of(ensemble, **options), [0.0] * ensemble.depth)


def test_one_layer_is_that_of_independent_masks():
    """q_0 of the first layer is given: its masks are independent of everything else."""
    for phi in ("tanh", "hardtanh", "gelu"):
        ens = rj.Ensemble.square(10, 1, phi, rj.Gaussian(2.0), rj.Gaussian(0.5))
        independent = mask_fluctuation(point_of(ens)[1])
        np.testing.assert_allclose(fluctuation(ens), independent, rtol=1e-6)


def test_signs_do_not_depend_on_the_size_of_the_signal():
    ens = rj.Ensemble([30, 40, 50, 20], "leaky_relu:0.1")
    np.testing.assert_allclose(fluctuation(ens), mask_fluctuation(point_of(ens)[1]), rtol=1e-8)


def log_edge(q, orthogonal):
    """The edge of two square HardTanh layers with shares q_0, q_1 of ones, vectorised."""
    p0, p1 = q
    if orthogonal:  # lambda(m) = (m + p0)(m + p1) / m: one Gaussian layer
        return 2.0 * np.log(np.sqrt(p0) + np.sqrt(p1))
    # the minimum of (1 + m)(m + p0)(m + p1)/m: 2 m^3 + (1 + p0 + p1) m^2 - p0 p1 = 0, by Newton from above
    m = np.ones_like(p0)
    for _ in range(40):
        value = 2.0 * m**3 + (1.0 + p0 + p1) * m**2 - p0 * p1
        m = m - value / (6.0 * m**2 + 2.0 * (1.0 + p0 + p1) * m)
    return np.log1p(m) + np.log(m + p0) + np.log(m + p1) - np.log(m)


@pytest.mark.parametrize("orthogonal", [False, True])
def test_two_layers_against_networks_of_scalars(orthogonal):
    """Draw the preactivations of both layers, count ones, and take the edge of the counted shares."""
    n, draws, q, scale, bias = 200, 20_000, 2.0, 1.5, 0.3
    rng = np.random.default_rng(5)
    edges = []
    for _ in range(20):
        h = rng.standard_normal((draws // 20, n))
        if orthogonal:
            h *= math.sqrt(n) / np.linalg.norm(h, axis=1, keepdims=True)
        h = scale * math.sqrt(q) * h + bias * rng.standard_normal(h.shape)
        below = np.square(np.clip(h, -1.0, 1.0)).mean(axis=1)
        above = np.sqrt(scale**2 * below + bias**2)[:, None] * rng.standard_normal(h.shape)
        shares = (np.abs(h) < 1.0).mean(axis=1), (np.abs(above) < 1.0).mean(axis=1)
        edges.append(log_edge(shares, orthogonal))
    edges = np.concatenate(edges)
    first = rj.Orthogonal(scale) if orthogonal else rj.Gaussian(scale)
    ens = rj.Ensemble.square(n, 2, "hardtanh", [first, rj.Gaussian(scale)], rj.Gaussian(bias))
    found = fluctuation(ens, input_variance=q)
    lim, point = point_of(ens, input_variance=q)
    at = 4.0 * math.log(scale) + log_edge([np.array(law.mean) for law in lim.layers.laws], orthogonal)
    assert point.log_lam == pytest.approx(float(at), rel=1e-12)
    edges += 4.0 * math.log(scale)
    # The next order changes the variance by some 1/N of itself.
    assert n * edges.var(ddof=1) == pytest.approx(found.variance, rel=4.0 * math.sqrt(2.0 / draws) + 4.0 / n)
    error = math.sqrt(n * n * edges.var() / draws)
    assert n * (edges.mean() - float(at)) == pytest.approx(found.mean, abs=4.0 * error)
    assert abs(found.mean) > 4.0 * error  # the test can see it


def test_kurtosis_of_preactivations():
    """One layer of signs: E f(h) changes by E f H_4 / 24 times the fourth cumulant, -2 * 3 / n."""
    n, draws = 60, 40_000
    ens = rj.Ensemble.square(n, 1, "hardtanh", "rademacher")
    rng = np.random.default_rng(2)
    x = rng.standard_normal((draws, n))
    x *= math.sqrt(n) / np.linalg.norm(x, axis=1, keepdims=True)
    h = (rng.choice([-1.0, 1.0], x.shape) * x).sum(axis=1) / math.sqrt(n)
    share = (np.abs(h) < 1.0).mean()
    lim, point = point_of(ens)
    one = signal_fluctuation(lim.layers, point, *signal_of(ens), [-2.0])
    none = signal_fluctuation(lim.layers, point, *signal_of(ens), [0.0])
    p = lim.layers.laws[0].mean
    slope = 1.0 / (math.sqrt(p) + p)  # of log lambda_+ = 2 log(1 + sqrt p)
    error = n * slope * math.sqrt(p * (1.0 - p) / draws)
    assert n * slope * (share - p) == pytest.approx(one.mean - none.mean, abs=4.0 * error)


def chains(ensemble, input_variance, rng, samples):
    """Networks, each with the chain of its weights and the same chain with the images of the signal redrawn."""
    for _ in range(samples):
        net = ensemble.draw(rng)
        x = rng.standard_normal(ensemble.widths[0])
        x *= math.sqrt(input_variance * x.size / (x @ x))
        network, independent = np.eye(x.size), np.eye(x.size)
        for w, b, phi, layer in zip(net.weights, net.biases, net.activations, ensemble.layer_numbers(), strict=True):
            h, unit = w @ x + b, x / np.linalg.norm(x)
            d = phi.derivative(h)[:, None]
            fresh = layer["weight_scale"] * rng.standard_normal(h.size)
            network = d * (w @ network)
            independent = d * ((w + np.outer(fresh - w @ unit, unit)) @ independent)
            x = phi(h)
        yield network, independent


@pytest.mark.parametrize(
    ("ensemble", "samples"),
    [
        (rj.Ensemble.square(120, 1, "hardtanh"), 300),
        (rj.Ensemble([100, 140, 90, 120], ["tanh", "gelu", "hardtanh"], rj.Gaussian(1.4), rj.Gaussian(0.4)), 600),
    ],
)
def test_alignment_against_determinants(ensemble, samples):
    """The mean of log det(z - M), networks less redrawn signals, is minus the integral of the shift up to m(z)."""
    lim, edge = point_of(ensemble)
    scales, variances = signal_of(ensemble)
    ratio, end = ensemble.widths[-1] / ensemble.widths[0], 0.7 * edge.m
    nodes, weights = np.polynomial.legendre.leggauss(8)
    shifts = [alignment(point_at(lim.layers, 0.5 * end * (1.0 + x)), scales, variances, ratio).shift for x in nodes]
    expected = -0.5 * end * float(weights @ shifts)
    z, found = np.exp(point_at(lim.layers, end).log_lam), []
    for pair in chains(ensemble, 1.0, np.random.default_rng(4), samples):
        one, other = (np.linalg.slogdet(np.eye(len(j)) - j @ j.T / z)[1] for j in pair)
        found.append(one - other)
    error = np.std(found, ddof=1) / math.sqrt(samples)
    assert np.mean(found) == pytest.approx(expected, abs=4.0 * error)
    assert abs(expected) > 5.0 * error


def test_signs_are_not_aligned():
    ens = rj.Ensemble([30, 40, 20], "relu")
    _, point = point_of(ens)
    assert alignment(point, *signal_of(ens), 20 / 30).shift == pytest.approx(0.0, abs=1e-9)


def test_an_outlier_is_seen():
    """A slope that grows with |h|: D h is long beyond its share of the neurons, and leaves the support."""

    def function(h):
        return 0.1 * h + 0.9 * np.sign(h) * np.maximum(np.abs(h) - 1.5, 0.0)

    phi = rj.Activation("steep", function, lambda h: np.where(np.abs(h) < 1.5, 0.1, 1.0), (-1.5, 1.5), (1.0, 0.1, 1.0))
    ens = rj.Ensemble.square(10, 3, phi, rj.Gaussian(2.0))
    _, point = point_of(ens)
    found = alignment(point, *signal_of(ens), 1.0)
    assert found.outlier
    with pytest.raises(ValueError, match="an eigenvalue leaves the support"):
        rj.limit_spectrum(ens).largest()
    assert rj.limit_spectrum(ens).largest(signal="independent").spread > 0.0
    # and it is there: the product of 1 - q_l X_l vanishes .203 above the edge, in log lambda
    wide = rj.Ensemble.square(1600, 3, phi, rj.Gaussian(2.0))
    network, independent = (
        rj.spectra.sample_largest(wide, 12, rng=0, masks=masks, invariance=True).log_eigenvalues - point.log_lam
        for masks in ("network", "independent")
    )
    assert network.mean() == pytest.approx(0.203, abs=4.0 * network.std() / math.sqrt(12.0))
    assert independent.mean() < 0.03

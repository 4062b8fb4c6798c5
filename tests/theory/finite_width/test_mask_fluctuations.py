import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, LimitSpectrum
from rmtjac.theory.equation.support import support
from rmtjac.theory.finite_width.edge_scale import edge_point
from rmtjac.theory.finite_width.mask_fluctuations import mask_fluctuation


def two_point(ps, widths=None):
    """The edge of layers whose D is 0 or 1."""
    laws = [DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p]) for p in ps]
    layers = Layers(laws, [1.0] * len(ps), widths)
    return edge_point(layers, support(layers).intervals[-1][1])


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_one_layer_of_ones_and_zeros(p):
    """lambda_+ = (1 + sqrt p)^2, and p has the variance p (1 - p) / N."""
    found = mask_fluctuation(two_point([p]))
    slope = 1.0 / (math.sqrt(p) + p)
    bend = -(0.5 / math.sqrt(p) + 1.0) * slope**2
    assert found.variance == pytest.approx(slope**2 * p * (1.0 - p), rel=1e-12)
    assert found.mean == pytest.approx(0.5 * bend * p * (1.0 - p), rel=1e-12)


@pytest.mark.parametrize("widths", [None, [3.0, 1.0, 2.0, 2.5]])
def test_three_layers_of_ones_and_zeros(widths):
    """Finite differences of lambda_+, the minimum of an explicit function, in the three probabilities."""
    ps = np.array([0.7, 0.4, 0.8])
    n = np.ones(4) if widths is None else np.array(widths)
    r = n[-1] / n

    def log_edge(q):
        def log_lam(x):
            m = math.exp(x)
            # sigma^2 r_l m / chi(r_{l+1} m) with chi(y) = y / (y + p)
            parts = [math.log(r[l] / r[l + 1] * (r[l + 1] * m + q[l])) for l in range(3)]
            return math.log1p(r[0] * m) - math.log(r[0] * m) + sum(parts)

        return minimize_scalar(log_lam, bounds=(-6.0, 4.0), method="bounded", options={"xatol": 1e-10}).fun

    h = 1e-3
    slopes, bends = np.empty(3), np.empty(3)
    for l in range(3):
        step = h * np.eye(3)[l]
        up, middle, down = (log_edge(ps + s * step) for s in (1.0, 0.0, -1.0))
        slopes[l], bends[l] = (up - down) / (2.0 * h), (up - 2.0 * middle + down) / h**2
    spread = ps * (1.0 - ps) * n[-1] / n[1:]
    found = mask_fluctuation(two_point(ps, widths))
    assert found.variance == pytest.approx(float(slopes**2 @ spread), rel=1e-4)
    assert found.mean == pytest.approx(float(0.5 * bends @ spread), rel=1e-3)


def test_quoted_value():
    lim = rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh"))
    assert mask_fluctuation(edge_point(lim.layers, lim.edges[-1])).variance == pytest.approx(0.4379, abs=5e-5)


def test_random_values_of_d():
    """Samples of the law of D^2 in place of its probabilities; the edge of each sample by the limit equation."""
    values, weights, n = np.array([0.2, 0.7, 1.0]), np.array([0.3, 0.3, 0.4]), 400
    rng = np.random.default_rng(3)
    edges = []
    for counts in rng.multinomial(n, weights, size=60):
        edges.append(LimitSpectrum(Layers([DiscreteLaw.from_points(values, counts / n)], [1.0])).edges[-1].log_lam)
    layers = Layers([DiscreteLaw.from_points(values, weights)], [1.0])
    found = mask_fluctuation(edge_point(layers, support(layers).intervals[-1][1]))
    assert n * np.var(edges, ddof=1) == pytest.approx(found.variance, rel=4.0 * math.sqrt(2.0 / 60))


def test_constant_masks_do_not_fluctuate():
    for phi in ("linear", rj.Activation("double", lambda h: 2.0 * h, lambda h: np.full_like(h, 2.0))):
        lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, phi))
        found = mask_fluctuation(edge_point(lim.layers, lim.edges[-1]))
        assert abs(found.variance) < 1e-12
        assert abs(found.mean) < 1e-12

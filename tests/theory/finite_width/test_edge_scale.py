import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw
from tests.theory.finite_width.points import point_of


@pytest.mark.parametrize("n", [100, 400, 50])
def test_one_gaussian_matrix(n):
    """The edges of a p x n Gaussian matrix are those of (sqrt(n - 1/2) +- sqrt(p - 1/2))^2 (Johnstone; Ma)."""
    p = 100
    for upper, sign in ((True, 1.0), (False, -1.0)):
        _, point = point_of(rj.Ensemble([n, p], "linear"), upper) if n != p or upper else (None, None)
        if point is None:
            continue  # hard edge
        assert point.log_lam == pytest.approx(2.0 * math.log(abs(math.sqrt(n) + sign * math.sqrt(p)) / math.sqrt(n)))
        # d/dh of 2 log(sqrt(n - h/2) +- sqrt(p - h/2)) at h = 0
        assert point.shift / p == pytest.approx(-sign / (2.0 * math.sqrt(n * p)), rel=1e-12)
        # Johnstone's scale (sqrt n + sqrt p)(1/sqrt n + 1/sqrt p)^(1/3), over the edge
        root = abs(math.sqrt(n) + sign * math.sqrt(p))
        johnstone = root * abs(1.0 / math.sqrt(p) + sign / math.sqrt(n)) ** (1.0 / 3.0) / root**2
        assert point.scale * p ** (-2.0 / 3.0) == pytest.approx(johnstone, rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 10, 100])
def test_linear_products(depth):
    """lambda(m) = (1 + m)^(L+1) / m, whose derivatives at m = 1/L are rational."""
    _, point = point_of(rj.Ensemble.square(10, depth, "linear"))
    m = 1.0 / depth
    assert point.m == pytest.approx(m, rel=1e-12)
    bend = 1.0 / m**2 - (depth + 1.0) / (1.0 + m) ** 2
    third = -2.0 / m**3 + 2.0 * (depth + 1.0) / (1.0 + m) ** 3
    assert point.bend == pytest.approx(bend, rel=1e-10)
    assert point.third == pytest.approx(third, rel=1e-10)
    # H = m (1 + m)^(L+1) (-dl/dm)
    shift = -0.5 * (1.0 / m + third / (3.0 * bend) + (depth + 1.0) / (1.0 + m))
    assert point.shift == pytest.approx(shift, rel=1e-10)


@pytest.mark.parametrize(
    "ensemble",
    [
        rj.Ensemble.square(100, 2, "tanh"),
        rj.Ensemble([300, 450, 200, 400], ["hardtanh", "erf", "tanh"]),
        rj.Ensemble([400, 100], "linear"),
        rj.Ensemble.square(50, 3, "tanh", ["gaussian:1", "orthogonal:1", "gaussian:2"]),
        rj.Ensemble.square(50, 1, "hardtanh"),
        rj.Ensemble([50, 100, 30], "leaky_relu:0.2"),
    ],
)
def test_the_amplitude_is_that_of_the_density(ensemble):
    lim = rj.limit_spectrum(ensemble)
    for upper in (True, False):
        edge = lim.edges[-1 if upper else 0]
        if edge.kind != "square-root":
            continue
        _, point = point_of(ensemble, upper)
        distance = 1e-7 * math.exp(edge.log_lam)
        density = float(lim.density(math.exp(edge.log_lam) - distance if upper else math.exp(edge.log_lam) + distance))
        assert point.amplitude / math.pi * math.sqrt(distance) == pytest.approx(density, rel=1e-4)
        # the usual form of the scale, lambda = lambda_e + xi (a N)^(-2/3)
        assert point.scale == pytest.approx(point.amplitude ** (-2.0 / 3.0) / math.exp(edge.log_lam), rel=1e-12)


def test_orthogonal_matrices_leave_a_deterministic_matrix_alone():
    """D W with W orthogonal: M = D^2, so C = 0 at every m. With a Gaussian layer besides: M ~ G^T D^2 G / N."""
    one = rj.Ensemble.square(40, 2, "hardtanh", ["gaussian:1", "orthogonal:1"])
    two = rj.Ensemble.square(40, 2, ["linear", "hardtanh"], ["orthogonal:1", "gaussian:1"])
    law = DiscreteLaw.from_points([0.0, 1.0], [0.4, 0.6])
    shifts = []
    for orthogonal in ([False, True], [True, False]):
        lim = rj.LimitSpectrum(rj.theory.Layers([law, law], [1.0, 1.0], None, orthogonal))
        shifts.append(lim.largest(1000, signal="deterministic").shift)
    assert shifts[0] == pytest.approx(shifts[1], rel=1e-12)  # J and its transpose, up to the order of the layers
    # D W with D of rank p N: a Gaussian matrix of pN x N
    p, n = 0.36, 100
    lim = rj.LimitSpectrum(rj.theory.Layers([DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])], [1.0]))
    for law_of, sign in ((lim.largest, 1.0), (lim.smallest, -1.0)):
        assert law_of(n, signal="deterministic").shift == pytest.approx(-sign / (2.0 * n * math.sqrt(p)), rel=1e-12)
    # linear, orthogonal, then Gaussian: one Gaussian matrix
    chain = rj.limit_spectrum(rj.Ensemble.square(n, 3, "linear", ["orthogonal:1", "gaussian:1", "orthogonal:1"]))
    plain = rj.limit_spectrum(rj.Ensemble.square(n, 1, "linear"))
    a, b = chain.largest(), plain.largest()
    np.testing.assert_allclose([a.log_edge, a.scale, a.shift], [b.log_edge, b.scale, b.shift], rtol=1e-12)
    assert one.depth == two.depth == 2

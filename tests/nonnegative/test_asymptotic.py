from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

import rmtjac as rj
from rmtjac.nonnegative import asymptotic_map, spectral_radius


def test_against_eigenvalues():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 8, 40):
        for density in (1.0, 0.5, 0.15):
            for _ in range(5):
                matrix = rng.random((n, n)) * (rng.random((n, n)) < density)
                low, high = spectral_radius(matrix)
                # LAPACK's eigenvalue of a nearly defective matrix is off by a root of eps.
                radius = np.abs(np.linalg.eigvals(matrix)).max()
                assert low <= radius + 1e-7 * radius + 1e-300
                assert radius <= high + 1e-7 * high + 1e-9
                assert high - low <= 2e-12 * high


def test_closed_forms():
    golden = 0.5 * (1.0 + 5.0**0.5)
    assert spectral_radius([[[1.0, 1.0], [1.0, 0.0]]]) == pytest.approx((golden, golden), rel=1e-12)
    cycle = np.roll(np.diag([1.0, 2, 3, 4, 5, 6]), 1, axis=0)  # period 6: the root of the product
    assert spectral_radius(cycle) == pytest.approx((720 ** (1 / 6),) * 2, rel=1e-11)
    assert spectral_radius(np.triu(np.ones((5, 5)), 1)) == (0.0, 0.0)  # nilpotent
    assert spectral_radius(np.zeros((3, 3))) == (0.0, 0.0)
    low, high = spectral_radius(np.diag([0.25, 0.9, 0.5]))
    assert low <= 0.9 <= high
    jordan = np.array([[0.5, 1.0], [0.0, 0.5]])  # reducible and defective: components decide
    low, high = spectral_radius(jordan)
    assert low <= 0.5 <= high
    assert high - low < 1e-12


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e150])
def test_scales(scale):
    rng = np.random.default_rng(1)
    matrix = rng.random((6, 6))
    one, other = spectral_radius(matrix), spectral_radius(scale * matrix)
    assert np.array(other) / scale == pytest.approx(np.array(one), rel=1e-11)


def test_graded_matrices():
    # Perron vectors over 30 decades: D^-1 A D has the radius of A.
    rng = np.random.default_rng(2)
    matrix = rng.random((8, 8))
    grade = 10.0 ** np.linspace(0, 30, 8)
    low, high = spectral_radius(matrix * grade[:, None] / grade)
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    assert low <= radius * (1 + 1e-13)
    assert radius <= high * (1 + 1e-13)
    assert high - low < 1e-11 * high


def test_products_are_not_formed():
    rng = np.random.default_rng(3)
    thin, wide = rng.random((3, 50)), rng.random((50, 3)) * (rng.random((50, 3)) < 0.3)
    low, high = spectral_radius([thin, wide])
    radius = np.abs(np.linalg.eigvals(thin @ wide)).max()  # AB and BA share it
    assert low <= radius * (1 + 1e-12)
    assert radius <= high * (1 + 1e-12)
    mixed = spectral_radius([sparse.csr_array(thin), sparse.csr_array(wide)])
    assert mixed == pytest.approx((low, high), rel=1e-11)


def test_large_sparse_matrices():
    rng = np.random.default_rng(4)
    matrix = sparse.random_array((10_000, 10_000), density=3e-4, rng=rng)
    low, high = spectral_radius(matrix, tol=1e-9)
    assert 0.0 < low <= high <= low * (1 + 1e-9)
    top = sparse.linalg.eigs(matrix.tocsr(), k=1, return_eigenvectors=False)[0].real
    assert top == pytest.approx(low, rel=1e-8)


def test_the_asymptotic_map_is_the_limit():
    rng = np.random.default_rng(5)
    weights = [rng.random((5, 4)), rng.random((4, 5))]
    for names, zero in ((["relu", "softplus"], False), (["silu", "gelu"], False), (["relu", "tanh"], True)):
        net = rj.Network(weights, [rng.normal(size=5), rng.normal(size=4)], names)
        x = rng.random(4)
        limit = asymptotic_map(net)(x)
        np.testing.assert_allclose(net(1e12 * x) / 1e12, limit, atol=1e-10)
        assert (limit == 0).all() == zero
    assert spectral_radius(rj.Network(weights, None, ["relu", "tanh"])) == (0.0, 0.0)
    low, high = spectral_radius(rj.Network(weights, None, "relu"))
    radius = np.abs(np.linalg.eigvals(weights[1] @ weights[0])).max()
    assert low <= radius * (1 + 1e-12)
    assert radius <= high * (1 + 1e-12)


def test_slopes_of_one_s_own_are_not_rounded_into_factors():
    own = rj.Activation("third", lambda t: t / 3.0, lambda t: np.full_like(t, 1.0 / 3.0), slope_at_infinity=1.0 / 3.0)
    low, high = spectral_radius(rj.Network([[[3.0]]], activation=own))
    exact = 3 * Fraction(1.0 / 3.0)  # less than 1, and 3 * (1/3) is 1 in floats
    assert Fraction(low) <= exact <= Fraction(high)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (np.array([[1.0, -0.5], [0.0, 1.0]]), r"factor 0 holds -0.5; nonnegative matrices are needed"),
        (np.array([[np.nan]]), "factor 0 holds NaN or infinite entries"),
        (np.ones((2, 3)), r"the product maps R\^3 to R\^2; a square one is needed"),
        ([np.ones((2, 3)), np.ones((3, 4))], r"factor 1 has shape \(3, 4\); \(\?, 2\) is needed"),
        (np.ones(3), r"matrix has shape \(3,\)"),
        (rj.Network([[[-1.0]]], activation="relu"), r"weights\[0\]\[0, 0\] = -1 is negative"),
        (rj.Network([[[1.0]]], activation=rj.Activation("own", np.tanh, np.cos)), "slope at infinity .* is not known"),
    ],
)
def test_bad_arguments(of, message):
    with pytest.raises(ValueError, match=message):
        spectral_radius(of)

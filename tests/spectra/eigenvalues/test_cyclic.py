import math

import mpmath as mp
import numpy as np
import pytest

from rmtjac.spectra.eigenvalues.cyclic import product_eigenvalues


def plain(factors, kept, size):
    """The eigenvalues of the whole matrix, computed from its product, ascending by modulus."""
    whole = np.zeros((size, factors[0].shape[1]))
    product = factors[0]
    for factor in factors[1:]:
        product = factor @ product
    whole[kept] = product
    return np.sort_complex(np.linalg.eigvals(whole))


@pytest.mark.parametrize("shapes", [[(6, 6)], [(4, 6), (6, 4)], [(9, 6), (3, 9), (5, 3)], [(1, 6), (6, 1)], [(2, 6)]])
def test_rotations_keep_the_eigenvalues_and_count_the_zeros(shapes):
    rng = np.random.default_rng(1)
    factors = [rng.standard_normal(shape) for shape in shapes]
    kept = np.sort(rng.permutation(6)[: shapes[-1][0]])
    found = product_eigenvalues(factors, kept, 6)
    rank = min(min(shape) for shape in shapes)
    assert np.isneginf(found.log_moduli).sum() == 6 - rank
    values = np.exp(found.log_moduli + 1j * found.angles)
    np.testing.assert_allclose(np.sort_complex(values.round(9)), plain(factors, kept, 6).round(9), atol=1e-7)


@pytest.mark.parametrize(("n", "depth"), [(12, 6), (10, 14), (8, 30)])
def test_floor_against_fifty_digits(n, depth):
    """Above the floor moduli are right to 1e-2, and the floor is not more than 1e4 times too high."""
    rng = np.random.default_rng(n)
    factors = [rng.standard_normal((n, n)) * rng.lognormal(sigma=1.0, size=(n, 1)) for _ in range(depth)]
    found = product_eigenvalues(factors, np.arange(n), n)
    mp.mp.dps = 80
    exact = mp.eye(n)
    for factor in factors:
        exact = mp.matrix(factor.tolist()) * exact
    logs = np.sort([float(mp.log(abs(z))) for z in mp.eig(exact, left=False, right=False)])
    above = found.log_moduli > found.log_floor
    assert np.abs(found.log_moduli - logs)[above].max() < 1e-2
    wrong = np.abs(found.log_moduli - logs) > 1.0
    assert not (wrong & above).any()
    if wrong.any():
        assert found.log_floor - logs[wrong].max() < math.log(1e5)


def test_no_overflow_or_underflow():
    rng = np.random.default_rng(2)
    factors = [rng.standard_normal((5, 5)) for _ in range(40)]
    plain = product_eigenvalues(factors, np.arange(5), 5)
    for scale in (1e-300, 1e300):
        scaled = product_eigenvalues([scale * factor for factor in factors], np.arange(5), 5)
        above = plain.log_moduli > plain.log_floor
        np.testing.assert_allclose(scaled.log_moduli[above], plain.log_moduli[above] + 40 * math.log(scale), atol=1e-2)
        assert scaled.log_floor == pytest.approx(plain.log_floor + 40 * math.log(scale), abs=1e-6)


def test_dead_layers():
    found = product_eigenvalues([np.empty((0, 4)), np.empty((4, 0))], np.arange(4), 4)
    assert np.isneginf(found.log_moduli).all()
    assert found.log_floor == -math.inf
    zero = product_eigenvalues([np.zeros((3, 3))], np.arange(3), 3)
    assert np.isneginf(zero.log_moduli).all()
    with pytest.raises(OverflowError, match="range of a float"):
        product_eigenvalues([np.full((2, 2), np.inf)], np.arange(2), 2)

import numpy as np

from rmtjac.theory.counts.plane import Rows, saddle_determinants, total_determinants
from rmtjac.theory.counts.triangle import stable_determinants, stable_sum


def _laws(count):
    rng = np.random.default_rng(8)
    mean, factor = 0.4 * rng.standard_normal((count, 2, 2)), rng.standard_normal((count, 2, 2, 2))
    rows = Rows.of(mean, factor)
    total = total_determinants(rows, 256)
    return mean, factor, rows, total - saddle_determinants(rows, 256, total, np.linalg.det(np.eye(2) - mean))


def test_rules_agree():
    """Two numbers of nodes, and the rows in the other order, give the same: two thousandths for one matrix."""
    _, _, rows, even = _laws(20)
    fine = stable_determinants(rows, even, 60)
    np.testing.assert_allclose(stable_determinants(rows, even, 30), fine, rtol=5e-3, atol=1e-4)
    assert np.all((fine >= 0.0) & (fine <= even))


def test_sum_against_draws():
    mean, factor, rows, even = _laws(20)
    measure = np.linspace(0.0, 0.1, 20)
    value, error = stable_sum(rows, even, measure, 1e-4)
    rng, sums = np.random.default_rng(9), []
    for _ in range(20):
        j = mean[:, None] + np.einsum("bijk,bnik->bnij", factor, rng.standard_normal((20, 4_000, 2, 2)))
        trace, det = j[..., 0, 0] + j[..., 1, 1], j[..., 0, 0] * j[..., 1, 1] - j[..., 0, 1] * j[..., 1, 0]
        stable = (np.abs(trace) < 1.0 + det) & (det < 1.0)
        sums.append(float(measure @ np.mean((1.0 - trace + det) * stable, axis=1)))
    drawn, spread = np.mean(sums), np.std(sums, ddof=1) / np.sqrt(20)
    assert abs(value - drawn) <= error + 4.0 * spread
    assert error < 1e-3


def test_nothing_to_sum():
    _, _, rows, even = _laws(3)
    assert stable_sum(rows, even, np.zeros(3), 1e-4)[0] == 0.0

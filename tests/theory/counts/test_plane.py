import numpy as np
from scipy.stats import norm

from rmtjac.theory.counts.plane import Rows, saddle_determinants, total_determinants


def _rows(seed, count=1):
    rng = np.random.default_rng(seed)
    mean, factor = 0.4 * rng.standard_normal((count, 2, 2)), 0.8 * rng.standard_normal((count, 2, 2, 2))
    return mean, factor, Rows.of(mean, factor)


def test_total_against_a_plane_integral():
    """Given the first row the mean has a closed form; the oracle integrates it over the plane by a dense rule."""
    mean, factor, rows = _rows(1)
    mean, factor = mean[0], factor[0]
    z = np.linspace(-7.0, 7.0, 701)
    weight = norm.pdf(z) * (z[1] - z[0])
    a = mean[0, 0] - 1.0 + factor[0, 0, 0] * z[:, None] + factor[0, 0, 1] * z
    b = mean[0, 1] + factor[0, 1, 0] * z[:, None] + factor[0, 1, 1] * z
    m = a * (mean[1, 1] - 1.0) - b * mean[1, 0]
    sd = np.hypot(*(a * factor[1, 1, k] - b * factor[1, 0, k] for k in (0, 1)))
    size = 2.0 * sd * norm.pdf(m / sd) + m * (2.0 * norm.cdf(m / sd) - 1.0)
    np.testing.assert_allclose(total_determinants(rows, 128), weight @ size @ weight, rtol=1e-5)


def test_saddles_are_the_same_from_both_rows():
    _, _, rows = _rows(2, 50)
    total = total_determinants(rows, 256)
    index = np.linalg.det(np.eye(2) - rows.mean)
    one = saddle_determinants(rows, 256, total, index)
    two = saddle_determinants(rows.swapped(np.ones(50, dtype=bool)), 256, total, index)
    np.testing.assert_allclose(one, two, rtol=1e-9)
    assert np.all((one > -1e-9) & (one < total))


def test_rows_keep_their_covariance():
    _, factor, rows = _rows(3, 4)
    covariance = np.einsum("bijk,bik,bilk->bijl", rows.axes, rows.sd**2, rows.axes)
    np.testing.assert_allclose(covariance, factor @ factor.transpose(0, 1, 3, 2), atol=1e-12)
    assert rows.some(slice(0, 2)).mean.shape == (2, 2, 2)

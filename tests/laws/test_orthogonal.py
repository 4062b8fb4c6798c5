import numpy as np
import pytest

import rmtjac as rj


@pytest.mark.parametrize("widths", [(5, 5), (7, 3), (3, 7), (1, 4), (1, 1)])
def test_all_singular_values_are_the_gain(widths):
    weights = rj.Ensemble(widths, weights=rj.Orthogonal(1.5)).draw(3).weights[0]
    # each of the min(n) values is off by the rounding of a few products
    assert np.linalg.svd(weights, compute_uv=False) == pytest.approx(np.full(min(widths), 1.5), rel=1e-14)


def test_variances_are_exact():
    # The squares of a matrix add up to gain^2 min(n), spread evenly over all entries.
    one = rj.Orthogonal(2.0)
    for n, m in ((3, 7), (7, 3), (4, 4)):
        assert one.entry_variance(n, m, 10) == 4.0 * min(n, m) / (n * m)
        assert one.row_variance(n, m, 10) == n * one.entry_variance(n, m, 10)


def test_biases_cannot_be_orthogonal():
    with pytest.raises(ValueError, match=r"biases=Orthogonal\(\): an orthogonal law draws matrices"):
        rj.Orthogonal().entry_scale(3, 3, 3, bias=True)
    with pytest.raises(ValueError, match=r"biases=Orthogonal\(\): an orthogonal law draws matrices"):
        rj.Ensemble([3, 3], biases="orthogonal")

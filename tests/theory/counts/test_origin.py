import math

import numpy as np
import pytest

from rmtjac.theory.counts.origin import origin


@pytest.mark.parametrize("variance", [0.05, 0.5, 1.0, 4.0, 50.0])
@pytest.mark.parametrize("n", [1, 2])
def test_against_draws(n, variance):
    draws = 50_000
    j = math.sqrt(variance) * np.random.default_rng(n).standard_normal((draws, n, n))
    inside = (np.abs(np.linalg.eigvals(j)) < 1.0).sum(axis=1)
    shares = (inside == n).mean(), ((inside > 0) & (inside < n)).mean(), np.sign(np.linalg.det(np.eye(n) - j)).mean()
    found = origin(n, variance)
    for value, share in zip(found, shares, strict=True):
        assert abs(value - share) <= 4.0 / math.sqrt(draws) * max(math.sqrt(abs(1.0 - value**2)), 2e-3)


def test_ends():
    assert origin(2, 0.0) == (1.0, 0.0, 1.0)
    assert origin(2, 1e12).stable < 1e-11
    assert origin(2, 0.5).index == pytest.approx(1.0 - math.exp(-1.0), rel=1e-14)
    with pytest.raises(ValueError, match="n=3"):
        origin(3, 1.0)

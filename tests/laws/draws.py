"""Draws of the standard variables of laws, and tests of their distribution."""

import numpy as np
import scipy.stats

from rmtjac.kernels.samples.draw import fill

LEVEL = 1e-3  # of each test of distribution, the seed being fixed
N = 200_000


def draw(one, size=N, seed=1):
    out = np.empty(size)
    fill(np.random.default_rng(seed), one.code, one.parameter, 1.0, out)
    return out


def agrees(count, n, p):
    return scipy.stats.binomtest(int(count), n, p).pvalue > LEVEL


def check_standard_variable(one, reference):
    """Compare draws with a distribution of scipy."""
    x = draw(one)
    assert scipy.stats.kstest(x, reference.cdf).pvalue > LEVEL
    # The KS distance hardly sees the tails: count them, 1e-2 to 1e-4 (2000 to 20 of the draws) on each side.
    for p in (1e-2, 1e-3, 1e-4):
        assert agrees((x > reference.isf(p)).sum(), N, p)
        assert agrees((x < reference.ppf(p)).sum(), N, p)

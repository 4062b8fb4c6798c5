"""What a sample counts as zeros: the atom of the limit, and eigenvalues of D that are too small for a float."""

import math

import pytest

import rmtjac as rj
from rmtjac.comparison.spectra.zeros import cdf_of_zeros


def test_without_underflow_it_is_the_atom():
    ens = rj.Ensemble.square(20, 1, "relu")
    sample, limit = rj.sample_spectrum(ens, samples=2, rng=0), rj.limit_spectrum(ens)
    assert cdf_of_zeros(sample, limit) == limit.atom == 0.5


def test_derivatives_below_the_floats_are_no_atom():
    """erf' = exp(-pi h^2 / 4) < 1e-280 for |h| > 28.6, h Cauchy of scale E|x| = sqrt(2 / pi): 1.8 % of the zeros.

    The eigenvalue of a row is D^2 times a number of size 1 to e^10, which moves |h| by less than 1 %. The sampled share
    of 10,000 rows has a standard error of .0013; four of them.
    """
    ens = rj.Ensemble.square(500, 1, "erf", rj.Cauchy())
    sample = rj.sample_spectrum(ens, samples=20, rng=0, masks="independent")
    limit = rj.limit_spectrum(ens, masks="independent")
    assert limit.atom == 0.0
    scale, edge = math.sqrt(2.0 / math.pi), math.sqrt(4.0 / math.pi * 280.0 * math.log(10.0))
    share = 2.0 / math.pi * math.atan(scale / edge)
    assert cdf_of_zeros(sample, limit) == pytest.approx(share, rel=0.02)
    assert sample.atom == pytest.approx(share, abs=0.0053)
    assert rj.compare(sample, limit).ks <= 1.5 / math.sqrt(500 * 20)

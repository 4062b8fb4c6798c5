"""The cdf of a limit at what a sample counts as zero: exact zeros, and D that are too small for a float."""

from __future__ import annotations

import math

import numpy as np

from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["cdf_of_zeros"]

# The sampler counts D below 1e-280 as 0. An eigenvalue is about D^2, up to factors that do not matter at this size.
_LOG_LAM = 2.0 * math.log(1e-280)


def cdf_of_zeros(empirical: EmpiricalSpectrum, limit: LimitSpectrum | HeavyTailedLimit) -> float:
    """Return the mass of the limit that a sample without noise counts as zeros: the atom, if no D underflowed.

    Under heavy tails a share of D = phi'(h) of a smooth activation lies below any float: erf with Cauchy weights has
    P(D < 1e-280) of about 1 %. Their eigenvalues count as zeros in the sample, and belong to the density of the limit.
    """
    if isinstance(limit, HeavyTailedLimit) and empirical.underflows.any():
        return float(limit.log_cdf(np.array(_LOG_LAM)))
    return limit.atom

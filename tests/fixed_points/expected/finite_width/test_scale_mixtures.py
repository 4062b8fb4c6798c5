"""Scales of Gaussian mixtures, against the laws that they must give."""

import numpy as np
import pytest
from scipy import stats

import rmtjac as rj
from rmtjac.fixed_points.expected.finite_width.scale_mixtures import is_scale_mixture, log_scales
from rmtjac.kernels.samples.draw import draw_vector

_MANY = 20_000
_LEAST = 1e-3  # the p-value of a test with a fixed seed


@pytest.mark.parametrize(
    ("law", "cdf"),
    [
        (rj.Gaussian(), stats.norm.cdf),
        (rj.Cauchy(), stats.cauchy.cdf),
        (rj.StudentT(3.0), stats.t(3.0).cdf),
        (rj.StudentT(0.3), stats.t(0.3).cdf),
        (rj.StudentT(50.0), stats.t(50.0).cdf),
        (rj.Stable(alpha=1.0), stats.cauchy.cdf),
    ],
    ids=["Gaussian", "Cauchy", "t 3", "t 0.3", "t 50", "stable 1"],
)
def test_scale_times_normal_has_the_law(law, cdf):
    rng = np.random.default_rng(1)
    x = np.exp(log_scales(law, 2.5, (_MANY,), rng)) * rng.standard_normal(_MANY) / 2.5
    assert stats.kstest(x, cdf).pvalue > _LEAST


@pytest.mark.parametrize("alpha", [0.4, 0.7, 1.3, 1.5, 1.95])
def test_stable_entries_are_those_of_the_sampler_of_networks(alpha):
    rng = np.random.default_rng(2)
    law = rj.Stable(alpha=alpha)
    x = np.exp(log_scales(law, 1.0, (_MANY,), rng)) * rng.standard_normal(_MANY)
    drawn = draw_vector(np.random.default_rng(3), law.code, law.parameter, 1.0, _MANY)
    assert stats.ks_2samp(x, drawn).pvalue > _LEAST
    # The characteristic function at t: an average over the scale of exp(-(tau t)^2 / 2).
    mean = np.exp(-0.5 * (np.exp(log_scales(law, 1.0, (_MANY,), rng)) * 0.8) ** 2).mean()
    assert mean == pytest.approx(np.exp(-(0.8**alpha)), abs=4 * 0.5 / _MANY**0.5)


@pytest.mark.parametrize("law", [rj.Stable(alpha=0.01), rj.StudentT(0.001), rj.Cauchy(), rj.Stable(alpha=1.999)])
def test_logarithms_are_finite_where_scales_are_not(law):
    assert np.isfinite(log_scales(law, 1e-300, (1000, 3), np.random.default_rng(0))).all()


def test_the_scale_zero_has_no_logarithm():
    assert np.isneginf(log_scales(rj.Gaussian(0.0), 0.0, (2,), np.random.default_rng(0))).all()


@pytest.mark.parametrize("law", [rj.Uniform(), rj.Rademacher(), rj.Orthogonal()], ids=repr)
def test_other_laws_are_refused(law):
    assert not is_scale_mixture(law)
    with pytest.raises(ValueError, match="no Gaussian scale mixture"):
        log_scales(law, 1.0, (2,), np.random.default_rng(0))

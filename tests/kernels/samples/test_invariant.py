import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.samples.invariant import bidiagonal_singular_values
from tests.oracles.closed_forms import finite_moments, linear_log_moment

# A two-sided level of 1e-4 for each statistical statement, the seed being fixed.
SIGMAS = 3.9


def test_bidiagonal_values_of_a_graded_matrix():
    # diagonal over 60 decades: the determinant is the product of the diagonal
    main = 10.0 ** np.arange(0, -61, -3.0)
    side = main[:-1] * 0.3
    found = bidiagonal_singular_values(main.copy(), side)
    assert np.log(found).sum() == pytest.approx(np.log(main).sum(), rel=1e-14)
    dense = np.linalg.svd((np.diag(main) + np.diag(side, 1))[:4, :4], compute_uv=False)
    np.testing.assert_allclose(found[:3], dense[:3], rtol=1e-5)  # the block of 4 knows the first values to 1e-6


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_exact_moments(depth):
    # linear, square: E tr M/N = 1, E tr M^2/N and E log lambda at finite N
    ens = rj.Ensemble.square(24, depth, "linear")
    emp = rj.sample_spectrum(ens, 4000, rng=7, invariance=True)
    first, second = finite_moments(24, [(1.0, 1.0)] * depth)
    for estimate, exact in (
        (emp.moment(1), first),
        (emp.moment(2), second),
        (emp.log_moment(), linear_log_moment(24, depth)),
    ):
        assert abs(estimate.value - exact) < SIGMAS * estimate.error


@pytest.mark.parametrize("widths", [[30, 60, 40], [60, 30, 40], [60, 40, 30], [50, 30], [30, 50], [9, 14, 11, 20]])
@pytest.mark.parametrize("precision", ["auto", "fast", "accurate"])
def test_the_same_law_as_whole_matrices(widths, precision):
    ens = rj.Ensemble(widths, "linear", rj.Gaussian(1.3))
    drawn = rj.sample_spectrum(ens, 500, rng=1, precision=precision, invariance=True)
    whole = rj.sample_spectrum(ens, 500, rng=2, precision=precision)
    assert drawn.atom == whole.atom == pytest.approx(1 - min(widths) / widths[-1], abs=1e-15)
    for statistic in (
        lambda s: s.moment(1),
        lambda s: s.moment(2),
        lambda s: s.moment(3),
        lambda s: s.log_quantile(0.1),
        lambda s: s.log_quantile(1.0),
    ):
        a, b = statistic(drawn), statistic(whole)
        assert abs(a.value - b.value) < SIGMAS * math.hypot(a.error, b.error)


def test_routes_agree_on_one_draw():
    ens = rj.Ensemble.square(40, 3, "linear")
    runs = {
        p: rj.sample_spectrum(ens, 5, rng=0, precision=p, invariance=True).log_singular_values
        for p in ("auto", "accurate", "fast")
    }
    np.testing.assert_allclose(runs["auto"], runs["accurate"], atol=1e-6)
    np.testing.assert_allclose(runs["fast"][:, 10:], runs["accurate"][:, 10:], atol=1e-6)


@pytest.mark.parametrize(
    "ensemble", [rj.Ensemble.square(4, 2, "tanh"), rj.Ensemble.square(4, 2, "linear", rj.Uniform())]
)
def test_others_are_refused(ensemble):
    with pytest.raises(ValueError, match="invariance=True needs linear layers with Gaussian weights"):
        rj.sample_spectrum(ensemble, 2, rng=0, invariance=True)

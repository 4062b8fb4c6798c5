import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

import rmtjac as rj
from rmtjac.spectra.statistics.spacings import (
    GOE_RATIO,
    POISSON_RATIO,
    SpacingRatios,
    goe_surmise,
    haar_participation,
    participation_ratios,
    spacing_ratios,
)


def _symmetric(rng, samples, n):
    g = rng.standard_normal((samples, n, n))
    return np.linalg.eigvalsh(g + np.swapaxes(g, 1, 2))


def test_by_hand():
    found = spacing_ratios([[4.0, 1.0, 2.0, 7.0], [1.0, 3.0, 0.0, 4.0], [2.0, 2.0, 0.0, 5.0]])
    # gaps 1, 2, 3; then 2, 1 of the three nonzero levels; two distinct levels have no ratio
    np.testing.assert_allclose(found.ratios, [[1 / 2, 2 / 3], [1 / 2, math.nan], [math.nan, math.nan]])
    np.testing.assert_allclose(found.means, [7 / 12, 1 / 2])
    assert found.mean == pytest.approx(13 / 24)
    assert found.error == pytest.approx(1 / 24)
    assert not found.ratios.flags.writeable


def test_levels_that_touch_zero():
    # zero is no level of values, yet one of logarithms (a singular value of 1)
    np.testing.assert_allclose(spacing_ratios([0.0, 1.0, 3.0, 4.0]).ratios, [[0.5, math.nan]])
    logs = spacing_ratios([-math.inf, 0.0, 1.0, 3.0], log=True)
    np.testing.assert_allclose(logs.ratios, [[0.5, math.nan]])


def test_poisson_reference():
    # E min/max of two exponential variables: int r 2/(1 + r)^2 dr
    assert scipy.integrate.quad(lambda r: 2 * r / (1 + r) ** 2, 0, 1)[0] == pytest.approx(POISSON_RATIO, rel=1e-12)
    found = spacing_ratios(np.random.default_rng(0).random((400, 100)))
    assert abs(found.mean - POISSON_RATIO) < 3.0 * found.error < 0.01
    assert found.verdict == "Poisson"


def test_surmise_is_exact_for_three_levels():
    assert scipy.integrate.quad(goe_surmise, 0, 1)[0] == pytest.approx(1.0, rel=1e-12)
    mean = scipy.integrate.quad(lambda r: r * goe_surmise(r), 0, 1)[0]
    assert mean == pytest.approx(4 - 2 * math.sqrt(3), rel=1e-12)
    assert not goe_surmise(np.array([-0.1, 1.1])).any()
    # ratios of 3 x 3 GOE matrices against its integral; KS, level 1e-3
    ratios = spacing_ratios(_symmetric(np.random.default_rng(1), 20_000, 3)).ratios[:, 0]
    grid = np.linspace(0, 1, 4001)
    cdf = scipy.integrate.cumulative_simpson(goe_surmise(grid), x=grid, initial=0)
    assert scipy.stats.kstest(ratios, lambda r: np.interp(r, grid, cdf)).pvalue > 1e-3


def test_goe_levels():
    # .5307 +- .0001 for large matrices; 100 levels are off by less than .002 in the bulk, where 60 are taken
    found = spacing_ratios(_symmetric(np.random.default_rng(2), 300, 100)[:, 20:80])
    assert abs(found.mean - GOE_RATIO) < 3.0 * found.error + 0.002
    assert found.error < 0.003
    assert found.verdict == "rigid"


@pytest.mark.parametrize("log", [False, True])
def test_singular_values_are_as_rigid(log):
    s = np.linalg.svd(np.random.default_rng(3).standard_normal((200, 100, 100)), compute_uv=False)
    found = spacing_ratios(np.log(s) if log else s, log=log)
    assert found.verdict == "rigid"
    assert abs(found.mean - GOE_RATIO) < 0.01


def test_sampled_spectra():
    # Gaussian products repel, whatever decades they spread over; the top of Cauchy spectra is near to independent
    emp = rj.sample_spectrum(rj.Ensemble.square(50, 5, "relu", rj.Gaussian()), 40, rng=1)
    assert spacing_ratios(emp.log_singular_values, log=True).verdict == "rigid"
    emp = rj.sample_spectrum(rj.Ensemble.square(100, 1, "linear", rj.Cauchy()), 100, rng=1)
    top, bottom = emp.log_singular_values[:, -10:], emp.log_singular_values[:, :50]
    assert spacing_ratios(top, log=True).mean < 0.42
    assert spacing_ratios(bottom, log=True).mean > 0.50


@pytest.mark.parametrize(
    ("centre", "verdict"), [(0.53, "rigid"), (0.7, "rigid"), (0.45, "between"), (0.39, "Poisson"), (0.1, "Poisson")]
)
def test_verdict(centre, verdict):
    found = SpacingRatios(np.array([[centre - 0.002], [centre + 0.002]]))
    assert found.verdict == verdict
    assert verdict in repr(found)


def test_verdict_without_power():
    assert SpacingRatios(np.array([[0.3], [0.6]])).verdict == "undecided"
    one = spacing_ratios(np.arange(1.0, 9.0))
    assert math.isnan(one.error)
    assert one.verdict == "undecided"


def test_haar_vectors():
    # E sum v^4 = 3/(N + 2) exactly: over 1000 matrices, error between matrices, 3.3 of them
    q = np.array([scipy.stats.ortho_group.rvs(8, random_state=i) for i in range(1000)])
    # singular values that all differ: the vectors are the columns of q, and the rows of the second factor
    made = q @ np.diag(np.arange(8.0, 0.0, -1.0)) @ q[::-1]
    for side, vectors in (("left", q), ("right", np.swapaxes(q[::-1], 1, 2))):
        found = participation_ratios(made, side)
        np.testing.assert_allclose(found, 1 / (8 * (vectors**4).sum(axis=1)), rtol=1e-10)
        inverse = (1 / (8 * found)).mean(axis=1)
        assert abs(inverse.mean() - 3 / 10) < 3.3 * inverse.std() / math.sqrt(1000)
    assert haar_participation(8) == pytest.approx(1 / (8 * 0.3), rel=1e-15)


@pytest.mark.parametrize(
    ("shape", "side", "length"), [((40, 90), "left", 40), ((40, 90), "right", 90), ((90, 40), "left", 90)]
)
def test_gaussian_matrices_have_haar_vectors(shape, side, length):
    found = participation_ratios(np.random.default_rng(4).standard_normal((50, *shape)), side)
    assert found.shape == (50, 40)
    inverse = (1 / (length * found)).mean(axis=1)
    assert abs(inverse.mean() - 3 / (length + 2)) < 3.3 * inverse.std() / math.sqrt(50)
    # the mean of the inverse of sum v^4 is above the inverse of its mean, by its relative variance, about 24/N/9
    assert haar_participation(length) < found.mean() < haar_participation(length) * (1 + 4 / length)


def test_localised_and_extended_vectors():
    np.testing.assert_allclose(participation_ratios(np.diag([3.0, 2.0, 1.0, 0.5])), 0.25)
    np.testing.assert_allclose(participation_ratios(np.diag([3.0, 2.0, 1.0])[[2, 0, 1]], "right"), 1 / 3)
    # rank one: all coordinates alike on the left, two of five on the right
    one = np.outer(np.ones(4), [0.0, 1.0, 0.0, -1.0, 0.0])
    assert participation_ratios(one)[0] == pytest.approx(1.0)
    assert participation_ratios(one, "right")[0] == pytest.approx(2 / 5)


def test_top_vectors_of_cauchy_matrices_are_localised():
    # the largest singular value is close to the largest entry, its vectors to coordinate vectors; the bottom spreads
    n = 100
    w = np.random.default_rng(5).standard_cauchy((50, n, n))
    for side in ("left", "right"):
        coordinates = n * participation_ratios(w, side).mean(axis=0)
        assert coordinates[0] < 1.1
        assert (coordinates[:5] < 2.0).all()
        assert coordinates[n // 2 :].min() > 8.0
    biggest = np.abs(w).max(axis=(1, 2))
    assert np.median(np.linalg.svd(w, compute_uv=False)[:, 0] / biggest) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spacing_ratios([1.0, 2.0]), "no sample has three distinct nonzero levels"),
        (lambda: spacing_ratios([[1.0, 1.0, 0.0, 2.0]]), "no sample has three"),
        (lambda: spacing_ratios([1.0, math.nan, 2.0]), "NaN"),
        (lambda: spacing_ratios([1.0, -math.inf, 2.0]), "infinities"),
        (lambda: spacing_ratios([1.0, math.inf, 2.0], log=True), "infinities"),
        (lambda: spacing_ratios(np.ones((2, 2, 2))), r"shape \(2, 2, 2\)"),
        (lambda: participation_ratios(np.ones(3)), r"shape \(3,\)"),
        (lambda: participation_ratios(np.ones((0, 3))), r"shape \(0, 3\)"),
        (lambda: participation_ratios([[math.inf]]), "NaN or infinities"),
        (lambda: participation_ratios([[1.0]], "top"), "side='top' must be one of 'left', 'right'"),
        (lambda: haar_participation(0), "n=0 must be a positive whole number"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_complex_input_is_refused():
    for call in (spacing_ratios, participation_ratios):
        with pytest.raises(TypeError, match="of real numbers, not of complex128"):
            call(np.eye(3) * 1j)

import math

import numpy as np
import pytest
from scipy.stats import ks_1samp

import rmtjac as rj
from rmtjac.comparison.spectra.compare_spectra import _limit_cdf
from rmtjac.comparison.spectra.goodness import goodness_of_fit
from rmtjac.theory import DiscreteLaw, Layers
from tests.spectra.made import spectrum


def _pair(name="hardtanh", depth=2, width=60, samples=12, **options):
    ens = rj.Ensemble.square(width, depth, name, **options)
    return rj.sample_spectrum(ens, samples, rng=0), rj.limit_spectrum(ens)


def _distance(values, lim):
    """The supremum of |F_n - F| point by point: at each eigenvalue and just below it."""
    values = np.ravel(values)
    worst = 0.0
    for lam, cdf in zip(values, lim.cdf(values), strict=True):
        at = np.mean(values <= lam)
        below = np.mean(values < lam)
        worst = max(worst, abs(at - cdf), abs(below - (0.0 if lam == 0.0 else cdf)))
    return max(worst, abs(np.mean(values == 0.0) - lim.atom))


@pytest.mark.parametrize("name", ["linear", "relu", "hardtanh", "leaky_relu:0.1"])
@pytest.mark.parametrize("depth", [1, 3])
def test_kolmogorov_distance_by_brute_force(name, depth):
    emp, lim = _pair(name, depth, 25, 5)
    result = rj.compare(emp, lim)
    # rounding of the two sums only: both use the cdf itself
    assert result.ks == pytest.approx(_distance(emp.eigenvalues, lim), abs=1e-12)
    np.testing.assert_allclose(result.ks_samples, [_distance(row, lim) for row in emp.eigenvalues], atol=1e-12)


def test_kolmogorov_distance_is_that_of_scipy():
    emp, lim = _pair("linear", 2, 40, 4)
    result = rj.compare(emp, lim)
    assert result.ks == pytest.approx(ks_1samp(emp.eigenvalues.ravel(), lim.cdf).statistic, abs=1e-12)
    single = [ks_1samp(row, lim.cdf).statistic for row in emp.eigenvalues]
    np.testing.assert_allclose(result.ks_samples, single, atol=1e-12)


def test_kolmogorov_distance_by_hand():
    # F(quantile(p)) = p: F_n steps by 1/4 at p = .6, .7, .8, .9 and the atom of the limit is .5
    lim = rj.limit_spectrum(rj.Ensemble.square(4, 1, "relu"))
    top = rj.compare(spectrum([lim.quantile([0.6, 0.7, 0.8, 0.9])] * 2), lim)
    assert top.ks == pytest.approx(0.6, abs=1e-10)  # just below the lowest
    half = rj.compare(spectrum([[0.0, 0.0, *lim.quantile([0.6, 0.9])]] * 2), lim)
    assert half.ks == pytest.approx(0.15, abs=1e-10)  # 3/4 - .6 at the third; below the last .75 against .9
    many = rj.compare(spectrum([[0.0, 0.0, 0.0, *lim.quantile([0.9])]] * 2), lim)
    assert many.ks == pytest.approx(0.25, abs=1e-10)  # at the atom


def _interpolated(name, depth):
    emp, lim = _pair(name, depth, 90, 100)
    logs = np.sort(2.0 * emp.log_singular_values, axis=None)
    logs = logs[np.isfinite(logs)]
    assert logs.size > 4000
    return np.abs(_limit_cdf(lim, logs) - lim.cdf(np.exp(logs))).max(), logs.size


CASES = [("linear", 3), ("relu", 1), ("hardtanh", 2), ("leaky_relu:0.1", 1)]


@pytest.mark.parametrize(("name", "depth"), CASES)
def test_interpolated_cdf_is_right_beside_the_step_of_one_eigenvalue(name, depth):
    # One eigenvalue more or less, 1/count, is the resolution of a Kolmogorov distance.
    error, count = _interpolated(name, depth)
    assert error < 0.1 / count


def test_distances_above_4000_points_agree_with_the_direct_ones():
    emp, lim = _pair("hardtanh", 2, 60, 110)
    result = rj.compare(emp, lim)
    few = rj.EmpiricalSpectrum(emp.log_singular_values[:5], emp.log_error[:5], emp.underflows[:5], emp.facts)
    # 1e-4: below one step of the pooled F_n, 1/6600, as the interpolation is
    np.testing.assert_allclose(result.ks_samples[:5], rj.compare(few, lim).ks_samples, atol=1e-4)
    assert result.ks == pytest.approx(_distance(emp.eigenvalues, lim), abs=1e-4)


def test_moments_and_pulls_by_hand():
    lim = rj.limit_spectrum(rj.Ensemble.square(3, 1, "linear"))  # Marchenko-Pastur: 1, 2, 5, 14
    result = rj.compare(spectrum([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]), lim, bins=3)
    np.testing.assert_allclose(result.limit_moments, [1, 2, 5, 14], rtol=1e-12)
    # per matrix: 1, 2; 5/3, 14/3; 3, 12; 17/3, 98/3. The error of a mean of two is half their difference.
    np.testing.assert_allclose(result.moments, [1.5, 19 / 6, 7.5, 115 / 6], rtol=1e-12)
    np.testing.assert_allclose(result.moment_errors, [0.5, 1.5, 4.5, 13.5], rtol=1e-12)
    np.testing.assert_allclose(result.moment_pulls, [1.0, 7 / 9, 5 / 9, 31 / 81], rtol=1e-12)
    assert (result.atom, result.atom_error, result.limit_atom) == pytest.approx((1 / 6, 1 / 6, 0.0))
    # bins [0, 1), [1, 2), [2, 3] of the linear histogram: 0 is an atom and in no bin; 1, 2 lie on edges and
    # may fall to either side by rounding, so only the sums are sure
    linear = result.linear
    assert linear.histogram.fraction.sum() == pytest.approx(5 / 6)
    np.testing.assert_allclose(linear.expected, np.diff(lim.cdf(linear.histogram.edges)), atol=1e-14)
    assert linear.resolution == pytest.approx(1 / 6)
    columns = linear.histogram.fraction, linear.expected, linear.histogram.error
    by_hand = [(f - e) / max(s, 1 / 6) for f, e, s in zip(*columns, strict=True)]
    np.testing.assert_allclose(linear.pulls, by_hand, rtol=1e-13)


@pytest.mark.parametrize("name", ["linear", "relu", "hardtanh", "leaky_relu:0.1"])
def test_expected_fractions_add_up_to_the_mass_beside_the_atom(name):
    emp, lim = _pair(name, 1)
    beyond = [[lim.support[-1, 1] * 1.1]] * emp.samples
    wide = rj.compare(spectrum(np.append(emp.eigenvalues, beyond, axis=1)), lim)
    # F(0) = atom and F(top) = 1: the sum telescopes; rounding of 60 differences
    assert wide.linear.expected.sum() == pytest.approx(1.0 - lim.atom, abs=1e-13)
    assert (wide.linear.expected >= 0.0).all()
    low = float(lim.cdf(wide.log.histogram.edges[0]))
    assert wide.log.expected.sum() == pytest.approx(1.0 - low, abs=1e-13)


@pytest.mark.parametrize(("width", "depth"), [(50, 1), (50, 3), (200, 2)])
def test_right_limit_of_linear_networks(width, depth):
    samples = 40
    result = rj.compare(*_pair("linear", depth, width, samples))
    # docs/theory/goodness.md: N KS of one matrix has mean .57 + .39 ln N and sd .35.
    # Four standard errors of the mean of 40, and .1 for the digits of the rule.
    expected = 0.57 + 0.39 * math.log(width)
    assert abs(width * result.ks_samples.mean() - expected) < 4 * 0.35 / math.sqrt(samples) + 0.1
    assert 0.2 < width * result.ks_samples.std(ddof=1) < 0.5
    # the pooled distance keeps only the 1/N bias (.3 to .6 measured), far below one matrix
    assert width * result.ks < 1.0
    # 60 pulls of unit variance, correlated by rigidity: rms 1 within .3, more at the finite-N edges
    for rms in result.to_dict()["pulls_rms"].values():
        assert 0.7 < rms < 1.4


@pytest.mark.parametrize(("name", "depth"), [("relu", 1), ("hardtanh", 2), ("erf", 1)])
def test_right_limit_is_accepted_and_wrong_ones_are_seen(name, depth):
    def ensemble(depth):
        return rj.Ensemble.square(100, depth, name, biases=rj.Gaussian(0.3))

    ens = ensemble(depth)
    emp = rj.sample_spectrum(ens, 40, rng=0)

    def rms(lim):
        result = rj.compare(emp, lim)
        return max(result.to_dict()["pulls_rms"].values()), result.ks

    right, near = rms(rj.limit_spectrum(ens))
    assert right < 1.6
    wrong, far = rms(rj.limit_spectrum(ensemble(depth + 1)))
    assert wrong > 2 * right
    assert far > 2 * near
    if name != "relu":  # ReLU: the law of D does not depend on q
        wrong, far = rms(rj.limit_spectrum(ens, input_variance=2.0))
        assert wrong > 2 * right
        assert far > 2 * near


def _erf_law(variance, factor):
    """D^2 of the erf activation at 24 Gauss-Hermite points, m_K multiplied by `factor`."""
    x, w = np.polynomial.hermite_e.hermegauss(24)
    d2 = np.exp(-0.5 * math.pi * variance * x * x)
    return DiscreteLaw.from_points(np.append(d2, 0.0), np.append(factor * w / w.sum(), 1.0 - factor))


def test_the_missing_sqrt_2_of_the_source_is_seen():
    # BS print the prefactor of m_K as 1/sqrt(2 pi q): m_K / sqrt 2. See docs/theory/errata.md.
    ens = rj.Ensemble.square(100, 2, "erf")
    emp = rj.sample_spectrum(ens, 20, rng=0)
    variances = rj.mean_field(ens).preactivation_variances
    right, wrong = (
        rj.compare(emp, rj.LimitSpectrum(Layers([_erf_law(q, factor) for q in variances], [1.0] * 2)))
        for factor in (1.0, 1.0 / math.sqrt(2.0))
    )
    assert right.ks < 0.02
    assert np.abs(right.moment_pulls).max() < 3.0
    # m_K / sqrt 2 puts 1 - 1/sqrt 2 of the mass at 0 and divides the mean by 2, once per layer by sqrt 2
    assert wrong.limit_atom == pytest.approx(1.0 - 1.0 / math.sqrt(2.0))
    assert wrong.limit_moments[0] == pytest.approx(0.5 * right.limit_moments[0])
    assert wrong.ks >= 0.29
    assert wrong.moment_pulls[0] > 10.0


def test_bad_arguments():
    emp, lim = _pair()
    for wrong in [(lim, emp), (emp, emp), (emp.eigenvalues, lim), (emp, None)]:
        with pytest.raises(TypeError, match="needs an EmpiricalSpectrum and a LimitSpectrum, in this order"):
            rj.compare(*wrong)
    for bins in (0, -3, 2.5, "many"):
        with pytest.raises((ValueError, TypeError), match=r"bins=.* must be a positive whole number"):
            rj.compare(emp, lim, bins=bins)


def test_a_single_sample_has_no_errors():
    emp, lim = _pair("relu", 2, 30, 1)
    result = rj.compare(emp, lim)
    assert result.ks == result.ks_samples[0] == pytest.approx(_distance(emp.eigenvalues, lim), abs=1e-12)
    assert math.isnan(result.atom_error)
    for errors in (result.moment_errors, result.moment_pulls, result.linear.pulls, result.log.pulls):
        assert np.isnan(errors).all()
    assert math.isnan(result.to_dict()["pulls_rms"]["log"])
    assert np.isfinite(result.moments).all()


def test_spectra_of_zeros():
    lim = rj.limit_spectrum(rj.Ensemble.square(2, 2, "relu"))
    with pytest.raises(ValueError, match="all eigenvalues are zero"):
        rj.compare(spectrum([[0.0, 0.0]] * 3), lim)
    # some matrices of nothing but zeros: their distance is 1 - atom
    result = rj.compare(spectrum([[0.0, 0.0], [0.5, 1.0]]), lim)
    assert result.ks_samples[0] == pytest.approx(1.0 - lim.atom)


@pytest.mark.parametrize("samples", [1, 2, 9])
def test_width_one(samples):
    emp, lim = _pair("linear", 2, 1, samples)
    result = rj.compare(emp, lim)
    cdf = lim.cdf(emp.eigenvalues[:, 0])
    np.testing.assert_allclose(result.ks_samples, np.maximum(cdf, 1.0 - cdf), atol=1e-13)
    assert result.table().startswith(f"{samples} matrices of 1 x 1")


def test_depth_one_hundred():
    # The quantiles of the limit as a sample, down to exp(-500): KS is half a step, the pulls find nothing.
    lim = rj.limit_spectrum(rj.Ensemble.square(50, 100, "linear"))
    row = lim.quantile((np.arange(50) + 0.5) / 50)
    assert row[0] < 1e-150
    result = rj.compare(spectrum([row, row]), lim)
    assert result.ks == pytest.approx(0.01, abs=1e-9)
    assert np.isfinite(result.curve).all()


def test_noise_below_the_stated_error_does_not_count():
    # 17 % of the eigenvalues lie below what double precision resolves (N KS 16 against 2.6 by the rule)
    result = rj.compare(*_pair("linear", 30, 200, 5))
    assert 200 * result.ks_samples.mean() < 6.0


def test_goodness_of_fit_on_request(tmp_path):
    emp, lim = _pair("erf", 2, 64, 20)
    plain, tested = rj.compare(emp, lim), rj.compare(emp, lim, test=True)
    assert math.isnan(plain.p_value)
    assert plain.verdict == "not tested"
    assert "not tested" in repr(plain)
    assert "goodness" not in plain.table()
    assert tested.p_value == goodness_of_fit(emp, lim).p_value
    assert tested.verdict == f"agree at 5% (p = {tested.p_value:.2g})"
    assert tested.table().endswith(f"goodness of fit: {tested.verdict}")
    facts = tested.to_dict()
    assert (facts["p_value"], facts["verdict"]) == (tested.p_value, tested.verdict)
    for one in (plain, tested):
        back = rj.Comparison.load(one.save(tmp_path / "c.npz"))
        assert (back.verdict, repr(back)) == (one.verdict, repr(one))
    wrong = rj.compare(emp, rj.limit_spectrum(rj.Ensemble.square(64, 3, "erf")), test=True)
    assert wrong.p_value < 1e-6
    assert wrong.verdict.startswith("disagree at 5%")


@pytest.mark.parametrize("masks", ["network", "independent"])
def test_band_of_the_largest_eigenvalue(masks):
    ens = rj.Ensemble([50, 60, 40], "tanh", "gaussian:1.2")
    emp, lim = rj.sample_spectrum(ens, 60, rng=1, masks=masks), rj.limit_spectrum(ens)
    result = rj.compare(emp, lim)
    interval = lim.largest(signal=masks).interval(0.95)
    np.testing.assert_allclose(result.largest_interval, interval, rtol=1e-12)
    top = emp.eigenvalues.max(axis=1)
    assert result.largest_share == np.mean((top >= interval[0]) & (top <= interval[1]))
    assert 0.85 < result.largest_share <= 1.0
    assert result.to_dict()["largest"] == {"interval": interval.tolist(), "share": result.largest_share}
    assert "largest eigenvalue: 95 %" in result.table()


@pytest.mark.parametrize(
    "ens",
    [
        rj.Ensemble.square(20, 1, "linear", rj.Cauchy()),  # heavy tails
        rj.Ensemble.square(20, 1, "tanh", "orthogonal"),  # an edge of the law of D^2
        rj.Ensemble.square(20, 2, "tanh", "student_t:3"),  # no fourth moment
        rj.Ensemble.square(3, 50, "linear"),  # too narrow for its depth
    ],
)
def test_no_band_without_a_law(ens):
    result = rj.compare(rj.sample_spectrum(ens, 5, rng=1), rj.limit_spectrum(ens))
    assert np.isnan(result.largest_interval).all()
    assert np.isnan(result.largest_share)
    assert result.to_dict()["largest"] is None
    assert "largest eigenvalue" not in result.table()


def test_band_of_given_matrices_and_of_layers():
    ens = rj.Ensemble.square(30, 1, "linear")
    emp, lim = rj.sample_spectrum(ens, 5, rng=1), rj.limit_spectrum(ens)
    given = rj.EmpiricalSpectrum.from_matrices([rj.spectra.sample_network(ens, 1, i).weights[0] for i in range(5)])
    bare = rj.LimitSpectrum(lim.layers)
    for one, limit in ((given, lim), (emp, bare), (given, bare)):
        np.testing.assert_allclose(rj.compare(one, limit).largest_interval, lim.largest().interval(0.95), rtol=1e-9)

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.routes import route
from tests.theory.heavy_tails.one_cauchy_layer import cauchy_limit

SQUARE = rj.Ensemble.square
CAUCHY = rj.Cauchy()
QUICK = {"pool": 32, "replicas": 2, "burn": 4, "sweeps": 4, "weights": 8, "angle": 0.5}


@pytest.mark.parametrize(
    ("ensemble", "masks", "method"),
    [
        (SQUARE(10, 3, "linear", CAUCHY), "network", "independent"),
        (SQUARE(10, 3, "leaky_relu:-1", rj.Stable(alpha=0.7)), "network", "independent"),  # D^2 = 1
        (SQUARE(10, 3, "tanh", CAUCHY), "independent", "independent"),
        (SQUARE(10, 3, "tanh", CAUCHY), "network", "population"),
        (SQUARE(10, 2, ["tanh", "linear"], [rj.Gaussian(), CAUCHY]), "network", "independent"),
        (SQUARE(10, 2, ["linear", "tanh"], [rj.Gaussian(), CAUCHY]), "network", "population"),
        (SQUARE(10, 1, "hardtanh", CAUCHY), "network", "coupled"),
        (SQUARE(10, 1, "hardtanh", CAUCHY, CAUCHY), "network", "coupled"),
        (SQUARE(10, 1, "hardtanh", CAUCHY, rj.Gaussian()), "network", "population"),
        (SQUARE(10, 1, "hardtanh", rj.Stable(alpha=1.5)), "network", "population"),
        (SQUARE(10, 2, "hardtanh", CAUCHY), "network", "population"),
        (SQUARE(10, 3, "relu", CAUCHY, CAUCHY), "network", "independent"),  # the sign of h alone
        (SQUARE(10, 2, ["relu", "tanh"], CAUCHY), "network", "population"),
        (rj.Ensemble([10, 30], "hardtanh", CAUCHY), "network", "coupled"),
        (SQUARE(10, 1, "tanh", rj.StudentT(1.5)), "network", "population"),
    ],
)
def test_the_method_follows_from_the_ensemble(ensemble, masks, method):
    assert route(ensemble, "auto", masks) == route(ensemble, method, masks) == method


def _nonzero(ensemble, seed, masks="network"):
    """Return the sorted log lambda of the nonzero eigenvalues of 20 samples."""
    logs = 2.0 * rj.sample_spectrum(ensemble, samples=20, rng=seed, masks=masks).log_singular_values.ravel()
    return np.sort(logs[np.isfinite(logs)])


@pytest.mark.parametrize(
    ("activation", "biases"), [("relu", None), ("leaky_relu:0.3", rj.Cauchy(0.5)), (["relu", "linear"], None)]
)
def test_masks_that_depend_on_signs_only_are_independent(activation, biases):
    """Networks with a forward pass against independent masks, both sampled at N = 200: the laws are equal at every N.

    Two samples of n and m independent numbers differ by more than 1.63 sqrt(1/n + 1/m) in 1 % of all cases; the
    eigenvalues of one matrix vary less than independent numbers.
    """
    ens = SQUARE(200, 2, activation, CAUCHY, biases)
    one, other = _nonzero(ens, 11), _nonzero(ens, 12, "independent")
    places = np.concatenate([one, other])
    cdfs = [np.searchsorted(logs, places, side="right") / logs.size for logs in (one, other)]
    assert np.abs(cdfs[0] - cdfs[1]).max() <= 1.63 * math.sqrt(1.0 / one.size + 1.0 / other.size)


@pytest.mark.parametrize(("activation", "biases"), [("leaky_relu:0.3", rj.Cauchy(0.5)), (["relu", "linear"], None)])
def test_the_limit_of_layers_that_depend_on_signs(activation, biases):
    """Networks with a forward pass, N = 200, R = 20, against the limit; 1.5 / sqrt(N R) has a level below 1 %.

    Eigenvalues other than 0 are compared. Two ReLU layers are left out: their rank is the smaller one of two random
    numbers, and the law at finite N differs from the limit by order 1/sqrt(N) (0.033 at N = 200, 0.019 at N = 800).
    """
    ens = SQUARE(200, 2, activation, CAUCHY, biases)
    limit = rj.limit_spectrum(ens)
    logs = _nonzero(ens, 11)
    cdf = (limit.log_cdf(logs) - limit.atom) / (1.0 - limit.atom)
    steps = np.arange(logs.size + 1) / logs.size
    distance = max(np.abs(cdf - steps[1:]).max(), np.abs(cdf - steps[:-1]).max())
    assert distance <= 1.5 / math.sqrt(logs.size)


@pytest.mark.parametrize("std", [0.5, 3.0])
def test_masks_behind_gaussian_weights_have_the_variance_of_the_mean_field(std):
    """The atom of a HardTanh layer behind Gaussian weights is P(|h| > 1), h normal with this standard deviation."""
    ens = SQUARE(10, 2, ["hardtanh", "linear"], [rj.Gaussian(std), CAUCHY])
    assert rj.limit_spectrum(ens).atom == pytest.approx(math.erfc(1.0 / (std * math.sqrt(2.0))), abs=1e-12)


def test_an_independent_curve_is_given_on_request_only():
    with pytest.raises(ValueError, match="is not the limit of networks with a forward pass"):
        rj.limit_spectrum(SQUARE(10, 2, "tanh", CAUCHY), method="independent")
    for method in ("population", "coupled"):
        with pytest.raises(ValueError, match="takes the masks from a forward pass"):
            rj.limit_spectrum(SQUARE(10, 1, "hardtanh", CAUCHY), method=method, masks="independent")


@pytest.mark.parametrize(
    ("ensemble", "options", "message"),
    [
        (SQUARE(10, 2, "tanh", CAUCHY), {"method": "inverse"}, "method='auto' chooses"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"method": "continuation"}, "method='auto' chooses"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"method": "magic"}, "method='magic' must be one of"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"masks": "none"}, "masks='none' must be one of"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"method": "coupled"}, "needs one HardTanh layer"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"certify": True}, "no density for heavy-tailed weights is proved"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"population": {"pools": 3}}, "population='pools' must be one of"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"population": {"pool": 3}}, "pool=3"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"input_variance": -1.0}, "input_variance=-1.0"),
        (SQUARE(10, 2, "tanh", CAUCHY), {"input_variance": math.nan}, "input_variance=nan"),
        (SQUARE(10, 1, "hardtanh", CAUCHY), {"inputs": [math.inf]}, "inputs must be finite"),
        (SQUARE(10, 1, "hardtanh", CAUCHY), {"inputs": []}, "inputs must be finite"),
        (SQUARE(10, 1, "tanh", CAUCHY), {"inputs": [1.0], "masks": "independent"}, "inputs are for methods"),
        (SQUARE(10, 2, "linear", rj.StudentT(2.0)), {}, r"StudentT\(df=2.0\)"),
        (SQUARE(10, 2, "linear", [CAUCHY, rj.Orthogonal()]), {}, "orthogonal weights have no stable limit"),
        (SQUARE(10, 2, "linear", rj.Cauchy(0.0)), {}, "point mass at 0"),
        (SQUARE(10, 2, "linear", rj.Cauchy(1e308, power=-1.0)), {}, "range of a float"),
        (SQUARE(10, 2), {"method": "population"}, "method='inverse' gives their limit"),
        (SQUARE(10, 2), {"method": "independent"}, "method='inverse' gives their limit"),
        (SQUARE(10, 2), {"inputs": [5.0]}, "inputs are for heavy-tailed weights"),
    ],
)
def test_bad_input_has_a_named_error(ensemble, options, message):
    with pytest.raises(ValueError, match=message):
        rj.limit_spectrum(ensemble, **options)


@pytest.mark.parametrize("make", [lambda: rj.Stable(alpha=2.5), lambda: rj.Stable(alpha=0.0), lambda: rj.Cauchy(-1.0)])
def test_laws_out_of_range(make):
    with pytest.raises(ValueError):  # noqa: PT011 - three laws, three texts
        make()


def test_population_options_of_another_type():
    with pytest.raises(TypeError, match="population=3 must be PopulationOptions"):
        rj.limit_spectrum(SQUARE(10, 2, "tanh", CAUCHY), population=3)


@pytest.mark.parametrize("options", [{}, {"masks": "independent"}, {"method": "auto"}])
def test_light_tails_are_as_before(options):
    ens = SQUARE(10, 2, "tanh")
    found, before = rj.limit_spectrum(ens, **options), rj.LimitSpectrum.from_ensemble(ens)
    assert isinstance(found, rj.LimitSpectrum)
    assert found.facts == before.facts
    assert found.method == "inverse"


def test_one_linear_layer_has_the_closed_form():
    lim, exact = rj.limit_spectrum(SQUARE(50, 1, "linear", CAUCHY)), cauchy_limit()
    lam = np.geomspace(1e-12, 1e12, 61)
    # the oracle integrates a spline: 1e-9
    np.testing.assert_allclose(lim.cdf(lam), exact.cdf(lam), atol=1e-9)
    # lambda rho is 1e-6 at the ends, where the oracle takes it from 1 - U of size 1
    np.testing.assert_allclose(lim.density(lam) * lam, exact.solver._density(np.log(lam)), atol=1e-14, rtol=1e-8)
    assert (lim.method, lim.smoothing, lim.tail.exponent, lim.facts["masses"]) == ("independent", 0.0, 0.5, [1.0])


@pytest.mark.parametrize(
    ("widths", "gamma"),
    [([9, 9], 1e-150), ([1, 1], 1e150), ([9] * 101, 1.0), ([30, 10, 20], 1e70), ([30, 10, 20], 1e-70), ([2, 7], 1.0)],
)
def test_extreme_scales_and_shapes(widths, gamma):
    lim = rj.limit_spectrum(rj.Ensemble(widths, "linear", rj.Cauchy(gamma, power=1.0)))
    p = lim.atom + (1.0 - lim.atom) * np.array([0.05, 0.5, 0.95])
    np.testing.assert_allclose(lim.log_cdf(lim.log_quantile(p)), p, atol=1e-9)
    assert lim.atom == pytest.approx(max(0.0, 1.0 - min(widths) / widths[-1]), abs=1e-15)


def test_an_independent_curve_fails_for_a_forward_pass():
    # 1.5 / sqrt(N R) = .011 for the true one; the independent one is .1 away
    ens = SQUARE(200, 1, "hardtanh", CAUCHY)
    emp = rj.sample_spectrum(ens, 90, rng=1)
    true, wrong = rj.limit_spectrum(ens), rj.limit_spectrum(ens, masks="independent")
    assert rj.compare(emp, true).ks < 0.011
    assert rj.compare(emp, wrong).ks > 0.05


def test_populations_are_tables_with_errors(tmp_path):
    ens = SQUARE(50, 2, "hardtanh", CAUCHY)
    lim = rj.limit_spectrum(ens, population=QUICK, seed=3, threads=1)
    assert (lim.method, lim.smoothing, lim.facts["population"]["seed"]) == ("population", 0.5, 3)
    lam = np.geomspace(1e-6, 1e6, 25)
    assert np.all(lim.cdf_error(lam) > 0.0)
    assert np.all(np.diff(lim.cdf(lam)) >= 0.0)
    again = rj.HeavyTailedLimit.load(lim.save(tmp_path / "p.npz"))
    np.testing.assert_array_equal(again.cdf(lam), lim.cdf(lam))
    np.testing.assert_array_equal(again.density_error(lam), lim.density_error(lam))
    np.testing.assert_array_equal(
        rj.limit_spectrum(ens, population=QUICK | {"seed": 3}, threads=2).cdf(lam), lim.cdf(lam)
    )
    result = rj.compare(rj.sample_spectrum(ens, 12, rng=0), lim)
    assert result.smoothing == 0.5
    assert result.limit_error == pytest.approx(lim.cdf_error(lam).max(), rel=0.5)
    with pytest.raises(ValueError, match="not calibrated for a limit smoothed by an angle"):
        rj.goodness_of_fit(rj.sample_spectrum(ens, 12, rng=0), lim)


def test_inputs_of_one_size():
    # |x| = 1: P(lambda > x) ~ x^-1.5, so that m_1 exists, and P(D != 0) = (2/pi) atan(1/gamma) = 1/2
    lim = rj.limit_spectrum(SQUARE(50, 1, "hardtanh", CAUCHY), inputs=1.0)
    assert lim.tail.exponent == 1.5
    assert lim.atom == pytest.approx(0.5, abs=1e-12)
    assert lim.moment(1) == pytest.approx(lim.moments(1)[0])
    with pytest.raises(ValueError, match=r"m2 does not exist \(tail exponent 1.5\)"):
        lim.moment(2)


def test_stable_laws_of_index_1_are_those_of_cauchy():
    one = rj.limit_spectrum(SQUARE(10, 1, "hardtanh", rj.Stable(0.7, 1.0), rj.Stable(0.4, 1.0)))
    other = rj.limit_spectrum(SQUARE(10, 1, "hardtanh", rj.Cauchy(0.7), rj.Cauchy(0.4)))
    assert one.method == other.method == "coupled"
    assert (one.atom, one.tail) == (other.atom, other.tail)
    assert one.solver.log_density(np.zeros(1)).value == other.solver.log_density(np.zeros(1)).value


def test_pools_too_small_for_the_error_that_is_asked_for_are_flagged(tmp_path):
    ens = SQUARE(10, 1, "tanh", CAUCHY)
    small = rj.limit_spectrum(ens, population={**QUICK, "target": 1e-4, "most_replicas": 2}, threads=1)
    assert not small.converged
    assert "not converged" in repr(small)
    assert not rj.HeavyTailedLimit.load(small.save(tmp_path / "small.npz")).converged
    wide = rj.limit_spectrum(ens, population={**QUICK, "target": 0.9}, threads=1)
    assert wide.converged
    assert "converged" not in repr(wide)

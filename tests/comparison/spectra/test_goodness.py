import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.spectra.goodness import goodness_of_fit
from rmtjac.comparison.spectra.width_ladder import ladder_ensemble
from rmtjac.theory import DiscreteLaw, Layers, LimitSpectrum
from tests.spectra.made import spectrum


def _samples(ens, count, seed, masks="network"):
    return rj.sample_spectrum(ens, count, rng=seed, masks=masks, precision="fast", threads=1)


def _cut(emp, size):
    def part(array, i):
        return None if array is None else array[i : i + size].copy()

    names = [name for name in emp.__dataclass_fields__ if name != "facts"]
    starts = range(0, emp.samples, size)
    return [rj.EmpiricalSpectrum(**{n: part(getattr(emp, n), i) for n in names}, facts=emp.facts) for i in starts]


def _p_values(ens, lim, samples, repetitions, seed, masks="network"):
    wide = _cut(_samples(ens, samples * repetitions, seed, masks), samples)
    narrow = _cut(_samples(ladder_ensemble(ens), 2 * samples * repetitions, seed + 1, masks), 2 * samples)
    return np.array([goodness_of_fit(a, lim, ladder=b).p_value for a, b in zip(wide, narrow, strict=True)])


@pytest.mark.parametrize(
    ("name", "depth", "masks"),
    [("linear", 2, "network"), ("erf", 2, "network"), ("hardtanh", 2, "network"), ("relu", 2, "independent")],
)
def test_the_right_limit_is_rejected_at_the_stated_rate(name, depth, masks):
    ens = rj.Ensemble.square(64, depth, name)
    p = _p_values(ens, rj.limit_spectrum(ens), 20, 50, 10, masks)
    # a binomial of 50 and 5 % exceeds 8 with probability .001
    assert np.count_nonzero(p < 0.05) <= 8
    assert abs(np.mean(p) - 0.5) < 4 * (1 / math.sqrt(12 * 50))  # uniform: four standard errors


def _erratum(ens):
    """The prefactor 1/sqrt(2 pi q) of the source: m_K / sqrt 2, so an atom 1 - 1/sqrt 2 of D."""
    x, w = np.polynomial.hermite_e.hermegauss(24)
    laws = []
    for q in rj.mean_field(ens).preactivation_variances:
        d2 = np.exp(-0.5 * math.pi * q * x * x)
        share = math.sqrt(0.5)
        laws.append(DiscreteLaw.from_points(np.append(d2, 0.0), np.append(share * w / w.sum(), 1.0 - share)))
    return LimitSpectrum(Layers(laws, [1.0] * ens.depth))


@pytest.mark.parametrize("name", ["linear", "erf", "relu"])
def test_a_layer_more_is_rejected(name):
    ens = rj.Ensemble.square(64, 2, name)
    lim = rj.limit_spectrum(rj.Ensemble.square(64, 3, name))
    # docs/theory/goodness.md: power 1 at S = 20
    assert (_p_values(ens, lim, 20, 10, 20) < 0.05).all()


def test_the_missing_sqrt_2_of_the_source_is_rejected():
    ens = rj.Ensemble.square(64, 2, "erf")
    assert (_p_values(ens, _erratum(ens), 20, 10, 30) < 0.05).all()


def test_one_call_draws_its_ladder_from_the_seed():
    ens = rj.Ensemble.square(48, 1, "tanh")
    emp, lim = _samples(ens, 20, 3), rj.limit_spectrum(ens)
    first, again = goodness_of_fit(emp, lim), goodness_of_fit(emp, lim)
    assert first.p_value == again.p_value
    assert (first.ladder_samples, first.ladder_size) == (40, 12)
    other = goodness_of_fit(emp, lim, rng=1)
    assert other.p_value != first.p_value
    assert goodness_of_fit(emp, lim, rng=1).p_value == other.p_value
    ladder = rj.sample_spectrum(ladder_ensemble(ens), 40, rng=1, precision="fast")
    assert goodness_of_fit(emp, lim, ladder=ladder).p_value == other.p_value


def test_statistics_by_hand():
    lim = rj.limit_spectrum(rj.Ensemble.square(64, 1, "linear"))
    rng = np.random.default_rng(5)
    wide, narrow = rng.uniform(0.0, 4.0, (15, 64)), rng.uniform(0.0, 4.0, (30, 16))
    test = goodness_of_fit(spectrum(wide), lim, ladder=spectrum(narrow))
    table = test.to_pandas()
    # m_1 of Marchenko-Pastur is 1, m_2 is 2; (64 x - 16 y) / 48
    for name, power, size in (("m1", 1, 1.0), ("m2", 2, 2.0)):
        x, y = (wide**power).mean(axis=1) / size - 1, (narrow**power).mean(axis=1) / size - 1
        assert table.loc[name, "deviation"] == pytest.approx((4 * x.mean() - y.mean()) / 3, rel=1e-10)
        error = math.sqrt(16 / 9 * x.var(ddof=1) / 15 + 1 / 9 * y.var(ddof=1) / 30)
        assert table.loc[name, "error"] == pytest.approx(error, rel=1e-10)
    below = float(lim.quantile(0.4))
    x, y = (wide <= below).mean(axis=1) - 0.4, (narrow <= below).mean(axis=1) - 0.4
    # the point lies 1e-9 above the quantile
    assert table.loc["F=0.4", "deviation"] == pytest.approx((4 * x.mean() - y.mean()) / 3, abs=1e-8)
    assert not test.agrees  # uniform on [0, 4] has mean 2
    assert test.names[-3:] == ("atom", "m1", "m2")
    assert not table.loc["atom", "tested"]


def test_statistics_without_noise():
    # orthogonal: all lambda = 1, nothing varies
    ens = rj.Ensemble.square(32, 2, "linear", rj.Orthogonal())
    emp = _samples(ens, 12, 1)
    right = goodness_of_fit(emp, rj.limit_spectrum(ens))
    assert (right.p_value, right.tested.sum()) == (1.0, 0)
    wrong = goodness_of_fit(emp, rj.limit_spectrum(rj.Ensemble.square(32, 2, "linear", rj.Orthogonal(1.05))))
    assert wrong.p_value == 0.0


def test_bad_arguments():
    ens = rj.Ensemble.square(32, 1)
    emp, lim = _samples(ens, 12, 0), rj.limit_spectrum(ens)
    with pytest.raises(TypeError, match="needs an EmpiricalSpectrum and a LimitSpectrum, in this order"):
        goodness_of_fit(lim, emp)
    with pytest.raises(TypeError, match="ladder=3 must be an EmpiricalSpectrum"):
        goodness_of_fit(emp, lim, ladder=3)
    with pytest.raises(ValueError, match="empirical has 5 samples; a test needs at least 12"):
        goodness_of_fit(_samples(ens, 5, 0), lim)
    with pytest.raises(ValueError, match="ladder has size 32; at most half of 32"):
        goodness_of_fit(emp, lim, ladder=emp)
    with pytest.raises(ValueError, match="do not say how the samples were drawn"):
        goodness_of_fit(spectrum(emp.eigenvalues), lim)


def test_result():
    ens = rj.Ensemble.square(32, 1, "linear")
    test = goodness_of_fit(_samples(ens, 20, 0), rj.limit_spectrum(ens))
    assert repr(test).startswith(f"GoodnessOfFit({test.verdict}, ")
    assert test.verdict.startswith("agree at 5% (p = " if test.p_value >= 0.05 else "disagree at 5% (p = ")
    assert not test.deviations.flags.writeable
    assert list(test.to_pandas().index) == list(test.names)


def test_the_atom_of_one_layer_shows_a_small_error_in_the_variance():
    # Mean D^2 fixes the atom of one layer: with its expectation known no noise is left, and 5 % of q is far out.
    ens = rj.Ensemble.square(64, 1, "hardtanh")
    emp = _samples(ens, 40, 5)
    right = goodness_of_fit(emp, rj.limit_spectrum(ens))
    assert right.agrees
    assert abs(right.deviations[right.names.index("atom")]) < 1e-10
    wrong = goodness_of_fit(emp, rj.limit_spectrum(ens, input_variance=1.05))
    assert wrong.p_value == 0.0

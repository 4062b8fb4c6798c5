import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.spectra.statistics import counting_points, shape_of, statistics
from tests.theory.heavy_tails.one_cauchy_layer import OneCauchyLayer, cauchy_limit, cauchy_pair


def test_heavy_tails_are_counted_and_have_no_moments():
    emp, lim = cauchy_pair(width=40, samples=12)
    shape = shape_of(lim)
    assert (shape.depth, shape.masses) == (1, [1.0])
    at, expected = counting_points((emp,), lim, 1)
    found = statistics(emp, lim, shape, at, expected)
    assert not {"m1", "m2"} & set(found.names)
    logs = 2.0 * emp.log_singular_values
    by_hand = [[np.mean(row <= x) - f for x, f in zip(at, expected, strict=True)] for row in logs]
    np.testing.assert_allclose(found.values[:, :-1], by_hand, atol=1e-15)


def test_right_and_wrong_limits():
    ens = rj.Ensemble.square(64, 1, "linear", rj.Cauchy())
    emp = rj.sample_spectrum(ens, 40, rng=2)
    assert rj.goodness_of_fit(emp, cauchy_limit(width=64)).agrees
    assert not rj.goodness_of_fit(emp, cauchy_limit(width=64, gamma=1.3)).agrees


def _described(name, depth, masses):
    ens = rj.Ensemble.square(8, depth, name, rj.Cauchy())
    return rj.HeavyTailedLimit(OneCauchyLayer(), {"ensemble": ens.to_dict(), "masses": masses, "method": "independent"})


def test_limits_without_a_calibrated_test():
    emp, _ = cauchy_pair(width=40, samples=12)
    for lim, message in [
        (cauchy_limit(0.2), "not calibrated for a limit smoothed by an angle"),
        (rj.HeavyTailedLimit(OneCauchyLayer()), "needs a limit that limit_spectrum made"),
        (_described("tanh", 2, [1.0, 1.0]), "several layers with heavy tails and masks"),
    ]:
        with pytest.raises(ValueError, match=message):
            rj.goodness_of_fit(emp, lim)
        with pytest.raises(ValueError, match=r"compare\(...\).ks measures the distance"):
            rj.compare(emp, lim, test=True)
    assert shape_of(_described("leaky_relu:-1", 3, [1.0] * 3)).depth == 3
    assert shape_of(_described("tanh", 1, [1.0])).depth == 1

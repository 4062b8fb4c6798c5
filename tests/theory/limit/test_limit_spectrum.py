import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.equation.roots import upper_tail
from tests.theory.limit.fixed_rules import integral


@pytest.mark.parametrize("law", [rj.Uniform(), rj.Rademacher(), rj.Gaussian(0.1, power=0.0)])
def test_weights_count_by_their_variance(law):
    # width 100: N Var W = 1 in all three
    reference = rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh"))
    np.testing.assert_allclose(
        rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh", law)).support, reference.support, rtol=1e-12
    )


def test_huge_variance():
    # q of 1e4: D^2 = sech^4 spread over hundreds of decades; here only that the law is found, and has its first moment
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "tanh", rj.Gaussian(10.0)), input_variance=100.0)
    assert lim.cdf(lim.quantile([0.3, 0.9])) == pytest.approx([0.3, 0.9], abs=1e-10)
    assert lim.moment(1) == pytest.approx(math.exp(lim.layers.log_mean), rel=1e-12)


def test_variances_beyond_reason():
    # E sech^4 over h ~ N(0, q) is 4/3 / sqrt(2 pi q) to 1/q, also where phi' lives within 1e-10 of the range of h
    law = rj.theory.derivative_law(rj.activations.activation("tanh"), 1e20)
    assert law.mean == pytest.approx(4 / 3 / math.sqrt(2e20 * math.pi), rel=1e-12)
    # D = 4 e^-2|h| / (1 + e^-2|h|)^2, and what the denominator adds lives within 1 of h = 0
    mean = math.log(16.0) - 4.0 * math.sqrt(2e20 / math.pi)
    assert law.mean_log == pytest.approx(mean, rel=1e-12)
    mine = rj.Activation("my tanh", np.tanh, rj.activations.activation("tanh").derivative)
    with pytest.raises(ArithmeticError, match=r"E log D.2 is not known at q=1e"):
        _ = rj.theory.derivative_law(mine, 1e20).mean_log
    with pytest.raises(ArithmeticError, match=r"no edge of the support is resolved"):
        rj.limit_spectrum(rj.Ensemble.square(10, 3, "tanh", rj.Gaussian(1e20)))
    erf = rj.limit_spectrum(rj.Ensemble.square(10, 3, "erf", biases=rj.Gaussian(30.0)))  # lambda down to e^-2000
    log_lam = erf.log_quantile([0.1, 0.5])
    assert log_lam[0] < -1500.0
    roots = erf.solve(log_lam)
    np.testing.assert_allclose(1.0 - upper_tail(erf.layers, roots), [0.1, 0.5], atol=1e-10)


@pytest.mark.parametrize("widths", [[1, 1000, 1, 1000], [100000, 3, 70, 100000], [1000, 1, 1]])
def test_extreme_widths(widths):
    lim = rj.limit_spectrum(rj.Ensemble(widths, ["tanh", "relu", "erf"][: len(widths) - 1]))
    low, high = lim.support[0]
    assert lim.cdf(high) == pytest.approx(1.0, abs=1e-12)
    lam = np.geomspace(max(low, 1e-12 * high), high, 20001)[1:-1]
    first = float(np.trapezoid(lam * lim.density(lam), lam))
    assert first == pytest.approx(math.exp(lim.layers.log_mean), rel=2e-3)
    if low == 0.0:  # the density falls like a Gaussian in log lambda, soon below rounding
        assert lim.density(1e-300) == 0.0


def test_continuation_needsequal_layers():
    ens = rj.Ensemble.square(10, 2, "tanh")
    with pytest.raises(ValueError, match="use input_variance='stationary', or method='inverse'"):
        rj.limit_spectrum(ens, method="continuation")


@pytest.mark.parametrize(
    ("ens", "options", "error", "message"),
    [
        (rj.Ensemble.square(4, 2, weights=rj.Orthogonal(0.0)), {}, ValueError, "point mass at 0"),
        (rj.Ensemble.square(4, 2), {"certify": True, "method": "continuation"}, ValueError, "has no proof"),
        (rj.Ensemble.square(4, 2), {"input_variance": math.inf}, ValueError, "input_variance=inf"),
        (rj.Ensemble.square(4, 2), {"input_variance": -1.0}, ValueError, "input_variance=-1.0"),
        (
            rj.Ensemble.square(4, 2, rj.Activation("nan", np.sin, lambda h: np.where(h > 1, np.nan, 1.0))),
            {},
            ValueError,
            "returns nan at h=",
        ),
        (
            rj.Ensemble.square(4, 2, rj.Activation("flat", np.ones_like, np.zeros_like)),
            {},
            ValueError,
            "point mass at 0",
        ),
        (
            rj.Ensemble.square(4, 2, "relu", rj.Gaussian(2.0)),
            {"input_variance": "stationary"},
            ValueError,
            "grows without bound",
        ),
        (rj.Ensemble.square(4, 2), {"method": "magic"}, ValueError, "method='magic' must be one of"),
        (rj.Ensemble.square(4, 2), {"method": "continuation", "digits": 0}, ValueError, "digits=0"),
        (rj.Ensemble.square(4, 2), {"input_variance": math.nan}, ValueError, "input_variance=nan"),
        (rj.Ensemble.square(4, 2, weights=rj.Gaussian(0.0)), {}, ValueError, "point mass at 0"),
        (rj.Ensemble.square(4, 2, biases=rj.Cauchy()), {}, ValueError, "a mean field is known where"),
    ],
)
def test_no_limit(ens, options, error, message):
    with pytest.raises(error, match=message):
        rj.limit_spectrum(ens, **options)


def test_depth_zero():
    with pytest.raises(ValueError, match="depth=0"):
        rj.Ensemble.square(4, 0)


def test_dead_signal():
    # q = 0 in every layer: D = phi'(0) = 1, the linear law
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "tanh"), input_variance=0.0)
    assert lim.support[0, 1] == pytest.approx(6.75, rel=1e-14)


def test_user_derivatives():
    # neither even nor monotone, with zeros, or larger than 1: total mass and mean, without a warning
    for name, phi, derivative in (
        ("sine", np.sin, np.cos),
        ("wave", lambda h: h - 0.75 * np.cos(h), lambda h: 1.0 + 0.75 * np.sin(h)),
        ("hump", lambda h: np.exp(-((h - 1) ** 2)), lambda h: -2 * (h - 1) * np.exp(-((h - 1) ** 2))),
    ):
        lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, rj.Activation(name, phi, derivative)))
        assert integral(lim) == pytest.approx(1.0, abs=1e-9)
        assert integral(lim, 1) == pytest.approx(lim.moment(1), rel=1e-9)


def test_heavy_tails_are_another_class():
    ens = rj.Ensemble.square(4, 2, "linear", rj.Cauchy())
    assert isinstance(rj.limit_spectrum(ens), rj.HeavyTailedLimit)
    with pytest.raises(ValueError, match="limit_spectrum returns their limit as a HeavyTailedLimit"):
        rj.LimitSpectrum.from_ensemble(ens)

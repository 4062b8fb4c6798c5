import math

import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.theory import Layers, derivative_law
from rmtjac.theory.equation import roots as inverse
from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_moment

NAMES = rj.activations.names()


def _equal_layers(name, depth, q=0.5):
    return rj.LimitSpectrum(Layers([derivative_law(rj.activations.activation(name), q)] * depth, [1.0] * depth))


def _integral(lim, power=0):
    """Integral of lambda^power rho over the support, by Gauss-Legendre in variables that tame the ends.

    log lambda = bottom + (top - bottom) sin^2(theta), theta in (0, pi/2): absorbs square-root edges. Where the
    support reaches 0 the bottom is where the power lambda^(1 + power) rho has decayed below 1e-12 of what it was.
    """
    x, w = np.polynomial.legendre.leggauss(16)
    total = 0.0
    for low, high in lim.support:
        bottom = math.log(low) if low > 0 else math.log(high) - 20.0
        while (
            low == 0
            and float(lim.density(math.exp(bottom))) * math.exp((1 + power) * bottom) > 1e-12 * lim.moment(1) ** power
        ):
            bottom -= 20.0
        panels = np.linspace(0.0, math.pi / 2, 161)
        theta = (0.5 * (panels[1:] + panels[:-1])[:, None] + 0.5 * np.diff(panels)[:, None] * x).ravel()
        weight = (0.5 * np.diff(panels)[:, None] * w).ravel()
        span = math.log(high) - bottom
        lam = np.exp(bottom + span * np.sin(theta) ** 2)
        total += float(np.sum(weight * lim.density(lam) * lam ** (1 + power) * span * np.sin(2 * theta)))
    return total


@pytest.mark.parametrize("name", [*NAMES, "leaky_relu:0.2"])
@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_density_and_atom_add_up_to_one(name, depth):
    lim = _equal_layers(name, depth)
    # The issue asks for 1e-8.
    assert _integral(lim) + lim.atom == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("name", ["hardtanh", "tanh", "erf", "relu", "gelu"])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_same_with_a_mean_field_that_moves(name, depth):
    lim = rj.limit_spectrum(
        rj.Ensemble.square(100, depth, name, rj.Gaussian(1.2), rj.Gaussian(0.1)), input_variance=2.0
    )
    assert _integral(lim) + lim.atom == pytest.approx(1.0, abs=1e-8)
    for k in (1, 2):
        assert _integral(lim, k) == pytest.approx(lim.moment(k), rel=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 5, 10, 30])
def test_fuss_catalan_moments(depth):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, "linear"))
    exact = [fuss_catalan_moment(depth, k) for k in range(1, 13)]
    np.testing.assert_allclose(lim.moments(12), np.array(exact, dtype=float), rtol=1e-13)
    assert lim.moment(3) == pytest.approx(exact[2], rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_moments_against_the_density(name):
    lim = _equal_layers(name, 2)
    for k in (1, 2, 3):
        assert _integral(lim, k) == pytest.approx(lim.moment(k), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("depth", [1, 3])
def test_cdf_against_the_integral_of_the_density(name, depth):
    lim = _equal_layers(name, depth)
    low, high = lim.support[-1]
    middle = low + 0.37 * (high - low)
    above = quad(
        lambda t: 2 * t * float(lim.density(high - t * t)), 0.0, math.sqrt(high - middle), epsabs=1e-12, epsrel=1e-11
    )[0]
    assert 1.0 - float(lim.cdf(middle)) == pytest.approx(above, abs=1e-9)


def test_cdf_limits_and_monotony():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "leaky_relu:0.1"))
    lam = np.array([-1.0, 0.0, 1e-300, 0.01, 0.05, 0.08, 1.0, 2.9, 3.0, np.inf])
    cdf = lim.cdf(lam)
    assert (np.diff(cdf) >= -1e-12).all()
    assert cdf[0] == 0.0
    assert cdf[1] == 0.0
    assert cdf[-1] == 1.0
    assert cdf[4:6] == pytest.approx([0.5, 0.5], abs=1e-12)  # in the gap: each half of the law of D^2 has its interval
    relu = rj.limit_spectrum(rj.Ensemble.square(10, 1, "relu"))
    np.testing.assert_allclose(relu.cdf([-0.1, 0.0, 0.05]), [0.0, 0.5, 0.5], atol=1e-12)


@pytest.mark.parametrize("name", ["linear", "relu", "hardtanh", "tanh", "leaky_relu:0.1"])
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_quantile_inverts_cdf(name, depth):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, name, rj.Gaussian(1.0), rj.Gaussian(0.3)))
    p = np.array([[0.55, 0.7, 0.9], [0.99, 0.999, 0.51]])
    np.testing.assert_allclose(lim.cdf(lim.quantile(p)), np.maximum(p, lim.atom), atol=1e-10)
    assert lim.quantile(0.0) == 0.0
    assert lim.quantile(1.0) == pytest.approx(lim.support[-1, 1], rel=1e-15)
    assert lim.quantile(0.5 * lim.atom) == 0.0


def test_quantiles_below_the_range_of_a_float():
    # softplus, signal growing from layer to layer: 4 % of the mass lies below exp(-700)
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 30, "softplus", rj.Gaussian(1.5), rj.Gaussian(0.2)))
    assert lim.quantile(0.01) == 0.0
    log_lam = lim.log_quantile([0.01, 0.03])
    assert (log_lam < -690).all()
    # the slope of F in log lambda is -Im m / pi: by a difference of quantiles against the solver
    h = 1e-4
    near = lim.log_quantile([0.01 - h, 0.01 + h])
    slope = -inverse.solve(lim.layers, log_lam[:1]).imag_m[0] / math.pi
    assert 2 * h / (near[1] - near[0]) == pytest.approx(slope, rel=1e-3)


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
    np.testing.assert_allclose(1.0 - inverse.upper_tail(erf.layers, roots), [0.1, 0.5], atol=1e-10)


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


def test_one_hundred_decades():
    # L = 100: density over 100 decades, against F ~ lambda^(1/101) there
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 100, "linear"))
    lam = np.geomspace(1e-100, 1.0, 30)
    assert (lim.density(lam) > 0).all()
    slope = np.diff(np.log(lim.density(lam))) / np.diff(np.log(lam))
    np.testing.assert_allclose(slope[:5], -100 / 101, rtol=1e-3)


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_density_error_covers_the_error(depth):
    lim = _equal_layers("linear", depth)
    high = lim.support[0, 1]
    lam = np.concatenate([high * (1 - np.geomspace(1e-10, 0.5, 20)), high * np.geomspace(1e-30, 0.1, 10)])
    exact = np.array([float(fuss_catalan_density(depth, x, 50)) for x in lam])
    error = np.abs(lim.density(lam) - exact)
    assert (error <= 4 * lim.density_error(lam) + 1e-15 * exact).all()
    # and it is no empty promise: rounding level in the bulk, the root of the distance at the edge
    assert (lim.density_error(lam[19:]) < 1e-12 * exact[19:]).all()
    assert (lim.density_error(lam[:20]) < 1e-13 / (1 - lam[:20] / high) * exact[:20]).all()


def test_outside_the_support_the_density_is_zero():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "tanh"))
    np.testing.assert_array_equal(lim.density([-1.0, 0.0, lim.support[0, 1] * 1.0001, 1e300, np.inf]), 0.0)
    assert lim.density(1.0).shape == ()
    assert lim.density(np.ones((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("law", [rj.Uniform(), rj.Rademacher(), rj.Gaussian(0.1, power=0.0)])
def test_weights_count_by_their_variance(law):
    # width 100: N Var W = 1 in all three
    reference = rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh"))
    np.testing.assert_allclose(
        rj.limit_spectrum(rj.Ensemble.square(100, 2, "tanh", law)).support, reference.support, rtol=1e-12
    )


def test_save_and_load(tmp_path):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "hardtanh", biases=rj.Gaussian(0.2)), input_variance=0.7)
    again = rj.LimitSpectrum.load(lim.save(tmp_path / "lim.npz"))
    np.testing.assert_array_equal(again.density([0.1, 1.0]), lim.density([0.1, 1.0]))
    assert repr(again) == repr(lim)
    with pytest.raises(ValueError, match="made from layers"):
        _equal_layers("tanh", 1).save(tmp_path / "x.npz")


def test_curve_and_table():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "leaky_relu:0.1"))
    for scale in ("linear", "log"):
        lam, density = lim.curve(50, scale=scale)
        assert lam.size == 100
        assert (np.diff(lam) > 0).all()
        np.testing.assert_array_equal(density, lim.density(lam))
    assert list(lim.to_pandas(20)) == ["lam", "density", "density_error", "cdf"]


def test_continuation_needs_equal_layers():
    ens = rj.Ensemble.square(10, 2, "tanh")
    with pytest.raises(ValueError, match="use input_variance='stationary', or method='inverse'"):
        rj.limit_spectrum(ens, method="continuation")


@pytest.mark.parametrize(
    ("ens", "options", "error", "message"),
    [
        (
            rj.Ensemble.square(4, 2, weights=rj.Cauchy()),
            {},
            NotImplementedError,
            "their limit is not available here yet",
        ),
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.density(np.nan), "lam holds NaN"),
        (lambda m: m.quantile(1.1), "p="),
        (lambda m: m.moment(0), "k=0"),
        (lambda m: m.curve(scale="x"), "scale='x'"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(rj.limit_spectrum(rj.Ensemble.square(4, 2)))


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
        assert _integral(lim) == pytest.approx(1.0, abs=1e-9)
        assert _integral(lim, 1) == pytest.approx(lim.moment(1), rel=1e-9)


def test_lambda_out_of_the_support():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "relu"))
    assert lim.density([-1.0, 0.0, 1e-3, 100.0, np.inf]).tolist() == [0.0] * 5
    assert lim.singular_value_density([-1.0, 0.0]).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="NaN"):
        lim.density([1.0, np.nan])


def test_singular_value_density():
    # linear, L = 1: the quarter circle sqrt(4 - s^2) / pi
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear"))
    s = np.linspace(0.01, 1.99, 50)
    np.testing.assert_allclose(lim.singular_value_density(s), np.sqrt(4 - s * s) / math.pi, rtol=1e-12)


def test_two_point_laws_over_forty_decades():
    # Issue: <= 1e-14 down to lambda/lambda_+ = 1e-40. Oracle: the closed parametrisation, from the float lambda itself.
    from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_edge

    for depth in (1, 2, 3, 5, 20):
        lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, "linear"))
        lam = fuss_catalan_edge(depth) * np.geomspace(1e-40, 0.9, 60)
        exact = np.array([float(fuss_catalan_density(depth, x, 30)) for x in lam])
        assert np.abs(lim.density(lam) / exact - 1.0).max() < 1e-14


def _log_integral(lim, power):
    """Integral of lambda^power dF over the bulk, in log lambda: the lowest lambda may leave the range of a float."""
    x, w = np.polynomial.legendre.leggauss(16)
    panels = np.linspace(0.0, math.pi / 2, 401)
    theta = (0.5 * (panels[1:] + panels[:-1])[:, None] + 0.5 * np.diff(panels)[:, None] * x).ravel()
    weight = (0.5 * np.diff(panels)[:, None] * w).ravel()
    total = 0.0
    for low, high in lim._log_support:
        while low == -math.inf or (bottom := float(low)) == -math.inf:
            low = high - 40.0
            while abs(lim.solve(np.array([low])).imag_m[0]) * math.exp(power * (low - high)) > 1e-15:
                low = high - 1.5 * (high - low)
            bottom = low
        log_lam = bottom + (high - bottom) * np.sin(theta) ** 2
        roots = lim.solve(log_lam)
        slope = np.where(roots.found, -roots.imag_m, 0.0) / math.pi * np.exp(power * log_lam)
        total += float(np.sum(weight * slope * (high - bottom) * np.sin(2 * theta)))
    return total


@pytest.mark.parametrize("name", [*NAMES, "leaky_relu:0.2"])
@pytest.mark.parametrize("depth", [1, 2, 5, 20])
def test_six_moments(name, depth):
    # Issue: total mass 1 and the first six moments to 1e-11.
    lim = _equal_layers(name, depth)
    assert _log_integral(lim, 0) + lim.atom == pytest.approx(1.0, abs=1e-11)
    moments = lim.moments(6)
    for k in range(1, 7):
        assert _log_integral(lim, k) == pytest.approx(moments[k - 1], rel=1e-11)

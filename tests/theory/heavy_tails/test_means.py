import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.means import has_moment
from rmtjac.theory.heavy_tails.solver import Tail, Values
from tests.theory.heavy_tails.one_cauchy_layer import cauchy_limit


class TwoPowers:
    """density of log lambda: e^{a v} below 0, e^{-b v} above, beside an atom."""

    method, angle = "test", 0.0

    def __init__(self, a, b, atom=0.0, angle=0.0):
        self.a, self.b, self.angle = a, b, angle
        self.height = (1.0 - atom) / (1.0 / a + 1.0 / b)
        self.atom, self.tail = Values(np.array(atom), np.array(0.0)), Tail(b, self.height / b)

    def log_density(self, v):
        return Values(self.height * np.exp(np.minimum(self.a * v, 0.0) - np.maximum(self.b * v, 0.0)), 0.0 * v)

    def cdf(self, v):
        low = float(self.atom.value) + self.height / self.a * np.exp(np.minimum(self.a * v, 0.0))
        return Values(
            np.where(v < 0.0, low, 1.0 - self.height / self.b * np.exp(-np.maximum(self.b * v, 0.0))), 0.0 * v
        )


def test_moments_that_exist():
    # E lambda^k = height (1/(a + k) + 1/(b - k)); the kink at 0 falls on no node, and costs 1e-6 at most
    lim = rj.HeavyTailedLimit(TwoPowers(1.5, 2.5, atom=0.25))
    height = 0.75 / (1 / 1.5 + 1 / 2.5)
    exact = [height * (1.0 / (1.5 + k) + 1.0 / (2.5 - k)) for k in (1, 2)]
    np.testing.assert_allclose(lim.moments(2), exact, rtol=1e-5)
    assert lim.moment(2) == pytest.approx(exact[1], rel=1e-5)
    with pytest.raises(ValueError, match=r"m3 does not exist \(tail exponent 2.5\)"):
        lim.moment(3)
    with pytest.raises(ValueError, match=r"m3 does not exist \(tail exponent 2.5\)"):
        lim.moments(4)
    for wrong in (0, -1, 1.5, "two"):
        with pytest.raises((ValueError, TypeError), match="must be a positive whole number"):
            lim.moment(wrong)


def test_the_exponent_itself_and_logarithms():
    assert not has_moment(Tail(1.0, 1.0), 1)
    assert not has_moment(Tail(1.0, 1.0, -1.0), 1)
    assert has_moment(Tail(1.0, 1.0, -1.5), 1)
    assert has_moment(Tail(math.inf, 0.0), 9)
    law = TwoPowers(1.0, 1.0)
    law.tail = Tail(0.5, 1.0, 2.0)
    with pytest.raises(ValueError, match=r"m1 does not exist \(tail exponent 0.5, times a power 2 of log lambda\)"):
        rj.HeavyTailedLimit(law).moment(1)


def test_smoothed_curves_give_no_moments():
    lim = rj.HeavyTailedLimit(TwoPowers(1.0, 1.5, angle=0.2))
    with pytest.raises(ValueError, match=r"m1 exists .* does not give it"):
        lim.moment(1)


def test_means_of_functions():
    lim = rj.HeavyTailedLimit(TwoPowers(1.0, 0.5, atom=0.4))
    height = 0.6 / 3.0
    for power in (-0.5, 0.25, 0.45):
        exact = height * (1.0 / (1.0 + power) + 1.0 / (0.5 - power))
        value, error = lim.mean(lambda lam, power=power: np.where(lam > 0.0, np.maximum(lam, 1e-300) ** power, 0.0))
        assert abs(value - exact) <= 1e-5 * exact + error
    assert lim.mean(np.ones_like)[0] == pytest.approx(1.0, abs=1e-6)
    assert lim.log_moment() == pytest.approx(height * (1.0 / 0.5**2 - 1.0) / 0.6, rel=1e-5)


@pytest.mark.parametrize("f", [np.sqrt, lambda lam: lam, lambda lam: lam**3])
def test_a_mean_that_does_not_exist_names_the_tail(f):
    with pytest.raises(ValueError, match=r"(does not exist|not finite)"):
        cauchy_limit().mean(f)
    with pytest.raises(ValueError, match=r"f is too large near lambda = 0 \(tail exponent 0.5\)"):
        cauchy_limit().mean(lambda lam: 1.0 / lam)


def test_smoothing_keeps_the_mean_of_the_logarithm():
    assert cauchy_limit(0.4).log_moment() == pytest.approx(cauchy_limit().log_moment(), abs=1e-6)
    assert cauchy_limit(gamma=1e150).log_moment() == pytest.approx(
        cauchy_limit().log_moment() + 300.0 * math.log(10.0), rel=1e-9
    )


def test_a_point_mass_has_no_logarithm():
    law = TwoPowers(1.0, 1.0)
    law.atom = Values(np.array(1.0), np.array(0.0))
    with pytest.raises(ValueError, match="point mass at 0"):
        rj.HeavyTailedLimit(law).log_moment()
    assert rj.HeavyTailedLimit(law).mean(np.cos) == (1.0, 0.0)


def test_stieltjes_where_the_solver_has_it():
    with pytest.raises(ValueError, match="gives no Stieltjes transform"):
        cauchy_limit().stieltjes([1j])
    law = TwoPowers(1.0, 1.0)
    law.transform = lambda z: Values(1.0 / z, 0.0 * z)
    lim = rj.HeavyTailedLimit(law)
    np.testing.assert_array_equal(lim.stieltjes([1j, -2.0]), [-1j, -0.5])
    with pytest.raises(ValueError, match="must not lie in"):
        lim.stieltjes([1j, 2.0])


def test_the_mean_of_one_is_one_though_eigenvalues_leave_the_floats():
    """Cauchy preactivations and tanh: half a per cent of the eigenvalues lie below exp(-700)."""
    limit = rj.limit_spectrum(rj.Ensemble.square(10, 2, "tanh", rj.Cauchy()), masks="independent")
    value, error = limit.mean(np.ones_like)
    assert float(limit.log_cdf(-700.0)) > 0.002
    assert abs(value - 1.0) < 1e-6
    assert error < 0.01

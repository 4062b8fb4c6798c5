import numpy as np
import pytest

from rmtjac.theory.heavy_tails.solver import Tail, Values
from rmtjac.theory.heavy_tails.stored import StoredSolver, tabulate
from tests.theory.heavy_tails.one_cauchy_layer import OneCauchyLayer


@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_a_table_is_right_to_its_error(angle):
    law = OneCauchyLayer(angle=angle, error=1e-9)
    table = tabulate(law)
    v = np.random.default_rng(0).uniform(-45.0, 45.0, 2000)
    for name in ("cdf", "log_density"):
        found, exact = getattr(table, name)(v), getattr(law, name)(v).value
        # between the points of the table the density is a straight line: at the peak 1/8 .02^2 max |r''|
        assert np.all(np.abs(found.value - exact) <= found.error + 1e-8)
        inside = (v >= table.log_lam[0]) & (v <= table.log_lam[-1])  # outside, density and error fall together
        assert found.error[inside].min() >= 1e-9
        assert found.error.max() < 2e-4
    assert np.all(np.diff(table.cdf(np.sort(v)).value) >= 0.0)
    assert (table.method, table.angle, table.tail) == (law.method, law.angle, law.tail)
    assert tabulate(table) is table


def test_a_table_keeps_its_mass_outside():
    law = StoredSolver(
        "x", 0.0, Tail(0.5, 1.0), Values(np.array(0.1), np.array(0.0)), np.array([0.0, 1.0, 2.0, 3.0]),
        np.array([[0.2, 0.2, 0.2, 0.05], [0.0] * 4]), np.array([[0.2, 0.4, 0.6, 0.8], [0.0] * 4]),
    )  # fmt: skip
    v = np.linspace(-60.0, 60.0, 200001)
    f, r = law.cdf(v).value, law.log_density(v).value
    assert f[0] == pytest.approx(0.1, abs=1e-12)
    assert f[-1] == pytest.approx(1.0, abs=1e-6)
    outside = (v < -1e-3) | (v > 3.0 + 1e-3)
    np.testing.assert_allclose(np.gradient(f, v)[outside][1:-1], r[outside][1:-1], atol=1e-6)
    far = law.cdf(np.array([-1e300, 1e300]))
    np.testing.assert_allclose(far.value, [0.1, 1.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_lam": np.array([0.0, 1.0, 1.0, 2.0])}, "ascending"),
        ({"log_lam": np.arange(3.0), "densities": np.ones((2, 3)), "cdfs": np.ones((2, 3))}, "at least four"),
        ({"cdfs": np.array([[0.0, np.nan, 0.5, 1.0], [0.0] * 4])}, "finite"),
        ({"atom": Values(np.array(1.5), np.array(0.0))}, "a probability"),
    ],
)
def test_tables_that_make_no_sense(change, message):
    parts = {
        "method": "x", "angle": 0.0, "tail": Tail(1.0, 1.0), "atom": Values(np.array(0.0), np.array(0.0)),
        "log_lam": np.arange(4.0), "densities": np.ones((2, 4)), "cdfs": np.ones((2, 4)),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        StoredSolver(**{**parts, **change})


def test_a_point_mass_has_no_table():
    law = OneCauchyLayer()
    law.atom = Values(np.array(1.0), np.array(0.0))
    with pytest.raises(ValueError, match="point mass at 0"):
        tabulate(law)


def test_the_error_of_the_density_falls_outside_the_table():
    """The density outside is a guess, itself its error; the error of the last point would spoil every mean."""
    table = tabulate(OneCauchyLayer(angle=0.2, error=1e-3))
    ends = table.log_lam[[0, -1]] + np.array([-1e-9, 1e-9])
    points = np.array([-1e4, -200.0, 200.0, 1e4])
    assert np.all(table.log_density(ends).error >= 1e-3)
    assert np.all(table.log_density(points).error < 1e-6)
    assert np.all(table.log_density(points).error >= table.log_density(points).value)


def test_tables_wider_than_the_range_of_a_float():
    """F = 100/(100 + |v|)/2 on each side of 0, as for slopes exp(-|h|) of a Cauchy h, reaches to exp(1e10)."""

    class Wide(OneCauchyLayer):
        def cdf(self, log_lam):
            half = 50.0 / (100.0 + np.abs(log_lam))
            return Values(np.where(log_lam < 0.0, half, 1.0 - half), np.full(log_lam.size, 1e-12))

        def log_density(self, log_lam):
            return Values(50.0 / (100.0 + np.abs(log_lam)) ** 2, np.full(log_lam.size, 1e-12))

    law = Wide()
    table = tabulate(law)
    v = np.concatenate([np.linspace(-3e3, 3e3, 997), [-1e7, -1e5, 1e5, 1e7]])
    found = table.cdf(v)
    assert np.all(np.abs(found.value - law.cdf(v).value) <= found.error + 1e-7)

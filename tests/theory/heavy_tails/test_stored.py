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
        assert found.error.min() >= 1e-9
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

import numpy as np

from rmtjac.theory.heavy_tails.many_points import ManyPoints
from tests.theory.heavy_tails.one_cauchy_layer import OneCauchyLayer


def test_the_density_at_many_points():
    law = OneCauchyLayer()
    fast = ManyPoints(law)
    v = np.linspace(-30.0, 30.0, 500)
    found, exact = fast.log_density(v), law.log_density(v).value
    # step^4 / 30 of the fifth derivative, and the spline of the oracle: 1e-8
    np.testing.assert_allclose(found.value, exact, atol=1e-8)
    assert np.all(np.abs(found.value - exact) <= found.error + 1e-8)
    np.testing.assert_array_equal(fast.log_density(v[:5]).value, exact[:5])
    np.testing.assert_array_equal(fast.cdf(v).value, law.cdf(v).value)
    assert (fast.method, fast.angle, fast.tail, fast.atom) == (law.method, law.angle, law.tail, law.atom)

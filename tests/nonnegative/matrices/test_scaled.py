from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from rmtjac.nonnegative.matrices.components import components
from rmtjac.nonnegative.matrices.scaled import Scaled


@pytest.mark.parametrize("spread", [1, 50, 150])
def test_bounds_hold_the_exact_product(spread):
    rng = np.random.default_rng(spread)
    for sizes in ((3, 3), (4, 2, 4), (2, 6, 3, 2)):
        factors = [10.0 ** rng.uniform(-spread, spread, (b, a)) for a, b in pairwise(sizes)]
        (block,) = components(factors)
        n = len(block.owners[0])
        scaled = Scaled(block, np.rint(rng.uniform(-spread, spread, n)), rng.random(n) + 0.1)
        assert ((scaled.vector >= 0.5) & (scaled.vector < 1.0)).all()
        low, high = scaled.bounds(scaled.vector)
        exact = [Fraction(x) * Fraction(2) ** int(e) for x, e in zip(scaled.vector, scaled.places[0], strict=True)]
        for one in block.factors:
            exact = [sum(Fraction(a) * x for a, x in zip(row, exact, strict=True)) for row in one.tolist()]
        for k, value in enumerate(exact):
            here = value / Fraction(2) ** int(scaled.places[0][k] + scaled.power[0])
            assert _fraction(low[k]) <= here <= _fraction(high[k])
            assert high[k] - low[k] <= 1e-15 * high.max()


def _fraction(number):
    """A long double, exactly."""
    head = float(number)
    return Fraction(head) + Fraction(float(number - np.longdouble(head)))

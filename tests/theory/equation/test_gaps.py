import math

import numpy as np
import pytest

from rmtjac.activations import activation
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.equation import gaps as module
from rmtjac.theory.equation.gaps import gaps
from rmtjac.theory.equation.slopes import Factors
from rmtjac.theory.equation.stretches import branches


def _gaps(layers):
    """All gaps, and the widest cell left undecided."""
    weights = Factors.of(layers)
    found, complete = branches(layers, weights)
    assert complete
    each = [gaps(layers, weights, branch) for branch in found]
    return [gap for some, _ in each for gap in some], max(hidden for _, hidden in each)


@pytest.mark.parametrize("p", [0.2, 0.81])
def test_marchenko_pastur(p):
    # lambda = (1 + m)(p + m)/m: critical at +-sqrt(p); it falls from infinity for m > 0, and to 0 below -sqrt(p)
    found, hidden = _gaps(Layers([DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])], [1.0]))
    assert hidden < 1e-10
    ends = sorted(end for gap in found for end in (gap.low, gap.high) if end is not None)
    np.testing.assert_allclose([end.m for end in ends], [-math.sqrt(p), math.sqrt(p)], rtol=1e-6)
    np.testing.assert_allclose([end.log_lam for end in ends], 2.0 * np.log1p([-math.sqrt(p), math.sqrt(p)]), rtol=1e-12)


@pytest.mark.parametrize(
    "values",
    [([0.01, 1.0], [0.5, 0.5]), ([1e-4, 1e-2, 1.0], [0.3, 0.4, 0.3]), ([0.5, 0.55, 0.6, 2.0], [0.2, 0.2, 0.2, 0.4])],
)
def test_one_layer_against_the_roots_of_a_polynomial(values):
    # lambda = (1 + m)/u with m = sum w_j u x_j / (1 - u x_j): the critical u are roots of a polynomial
    x, w = map(np.array, values)
    poly = np.polynomial.Polynomial
    factors = [poly([1.0, -a]) for a in x]
    den = math.prod(factors, start=poly([1.0]))
    num = sum(b * math.prod((f for j, f in enumerate(factors) if j != i), start=poly([1.0])) for i, b in enumerate(w))
    # 1 + m = num / den; d/du of num / (u den)
    bottom = poly([0.0, 1.0]) * den
    critical = (num.deriv() * bottom - num * bottom.deriv()).roots()
    real = np.sort(critical[np.abs(critical.imag) < 1e-7].real)
    values_there = num(real) / bottom(real)
    expected = np.sort(values_there[values_there > 0.0])
    found, _ = _gaps(Layers([DiscreteLaw.from_points(*values)], [1.0]))
    ends = sorted(math.exp(end.log_lam) for gap in found for end in (gap.low, gap.high) if end is not None)
    np.testing.assert_allclose(ends, expected, rtol=1e-8)


def test_what_is_narrow_is_found_or_said():
    # The cubic whose roots are the critical u has a double root at the slope .28731835753461940 (40 digits, bisection).
    for slope, count in ((0.2873183, 2), (0.2873184, 1)):
        found, hidden = _gaps(Layers([derivative_law(activation(f"leaky_relu:{slope}"), 1.0)], [1.0]))
        assert len(found) == count
        assert hidden < 1e-10


def test_bounds_that_are_not_numbers_prove_nothing(monkeypatch):
    layers = Layers([DiscreteLaw.from_points([0.01, 1.0], [0.5, 0.5])], [1.0])

    def blind(layers, counts, quotients, stretches, left, right):
        nothing = np.full(left[0].v.size, math.nan)
        return nothing, nothing

    monkeypatch.setattr(module, "slope_bounds", blind)
    assert _gaps(layers)[1] == math.inf

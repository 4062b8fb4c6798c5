"""The equation without rounding: its terms, constants and offsets against fractions and numpy."""

import math
from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.proof.arb import exact
from rmtjac.theory.proof.exact_equation import Power, equation
from rmtjac.theory.proof.verdict import Unproved

flint = pytest.importorskip("flint")


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def test_equal_laws_are_merged():
    laws = [DiscreteLaw.from_points([0.0, 0.5, 2.0], [0.2, 0.3, 0.5]) for _ in range(3)]
    eq = equation(Layers(laws, [1.0] * 3))
    assert (eq.lead.count, eq.others) == (3, ())
    # Equal floats, but one of the functions is unknown: no proof.
    own = rj.Activation("own", np.tanh, rj.activations.activation("tanh").derivative)
    with pytest.raises(Unproved, match="'own' has no analytic derivative"):
        equation(Layers([_law("tanh"), derivative_law(own, 0.5)], [1.0] * 2))


def test_scales_and_widths_are_exact():
    # variances .1 and .3 are the floats they are, the widths make fractions
    layers = Layers([_law("linear"), _law("relu")], [0.1, 0.3], [3.0, 7.0, 2.0], [True, False])
    eq = equation(layers)
    # 1/r_0 = 3/2; the first layer is orthogonal and n_1 > n_0: r_1/r_1; the second Gaussian: r_1/r_2 = 2/7
    assert eq.scale == Fraction(0.1) * Fraction(0.3) * Fraction(3, 7)
    assert abs(float(eq.log_constant()) - layers.log_scale) < 1e-14
    # (1 + r_0 m) of the input, the linear layer against its orthogonal weights: r_1 - r_1 = nothing
    assert {(t.ratio, t.count) for t in eq.terms} == {(Fraction(2, 3), 1), (Fraction(1), 1)}


def _log_lambda(eq, m):
    """log lambda(m) of the equation at a small real m > 0 in floats, by Newton's method for each u_g, m_K by numpy."""
    total = float(eq.log_constant()) - math.log(m)
    for term in eq.terms:
        r, law = float(term.ratio), term.law.float_law
        if term.single:
            total += term.count * math.log(float(flint.arb(term.law.mass)) + r * m)
            continue
        u = r * m / law.mean
        for _ in range(60):
            value = (law.weights * u * law.values / (1 - u * law.values)).sum()
            u -= (value - r * m) / (law.weights * law.values / (1 - u * law.values) ** 2).sum()
        total += term.count * math.log(r * m / u)
    return total


@pytest.mark.parametrize(
    ("names", "variances", "widths", "orthogonal"),
    [
        (["linear"], [1.0], None, None),
        (["relu", "relu", "leaky_relu:0.2"], [2.0, 0.5, 1.0], None, None),
        (["relu", "leaky_relu:0.2"], [1.0, 3.0], [300, 200, 700], [False, True]),
        (["hardtanh", "relu6", "leaky_relu:0.4"], [1.0, 0.1, 2.0], [3.0, 7.0, 2.0, 5.0], [True, True, False]),
        (["leaky_relu:0.5"] * 4, [1.0] * 4, [100, 50, 50, 20, 80], [True, False, True, False]),
    ],
)
def test_the_product_formula(names, variances, widths, orthogonal):
    # lambda(m) = (1 + r_0 m)/(r_0 m) prod sigma_l^2 r_l m / chi_l(r_{l+1} m), chi by bisection, from the layers.
    laws = [_law(name) for name in names]
    eq = equation(Layers(laws, variances, widths, orthogonal))
    n = widths or [1.0] * (len(laws) + 1)
    flags = orthogonal or [False] * len(laws)
    r = [n[-1] / one for one in n]
    for m in (1e-3, 0.02):
        want = math.log((1 + r[0] * m) / (r[0] * m))
        for l, (law, variance) in enumerate(zip(laws, variances, strict=True)):
            goal, low, high = r[l + 1] * m, 0.0, (1.0 - 1e-15) / law.supremum
            for _ in range(200):
                u = 0.5 * (low + high)
                below = (law.weights * u * law.values / (1 - u * law.values)).sum() < goal
                low, high = (u, high) if below else (low, u)
            want += math.log(variance * r[l] * m / u)
            if flags[l]:  # an orthogonal layer: place / (1 + place m) of the larger width in place of r_l
                place = r[l + 1] if n[l + 1] > n[l] else r[l]
                want += math.log(place / r[l]) - math.log(1 + place * m)
        assert _log_lambda(eq, m) == pytest.approx(want, abs=1e-12)


def test_the_lead_has_the_smallest_rank():
    eq = equation(Layers([_law("hardtanh", 0.3), _law("relu"), _law("linear")], [1.0] * 3, [3, 2, 4, 1]))
    ranks = [term.rank for term in eq.terms if term.count > 0]
    assert eq.lead.rank == min(ranks)
    assert eq.is_rational
    assert not equation(Layers([_law("tanh"), _law("relu")], [1.0, 1.0])).is_rational


def test_single_values_become_constants():
    law = DiscreteLaw.from_points([0.0, 3.0], [0.5, 0.5])
    eq = equation(Layers([law, law, _law("relu")], [1.0] * 3))
    # 3 twice and, of ReLU and the input, 1; all of probability 1/2 are one factor (1/2 + m)^3
    assert {(power.law.points[0].value, power.exponent) for power in eq.values} == {(3, 2), (1, 1)}
    assert all(isinstance(power, Power) for power in eq.values)
    assert float(eq.log_constant()) == pytest.approx(2 * math.log(3.0), rel=1e-15)
    assert sorted((str(term.law.mass), term.count) for term in eq.terms) == [("1", 1), ("1/2", 3)]


def test_offsets_are_exact():
    eq = equation(Layers([_law("relu"), _law("linear")], [1.0, 1.0], [300, 200, 100]))
    for term, offset in zip(eq.factors, eq.offsets(), strict=True):
        want = 1 - term.ratio * Fraction(1, 1) * _mass(eq.lead) / (eq.lead.ratio * _mass(term))
        assert offset == exact(want)


def _mass(term):
    return Fraction(int(term.law.mass.p), int(term.law.mass.q))

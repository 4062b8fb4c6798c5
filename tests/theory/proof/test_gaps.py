import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.proof.density import certified_density
from rmtjac.theory.proof.exact_equation import equation
from rmtjac.theory.proof.gaps import prove_outside

pytest.importorskip("flint")


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _discriminant(p, slope, lam):
    """Discriminant of the cubic in u, lam = (1 + m)/u, for D^2 = 1 or slope^2: below 0 a complex pair, density > 0."""
    a = slope**2
    # (1 + m) = p/(1-u) + (1-p)/(1-au); times u lam: lam u (1-u)(1-au) - p(1-au) - (1-p)(1-u) = 0
    c = np.array([lam * a, -lam * (1 + a), lam + p * a + 1 - p, -1.0])
    roots = np.roots(c)
    return np.abs(roots.imag).max()


def test_the_gap_of_leaky_relu():
    layers = Layers([_law("leaky_relu:0.2")], [1.0])
    lam = np.geomspace(1e-2, 2.0, 120)
    result = certified_density(layers, lam)
    assert result.proved.all(), result.reasons
    bulk = np.array([_discriminant(0.5, 0.2, x) > 1e-6 for x in lam])
    np.testing.assert_array_equal(result.density > 0.0, bulk)
    assert 0 < (~bulk).sum() < 60


@pytest.mark.parametrize("layers", [
    Layers([_law("relu")], [1.0]),
    Layers([_law("relu"), _law("hardtanh")], [1.0, 2.0], [300, 200, 400]),
    Layers([_law("relu"), _law("hardtanh")], [1.0, 2.0], [300, 200, 400], [True, False]),
    Layers([DiscreteLaw.from_points([1.0, 30.0], [0.5, 0.5])], [1.0]),
])  # fmt: skip
def test_it_agrees_with_the_edges(layers):
    # Two proofs of different kind: where one says the density is positive the other must not say it is 0.
    lam = np.geomspace(1e-4, 1e3, 60)
    eq = equation(layers)
    outside = np.array([prove_outside(eq, float(x)).proved for x in lam])
    result = certified_density(layers, lam)
    assert result.proved.all(), result.reasons
    np.testing.assert_array_equal(outside, result.density == 0.0)
    assert outside.any()
    assert not outside.all()


def test_no_claim_in_the_support():
    for layers in (Layers([_law("relu")] * 2, [1.0] * 2), Layers([_law("leaky_relu:0.5")] * 3, [1.0] * 3)):
        assert not any(prove_outside(equation(layers), x) for x in (1e-12, 1e-3, 0.1, 1.0))


def test_smooth_laws_are_not_covered():
    assert "finitely many values" in prove_outside(equation(Layers([_law("tanh")], [1.0])), 100.0).reason

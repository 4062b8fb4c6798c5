import mpmath
import numpy as np
import pytest
from mpmath import iv

import rmtjac as rj
from rmtjac.activations import activation, names
from rmtjac.fixed_points.proved.multiplicity import _activated, most_fixed_points

FORMULAS = {
    "tanh": mpmath.tanh,
    "erf": lambda h: mpmath.erf(mpmath.sqrt(mpmath.pi) / 2 * h),
    "sigmoid": lambda h: 1 / (1 + mpmath.exp(-h)),
    "softsign": lambda h: h / (1 + abs(h)),
    "arctan": mpmath.atan,
    "softplus": lambda h: mpmath.log(1 + mpmath.exp(h)),
    "silu": lambda h: h / (1 + mpmath.exp(-h)),
    "gelu": lambda h: h * mpmath.ncdf(h),
    "mish": lambda h: h * mpmath.tanh(mpmath.log(1 + mpmath.exp(h))),
}


@pytest.mark.parametrize("name", [name for name in names() if name in FORMULAS])
def test_series_hold_the_derivatives(name):
    with mpmath.workdps(30):
        for place in (-1.3, 0.7):
            h = [iv.mpf([place - 1e-6, place + 1e-6]), iv.mpf(1), *[iv.mpf(0)] * 5]
            exact = mpmath.taylor(FORMULAS[name], mpmath.mpf(place), 6)
            for term, coefficient in zip(_activated(activation(name), h), exact, strict=True):
                assert term.a <= coefficient <= term.b
                assert term.b - term.a < 1e-2


def test_pieces_and_kinks():
    h = [iv.mpf([0.5, 0.6]), iv.mpf(2), *[iv.mpf(0)] * 5]
    assert [float(c.mid) for c in _activated(activation("hardtanh"), h)[1:3]] == [2.0, 0.0]
    assert _activated(activation("relu"), [iv.mpf([-0.1, 0.1]), *h[1:]]) is None
    assert _activated(activation("softsign"), [iv.mpf([-0.1, 0.1]), *h[1:]]) is None


@pytest.mark.parametrize(
    ("weights", "kinds", "most"),
    [
        ([[[1.0]]], "tanh", 3),
        ([[[1.0]]], "erf", 3),
        ([[[1.0]]], "arctan", 3),
        ([[[2.0]]], "tanh", 1),
        ([[[1.0]], [[2.0]]], ["silu", "linear"], 2),
        ([[[1.0]], [[2.0]]], ["gelu", "linear"], 2),
        # 4/3 tanh(x) - 1/6 tanh(2 x) = x + c x^5: the cubes cancel but for the rounding of the weights
        ([[[1.0], [2.0]], [[4 / 3, -1 / 6]]], ["tanh", "linear"], 5),
        ([[[1.0], [-1.0]], [[1.0, -1.0]]], ["silu", "linear"], None),  # the identity
    ],
)
def test_the_most_there_can_be(weights, kinds, most):
    assert most_fixed_points(rj.Network(weights, activation=kinds), -1e-5, 1e-5) == most


def test_clusters_tell_their_multiplicity():
    (cluster,) = rj.find_fixed_points(rj.Network([[[1.0]]], activation="tanh")).clusters
    assert (cluster.index, cluster.multiplicity) == (1, 3)
    assert "at most 3 with their multiplicity" in str(cluster)
    (pair,) = rj.find_fixed_points(
        rj.Network([[[1.0]], [[2.0]]], activation=["silu", "linear"]), domain=(-1, 1)
    ).clusters
    assert (pair.index, pair.multiplicity) == (0, 2)
    (plane,) = rj.find_fixed_points(rj.Network([np.eye(2)], activation="tanh")).clusters
    assert plane.multiplicity is None

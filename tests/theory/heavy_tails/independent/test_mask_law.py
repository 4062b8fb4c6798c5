"""Laws of D^2 under stable preactivations."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw, mask_law


def test_hardtanh_under_cauchy():
    """P(|h| < 1) = (2 / pi) atan(1 / q); q* of gamma = 1 gives .65768."""
    law = mask_law("hardtanh", 1.0, 0.596330)
    assert law.log_squares == (0.0,)
    assert abs(law.mass - 2.0 / math.pi * math.atan(1.0 / 0.596330)) < 1e-15
    assert abs(law.mass - 0.65768) < 1e-5


@pytest.mark.parametrize("phi", ["tanh", "erf", "gelu", "softsign", "sigmoid", "silu"])
@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_means_against_quad(phi, alpha):
    """E D^2 / (1 + D^2) to 1e-9, the accuracy that is asked of quad; gelu and silu have a zero of the slope."""
    from rmtjac.activations import activation

    law = mask_law(phi, alpha, 0.8)
    x, p = np.exp(law.log_squares), np.array(law.masses)
    slope = activation(phi).derivative

    def term(u):  # h = .8 tan u is Cauchy, or has the normal law by the weight
        h = np.array([0.8 * math.tan(u)])
        square = float(slope(h)[0]) ** 2
        weight = 1.0 / math.pi
        if alpha == 2.0:
            weight = 1.0 / math.cos(u) ** 2 / math.sqrt(2.0 * math.pi) * math.exp(-0.5 * math.tan(u) ** 2)
        return weight * square / (1.0 + square)

    want = quad(term, -math.pi / 2 + 1e-9, math.pi / 2 - 1e-9, epsabs=1e-11, limit=2000)[0]
    assert abs(float((x / (1.0 + x)) @ p) - want) < 2e-9
    assert abs(law.mass - 1.0) < 1e-12


def test_points_are_joined_and_checked():
    law = MaskLaw.from_points([1, 0, 4, 1], [0.25, 0.25, 0.25, 0.25])
    assert law.masses == (0.5, 0.25)
    assert law.mass == 0.75
    for squares, masses in (
        ([-1.0], [1.0]),
        ([math.nan], [1.0]),
        ([1.0], [1.5]),
        ([0.0], [1.0]),
        ([1.0, 2.0], [0.8, 0.8]),
    ):
        with pytest.raises(ValueError, match=r"D\^2"):
            MaskLaw.from_points(squares, masses)


def test_a_scale_of_zero_is_a_point():
    assert mask_law("tanh", 1.3, 0.0) == MaskLaw.one()

from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.nonnegative.outward_rounding import (
    above,
    activated,
    affine,
    at_least,
    at_most,
    below,
    product_bounds,
)
from tests.nonnegative import oracle

ENDS = (-322.0, 307.0)


def _numbers(rng, shape, kind):
    if kind == "scales":
        return rng.random(shape) * 10.0 ** rng.uniform(*ENDS, shape) * (rng.random(shape) < 0.8)
    return rng.random(shape) * 10.0 ** rng.uniform(*ENDS) * (rng.random(shape) < 0.8)


@pytest.mark.parametrize("kind", ["scales", "one scale"])
def test_sums_against_rationals(kind):
    rng = np.random.default_rng(0)
    blind = 0
    for _ in range(150):
        n, m = int(rng.integers(1, 6)), int(rng.integers(1, 6))
        matrix, x = _numbers(rng, (m, n), kind), _numbers(rng, n, kind)
        signed = rng.random() < 0.5
        if signed:
            matrix = matrix * rng.choice([-1.0, 1.0], matrix.shape)
            x = x * rng.choice([-1.0, 1.0], n)
        bias = _numbers(rng, m, kind) * rng.choice([-1.0, 1.0], m)
        low, high = (affine(matrix, bias, x, sign, np.abs(matrix) if signed else None) for sign in (-1.0, 1.0))
        for i in range(m):
            exact = sum((Fraction(a) * Fraction(b) for a, b in zip(matrix[i].tolist(), x.tolist(), strict=True)), 0)
            exact += Fraction(float(bias[i]))
            assert not np.isnan(low[i])
            assert not np.isnan(high[i])
            assert low[i] == -np.inf or Fraction(float(low[i])) <= exact
            assert high[i] == np.inf or exact <= Fraction(float(high[i]))
            size = sum(
                (abs(Fraction(a) * Fraction(b)) for a, b in zip(matrix[i].tolist(), x.tolist(), strict=True)), 0
            ) + abs(Fraction(float(bias[i])))
            if size < Fraction(2) ** 1023:
                width = Fraction(float(high[i])) - Fraction(float(low[i]))
                assert width <= size * Fraction(1e-14) + 50 * Fraction(2) ** -1074
            else:
                blind += 1
    assert blind > 0  # sums that overflow were among them


def test_sums_that_overflow_keep_their_sign():
    matrix, bias = np.full((1, 3), 1e308), np.array([-1e308])
    for x in (np.ones(3), np.full(3, 1e300), np.full(3, 1.7e308)):
        assert affine(matrix, bias, x, -1.0)[0] == np.finfo(float).max
        assert affine(matrix, bias, x, 1.0)[0] == np.inf
    top = np.array([np.inf, 0.0, 1.0])
    assert affine(np.array([[0.0, 1.0, 2.0]]), np.zeros(1), top, 1.0)[0] == pytest.approx(2.0, rel=1e-14)
    assert affine(np.array([[1e-300, 1.0, 2.0]]), np.zeros(1), top, 1.0)[0] == np.inf
    assert affine(np.array([[0.0, 0.0]]), np.array([0.1]), np.ones(2), 1.0)[0] == 0.1  # without terms, the bias


@pytest.mark.parametrize("name", oracle.NAMES)
def test_activations_against_mpmath(name):
    mpmath.mp.dps = 60
    rng = np.random.default_rng(1)
    phi = rj.activations.activation(name)
    start = 0.0 if phi.facts.monotone_from == 0.0 else -1.0
    h = 10.0 ** rng.uniform(-320, 300, 120) * np.where(rng.random(120) < 0.5, 1.0, start)
    h = np.concatenate([h, rng.normal(size=60) ** 2, -start * np.linspace(-800.0, 0.0, 60), [0.0, 1e308, 745.2]])
    low, high = activated(phi, h, -1.0), activated(phi, h, 1.0)
    for t, a, b in zip(h.tolist(), low.tolist(), high.tolist(), strict=True):
        exact = oracle.value(phi, mpmath.mpf(t))
        assert mpmath.mpf(a) <= exact <= mpmath.mpf(b), (t, a, b)
        assert b - a <= 1e-14 * abs(b) + 1e-306


def test_products_against_rationals():
    rng = np.random.default_rng(2)
    for k in range(150):
        sizes = rng.integers(1, 5, int(rng.integers(2, 6))).tolist()
        factors = [_numbers(rng, (b, a), ("scales", "one scale")[k % 2]) for a, b in pairwise(sizes)]
        slopes = [rng.random(len(one)) * (rng.random(len(one)) < 0.8) for one in factors] if k % 3 else None
        x = rng.random(sizes[0]) + 1e-3
        exact = [Fraction(v) for v in x.tolist()]
        for l, one in enumerate(factors):
            exact = [
                sum((Fraction(a) * b for a, b in zip(row, exact, strict=True)), Fraction(0)) for row in one.tolist()
            ]
            if slopes is not None:
                exact = [Fraction(a) * b for a, b in zip(slopes[l].tolist(), exact, strict=True)]
        for value, low, high in zip(exact, *product_bounds(factors, x, slopes), strict=True):
            assert Fraction(float(low)) <= value
            assert high == np.inf or value <= Fraction(float(high))


def test_text_is_rounded_in_the_direction_of_the_proof():
    assert at_most(0.1) == "0.100001"  # the float is a little more
    assert at_most(0.5) == at_least(0.5) == "0.5"
    assert at_least(0.1) == "0.1"
    assert at_least(0.3) == "0.299999"  # the float is a little less
    rng = np.random.default_rng(3)
    for x in (*(1.0 - 2.0 ** -rng.integers(1, 54, 60)), 1.0 - 2.0**-53, *10.0 ** rng.uniform(-320, 0, 50)):
        assert Fraction(float(x)) <= Fraction(at_most(x, 1.0)) < 1
        assert Fraction(float(x)) >= Fraction(at_least(x, 0.0)) > 0
        assert Fraction(1 / x) >= Fraction(at_least(1 / x, 1.0)) > 1 or 1 / x == 1.0 or 1 / x == np.inf


def test_bounds_round_outward():
    rng = np.random.default_rng(5)
    matrix, bias, x = rng.random((6, 6)), rng.random(6), rng.random(6)
    net = rj.Network([matrix, matrix], [bias, bias], "relu")
    y = [Fraction(v) for v in x]
    for _ in range(2):
        y = [
            sum(Fraction(w) * v for w, v in zip(row, y, strict=True)) + Fraction(b)
            for row, b in zip(matrix, bias, strict=True)
        ]
    low, high = below(net, x), above(net, x)
    assert all(Fraction(a) <= v <= Fraction(b) for a, v, b in zip(low, y, high, strict=True))
    assert (high - low <= 1e-13 * high).all()

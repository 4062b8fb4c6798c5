import math
import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.status import Status
from tests.nonnegative import oracle


def _certify(weights, biases=None, activation="relu"):
    return nn.certify(rj.Network(weights, biases, activation))


def test_the_ray():
    # Linear, b = 0, rho = 1: every t v is fixed.
    found = _certify([np.full((2, 2), 0.5)])
    assert (found.exists, found.unique, found.shape, found.theorem) == (True, False, "interval", "Perron ray")
    assert found.hypotheses["scalable"].value is False
    np.testing.assert_allclose(found.ray.vector, 1.0, rtol=1e-15)
    assert found.ray.end == np.inf
    for shift in (1e-12, -1e-12):  # no ray: 0 alone
        found = _certify([np.full((2, 2), 0.5 * (1.0 + shift))])
        assert (found.exists, found.shape, found.positive) == (True, "point", False)


def test_the_interval_of_a_clip():
    # clip(W z, 0, 6), W primitive with rho = 1: t v for t in [0, 6 / max v].
    matrix = np.array([[0.5, 0.5], [0.25, 0.75]])
    found = _certify([matrix], activation="relu6")
    assert (found.exists, found.unique, found.shape, found.theorem) == (True, False, "interval", "Perron ray")
    assert (found.least.upper == 0.0).all()
    assert (found.greatest.lower <= 6.0).all()
    assert (found.greatest.upper >= 6.0).all()
    np.testing.assert_array_equal(found.ray.vector, [1.0, 1.0])
    assert found.ray.end == 6.0
    assert "at 5 of them" in found.reason
    net = rj.Network([matrix], activation="relu6")
    on, off = found.ray.points(np.linspace(0, 1, 9)), np.array([6.5, 6.5])
    np.testing.assert_array_equal(net(on), on)
    assert (net(off) != off).all()


def test_two_points():
    # tanh(2x) is monotone, weakly scalable, primitive at both of its fixed points, and rho(T_inf) = 0: no interval.
    net = rj.Network([[[2.0]]], activation="tanh")
    found = nn.certify(net)
    assert (found.exists, found.unique, found.shape) == (True, False, "two points")
    assert found.hypotheses["weakly_scalable"]
    for point in ([0.0], found.greatest.point):
        assert nn.lower_primitive(net, point)
        assert nn.upper_primitive(net, point)
    assert found.rho == (0.0, 0.0)
    middle = 0.5 * found.greatest.point
    assert (net(middle) > middle).all()
    assert _certify([[[1.0]]], activation="tanh").shape == "point"  # rho(A) = 1, but tanh(t) < t


def test_contraction_without_a_bias_everywhere():
    # Not scalable, yet concave and a contraction from the first iterate on.
    found = _certify([[[0.5, 0.0], [1.0, 0.5]]], [[0.0, 1.0]])
    assert (found.shape, found.theorem, found.unique) == ("point", "contraction", True)
    np.testing.assert_allclose(found.least.point, [0.0, 2.0], atol=1e-12)
    assert found.rate.value < 1.0


def test_a_bias_that_takes_two_steps():
    found = _certify([[[0.0, 0.5], [0.5, 0.0]]], [[1.0, 0.0]])
    assert found.hypotheses["scalable"].value is False
    assert found.hypotheses["eventually_scalable"]
    assert (found.shape, found.theorem, found.positive) == ("point", "Cavalcante-Liao-Stanczak", True)
    np.testing.assert_allclose(found.least.point, [4 / 3, 2 / 3], rtol=1e-12)
    assert _certify([[[0.0, 2.0], [0.5, 0.0]]], [[1.0, 0.0]]).shape == "empty"


def test_rates():
    found = _certify([[[0.5]]], [[1.0]], "tanh")
    exact = 0.5 * (1.0 - found.least.point[0] ** 2)  # the derivative at the fixed point
    assert found.rate.value == pytest.approx(exact, rel=1e-9)
    assert found.thompson < 1.0
    assert "in Thompson's metric" in found.table()


def test_a_bias_decides():
    matrix = np.full((2, 2), 0.5)
    found = _certify([matrix], [[0.1, 0.1]])
    assert (found.exists, found.shape, found.theorem) == (False, "empty", "Cavalcante-Liao-Stanczak")
    for shift, exists in ((1e-12, False), (-1e-12, True)):
        found = _certify([np.full((2, 2), 0.5 * (1 + shift))], [[0.1, 0.1]])
        assert found.exists is exists
        assert found.shape == ("point" if exists else "empty")


def test_negative_biases_and_silu():
    clipped = _certify([np.eye(2) * 0.5], [[-1.0, 1.0]])
    assert clipped.hypotheses["monotone"]
    assert clipped.hypotheses["weakly_scalable"].value is None
    assert "biases[0][0] = -1 is negative" in clipped.hypotheses["weakly_scalable"].evidence
    assert clipped.exists
    assert clipped.unique is None
    refused = _certify([np.eye(2)], [[-1.0, 1.0]], "silu")
    assert (refused.exists, refused.theorem) == (None, "none applies")
    assert "silu of layer 0 is nondecreasing from 0 on" in refused.reason
    only = _certify([np.eye(2) * 0.5], [[0.5, 0.5]], "silu")
    assert (only.exists, only.theorem, only.unique) == (True, "monotone bound", None)


def test_softplus_is_scalable_without_a_bias():
    found = _certify([[[0.5]]], None, "softplus")
    assert (found.exists, found.unique, found.positive) == (True, True, True)
    assert _certify([[[1.0]]], None, "softplus").exists is False


def test_zero_rows_and_reducible_weights():
    found = _certify([[[0.5, 0.2], [0.0, 0.0]]], [[1.0, 0.0]])
    assert found.hypotheses["scalable"].value is False  # T(0) is 0 in entry 1
    assert found.exists
    reducible = _certify([[[0.5, 7.0], [0.0, 0.9]]], [[1.0, 1.0]])
    assert (reducible.shape, reducible.exists) == ("point", True)
    assert reducible.rho == pytest.approx((0.9, 0.9), rel=1e-12)
    assert _certify([[[0.5, 7.0], [0.0, 1.0]]], [[1.0, 1.0]]).exists is False


def test_only_zero_is_fixed():
    found = _certify([[[0.5, 0.25], [0.25, 0.5]]], None, "tanh")
    assert (found.unique, found.positive, found.theorem) == (True, False, "linear bound")
    assert (found.least.upper == 0).all()
    # Reducible: {0, p} x {0, p}, p = tanh(2 p).
    two = _certify([2.0 * np.eye(2)], None, "tanh")
    assert (two.exists, two.unique, two.shape) == (True, False, "product")
    assert [part.certificate.shape for part in two.parts] == ["two points"] * 2
    assert (two.greatest.lower <= 0.957504024077268744).all()
    assert (two.greatest.upper >= 0.957504024077268744).all()


def test_overflow_is_no_proof():
    # T = -4 everywhere, through 1e308 + 1e308: tanh is 1 there, and 1 - 5 < 0.
    for weight, bias in ((1.0, 1e308), (3.0, 1e308), (1.0, 1.7e308)):
        net = [[[weight], [weight]], [[weight, weight]], [[1.0]]]
        found = _certify(net, [[bias, bias], [0.0], [-5.0]], ["relu", "tanh", "linear"])
        assert found.exists is not True
        assert found.hypotheses["self_map"].value is not True
    # What overflows is where tanh is 1, or sigmoid: a point there is found.
    for name, biases in (("tanh", [0.1, 0.0, 0.0]), ("sigmoid", None), ("relu6", [1e-300, 0.0, 0.0])):
        found = _certify([np.full((3, 3), 1e308)], None if biases is None else [biases], name)
        assert (found.shape, found.least.status) == ("point", Status.CONVERGED)
        np.testing.assert_allclose(found.least.point, 6.0 if name == "relu6" else 1.0, rtol=1e-14)
    both = _certify([np.full((3, 3), 1e308)], activation="tanh")
    assert both.shape == "two points"
    np.testing.assert_allclose(both.greatest.point, 1.0, rtol=1e-14)


def test_underflow_is_no_proof():
    # The product of the weights is 1e200, 1e-200 and 1.
    def layers(*scales):
        return [[[scale]] for scale in scales]

    zeros = [[0.0]] * 3
    found = _certify(layers(1e-200, 1e-200, 1e300, 1e300), [*zeros, [1.0]])
    assert (found.exists, found.shape) == (False, "empty")
    assert found.rho[0] <= 1e200 * (1 + 1e-15)
    assert found.rho[1] >= 1e200 * (1 - 1e-15)
    assert found.rho[1] - found.rho[0] <= 1e-11 * 1e200
    found = _certify(layers(1e200, 1e200, 1e-300, 1e-300), [*zeros, [1.0]])
    assert (found.exists, found.shape) == (True, "point")
    assert found.least.lower <= 1.0 <= found.least.upper
    found = _certify(layers(2.0**-600, 2.0**-600, 2.0**600, 2.0**600), [*zeros, [1.0]])
    assert found.exists is False  # x + 1
    for scale in (1e-310, 1e-320, 5e-324):
        rng = np.random.default_rng(0)
        for _ in range(10):
            matrix = scale * (1.0 + 30.0 * rng.random((3, 3))) * (rng.random((3, 3)) < 0.8)
            low, high = nn.spectral_radius(matrix)
            exact = float(oracle.radius([matrix * 2.0**1000]))  # of numbers that floats hold
            assert low * 2.0**1000 <= exact * (1 + 1e-15)
            assert exact * (1 - 1e-15) <= high * 2.0**1000
            assert high - low <= 2.0**-1073 + 1e-11 * high


def test_theorems_come_before_iterations():
    rng = np.random.default_rng(0)
    first, last = rng.random((200, 784)), rng.random((784, 200))
    first /= nn.spectral_radius([first, last])[1]
    for gap in (1e-4, 1e-9):
        for name in ("tanh", "relu", "softsign"):
            found = _certify([(1.0 - gap) * first, last], activation=name)
            assert (found.shape, found.theorem, found.least.iterations) == ("point", "linear bound", 0)
            assert (found.least.upper == 0.0).all()
            assert found.least is found.greatest


@pytest.mark.parametrize("bits", [4, 30, 44, 53, *(pytest.param(k, marks=pytest.mark.slow) for k in (20, 50))])
def test_numbers_in_reasons_are_true(bits):
    # rho = 1 -+ 2^-bits, exactly; what is printed must hold as it stands.
    for sign in (-1, 1):
        exact = 1 + sign * Fraction(2) ** (-bits if sign < 0 else 1 - bits)
        matrix = float(exact) * np.array([[0.5, 0.5], [0.25, 0.75]])
        for biases, name in (([[1.0, 1.0]], "relu"), (None, "tanh"), ([[1.0, 0.0]], "softplus"), (None, "relu")):
            found = _certify([matrix], biases, name)
            for relation, number, other in re.findall(r"(<=|>=) ([-+.e0-9]+\d)(?: ([<>] 1))?", found.reason):
                value = Fraction(number)
                if "rho" in found.reason and "rho(T_inf) <= 0 " not in found.reason:
                    assert exact <= value if relation == "<=" else exact >= value
                if other:
                    assert value < 1 if other == "< 1" else value > 1
            for text in (found.reason, found.table()):
                assert not re.search(r"\b1 < 1|\b1 > 1|by 1 in", text), text
            if biases is not None or name == "relu":
                assert found.exists is (sign < 0 or biases is None)


def test_one_point_is_one_point():
    # Of a unique point, least and greatest are one enclosure, whichever side is easy.
    rng = np.random.default_rng(5)
    seen = 0
    for k in range(60):
        n = int(rng.integers(1, 5))
        matrix = rng.random((n, n)) * (rng.random((n, n)) < 0.7)
        name = ("relu", "tanh", "softplus", "sigmoid", "relu6")[k % 5]
        bias = rng.random(n) * (rng.random(n) < 0.4) * 10.0 ** rng.uniform(-14, 0)
        found = _certify([matrix], [bias], name)
        if found.unique and found.exists:
            seen += 1
            assert found.least is found.greatest
            assert np.isfinite(found.least.point).all()
    assert seen > 20


NAMES = ("relu", "tanh", "sigmoid", "softplus", "hardtanh", "relu6", "silu", "softsign", "leaky_relu:0.1")


@pytest.mark.parametrize("part", [0, 1, 2, *(pytest.param(k, marks=pytest.mark.slow) for k in range(3, 8))])
def test_no_certificate_is_wrong(part):
    # 450 random networks, 1,200 with the slow ones, against every fixed point that the finder proves in [0, 40]^n.
    rng = np.random.default_rng(part)
    counts = {"point": 0, "empty": 0, "other": 0}
    for _ in range(150):
        n, depth = int(rng.integers(1, 3)), int(rng.integers(1, 4))
        names = [str(rng.choice(NAMES)) for _ in range(depth)]
        widths = [n, *rng.integers(1, 4, depth - 1).tolist(), n]
        scale = 10.0 ** rng.uniform(-0.7, 0.4)
        weights = [scale * rng.random((b, a)) * (rng.random((b, a)) < 0.8) for a, b in pairwise(widths)]
        biases = [rng.uniform(-0.1, 0.6, b) * (rng.random(b) < 0.6) for b in widths[1:]]
        if rng.random() < 0.5:
            biases = [np.abs(b) for b in biases]
        net = rj.Network(weights, biases, names)
        cert = nn.certify(net)
        found = rj.find_fixed_points(net, "interval", domain=(-0.01, 40.0), max_boxes=3000)
        points = found.points[found.proved & (found.points >= 0.0).all(axis=1)]
        told = f"{net!r} {names} {weights} {biases} {cert.table()} {points}"
        if cert.exists is False:
            assert len(points) == 0, told
            counts["empty"] += 1
        if cert.unique:
            assert len(points) <= 1, told
        if cert.unique is False and found.complete and (cert.greatest.upper < 39.0).all():
            inside = found.points[(found.points >= -1e-9).all(axis=1)]
            assert len(inside) >= 2 or len(found.continua), told
        if cert.positive:
            assert (points > 0.0).all(), told
        if cert.exists and cert.unique:
            counts["point"] += 1
            low, high = cert.least.lower, cert.least.upper
            for point, error in zip(
                points, found.errors[found.proved & (found.points >= 0.0).all(axis=1)], strict=True
            ):
                assert (point + error >= low).all(), told
                assert (point - error <= high).all(), told
            if found.complete and (high < 39.0).all():
                assert len(found.points[(found.points >= -1e-9).all(axis=1)]) >= 1, told
        if cert.shape == "two points" and found.complete:
            assert len(points) <= 2, told
        if cert.rate is not None and cert.rate.value < 1.0:
            assert len(points) <= 1, told
        if cert.exists is None:
            counts["other"] += 1
        if cert.least is not None:
            for point in points:
                assert (point >= cert.least.lower - 1e-9).all(), told
                if cert.greatest.everywhere and cert.greatest.exists:
                    assert (point <= cert.greatest.upper + 1e-9).all(), told
    assert counts["point"] > 50
    assert counts["point"] + counts["empty"] + counts["other"] < 150  # and some of which less is said


@pytest.mark.parametrize("n", [41, 150])
@pytest.mark.parametrize(("activation", "end"), [("relu6", 6.0), ("hardtanh", 1.0), ("relu", np.inf)])
def test_long_cycles_keep_a_ray(n, activation, end):
    # x_i = phi(x_{i+1}) around one cycle: all entries are equal, up to where phi leaves the identity.
    found = _certify([np.eye(n)[np.roll(np.arange(n), 1)]], None, activation)
    assert (found.exists, found.unique, found.shape) == (True, False, "interval")
    assert found.ray.end == end
    np.testing.assert_array_equal(found.ray.vector, 1.0)


def test_a_cycle_of_many_layers_and_one_that_only_nearly_keeps_ones():
    n = 50
    p = np.eye(n)[np.roll(np.arange(n), 1)]
    assert _certify([2.0 * p, 0.5 * p, p @ p @ p @ p @ p], None, "relu6").shape == "interval"  # 7 steps: one cycle
    below = p.copy()
    below[0, n - 1] = np.nextafter(1.0, 0.0)
    assert math.fsum([*below.ravel(), -n]) < 0.0
    assert _certify([below], None, "relu6").shape != "interval"

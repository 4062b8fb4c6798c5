import itertools
from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.certified.contraction import at_most_one
from rmtjac.fixed_points.certified.enclosure import slope_bounds


def _certificate(weights, activation="relu"):
    net = rj.Network(weights, None, activation)
    return at_most_one(net, slope_bounds(net))


def _unit(n, seed=0):
    a = np.random.default_rng(seed).standard_normal((n, n))
    return a / np.linalg.norm(a, 2)


def _solved(rows, right):
    """Exact elimination; None if singular."""
    n = len(rows)
    table = [[*map(Fraction, row), Fraction(b)] for row, b in zip(rows, right, strict=True)]
    for j in range(n):
        pivot = next((i for i in range(j, n) if table[i][j] != 0), None)
        if pivot is None:
            return None
        table[j], table[pivot] = table[pivot], table[j]
        table[j] = [x / table[j][j] for x in table[j]]
        for i in range(n):
            if i != j and table[i][j] != 0:
                table[i] = [x - table[i][j] * y for x, y in zip(table[i], table[j], strict=True)]
    return [row[-1] for row in table]


def _all_relu_points(matrix, bias):
    """Every solution of x = relu(Wx + b), by rational arithmetic on all activity patterns; None for a continuum."""
    n, found = len(matrix), set()
    for active in itertools.product((False, True), repeat=n):
        rows = [[(i == k) - (matrix[i][k] if active[i] else 0) for k in range(n)] for i in range(n)]
        x = _solved(rows, [bias[i] if active[i] else 0 for i in range(n)])
        if x is None:
            return None
        h = [sum(Fraction(matrix[i][k]) * x[k] for k in range(n)) + bias[i] for i in range(n)]
        if all((value >= 0) if on else (value <= 0) for value, on in zip(h, active, strict=True)):
            found.add(tuple(x))
    return found


def test_a_certificate_is_never_wrong():
    """Against the exact number of fixed points of small relu layers, and of the same with a scaled bias."""
    rng = np.random.default_rng(0)
    kinds, several = {}, 0
    for _ in range(150):
        n = int(rng.integers(1, 5))
        matrix = rng.integers(-8, 9, (n, n)) / rng.choice([4.0, 8.0, 16.0, 32.0])
        found = _certificate([matrix])
        counts = []
        for _ in range(3):
            points = _all_relu_points(matrix.tolist(), rng.integers(-3, 4, n).tolist())
            counts.append(-1 if points is None else len(points))
        several += any(count != 1 for count in counts)
        if found is not None:
            assert counts == [1, 1, 1]
            kinds[found.kind] = kinds.get(found.kind, 0) + 1
    assert several > 20
    assert {"weighted maximum norm", "2-norm", "monotone operator"} <= set(kinds)


@pytest.mark.parametrize("n", [1, 2, 10, 64])
@pytest.mark.parametrize("activation", ["tanh", "relu", "softsign", "arctan"])
def test_the_2_norm_decides_at_1(n, activation):
    assert _certificate([(1 - 1e-6) * _unit(n)], activation) is not None
    # A symmetric matrix of norm above 1: 0 is not the only fixed point of tanh.
    a = np.random.default_rng(n).standard_normal((n, n))
    a = a @ a.T
    assert _certificate([(1 + 1e-6) * a / np.linalg.norm(a, 2)], activation) is None


@pytest.mark.parametrize(("activation", "steepest"), [("sigmoid", 0.25), ("silu", 1.0998393), ("gelu", 1.1289041)])
def test_slopes_count(activation, steepest):
    assert _certificate([0.999 / steepest * np.eye(3)], activation).rate == pytest.approx(0.999, abs=1e-6)
    assert _certificate([1.001 / steepest * np.eye(3)], activation) is None


def test_a_weighted_maximum_norm_sees_what_norms_do_not():
    graded = np.array([[0.5, 1e6, 0.0], [0.0, 0.5, 1e6], [0.0, 0.0, 0.5]])
    found = _certificate([graded], "tanh")
    assert found.kind == "weighted maximum norm"
    v, c = found.weights, found.rate
    # The inequality in rational arithmetic.
    for row, weight in zip(graded.tolist(), v.tolist(), strict=True):
        assert sum(abs(Fraction(w)) * Fraction(x) for w, x in zip(row, v.tolist(), strict=True)) <= Fraction(
            c
        ) * Fraction(weight)
    cycle = np.roll(np.eye(7), 1, axis=0) * (1 - 1e-7)
    assert _certificate([cycle], "tanh").rate < 1
    assert _certificate([np.roll(np.eye(7), 1, axis=0)], "tanh") is None


def test_deep_chains():
    rng = np.random.default_rng(3)
    weights = [0.95 * _unit(20, seed) for seed in range(4)]
    found = _certificate(weights, "tanh")
    assert found.kind == "2-norm"
    assert 0.95**4 <= found.rate <= 0.95**4 * (1 + 1e-9)
    # |W_2| |W_1| counts, not the product of their norms.
    first, second = np.zeros((30, 4)), np.zeros((4, 30))
    first[:15], second[:, 15:] = 100.0 * rng.standard_normal((15, 4)), 100.0 * rng.standard_normal((4, 15))
    assert _certificate([first, second]).kind == "weighted maximum norm"
    assert _certificate([np.eye(3) * 1e200, np.eye(3) * 1e-201] * 2, "tanh") is not None
    assert _certificate([np.eye(3) * 1e200, np.eye(3) * 1e-200 * 1.1] * 2, "tanh") is None


def test_monotone_operators():
    rng = np.random.default_rng(0)
    n, m = 30, 0.1
    a, b = rng.standard_normal((n, n)) / 3.0, rng.standard_normal((n, n))
    w = (1.0 - m) * np.eye(n) - a.T @ a + b - b.T
    assert np.abs(np.linalg.eigvals(w)).max() > 8.0
    for activation in ("relu", "tanh", "softplus", "hardtanh", "leaky_relu:0.2"):
        assert _certificate([w], activation).kind == "monotone operator"
    found = _certificate([w])
    assert m * (1 - 1e-9) <= found.rate <= np.linalg.eigvalsh(np.eye(n) - 0.5 * (w + w.T))[0] + 1e-12
    # In other units of the neurons I - W is not monotone, but P (I - W) is.
    units = 10.0 ** rng.uniform(-0.4, 0.4, n)
    skewed = np.diag(units) @ w @ np.diag(1.0 / units)
    assert np.linalg.eigvalsh(2.0 * np.eye(n) - skewed - skewed.T)[0] < 0.0
    # The margin may not be negative or 0.
    assert _certificate([w + m * np.eye(n) + a.T @ a]) is None
    # A linear layer after it: the same equation in the hidden space.
    q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    assert _certificate([w @ q.T, q], ["relu", "linear"]).kind == "monotone operator"


def test_linear_networks_are_decided_by_regularity():
    assert _certificate([2.0 * np.eye(3)], "linear").kind == "preconditioned"
    assert _certificate([np.diag([1.0, 0.5])], "linear") is None
    assert _certificate([np.array([[0.0, 5.0], [-5.0, 0.0]]), np.array([[3.0, 1.0], [0.0, 3.0]])], "linear") is not None


@pytest.mark.parametrize(
    "weights", [np.full((3, 3), 1e308), np.full((3, 3), 5e-324), np.zeros((3, 3)), np.eye(1) * 1e-310]
)
def test_the_ends_of_floating_point(weights):
    for activation in ("tanh", "relu", "linear", "silu"):
        for depth in (1, 2, 3):
            found = _certificate([weights] * depth, activation)
            assert (found is not None) == (weights.max() < 1.0)


def test_underflow_does_not_prove():
    # |W| chains underflow to 0, while F(x) = 1e200 x + 1.
    weights = [np.full((1, 1), scale) for scale in (1e-200, 1e-200, 1e300, 1e300)]
    found = _certificate(weights, "relu")
    assert found is None


def test_errors_are_bounds():
    rng = np.random.default_rng(5)
    for weights, activation in (
        ([0.9 * _unit(6)], "tanh"),
        ([np.triu(np.full((6, 6), 0.9))], "tanh"),
        ([-2.0 * np.eye(6) + 3.0 * (np.triu(np.ones((6, 6))) - np.tril(np.ones((6, 6))))], "relu"),
    ):
        net = rj.Network(weights, [rng.standard_normal(6)], activation)
        found = at_most_one(net, slope_bounds(net))
        true = rj.find_fixed_points(net, method="newton").points[0]
        for size in (1e-3, 1e-1, 1.0):
            x = true + size * rng.standard_normal(6)
            residual = np.abs(net(x) - x)
            assert (np.abs(x - true) <= found.error(residual * (1 + 1e-12) + 1e-15) + 1e-13).all()

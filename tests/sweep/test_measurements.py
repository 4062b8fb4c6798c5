import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.rng import stream
from rmtjac.sweep.measurements import fixed_points, grid, lyapunov, measurement, resolve, singular_values

RNG = np.random.default_rng(0)


def test_fixed_points_and_grid_are_those_of_the_finder():
    for seed in range(3):
        net = rj.Ensemble.berlyand_slavin(20, 3).draw(seed)
        found, seen = rj.find_fixed_points(net), rj.find_fixed_points(net, "grid")
        row, more = fixed_points(net, RNG), grid(net, RNG)
        assert row["stable"] == found.stable.sum()
        assert row["stable"] + row["saddles"] + row["repellers"] == len(found)
        assert (row["index_sum"], row["complete"], row["continua"]) == (1, True, 0)
        assert more["attracting"] == seen.stable.sum()
        assert more["limits"] == np.unique(seen.labels[seen.settled]).size
        ends = [more[name] for name in ("converged", "late", "cycle", "aperiodic", "diverged")]
        assert sum(ends) == pytest.approx(1.0, abs=1e-12)
        # at rest in a stable point, or in an unstable one that the orbit passed
        assert sum(more["fractions"]) <= more["converged"] + more["late"] + 1e-12
        assert more["fractions"] == sorted(more["fractions"], reverse=True)


def test_lyapunov_exponent_of_linear_chains():
    # A chain of c times orthogonal matrices stretches every vector by c a layer.
    rng = np.random.default_rng(1)
    turns = [np.linalg.qr(rng.normal(size=(8, 8)))[0] for _ in range(5)]
    net = rj.Network([rng.normal(size=(8, 2)), *[3.0 * q for q in turns], rng.normal(size=(2, 8))], activation="linear")
    found = lyapunov(net, rng)
    assert found["lyapunov"] == pytest.approx(math.log(3.0), rel=1e-12)
    assert found["collapsed"] == 0.0


def test_lyapunov_exponent_where_all_is_saturated_or_short():
    ones = rj.Network(
        [np.full((3, 2), 1.0), np.full((3, 3), 1e9), np.ones((2, 3))], [[9.0] * 3, [9.0] * 3, [0.0] * 2], "hardtanh"
    )
    found = lyapunov(ones, RNG)
    assert math.isnan(found["lyapunov"])
    assert found["collapsed"] == 1.0
    short = lyapunov(rj.Ensemble.berlyand_slavin(5, 2).draw(0), RNG)
    assert all(math.isnan(value) for value in short.values())


def test_lyapunov_exponent_changes_sign_near_thirty():
    # docs/theory/fixed_points.md: growth in the hidden layers (HardTanh, Cauchy). 12 networks a width, L = 30, three
    # standard errors.
    root = np.random.SeedSequence(3)
    for width, sign in ((10, -1.0), (100, 1.0)):
        ens = rj.Ensemble.berlyand_slavin(width, 30)
        found = [lyapunov(ens.draw(stream(root, i)), stream(root, i, 1)) for i in range(12)]
        values = np.array([one["lyapunov"] for one in found if not math.isnan(one["lyapunov"])])
        assert sign * values.mean() > 3.0 * values.std() / math.sqrt(values.size)


def test_singular_values():
    net = rj.Ensemble.berlyand_slavin(20, 2).draw(0)
    found = rj.find_fixed_points(net)
    values = singular_values(net, RNG)["log_singular_values"]
    assert len(values) == 2 * len(found)
    for i, jacobian in enumerate(found.jacobians):
        product = np.exp(values[2 * i] + values[2 * i + 1])
        assert product == pytest.approx(abs(np.linalg.det(jacobian)), rel=1e-10, abs=1e-300)


def test_names():
    assert resolve("grid") is grid
    assert resolve("tests.sweep.measures:slow").columns["wide"] == "int"
    with pytest.raises(ValueError, match="measure='nothing' must be one of fixed_points, grid, lyapunov"):
        resolve("nothing")
    with pytest.raises(ValueError, match=r"measure='no.module:f' cannot be imported"):
        resolve("no.module:f")
    with pytest.raises(ValueError, match="declares no columns; decorate it"):
        resolve("tests.sweep.measures:undeclared")
    with pytest.raises(ValueError, match="one of the kinds int, float, bool, list"):
        measurement(a="complex")

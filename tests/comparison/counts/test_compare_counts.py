import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.counts.compare_counts import least_variance
from rmtjac.fixed_points.count import FixedPointCounts
from tests.expected_by_hand import by_hand, plane


def counts(stable, saddles=None, repellers=None, complete=None, ensemble=None, seed=0):
    """Counts of networks that are written down."""
    stable = np.array(stable)
    rest = [np.zeros_like(stable) if one is None else np.array(one) for one in (saddles, repellers)]
    known = np.ones(stable.size, bool) if complete is None else np.array(complete)
    facts = {"ensemble": (ensemble or plane(2)).to_dict(), "seed": {"entropy": seed}}
    return FixedPointCounts(stable, *rest, np.ones_like(stable), known, np.empty((stable.size, 0)), facts)


@pytest.mark.parametrize(("step", "first"), [(1, 0), (2, 1), (3, 2)])
@pytest.mark.parametrize("mean", [1.0, 1.05, 1.5, 2.2, 3.0, 3.7])
def test_the_least_variance_of_a_number_on_a_lattice(step, first, mean):
    """Against the least variance over all laws on six lattice points, by linear programming."""
    from scipy.optimize import linprog

    points = first + step * np.arange(-1, 6)
    laws = linprog((points - mean) ** 2, A_eq=[np.ones(points.size), points], b_eq=[1.0, mean], bounds=(0, 1))
    assert least_variance(np.array(mean), step, first) == pytest.approx(laws.fun, abs=1e-9)


def test_means_errors_and_pulls_by_hand():
    # totals 1, 3, 1, 3: mean 2, variance 4/3, standard error sqrt(1/3)
    result = rj.compare(counts([1, 1, 1, 2], [0, 1, 0, 1], [0, 1, 0, 0]), by_hand(plane(2), 1.5, 0.9, error=0.1))
    assert result.counted[0, 0].tolist() == pytest.approx([2.0, math.sqrt(1 / 3)])
    assert result.errors[0, 0] == pytest.approx(math.sqrt(1 / 3 + 0.01))
    assert result.pulls[0, 0] == pytest.approx(0.5 / math.sqrt(1 / 3 + 0.01))
    assert result.counted[0, 1].tolist() == pytest.approx([1.25, 0.25])
    assert result.more_than_one[0].tolist() == pytest.approx([0.5, 0.25])
    assert result.bound[0] == pytest.approx(0.25)
    assert result.methods == ("limit",)


def test_counts_without_spread_have_an_error():
    """All of 200 networks have one point: the theory 1.02 says so with probability .99^200, not with certainty."""
    result = rj.compare(counts([1] * 200), by_hand(plane(2), 1.02, 1.0))
    assert result.errors[0, 0] == pytest.approx(math.sqrt(4 * 0.01 * 0.99 / 200))
    assert result.pulls[0, 0] == pytest.approx(-0.02 / math.sqrt(4 * 0.01 * 0.99 / 200))
    assert result.pulls[0, 1] == 0.0  # stable: exactly what is expected
    below = rj.compare(counts([1] * 200), by_hand(plane(2), 1.0, 1.0, -1e-17))  # a quadrature may round below 0
    assert np.abs(below.pulls).max() < 1e-3
    exact = rj.compare(counts([1] * 200), by_hand(plane(2), 1.0, 1.0))
    assert exact.pulls[0].tolist() == [0.0] * 4
    # One network: no spread is known, and the least variance stands in.
    assert rj.compare(counts([1]), by_hand(plane(2), 1.5, 0.8)).errors[0, 0] == pytest.approx(math.sqrt(0.75))


def test_lower_bounds_and_repeated_networks():
    known = counts([1, 1, 0], complete=[True, False, True])
    result = rj.compare({"a": known, "b": known, "c": counts([1, 0, 1], seed=1)}, by_hand(plane(2), 1.2, 0.9))
    assert result.unproved.tolist() == [1, 1, 0]
    assert result.repeated.tolist() == [False, True, False]
    assert result.chi_square("stable").degrees == 1
    assert ">= 0.667" in result.table()


def test_a_sweep_over_scales_and_one_network_for_all_widths_at_depth_1(tmp_path):
    scales = list(product((0.5, 1.5), (0.1, 0.5)))
    conventions = {
        f"{w}, {b}": {"weights": f"gaussian:{w}", "biases": f"gaussian:{b}", "activation": "tanh"} for w, b in scales
    }
    rj.sweep.plan(tmp_path / "s", [4, 6], [1, 2], conventions, seeds=4, block=4)
    rj.sweep.run(tmp_path / "s", "serial")
    table = rj.sweep.load(tmp_path / "s")
    theory = [by_hand(plane(depth, w, b), 1.0 + w * depth, 1.0 - b) for w, b in scales for depth in (1, 2)]
    result = rj.compare(table, theory)
    at = result.coordinates
    np.testing.assert_allclose(result.expected[:, 0, 0], 1.0 + at["sigma_w"] * at["depth"])
    np.testing.assert_allclose(result.expected[:, 1, 0], 1.0 - at["sigma_b"])
    assert result.repeated.tolist() == [at["depth"][k] == 1 and at["width"][k] == 6 for k in range(len(result))]
    assert 4 <= result.chi_square().degrees <= 12  # of 4 networks a cell, many have one fixed point all
    part = rj.compare(table.select(convention="1.5, 0.1", depth=2), theory)
    assert part.names == ("1.5, 0.1, N=4, L=2", "1.5, 0.1, N=6, L=2")


def test_right_theory_agrees_and_wrong_theory_is_seen():
    """Counts drawn from a law with known means, 1 or 3 fixed points: pulls of order 1, and chi^2 of its size."""
    rng = np.random.default_rng(0)
    sampled, theory = [], []
    for cell in range(40):
        p = 0.02 + 0.01 * cell
        three = rng.random(300) < p
        sampled.append(counts(np.ones(300, int) + three, three.astype(int), ensemble=plane(2, 0.1 * (cell + 1))))
        theory.append(by_hand(plane(2, 0.1 * (cell + 1)), 1.0 + 2.0 * p, 1.0 + p, p))
    result = rj.compare(sampled, theory[::-1])
    assert 0.01 < result.chi_square().p_value < 0.99
    assert np.abs(result.pulls).max() < 4.0
    # The share of more than one is p here, where the bound is sharp.
    np.testing.assert_array_less(result.more_than_one[:, 0] - result.bound, 4.0 * result.more_than_one[:, 1] + 1e-9)
    wrong = [by_hand(plane(2, 0.1 * (cell + 1)), 1.1, 1.05) for cell in range(40)]
    assert rj.compare(sampled, wrong).chi_square().p_value < 1e-6


def test_bad_arguments():
    one = by_hand(plane(2), 1.0, 1.0)
    with pytest.raises(ValueError, match="bins and test are for spectra; counts"):
        rj.compare(counts([1]), one, test=True)
    with pytest.raises(TypeError, match="sample='counts' must be a SweepTable"):
        rj.compare("counts", one)
    with pytest.raises(TypeError, match="compare needs"):
        rj.compare(one, counts([1]))


def test_the_bound_holds_on_the_frozen_sweeps():
    """L = 1, where no width enters, by proved counts of 200 networks; and L = 2, N = 100 against the limit."""
    table = rj.sweep.load(Path(rj.__file__).parents[1] / "data" / "sweeps" / "shallow.parquet")
    table = table.select(["Gaussian, std 1/fan-in", "Gaussian, variance 1/fan-in"], 100, [1, 2])
    result = rj.compare(table, rj.fixed_points.expected_over(table.ensembles(), threads=1))
    assert result.complete.all()
    assert (result.more_than_one[:, 0] <= result.bound + 3.0 * result.more_than_one[:, 1] + 1e-3).all()
    assert np.abs(result.pulls[:, :2]).max() < 4.0
    assert result.chi_square().p_value > 0.001

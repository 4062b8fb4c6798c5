import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.iterated.attractors import Attractors, polish, repelled

STAR = 0.9575040240772687  # tanh(2 x) = x


def test_polished_points_and_cycles_against_a_known_root():
    net = rj.Network([[[2.0]]], activation="tanh")
    x, errors, jacobians, good = polish(net, np.array([[0.95], [-0.96], [1e-3]]))
    assert good.all()
    assert (np.abs(x[:, 0] - [STAR, -STAR, 0.0]) <= errors + 1e-16).all()
    np.testing.assert_allclose(jacobians[:, 0, 0], 2.0 * (1.0 - x[:, 0] ** 2), rtol=1e-12)
    turn = rj.Network([[[-2.0]]], activation="tanh")
    x, errors, multipliers, good = polish(turn, np.array([[0.95]]), 2)
    assert good.all()
    assert abs(x[0, 0] - STAR) <= errors[0] + 1e-16
    assert multipliers[0, 0, 0] == pytest.approx((2.0 * (1.0 - STAR**2)) ** 2, rel=1e-12)


def test_where_there_is_no_fixed_point_nothing_is_good():
    flat = rj.Network([[[1.0]]], [[1e-3]], "linear")  # x + 1e-3 has none
    assert not polish(flat, np.array([[0.0]]))[3].any()


def test_repelling_cycles_are_told_from_attracting_ones():
    net = rj.Network([-3.0 * np.eye(2)], activation="hardtanh")
    x = np.array([[1.0, 0.0], [1.0, -1.0], [0.3, 0.2], [0.0, 0.0]])
    assert repelled(net, x, 4, 1e-14).tolist() == [True, False, False, True]


def test_points_and_cycles_are_registered_once():
    net = rj.Network([[[2.0]]], activation="tanh")
    found = Attractors(net)
    x, errors, jacobians, _ = polish(net, np.array([[0.9], [0.97], [-0.9]]))
    numbers = [found.fixed_point(*row) for row in zip(x, errors, jacobians, strict=True)]
    assert numbers == [0, 0, 1]
    assert found.sort().tolist() == [1, 0]
    assert [point[0] > 0 for point in found.points] == [False, True]
    assert found.attract(np.array([], dtype=int)).tolist() == [True, True]
    points, cycles = found.in_cores(np.array([[STAR], [-STAR], [0.0]]))
    assert points.tolist() == [1, 0, -1]
    assert cycles.tolist() == [-1] * 3
    turn = Attractors(rj.Network([[[-2.0]]], activation="tanh"))
    cycle = np.array([[STAR], [-STAR]])
    multiplier = np.array([[(2.0 * (1.0 - STAR**2)) ** 2]])
    assert turn.cycle(cycle, multiplier) == turn.cycle(cycle[::-1].copy(), multiplier) == 0
    (one,) = turn.found_cycles()
    assert (one.period, one.stable) == (2, True)

import time

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.status import Status

P = 0.957504024077268744  # tanh(2 p) = p, to 18 digits
THIRDS = np.array([[0.25, 2.25], [0.25, 0.25]])  # rho = 1 exactly, v = (1, 1/3)


def _blocks(*parts):
    n = sum(len(one) for one in parts)
    out, at = np.zeros((n, n)), 0
    for one in parts:
        out[at : at + len(one), at : at + len(one)] = one
        at += len(one)
    return out


def _holds(found, values):
    assert (found.lower <= values).all()
    assert (values <= found.upper).all()
    assert found.error <= 1e-12 * np.max(values) + 1e-300
    assert found.status is Status.CONVERGED


@pytest.mark.parametrize(("name", "top"), [("relu6", 6.0), ("hardtanh", 1.0)])
def test_products_of_intervals(name, top):
    third = np.array([1.0, 1.0 / 3.0])
    mean = 0.5 * np.eye(3) + 0.25 * np.roll(np.eye(3), 1, 0) + 0.25 * np.roll(np.eye(3), 2, 0)
    cases = [
        (np.eye(4), np.ones(4), 4),
        (np.eye(6)[[1, 2, 0, 4, 3, 5]], np.ones(6), 3),
        (_blocks(THIRDS, mean), np.r_[third, np.ones(3)], 2),
        (_blocks(THIRDS, mean)[::-1, ::-1].copy(), np.r_[np.ones(3), third[::-1]], 2),
        (_blocks(np.eye(1), 1e-300 * np.eye(1), np.eye(1)), np.array([1.0, 0.0, 1.0]), 3),
    ]
    for matrix, ends, count in cases:
        net = rj.Network([matrix], activation=name)
        found = nn.certify(net)
        assert (found.exists, found.unique, found.shape) == (True, False, "product")
        assert len(found.parts) == count
        _holds(found.greatest, top * ends)
        _holds(nn.greatest_fixed_point(net), top * ends)
        _holds(found.least, np.zeros(len(ends)))
        assert found.positive is False
        assert len(found.to_dict()["parts"]) == count


def test_one_interval_among_points_is_an_interval():
    found = nn.certify(rj.Network([_blocks(np.eye(1) * 0.5, THIRDS)], activation="relu6"))
    assert (found.shape, found.unique) == ("interval", False)
    np.testing.assert_allclose(found.ray.vector, [0.0, 1.0, 1.0 / 3.0], rtol=1e-15)
    assert found.ray.end == 6.0
    _holds(found.greatest, np.array([0.0, 6.0, 2.0]))


def test_blocks_that_act_on_others():
    # x1 = clip(x1 + x2), x2 = clip(x2 / 2) = 0: all of [0, 6] x {0}.
    found = nn.certify(rj.Network([[[1.0, 1.0], [0.0, 0.5]]], activation="relu6"))
    assert (found.shape, found.unique) == ("interval", False)
    _holds(found.greatest, np.array([6.0, 0.0]))
    # x1 = clip(x1 + x2), x2 = clip(x2) in [0, 6]: not a product. 0 and (6, 6) are the ends.
    coupled = nn.certify(rj.Network([[[1.0, 1.0], [0.0, 1.0]]], activation="relu6"))
    assert (coupled.exists, coupled.unique, coupled.shape) == (True, False, "between")
    _holds(coupled.greatest, np.array([6.0, 6.0]))
    # A constant of 1/3 (rounded) pushes the other to the top: one point.
    pushed = nn.certify(rj.Network([[[1.0, 1.0], [0.0, 0.5]]], [[0.0, 1.0 / 6.0]], "relu6"))
    assert (pushed.shape, pushed.unique) == ("point", True)
    assert pushed.least is pushed.greatest
    _holds(pushed.greatest, np.array([6.0, 1.0 / 3.0]))


def test_two_points_in_each_block():
    net = rj.Network([2.0 * np.eye(3)[[1, 0, 2]]], activation="tanh")
    found = nn.certify(net)
    assert (found.shape, found.unique, found.positive) == ("product", False, False)
    assert [part.certificate.shape for part in found.parts] == ["two points", "two points"]
    _holds(found.greatest, np.full(3, P))


def test_a_block_without_a_point_empties_the_product():
    # x1 = x1 + 1 has none, whatever x2 does; x1 = x1 + x2 with x2 = 1 neither; with x2 = x2 / 2 = 0 it has.
    for matrix, bias in (([[1.0, 0.0], [0.0, 0.5]], [1.0, 0.0]), ([[1.0, 1.0], [0.0, 0.0]], [0.0, 1.0])):
        found = nn.certify(rj.Network([matrix], [bias], "relu"))
        assert (found.exists, found.shape) == (False, "empty")
        assert found.least is None
    assert nn.certify(rj.Network([[[1.0, 1.0], [0.0, 0.5]]], activation="relu")).exists


def test_hidden_layers_and_neurons_that_act_on_nothing():
    # Two hidden neurons keep two clips apart; a third acts on neither.
    up, down = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.0]])
    net = rj.Network([up, down], activation=["relu6", "relu"])
    found = nn.certify(net)
    assert found.shape == "product"
    assert [part.certificate.ray.end for part in found.parts] == [6.0, 3.0]
    _holds(found.greatest, np.array([6.0, 3.0]))
    constant = nn.certify(rj.Network([np.zeros((2, 2))], [[0.0, 0.5]], "tanh"))
    assert (constant.shape, constant.unique) == ("point", True)
    np.testing.assert_allclose(constant.least.point, [0.0, np.tanh(0.5)], rtol=1e-14)


def test_many_blocks():
    n = 60
    net = rj.Network([np.eye(n) + 0.25 * np.eye(n, k=1)], activation="hardtanh")
    found = nn.greatest_fixed_point(net)
    _holds(found, np.ones(n))
    chain = nn.certify(rj.Network([0.5 * np.eye(n, k=1)], [np.r_[np.zeros(n - 1), 1.0]], "relu"))
    assert chain.shape == "point"
    _holds(chain.least, 0.5 ** np.arange(n)[::-1])


def test_two_blocks_are_a_product_of_intervals():
    found = nn.certify(rj.Network([np.eye(2)], activation="relu6"))
    assert (found.exists, found.unique, found.shape, found.theorem) == (True, False, "product", "blocks")
    np.testing.assert_array_equal(found.greatest.point, [6.0, 6.0])
    assert found.greatest.status is Status.CONVERGED
    assert [part.certificate.ray.end for part in found.parts] == [6.0, 6.0]


def test_many_equal_blocks_cost_as_few():
    start = time.process_time()
    found = nn.certify(rj.Network([np.eye(300)], activation="relu6"))
    assert found.shape == "product"
    assert len(found.parts) == 300
    assert time.process_time() - start < 4.0  # 9 before

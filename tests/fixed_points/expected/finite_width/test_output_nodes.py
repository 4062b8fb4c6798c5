"""Nodes over the outputs: their weights integrate known functions."""

import math

import numpy as np
import pytest
from scipy import stats

import rmtjac as rj
from rmtjac.fixed_points.expected.finite_width.output_nodes import draw_nodes, pieces

_INF = math.inf


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tanh", [(-_INF, _INF, False)]),
        ("gelu", [(-_INF, _INF, False)]),
        ("linear", [(-_INF, _INF, False)]),
        ("leaky_relu:0.2", [(-_INF, _INF, False)]),
        ("hardtanh", [(-_INF, -1.0, True), (-1.0, 1.0, False), (1.0, _INF, True)]),
        ("relu", [(-_INF, 0.0, True), (0.0, _INF, False)]),
        ("relu6", [(-_INF, 0.0, True), (0.0, 6.0, False), (6.0, _INF, True)]),
    ],
)
def test_pieces(name, expected):
    assert [tuple(piece) for piece in pieces(rj.activations.activation(name))] == expected


def _sums(name, spreads, function, runs=100, count=600):
    """Return the mean of the weighted sums of `function` over many sets of nodes, and its error."""
    line = pieces(rj.activations.activation(name))
    values = []
    for seed in range(runs):
        nodes = draw_nodes(line, np.asarray(spreads, dtype=float), count, np.random.default_rng(seed))
        flat = np.array([piece.flat for piece in line])[nodes.piece]
        values.append(np.exp(nodes.log_weight) @ function(nodes.y, nodes.piece, flat))
    return np.mean(values), np.std(values) / math.sqrt(runs)


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("spreads", [[[1.0]], [[1.0, 5.0]], [[0.01, 40.0], [3.0, 0.2], [1.0, 1.0]], [[2.0] * 3]])
def test_densities_integrate_to_one_on_the_whole_line(spreads, scale):
    """More than one set of scales, different ones for each coordinate, are a product of mixtures."""
    value, error = _sums("tanh", spreads, lambda y, piece, flat: stats.norm.pdf(y, scale=scale).prod(axis=0))
    assert abs(value - 1.0) < 4.5 * error + 1e-12
    assert error < 0.1


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", ["hardtanh", "relu", "relu6"])
def test_flat_pieces_are_one_node_each(name, n):
    line = pieces(rj.activations.activation(name))
    mass = np.array([stats.norm.cdf(piece.high, 0.4, 2.0) - stats.norm.cdf(piece.low, 0.4, 2.0) for piece in line])

    def density(y, piece, flat):
        return np.where(flat, mass[piece], stats.norm.pdf(y, 0.4, 2.0)).prod(axis=0)

    value, error = _sums(name, [[1.0] * n], density)
    assert abs(value - 1.0) < 4.5 * error
    assert error < 0.05


def test_a_singularity_at_the_origin():
    """The integral of 1 / max |y| over the square [-1, 1]^2 is 8."""
    value, error = _sums(
        "hardtanh", [[1.0, 1.0]], lambda y, piece, flat: np.where(flat.any(axis=0), 0.0, 1 / np.abs(y).max(axis=0))
    )
    assert abs(value - 8.0) < 4.5 * error
    assert error < 0.03


@pytest.mark.parametrize("name", ["hardtanh", "tanh", "relu6"])
@pytest.mark.parametrize("scale", [1e-2, 1e-5, 1e-100])
def test_a_narrow_peak_at_the_origin(name, scale):
    line = pieces(rj.activations.activation(name))
    values = []
    for seed in range(60):
        nodes = draw_nodes(line, np.ones((1, 2)), 600, np.random.default_rng(seed), near=scale)
        density = stats.norm.pdf(nodes.y / scale).prod(axis=0) / scale / scale
        values.append(np.exp(nodes.log_weight) @ np.where(nodes.piece == nodes.piece[0, -1], density, 0.0).min(axis=0))
    mass = 0.25 if name == "relu6" else 1.0
    assert abs(np.mean(values) - mass) < 4.0 * np.std(values) / 60**0.5
    assert np.std(values) < 0.5 * mass


@pytest.mark.parametrize("count", [1, 2, 17, 1000])
def test_any_number_of_nodes(count):
    nodes = draw_nodes(pieces(rj.activations.activation("hardtanh")), np.ones((1, 2)), count, np.random.default_rng(0))
    assert nodes.y.shape == nodes.piece.shape == (2, count)
    assert np.isfinite(nodes.log_weight).all()

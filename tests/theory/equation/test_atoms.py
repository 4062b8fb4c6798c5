import math

import numpy as np
import pytest

from rmtjac.theory import DiscreteLaw, Layers
from rmtjac.theory.equation.atoms import atoms
from tests.oracles.free_products import sampled_product


def _layers(values, counts, widths=None):
    laws = [DiscreteLaw.from_points(x, np.array(k) / sum(k)) for x, k in zip(values, counts, strict=True)]
    return Layers(laws, [1.0] * len(laws), widths, [True] * len(laws))


@pytest.mark.parametrize(
    ("values", "counts", "widths"),
    [
        ([[0.5, 1.0], [0.25, 1.0]], [[6, 54], [48, 12]], [60] * 3),
        ([[0.5, 1.0], [0.3, 1.0], [0.7, 0.8, 2.0]], [[6, 54], [57, 3], [6, 48, 6]], [60] * 4),
        ([[0.5, 1.0], [2.0, 3.0]], [[10, 70], [5, 55]], [60, 80, 60]),
        ([[0.5, 2.0], [1.0, 3.0]], [[5, 35], [10, 60]], [50, 40, 70]),
        ([[0.0, 1.0], [1.0, 3.0]], [[10, 50], [5, 55]], [60] * 3),
    ],
)
def test_multiplicities_of_sampled_products(values, counts, widths):
    places, masses = atoms(_layers(values, counts, widths))
    n = widths[-1]
    orthogonal = [True] * len(values)
    found = sampled_product(values, counts, orthogonal, [1.0] * len(values), widths, np.random.default_rng(0))
    expected = {}
    for value in found[found > 1e-9]:
        near = next((x for x in expected if abs(value / x - 1) < 1e-9), value)
        expected[near] = expected.get(near, 0) + 1
    expected = {x: k for x, k in expected.items() if k > 1}  # exact multiplicities
    np.testing.assert_allclose(np.exp(places), sorted(expected), rtol=1e-9)
    np.testing.assert_allclose(n * masses, [expected[x] for x in sorted(expected)], atol=1e-9)


def test_a_hundred_layers():
    # 3^100 combinations
    law = DiscreteLaw.from_points([0.5, 1.0, 2.0], [0.0005, 0.999, 0.0005])
    places, masses = atoms(Layers([law] * 100, [1.0] * 100, orthogonal=[True] * 100))
    np.testing.assert_allclose(places, [0.0], atol=1e-12)
    np.testing.assert_allclose(masses, [0.9], rtol=1e-12)


def test_masses_that_just_vanish():
    law = DiscreteLaw.from_points([0.5, 1.0], [0.5, 0.5])
    assert atoms(Layers([law, law], [1.0, 1.0], orthogonal=[True, True]))[0].size == 0
    tenth = DiscreteLaw.from_points([0.1, 1.0], [0.1, 0.9])
    assert atoms(Layers([tenth] * 10, [1.0] * 10, orthogonal=[True] * 10))[0].size == 0
    places, masses = atoms(Layers([tenth] * 9, [1.0] * 9, orthogonal=[True] * 9))
    np.testing.assert_allclose(np.exp(places), [1.0])
    np.testing.assert_allclose(masses, [0.1], rtol=1e-12)
    assert math.isclose(masses.sum(), 0.1)

import numpy as np
from scipy import sparse

from rmtjac.nonnegative.matrices.components import components


def test_every_cycle_is_in_one_block():
    rng = np.random.default_rng(0)
    small = [rng.random((k, k)) + 0.1 for k in (1, 3, 2)]
    large = [rng.random((k, k)) + 0.1 for k in (70, 64)]
    matrix = sparse.block_diag([small[0], large[0], small[1], np.zeros((4, 4)), large[1], small[2]]).toarray()
    matrix += np.triu(rng.random(matrix.shape), 70)  # edges between components lead nowhere
    order = rng.permutation(len(matrix))
    blocks = components([matrix[np.ix_(order, order)]])
    assert [block.count for block in blocks] == [1, 1, 3]
    assert all(isinstance(block.factors[0], np.ndarray) for block in blocks[:2])
    assert sorted(len(block.owners[0]) for block in blocks) == [6, 64, 70]
    np.testing.assert_allclose(
        sorted(block.factors[0].sum() for block in blocks),
        sorted([large[0].sum(), large[1].sum(), sum(one.sum() for one in small)]),
    )
    assert sorted(np.bincount(blocks[2].owners[0])) == [1, 2, 3]
    only = blocks[2].only(np.bincount(blocks[2].owners[0]) > 1)
    assert only.count == 2
    assert only.factors[0].shape == (5, 5)


def test_layers_begin_at_the_narrowest():
    rng = np.random.default_rng(1)
    factors = [rng.random((5, 4)), rng.random((2, 5)), rng.random((4, 2))]
    (block,) = components(factors)
    assert [one.shape for one in block.factors] == [(4, 2), (5, 4), (2, 5)]
    factors[0][0] = 0.0
    (block,) = components(factors)
    assert [one.shape for one in block.factors] == [(4, 2), (4, 4), (2, 4)]
    assert components([np.triu(np.ones((3, 3)), 1)]) == []
    assert components([np.zeros((2, 3)), np.ones((3, 2))]) == []

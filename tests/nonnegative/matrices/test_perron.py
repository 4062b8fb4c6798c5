"""Spectral radii against closed forms, LAPACK on small matrices, and mpmath where floats do not reach."""

import mpmath as mp
import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from rmtjac.nonnegative import spectral_radius


def _path(n, up=1.0, down=1.0):
    return sparse.diags_array([np.full(n - 1, up), np.full(n - 1, down)], offsets=[-1, 1]).tocsr()


def _cycle(weights):
    n = len(weights)
    return sparse.csr_array((weights, (np.r_[1:n, 0], np.arange(n))), shape=(n, n))


def _assert_bracket(bracket, exact, width=1e-12):
    low, high = bracket
    room = mp.mpf(10) ** -25  # of the oracle
    assert low <= exact * (1 + room)
    assert exact * (1 - room) <= high
    assert high - low <= width * high


def _mean(weights):
    """The geometric mean, to 30 digits."""
    with mp.workdps(40):
        return mp.exp(sum(mp.log(mp.mpf(float(w))) for w in weights) / len(weights))


def _path_radius(n):
    with mp.workdps(40):
        return 2 * mp.cos(mp.pi / (n + 1))


def _exact(matrix):
    """The largest radius of the strongly connected components, by mpmath."""
    count, label = connected_components(sparse.csr_array(matrix > 0), connection="strong")
    best = mp.mpf(0)
    for k in range(count):
        nodes = np.flatnonzero(label == k)
        block = mp.matrix([[mp.mpf(x) for x in row] for row in matrix[np.ix_(nodes, nodes)].tolist()])
        values = [block[0]] if len(nodes) == 1 else mp.eig(block, left=False, right=False)
        best = max([best, *map(abs, values)])
    return best


@pytest.mark.parametrize("n", [2, 3, 300, 301, 400, 5000])
def test_paths(n):
    _assert_bracket(spectral_radius(_path(n)), _path_radius(n))
    if n <= 400:
        _assert_bracket(spectral_radius(_path(n).toarray()), _path_radius(n))
    # Weights 4 and 1/4 have the radius of weights 1, and a Perron vector that spans 4^n.
    _assert_bracket(spectral_radius(_path(n, 4.0, 0.25)), _path_radius(n))


@pytest.mark.parametrize(("n", "spread"), [(5, 1.0), (400, 0.3), (400, 3.0), (2000, 0.3), (300, 200.0)])
@pytest.mark.parametrize("ordered", [False, True])
def test_weighted_cycles(n, spread, ordered):
    weights = np.exp(np.random.default_rng(n).normal(size=n) * spread)
    weights = np.sort(weights) if ordered else weights
    _assert_bracket(spectral_radius(_cycle(weights)), _mean(weights))


def test_stars_and_grids():
    n = 20_000
    spokes = np.arange(1, n + 1)
    rows, columns = np.r_[np.zeros(n, dtype=int), spokes], np.r_[spokes, np.zeros(n, dtype=int)]
    star = sparse.csr_array((np.ones(2 * n), (rows, columns)), shape=(n + 1, n + 1))
    _assert_bracket(spectral_radius(star), mp.sqrt(n))
    grid = sparse.kronsum(_path(60), _path(40))
    _assert_bracket(spectral_radius(grid), _path_radius(60) + _path_radius(40))


def test_localised_vectors():
    # Random weights on a path: the Perron vector falls by more than the range of floats. Bisection counts signs.
    rng = np.random.default_rng(0)
    n = 3000
    up, down = rng.random(n - 1), rng.random(n - 1)
    low, high = spectral_radius(sparse.diags_array([up, down], offsets=[-1, 1]))
    assert high - low <= 1e-12 * high
    squares = up * down
    for s, below in ((low * (1 - 1e-12), True), (high * (1 + 1e-12), False)):
        pivot, negative = s, False
        for square in squares:
            pivot = s - square / pivot
            negative |= pivot < 0.0
        assert negative == below


def test_many_components():
    n = 100_000
    assert spectral_radius(sparse.eye_array(n)) == pytest.approx((1.0, 1.0), rel=4e-16)
    golden = sparse.kron(sparse.eye_array(n // 2), np.array([[1.0, 1.0], [1.0, 0.0]]))
    _assert_bracket(spectral_radius(golden), (1 + mp.sqrt(5)) / 2)
    rng = np.random.default_rng(1)
    diagonal = rng.random(n)
    chain = sparse.diags_array([diagonal, np.ones(n - 1)], offsets=[0, 1])
    _assert_bracket(spectral_radius(chain), diagonal.max())
    assert spectral_radius(sparse.diags_array([np.ones(n - 1)], offsets=[1])) == (0.0, 0.0)
    permutation = sparse.csr_array((np.full(n, 3.0), (rng.permutation(n), np.arange(n))), shape=(n, n))
    _assert_bracket(spectral_radius(permutation), 3.0)
    # 2 x 2 blocks (1, e; e, 1) with e down to 1e-9: the power method is slow on all of them
    small = 10.0 ** rng.uniform(-9, 0, n // 2)
    even, odd = np.arange(0, n, 2), np.arange(1, n, 2)
    rows, columns = np.r_[even, even, odd, odd], np.r_[even, odd, even, odd]
    values = np.r_[np.ones(n // 2), small, small, np.ones(n // 2)]
    slow = sparse.csr_array((values, (rows, columns)), shape=(n, n))
    _assert_bracket(spectral_radius(slow), 1 + mp.mpf(small.max()))


def test_components_of_all_sizes():
    rng = np.random.default_rng(2)
    blocks = [rng.random((k, k)) * rng.uniform(1.0, 3.0) / k for k in rng.integers(1, 100, 40)]
    matrix = sparse.block_diag(blocks).toarray() + np.triu(rng.random((sum(map(len, blocks)),) * 2), 100)
    order = rng.permutation(len(matrix))
    low, high = spectral_radius(matrix[np.ix_(order, order)])
    radius = max(np.abs(np.linalg.eigvals(one)).max() for one in blocks)
    assert low * (1 - 1e-12) <= radius <= high * (1 + 1e-12)
    assert high - low <= 1e-12 * high


def test_nearly_reducible():
    n = 500
    matrix = np.zeros((2 * n, 2 * n))
    matrix[:n, :n] = matrix[n:, n:] = 1.0
    matrix[0, n], matrix[n, 0] = 1e-9, 1e-12
    # The Perron vector is (nearly) constant on each half: the radius is n + sqrt(1e-21)/n to first order.
    low, high = spectral_radius(matrix)
    assert low * (1 - 1e-14) <= n <= high * (1 + 1e-14)
    assert high - low <= 1e-12 * n


def test_products_of_layers():
    n = 300
    shift = sparse.csr_array((np.full(n, 0.5), (np.r_[1:n, 0], np.arange(n))), shape=(n, n))
    _assert_bracket(spectral_radius([_path(n), _path(n), _path(n).toarray()]), _path_radius(n) ** 3)
    _assert_bracket(spectral_radius([shift, shift.toarray(), shift]), mp.mpf(1) / 8)
    # a cycle of layers that a product of 100 blows up and down again
    factors = [np.full((2, 3), 1e200), np.full((4, 2), 1e-200), np.full((3, 4), 1e150), np.full((3, 3), 1e-150)]
    _assert_bracket(spectral_radius(factors), mp.mpf(1e200) * mp.mpf(1e-200) * mp.mpf(1e150) * mp.mpf(1e-150) * 72)
    low, high = spectral_radius([np.array([[w]]) for w in (1e-200, 1e-200, 1e300, 1e300)])
    assert low <= mp.mpf(1e-200) ** 2 * mp.mpf(1e300) ** 2 <= high
    assert high <= low * (1 + 1e-15)
    assert spectral_radius([np.array([[1e300]])] * 2) == (np.finfo(float).max, np.inf)  # beyond floats
    assert spectral_radius([np.array([[1e-300]])] * 2) == (0.0, 2.0**-1074)


@pytest.mark.parametrize("scale", [5e-324, 1e-320, 1e-310, 1e-300, 1e-150, 1e150, 1e300])
def test_ends_of_floats(scale):
    rng = np.random.default_rng(3)
    with mp.workdps(60):
        for n in (1, 2, 3, 3, 4, 5):
            matrix = rng.random((n, n)) * scale
            low, high = spectral_radius(matrix)
            exact = _exact(matrix)
            assert low <= exact * (1 + mp.mpf(10) ** -40)
            assert exact <= high * (1 + mp.mpf(10) ** -40)
            assert high - low <= 1e-12 * high + 2.0**-1073


def test_graphs_and_entries_of_many_kinds():
    rng = np.random.default_rng(4)
    for trial in range(60):
        n = int(rng.integers(2, 8))
        shape = trial % 6
        pattern = [
            np.ones((n, n)), rng.random((n, n)) < 0.4, _path(n).toarray(), np.roll(np.eye(n), 1, axis=0),
            np.triu(np.ones((n, n))), np.eye(n)[rng.permutation(n)] + np.eye(n, k=2),
        ][shape]  # fmt: skip
        grade = 10.0 ** rng.uniform(-10, 10, n)
        entries = [
            np.ones((n, n)), rng.random((n, n)), 10.0 ** rng.uniform(-30, 30, (n, n)),
            rng.random((n, n)) * grade[:, None] / grade,
        ][trial % 4]  # fmt: skip
        matrix = pattern * entries
        with mp.workdps(200):
            _assert_bracket(spectral_radius(sparse.csr_array(matrix) if trial % 5 else matrix), _exact(matrix))


def test_inputs_of_all_kinds():
    twice = sparse.coo_matrix(([1.0, 1.0], ([0, 0], [0, 0])))
    for matrix in ([[1, 1], [1, 1]], sparse.csr_matrix(np.ones((2, 2), dtype=int)), twice):
        _assert_bracket(spectral_radius(matrix), 2.0)
    for kind in (np.float32, int, bool):
        _assert_bracket(spectral_radius(np.ones((2, 2), dtype=kind)), 2.0)
    assert spectral_radius(np.zeros((0, 0))) == (0.0, 0.0)
    assert spectral_radius(sparse.csr_array((5, 5))) == (0.0, 0.0)
    for matrix in (np.eye(2) * 1j, sparse.eye_array(2) * 1j):
        with pytest.raises(TypeError, match="matrix must be a nonnegative matrix of real numbers, not of complex128"):
            spectral_radius(matrix)

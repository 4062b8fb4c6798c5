import numpy as np
import pytest

import rmtjac as rj


def test_matrices_against_numpy():
    stack = np.random.default_rng(0).standard_normal((4, 6, 9))
    expected = np.sort(np.linalg.svd(stack, compute_uv=False), axis=1)
    for precision in ("auto", "accurate", "fast"):
        emp = rj.EmpiricalSpectrum.from_matrices(stack, precision)
        np.testing.assert_allclose(np.exp(emp.log_singular_values), expected, rtol=1e-9)
        assert emp.samples == 4
    one = rj.EmpiricalSpectrum.from_matrices(stack[0])
    np.testing.assert_allclose(np.exp(one.log_singular_values), expected[:1], rtol=1e-12)
    tall = rj.EmpiricalSpectrum.from_matrices(stack.transpose(0, 2, 1))
    assert tall.atom == pytest.approx(1 / 3)


def test_a_graded_matrix_keeps_its_digits():
    rows = 10.0 ** -np.arange(0, 300, 30.0)
    q = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0]
    emp = rj.EmpiricalSpectrum.from_matrices(rows[:, None] * q)
    np.testing.assert_allclose(emp.log_singular_values[0], np.log(rows[::-1]), rtol=1e-13, atol=1e-14)
    assert emp.log_floor == -np.inf


@pytest.mark.parametrize("activation", ["hardtanh", "tanh", "relu"])
def test_jacobians_of_a_network(activation):
    net = rj.Ensemble([5, 8, 6], activation, biases=rj.Gaussian(0.3)).draw(rng=3)
    inputs = np.random.default_rng(2).standard_normal((2, 3, 5))
    emp = rj.EmpiricalSpectrum.from_network(net, inputs)
    expected = np.linalg.svd(net.jacobian(inputs.reshape(6, 5)), compute_uv=False)
    padded = np.sort(np.pad(expected, ((0, 0), (0, 1))), axis=1)
    np.testing.assert_allclose(np.exp(emp.log_singular_values), padded, atol=1e-13)
    d = net.activations[0].derivative(net.preactivations(inputs.reshape(6, 5))[0])
    np.testing.assert_allclose(emp.mask_moments[:, 0, 0], (d**2).mean(axis=1), rtol=1e-14)


def test_weights():
    net = rj.Ensemble([5, 8, 6], "tanh").draw(rng=3)
    for matrix, emp in zip(net.weights, rj.EmpiricalSpectrum.from_weights(net), strict=True):
        values = np.linalg.svd(matrix, compute_uv=False)
        np.testing.assert_allclose(emp.eigenvalues[0, -values.size :], values[::-1] ** 2, rtol=1e-12)


def test_zero_and_tiny_matrices():
    assert rj.EmpiricalSpectrum.from_matrices([[[0.0]]]).atom == 1.0
    emp = rj.EmpiricalSpectrum.from_matrices([[[5e-324]]])
    assert emp.log_singular_values[0, 0] == pytest.approx(np.log(5e-324))


@pytest.mark.parametrize(
    ("matrices", "message"),
    [
        ([], "at least one matrix"),
        ([np.ones((2, 2)), np.ones((3, 2))], r"matrices\[1\] has shape \(3, 2\), the first \(2, 2\)"),
        ([np.ones((2, 2)), np.ones((2, 3))], r"matrices\[1\] has shape \(2, 3\), the first \(2, 2\)"),
        ([np.ones((2, 2)), np.ones(2)], r"matrices\[1\] has shape \(2,\)"),
        ([1.0, 2.0], r"matrices of shape \(2,\)"),
        (np.ones((1, 1, 1, 1)), r"matrices of shape \(1, 1, 1, 1\)"),
        (np.ones(3), r"matrices of shape \(3,\)"),
        ([[[np.nan]]], "NaN or infinite"),
        ([np.empty((0, 2))], "at least 1 x 1"),
    ],
)
def test_bad_input(matrices, message):
    with pytest.raises(ValueError, match=message):
        rj.EmpiricalSpectrum.from_matrices(matrices)


def test_bad_precision():
    with pytest.raises(ValueError, match="precision="):
        rj.EmpiricalSpectrum.from_matrices([[[1.0]]], "exact")


@pytest.mark.parametrize(
    "matrices", [np.eye(2) * 1j, [np.eye(2) * 1j], [[1.0, 2j], [0.0, 1.0]], [np.eye(2), 1j * np.eye(2)]]
)
def test_complex_matrices_are_refused_by_name(matrices):
    with pytest.raises(
        TypeError, match=r"^matrices(\[\d\])? must be .* of real numbers, not of complex128; .* A \+ iB"
    ):
        rj.EmpiricalSpectrum.from_matrices(matrices)


@pytest.mark.parametrize("matrices", ["ab", {"a": 1}, 3.0, None, [["1", "2"]], [[None]], [[1.0, 2.0], [3.0]]])
def test_what_is_no_matrix(matrices):
    with pytest.raises(TypeError, match=r"^matrices"):
        rj.EmpiricalSpectrum.from_matrices(matrices)


def test_masked_entries_are_refused():
    with pytest.raises(ValueError, match="matrices holds masked entries"):
        rj.EmpiricalSpectrum.from_matrices(np.ma.masked_equal(np.eye(2), 1.0))


class Tensor:
    """What a tensor in a gradient shows of itself."""

    def __init__(self, array):
        self.array, self.ndim = np.array(array), np.ndim(array)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad")

    def detach(self):
        return self

    def cpu(self):
        return self.array


def test_one_matrix_in_every_dress():
    from scipy.sparse import csr_array

    pd = pytest.importorskip("pandas")
    a = np.array([[3.0, 1.0, 0.0], [0.0, 4.0, 2.0]])
    expected = rj.EmpiricalSpectrum.from_matrices(a[None]).log_singular_values
    rows = (row for row in a)
    with pytest.warns(PendingDeprecationWarning):
        old = np.matrix(a)
    for one in (
        a,
        a.tolist(),
        list(a),
        tuple(map(tuple, a)),
        pd.DataFrame(a),
        csr_array(a),
        old,
        Tensor(a),
        rows,
    ):
        found = rj.EmpiricalSpectrum.from_matrices(one)
        np.testing.assert_array_equal(found.log_singular_values, expected)
    # A list of them, and a generator, are many.
    for some in (
        [a, a],
        np.stack([a, a]).tolist(),
        (w for w in (a, a)),
        [pd.DataFrame(a), csr_array(a)],
        Tensor([a, a]),
    ):
        found = rj.EmpiricalSpectrum.from_matrices(some)
        np.testing.assert_array_equal(found.log_singular_values, np.repeat(expected, 2, axis=0))


@pytest.mark.parametrize("precision", ["auto", "accurate", "fast"])
@pytest.mark.parametrize("kind", [float, np.float32, int])
def test_equal_entries_have_rank_one(precision, kind):
    emp = rj.EmpiricalSpectrum.from_matrices(np.ones((4, 4), dtype=kind), precision)
    assert emp.rank_bounds.tolist() == [[1, 1]]
    assert emp.atom_bounds == (emp.atom, emp.atom) == (0.75, 0.75)
    assert np.isneginf(emp.log_singular_values[0, :3]).all()
    assert emp.log_moment().value == pytest.approx(np.log(16.0), rel=1e-14)
    assert emp.log_moment().basis == "over 1 of 4 eigenvalues; 3 are zeros"


@pytest.mark.parametrize("precision", ["auto", "accurate", "fast"])
def test_centred_data_lose_one_rank(precision):
    y = np.random.default_rng(0).standard_normal((30, 100))
    y -= y.mean(0)
    emp = rj.EmpiricalSpectrum.from_matrices(y.T / 30**0.5, precision)
    assert emp.rank_bounds.tolist() == [[29, 30]]
    assert emp.atom == 0.71
    assert emp.atom_bounds == pytest.approx((0.70, 0.71))
    # Oracle: an orthonormal basis of what centring leaves takes the zero away before rounding brings it back.
    basis = np.linalg.qr(np.eye(30)[:, :29] - 1.0 / 30.0)[0]
    values = np.linalg.svd(basis.T @ y / 30**0.5, compute_uv=False)
    assert emp.log_moment().value == pytest.approx(
        2.0 * np.log(values).mean(), rel=1e-6 if precision == "fast" else 1e-12
    )
    assert emp.log_moment().basis == "over 29 of 100 eigenvalues; 70 are zeros, 1 are undecided"
    assert "atom 0.71 (0.7 to 0.71)" in repr(emp)


@pytest.mark.parametrize("kind", [float, np.float32])
@pytest.mark.parametrize("dress", [np.asarray, np.ndarray.tolist])
def test_low_rank_floats(kind, dress):
    rng = np.random.default_rng(1)
    w = rng.standard_normal((64, 8)).astype(kind) @ rng.standard_normal((8, 64)).astype(kind)
    emp = rj.EmpiricalSpectrum.from_matrices(dress(w))
    assert emp.rank_bounds.tolist() == [[8, 64]]
    assert (emp.atom, emp.atom_bounds) == (0.875, (0.0, 0.875))
    # Rounding of the entries is all that stands against full rank; whoever knows that there is none says so.
    assert rj.EmpiricalSpectrum.from_matrices(dress(w), entry_error=0.0).rank_bounds.tolist() == [[64, 64]]


def test_measured_data_of_three_digits():
    rng = np.random.default_rng(1)
    w = rng.standard_normal((20, 3)) @ rng.standard_normal((3, 20))
    w *= 1.0 + 1e-3 * rng.uniform(-1.0, 1.0, w.shape)
    assert rj.EmpiricalSpectrum.from_matrices(w).rank_bounds.tolist() == [[20, 20]]
    assert rj.EmpiricalSpectrum.from_matrices(w, entry_error=1e-3).rank_bounds.tolist() == [[3, 20]]
    for bad in (0.1, -1.0, np.nan, "x"):
        with pytest.raises((ValueError, TypeError), match="entry_error="):
            rj.EmpiricalSpectrum.from_matrices(w, entry_error=bad)


def test_the_smallest_value_of_a_hilbert_matrix_is_not_sold():
    # 2.6e-17, of which rounding of the entries 1/(i + j + 1) leaves no digit; the others are 11.
    emp = rj.EmpiricalSpectrum.from_matrices(1.0 / (np.arange(12)[:, None] + np.arange(12) + 1.0))
    assert emp.rank_bounds.tolist() == [[11, 12]]
    assert emp.log_error[0] > np.log(2.6e-17)


@pytest.mark.parametrize("precision", ["auto", "accurate", "fast"])
def test_duplicated_neurons(precision):
    rng = np.random.default_rng(0)
    w, v = rng.standard_normal((2, 12, 12)) / 3.0
    w[5], w[7], v[2] = w[3], -w[1], v[0]
    net = rj.Network([w, v], activation="tanh")
    emp = rj.EmpiricalSpectrum.from_network(net, rng.standard_normal((4, 12)), precision)
    # Two neurons repeat others, so the first layer has rank 10; of the 12 rows above two are equal: 10 or 11, so 10.
    assert emp.rank_bounds.tolist() == [[10, 10]] * 4
    if precision != "fast":
        assert (emp.log_error < emp.log_singular_values[:, 2] - 13.0).all()


@pytest.mark.parametrize("precision", ["auto", "accurate", "fast"])
def test_layers_that_cancel(precision):
    whole = rj.Network([[[1.0, 1.0], [-1.0, -1.0]], [[1.0, 1.0], [2.0, 2.0]]], activation="linear")
    assert rj.EmpiricalSpectrum.from_network(whole, [[1.0, 2.0]], precision).rank_bounds.tolist() == [[0, 0]]
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
    p = q[:, :3] @ q[:, :3].T
    projectors = rj.Network([p, np.eye(6) - p], activation="linear")
    emp = rj.EmpiricalSpectrum.from_network(projectors, np.ones((1, 6)), precision)
    assert emp.rank_bounds[0, 0] == 0  # all of it is the rounding of the projectors


def test_weights_of_low_rank():
    rng = np.random.default_rng(2)
    net = rj.Network([rng.standard_normal((9, 2)) @ rng.standard_normal((2, 9))], activation="tanh")
    assert [s.rank_bounds.tolist() for s in rj.EmpiricalSpectrum.from_weights(net)] == [[[2, 9]]]


def test_the_bracket_is_kept_in_files(tmp_path):
    y = np.random.default_rng(0).standard_normal((5, 7))
    emp = rj.EmpiricalSpectrum.from_matrices((y - y.mean(0)).T)
    again = rj.EmpiricalSpectrum.load(emp.save(tmp_path / "a.npz"))
    np.testing.assert_array_equal(again.rank_bounds, emp.rank_bounds)
    assert again.atom_bounds == emp.atom_bounds


@pytest.mark.parametrize("name", ["tanh", "erf", "sigmoid", "softplus"])
def test_derivatives_that_underflow_are_no_certain_zeros(name):
    net = rj.Network([1e4 * np.eye(3)], None, name)  # phi' > 0 everywhere: of rank 3
    found = rj.EmpiricalSpectrum.from_network(net, [[-1.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(found.rank_bounds, [[1, 3], [3, 3]])
    net = rj.Network([np.eye(3), 1e4 * np.eye(3)], None, ["relu", name])
    found = rj.EmpiricalSpectrum.from_network(net, [[-1.0, 1.0, 1.0]])  # a certain zero, and phi'(1e4)
    low, high = found.rank_bounds[0]
    assert low <= 2 == high or name == "softplus"
    net = rj.Network([np.eye(3)], None, "relu")
    np.testing.assert_array_equal(rj.EmpiricalSpectrum.from_network(net, [[-1.0, 1.0, 1.0]]).rank_bounds, [[2, 2]])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="inputs holds NaN or infinite entries"):
        rj.EmpiricalSpectrum.from_network(rj.Network([np.eye(2)], None, "relu"), [[bad, 0.0]])

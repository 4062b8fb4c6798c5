import math

import numpy as np
import pytest

import rmtjac as rj


def _ensemble(n, depth, weight, bias, phi="tanh", first=None):
    weights = [rj.Gaussian(weight if first is None else first), *[rj.Gaussian(weight)] * (depth - 1)]
    return rj.Ensemble([n, *[100] * (depth - 1), n], phi, weights, rj.Gaussian(bias) if bias else None)


# E[total] and E[stable] for tanh, n = 2, by (bias, weight, depth), from a separate computation that is good to 0.001
# relative to the numbers (its node doubling).
TABLE = {
    (0.1, 1.0): ((1.229, 1.150, 1.104, 1.052, 1.007), (0.892, 0.878, 0.881, 0.904, 0.970)),
    (0.1, 2.0): ((1.768, 2.051, 2.300, 3.027, 9.425), (0.772, 0.668, 0.601, 0.497, 0.288)),
    (1.0, 1.0): ((1.044, 1.003, 1.000, 1.0, 1.0), (0.908, 0.984, 1.0, 1.0, 1.0)),
    (1.0, 3.0): ((1.657, 1.933, 2.487, 4.997, 50.9), (0.745, 0.660, 0.596, 0.485, 0.273)),
}


@pytest.mark.parametrize(("bias", "weight"), list(TABLE))
@pytest.mark.parametrize("column", range(5))
def test_table_of_tanh(bias, weight, column):
    depth = (1, 2, 3, 5, 10)[column]
    found = rj.expected_fixed_points(_ensemble(2, depth, weight, bias))
    total, stable = (row[column] for row in TABLE[bias, weight])
    # Half a unit of the last digit, and the 1e-3 of the other computation.
    assert abs(found.total.value - total) <= max(6e-4, 1e-3 * total)
    assert abs(found.stable.value - stable) <= 1.1e-3
    assert found.index_residual < 1e-8
    assert found.total.error < 1e-3 * total
    assert found.stable.error < 1.5e-3
    assert found.converged


def test_stable_pairs_rise_and_fall():
    """Zero biases, first weights of std .3, sw = 1.5: stable points off the origin come in pairs."""
    known = {2: 0.004, 4: 0.174, 5: 0.275}
    for depth, pairs in known.items():
        found = rj.expected_fixed_points(_ensemble(2, depth, 1.5, 0.0, first=0.3))
        assert abs(0.5 * (found.stable.value - found.origin[1]) - pairs) < 8e-4
        assert found.index_residual < 1e-8


@pytest.mark.parametrize(("bias", "depth", "close"), [(0.1, 20, 1e-3), (1.0, 30, 1e-4)])
def test_growth_with_depth_is_chi(bias, depth, close):
    """The ratio tends to chi like chi^(-L/2)."""
    one, two = (rj.expected_fixed_points(_ensemble(2, l, 3.0, bias)) for l in (depth - 1, depth))
    assert abs(two.total.value / one.total.value / two.growth - 1.0) < close


def test_hardtanh_with_its_boundary():
    found = rj.expected_fixed_points(_ensemble(2, 2, 1.5, 0.1, "hardtanh"))
    assert abs(found.total.value - 2.032) < 5e-4
    assert found.index_residual < 1e-8


@pytest.mark.parametrize(
    ("ensemble", "networks"),
    [
        (_ensemble(2, 1, 1.0, 0.1), 300),
        (_ensemble(2, 1, 1.5, 0.1, "hardtanh"), 2000),
        (_ensemble(1, 1, 2.0, 0.1), 2000),
        (_ensemble(1, 1, 2.0, 0.3, "hardtanh"), 2000),
        (_ensemble(3, 1, 2.0, 1.0, "hardtanh"), 2000),
    ],
    ids=repr,
)
def test_one_layer_against_counts(ensemble, networks):
    """One layer is exact at every width: proved counts, four standard errors."""
    counts = rj.count_fixed_points(ensemble, networks, rng=5)
    found = rj.expected_fixed_points(ensemble)
    for name, (mean, spread) in counts.means.items():
        value, error = getattr(found, name)
        assert abs(mean - value) <= 4.0 * math.hypot(spread, error), name


def test_three_inputs_by_two_methods():
    """The grid of n = 3 and the draws that n > 3 uses give the same."""
    from rmtjac.fixed_points.expected.infinite_width import many_inputs
    from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map

    net = gaussian_map(_ensemble(3, 2, 1.5, 0.3))
    root = np.random.SeedSequence(3)
    grid = many_inputs.sums_by_draws(net, root, 256)
    radius = many_inputs._Radius(net, np.random.default_rng(1))
    drawn = np.array([many_inputs._sampled(net, radius, 1024, np.random.default_rng(i)) for i in range(16)])
    error = np.sqrt(grid.var(axis=0) / 16 + drawn.var(axis=0) / 16)
    assert np.all(np.abs(grid.mean(axis=0) - drawn.mean(axis=0)) <= 4.0 * error)
    assert abs(grid[:, 3].mean() - 1.0) < 1e-8


def test_no_biases_in_four_dimensions():
    found = rj.expected_fixed_points(_ensemble(4, 2, 1.5, 0.0), points=512)
    assert found.index_residual <= 4.0 * found.index.error < 0.1
    assert found.origin[0] == 1.0


def test_replaced_ends_and_repeated_seeds():
    wide = rj.Ensemble([5, 50, 7], "tanh", rj.Gaussian(1.5), rj.Gaussian(0.3))
    assert rj.expected_fixed_points(wide, 2).total == rj.expected_fixed_points(_ensemble(2, 2, 1.5, 0.3)).total
    one, two = (rj.expected_fixed_points(wide, 4, rng=7, points=64) for _ in range(2))
    assert one.total == two.total != rj.expected_fixed_points(wide, 4, rng=8, points=64).total


def test_hidden_laws_with_a_variance_have_the_same_limit():
    laws = [rj.Gaussian(1.5), rj.Orthogonal(1.5), rj.Uniform(1.5)]
    mixed = rj.Ensemble([2, 50, 50, 2], "tanh", laws, rj.Gaussian(0.3))
    assert rj.expected_fixed_points(mixed).total.value == pytest.approx(
        rj.expected_fixed_points(_ensemble(2, 3, 1.5, 0.3)).total.value, rel=1e-12
    )


@pytest.mark.parametrize("std", [1e-3, 1e-150])
def test_contractions_have_one_stable_point(std):
    found = rj.expected_fixed_points(_ensemble(2, 2, std, 0.5))
    np.testing.assert_allclose([found.total.value, found.stable.value, found.saddles.value], [1.0, 1.0, 0.0], atol=1e-6)


@pytest.mark.parametrize(
    ("n", "weight", "bias", "phi"),
    [(1, 1e-3, 1e-3, "tanh"), (2, 1e-3, 1e-8, "tanh"), (2, 1e-2, 2e-2, "erf"), (2, 1e-4, 1e-6, "sigmoid"),
     (2, 1e-100, 1e-100, "hardtanh"), (2, 1e-3, 1e-3, "relu"), (3, 1e-3, 1e-3, "tanh"), (4, 1e-3, 1e-3, "tanh")],
)  # fmt: skip
def test_narrow_laws_of_the_fixed_point(n, weight, bias, phi):
    """A contraction has one fixed point, whose law is as narrow as that of h(0); the errors hold what is missed."""
    found = rj.expected_fixed_points(_ensemble(n, 2, weight, bias, phi), points=256)
    for value, error in (found.total, found.stable, found.index):
        assert abs(value - 1.0) <= 4.0 * error + 1e-6
        assert error < 1e-3


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_small_weights_without_biases_leave_the_origin_alone(n):
    found = rj.expected_fixed_points(_ensemble(n, 2, 1e-6, 0.0), points=64)
    np.testing.assert_allclose([found.total.value, found.stable.value, found.index.value], 1.0, atol=1e-6)


@pytest.mark.parametrize("bias", [1e-300, 1e-150, 1e-100])
def test_faint_biases_in_two_dimensions(bias):
    found, none = (rj.expected_fixed_points(_ensemble(2, 2, 0.5, b)) for b in (bias, 0.0))
    assert found.index_residual < 1e-8
    assert (found.total, found.stable) == (none.total, none.stable)


@pytest.mark.parametrize("bias", [0.0, 1e-3, 1.0])
@pytest.mark.parametrize("weight", [1e-120, 1e-160])
def test_weights_whose_variances_underflow(weight, bias):
    found = rj.expected_fixed_points(_ensemble(2, 2, weight, bias))
    np.testing.assert_allclose([found.total.value, found.stable.value, found.index.value], 1.0, atol=1e-5)


@pytest.mark.parametrize("phi", ["linear", "relu", "leaky_relu:0.2"])
@pytest.mark.parametrize(("n", "depth", "weight", "bias"), [(1, 1, 1.5, 0.3), (1, 3, 0.8, 1e-8), (2, 1, 0.7, 0.5)])
def test_errors_of_unbounded_maps_hold_the_far_points(phi, n, depth, weight, bias):
    """These maps have one fixed point in expectation: their degree at infinity is 1 for a half of the weights."""
    total = rj.expected_fixed_points(_ensemble(n, depth, weight, bias, phi)).total
    assert abs(total.value - 1.0) <= 1.5 * total.error < 1e-4


@pytest.mark.parametrize(("phi", "bias"), [("gelu", 1e-3), ("gelu", 1e-10), ("silu", 1e-6), ("mish", 1e-10)])
def test_unbounded_activations_with_small_biases_against_sign_changes(phi, bias):
    """n = 1, one layer: the zeros of w phi(y) + b - y, counted as sign changes on a grid."""
    rng = np.random.default_rng(3)
    y = np.concatenate([np.sinh(np.linspace(-32.0, 32.0, 801)) * bias, np.sinh(np.linspace(-16.0, 16.0, 801))])
    y = np.unique(y[np.abs(y) < 1e6])
    above = rng.normal(0.0, 2.0, (10_000, 1)) * rj.activations.activation(phi)(y) - y > rng.normal(
        0.0, bias, (10_000, 1)
    )
    counts = (above[:, 1:] != above[:, :-1]).sum(axis=1)
    found = rj.expected_fixed_points(_ensemble(1, 1, 2.0, bias, phi))
    assert abs(counts.mean() - found.total.value) <= 4.0 * counts.std() / 100.0


STEP = rj.Activation("step", np.sign, np.zeros_like, breakpoints=(0.0,), slopes=(0.0, 0.0))


@pytest.mark.parametrize(
    ("ensemble", "message"),
    [
        (rj.Ensemble([2, 5, 3]), "widths"),
        (rj.Ensemble([2, 5, 2], weights=rj.Gaussian(0.0)), "are 0"),
        (rj.Ensemble([2, 5, 2], weights=rj.Cauchy()), "no variance"),
        (rj.Ensemble([2, 5, 2], biases=rj.Cauchy()), "no variance"),
        (rj.Ensemble([2, 5, 2], weights=rj.Orthogonal()), "must be Gaussian"),
        (rj.Ensemble([2, 5, 2], weights=rj.Uniform()), "must be Gaussian"),
        (rj.Ensemble([2, 5, 2], biases=rj.Rademacher()), "must be Gaussian"),
        (rj.Ensemble([2, 5, 2], "relu"), "kink at 0"),
        (rj.Ensemble([2, 5, 2], STEP, biases=rj.Gaussian()), "jumps at 0"),
    ],
)
def test_bad_ensembles(ensemble, message):
    with pytest.raises(ValueError, match=message) as caught:
        rj.expected_fixed_points(ensemble)
    assert "\n" not in str(caught.value)


def test_bad_settings():
    ensemble = _ensemble(2, 2, 1.0, 0.1)
    with pytest.raises(ValueError, match="method='quadrature'"):
        rj.expected_fixed_points(ensemble, method="quadrature")
    with pytest.raises(TypeError, match="draws"):
        rj.expected_fixed_points(ensemble, draws=3)
    with pytest.raises(TypeError, match="must be an Ensemble"):
        rj.expected_fixed_points("tanh")
    with pytest.raises(ValueError, match="n=0"):
        rj.expected_fixed_points(ensemble, 0)
    with pytest.raises(ValueError, match="points=0"):
        rj.expected_fixed_points(ensemble, 4, points=0)


def test_kinds_add_up_and_errors_are_real():
    ens = rj.Ensemble([2, 100, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.3))
    found = rj.expected_fixed_points(ens)
    parts = found.stable.value + found.saddles.value + found.repellers.value
    assert parts == pytest.approx(found.total.value, rel=1e-12)
    assert all(0.0 < error < 2e-3 for _, error in (found.total, found.stable, found.saddles, found.repellers))
    assert found.origin.size == 0
    assert np.isfinite(found.growth)

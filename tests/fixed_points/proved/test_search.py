import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.iterated.orbits import value_and_jacobian


def _newton(net, count, rng):
    """Every solution that Newton's method finds from `count` starts: an oracle of another kind."""
    x = rng.uniform(-1, 1, (count, 2))
    for _ in range(60):
        y, jacobian = value_and_jacobian(net, x)
        system = np.eye(2) - jacobian
        system[np.abs(np.linalg.det(system)) < 1e-12] = np.eye(2)
        x = np.clip(x + np.linalg.solve(system, (y - x)[..., None])[..., 0], -1.5, 1.5)
    y, _ = value_and_jacobian(net, x)
    found = []
    for point in x[np.abs(y - x).max(axis=1) < 1e-11]:
        if not any(np.abs(point - other).max() < 1e-8 for other in found):
            found.append(point)
    return np.array(found).reshape(-1, 2)


def _apart(a, b):
    """Largest distance from a point of one set to the other."""
    gaps = np.abs(a[:, None] - b[None]).max(axis=2)
    return max(gaps.min(axis=1, initial=np.inf).max(initial=0.0), gaps.min(axis=0, initial=np.inf).max(initial=0.0))


@pytest.mark.parametrize("law", ["cauchy", "gaussian"])
@pytest.mark.parametrize(("depth", "seeds"), [(1, 12), (2, 12), (3, 8), (4, 4), (5, 2)])
def test_branch_and_bound_enumeration_and_newton_agree(law, depth, seeds):
    for width in (10, 30, 100):
        for seed in range(seeds):
            net = rj.Ensemble.berlyand_slavin(width, depth, law=law).draw(seed)
            found = rj.find_fixed_points(net, method="exact", cross_check=True)
            assert found.complete, (width, seed, found.reason)
            assert found.index_sum == 1
            assert "regions agrees" in found.reason
            newton = _newton(net, 1500, np.random.default_rng(seed))
            # Newton finds no others; 1500 starts may miss some.
            if len(newton):
                gaps = np.abs(newton[:, None] - found.points[None]).max(axis=2).min(axis=1)
                assert gaps.max() < 1e-9


@pytest.mark.parametrize("activation", ["tanh", "erf", "sigmoid", "softsign", "arctan"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_smooth_networks(activation, depth):
    for seed in range(4):
        net = rj.Ensemble.berlyand_slavin(40, depth, activation=activation).draw(seed)
        found = rj.find_fixed_points(net, method="interval")
        assert found.complete, (seed, found.reason)
        assert found.index_sum == 1
        assert (np.abs(net(found.points) - found.points) <= 1e-12).all()
        newton = _newton(net, 500, np.random.default_rng(seed))
        assert _apart(newton, found.points) < 1e-9 or len(newton) < len(found)


@pytest.mark.parametrize("activation", ["softplus", "silu", "gelu", "mish", "relu", "leaky_relu:0.1"])
def test_unbounded_activations_need_a_domain(activation):
    net = rj.Ensemble([2, 20, 2], activation, rj.Gaussian(2.0), rj.Gaussian(1.0)).draw(0)
    with pytest.raises(ValueError, match=r"domain=None: .* may lie anywhere; pass the box to search"):
        rj.find_fixed_points(net, method="interval")
    found = rj.find_fixed_points(net, domain=(-20, 20))
    assert found.complete
    assert "within the domain" in found.reason
    newton = _newton(net, 500, np.random.default_rng(0))
    inside = newton[(np.abs(newton) < 1.4).all(axis=1)]
    for point in inside:
        assert np.abs(found.points - point).max(axis=1).min() < 1e-9


def test_a_contraction_needs_no_domain():
    net = rj.Network([[[0.3, 0.1], [0.0, 0.4]]], [[5.0, -3.0]], "softplus")
    found = rj.find_fixed_points(net)
    assert (len(found), found.complete, found.method) == (1, True, "interval")
    np.testing.assert_allclose(net(found.points), found.points, rtol=1e-14)


def test_two_points_closer_than_1e_7():
    # -x + gap right of 0, 1.5 x + gap left of it: fixed points gap / 2 and -2 gap.
    gap = 2e-8
    net = rj.Network([[[1.0], [-1.0]], [[-1.0, -1.5]]], [[0.0, 0.0], [gap]], ["relu", "linear"])
    found = rj.find_fixed_points(net, domain=(-1, 1))
    assert found.complete
    np.testing.assert_allclose(found.points[:, 0], [-2 * gap, gap / 2], rtol=1e-9)
    assert np.ptp(found.points) < 1e-7
    assert found.index.tolist() == [-1, 1]


def test_a_point_on_a_kink():
    # f(x) = -|x|-like at its fixed point 0: slopes -1/2 and 1/4 there, index +1 on both sides.
    net = rj.Network([[[1.0], [-1.0]], [[-0.5, -0.25]]], activation=["relu", "linear"])
    found = rj.find_fixed_points(net, domain=(-1, 1))
    assert (len(found), found.complete, found.index.tolist()) == (1, True, [1])
    assert abs(found.points[0, 0]) <= found.errors[0, 0]


def test_saturated_corners():
    found = rj.find_fixed_points(rj.Network([[[5.0, 1.0], [1.0, 5.0]]], activation="hardtanh"))
    assert found.complete
    corners = found.points[found.stable]
    assert {tuple(np.round(p, 12)) for p in corners} == {(-1, -1), (-1, 1), (1, -1), (1, 1)}
    assert (found.spectral_radius[found.stable] == 0.0).all()


@pytest.mark.parametrize(
    ("weights", "bias", "activation", "domain", "ends"),
    [
        (np.diag([1.0, 0.5]), None, "hardtanh", None, [[-1, 0], [1, 0]]),
        (np.eye(2), [0.0, 0.25], "hardtanh", None, [[-1, 1], [1, 1]]),
        (np.diag([1.0, -1.0]), None, "relu", (-10, 10), [[0, 0], [10, 0]]),
        ([[1.0]], None, "hardtanh", None, [[-1], [1]]),
    ],
)
def test_continua_are_reported(weights, bias, activation, domain, ends):
    found = rj.find_fixed_points(rj.Network([weights], None if bias is None else [bias], activation), domain=domain)
    assert found.complete
    (piece,) = found.continua
    np.testing.assert_allclose(piece[np.lexsort(piece.T[::-1])], ends, atol=1e-12)
    assert "continua" in found.reason
    assert "continuum" in found.table()


def test_a_square_of_fixed_points():
    found = rj.find_fixed_points(rj.Network([np.eye(2)], activation="hardtanh"))
    (piece,) = found.continua
    assert found.complete
    assert {tuple(p) for p in piece.tolist()} == {(-1, -1), (-1, 1), (1, -1), (1, 1)}


@pytest.mark.parametrize(
    ("width", "depth", "seeds"),
    [
        (10, 8, range(5)),
        (10, 20, range(4)),
        (8, 40, (0, 2)),
        pytest.param(10, 40, (1, 2), marks=pytest.mark.slow),  # 15 s each in exact arithmetic
    ],
)
def test_deep_narrow_networks(width, depth, seeds):
    # Transitions steeper than 1e10: floats cannot follow them, exact arithmetic can.
    for seed in seeds:
        net = rj.Ensemble.berlyand_slavin(width, depth).draw(seed)
        found = rj.find_fixed_points(net)
        assert found.complete, found.reason
        assert found.index_sum == 1
        for point in rj.find_fixed_points(net, method="grid").points:
            assert np.abs(found.points - point).max(axis=1).min() < 1e-9


def test_an_undecided_search_returns_its_boxes():
    net = rj.Ensemble.berlyand_slavin(100, 5).draw(0)
    found = rj.find_fixed_points(net, max_boxes=40)
    assert not found.complete
    assert "boxes undecided; a larger max_boxes" in found.reason
    everything = rj.find_fixed_points(net)
    low, high = found.undecided[:, 0], found.undecided[:, 1]
    for point in everything.points:
        near = len(found) and np.abs(found.points - point).max(axis=1).min() < 1e-9
        assert near or ((low <= point) & (point <= high)).all(axis=1).any()

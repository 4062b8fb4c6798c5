import mpmath
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.certified.enclosure import enclose, jacobian_bounds, product_bounds, slope_bounds


def _net(seed, activation, widths=(4, 6, 5, 4)):
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return rj.Network([rng.standard_normal(s) for s in shapes], [rng.standard_normal(s[0]) for s in shapes], activation)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu", "softsign", "leaky_relu:-0.3"])
@pytest.mark.parametrize("width", [0.0, 1e-6, 0.5])
def test_images_and_jacobians_lie_within(activation, width):
    rng = np.random.default_rng(3)
    for seed in range(3):
        net = _net(seed, activation)
        centre, radius = rng.standard_normal(4), width * rng.uniform(0.0, 1.0, 4)
        found = enclose(net, centre, radius)
        middle, spread = jacobian_bounds(net, found.slopes)
        for _ in range(50):
            x = centre + rng.uniform(-1.0, 1.0, 4) * radius
            # The rounding of the point itself: 4 layers of slopes of a few units.
            assert (np.abs(net(x) - found.centre) <= found.radius + 1e-12).all()
            assert (np.abs(net.jacobian(x) - middle) <= spread + 1e-12).all()


def test_the_image_of_a_point_against_40_digits():
    with mpmath.workdps(40):
        for seed in range(5):
            net = _net(seed, "tanh")
            x = np.random.default_rng(seed).standard_normal(4)
            y = mpmath.matrix(x.tolist())
            for matrix, bias in zip(net.weights, net.biases, strict=True):
                h = mpmath.matrix(matrix.tolist()) * y + mpmath.matrix(bias.tolist())
                y = h.apply(mpmath.tanh)
            found = enclose(net, x, np.zeros(4))
            assert all(abs(y[i] - found.centre[i]) <= found.radius[i] for i in range(4))
            assert found.radius.max() < 1e-13


def test_products_hold_the_exact_ones():
    rng = np.random.default_rng(0)
    a, b, r = rng.standard_normal((5, 30)), rng.standard_normal((30, 4)), rng.uniform(0.0, 1e-8, (30, 4))
    centre, radius = product_bounds(a, b, r)
    with mpmath.workdps(40):
        for sign in (-1, 0, 1):
            true = mpmath.matrix(a.tolist()) * mpmath.matrix((b + sign * r).tolist())
            for i in range(5):
                for k in range(4):
                    assert abs(true[i, k] - centre[i, k]) <= radius[i, k]


def test_slopes_on_the_line():
    (least, most), (low, high) = slope_bounds(rj.Network([np.eye(2)] * 2, None, ["leaky_relu:-0.5", "silu"]))
    assert (least.tolist(), most.tolist()) == ([-0.5, -0.5], [1.0, 1.0])
    # The extreme slopes of silu, with 20 digits from the root of its second derivative.
    with mpmath.workdps(30):
        slope = lambda h: mpmath.diff(lambda t: t / (1 + mpmath.exp(-t)), h)  # noqa: E731
        top = mpmath.findroot(lambda h: mpmath.diff(slope, h), 2.4)
        assert slope(top) <= high[0] <= slope(top) + 1e-12
        assert slope(-top) - 1e-12 <= low[0] <= slope(-top)
    mine = rj.Activation("mine", np.sin, np.cos)
    assert slope_bounds(rj.Network([np.eye(2)], None, mine)) is None


def test_overflow_is_not_hidden():
    found = enclose(rj.Network([np.full((2, 2), 1e308)] * 2, None, "relu"), np.full(2, 1e10), np.zeros(2))
    assert not np.isfinite(found.centre).any()
    _, spread = jacobian_bounds(
        rj.Network([np.full((2, 2), 1e308)] * 3, None, "linear"), [(np.ones(2), np.ones(2))] * 3
    )
    assert not np.isfinite(spread).any()

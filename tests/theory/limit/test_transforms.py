import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from tests.theory.limit.test_moments import mean

# Both half-planes, near the axis and far from it, left and right of the support.
PLANE = np.array([0.3 + 0.2j, 1.7 - 0.4j, -2.0 + 1e-3j, 5.0 - 1e-6j, 1e3j, -1e-4 - 1e-4j, 2.0 + 1e-5j])


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _mask(p):
    return DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])


def _limit(laws, widths=None, orthogonal=None):
    return rj.LimitSpectrum(Layers(laws, [1.0] * len(laws), widths, orthogonal))


def _wishart(z, p, r):
    """m_M(1/z) where z = (1 + r m)(p + m)/m: D W W^T D with a mask, rank ratio r; and its two edges."""
    low, high = (1 - math.sqrt(p * r)) ** 2, (1 + math.sqrt(p * r)) ** 2
    root = np.sqrt(z - low + 0j) * np.sqrt(z - high + 0j)
    # 2 r m = b - root; rationalised, because the two cancel far out
    return 2.0 * p / (z - 1.0 - p * r + root), (low, high)


CASES = {
    "linear": (lambda: _limit([_mask(1.0)]), 1.0, 1.0),
    "mask": (lambda: _limit([_mask(0.3)]), 0.3, 1.0),
    "wide": (lambda: _limit([_mask(1.0)], [400, 100]), 1.0, 0.25),
    "narrow": (lambda: _limit([_mask(1.0)], [100, 250]), 1.0, 2.5),
    "wide mask": (lambda: _limit([_mask(0.6)], [300, 200]), 0.6, 2.0 / 3.0),
}


@pytest.mark.parametrize("case", CASES)
def test_stieltjes_against_marchenko_pastur(case):
    make, p, r = CASES[case]
    lim = make()
    m, (low, high) = _wishart(PLANE, p, r)
    # A few roundings, amplified near the cut by its distance of at least 1e-5.
    np.testing.assert_allclose(lim.stieltjes(PLANE), -(1.0 + m) / PLANE, rtol=1e-13 / 1e-2)
    real = np.array([1.001 * high, (1.0 + 1e-6) * high, 30.0, 1e8, -1e-3, -1.0, -1e8])
    if low > 1e-3:
        real = np.append(real, [0.5 * low, 0.999999 * low])
    m, _ = _wishart(real, p, r)
    found = lim.stieltjes(real)
    assert (found.imag == 0.0).all()
    # Within 1e-6 of the edge, where m goes like a square root, rounding of lambda_e is 1e-16/1e-6: 1e-10
    np.testing.assert_allclose(found.real, (-(1.0 + m) / real).real, rtol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_on_the_cut_the_value_is_from_above(case):
    make, p, r = CASES[case]
    lim = make()
    _, (low, high) = _wishart(1.0, p, r)
    lam = low + (high - low) * np.linspace(0.02, 0.98, 9)
    m, _ = _wishart(lam + 1e-300j, p, r)
    found = lim.stieltjes(lam)
    np.testing.assert_allclose(found, -(1.0 + m) / lam, rtol=1e-11)
    np.testing.assert_allclose(found.imag / math.pi, lim.density(lam), rtol=1e-12)  # Im f = pi rho from above
    near = lam + 1e-12j  # f has a slope of some 10 there
    np.testing.assert_allclose(lim.stieltjes(near), -(1.0 + _wishart(near, p, r)[0]) / near, rtol=1e-11)
    np.testing.assert_allclose(lim.stieltjes(near), found, rtol=1e-9)
    # Next to the axis off the support f is almost real, and its small imaginary part is right too.
    off = np.array([1.1 * high + 1e-12j, -0.5 - 1e-14j, 2.0 * high - 1e-11j])
    exact = -(1.0 + _wishart(off, p, r)[0]) / off
    h = 1e-4  # the slope by central differences, to 1e-8 relative
    slope = (lim.stieltjes(off.real + h) - lim.stieltjes(off.real - h)).real / (2 * h)
    np.testing.assert_allclose(lim.stieltjes(off).real, exact.real, rtol=1e-12)
    np.testing.assert_allclose(lim.stieltjes(off).imag, slope * off.imag, rtol=1e-6)


@pytest.mark.parametrize("depth", [1, 2, 3, 10, 30])
def test_fuss_catalan_equation(depth):
    # B = z/(z - 1 ...): 1 + m = B with z (B - 1) = B^(L+1), the generating function of the Fuss-Catalan numbers.
    lim = _limit([_mask(1.0)] * depth)
    z = np.append(PLANE, [-3.0, 1.5 * float(lim.support[-1, 1])])
    b = 1.0 + lim.moment_function(1.0 / z)
    np.testing.assert_allclose(b ** (depth + 1) / (b - 1.0) / z, 1.0, rtol=1e-12)
    np.testing.assert_allclose(lim.stieltjes(z), -b / z, rtol=1e-13)


def test_product_of_two_projections():
    # Two Haar rotations with masks: (m + p)^2 = z m (1 + m); an atom at 1 for p > 1/2, the cut is [0, 4 p (1 - p)].
    for p in (0.3, 0.8):
        lim = _limit([_mask(p)] * 2, orthogonal=[True, True])
        edge = 4 * p * (1 - p)
        z = np.append(PLANE, [-1.0, 0.9 + 0.1 * edge, 1.7])
        m = (2 * p - z + np.sqrt(z) * np.sqrt(z - edge)) / (2 * (z - 1.0))
        far = np.abs(z) > 100.0  # where the sum above cancels
        m[far] = p * p / z[far] * (1.0 + edge / z[far] * 0.5)
        np.testing.assert_allclose(lim.moment_function(1 / z)[~far], m[~far], rtol=1e-9)
        assert np.abs(lim.moment_function(1 / z)[far] * z[far] / p**2 - 1).max() < 2e-3


def test_all_weights_orthogonal_and_one_layer_is_the_law_itself():
    lim = _limit([_law("tanh", 0.7)], [300, 100], [True])  # rows orthonormal: M = D^2
    with mp.workdps(20):
        for z in (0.3 + 0.2j, -1.0 + 0j, 1.5 + 0j, 0.7 - 0.01j):
            exact = mp.quad(
                lambda x, z=z: 2 * mp.npdf(x) / (mp.sech(x * mp.sqrt(0.7)) ** 4 - z),
                [0, 0.2, 0.4, 0.45, 0.5, 0.55, 0.7, 1, 2, 4, 12],
            )
            assert abs(complex(lim.stieltjes(z)) - complex(exact)) < 1e-13 * abs(exact)


LAYERS = {
    "hardtanh": lambda: _limit([_law("hardtanh")] * 2),
    "tanh": lambda: _limit([_law("tanh")] * 2),
    "gap": lambda: _limit([_law("leaky_relu:0.1", 1.0)]),
    "gelu, erf": lambda: _limit([_law("gelu"), _law("erf"), _law("gelu")]),
    "rectangular": lambda: _limit([_law("relu"), _law("erf")], [200, 300, 100]),
    "orthogonal": lambda: _limit([_law("hardtanh", 1.0)] * 2, orthogonal=[True, True]),
    "mixed": lambda: _limit([_law("tanh"), _law("hardtanh")], [300, 200, 400], [True, False]),
}


@pytest.mark.parametrize("case", LAYERS)
def test_stieltjes_is_the_integral_of_the_density(case):
    lim = LAYERS[case]()
    top = max(float(lim.support[-1, 1]), *lim.atoms[:, 0], 0.0)
    z = top * np.array([0.5 + 0.5j, -0.3 - 0.1j, 0.1 + 0.3j, 2.0, -0.5, 1.1 - 0.2j])
    if case == "gap":
        (_, a), (b, _) = lim.support
        z = np.append(z, [0.5 * (a + b), 0.9 * a + 0.1 * b])
    exact = [mean(lim, lambda lam, w=w: 1.0 / (lam - w)) for w in z]
    # The quadrature of a density of 1e-12 resolves functions with poles this far off to 1e-10.
    np.testing.assert_allclose(lim.stieltjes(z), exact, rtol=1e-9)


@pytest.mark.parametrize("case", LAYERS)
def test_symmetry_and_the_moment_function(case):
    lim = LAYERS[case]()
    np.testing.assert_array_equal(lim.stieltjes(PLANE.conj()), lim.stieltjes(PLANE).conj())
    np.testing.assert_allclose(
        1.0 + lim.moment_function(1.0 / PLANE), -PLANE * lim.stieltjes(PLANE), rtol=1e-9
    )  # 1/(1/z) is not z: 1e-16 next to the cut at a distance of 1e-5
    small = np.array([0.01, -0.02j, 0.01 + 0.01j]) / lim.moment(1)
    series = np.polynomial.polynomial.polyval(small, [0.0, *lim.moments(25)])
    np.testing.assert_allclose(lim.moment_function(small), series, rtol=1e-12)
    assert lim.moment_function(0.0) == 0.0
    assert lim.stieltjes(PLANE.reshape(7, 1)).shape == (7, 1)
    assert lim.stieltjes(1.0j).shape == ()


def test_next_to_an_edge_from_all_sides():
    for case in ("hardtanh", "tanh", "gap"):
        lim = LAYERS[case]()
        edge = float(lim.support[-1, 1])
        above, beside, below = lim.stieltjes(edge * np.array([1 + 1e-8, 1 + 1e-8j, 1 - 1e-8]))
        at = complex(lim.stieltjes(edge * (1 + 1e-13)))
        # f - f(edge) = c sqrt(z - edge): the three differences are 1 : sqrt(i) : -i in value, to the next order 1e-4.
        c = (beside - at) / np.sqrt(1j)
        assert abs(above - at - c) < 5e-3 * abs(c)
        assert abs(abs(below - at) - abs(c)) < 5e-3 * abs(c)
        assert above.imag == 0.0
        assert below.imag > 0.0


def test_s_transform_multiplies():
    m = np.array([-0.3, -0.05, 0.1, 2.0, 0.3 + 0.2j, -0.2 - 0.6j])
    np.testing.assert_allclose(_limit([_mask(1.0)] * 5).s_transform(m), (1.0 + m) ** -5, rtol=1e-13)
    one, other = _limit([_law("hardtanh")]), _limit([_law("relu")])
    both = _limit([_law("hardtanh"), _law("relu")])
    inside = np.array([-0.3, -0.05, 0.1, 0.3 + 0.2j, -0.2 - 0.6j])
    np.testing.assert_allclose(
        both.s_transform(inside), one.s_transform(inside) * other.s_transform(inside), rtol=1e-12
    )
    # Rectangular W (n_1 x n_0): S of W W^T is 1/(1 + r m), r = n_1/n_0; orthogonal weights of gain g: 1/g^2.
    np.testing.assert_allclose(_limit([_mask(1.0)], [300, 200]).s_transform(m), 1.0 / (1.0 + 2.0 / 3.0 * m), rtol=1e-13)
    rotation = rj.LimitSpectrum(Layers([_mask(1.0), _mask(0.5)], [4.0, 1.0], None, [True, False]))
    np.testing.assert_allclose(rotation.s_transform(inside), 0.25 / (inside + 0.5), rtol=1e-13)


@pytest.mark.parametrize("case", [c for c in LAYERS if c != "gelu, erf"])
def test_s_transform_by_its_definition(case):
    # S(m) = (1 + m)/m chi_M(m), chi_M from the moment series by Newton; 30 terms of (0.02)^k suffice.
    lim = LAYERS[case]()
    series = np.polynomial.Polynomial([0.0, *lim.moments(30)])
    for m in (0.02, -0.02, 0.015 - 0.01j):
        z = m / lim.moment(1)
        for _ in range(20):
            z = z - (series(z) - m) / series.deriv()(z)
        np.testing.assert_allclose(lim.s_transform(m), (1 + m) / m * z, rtol=1e-12)
    np.testing.assert_allclose(lim.s_transform(0.0), 1.0 / lim.moment(1), rtol=1e-13)


def test_r_transform():
    w = np.array([0.0, 0.2, -3.0, 0.5j, 0.3 - 0.4j, 0.9])
    np.testing.assert_allclose(_limit([_mask(1.0)]).r_transform(w), 1.0 / (1.0 - w), rtol=1e-12)
    np.testing.assert_allclose(_limit([_mask(1.0)], [200, 100]).r_transform(w), 1.0 / (1.0 - 0.5 * w), rtol=1e-12)
    for case in ("tanh", "hardtanh", "rectangular", "mixed"):
        lim = LAYERS[case]()
        top = float(lim.support[-1, 1])
        lam = top * np.array([1.5, 4.0, -2.0, 1.0 + 2.0j, -1.0 - 3.0j])
        g = -lim.stieltjes(lam)
        np.testing.assert_allclose(lim.r_transform(g), lam - 1.0 / g, rtol=1e-9)  # lam - 1/g cancels


def test_bad_input():
    lim = LAYERS["tanh"]()
    with pytest.raises(ValueError, match="z holds NaN"):
        lim.stieltjes([1.0, math.nan])
    with pytest.raises(ValueError, match="z=0"):
        lim.stieltjes(0.0)
    with pytest.raises(ValueError, match="m holds NaN"):
        lim.s_transform(math.nan)
    with pytest.raises(ValueError, match="w holds NaN"):
        lim.r_transform(complex(0.0, math.nan))
    with pytest.raises(ValueError, match=r"m=-1.5 must lie above"):
        lim.s_transform(-1.5)
    with pytest.raises(ArithmeticError, match="no R found"):
        _limit([_mask(1.0)] * 2).r_transform(50.0)


def test_stieltjes_keeps_its_digits_next_to_zero():
    # Marchenko-Pastur: f = (sqrt(1 - 4/z) - 1)/2, where 1 + m is as small as |z|^(1/2); log z alone leaves 1e-13
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear"))
    z = np.array([-1e-300, -1e-200, -1e-20, -1.0])
    np.testing.assert_allclose(lim.stieltjes(z), (np.sqrt(1.0 - 4.0 / z) - 1.0) / 2.0, rtol=1e-12)
    found = lim.stieltjes([1e-300, 1e-100, 1e-10])
    np.testing.assert_allclose(found.imag, [1e150, 1e50, 1e5], rtol=1e-9)
    np.testing.assert_allclose(found.imag, math.pi * lim.density([1e-300, 1e-100, 1e-10]), rtol=1e-12)

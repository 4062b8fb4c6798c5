"""The kernel of the moment transform against fractions and mpmath, from the smallest to the largest u."""

import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log1p, log_moment_transform, log_moment_transform_array, log_potential
from rmtjac.theory import DiscreteLaw, derivative_law

LAW = DiscreteLaw.from_points([0.0, 0.25, 1.0, 3.0], [0.2, 0.3, 0.4, 0.1])


@pytest.mark.parametrize("name", ["tanh", "erf", "leaky_relu", "relu"])
def test_derivatives_of_the_logarithms(name):
    law = derivative_law(rj.activations.activation(name), 0.6)
    v, h = complex(0.4, -1.1), 1e-6
    c, log_c, c1, _, s1, imag = log_moment_transform(*law.kernel, v)
    up, down = (log_moment_transform(*law.kernel, v + step) for step in (h, -h))
    assert c1 == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-8)
    assert s1 == pytest.approx((up[3] - down[3]) / (2 * h), rel=1e-8)
    assert log_c == pytest.approx(np.log(c), rel=1e-13)
    assert c == pytest.approx(1 + complex(law.moment_transform(np.exp(v))) / law.mass, rel=1e-12)
    assert imag == pytest.approx(complex(law.moment_transform(np.exp(v))).imag, rel=1e-12)
    np.testing.assert_allclose(
        log_moment_transform.py_func(*law.kernel, v), log_moment_transform(*law.kernel, v), rtol=1e-12
    )


def _exact(law, v):
    """The six numbers of the kernel in 60 digits, at the floats u = e^v and the floats of the law."""
    with mp.workdps(60):
        u = mp.exp(mp.mpc(v))
        points = [(mp.mpf(x), mp.mpf(w)) for x, w in zip(law.values, law.weights, strict=True)]
        p = mp.fsum(w for _, w in points)
        rest = mp.fsum(w / (1 - u * x) for x, w in points)
        ratio = mp.fsum(w * x / (1 - u * x) for x, w in points)
        slope = mp.fsum(w * u * x / (1 - u * x) ** 2 for x, w in points)  # dm/dv
        return [
            complex(one)
            for one in (
                rest / p,
                mp.log(rest / p),
                slope / rest,
                mp.log(ratio),
                slope / (u * ratio) - 1,
                mp.im(rest),
            )
        ]


@pytest.mark.parametrize("real", [-700.0, -40.0, -3.0, 0.3, 2.0, 40.0, 319.0, 321.0, 600.0])
@pytest.mark.parametrize("angle", [-1e-6, -0.7, -2.0, -math.pi + 1e-6])
def test_all_six_numbers_of_a_sum(real, angle):
    # The rounding of e^v and of 1 - u x is 1e-16; next to the negative axis the real part of m cancels nothing.
    v = complex(real, angle)
    found = log_moment_transform(*LAW.kernel, v)
    want = _exact(LAW, v)
    near = min(1.0, abs(angle)) if real < 3.0 else 1.0
    for name, one, two in zip(found._fields, found, want, strict=True):
        if name == "imag_m":
            assert one == pytest.approx(two.real, rel=4e-14 / near + 1e-16 / abs(angle), abs=1e-300), name
        elif name == "log_ratio_slope":  # -1 + something far out, 0 + something close to 0
            assert one == pytest.approx(two, rel=1e-13 / near, abs=1e-14), name
        else:
            assert one == pytest.approx(two, rel=1e-13 / near, abs=1e-16), name


def test_the_array_is_the_number_again():
    v = np.array([0.1 - 0.4j, 5.0 - 3.0j, -60.0 - 1.0j])
    for law in (LAW, *(derivative_law(rj.activations.activation(name), 0.5) for name in ("relu", "erf", "tanh"))):
        out = log_moment_transform_array(*law.kernel, v)
        assert out.shape == (5, 3)
        for i, one in enumerate(v):
            assert tuple(out[:, i]) == log_moment_transform(*law.kernel, complex(one))[:5]
    assert log_moment_transform_array(*LAW.kernel, v[:0]).shape == (5, 0)


@pytest.mark.parametrize("x", [1e-300 - 1e-300j, 1e-9 + 1e-12j, -0.3 + 0.1j, 0.5 - 0.4j, -1.0 - 1e-9j, 1e200 + 1j, 0j])
def test_log1p(x):
    with mp.workdps(40):
        want = complex(mp.log1p(mp.mpc(x)))
    assert log1p(complex(x)) == pytest.approx(want, rel=4e-16, abs=1e-320)


@pytest.mark.parametrize("real", [-60.0, -2.0, 1.0, 60.0, 600.0])
def test_the_potential(real):
    v = np.array([real - 0.5j, real - 3.0j])
    found = log_potential(LAW.values, LAW.weights, LAW.kernel.panels, v)
    for one, at in zip(found, v, strict=True):
        with mp.workdps(40):
            u = mp.exp(mp.mpc(complex(at)))
            want = mp.fsum(mp.mpf(w) * mp.log(1 - u * mp.mpf(x)) for x, w in zip(LAW.values, LAW.weights, strict=True))
        assert one == pytest.approx(complex(want), rel=1e-14, abs=1e-18)

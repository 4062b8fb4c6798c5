import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.status import Status
from rmtjac.theory import DiscreteLaw, continuation, derivative_law
from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_edge

LINEAR = DiscreteLaw.from_points([1.0], [1.0])


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("digits", [15, 40])
def test_polished_to_the_working_precision(depth, digits):
    lam = [x * fuss_catalan_edge(depth) for x in (1e-3, 0.1, 0.5, 0.9)]
    for point in continuation(LINEAR, depth, lam, digits=digits):
        assert point.status is Status.CONVERGED
        with mp.workdps(digits + 10):
            exact = fuss_catalan_density(depth, float(point.lam), digits + 20)
            # some digits are lost to conditioning
            assert abs(point.density / exact - 1) < mp.mpf(10) ** (2 - digits)


@pytest.mark.parametrize("depth", [2, 3])
def test_the_paper_as_printed_is_good_in_the_bulk_only(depth):
    # Without the polish: tol = 1e-5 and Im z = lambda b^-N. Measured: 1e-5 ... 4e-4 in the bulk.
    edge = fuss_catalan_edge(depth)
    points = continuation(LINEAR, depth, [0.1 * edge, 0.4 * edge, 0.7 * edge], polish=False)
    errors = [abs(float(p.density) / float(fuss_catalan_density(depth, float(p.lam), 20)) - 1) for p in points]
    assert 1e-9 < max(errors) < 4e-4


def test_the_printed_start_never_leaves_zero():
    # w = 0 is a root for every z when L >= 2: BS (20) from w_0 = 0 returns density 0.
    with mp.workdps(20):
        z = mp.mpc(1, 1)
        w = mp.mpf(0)
        assert LINEAR.moment_transform_mp((1 + w) ** mp.mpf("0.5") * w ** mp.mpf("0.5") * z ** mp.mpf("-0.5")) == 0


def test_one_layer_does_not_always_contract():
    points = continuation(LINEAR, 1, [0.2, 1.0, 2.0, 3.8], polish=False)
    assert any(p.unconverged > 10 for p in points)
    assert all(p.status is Status.ITERATION_LIMIT or p.residual < 1e-4 for p in points)


@pytest.mark.parametrize("name", ["hardtanh", "relu", "leaky_relu"])
def test_the_two_routes_agree(name):
    ens = rj.Ensemble.square(100, 3, name, rj.Gaussian(1.3))
    q = 1.0 if name != "hardtanh" else "stationary"
    fast, paper = (rj.limit_spectrum(ens, input_variance=q, method=m) for m in ("inverse", "continuation"))
    lam = fast.support[-1, 1] * np.array([1e-6, 0.01, 0.3, 0.8])
    np.testing.assert_allclose(paper.density(lam), fast.density(lam), rtol=1e-12)


def test_a_root_that_was_not_reached_is_not_claimed():
    # At lambda = 1e-20, L = 1, the path of BS ends far from the root.
    for depth in (1, 2, 5):
        for point in continuation(LINEAR, depth, [1e-20, 1e-12, 1e-6], digits=30):
            exact = float(fuss_catalan_density(depth, float(point.lam), 40))
            assert point.status is Status.ITERATION_LIMIT or float(point.density) == pytest.approx(exact, rel=1e-13)


def test_erf_through_the_lerch_transcendent():
    # one point, few steps: mpmath's Lerch function takes tens of milliseconds a call
    law = derivative_law(rj.activations.activation("erf"), 0.5)
    lim = rj.LimitSpectrum(rj.theory.Layers([law] * 2, [1.0] * 2))
    (point,) = continuation(law, 2, [0.8], steps=4, base=2.0, max_iter=3, digits=16)
    assert point.status is Status.CONVERGED
    assert float(point.density) == pytest.approx(float(lim.density(0.8)), rel=1e-13)


def test_variance_is_a_scale():
    (plain,), (scaled,) = continuation(LINEAR, 2, [0.7]), continuation(LINEAR, 2, [2.8], variance=4.0)
    assert float(scaled.density) == pytest.approx(float(plain.density) / 4, rel=1e-13)
    assert float(scaled.lam) == 2.8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "depth=0"),
        ({"lam": [0.0]}, "lam=0.0"),
        ({"lam": [math.nan]}, "lam=nan"),
        ({"digits": 0}, "digits=0"),
        ({"base": 1.0}, "base=1.0"),
        ({"tol": -1.0}, "tol=-1.0"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"steps": 1.5}, "steps=1.5"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        continuation(**({"law": LINEAR, "depth": 2, "lam": [1.0]} | options))

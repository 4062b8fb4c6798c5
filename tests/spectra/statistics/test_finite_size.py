import itertools
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra.statistics.finite_size import finite_atom, finite_moments, linear_log_moment
from tests.oracles import closed_forms


def _products(reps, width, depth, values, chances, rng):
    products = np.eye(width)
    for _ in range(depth):
        d = np.sqrt(rng.choice(values, (reps, width), p=chances))
        products = d[:, :, None] * (rng.standard_normal((reps, width, width)) / math.sqrt(width)) @ products
    return products


@pytest.mark.parametrize(("width", "depth"), [(1, 3), (2, 1), (3, 2), (5, 3)])
def test_moments_against_monte_carlo(width, depth):
    values, chances = np.array([0.0, 0.5, 2.0]), np.array([0.3, 0.4, 0.3])
    mus = (float(chances @ values), float(chances @ values**2))
    rng, reps = np.random.default_rng(1), 20000
    j = _products(reps, width, depth, values, chances, rng)
    m = j @ j.transpose(0, 2, 1)
    found = np.stack([np.trace(k, axis1=1, axis2=2) / width for k in (m, m @ m)], axis=1)
    error = found.std(axis=0) / math.sqrt(reps)
    # four standard errors
    assert (np.abs(found.mean(axis=0) - finite_moments(width, [mus] * depth)) < 4.0 * error).all()


def test_moments_in_closed_form():
    # N = 1: lambda is the product of D^2 and squared normals, E lambda^2 = prod 3 E D^4
    assert finite_moments(1, [(0.5, 0.7), (2.0, 5.0)]) == pytest.approx((1.0, 9 * 0.7 * 5.0), rel=1e-14)
    # one real Wishart matrix: E tr M^2 / N = 2 + 1/N
    assert finite_moments(7, [(1.0, 1.0)]) == pytest.approx((1.0, 2 + 1 / 7), rel=1e-14)
    # Fuss-Catalan in the limit
    assert finite_moments(10**9, [(1.0, 1.0)] * 3)[1] == pytest.approx(4.0, rel=1e-8)


def test_moments_reach_the_limit():
    ens = rj.Ensemble.square(100, 3, ["erf", "tanh", "hardtanh"])
    lim = rj.limit_spectrum(ens)
    mus = [(law.moment(1), law.moment(2)) for law in lim.layers.laws]
    # the difference is of order 1/N
    assert finite_moments(10**10, mus) == pytest.approx(tuple(lim.moments(2)), rel=1e-8)
    assert finite_moments(50, mus) == pytest.approx(closed_forms.finite_moments(50, mus), rel=1e-14)


def test_log_moment():
    # log of a squared normal: -gamma - log 2
    assert linear_log_moment(1, 2) == pytest.approx(-2 * (np.euler_gamma + math.log(2)), rel=1e-14)
    rng, width, depth, reps = np.random.default_rng(2), 4, 3, 20000
    logs = np.zeros(reps)
    for _ in range(depth):
        logs += 2 * np.linalg.slogdet(rng.standard_normal((reps, width, width)) / math.sqrt(width))[1] / width
    assert abs(logs.mean() - linear_log_moment(width, depth)) < 4 * logs.std() / math.sqrt(reps)
    # the limit, up to a term of order log(N) / N = 1.4e-5
    assert linear_log_moment(10**6, 2) == pytest.approx(-2.0, abs=2e-5)


def _atom_by_enumeration(widths, masses):
    """Over all numbers of nonzero D."""
    total = 0.0
    for counts in itertools.product(*(range(n + 1) for n in widths[1:])):
        chance = math.prod(
            math.comb(n, k) * p**k * (1 - p) ** (n - k) for n, k, p in zip(widths[1:], counts, masses, strict=True)
        )
        total += chance * (1.0 - min(widths[0], *counts) / widths[-1])
    return total


@pytest.mark.parametrize(
    ("widths", "masses"),
    [([3, 3], [0.5]), ([4, 5, 3], [0.3, 0.9]), ([2, 3, 4], [0.5, 1.0]), ([3, 3, 3, 3], [0.5, 0.5, 0.6])],
)
def test_atom_by_enumeration(widths, masses):
    # sums of up to 64 products of floats
    assert finite_atom(widths, masses) == pytest.approx(_atom_by_enumeration(widths, masses), abs=1e-13)


def test_atom_of_sampled_matrices():
    ens = rj.Ensemble.square(30, 3, "relu")
    emp = rj.sample_spectrum(ens, 2000, rng=3, masks="independent")
    assert abs(emp.atom - finite_atom(ens.widths, [0.5] * 3)) < 4 * emp.atom_error
    assert finite_atom(ens.widths, [0.5] * 3) > 0.57  # far from the limit 1/2


def test_bad_arguments():
    with pytest.raises(ValueError, match="width=0 must be a positive whole number"):
        finite_moments(0, [(1.0, 1.0)])
    with pytest.raises(ValueError, match=r"moments\[0\]=.* must be at least"):
        finite_moments(5, [(1.0, 0.5)])
    with pytest.raises(ValueError, match="depth=0 must be a positive whole number"):
        linear_log_moment(3, 0)
    with pytest.raises(ValueError, match="one probability per layer"):
        finite_atom([3, 3], [0.5, 0.5])
    with pytest.raises(ValueError, match=r"masses\[0\]=1.5 must lie in"):
        finite_atom([3, 3], [1.5])

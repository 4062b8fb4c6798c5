"""Layers against sampled matrices."""

import math

import numpy as np
import pytest

import rmtjac as rj
from tests.oracles.rational_equation import CASES, IDS, LEAKY, MOST, ONE, TINY, G, O, limit


def matrix(points, widths, orthogonal, rng):
    """J with exactly the proportions of the laws in each D, at random places."""
    product = np.eye(widths[0])
    for l, one in enumerate(points):
        n, k = widths[l + 1], widths[l]
        w = rng.standard_normal((n, k)) / math.sqrt(k)
        if orthogonal[l]:
            left, _, right = np.linalg.svd(w, full_matrices=False)
            w = left @ right  # the orthogonal factor of a Gaussian matrix is Haar-distributed
        d2 = np.repeat([float(x) for x in one], [round(float(p) * n) for p in one.values()])
        assert d2.size == n
        product = np.sqrt(rng.permutation(d2))[:, None] * (w @ product)
    return product


@pytest.mark.parametrize(
    ("points", "widths", "orthogonal"),
    [
        ([LEAKY], [160, 160], [G]),
        ([LEAKY], [320, 160], [G]),
        ([TINY, MOST], [160, 160, 160], [O, G]),
        ([TINY, ONE], [160, 160, 160], [O, G]),
        ([TINY, LEAKY], [160, 160, 160], [G, O]),
    ],
)
def test_no_eigenvalue_in_a_gap(points, widths, orthogonal):
    # Above and below a gap lie as many eigenvalues as the limit says, exactly (Bai and Silverstein 1999). The gap is
    # shrunk by 5 N^(-2/3) of each side: lambda_max of N = 160 is off by some 2 N^(-2/3) at most.
    lim = limit(points, widths, orthogonal)
    assert len(lim.support) > 1
    n = widths[-1]
    values = np.linalg.svd(matrix(points, widths, orthogonal, np.random.default_rng(5)), compute_uv=False) ** 2
    values = np.concatenate([values, np.zeros(n - values.size)])
    seen = 0
    for low, high in zip(lim.support[:-1, 1], lim.support[1:, 0], strict=True):
        slack = 5 * n ** (-2 / 3)
        low, high = low * (1 + slack), high * (1 - slack)
        if low >= high:
            continue
        seen += 1
        assert not ((values > low) & (values < high)).any()
        share = float(lim.cdf(math.sqrt(low * high)))
        assert share * n == pytest.approx(round(share * n), abs=1e-9)
        assert (values < low).sum() == round(share * n)
    assert seen


@pytest.mark.parametrize(("points", "widths", "orthogonal", "lead"), CASES, ids=IDS)
def test_atoms_are_the_rank_of_a_matrix(points, widths, orthogonal, lead):
    lim = limit(points, widths, orthogonal)
    widths = [4 * n // 5 for n in widths]
    points = [dict(sorted(p.items())) for p in points]
    values = np.linalg.svd(matrix(points, widths, orthogonal, np.random.default_rng(1)), compute_uv=False) ** 2
    n = widths[-1]
    # ranks of generic matrices are those of their narrowest factor; two projections meet in p + q - 1
    assert 1.0 - (values > 1e-22).sum() / n == pytest.approx(lim.atom, abs=1e-12)
    for lam, mass in lim.atoms:
        assert (abs(values - lam) < 1e-9).sum() / n == pytest.approx(mass, abs=1e-12)


@pytest.mark.parametrize(
    ("widths", "activations", "orthogonal"),
    [
        ([300, 450, 200, 400], ["hardtanh", "erf", "relu"], [G, G, G]),
        ([150, 150], ["tanh"], [O]),
        ([150, 150, 150], ["hardtanh", "hardtanh"], [O, O]),
        ([150, 150, 150], ["tanh", "erf"], [O, G]),
        ([200, 150, 120], ["tanh", "relu"], [O, O]),
        ([100, 150, 200], ["leaky_relu:0.3", "hardtanh"], [O, O]),
        ([120, 200, 100, 150], ["gelu", "linear", "tanh"], [G, O, O]),
        ([150, 150, 150, 150], ["softsign", "silu", "arctan"], [O, O, O]),
        ([150, 100], ["linear"], [O]),
    ],
)
def test_against_sampled_spectra(widths, activations, orthogonal):
    weights = [rj.Orthogonal(1.2) if o else rj.Gaussian(1.0) for o in orthogonal]
    ens = rj.Ensemble(widths, activations, weights, rj.Gaussian(0.3))
    lim, samples = rj.limit_spectrum(ens), 16
    emp = rj.sample_spectrum(ens, samples, rng=11, masks="independent", threads=1)
    # Kolmogorov: 1.5 / sqrt(n) for n independent values (level 2 %; eigenvalues scatter less), and 2/N for the bias.
    size = widths[-1]
    lam = np.quantile(emp.eigenvalues, np.linspace(0.0, 1.0, 400))
    lam = np.concatenate([lam * (1 - 1e-6), lam * (1 + 1e-6)])  # eigenvalues at an atom are off by rounding
    apart = abs(emp.cdf(lam) - lim.cdf(lam)).max()
    assert apart < 1.5 / math.sqrt(size * samples) + 2.0 / size

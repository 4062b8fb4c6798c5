"""The codes that `test_speed.py` and `run.py` time: this package, and what a user would write without it."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_limits

import rmtjac as rj

ACTIVATIONS = ("linear", "hardtanh")
SMOOTH = ("hardtanh", "erf", "tanh")
VARIANCE = 0.5  # q^h of the limits
DEPTH = 2  # of the samples


def ensemble(activation: str, width: int, depth: int = DEPTH) -> rj.Ensemble:
    return rj.Ensemble.square(width, depth, activation)


CODES: dict[str, dict[str, object]] = {
    "fast": {"precision": "fast"},
    "fast, invariance": {"precision": "fast", "invariance": True},
    "fast, float32": {"precision": "fast", "dtype": "float32"},
    "auto": {"precision": "auto"},
    "accurate": {"precision": "accurate"},
}


def ours(activation: str, width: int, samples: int, code: str, threads: int) -> rj.EmpiricalSpectrum:
    """Sample with this package, histogram included."""
    emp = rj.sample_spectrum(ensemble(activation, width), samples, rng=0, threads=threads, **CODES[code])
    emp.histogram(100)
    return emp


def plain_numpy(activation: str, width: int, samples: int, threads: int) -> np.ndarray:
    """The script a user would write; `threads` are those of NumPy's BLAS."""
    rng = np.random.default_rng(0)
    eigenvalues = np.empty((samples, width))
    with threadpool_limits(threads, user_api="blas"):
        for i in range(samples):
            product = None
            x = rng.standard_normal(width)
            for _ in range(DEPTH):
                layer = rng.standard_normal((width, width)) / np.sqrt(width)
                if activation == "hardtanh":
                    h = layer @ x
                    x = np.clip(h, -1.0, 1.0)
                    layer = (np.abs(h) < 1.0)[:, None] * layer
                product = layer if product is None else layer @ product
            eigenvalues[i] = np.linalg.eigvalsh(product @ product.T)
        np.histogram(eigenvalues, 100)
    return eigenvalues


def flops(width: int, code: str) -> float:
    """Flops of one full-rank sample, leading order: L - 1 products, and the values only of J or J J^T."""
    products = (DEPTH - 1) * 2.0 * width**3
    # Bidiagonal form 8/3 N^3; J J^T half a product (dsyrk), N^3, and tridiagonal form 4/3 N^3.
    return products + width**3 * (8 / 3 if code in ("auto", "accurate") else 1.0 + 4 / 3)


def factors(activation: str, width: int, depth: int) -> list[np.ndarray]:
    """The factors D W of the Jacobian of one network."""
    net = ensemble(activation, width, depth).draw(rng=0)
    h = net.preactivations(np.random.default_rng(1).standard_normal(width))
    return [phi.derivative(u)[:, None] * w for phi, u, w in zip(net.activations, h, net.weights, strict=True)]


def chain(matrices: list[np.ndarray], repeat: int) -> None:
    for _ in range(repeat):
        rj.spectra.product_singular_values(matrices)


def svdvals(matrices: list[np.ndarray], repeat: int) -> None:
    """What a user would write."""
    for _ in range(repeat):
        product = matrices[0]
        for matrix in matrices[1:]:
            product = matrix @ product
        scipy.linalg.svdvals(product)


def limit(activation: str, depth: int) -> rj.LimitSpectrum:
    """Return the limit of equal layers at q^h = VARIANCE."""
    law = rj.theory.derivative_law(rj.activations.activation(activation), VARIANCE)
    return rj.LimitSpectrum(rj.theory.Layers([law] * depth, [1.0] * depth))


def from_nothing(activation: str, depth: int, lams: np.ndarray) -> np.ndarray:
    rj.theory.derivative_law.cache_clear()
    return limit(activation, depth).density(lams)


def points(lim: rj.LimitSpectrum, count: int) -> np.ndarray:
    """Return a log-spaced grid well inside the support."""
    low, high = lim.support[-1]
    return np.geomspace(max(1.001 * low, 1e-4 * high), 0.999 * high, count)


def polynomial_roots(p: float, depth: int, lams: np.ndarray) -> np.ndarray:
    """Density for a two-point law from np.roots of (1 + m)(m + p)^L - lam m, one point at a time.

    The complex root with the largest |Im m| is taken: right at L = 1 and 2, where there is one pair;
    a guess beyond.
    """
    poly = np.array([1.0, 1.0])
    for _ in range(depth):
        poly = np.polymul(poly, [1.0, p])
    out = np.empty(lams.size)
    for i, lam in enumerate(lams):
        shifted = poly.copy()
        shifted[-2] -= lam
        out[i] = np.abs(np.roots(shifted).imag).max() / (np.pi * lam)
    return out


def certified(lim: rj.LimitSpectrum, lams: np.ndarray) -> rj.theory.CertifiedDensity:
    """Densities with proof at 64 bits."""
    found = lim.certify(lams)
    assert found.proved.all()
    return found


def continued(lim: rj.LimitSpectrum, lams: np.ndarray, polish: bool) -> list[rj.theory.ContinuationPoint]:
    """The route of the paper at 15 digits."""
    return rj.theory.continuation(lim.layers.groups[0], lim.layers.depth, lams, digits=15, polish=polish)

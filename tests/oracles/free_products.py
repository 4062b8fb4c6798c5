"""Products of free matrices: two with two values each in closed form, any number by sampling; nothing imports rmtjac.

Two orthogonal projections P, Q in general position fall into blocks of 2 x 2 with an angle each. For free ones of ranks
p and q the law of the squared cosines is that of the eigenvalues of P Q P (Wachter; Collins, PTRF 133 (2005)):
density sqrt((x_+ - x)(x - x_-)) / (2 pi x (1 - x)), x_+- = p + q - 2 p q +- sqrt(4 p q (1 - p)(1 - q)).
"""

from __future__ import annotations

import numpy as np


def two_values_twice(
    a: float, p: float, b: float, q: float, points: int = 4000
) -> tuple[list[tuple[float, float]], dict[float, float], np.ndarray, np.ndarray]:
    """Law of A U B U^T, A in {a, 1} with P(1) = p, B in {b, 1} with P(1) = q, a and b in (0, 1), U Haar.

    Returns
    -------
    intervals, atoms, lam, weight
        The support of the continuous part; place and mass of the atoms; eigenvalues and weights of a quadrature of
        the continuous part.
    """
    x_mid, x_half = p + q - 2 * p * q, 2 * np.sqrt(p * q * (1 - p) * (1 - q))
    x = np.array([x_mid - x_half, x_mid + x_half])
    theta = (np.arange(points) + 0.5) * np.pi / points
    inner = x_mid - x_half * np.cos(theta)
    # mass of x: sqrt(..)(..) dx = x_half^2 sin^2 dtheta; it holds min(p, q, 1 - p, 1 - q) blocks
    weight = x_half**2 * np.sin(theta) ** 2 / (2 * np.pi * inner * (1 - inner)) * np.pi / points

    def eigenvalues(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        trace = b * (1 + a) + (1 - b) * (c + a * (1 - c))
        root = np.sqrt(np.maximum(trace**2 - 4 * a * b, 0.0))
        return 2 * a * b / (trace + root), (trace + root) / 2

    low, high = eigenvalues(x)
    lam = np.concatenate(eigenvalues(inner))
    atoms = {1.0: p + q - 1, b: p - q, a: q - p, a * b: 1 - p - q}
    return (
        [(low[1], low[0]), (high[0], high[1])],
        {place: mass for place, mass in atoms.items() if mass > 1e-12},
        lam,
        np.concatenate([weight, weight]),
    )


def sampled_product(
    values: list[list[float]],
    counts: list[list[int]],
    orthogonal: list[bool],
    variances: list[float],
    widths: list[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Eigenvalues, ascending, of J J^T, J = D W ... D W, D^2 with exactly `counts` of each of the `values`."""
    product = np.eye(widths[0])
    for l, (x, k) in enumerate(zip(values, counts, strict=True)):
        rows, columns = widths[l + 1], widths[l]
        weights = rng.standard_normal((rows, columns))
        if orthogonal[l]:
            u, _, vt = np.linalg.svd(weights, full_matrices=False)
            weights = u @ vt
        else:
            weights /= np.sqrt(columns)
        d = rng.permutation(np.sqrt(np.repeat(x, k)))
        product = np.sqrt(variances[l]) * d[:, None] * (weights @ product)
    return np.sort(np.linalg.eigvalsh(product @ product.T))

"""Whether the bound of `product_singular_values(check=True)` holds, on products of many kinds, against exact values.

    python -m benchmarks.product_bound [--rounds R] [--out FOLDER]

Exact products, characteristic polynomials and roots: `tests/spectra/exact.py`.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.linalg import block_diag, circulant, companion, hilbert, invhilbert, pascal

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from tests.spectra.exact import exact_logs, layers, relative_errors

SEED = 20261127


def kinds(rng: np.random.Generator) -> Iterator[tuple[str, list[np.ndarray]]]:
    """One random product of each kind."""
    n = int(rng.integers(2, 15))

    def g(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape)

    def scales(*shape: int) -> np.ndarray:
        return 10.0 ** rng.uniform(-width, 0.0, shape)

    def some(most: int) -> range:
        return range(int(rng.integers(1, most + 1)))

    width, a, x = rng.uniform(1.0, 60.0), g(n, n), np.sort(rng.uniform(0.0, 1.0, n))
    distances = np.abs(x[:, None] - x)
    q = np.linalg.qr(a)[0]
    rank = max(n // 3, 1)
    widths = rng.integers(1, 15, int(rng.integers(2, 8))).tolist()
    yield "random", [g(n, n) for _ in some(12)]
    yield "rectangular", [g(m, k) for k, m in itertools.pairwise(widths)]
    yield "Cauchy", [rng.standard_cauchy((n, n)) for _ in some(8)]
    yield "layers with tanh", layers(rng, n, int(rng.integers(1, 9)), "gaussian", "tanh")
    yield "graded rows and columns", [scales(n, 1) * g(n, n) * scales(n) for _ in some(8)]
    yield "graded entries", [g(n, n) * scales(n, n) for _ in some(4)]
    yield "sparse, graded", [g(n, n) * scales(n, n) * (rng.random((n, n)) < 0.4) for _ in some(4)]
    yield "bidiagonal, graded", [np.diag(scales(n)) + np.diag(scales(n - 1), 1)]
    yield "diagonal", [np.diag(scales(n)) for _ in some(8)]
    yield "symmetric", [a + a.T]
    yield (
        "symmetric, ill conditioned",
        [(q * 10.0 ** -np.linspace(0.0, rng.uniform(5.0, 20.0), n)) @ q.T for _ in some(2)],
    )
    yield "Gram", [a.T @ a]
    yield "W and its transpose", [a, a.T] * len(some(3))
    yield "M and its inverse", [a, np.linalg.inv(a)]
    yield "kernel, Gaussian", [np.exp(-(distances**2) / (2.0 * rng.uniform(0.2, 2.0) ** 2))]
    yield "kernel, exponential", [np.exp(-distances / rng.uniform(0.2, 2.0))]
    yield "kernel, 1/(1 + d^2)", [1.0 / (1.0 + distances**2) for _ in some(2)]
    yield "Vandermonde", [np.vander(x)]
    yield "Vandermonde, Gram", [np.vander(x), np.vander(x).T]
    yield "Hilbert", [hilbert(n) for _ in some(2)]
    yield "Hilbert, inverse", [invhilbert(min(n, 11))]
    yield "Pascal", [pascal(n).astype(float)]
    yield "triangular", [np.triu(g(n, n)) for _ in some(5)]
    yield "triangular, -1 above", [np.triu(-np.ones((n, n)), 1) + np.eye(n) for _ in some(3)]
    yield "circulant", [circulant(rng.integers(-3, 4, n).astype(float))]
    yield "companion, powers", [companion(np.r_[1.0, g(n)])] * len(some(12))
    yield "stochastic, powers", [(w := rng.random((n, n))) / w.sum(axis=1, keepdims=True)] * len(some(30))
    yield "signs", [np.sign(g(n, n)) for _ in some(8)]
    yield "whole numbers of low rank", [rng.integers(-4, 5, (n, rank)).astype(float) @ rng.integers(-4, 5, (rank, n))]
    yield "floats of low rank", [g(n, rank) @ g(rank, n)]
    yield "repeated rows", [a[rng.integers(0, n, n)], g(n, n)]
    yield "nearly equal rows", [1.0 + scales(1) * a]
    yield "blocks", [block_diag(a, 1e-12 * g(3, 3), hilbert(5))]
    yield "1e-310", [1e-310 * a]
    yield "1e300", [1e300 * a, 1e-300 * g(n, n)]
    yield "1 x 1", [g(1, 1) for _ in some(50)]


def main() -> None:
    """Run all kinds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "data")
    arguments = parser.parse_args()
    table: dict[str, list[float]] = {}
    for r in range(arguments.rounds):
        for name, factors in kinds(np.random.default_rng([SEED, r])):
            factors = [np.ascontiguousarray(w, dtype=float) for w in factors]
            logs, error = rj.spectra.product_singular_values(factors, check=True)
            exact, _ = exact_logs(factors)
            rank = len(exact)
            # Zeros that are not written as such must have an infinite error; values that are must have none.
            true = np.full(logs.size, math.inf)
            true[np.isneginf(logs)] = 0.0
            here = np.isfinite(logs[:rank])
            true[:rank][~here] = math.inf
            kept = [ball for ball, one in zip(exact, here, strict=True) if one]
            true[:rank][here] = np.expm1(np.minimum(relative_errors(logs[:rank][here], kept), 700.0))
            outside = ~(true <= error)
            digits = np.isfinite(error) & (error > 0.0)
            row = table.setdefault(name, [0, 0, 0, 0, 0.0, 0.0])
            row[0] += 1
            row[1] += logs.size
            row[2] += int(outside.sum())
            row[3] += int(np.isinf(error).sum())
            row[4] = max(row[4], float((true[digits] / error[digits]).max(initial=0.0)))
            row[5] = max(row[5], float(np.median(error[digits])) if digits.any() else 0.0)
            if outside.any():
                print("OUTSIDE", name, r, true[outside], error[outside], flush=True)
    total, values, outside_all = (int(sum(row[i] for row in table.values())) for i in range(3))
    lines = [
        *header("The bound of product_singular_values(check=True)", "python -m benchmarks.product_bound"),
        f"Seed {SEED}, {arguments.rounds} products of each kind, up to 14 wide: {total} products, {values} values, "
        f"{outside_all} outside their bound.",
        "No digits: values whose bound is infinite. Error/bound: the worst. Bound: the largest median of a product.",
        "",
        "| kind | products | values | outside | no digits | error/bound | bound |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {row[0]:.0f} | {row[1]:.0f} | {row[2]:.0f} | {row[3]:.0f} | {row[4]:.2f} | {row[5]:.1e} |"
            for name, row in table.items()
        ),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    write_atomically(arguments.out / "product_bound.md", lambda file: file.write(text.encode()) and None)


if __name__ == "__main__":
    main()

"""Rank and atom of rank-deficient matrices of many kinds, against ranks that are known or exact.

    python -m benchmarks.rank [--rounds R] [--out FOLDER]

Whole numbers: python-flint. Where only rounding lifts the rank (low-rank floats, centred rows) the right answer is the
rank without it: as the lower bound, with the atom that belongs to it, and the upper bound at or above it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically

SEED = 20261127


def _exact(matrix: Any) -> int:
    import flint

    return int(flint.fmpz_mat([[int(x) for x in row] for row in matrix]).rank())


def kinds(rng: np.random.Generator) -> Iterator[tuple[str, Any, int, bool]]:
    """One matrix of each kind, its rank, and whether the bracket must be closed."""
    m, n = (int(x) for x in rng.integers(2, 31, 2))
    r = int(rng.integers(1, min(m, n)))

    def whole(rows: int, columns: int, most: int = 5) -> np.ndarray:
        return rng.integers(-most, most + 1, (rows, columns))

    def g(rows: int, columns: int) -> np.ndarray:
        return rng.standard_normal((rows, columns))

    low = whole(m, r) @ whole(r, n)
    rank = _exact(low)
    dresses = (low, low.astype(float), low.astype(np.float32), low.tolist())
    yield "whole numbers (int, float, float32, list)", dresses[rng.integers(4)], rank, True
    large = whole(m, r, 10**5) @ whole(r, n, 10**5)
    yield "whole numbers up to 1e11", (large, large.astype(float))[rng.integers(2)], _exact(large), True
    yield "whole numbers over a power of 2", low / 2.0 ** rng.integers(1, 40), rank, True
    yield "with rows scaled by powers of 2", low * 2.0 ** rng.integers(-60, 60, (m, 1)), rank, True
    yield "whole numbers times a real number", low * rng.uniform(0.1, 9.0), rank, False
    signs = np.where(low < 0, -1.0, 1.0)
    yield "signs times a real number", signs * rng.uniform(0.1, 9.0), _exact(signs), True
    yield "equal entries", np.full((m, n), rng.uniform(0.1, 9.0)), 1, True
    graph = np.triu(rng.random((m, m)) < 0.3, 1).astype(int)
    graph += graph.T
    laplacian = np.diag(graph.sum(axis=0)) - graph
    yield "Laplacian of a graph", laplacian, _exact(laplacian), True
    rows = g(m, n)
    copies = int(rng.integers(1, m))
    rows[m - copies :] = rows[rng.integers(0, m - copies, copies)] * rng.choice([1.0, -1.0, 2.0, 0.5], (copies, 1))
    yield "rows repeated, up to sign and powers of 2", rows, min(m - copies, n), True
    yield "columns repeated", rows.T.copy(), min(m - copies, n), True
    y = g(m, n)
    y -= y.mean(axis=0)
    yield "centred rows", (y, y.T / m**0.5)[rng.integers(2)], min(m - 1, n), False
    yield "centring matrix", np.eye(m) - 1.0 / m, m - 1, False
    sums = g(m, n)
    sums[-1] = sums[:-1].sum(axis=0)
    yield "a row the sum of the others", sums, min(m - 1, n), False
    yield "floats of low rank", g(m, r) @ g(r, n), r, False
    yield "float32 of low rank", g(m, r).astype(np.float32) @ g(r, n).astype(np.float32), r, False
    yield "float32 of low rank, in a list", (g(m, r).astype(np.float32) @ g(r, n).astype(np.float32)).tolist(), r, False
    q = np.linalg.qr(g(m, m))[0][:, : max(1, m // 2)]
    yield "projector", q @ q.T, q.shape[1], False


def sampled() -> Iterator[tuple[str, tuple[int, int], int]]:
    """Brackets and exact ranks of sampled products of sign matrices."""
    import flint

    for n in (2, 3, 4, 5, 6, 8):
        for activation in ("linear", "hardtanh"):
            ensemble = rj.Ensemble.square(n, 1 + n % 2, activation, weights=rj.Rademacher())
            emp = rj.sample_spectrum(ensemble, 40, rng=n, precision=("auto", "accurate", "fast")[n % 3])
            for i in range(40):
                net, x = rj.spectra.sample_network(ensemble, n, i), rj.spectra.sample_input(ensemble, n, i)
                product = flint.fmpz_mat(np.eye(n, dtype=int).tolist())
                for w, h, phi in zip(net.weights, net.preactivations(x), net.activations, strict=True):
                    layer = phi.derivative(h)[:, None] * np.sign(w)
                    product = flint.fmpz_mat(layer.astype(int).tolist()) * product
                yield f"sampled signs, {activation}", tuple(emp.rank_bounds[i]), int(product.rank())


def main() -> None:
    """Run all kinds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "data")
    arguments = parser.parse_args()
    table: dict[str, list[int]] = {}

    def count(name: str, right: bool, open_: bool) -> None:
        row = table.setdefault(name, [0, 0, 0])
        row[0], row[1], row[2] = row[0] + 1, row[1] + (not right), row[2] + open_

    for k in range(arguments.rounds):
        rng = np.random.default_rng([SEED, k])
        for name, matrix, rank, closed in kinds(rng):
            precision = ("auto", "accurate", "fast")[rng.integers(3)]
            emp = rj.EmpiricalSpectrum.from_matrices(matrix, precision)
            low, high = (int(x) for x in emp.rank_bounds[0])
            right = (
                low == rank <= high and (low == high or not closed) and abs(emp.atom - 1.0 + rank / emp.size) < 1e-12
            )
            count(name, right, low < high)
            if not right:
                print("WRONG", name, k, precision, rank, low, high, flush=True)
    for name, bracket, rank in sampled():
        count(name, bracket == (rank, rank), bracket[0] < bracket[1])
    total, wrong = (sum(row[i] for row in table.values()) for i in (0, 1))
    lines = [
        *header("Rank and atom of rank-deficient matrices", "python -m benchmarks.rank"),
        f"Seed {SEED}: {total} matrices up to 30 x 30, {wrong} with a wrong rank or atom.",
        "Open: brackets (low, high) with low < high, low the rank without rounding. Kinds of exact entries have none.",
        "",
        "| kind | matrices | wrong | open |",
        "|---|---|---|---|",
        *(f"| {name} | {row[0]} | {row[1]} | {row[2]} |" for name, row in table.items()),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    write_atomically(arguments.out / "rank.md", lambda file: file.write(text.encode()) and None)


if __name__ == "__main__":
    main()

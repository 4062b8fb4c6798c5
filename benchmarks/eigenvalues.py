"""Sampled eigenvalues of networks with true forward passes beside the ring of their limit, and the speed of the law.

python -m benchmarks.eigenvalues                    # writes data/eigenvalues.md, five minutes on one core
python -m benchmarks.eigenvalues --width 60 --samples 3 --out .
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import rmtjac as rj

ROOT = Path(__file__).parents[1]
SEED = 1
PAGE = """\
# Eigenvalues of Jacobians beside the ring of their limit

`python -m benchmarks.eigenvalues --width {width} --samples {samples}`, seed {seed}, rmtjac {version}, NumPy {numpy}.
Networks with their own forward pass, q_0 = 1, Gaussian weights of standard deviation 1; *mixed* has the widths
N, 3N/2, 7N/10, N, activations tanh, ReLU, erf, and weights Gaussian(1.3), Orthogonal(1.1), Rademacher(1).

*ks*: the Kolmogorov distance of the radial cdf of all {samples} matrices together. *bound*: the share that is expected
beyond the outer circle (*edge*, of order N^-1/2) + 2/N + three standard errors. *inside*: the distance away from the
circle, and its bound 2/N + three standard errors. *one*: the mean distance of a single matrix. *largest*: the mean of
the largest modulus, its standard error, and the prediction for this width (`RingLaw.largest`).

| network | r_out | atom | limit | ks | bound | edge | inside | bound | one | largest | predicted |
|---|---|---|---|---|---|---|---|---|---|---|---|
{rows}

All distances are within their bounds: {all_within}.

## Speed of the law

Milliseconds for 1000 points, warm, one core; the median of 50 calls. *table*: seconds for the first call of a new law.

| law | cdf | density | quantile | table |
|---|---|---|---|---|
{times}
"""


def networks(width: int) -> dict[str, rj.Ensemble]:
    """Return the ensembles by name."""
    out = {
        f"{name}, L = {depth}": rj.Ensemble.square(width, depth, name)
        for name in ("tanh", "hardtanh", "gelu", "erf", "linear")
        for depth in (1, 2, 5)
    }
    weights = [rj.Gaussian(1.3), rj.Orthogonal(1.1), rj.Rademacher(1.0)]
    out["mixed, L = 3"] = rj.Ensemble([width, 3 * width // 2, 7 * width // 10, width], ["tanh", "relu", "erf"], weights)
    return out


def _median(call: Callable[[], Any]) -> float:
    """Return the median time of a call in milliseconds."""
    call()
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return 1e3 * float(np.median(seconds))


def _times(name: str, ensemble: rj.Ensemble) -> str:
    """Return a row of the table of times."""
    rj.limit_eigenvalues(ensemble).cdf(0.5)  # compiles
    law = rj.limit_eigenvalues(ensemble)
    start = time.perf_counter()
    law.cdf(0.5)
    table = time.perf_counter() - start
    r, p = np.linspace(0.0, law.spectral_radius, 1000), np.linspace(0.0, 1.0, 1000)
    numbers = [_median(lambda: law.cdf(r)), _median(lambda: law.density(r)), _median(lambda: law.quantile(p))]
    return "| " + " | ".join([name, *(f"{x:.2f}" for x in numbers), f"{table:.3f}"]) + " |"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--out", type=Path, default=ROOT / "data")
    args = parser.parse_args()
    rows, within = [], []
    for name, ensemble in networks(args.width).items():
        sample = rj.sample_eigenvalues(ensemble, args.samples, rng=SEED, threads=1)
        c = rj.compare(sample, rj.limit_eigenvalues(ensemble))
        within.append(c.within_bounds)
        parts = [
            name, f"{c.radii[1]:.4f}", f"{c.atom:.4f}", f"{c.limit_atom:.4f}", f"{c.ks:.4f}", f"{c.bound:.4f}",
            f"{c.edge_bias:.4f}", f"{c.ks_inside:.4f}", f"{c.bound_inside:.4f}", f"{c.ks_samples.mean():.4f}",
            f"{c.largest:.4f} ± {c.largest_error:.4f}", f"{c.expected_largest:.4f}",
        ]  # fmt: skip
        rows.append("| " + " | ".join(parts) + " |")
        print(rows[-1], flush=True)
    names = ("linear, L = 5", "hardtanh, L = 2", "tanh, L = 2", "erf, L = 5", "gelu, L = 5", "mixed, L = 3")
    times = [_times(name, networks(args.width)[name]) for name in names]
    page = PAGE.format(
        width=args.width, samples=args.samples, seed=SEED, version=rj.__version__, numpy=np.__version__,
        rows="\n".join(rows), all_within="yes" if all(within) else "NO", times="\n".join(times),
    )  # fmt: skip
    (args.out / "eigenvalues.md").write_text(page)


if __name__ == "__main__":
    main()

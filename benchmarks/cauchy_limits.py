"""Limits of HardTanh networks with Cauchy weights, and samples of N = 1000 beside them: BS Fig. 7 with its limits.

    python -m benchmarks.cauchy_limits                    # writes data/cauchy_limits/, its .md, and data/cauchy.png
    python -m benchmarks.cauchy_limits --draw             # draws again, from the files and new samples
    python -m benchmarks.cauchy_limits --small --out .    # small sizes, to check that it works

The full size takes 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

import rmtjac as rj

DEPTHS = (1, 2, 3, 5, 10)
ROOT = Path(__file__).parents[1]
QUICK = {"pool": 16, "replicas": 2, "burn": 2, "sweeps": 2, "weights": 4, "angle": 0.5}
PAGE = """\
# Limits of HardTanh networks with Cauchy weights (BS Fig. 7)

Made by `python -m benchmarks.cauchy_limits`, rmtjac {version}, NumPy {numpy}; seed 0 for the limits, 700 + L for
{matrices} networks of width {width}. `rmtjac.HeavyTailedLimit.load` reads the files `cauchy_limits/hardtanh_<L>.npz`.

*Distance*: the largest difference of the cdfs of the sample and of the limit, both smoothed in log lambda by the angle
of the limit (the angle 0 is no smoothing: the Kolmogorov distance). *Independent masks*: the Kolmogorov distance of
the sample from the limit in which D has the right law and is independent of W. *Error*: the largest stated error of
the cdf of the limit.

| L | method | angle | atom of the limit | atom sampled | distance | independent masks | error | seconds | sha256 |
|---|---|---|---|---|---|---|---|---|---|
{rows}
"""


def ensemble(width: int, depth: int) -> rj.Ensemble:
    """Return HardTanh networks with Cauchy weights of scale 1/N."""
    return rj.Ensemble.square(width, depth, "hardtanh", rj.Cauchy(1.0))


def draw(samples: dict[int, rj.EmpiricalSpectrum], limits: dict[int, rj.HeavyTailedLimit]) -> Any:
    """Draw the densities of lambda and of log lambda, on logarithmic axes."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
    colors = plt.get_cmap("viridis")(np.linspace(0.0, 0.85, len(samples)))
    for (depth, sample), color in zip(samples.items(), colors, strict=True):
        histogram = sample.histogram(60, "log")
        log_width = np.diff(np.log(histogram.edges))
        curve, density = limits[depth].curve(1000, low=1e-6)
        # Below the smallest eigenvalues the smoothing and the noise of the pools would be all that is seen.
        density[(curve < 0.5 * histogram.edges[0]) | (density < 2.0 * limits[depth].density_error(curve))] = np.nan
        for ax, bins, line in (
            (left, histogram.density, density),
            (right, histogram.fraction / log_width, curve * density),
        ):
            ax.stairs(bins, histogram.edges, color=color, lw=3.0, alpha=0.35, baseline=None)
            ax.plot(curve, line, color=color, lw=1.0, label=f"$L = {depth}$")
    # One eigenvalue in a hundred lies beyond either side of the picture, which the far tails would fill.
    low = min(np.exp(sample.log_quantile(0.01).value) for sample in samples.values())
    high = max(np.exp(sample.log_quantile(0.999).value) for sample in samples.values())
    for ax in (left, right):
        ax.set(xlim=(low, high), xscale="log", yscale="log", xlabel=r"$\lambda$")
    left.set(ylabel=r"density $\rho(\lambda)$", ylim=(1e-6, 1e-2 / low))
    right.set(ylabel=r"density of $\log\lambda$: $\lambda\rho(\lambda)$", ylim=(1e-6, 1.0))
    right.legend(frameon=False, fontsize="small")
    return figure


def main(arguments: list[str] | None = None) -> None:
    """Compute the limits, sample, and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="draw only")
    parser.add_argument("--small", action="store_true", help="small sizes")
    parser.add_argument("--out", type=Path, default=ROOT / "data", help="the folder of the files")
    chosen = parser.parse_args(arguments)
    folder = chosen.out / "cauchy_limits"
    folder.mkdir(parents=True, exist_ok=True)
    width, matrices, depths = (40, 2, (1, 2)) if chosen.small else (1000, 50, DEPTHS)
    limits, samples, rows = {}, {}, []
    for depth in depths:
        ens = ensemble(width, depth)
        path = folder / f"hardtanh_{depth:02d}.npz"
        if chosen.draw:
            limits[depth] = rj.HeavyTailedLimit.load(path)
            samples[depth] = rj.sample_spectrum(ens, samples=matrices, rng=700 + depth)
            continue
        start = time.perf_counter()
        limit = rj.limit_spectrum(ens, seed=0, population=QUICK if chosen.small else None)
        limit.save(path)
        seconds = time.perf_counter() - start
        sample = rj.sample_spectrum(ens, samples=matrices, rng=700 + depth)
        result = rj.compare(sample, limit)
        # The control: the right law of D, but independent of W. It is smoothed like the limit.
        alone = rj.compare(sample, rj.limit_spectrum(ens, masks="independent")).ks
        limits[depth], samples[depth] = limit, sample
        error = float(limit.cdf_error(limit.quantile(np.linspace(limit.atom + 1e-3, 0.999, 200))).max())
        check = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        rows.append(
            f"| {depth} | {limit.method} | {limit.smoothing:g} | {limit.atom:.6f} | {sample.atom:.4f} | {result.ks:.4f}"
            f" | {alone:.4f} | {error:.4f} | {seconds:.0f} | `{check}` |"
        )
        print(rows[-1], flush=True)
    draw(samples, limits).savefig(chosen.out / "cauchy.png", dpi=110)
    if chosen.draw:
        return
    facts = {"width": width, "matrices": matrices, "version": rj.__version__, "numpy": np.__version__}
    table = PAGE.format(rows="\n".join(rows), **facts)
    (chosen.out / "cauchy_limits.md").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()

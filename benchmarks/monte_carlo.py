"""Compare the limit of every activation with large sampled networks, and write the table.

    python -m benchmarks.monte_carlo [--width N] [--samples S] [--out FOLDER]

The expected difference between a sample of width N and the limit is removed before a pull is taken:

- D independent of W: the expected moments m_1, m_2 and the expected mean of log lambda at width N are known exactly
  (`tests/oracles/closed_forms.finite_moments`, `_log_moment`), so the pull has no bias.
- D from the network itself: to that comes a difference of order 1/N, removed by a ladder: with x(N) the mean
  difference from the exact value of independent D, (4 x(N) - x(N/4)) / 3 is 0 up to the next order. The width N/4
  gets 16 times the samples.

As N grows the exact values must reach those of the limit: column `limit`.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.special import digamma
from scipy.stats import binom

import rmtjac as rj
from benchmarks.run import header
from rmtjac.activations import Activation
from rmtjac.archive.results import write_atomically
from rmtjac.propagation.mean_field import mean_field
from tests.oracles.closed_forms import finite_moments

DEPTH = 2
BIAS = 0.1
SEED = 20240607
_RUNGS = 4  # N over the width of the lower rung
_MANY = 4.0  # standard errors that are reported


def ensemble(name: str, width: int) -> rj.Ensemble:
    return rj.Ensemble.square(width, DEPTH, name, rj.Gaussian(1.0), rj.Gaussian(BIAS))


@dataclass(frozen=True, eq=False)
class Layer:
    """What the exact values need to know of one layer.

    P(D != 0), E D^2, E D^4, E log D^2 over D != 0; P(|D| is the larger of its values) if the activation is piecewise
    affine, else 1.
    """

    mass: float
    mu1: float
    mu2: float
    mean_log: float
    top: float


def layer(phi: Activation, scale: float) -> Layer:
    """Adaptive quadrature over h, cut where phi' jumps or changes its sign; nothing of `rmtjac.theory`."""
    grid = np.linspace(-12.0, 12.0, 4802)  # even number of points: 0 is not one of them
    d = np.asarray(phi.derivative(scale * grid), dtype=float)
    turns = grid[:-1][np.sign(d[:-1]) != np.sign(d[1:])] + 0.5 * np.diff(grid)[0]
    turns = [_zero(phi, scale, t) for t in turns]
    cuts = np.unique([-12.0, *turns, *(b / scale for b in phi.breakpoints if abs(b) < 12.0 * scale), 12.0])

    def mean(f: Callable[[float], float]) -> float:
        def weighted(z: float) -> float:
            slope = float(phi.derivative(np.array([scale * z]))[0])
            return f(slope * slope) * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

        parts = itertools.pairwise(cuts)
        return sum(quad(weighted, a, b, limit=400, epsabs=1e-11, epsrel=1e-10)[0] for a, b in parts)

    mass = mean(lambda x: float(x != 0.0))
    log = mean(lambda x: math.log(x) if x else 0.0)
    top = mean(lambda x: float(x > 0.5)) if phi.piecewise_affine else 1.0  # their larger slope is 1
    return Layer(min(1.0, mass), mean(lambda x: x), mean(lambda x: x * x), log / mass, min(1.0, top))


def _zero(phi: Activation, scale: float, near: float) -> float:
    """Change of sign of phi' to rounding, by bisection."""
    low, high = near - 0.01, near + 0.01
    sign = np.sign(phi.derivative(np.array([scale * low]))[0])
    while (middle := 0.5 * (low + high)) not in (low, high):
        same = np.sign(phi.derivative(np.array([scale * middle]))[0]) == sign
        low, high = (middle, high) if same else (low, middle)
    return high


def _chances(width: int, shares: list[float]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Binomial probabilities, and the numbers they belong to, for each share."""
    numbers = np.arange(1, width + 1)
    chances = [binom.pmf(numbers, width, share) for share in shares]
    return [p[p > 1e-18] for p in chances], [numbers[p > 1e-18] for p in chances]


def _log_moment(width: int, layers: list[Layer]) -> float:
    """Exact mean over the nonzero lambda of log lambda, D independent of W, square Gaussian W of variance 1/N, L = 2.

    With k <= K values D != 0 in the two layers the product of the nonzero eigenvalues is that of the D^2 (here: 1,
    unless k = K = N) and of chi-squared variables with K - j and N - j degrees of freedom, j < k, each over N.
    """
    logs = np.concatenate([[0.0], np.cumsum(digamma(0.5 * np.arange(1, width + 1)) + math.log(2.0 / width))])
    chances, counts = _chances(width, [one.mass for one in layers])
    low = np.minimum.outer(counts[0], counts[1])
    high = np.maximum.outer(counts[0], counts[1])
    each = (logs[high] - logs[high - low] + logs[width] - logs[width - low]) / low
    return float(chances[0] @ each @ chances[1]) + sum(one.mean_log for one in layers)


def _limit_values(layers: list[Layer]) -> np.ndarray:
    """m_1, m_2 and the mean of log lambda for N to infinity, by the same formulas."""
    low, high = sorted(one.mass for one in layers)

    def area(top: float) -> float:
        """Integral of log(top - x) over 0 < x < low."""
        return sum(s * (x * math.log(x) - x) for s, x in ((1.0, top), (-1.0, top - low)) if x > 0.0)

    log = (area(high) + area(1.0)) / low + sum(one.mean_log for one in layers)
    return np.array([*finite_moments(10**12, [(one.mu1, one.mu2) for one in layers]), log])


def _sampled(name: str, width: int, samples: int, masks: str) -> tuple[rj.EmpiricalSpectrum, np.ndarray]:
    """The sample, and value and error of m_1, m_2, mean log: shape (3, 2). No two rows share random numbers."""
    seed = np.random.SeedSequence([SEED, width, *f"{name} {masks}".encode()])
    emp = rj.sample_spectrum(ensemble(name, width), samples, rng=seed, input_variance=1.0, masks=masks, threads=1)
    return emp, np.array([emp.moment(1), emp.moment(2), emp.log_moment()])


def _allowed(width: int, samples: int, layers: list[Layer]) -> float:
    """What KS may be.

    1.5 / sqrt(N S), level 2 % of independent values, which eigenvalues beat; 2 / N for the bias; and, exactly, what
    the smaller of two random numbers of large D falls short: of order 1 / sqrt(N) where they are equal in the mean.
    """
    shares = [one.top for one in layers]
    chances, counts = _chances(width, shares)
    least = float(chances[0] @ np.minimum.outer(counts[0], counts[1]) @ chances[1]) / width
    return 1.5 / math.sqrt(width * samples) + 2.0 / width + min(shares) - least


def compare(name: str, width: int, samples: int) -> tuple[list[str], list[str]]:
    """Return the rows of one activation, and what lies beyond 4 standard errors."""
    lim = rj.limit_spectrum(ensemble(name, width), input_variance=1.0)
    phi = rj.activations.activation(name)
    layers = [layer(phi, float(s)) for s in mean_field(ensemble(name, width), 1.0).scales]
    mus = [(one.mu1, one.mu2) for one in layers]
    limit = np.array([*lim.moments(2), lim.log_moment()])
    far = _limit_values(layers)
    off = float(np.max(np.abs(limit - far) / np.maximum(np.abs(far), 1.0)))
    exact = {n: np.array([*finite_moments(n, mus), _log_moment(n, layers)]) for n in (width, width // _RUNGS)}
    rows, far_off = [], [f"{name}: limit and exact values differ by {off:.1e}"] if off > 1e-8 else []
    for masks in ("independent", "network"):
        emp, found = _sampled(name, width, samples, masks)
        value, error = found[:, 0] - exact[width], found[:, 1]
        if masks == "network":
            _, below = _sampled(name, width // _RUNGS, samples * _RUNGS**2, masks)
            value = (_RUNGS * value - (below[:, 0] - exact[width // _RUNGS])) / (_RUNGS - 1)
            error = np.hypot(_RUNGS * error, below[:, 1]) / (_RUNGS - 1)
        pulls = value / error
        ks, most = rj.compare(emp, lim).ks, _allowed(width, samples, layers)
        cells = [f"{v:.5g} ± {e:.2g} | {l:.5g} | {p:+.1f}" for (v, e), l, p in zip(found, limit, pulls, strict=True)]
        cells += [f"{ks:.4f}", f"{most:.4f}", f"{off:.0e}"]
        rows.append(f"| {name} | {masks} | {' | '.join(cells)} |")
        labels = ("m1", "m2", "mean log")
        far_off += [
            f"{name}, {masks}: {x} off by {p:+.1f}" for x, p in zip(labels, pulls, strict=True) if abs(p) > _MANY
        ]
        if ks > most:
            far_off.append(f"{name}, {masks}: KS {ks:.4f} > {most:.4f}")
    return rows, far_off


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=1000, help="N (default 1000)")
    parser.add_argument("--samples", type=int, default=40, help="networks per row (default 40)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the table (default data)")
    args = parser.parse_args()
    if args.width < 4 * _RUNGS or args.samples < 2:
        parser.error(f"--width={args.width} --samples={args.samples}: at least {4 * _RUNGS} and 2 are needed")
    command = " ".join(["python -m benchmarks.monte_carlo", *sys.argv[1:]])
    names = [*rj.activations.names(), "leaky_relu:0.2"]
    lines = header(f"The limit and sampled networks, L = {DEPTH}, N = {args.width}", command)
    lines += [
        f"{args.samples} networks a row, seed {SEED}; Gaussian weights of variance 1/N, biases of standard",
        f"deviation {BIAS}, input variance 1. Each statistic: sampled with its standard error, the limit, the pull.",
        "Independent D: pulls against the exact value at width N. D from the network: a ladder with N/4, of what",
        "is left after that exact value. So the pulls are free of the bias of order 1/N; sampled minus limit is not.",
        "Mean log: over the nonzero lambda. KS: all eigenvalues together, against the limit; allowed are",
        "1.5 / sqrt(N S) + 2 / N and what the smaller of the random ranks of two layers falls short of the limit.",
        "Last column: the largest relative difference (absolute below 1) of the three values of the limit from",
        "closed forms and quadrature of their own.",
        "",
        "| activation | D | m1 | limit | pull | m2 | limit | pull | mean log | limit | pull "
        "| KS | allowed | limit off by |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    notes = []
    for name in names:
        rows, found = compare(name, args.width, args.samples)
        print(*rows, *found, sep="\n", flush=True)
        lines += rows
        notes += found
    pulls = 6 * len(names)
    lines += ["", f"Beyond {_MANY:g} standard errors, of {pulls} pulls: {'; '.join(notes) if notes else 'nothing'}."]
    text = "\n".join(lines) + "\n"
    path = write_atomically(args.out / "monte_carlo.md", lambda file: file.write(text.encode()) and None)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()

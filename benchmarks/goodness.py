"""Count how often the goodness-of-fit test rejects right and wrong limits, and write the table.

    python -m benchmarks.goodness [--repetitions R] [--samples S] [--wide R] [--powers R] [--activations ...] [--out F]

All samples of a row are drawn at once and cut into repetitions of S networks. Each repetition draws 2 S further
networks of smaller widths for its ladder.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import beta

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.comparison.spectra.bins import LEVEL
from rmtjac.comparison.spectra.goodness import goodness_of_fit
from rmtjac.comparison.spectra.width_ladder import ladder_ensemble
from rmtjac.propagation.mean_field import mean_field
from rmtjac.theory import DiscreteLaw, Layers, LimitSpectrum

SEED = 20261121
Limits = dict[str, LimitSpectrum]
Make = Callable[[rj.Ensemble], LimitSpectrum]


def parts(emp: rj.EmpiricalSpectrum, size: int) -> list[rj.EmpiricalSpectrum]:
    """Cut into independent samples of `size` networks."""
    out = []
    for i in range(0, emp.samples - size + 1, size):
        names = [f.name for f in dataclasses.fields(emp) if f.name != "facts"]
        # Arrays of one row per sample are cut, the others stay.
        cut = {name: value[i : i + size].copy() for name in names if (value := getattr(emp, name)) is not None}
        out.append(rj.EmpiricalSpectrum(**cut, facts=emp.facts))
    return out


def draw(ens: rj.Ensemble, samples: int, masks: str, seed: int) -> rj.EmpiricalSpectrum:
    return rj.sample_spectrum(ens, samples, rng=seed, masks=masks, precision="fast")


def rates(
    ens: rj.Ensemble, limits: Limits, masks: str, samples: int, repetitions: int, seed: int
) -> dict[tuple[str, bool], int]:
    """Number of rejections per limit, with and without control variates."""
    wide = parts(draw(ens, samples * repetitions, masks, seed), samples)
    narrow = parts(draw(ladder_ensemble(ens), 2 * samples * repetitions, masks, seed + 1), 2 * samples)
    out = {}
    for name, lim in limits.items():
        for controls in (False, True):
            tests = (goodness_of_fit(a, lim, ladder=b, controls=controls) for a, b in zip(wide, narrow, strict=True))
            out[name, controls] = sum(not test.agrees for test in tests)
    return out


def erratum(ens: rj.Ensemble, atom: bool) -> LimitSpectrum:
    """The limit with the prefactor 1/sqrt(2 pi q) of the source for the erf activation: m_K / sqrt 2.

    m_K / sqrt 2 belongs to D^2 with an atom 1 - 1/sqrt 2 at 0. Without that atom, so that its mere presence does not
    decide: the law E D^{2k} = (1 + 2 pi q k)^(-1/2), q twice as large.
    """
    laws = []
    for q in mean_field(ens).preactivation_variances:
        x, w = np.polynomial.hermite_e.hermegauss(24)
        share = math.sqrt(0.5) if atom else 1.0
        d2 = np.exp(-0.5 * math.pi * q * (1.0 if atom else 2.0) * x * x)
        laws.append(DiscreteLaw.from_points(np.append(d2, 0.0), np.append(share * w / w.sum(), 1.0 - share)))
    return LimitSpectrum(Layers(laws, [1.0] * ens.depth))


def shifted(ens: rj.Ensemble, factor: float) -> LimitSpectrum:
    """The limit with q^h of every layer times `factor`."""
    from rmtjac.theory import derivative_law

    signal = mean_field(ens)
    pairs = zip(ens.activations, signal.preactivation_variances, strict=True)
    return LimitSpectrum(Layers([derivative_law(phi, float(q * factor)) for phi, q in pairs], [1.0] * ens.depth))


def interval(count: int, total: int) -> str:
    """95 % Clopper-Pearson."""
    low = beta.ppf(0.025, count, total - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, total - count) if count < total else 1.0
    return f"{count / total:.3f} [{low:.3f}, {high:.3f}]"


def row(*cells: object) -> str:
    line = f"| {' | '.join(map(str, cells))} |"
    print(line, flush=True)
    return line


def alarms(sizes: list[tuple[int, int]], cases: list[tuple[str, str]], samples: int) -> list[str]:
    out = []
    for width, repetitions in sizes:
        for name, masks in cases:
            for depth in (1, 2, 3):
                ens = rj.Ensemble.square(width, depth, name)
                found = rates(ens, {"right": rj.limit_spectrum(ens)}, masks, samples, repetitions, SEED + len(out) * 10)
                cells = [interval(found["right", controls], repetitions) for controls in (False, True)]
                out.append(row(name, masks, width, depth, samples, repetitions, *cells))
    return out


def power(repetitions: int) -> list[str]:
    out = []

    def add(label: str, ens: rj.Ensemble, make: Make, masks: str, samples: int) -> None:
        found = rates(ens, {"wrong": make(ens)}, masks, samples, repetitions, SEED + 5000 + len(out) * 10)
        cells = [interval(found["wrong", controls], repetitions) for controls in (False, True)]
        name = ens.activations[0].name
        out.append(row(label, name, masks, ens.widths[0], ens.depth, samples, repetitions, *cells))

    for name in ("erf", "tanh", "hardtanh"):
        for depth in (1, 2):
            add("q + 2 %", rj.Ensemble.square(200, depth, name), lambda e: shifted(e, 1.02), "network", 40)
    for name in ("linear", "erf"):
        for depth in (1, 2, 3):
            ens = rj.Ensemble.square(100, depth, name)
            more = rj.limit_spectrum(rj.Ensemble.square(100, depth + 1, name))
            add("L + 1", ens, lambda e, lim=more: lim, "network", 20)
    for depth in (1, 2):
        ens = rj.Ensemble.square(100, depth, "erf")
        add("m_K / sqrt 2 (atom)", ens, lambda e: erratum(e, True), "network", 20)
        add("m_K of 2 q (no atom)", ens, lambda e: erratum(e, False), "network", 20)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=300, help="per row at N = 100 (default 300)")
    names = ["linear", "erf", "hardtanh", "tanh", "relu"]
    parser.add_argument("--samples", type=int, default=40, help="S of the right limits (default 40)")
    parser.add_argument("--activations", nargs="*", default=names, choices=names, help="of the right limits")
    parser.add_argument("--wide", type=int, default=40, help="per row at N = 400 (default 40); 0 for none")
    parser.add_argument("--powers", type=int, default=50, help="per row of the wrong limits (default 50)")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the table (default data)")
    args = parser.parse_args()
    start, busy = time.perf_counter(), time.process_time()
    lines = header(
        "The goodness-of-fit test: false alarms and power", " ".join(["python -m benchmarks.goodness", *sys.argv[1:]])
    )
    lines += [
        f"Seed {SEED}; Gaussian weights of variance 1/N, no biases, input variance 1, level {LEVEL}. S networks and a",
        "ladder of 2 S at N/4. Cells: share of rejections with its 95 % Clopper-Pearson interval, without and with",
        "control variates.",
        "",
        "## The right limit",
        "",
        "| activation | D | N | L | S | repetitions | without controls | with controls |",
        "|---|---|---|---|---|---|---|---|",
    ]
    cases = [("linear", "network"), ("erf", "independent"), ("erf", "network"), ("hardtanh", "network")]
    cases += [("tanh", "network"), ("relu", "network")]
    cases = [case for case in cases if case[0] in args.activations]
    lines += alarms([(100, args.repetitions)], cases, args.samples)
    if args.wide:
        lines += alarms([(400, args.wide)], [case for case in cases if case[1] == "network"], args.samples)
    lines += [
        "",
        "## Wrong limits",
        "",
        "q + 2 %: the variance q of the preactivations of every layer 2 % too large. L + 1: one layer too many.",
        "m_K / sqrt 2: the prefactor 1/sqrt(2 pi q) that BS print for the erf law, literally (that law has an atom",
        "1 - 1/sqrt 2 at 0, which no sample has) and, without the atom, as the law of twice the q.",
        "",
        "| wrong | activation | D | N | L | S | repetitions | without controls | with controls |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += power(args.powers)
    lines += ["", f"{time.perf_counter() - start:.0f} s, {time.process_time() - busy:.0f} s of CPU."]
    text = "\n".join(lines) + "\n"
    path = write_atomically(args.out / "goodness.md", lambda file: file.write(text.encode()) and None)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
